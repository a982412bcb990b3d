//! Which links an override concerns.

use crate::settings::{Bounds, Form, Keys, Node, Problems, Selection, Setting, Value, wrong};

/// The links between two groups of agents, or one way only.
#[derive(Clone, Debug, PartialEq)]
pub enum Ends {
    /// From either group to the other.
    Between(Selection, Selection),
    /// From one group to another.
    OneWay {
        /// Who sends.
        from: Selection,
        /// Who receives.
        to: Selection,
    },
}

impl Ends {
    /// Both groups, and whether both directions are meant: what [`super::Links::new`] takes, once
    /// agents are chosen.
    pub fn parts(&self) -> (&Selection, &Selection, bool) {
        match self {
            Ends::Between(a, b) => (a, b, true),
            Ends::OneWay { from, to } => (from, to, false),
        }
    }

    /// Declares and reads `between`, or `from` and `to`.
    pub(super) fn read(keys: &mut Keys<'_>) -> Ends {
        let between: Option<Pair> = keys
            .key(
                "between",
                "Two groups of agents: links from either to the other",
            )
            .optional("`from` and `to` say which links");
        let from: Option<Selection> = keys
            .key("from", "Who sends, where one direction is meant")
            .optional("`between` says which links");
        let to: Option<Selection> = keys
            .key("to", "Who receives, where one direction is meant")
            .optional("`between` says which links");
        let help = "write between = [\"eu\", \"us\"], or from = \"eu\" and to = \"us\"";
        match (between, from, to) {
            (Some(Pair(a, b)), None, None) => return Ends::Between(a, b),
            (None, Some(from), Some(to)) => return Ends::OneWay { from, to },
            (Some(_), ..) => {
                let message = "`between` cannot stand beside `from` and `to`";
                keys.problem("between", message, help);
            }
            (None, Some(_), None) => keys.problem("from", "`from` says nothing without `to`", help),
            (None, None, Some(_)) => keys.problem("to", "`to` says nothing without `from`", help),
            (None, None, None) => {
                keys.problem("between", "nothing says which links it changes", help)
            }
        }
        Ends::Between(Selection::default(), Selection::default())
    }
}

/// Two groups of agents.
#[derive(Clone, Debug, Default, PartialEq)]
struct Pair(Selection, Selection);

impl Setting for Pair {
    fn takes() -> String {
        "a list of two groups of agents, such as [\"eu\", \"us\"]".into()
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Pair> {
        let Value::Array(groups) = &node.value else {
            return wrong::<Pair>(node, name, problems);
        };
        let [a, b] = &groups[..] else {
            let message = format!(
                "`{name}` takes two groups of agents, and these are {}",
                groups.len()
            );
            problems.add(node.span, message, format!("write {}", Pair::takes()));
            return None;
        };
        let (a, b) = (
            Selection::read(a, name, problems),
            Selection::read(b, name, problems),
        );
        Some(Pair(a?, b?))
    }

    fn to_toml(&self) -> toml::Value {
        vec![self.0.to_toml(), self.1.to_toml()].into()
    }

    fn form(_: Bounds) -> Form {
        Form::pair(Selection::form(Bounds::ALL))
    }
}
