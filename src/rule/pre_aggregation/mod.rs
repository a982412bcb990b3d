//! What is done to the models before a robust aggregator sees them: the list `rule.pre`.
//!
//! To add one: a file with a struct that implements [`PreAggregation`], and a line in
//! [`catalogue`].

mod bucketing;
mod nearest_neighbor_mixing;
mod norm_clipping;

#[cfg(test)]
mod tests;

pub use bucketing::Bucketing;
pub use nearest_neighbor_mixing::NearestNeighborMixing;
pub use norm_clipping::NormClipping;

use super::{Given, Tolerance};
use crate::settings::{Catalogue, kind};
use std::fmt::Debug;

/// The kinds of pre-aggregations.
pub fn catalogue() -> Catalogue<dyn PreAggregation> {
    Catalogue::new(
        "pre-aggregation",
        vec![
            kind!(Bucketing),
            kind!(NormClipping),
            kind!(NearestNeighborMixing),
        ],
    )
}

/// A kind of pre-aggregation with its parameters. It remembers nothing.
pub trait PreAggregation: Debug + Send + Sync {
    /// Its settings `f` and `too_few`, where it has them.
    fn tolerance(&self) -> Option<&Tolerance> {
        None
    }

    /// How many models it makes of so many, at least 1.
    fn leaves(&self, models: usize) -> usize {
        models
    }

    /// Appends the models that it makes, [so many](Self::leaves), one after the other, to `mixed`,
    /// which is empty. They are finite. `buffer` is room that stays for the next combination.
    fn apply(&self, given: &Given<'_>, buffer: &mut Vec<f64>, mixed: &mut Vec<f32>);
}
