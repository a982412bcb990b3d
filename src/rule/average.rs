//! The mean of all models present: a_lk = 1/|N_k|.

use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;

/// The rule `average`; O(|N_k| d) for the sum, nothing for the weights.
#[derive(Clone, Debug)]
pub struct Average;

impl Average {
    /// The value of `rule.kind`.
    pub const NAME: &str = "average";
    /// What it is.
    pub const ABOUT: &str = "The mean of all models present (paper §7.2)";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        Average
    }
}

impl Rule for Average {
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Average)
    }
}

impl Combiner for Average {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        out.weights.fill(1.0 / hood.candidates.len() as f64);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
