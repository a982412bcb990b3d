//! The median of each coordinate.

use super::sorted::{by_coordinate, median};
use super::{Aggregator, Promise};
use crate::rule::Given;
use crate::settings::Keys;

/// The rule `coordinate-median`; O(n log² n d) for n models. With an even n, it is the mean of the
/// two middle values. Each coordinate lies between values of honest models as long as 2f < n.
///
/// Yin, Chen, Ramchandran, Bartlett, "Byzantine-robust distributed learning: towards optimal
/// statistical rates", 2018.
#[derive(Clone, Debug)]
pub struct CoordinateMedian;

impl Aggregator for CoordinateMedian {
    const NAME: &'static str = "coordinate-median";
    const ABOUT: &'static str = "The median of each coordinate";

    fn read(_: &mut Keys<'_>) -> Self {
        CoordinateMedian
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let narrow = |rows: &[_]| median(rows).map(|x| x as f32);
        by_coordinate(given.models, narrow, out);
        Promise::Kept
    }
}
