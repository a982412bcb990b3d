//! Metropolis weights: a_lk = 1/(1 + max(deg_k, deg_l)), the agent itself gets the rest.

use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
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
        Box::new(Weights::new(place))
    }
}

/// Of the current neighbors.
#[derive(Default)]
pub(super) struct Weights {
    by_slot: Vec<f64>,
}

impl Weights {
    pub(super) fn new(place: &Place<'_>) -> Weights {
        let mut weights = Weights::default();
        weights.set(place);
        weights
    }

    /// Takes those of another network.
    pub(super) fn set(&mut self, place: &Place<'_>) {
        let own_degree = place.neighbors.len();
        self.by_slot.fill(0.0);
        for (&slot, &degree) in place.slots.iter().zip(place.neighbor_degrees) {
            if slot >= self.by_slot.len() {
                self.by_slot.resize(slot + 1, 0.0);
            }
            self.by_slot[slot] = 1.0 / (1 + degree.max(own_degree)) as f64;
        }
    }

    /// The weight of a neighbor.
    pub(super) fn of(&self, slot: usize) -> f64 {
        self.by_slot[slot]
    }
}

impl Combiner for Weights {
    fn rewire(&mut self, place: &Place<'_>) {
        self.set(place);
    }

    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let mut rest = 1.0;
        for (index, candidate) in hood.candidates.iter().enumerate() {
            if index != hood.own {
                out.weights[index] = self.of(candidate.slot);
                rest -= out.weights[index];
            }
        }
        // Neighbors' weights sum to at most deg/(1 + deg), so the rest is positive.
        out.weights[hood.own] = rest;
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
