//! The filter the wrong way round, as a plug-in.

use crate::runs::AGENTS;
use byzsim::checkpoint::{Book, Kept};
use byzsim::rule::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use byzsim::settings::Keys;

/// The paper's rule, but for the comparison: only neighbors that do worse than the agent itself
/// get weight.
#[derive(Clone, Debug)]
pub struct Inverted;

impl Inverted {
    pub const NAME: &str = "inverted";
    pub const ABOUT: &str = "Rule (10) with φ_lk > φ_kk";

    pub fn read(_: &mut Keys<'_>) -> Self {
        Inverted
    }
}

impl Rule for Inverted {
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(InvertedMemory(vec![10.0; AGENTS]))
    }
}

/// φ by slot.
struct InvertedMemory(Vec<f64>);

impl Combiner for InvertedMemory {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        for (index, candidate) in hood.candidates.iter().enumerate() {
            let phi = &mut self.0[candidate.slot];
            *phi = 0.5 * *phi + 0.5 * hood.loss(index);
            out.accumulated[index] = *phi;
        }
        let own = out.accumulated[hood.own];
        for (index, weight) in out.weights.iter_mut().enumerate() {
            let phi = out.accumulated[index];
            let is_in = phi > own || index == hood.own;
            *weight = if is_in { 1.0 / phi } else { 0.0 };
        }
        let sum: f64 = out.weights.iter().sum();
        out.weights.iter_mut().for_each(|weight| *weight /= sum);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
