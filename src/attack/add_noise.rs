//! The own honest model plus noise.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;
use rand_distr::{Distribution, StandardNormal};

/// The attack `add-noise`.
#[derive(Clone, Debug)]
pub struct AddNoise {
    std: f64,
}

impl AddNoise {
    /// The value of `kind`.
    pub const NAME: &str = "add-noise";
    /// What it is.
    pub const ABOUT: &str = "Adds normal noise to the own honest model";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        AddNoise {
            std: keys
                .key("std", "Standard deviation of the noise")
                .symbol("s")
                .at_least(0.0)
                .required(),
        }
    }
}

impl Attack for AddNoise {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for AddNoise {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        let mut stream = sight.stream();
        payload.extend(sight.honest.iter().map(|&x| {
            let normal: f64 = StandardNormal.sample(&mut stream);
            (f64::from(x) + self.std * normal) as f32
        }));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
