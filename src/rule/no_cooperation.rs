//! Everyone for itself: a_kk = 1.

use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;

/// The rule `no-cooperation`; costs nothing.
#[derive(Clone, Debug)]
pub struct NoCooperation;

impl NoCooperation {
    /// The value of `rule.kind`.
    pub const NAME: &str = "no-cooperation";
    /// What it is.
    pub const ABOUT: &str = "Keeps the own model (paper §7.2)";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        NoCooperation
    }
}

impl Rule for NoCooperation {
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(NoCooperation)
    }
}

impl Combiner for NoCooperation {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        out.weights[hood.own] = 1.0;
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
