//! The mean of each coordinate's values that are nearest its median.

use super::sorted::{by_coordinate, mean_around_median};
use super::{Aggregator, Promise};
use crate::rule::{Given, Precondition};
use crate::settings::Keys;

/// The rule `mean-around-median`; O(n log² n d) for n models. Per coordinate, the n−f values
/// nearest the median are averaged; of two that are equally far, the lower one counts as nearer.
/// No value is farther from the median than the honest ones spread, since n−f honest ones are
/// among them and the median is one of their range.
///
/// Xie, Koyejo, Gupta, "Generalized Byzantine-tolerant SGD", 2018.
#[derive(Clone, Debug)]
pub struct MeanAroundMedian;

impl Aggregator for MeanAroundMedian {
    const NAME: &'static str = "mean-around-median";
    const ABOUT: &'static str =
        "The mean of each coordinate's n−f values nearest its median; 2f < n";
    const NEEDS: Option<Precondition> = Some(Precondition::MINORITY);

    fn read(_: &mut Keys<'_>) -> Self {
        MeanAroundMedian
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let around = |rows: &[_]| mean_around_median(rows, rows.len() - given.f);
        by_coordinate(given.models, around, out);
        Promise::Kept
    }
}
