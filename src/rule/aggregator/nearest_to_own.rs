//! The mean of the models nearest to the own one.

use super::{Aggregator, Promise};
use crate::kernel;
use crate::rule::nearest::least;
use crate::rule::{Given, Precondition, selected};
use crate::settings::Keys;

/// The rule `nearest-to-own`: the mean of the n−f models nearest to ψ_k, itself included; of equal
/// distances those of the lowest numbers count. Where a pre-aggregation has mixed ψ_k with others,
/// the nearest of what it made. O(n d).
///
/// Farhadkhani, Guerraoui, Gupta, Hoang, Pinot, Stephan, "Robust collaborative learning with linear
/// gradient overhead", 2023, "nearest neighbor averaging".
#[derive(Clone, Debug)]
pub struct NearestToOwn;

impl Aggregator for NearestToOwn {
    const NAME: &'static str = "nearest-to-own";
    const ABOUT: &'static str =
        "The mean of the n−f models nearest to the own one, itself included; 2f < n";
    const NEEDS: Option<Precondition> = Some(Precondition::MINORITY);

    fn read(_: &mut Keys<'_>) -> Self {
        NearestToOwn
    }

    fn aggregate(
        &self,
        given: &Given<'_>,
        distances: &mut Vec<f64>,
        out: &mut Vec<f32>,
    ) -> Promise {
        distances.clear();
        let models = given.models.iter();
        distances.extend(models.map(|model| kernel::squared_distance(model, given.own)));
        let nearest = least(distances, distances.len() - given.f);
        selected::mean(given.models, &nearest, out);
        Promise::Kept
    }
}
