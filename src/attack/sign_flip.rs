//! The own honest model times −1.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `sign-flip`.
#[derive(Clone, Debug)]
pub struct SignFlip;

impl SignFlip {
    /// The value of `kind`.
    pub const NAME: &str = "sign-flip";
    /// What it is.
    pub const ABOUT: &str = "Sends the negative of the own honest model";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        SignFlip
    }
}

impl Attack for SignFlip {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for SignFlip {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        payload.extend(sight.honest.iter().map(|x| -x));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
