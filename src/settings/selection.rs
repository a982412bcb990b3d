//! The ways to choose agents.

use super::bounds::Bounds;
use super::form::Form;
use super::names::did_you_mean;
use super::node::{Entry, Node, Table, Value};
use super::problem::Problems;
use super::source::Span;
use super::values::{Setting, wrong};

/// Which agents are meant, as the user wrote it. The scenario turns it into numbers once the
/// network is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// What was written.
    pub selected: Selected,
    /// Where.
    pub span: Span,
}

/// The ways to choose agents.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// All members of a named set.
    Set(String),
    /// These numbers.
    List(Vec<u32>),
    /// All numbers from the first to the last, both included.
    Range(u32, u32),
    /// This many, drawn at random. Under one seed a smaller choice is part of every larger one.
    Random(u32),
    /// The share of all agents, rounded to the nearest number, drawn like [`Selected::Random`].
    Fraction(f64),
    /// That many with the most neighbors, ties to the lower number.
    HighestDegree(u32),
    /// Everyone in a task group.
    Group(u32),
    /// Every so many, beginning with `from`.
    Every {
        /// The distance.
        step: u32,
        /// The first.
        from: u32,
    },
}

impl Default for Selected {
    fn default() -> Self {
        Selected::List(Vec::new())
    }
}

const SELECTORS: [&str; 6] = [
    "range",
    "random",
    "fraction",
    "highest-degree",
    "group",
    "every",
];

impl Setting for Selection {
    fn takes() -> String {
        "a set's name, a list of numbers, { range = [a, b] }, { random = n }, \
         { fraction = x }, { highest-degree = n }, { group = g } or { every = n, from = k }"
            .into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Selection> {
        let selected = match &node.value {
            Value::String(set) => Selected::Set(set.clone()),
            Value::Array(items) => Selected::List(numbers(items, name, problems)?),
            Value::Table(table) => selected(table, node, name, problems)?,
            _ => return wrong::<Selection>(node, name, problems),
        };
        Some(Selection {
            selected,
            span: node.span,
        })
    }
    fn to_toml(&self) -> toml::Value {
        let one = |key: &str, value: toml::Value| {
            let mut table = toml::Table::new();
            table.insert(key.into(), value);
            toml::Value::Table(table)
        };
        let whole = |n: &u32| toml::Value::from(i64::from(*n));
        match &self.selected {
            Selected::Set(name) => name.clone().into(),
            Selected::List(all) => all.iter().map(whole).collect::<Vec<_>>().into(),
            Selected::Range(a, b) => one("range", vec![whole(a), whole(b)].into()),
            Selected::Random(n) => one("random", whole(n)),
            Selected::Fraction(x) => one("fraction", (*x).into()),
            Selected::HighestDegree(n) => one("highest-degree", whole(n)),
            Selected::Group(g) => one("group", whole(g)),
            Selected::Every { step, from } => {
                let keys = [("every", step), ("from", from)];
                toml::Table::from_iter(keys.map(|(k, n)| (k.to_owned(), whole(n)))).into()
            }
        }
    }

    fn form(_: Bounds) -> Form {
        let one = |name, about, form| Form::table_with(&[(name, about, form)]);
        let number = || Form::whole(Bounds::ALL);
        let step = Form::whole(Bounds::ALL.within(1.0, f64::INFINITY));
        let every = ("every", "The distance of two agents", step);
        let from = ("from", "The first of them; 0 where it is absent", number());
        let share = Form::number(Bounds::ALL.within(0.0, 1.0));
        let ways = vec![
            Form::text(),
            Form::list(number()),
            one("range", "First and last agent", Form::pair(number())),
            one("random", "That many, drawn at random", number()),
            one("fraction", "That share of all, drawn at random", share),
            one(
                "highest-degree",
                "That many with the most neighbors",
                number(),
            ),
            one("group", "All of a task group", number()),
            Form::table_with(&[every, from]),
        ];
        Form::Named("agents", Box::new(Form::Any(ways)))
    }
}

fn numbers(items: &[Node], name: &str, problems: &mut Problems) -> Option<Vec<u32>> {
    let read = |item| u32::read(item, name, problems);
    let all: Vec<Option<u32>> = items.iter().map(read).collect();
    all.into_iter().collect()
}

/// Reads the forms of a selection that are tables.
fn selected(table: &Table, node: &Node, name: &str, problems: &mut Problems) -> Option<Selected> {
    let known = |e: &&Entry| SELECTORS.contains(&e.key.as_str());
    let Some(entry) = table.iter().find(known) else {
        match table.iter().next() {
            Some(entry) => {
                let message = format!("unknown way `{}` to choose agents for `{name}`", entry.key);
                let help = did_you_mean(&entry.key, &SELECTORS, "ways");
                problems.add(entry.span, message, help);
            }
            None => {
                let help = format!("write {}", Selection::takes());
                problems.add(node.span, format!("`{name}` says nothing"), help);
            }
        }
        return None;
    };
    let extra = |e: &&Entry| e.key != entry.key && !(entry.key == "every" && e.key == "from");
    if let Some(other) = table.iter().find(extra) {
        let message = format!("`{}` cannot stand beside `{}`", other.key, entry.key);
        let help = format!("remove one of them: {}", Selection::takes());
        problems.add(other.span, message, help);
        return None;
    }
    let number = |problems: &mut Problems| u32::read(&entry.node, &entry.key, problems);
    Some(match entry.key.as_str() {
        "range" => return range(&entry.node, name, problems),
        "random" => Selected::Random(number(problems)?),
        "highest-degree" => Selected::HighestDegree(number(problems)?),
        "group" => Selected::Group(number(problems)?),
        "every" => {
            let step = number(problems)?;
            if step == 0 {
                let help = "write a whole number from 1 on, such as { every = 3 }";
                problems.add(entry.node.span, "`every` cannot be 0", help);
                return None;
            }
            let from = match table.get("from") {
                Some(from) => u32::read(from, "from", problems)?,
                None => 0,
            };
            Selected::Every { step, from }
        }
        // The last of SELECTORS: a fraction.
        _ => {
            let x = f64::read(&entry.node, "fraction", problems)?;
            if !(0.0..=1.0).contains(&x) {
                let message = format!("a fraction of the agents cannot be {x}");
                problems.add(entry.node.span, message, "write a number in [0, 1]");
                return None;
            }
            Selected::Fraction(x)
        }
    })
}

fn range(node: &Node, name: &str, problems: &mut Problems) -> Option<Selected> {
    let ends = match &node.value {
        Value::Array(ends) if ends.len() == 2 => numbers(ends, name, problems)?,
        _ => {
            let message = "a range has two ends, both included";
            problems.add(node.span, message, "write { range = [0, 34] }");
            return None;
        }
    };
    if ends[0] > ends[1] {
        let message = format!("this range of `{name}` is empty");
        let help = format!("write {{ range = [{}, {}] }}", ends[1], ends[0]);
        problems.add(node.span, message, help);
        return None;
    }
    Some(Selected::Range(ends[0], ends[1]))
}
