//! The model that has the nearest neighbors.

use super::{Aggregator, Promise};
use crate::rule::nearest::least;
use crate::rule::pairwise::Distances;
use crate::rule::{Given, Precondition};
use crate::settings::Keys;

/// What the scores need: n−f−2 others of which most are honest.
pub(super) const NEEDS: Precondition = Precondition {
    says: "n ≥ 2f + 3",
    largest: |models| models.checked_sub(3).map(|more| more / 2),
};

/// What `f` is.
pub(super) const F: &str = "How many Byzantine models it withstands; \"largest\": ⌊(n−3)/2⌋ of the n \
    models of the full neighborhood";

/// The rule `krum`: the score of a model is the sum of its squared distances to the n−f−2 nearest
/// others; the model of least score is taken, of several the one of the lowest number. O(n² d).
///
/// Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine learning with adversaries: Byzantine tolerant
/// gradient descent", 2017.
#[derive(Clone, Debug)]
pub struct Krum;

impl Aggregator for Krum {
    const NAME: &'static str = "krum";
    const ABOUT: &'static str =
        "The model with the least sum of squared distances to its n−f−2 nearest; n ≥ 2f + 3";
    const NEEDS: Option<Precondition> = Some(NEEDS);
    const F: &'static str = F;

    fn read(_: &mut Keys<'_>) -> Self {
        Krum
    }

    fn aggregate(&self, given: &Given<'_>, scores: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        all_scores(given.models, given.f, scores);
        out.extend_from_slice(given.models[least(scores, 1)[0]]);
        Promise::Kept
    }
}

/// The score of every model, in place of what is in `scores`.
pub(super) fn all_scores(models: &[&[f32]], f: usize, scores: &mut Vec<f64>) {
    let n = models.len();
    let distances = Distances::between(models);
    let mut others = Vec::with_capacity(n);
    scores.clear();
    scores.extend((0..n).map(|i| {
        others.clear();
        others.extend_from_slice(distances.from(i));
        others.swap_remove(i);
        others.sort_unstable_by(f64::total_cmp);
        score(others.iter().copied(), n, f)
    }));
}

/// The score of one of n models: the sum of its n−f−2 least squared distances to others, which come
/// in ascending order, so that the order of the models does not matter. Where n < f + 3, for which
/// Krum is not made, it is the least one.
pub(crate) fn score(ascending: impl Iterator<Item = f64>, n: usize, f: usize) -> f64 {
    let nearest = n.saturating_sub(f + 2).max(1);
    ascending.take(nearest).fold(0.0, |sum, x| sum + x)
}

/// Which of some models is selected.
#[cfg(test)]
pub(crate) fn selected(models: &[&[f32]], f: usize) -> usize {
    let mut scores = Vec::new();
    all_scores(models, f, &mut scores);
    least(&scores, 1)[0]
}
