//! Payloads that are no models: a receiver refuses and counts them.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::rng::choose;
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `non-finite`: some coordinates of the own honest model become NaN, ∞ and −∞ in turn.
#[derive(Clone, Debug)]
pub struct NonFinite {
    share: f64,
}

/// The attack `wrong-length`: the own honest model without its last coordinates.
#[derive(Clone, Debug)]
pub struct WrongLength {
    share: f64,
}

/// The attack `empty`: a model without coordinates.
#[derive(Clone, Debug)]
pub struct Empty;

fn share(keys: &mut Keys<'_>) -> f64 {
    keys.key("share", "Share of the coordinates concerned, at least one")
        .above(0.0)
        .at_most(1.0)
        .required()
}

fn count(share: f64, dimension: usize) -> usize {
    ((share * dimension as f64).round() as usize).clamp(1, dimension)
}

impl NonFinite {
    /// The value of `kind`.
    pub const NAME: &str = "non-finite";
    /// What it is.
    pub const ABOUT: &str = "Malformed: some coordinates are NaN or infinite";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        NonFinite { share: share(keys) }
    }
}

impl Attack for NonFinite {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for NonFinite {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        payload.extend_from_slice(sight.honest);
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let count = count(self.share, payload.len());
        let chosen = choose(payload.len(), count, &mut sight.stream());
        for (at, bad) in chosen.into_iter().zip(bad.into_iter().cycle()) {
            payload[at] = bad;
        }
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

impl WrongLength {
    /// The value of `kind`.
    pub const NAME: &str = "wrong-length";
    /// What it is.
    pub const ABOUT: &str = "Malformed: the own honest model without its last coordinates";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        WrongLength { share: share(keys) }
    }
}

impl Attack for WrongLength {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for WrongLength {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        let dimension = sight.honest.len();
        payload.extend_from_slice(&sight.honest[..dimension - count(self.share, dimension)]);
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

impl Empty {
    /// The value of `kind`.
    pub const NAME: &str = "empty";
    /// What it is.
    pub const ABOUT: &str = "Malformed: a model without coordinates";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        Empty
    }
}

impl Attack for Empty {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for Empty {
    fn forge(&mut self, _: OwnState<'_>, _: &mut Vec<f32>) {}

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
