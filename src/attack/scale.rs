//! The own honest model times a factor.

use super::{Attack, Forger, Sight};
use crate::settings::{Keys, Node, Problems, Setting, Value};
use crate::units::AgentId;
use rand::RngExt;

/// The attack `scale`.
#[derive(Clone, Debug)]
pub struct Scale {
    factor: Factor,
}

/// A fixed factor, or one drawn anew for every payload.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factor {
    Fixed(f64),
    Between(f64, f64),
}

impl Default for Factor {
    fn default() -> Self {
        Factor::Fixed(0.0)
    }
}

impl Setting for Factor {
    fn takes() -> String {
        "a number or { low, high }".into()
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Factor> {
        let Value::Table(table) = &node.value else {
            return f64::read(node, name, problems).map(Factor::Fixed);
        };
        let before = problems.len();
        let keys = Keys::new(name, node.span, Some(table), problems);
        let (factor, _, _) = keys.run(|keys| {
            let low = keys.key("low", "Least factor").required();
            let high = keys.key("high", "Greatest factor").required();
            if low > high {
                let help = format!("write a number from {low} on");
                keys.problem(
                    "high",
                    format!("`high` cannot be {high}, below `low`"),
                    help,
                );
            }
            Factor::Between(low, high)
        });
        (problems.len() == before).then_some(factor)
    }

    fn to_toml(&self) -> toml::Value {
        match *self {
            Factor::Fixed(factor) => factor.into(),
            Factor::Between(low, high) => {
                let ends = [("low", low), ("high", high)];
                toml::Table::from_iter(ends.map(|(k, x)| (k.to_owned(), x.into()))).into()
            }
        }
    }
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
    fn forger(&self, _: AgentId) -> Box<dyn Forger> {
        Box::new(self.clone())
    }
}

impl Forger for Scale {
    fn forge(&mut self, sight: &Sight<'_>, payload: &mut Vec<f32>) {
        let factor = match self.factor {
            Factor::Fixed(factor) => factor,
            Factor::Between(low, high) => low + (high - low) * sight.stream().random::<f64>(),
        };
        payload.extend(sight.honest.iter().map(|&x| (f64::from(x) * factor) as f32));
    }
}
