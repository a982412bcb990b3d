//! The own honest model times a factor.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::{Keys, NumberOrRange};
use crate::units::AgentId;

/// The attack `scale`.
#[derive(Clone, Debug)]
pub struct Scale {
    factor: NumberOrRange,
}

impl Scale {
    /// The value of `kind`.
    pub const NAME: &str = "scale";
    /// What it is.
    pub const ABOUT: &str = "Sends the own honest model times a factor";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Scale {
            factor: keys
                .key("factor", "The factor, fixed or drawn for each payload")
                .required(),
        }
    }
}

impl Attack for Scale {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for Scale {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        let factor = self.factor.draw(&mut sight.stream());
        payload.extend(sight.honest.iter().map(|&x| (f64::from(x) * factor) as f32));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
