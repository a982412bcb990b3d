//! The types that a key's value can have.

use super::bounds::Bounds;
use super::form::Form;
use super::keys::Keys;
use super::limits::{MOST_CHARACTERS, MOST_OF_PATH};
use super::names::did_you_mean;
use super::node::{Node, Value};
use super::problem::Problems;

/// A type that a key's value can have.
///
/// `Default` is only the placeholder that stands in after a mistake; no setting takes its default
/// from there.
pub trait Setting: Default {
    /// What to write, as messages and the catalogue say it.
    fn takes() -> String;

    /// Reads a value, noting what is wrong with it.
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self>;

    /// Reads a value that may be a table with a `kind`. The keys in `tolerated` pass there though
    /// its kind does not have them: other points of the same sweep do.
    fn read_tolerating(
        node: &Node,
        name: &str,
        tolerated: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let _ = tolerated;
        Self::read(node, name, problems)
    }

    /// The value as it is written into resolved settings.
    fn to_toml(&self) -> toml::Value;

    /// The numbers that a declared range binds.
    fn magnitudes(&self) -> Vec<f64> {
        Vec::new()
    }

    /// What editors let stand there; `bounds` are those of its [magnitudes](Setting::magnitudes).
    /// Where nothing is told, they let everything stand.
    fn form(bounds: Bounds) -> Form {
        let _ = bounds;
        Form::Anything
    }
}

/// Notes that a value is of another type.
pub(crate) fn wrong<T: Setting>(node: &Node, name: &str, problems: &mut Problems) -> Option<T> {
    if !matches!(node.value, Value::Unusable) {
        let message = format!("`{name}` cannot be {}", node.type_name());
        problems.add(node.span, message, format!("write {}", T::takes()));
    }
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
    fn form(bounds: Bounds) -> Form {
        Form::number(bounds)
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
    fn form(bounds: Bounds) -> Form {
        Form::whole(bounds)
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
    fn form(bounds: Bounds) -> Form {
        Form::whole(bounds.within(0.0, f64::from(u32::MAX)))
    }
}

impl Setting for Vec<u32> {
    fn takes() -> String {
        "a list of whole numbers".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Vec<u32>> {
        let Value::Array(items) = &node.value else {
            return wrong::<Vec<u32>>(node, name, problems);
        };
        let read = |item| u32::read(item, name, problems);
        // Every item is read, so that every mistake is told.
        let all: Vec<Option<u32>> = items.iter().map(read).collect();
        all.into_iter().collect()
    }
    fn to_toml(&self) -> toml::Value {
        let numbers = self.iter().copied().map(i64::from);
        numbers.collect::<Vec<i64>>().into()
    }
    fn magnitudes(&self) -> Vec<f64> {
        self.iter().copied().map(f64::from).collect()
    }
    fn form(bounds: Bounds) -> Form {
        Form::list(u32::form(bounds))
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
    fn form(_: Bounds) -> Form {
        Form::Plain(serde_json::json!({ "type": "boolean" }))
    }
}

impl Setting for String {
    fn takes() -> String {
        "text in quotes".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<String> {
        match &node.value {
            Value::String(s) => {
                let is_path = matches!(name, "path" | "test_path" | "data");
                let most = if is_path {
                    MOST_OF_PATH
                } else {
                    MOST_CHARACTERS
                };
                let is_short = s.len() <= most || s.chars().count() <= most;
                if !is_short {
                    let message = format!("`{name}` has {} characters", s.chars().count());
                    problems.add(node.span, message, format!("write at most {most}"));
                }
                is_short.then(|| s.clone())
            }
            _ => wrong::<String>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        self.clone().into()
    }
    fn form(_: Bounds) -> Form {
        Form::text()
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
    fn form(_: Bounds) -> Form {
        let names: Vec<&str> = T::NAMES.iter().map(|(n, _)| *n).collect();
        Form::one_of(&names)
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
    fn form(bounds: Bounds) -> Form {
        let number = Form::number(bounds);
        Form::Any(vec![number.clone(), Form::list(number)])
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

    /// `initial / (1 + rate·i)`.
    #[cfg(test)]
    pub(crate) const fn falling(initial: f64, rate: f64) -> Schedule {
        Schedule { initial, rate }
    }

    /// The value in an iteration.
    pub fn at(&self, iteration: u64) -> f64 {
        if self.rate == 0.0 {
            return self.initial;
        }
        self.initial / (1.0 + self.rate * iteration as f64)
    }

    /// The value where it never falls.
    pub fn fixed(&self) -> Option<f64> {
        (self.rate == 0.0).then_some(self.initial)
    }

    /// About the sum of one that falls over iterations `from..to`: its integral, from half an
    /// iteration before.
    pub fn sum(&self, from: u64, to: u64) -> f64 {
        let at = |iteration: u64| 1.0 + self.rate * (iteration as f64 - 0.5);
        match from < to {
            true => self.initial / self.rate * (at(to) / at(from)).ln(),
            false => 0.0,
        }
    }

    /// Declares and reads the keys of one that falls.
    fn decay(keys: &mut Keys<'_>, bounds: Bounds) -> Schedule {
        let _: Chosen<Decay> = keys.key("kind", "How it falls").required();
        let initial = keys.key("initial", "Its value in iteration 0");
        let initial = initial.within(bounds).required();
        let rate = keys.key("rate", "How fast it falls").at_least(0.0);
        Schedule {
            initial,
            rate: rate.required(),
        }
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
        let keys = Keys::new(name, node.span, Some(table), problems);
        // What the key at hand takes binds the value in iteration 0, and is told there.
        let (schedule, _, _) = keys.run(|keys| Schedule::decay(keys, Bounds::ALL));
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
    fn form(bounds: Bounds) -> Form {
        Form::Any(vec![
            Form::number(bounds),
            Form::table_of(|keys| Schedule::decay(keys, bounds)),
        ])
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Decay;
impl Choice for Decay {
    const NAMES: &'static [(&'static str, Self)] = &[("decay", Decay)];
}
