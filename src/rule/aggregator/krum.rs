//! The model that has the nearest neighbors.

use super::{Aggregator, Given};
use crate::rule::Precondition;
use crate::rule::nearest::least;
use crate::rule::pairwise::Distances;
use crate::settings::Keys;

/// What the scores need: n−f−2 others of which most are honest.
pub(super) const NEEDS: Precondition = Precondition {
    says: "n ≥ 2f + 3",
    largest: |models| models.checked_sub(3).map(|more| more / 2),
};

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

    fn read(_: &mut Keys<'_>) -> Self {
        Krum
    }

    fn aggregate(&self, given: &Given<'_>, scores: &mut Vec<f64>, out: &mut Vec<f32>) {
        score(given, scores);
        out.extend_from_slice(given.models[least(scores, 1)[0]]);
    }
}

/// The score of every model, in place of what is in `scores`.
pub(super) fn score(given: &Given<'_>, scores: &mut Vec<f64>) {
    let n = given.models.len();
    let distances = Distances::between(given.models);
    let mut others = Vec::with_capacity(n);
    scores.clear();
    scores.extend((0..n).map(|i| {
        others.clear();
        others.extend_from_slice(distances.from(i));
        others.swap_remove(i);
        // Added up in ascending order, so that the order of the models does not matter.
        others.sort_unstable_by(f64::total_cmp);
        others[..n - given.f - 2].iter().sum::<f64>()
    }));
}
