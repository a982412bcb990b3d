//! Uniform values in the place of a model: the paper's attack.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;
use rand::RngExt;

/// The attack `uniform`.
#[derive(Clone, Debug)]
pub struct Uniform {
    low: f64,
    high: f64,
    fresh: bool,
}

impl Uniform {
    /// The value of `kind`.
    pub const NAME: &str = "uniform";
    /// What it is.
    pub const ABOUT: &str = "Each dimension uniform in [low, high]: the paper's attack";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let low = keys
            .key("low", "Least value")
            .at_least(f64::from(f32::MIN))
            .at_most(f64::from(f32::MAX))
            .required();
        let high = keys
            .key("high", "Greatest value")
            .at_least(f64::from(f32::MIN))
            .at_most(f64::from(f32::MAX))
            .required();
        let fresh = keys
            .key(
                "fresh",
                "Whether it is drawn anew in every iteration, or once",
            )
            .default(true, "paper §7.1");
        if low > high {
            let help = format!("write a number from {low} on");
            keys.problem(
                "high",
                format!("`high` cannot be {high}, below `low`"),
                help,
            );
        }
        Uniform { low, high, fresh }
    }
}

impl Attack for Uniform {
    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for Uniform {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        let mut stream = if self.fresh {
            sight.stream()
        } else {
            sight.lasting_stream()
        };
        let width = self.high - self.low;
        payload.extend(
            sight
                .honest
                .iter()
                .map(|_| (self.low + width * stream.random::<f64>()) as f32),
        );
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
