//! Robust aggregators: rules that make one model of all models present, such that f of them, sent
//! by Byzantine agents, cannot take it far from the others.
//!
//! An [`Aggregator`] is one function of a few models; [`Robust`] makes a rule of it, with the keys
//! that all of them have: `f` and `too_few` where it asks for them, and `pre`, what is done to
//! the models first ([`crate::rule::pre_aggregation`]).
//!
//! To add an aggregator: a file with a struct that implements [`Aggregator`], and a line
//! `kind!(Robust<…>)` in [`crate::rule::catalogue`].

mod centered_clipping;
mod centerpoint;
mod coordinate_median;
mod diameter;
mod geometric_median;
pub(crate) mod krum;
mod mean_around_median;
mod minimum_diameter_average;
mod multi_krum;
mod nearest_to_own;
mod robust;
mod sorted;
mod trimmed_mean;

#[cfg(test)]
mod tests_by_distance;
#[cfg(test)]
mod tests_of_trimming;

pub use centered_clipping::CenteredClipping;
pub use centerpoint::Centerpoint;
pub use coordinate_median::CoordinateMedian;
pub use geometric_median::GeometricMedian;
pub use krum::Krum;
pub use mean_around_median::MeanAroundMedian;
pub use minimum_diameter_average::MinimumDiameterAverage;
pub use multi_krum::MultiKrum;
pub use nearest_to_own::NearestToOwn;
pub use robust::Robust;
pub use trimmed_mean::TrimmedMean;

use super::{Given, Misfit, Place, Precondition, Tolerance};
use crate::settings::Keys;
use std::fmt::Debug;

/// A kind of robust aggregator with its own parameters. It remembers nothing.
pub trait Aggregator: Clone + Debug + Send + Sync + 'static {
    /// The value of `rule.kind`.
    const NAME: &'static str;
    /// What it is.
    const ABOUT: &'static str;
    /// What it asks of the number of models; absent in aggregators that are told no `f`.
    const NEEDS: Option<Precondition> = None;
    /// What `f` is, and which one `"largest"` is.
    const F: &'static str = Tolerance::OF_A_MINORITY;

    /// Declares and reads its own keys.
    fn read(keys: &mut Keys<'_>) -> Self;

    /// Whether it can work where an agent stands, beyond its precondition: `models` is how many it
    /// sees when all are present, `f` how many of them it is to withstand.
    ///
    /// # Errors
    /// The key that does not fit.
    fn check(&self, _place: &Place<'_>, _models: usize, _f: usize) -> Result<(), Misfit> {
        Ok(())
    }

    /// Makes a model, shape `[d]`, in `out`, which is empty. It is finite. `buffer` is room that
    /// stays for the next combination, and has anything in it.
    fn aggregate(&self, given: &Given<'_>, buffer: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise;
}

/// Whether an aggregator could keep what it promises, of the models that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Promise {
    /// It could.
    Kept,
    /// It could not, and has made do with something else, as it documents. This is counted as if
    /// too few models had been present.
    Broken,
}

/// Room that aggregators work in. It stays for the next combination, and has anything in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    /// Of one aggregation.
    numbers: Vec<f64>,
    /// The models that each pre-aggregation makes, one after the other.
    mixed: Vec<Vec<f32>>,
}
