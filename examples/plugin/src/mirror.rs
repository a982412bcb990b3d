//! An attack that looks at models: the mirror image of the honest agents' mean, seen from the
//! attacker's own model.

use byzsim::attack::{AnyForger, Attack, Forger, Knowledge, Models};
use byzsim::checkpoint::{Book, Kept};
use byzsim::settings::Keys;
use byzsim::units::AgentId;

/// The attack `mirror`.
#[derive(Clone, Debug)]
pub struct Mirror {
    reach: f64,
}

impl Mirror {
    /// The value of `kind`.
    pub const NAME: &str = "mirror";
    /// What it is, for `list` and documentation.
    pub const ABOUT: &str = "The mirror image of the honest mean, seen from the own model";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Mirror {
            reach: keys
                .key(
                    "reach",
                    "How far behind the own model, in its distances to the mean",
                )
                .above(0.0)
                .required(),
        }
    }
}

impl Attack for Mirror {
    /// It needs to see models: those that its own neighbors sent it, unless a scenario grants more.
    fn knowledge(&self) -> Knowledge {
        Knowledge::Neighbors
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Listening(Box::new(self.clone()))
    }
}

/// [`Models`] is all that it is handed: its own state and the honest models known at its level.
impl Forger<Models<'_>> for Mirror {
    fn forge(&mut self, sight: Models<'_>, payload: &mut Vec<f32>) {
        let count = sight.honest.len() as f64;
        for (j, &own) in sight.own.honest.iter().enumerate() {
            let sum: f64 = sight.honest.iter().map(|l| f64::from(l.model[j])).sum();
            let own = f64::from(own);
            payload.push((own + self.reach * (own - sum / count)) as f32);
        }
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
