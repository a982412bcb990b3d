//! The same values for ever.

use super::dimensions::fits;
use super::{AnyForger, Attack, Forger, OwnState, Stage, Unfit};
use crate::checkpoint::{Book, Kept};
use crate::settings::{Keys, Numbers};
use crate::units::AgentId;

/// The attack `constant`.
#[derive(Clone, Debug)]
pub struct Constant {
    value: Numbers,
}

impl Constant {
    /// The value of `kind`.
    pub const NAME: &str = "constant";
    /// What it is.
    pub const ABOUT: &str = "Sends the same values in every iteration";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Constant {
            value: keys
                .key("value", "The value of every dimension, or of each")
                .at_least(f64::from(f32::MIN))
                .at_most(f64::from(f32::MAX))
                .required(),
        }
    }
}

impl Attack for Constant {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        fits("value", &self.value, stage)
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for Constant {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        payload.extend((0..sight.honest.len()).map(|j| self.value.at(j) as f32));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
