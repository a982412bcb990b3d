//! A number, or a range that numbers are drawn from.

use super::bounds::Bounds;
use super::form::Form;
use super::keys::Keys;
use super::node::{Node, Value};
use super::problem::Problems;
use super::values::Setting;
use rand::{Rng, RngExt};

/// A fixed number, or `{ low, high }`: drawn uniformly from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberOrRange {
    /// Always the same.
    Number(f64),
    /// From the first to the second.
    Range(f64, f64),
}

impl NumberOrRange {
    /// The number; a range takes one from the stream.
    pub fn draw(&self, stream: &mut impl Rng) -> f64 {
        match *self {
            NumberOrRange::Number(number) => number,
            NumberOrRange::Range(low, high) => low + (high - low) * stream.random::<f64>(),
        }
    }
}

impl Default for NumberOrRange {
    fn default() -> Self {
        NumberOrRange::Number(0.0)
    }
}

impl Setting for NumberOrRange {
    fn takes() -> String {
        "a number or { low, high }".into()
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<NumberOrRange> {
        let Value::Table(table) = &node.value else {
            return f64::read(node, name, problems).map(NumberOrRange::Number);
        };
        let before = problems.len();
        let keys = Keys::new(name, node.span, Some(table), problems);
        // What the key at hand takes binds both ends, and is told there.
        let (range, _, _) = keys.run(|keys| ends(keys, Bounds::ALL));
        (problems.len() == before).then_some(range)
    }

    fn to_toml(&self) -> toml::Value {
        match *self {
            NumberOrRange::Number(number) => number.into(),
            NumberOrRange::Range(low, high) => {
                let ends = [("low", low), ("high", high)];
                toml::Table::from_iter(ends.map(|(k, x)| (k.to_owned(), x.into()))).into()
            }
        }
    }

    fn magnitudes(&self) -> Vec<f64> {
        match *self {
            NumberOrRange::Number(number) => vec![number],
            NumberOrRange::Range(low, high) => vec![low, high],
        }
    }

    fn form(bounds: Bounds) -> Form {
        let range = Form::table_of(|keys| ends(keys, bounds));
        Form::Any(vec![Form::number(bounds), range])
    }
}

/// Declares and reads both ends.
fn ends(keys: &mut Keys<'_>, bounds: Bounds) -> NumberOrRange {
    let low = keys.key("low", "The least").within(bounds).required();
    let high = keys.key("high", "The greatest").within(bounds).required();
    if low > high {
        let help = format!("write a number from {low} on");
        let message = format!("`high` cannot be {high}, below `low`");
        keys.problem("high", message, help);
    }
    NumberOrRange::Range(low, high)
}
