//! Metropolis weights: a_lk = 1/(1 + max(deg_k, deg_l)), the agent itself gets the rest.

use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::settings::Keys;

/// The rule `metropolis`; degrees count neighbors without the agent itself. The weight of a
/// neighbor whose model is missing goes to the agent itself.
#[derive(Clone, Debug)]
pub struct Metropolis;

impl Metropolis {
    /// The value of `rule.kind`.
    pub const NAME: &str = "metropolis";
    /// What it is.
    pub const ABOUT: &str =
        "Weights 1/(1 + the larger of both degrees), the rest for the own model";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        Metropolis
    }
}

impl Rule for Metropolis {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        let own_degree = place.neighbors.len();
        let weight = |&degree: &usize| 1.0 / (1 + degree.max(own_degree)) as f64;
        let mut by_slot: Vec<f64> = place.neighbor_degrees.iter().map(weight).collect();
        by_slot.insert(place.own_slot(), 0.0);
        Box::new(Weights { by_slot })
    }
}

struct Weights {
    by_slot: Vec<f64>,
}

impl Combiner for Weights {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let mut rest = 1.0;
        for (weight, candidate) in out.weights.iter_mut().zip(hood.candidates) {
            *weight = self.by_slot[candidate.slot];
            rest -= *weight;
        }
        // Neighbors' weights sum to at most deg/(1 + deg), so the rest is positive.
        out.weights[hood.own] = rest;
        Outcome::Weighted
    }
}
