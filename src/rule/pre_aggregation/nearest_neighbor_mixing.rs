//! Every model becomes the mean of those nearest to it.

use super::PreAggregation;
use crate::rule::nearest::least;
use crate::rule::pairwise::Distances;
use crate::rule::{Given, Precondition, Tolerance, selected};
use crate::settings::Keys;

/// The pre-aggregation `nearest-neighbor-mixing`: each x_i becomes the mean of the n−f models
/// nearest to it, itself included; of equal distances those of the lowest numbers count. What
/// Byzantine models can do to an (f, κ)-robust aggregator after it is O(f/n). O(n² d).
///
/// Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, "Fixing by mixing: a recipe for optimal
/// Byzantine ML under heterogeneity", 2023.
#[derive(Clone, Debug)]
pub struct NearestNeighborMixing {
    tolerance: Tolerance,
}

impl NearestNeighborMixing {
    /// The value of `kind`.
    pub const NAME: &str = "nearest-neighbor-mixing";
    /// What it is.
    pub const ABOUT: &str = "Replaces each model by the mean of the n−f nearest to it; 2f < n";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        NearestNeighborMixing {
            tolerance: Tolerance::read(keys, Precondition::MINORITY, Tolerance::OF_A_MINORITY),
        }
    }
}

impl PreAggregation for NearestNeighborMixing {
    fn tolerance(&self) -> Option<&Tolerance> {
        Some(&self.tolerance)
    }

    fn apply(&self, given: &Given<'_>, _: &mut Vec<f64>, mixed: &mut Vec<f32>) {
        let n = given.models.len();
        let distances = Distances::between(given.models);
        let nearest: Vec<Vec<usize>> = (0..n)
            .map(|i| least(distances.from(i), n - given.f))
            .collect();
        selected::means(given.models, &nearest, mixed);
    }
}
