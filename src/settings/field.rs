//! One key: its declaration, its range, and how its value is read.

use super::bounds::Bounds;
use super::docs::{DefaultDoc, KeyDoc, Presence};
use super::form::Form;
use super::keys::Keys;
use super::node::Node;
use super::problem::Problems;
use super::values::Setting;
use std::marker::PhantomData;

/// One key being declared.
#[must_use = "a key is read when `required`, `default` or `optional` ends its declaration"]
pub struct Field<'k, 'a, T> {
    keys: &'k mut Keys<'a>,
    name: &'static str,
    about: &'static str,
    symbol: Option<&'static str>,
    bounds: Bounds,
    /// The texts that may stand there, where the type does not say it all.
    words: Option<Vec<&'static str>>,
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
            bounds: Bounds::ALL,
            words: None,
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
        (self.bounds.low, self.bounds.low_open) = (low, false);
        self
    }

    /// Numbers greater than `low`.
    pub fn above(mut self, low: f64) -> Self {
        (self.bounds.low, self.bounds.low_open) = (low, true);
        self
    }

    /// Numbers less than `high`.
    pub fn below(mut self, high: f64) -> Self {
        (self.bounds.high, self.bounds.high_open) = (high, true);
        self
    }

    /// Numbers up to `high`.
    pub fn at_most(mut self, high: f64) -> Self {
        (self.bounds.high, self.bounds.high_open) = (high, false);
        self
    }

    /// Takes the task's default only where `is_made_for` holds: elsewhere the task means something
    /// else.
    pub fn of_task_if(mut self, is_made_for: bool) -> Self {
        self.ignores_task = !is_made_for;
        self
    }

    /// Numbers in an interval.
    pub(super) fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// One of a few texts, in the place of what the type takes.
    pub(super) fn among(mut self, words: Vec<&'static str>) -> Self {
        self.words = Some(words);
        self
    }

    /// What type of value may stand there, in words.
    fn takes(&self) -> String {
        match &self.words {
            None => T::takes(),
            Some(words) => {
                let quoted: Vec<String> = words.iter().map(|n| format!("\"{n}\"")).collect();
                quoted.join(" | ")
            }
        }
    }

    /// The key must be given.
    pub fn required(mut self) -> T {
        self.describe(|field| Presence::Required(field.fallback_doc().into_iter().collect()));
        if self.node().is_none() {
            let legal = self.what_is_legal();
            self.keys.lacks(self.name, &legal);
        }
        self.read().unwrap_or_default()
    }

    /// The key may be left out; `source` says where its default comes from.
    pub fn default(mut self, value: T, source: &'static str) -> T {
        self.describe(|field| {
            let default = field.fallback_doc().unwrap_or_else(|| DefaultDoc {
                value: value.to_toml(),
                source: source.to_owned(),
            });
            Presence::Default(vec![default])
        });
        self.read_or(value)
    }

    /// The key may be left out, and `value`, which `absence` tells in words, then stands for it.
    pub fn otherwise(mut self, value: T, absence: &'static str) -> T {
        self.describe(|_| Presence::Optional(absence, Vec::new()));
        self.read_or(value)
    }

    fn read_or(mut self, value: T) -> T {
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
        self.describe(|field| {
            let tasks = field.fallback_doc().into_iter().collect();
            Presence::Optional(absence, tasks)
        });
        self.read()
    }

    /// Notes the declaration. `presence` says what holds where the key is left out; beside its name, only
    /// who reads to describe wants to know.
    fn describe(&mut self, presence: impl FnOnce(&Self) -> Presence) {
        if !self.keys.describes {
            self.keys.described.keys.push(KeyDoc::named(self.name));
            return;
        }
        let presence = presence(self);
        let form = match &self.words {
            Some(words) => Form::one_of(words),
            None => T::form(self.bounds),
        };
        let takes = self.takes();
        self.keys.described.keys.push(KeyDoc {
            name: self.name.to_owned(),
            about: self.about,
            symbol: self.symbol,
            takes,
            range: self.bounds.in_words(),
            presence,
            only: Vec::new(),
            form,
        });
    }

    /// What to write, as in `a number in [0, 1]`.
    fn what_is_legal(&self) -> String {
        let range = self.bounds.in_words();
        match range.is_empty() || self.words.is_some() {
            true => self.takes(),
            false => format!("{} {range}", self.takes()),
        }
    }

    fn fallback(&self) -> Option<&Node> {
        let fallback = self.keys.fallback.filter(|_| !self.ignores_task);
        fallback.and_then(|t| t.get(self.name))
    }

    /// What the task has for it.
    fn fallback_doc(&self) -> Option<DefaultDoc> {
        Some(DefaultDoc {
            value: self.fallback()?.to_toml(),
            source: self.keys.fallback_source.to_owned(),
        })
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
        if self.words.is_some() && !problems.is_empty() {
            problems.replace_help(&format!("write {}", self.takes()));
        }
        self.keys.problems.append(problems);
        let Some(value) = value else {
            self.keys.mark_wrong(self.name);
            return None;
        };
        let outside = |x: &f64| !self.bounds.contains(*x);
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
