//! The own honest model times −1.

use super::{Attack, Forger, Sight};
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
    fn forger(&self, _: AgentId) -> Box<dyn Forger> {
        Box::new(self.clone())
    }
}

impl Forger for SignFlip {
    fn forge(&mut self, sight: &Sight<'_>, payload: &mut Vec<f32>) {
        payload.extend(sight.honest.iter().map(|x| -x));
    }
}
