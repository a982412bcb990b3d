//! The mean of the models that have the nearest neighbors.

use super::krum::{self, all_scores};
use super::{Aggregator, Promise};
use crate::rule::nearest::least;
use crate::rule::{Given, Precondition, selected};
use crate::settings::Keys;

/// The rule `multi-krum`: the mean of the n−f models of least score, as scored by
/// [`Krum`](super::Krum); of equal scores those of the lowest numbers count. O(n² d).
///
/// Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine learning with adversaries: Byzantine tolerant
/// gradient descent", 2017, with m = n−f.
#[derive(Clone, Debug)]
pub struct MultiKrum;

impl Aggregator for MultiKrum {
    const NAME: &'static str = "multi-krum";
    const ABOUT: &'static str = "The mean of the n−f models with the least scores of krum";
    const NEEDS: Option<Precondition> = Some(krum::NEEDS);
    const F: &'static str = krum::F;

    fn read(_: &mut Keys<'_>) -> Self {
        MultiKrum
    }

    fn aggregate(&self, given: &Given<'_>, scores: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        all_scores(given.models, given.f, scores);
        let best = least(scores, scores.len() - given.f);
        selected::mean(given.models, &best, out);
        Promise::Kept
    }
}
