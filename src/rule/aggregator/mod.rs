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
mod krum;
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

use super::{Misfit, Place, Precondition};
use crate::rng::Key;
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

    /// Makes a model, shape `[d]`, in `out`, which is empty. It is finite.
    fn aggregate(&self, given: &Given<'_>, buffers: &mut Vec<f64>, out: &mut Vec<f32>);
}

/// What an aggregator or a pre-aggregation works on.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The models, after the pre-aggregations before this one: at least one, each of shape `[d]`
    /// and finite.
    pub models: &'a [&'a [f32]],
    /// ψ_k, the agent's own model, as it was before any pre-aggregation.
    pub own: &'a [f32],
    /// Which of the models is ψ_k; `None` where pre-aggregations have mixed it with others.
    pub own_at: Option<usize>,
    /// How many of the models may be Byzantine; it meets the precondition. 0 without `f`.
    pub f: usize,
    /// Key of a random stream for this alone.
    pub key: Key,
}

impl Given<'_> {
    /// Number of parameters d.
    pub fn dimension(&self) -> usize {
        self.own.len()
    }
}

/// Room that aggregators work in. It stays for the next combination, and has anything in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    /// Of one aggregation.
    numbers: Vec<f64>,
    /// The models that each pre-aggregation makes, one after the other.
    mixed: Vec<Vec<f32>>,
}
