//! One key: its declaration, its range, and how its value is read.

use super::key_doc::{KeyDoc, Presence};
use super::keys::Keys;
use super::node::Node;
use super::problem::Problems;
use super::values::Setting;
use std::marker::PhantomData;

/// An interval of numbers.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
}

/// A bound in few characters.
fn short(bound: f64) -> String {
    match bound.abs() {
        size if size >= 1e15 => format!("{bound:.2e}"),
        size if size > 1e9 => format!("{bound:e}"),
        _ => bound.to_string(),
    }
}

impl Range {
    const ALL: Range = Range {
        low: f64::NEG_INFINITY,
        low_open: true,
        high: f64::INFINITY,
        high_open: true,
    };

    fn contains(&self, x: f64) -> bool {
        let above = if self.low_open {
            x > self.low
        } else {
            x >= self.low
        };
        let below = if self.high_open {
            x < self.high
        } else {
            x <= self.high
        };
        above && below
    }

    fn describe(&self) -> String {
        let low = if self.low_open { '(' } else { '[' };
        let high = if self.high_open { ')' } else { ']' };
        match (self.low.is_finite(), self.high.is_finite()) {
            (false, false) => String::new(),
            (true, false) if self.low_open => format!("above {}", short(self.low)),
            (true, false) => format!("at least {}", short(self.low)),
            (false, true) if self.high_open => format!("below {}", short(self.high)),
            (false, true) => format!("at most {}", short(self.high)),
            (true, true) => format!("in {low}{}, {}{high}", short(self.low), short(self.high)),
        }
    }
}

/// One key being declared.
#[must_use = "a key is read when `required`, `default` or `optional` ends its declaration"]
pub struct Field<'k, 'a, T> {
    keys: &'k mut Keys<'a>,
    name: &'static str,
    about: &'static str,
    symbol: Option<&'static str>,
    range: Range,
    /// What to write, where the type does not say it all.
    legal: Option<String>,
    ignores_task: bool,
    value: PhantomData<T>,
}

impl<'k, 'a, T: Setting> Field<'k, 'a, T> {
    pub(super) fn new(keys: &'k mut Keys<'a>, name: &'static str, about: &'static str) -> Self {
        Field {
            keys,
            name,
            about,
            symbol: None,
            range: Range::ALL,
            legal: None,
            ignores_task: false,
            value: PhantomData,
        }
    }

    /// Its symbol in the literature.
    pub fn symbol(mut self, symbol: &'static str) -> Self {
        self.symbol = Some(symbol);
        self
    }

    /// Numbers from `low` on.
    pub fn at_least(mut self, low: f64) -> Self {
        (self.range.low, self.range.low_open) = (low, false);
        self
    }

    /// Numbers greater than `low`.
    pub fn above(mut self, low: f64) -> Self {
        (self.range.low, self.range.low_open) = (low, true);
        self
    }

    /// Numbers less than `high`.
    pub fn below(mut self, high: f64) -> Self {
        (self.range.high, self.range.high_open) = (high, true);
        self
    }

    /// Numbers up to `high`.
    pub fn at_most(mut self, high: f64) -> Self {
        (self.range.high, self.range.high_open) = (high, false);
        self
    }

    /// Its own default goes before the task's: the task means other rules.
    pub fn whatever_the_task(mut self) -> Self {
        self.ignores_task = true;
        self
    }

    /// What messages say to write, in the place of what the type takes.
    pub(super) fn legal(mut self, legal: String) -> Self {
        self.legal = Some(legal);
        self
    }

    /// The key must be given.
    pub fn required(mut self) -> T {
        self.describe(Presence::Required);
        if self.node().is_none() {
            let legal = self.what_is_legal();
            self.keys.lacks(self.name, &legal);
        }
        self.read().unwrap_or_default()
    }

    /// The key may be left out; `source` says where its default comes from.
    pub fn default(mut self, value: T, source: &'static str) -> T {
        let shown = |v: &toml::Value| v.to_string();
        let default = match self.fallback() {
            Some(node) => (shown(&node.to_toml()), self.keys.fallback_source.to_owned()),
            None => (shown(&value.to_toml()), source.to_owned()),
        };
        let presence = Presence::Default(vec![default]);
        self.describe(presence);
        match self.read() {
            Some(value) => value,
            None => {
                self.keys
                    .resolved
                    .insert(self.name.to_owned(), value.to_toml());
                value
            }
        }
    }

    /// The key may be left out; `absence` says what that means.
    pub fn optional(mut self, absence: &'static str) -> Option<T> {
        self.describe(Presence::Optional(absence));
        self.read()
    }

    fn describe(&mut self, presence: Presence) {
        self.keys.described.push(KeyDoc {
            name: self.name.to_owned(),
            about: self.about,
            symbol: self.symbol,
            takes: T::takes(),
            range: self.range.describe(),
            presence,
            only: Vec::new(),
        });
    }

    /// What to write, as in `a number in [0, 1]`.
    fn what_is_legal(&self) -> String {
        let range = self.range.describe();
        match &self.legal {
            Some(legal) => legal.clone(),
            None if range.is_empty() => T::takes(),
            None => format!("{} {range}", T::takes()),
        }
    }

    fn fallback(&self) -> Option<&Node> {
        let fallback = self.keys.fallback.filter(|_| !self.ignores_task);
        fallback.and_then(|t| t.get(self.name))
    }

    fn node(&self) -> Option<&Node> {
        let given = self.keys.table.and_then(|t| t.get(self.name));
        given.or_else(|| self.fallback())
    }

    fn read(&mut self) -> Option<T> {
        let node = self.node()?.clone();
        let mut problems = Problems::default();
        let tolerated = self.keys.tolerated_inside(self.name);
        let value = T::read_tolerating(&node, self.name, tolerated, &mut problems);
        if let Some(legal) = &self.legal {
            problems.replace_help(&format!("write {legal}"));
        }
        self.keys.problems.append(problems);
        let Some(value) = value else {
            self.keys.mark_wrong(self.name);
            return None;
        };
        let outside = |x: &f64| !self.range.contains(*x);
        if let Some(x) = value.magnitudes().into_iter().find(outside) {
            let message = format!("`{}` in {} cannot be {x}", self.name, self.keys.title());
            let help = format!("write {}", self.what_is_legal());
            self.keys.problems.add(node.span, message, help);
            self.keys.mark_wrong(self.name);
            return None;
        }
        self.keys
            .resolved
            .insert(self.name.to_owned(), value.to_toml());
        Some(value)
    }
}
