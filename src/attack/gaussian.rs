//! Normal noise in the place of a model.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;
use rand_distr::{Distribution, StandardNormal};

/// The attack `gaussian`.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: f64,
    std: f64,
}

impl Gaussian {
    /// The value of `kind`.
    pub const NAME: &str = "gaussian";
    /// What it is.
    pub const ABOUT: &str = "Replaces the model by normal noise";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Gaussian {
            mean: keys
                .key("mean", "Mean of every dimension")
                .at_least(f64::from(f32::MIN))
                .at_most(f64::from(f32::MAX))
                .symbol("m")
                .required(),
            std: keys
                .key("std", "Standard deviation")
                .symbol("s")
                .at_least(0.0)
                .required(),
        }
    }
}

impl Attack for Gaussian {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for Gaussian {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        let mut stream = sight.stream();
        payload.extend(sight.honest.iter().map(|_| {
            let normal: f64 = StandardNormal.sample(&mut stream);
            (self.mean + self.std * normal) as f32
        }));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
