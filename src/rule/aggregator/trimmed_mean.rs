//! The mean of each coordinate without its f lowest and f highest values.

use super::sorted::{by_coordinate, mean};
use super::{Aggregator, Promise};
use crate::rule::{Given, Precondition};
use crate::settings::Keys;

/// The rule `trimmed-mean`; O(n log² n d) for n models. The own model is one of those that are
/// trimmed. The values that stay are added up in `f64` in ascending order.
///
/// Yin, Chen, Ramchandran, Bartlett, "Byzantine-robust distributed learning: towards optimal
/// statistical rates", 2018.
#[derive(Clone, Debug)]
pub struct TrimmedMean;

impl Aggregator for TrimmedMean {
    const NAME: &'static str = "trimmed-mean";
    const ABOUT: &'static str =
        "The mean of each coordinate without its f lowest and f highest values; 2f < n";
    const NEEDS: Option<Precondition> = Some(Precondition::MINORITY);

    fn read(_: &mut Keys<'_>) -> Self {
        TrimmedMean
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let trimmed = |rows: &[_]| mean(&rows[given.f..rows.len() - given.f]);
        by_coordinate(given.models, trimmed, out);
        Promise::Kept
    }
}
