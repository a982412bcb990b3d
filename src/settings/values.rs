//! The types that a key's value can have.

use super::keys::{Keys, did_you_mean};
use super::node::{Entry, Node, Table, Value};
use super::problem::Problems;
use super::source::Span;

/// A type that a key's value can have.
///
/// `Default` is only the placeholder that stands in after a mistake; no setting takes its default
/// from there.
pub trait Setting: Default {
    /// What to write, as messages and the catalogue say it.
    fn takes() -> String;

    /// Reads a value, noting what is wrong with it.
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self>;

    /// The value as it is written into resolved settings.
    fn to_toml(&self) -> toml::Value;

    /// The numbers that a declared range binds.
    fn magnitudes(&self) -> Vec<f64> {
        Vec::new()
    }
}

fn wrong<T: Setting>(node: &Node, name: &str, problems: &mut Problems) -> Option<T> {
    problems.add(
        node.span,
        format!("`{name}` cannot be {}", node.type_name()),
        format!("write {}", T::takes()),
    );
    None
}

impl Setting for f64 {
    fn takes() -> String {
        "a number".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<f64> {
        match node.value {
            Value::Float(x) => Some(x),
            Value::Integer(i) => Some(i as f64),
            _ => wrong::<f64>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
    fn magnitudes(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl Setting for u64 {
    fn takes() -> String {
        "a whole number".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<u64> {
        match node.value {
            Value::Integer(i) => match u64::try_from(i) {
                Ok(i) => Some(i),
                Err(_) => {
                    let message = format!("`{name}` cannot be {i}");
                    problems.add(node.span, message, "write a whole number, 0 or greater");
                    None
                }
            },
            _ => wrong::<u64>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        // Every value came from TOML, whose numbers are i64, or from a default below that.
        i64::try_from(*self).unwrap_or(i64::MAX).into()
    }
    fn magnitudes(&self) -> Vec<f64> {
        vec![*self as f64]
    }
}

impl Setting for u32 {
    fn takes() -> String {
        u64::takes()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<u32> {
        let wide = u64::read(node, name, problems)?;
        u32::try_from(wide).ok().or_else(|| {
            let message = format!("`{name}` cannot be {wide}");
            problems.add(node.span, message, "write a whole number up to 4294967295");
            None
        })
    }
    fn to_toml(&self) -> toml::Value {
        i64::from(*self).into()
    }
    fn magnitudes(&self) -> Vec<f64> {
        vec![f64::from(*self)]
    }
}

impl Setting for bool {
    fn takes() -> String {
        "true or false".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<bool> {
        match node.value {
            Value::Boolean(b) => Some(b),
            _ => wrong::<bool>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

impl Setting for String {
    fn takes() -> String {
        "text in quotes".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<String> {
        match &node.value {
            Value::String(s) => Some(s.clone()),
            _ => wrong::<String>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        self.clone().into()
    }
}

/// An enum whose variants have names in TOML.
///
/// ```
/// use byzsim::settings::Choice;
/// #[derive(Clone, Copy, Default, PartialEq)]
/// enum Baseline { #[default] Zero, Own }
/// impl Choice for Baseline {
///     const NAMES: &'static [(&'static str, Self)] = &[("zero", Self::Zero), ("own", Self::Own)];
/// }
/// ```
pub trait Choice: Copy + Default + PartialEq + 'static {
    /// Every variant with its name.
    const NAMES: &'static [(&'static str, Self)];
}

/// A [`Choice`] as the value of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chosen<T>(pub T);

impl<T: Choice> Setting for Chosen<T> {
    fn takes() -> String {
        let names: Vec<String> = T::NAMES.iter().map(|(n, _)| format!("\"{n}\"")).collect();
        names.join(" | ")
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Chosen<T>> {
        let Value::String(text) = &node.value else {
            return wrong::<Chosen<T>>(node, name, problems);
        };
        let found = T::NAMES.iter().find(|(n, _)| n == text);
        if found.is_none() {
            let names: Vec<&str> = T::NAMES.iter().map(|(n, _)| *n).collect();
            let message = format!("`{name}` cannot be \"{text}\"");
            problems.add(node.span, message, did_you_mean(text, &names, "values"));
        }
        found.map(|(_, value)| Chosen(*value))
    }
    fn to_toml(&self) -> toml::Value {
        let name = T::NAMES.iter().find(|(_, v)| *v == self.0).map(|(n, _)| *n);
        name.unwrap_or_default().into()
    }
}

/// One number for every dimension, or a list with a number for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// The same everywhere.
    One(f64),
    /// One per dimension.
    Each(Vec<f64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::One(0.0)
    }
}

impl Numbers {
    /// The number of a dimension.
    pub fn at(&self, dimension: usize) -> f64 {
        match self {
            Numbers::One(x) => *x,
            Numbers::Each(all) => all[dimension],
        }
    }
}

impl Setting for Numbers {
    fn takes() -> String {
        "a number or a list of numbers".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Numbers> {
        match &node.value {
            Value::Array(items) => {
                let all = items
                    .iter()
                    .map(|i| f64::read(i, name, problems))
                    .collect::<Vec<_>>();
                all.into_iter()
                    .collect::<Option<Vec<_>>>()
                    .map(Numbers::Each)
            }
            Value::Float(_) | Value::Integer(_) => {
                f64::read(node, name, problems).map(Numbers::One)
            }
            _ => wrong::<Numbers>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        match self {
            Numbers::One(x) => (*x).into(),
            Numbers::Each(all) => all.clone().into(),
        }
    }
    fn magnitudes(&self) -> Vec<f64> {
        match self {
            Numbers::One(x) => vec![*x],
            Numbers::Each(all) => all.clone(),
        }
    }
}

/// A number that may fall with the iterations: `initial / (1 + rate·i)` in iteration i from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    initial: f64,
    rate: f64,
}

impl Schedule {
    /// The same in every iteration.
    pub const fn constant(value: f64) -> Schedule {
        Schedule {
            initial: value,
            rate: 0.0,
        }
    }

    /// The value in an iteration.
    pub fn at(&self, iteration: u64) -> f64 {
        if self.rate == 0.0 {
            return self.initial;
        }
        self.initial / (1.0 + self.rate * iteration as f64)
    }
}

impl Setting for Schedule {
    fn takes() -> String {
        "a number or { kind = \"decay\", initial, rate }".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Schedule> {
        let table = match &node.value {
            Value::Table(table) => table,
            Value::Float(_) | Value::Integer(_) => {
                return f64::read(node, name, problems).map(Schedule::constant);
            }
            _ => return wrong::<Schedule>(node, name, problems),
        };
        let before = problems.len();
        let (schedule, _, _) = Keys::new(name, node.span, Some(table), problems).run(|keys| {
            let _: Chosen<Decay> = keys.key("kind", "How it falls").required();
            Schedule {
                initial: keys.key("initial", "Its value in iteration 0").required(),
                rate: keys
                    .key("rate", "How fast it falls")
                    .at_least(0.0)
                    .required(),
            }
        });
        (problems.len() == before).then_some(schedule)
    }
    fn to_toml(&self) -> toml::Value {
        if self.rate == 0.0 {
            return self.initial.into();
        }
        let mut table = toml::Table::new();
        table.insert("kind".into(), "decay".into());
        table.insert("initial".into(), self.initial.into());
        table.insert("rate".into(), self.rate.into());
        table.into()
    }
    fn magnitudes(&self) -> Vec<f64> {
        vec![self.initial]
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Decay;
impl Choice for Decay {
    const NAMES: &'static [(&'static str, Self)] = &[("decay", Decay)];
}

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
    /// That many, drawn at random.
    Random(u32),
    /// That share of all agents, drawn at random, rounded to the nearest number.
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
                problems.add(
                    entry.span,
                    message,
                    did_you_mean(&entry.key, &SELECTORS, "ways"),
                );
            }
            None => {
                wrong::<Selection>(node, name, problems);
            }
        }
        return None;
    };
    let extra = |e: &&Entry| e.key != entry.key && !(entry.key == "every" && e.key == "from");
    if let Some(other) = table.iter().find(extra) {
        let message = format!("`{}` cannot stand beside `{}`", other.key, entry.key);
        problems.add(other.span, message, format!("write {}", Selection::takes()));
        return None;
    }
    let number = |problems: &mut Problems| u32::read(&entry.node, &entry.key, problems);
    Some(match entry.key.as_str() {
        "range" => match &entry.node.value {
            Value::Array(ends) if ends.len() == 2 => {
                let ends = numbers(ends, name, problems)?;
                if ends[0] > ends[1] {
                    let message = format!("this range of `{name}` is empty");
                    let help = format!("write {{ range = [{}, {}] }}", ends[1], ends[0]);
                    problems.add(entry.node.span, message, help);
                    return None;
                }
                Selected::Range(ends[0], ends[1])
            }
            _ => {
                let message = "a range has two ends, both included";
                problems.add(entry.node.span, message, "write { range = [0, 34] }");
                return None;
            }
        },
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
                problems.add(entry.node.span, message, "a number in [0, 1]");
                return None;
            }
            Selected::Fraction(x)
        }
    })
}
