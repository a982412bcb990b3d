//! The kinds that a part of the simulator offers, each with its keys.

use super::docs::KindDoc;
use super::keys::Keys;
use super::names::did_you_mean;
use super::node::{Table, Value};
use super::problem::Problems;
use super::source::Span;
use std::collections::BTreeMap;

/// One kind: its name, what it is, and how its parameters are read.
pub struct Entry<S: ?Sized> {
    /// The value of `kind` in TOML.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Declares and reads its keys.
    pub read: fn(&mut Keys<'_>) -> Box<S>,
}

/// The kinds of one part. Users of the library add their own with [`Catalogue::add`].
pub struct Catalogue<S: ?Sized> {
    part: &'static str,
    entries: Vec<Entry<S>>,
}

/// The catalogue entry of a type with `NAME`, `ABOUT` and `read`.
#[macro_export]
macro_rules! kind {
    ($type:ty) => {
        $crate::settings::Kind {
            name: <$type>::NAME,
            about: <$type>::ABOUT,
            read: |keys| Box::new(<$type>::read(keys)),
        }
    };
}

impl<S: ?Sized> Catalogue<S> {
    /// The kinds of `part`, a word for messages such as `rule`.
    pub fn new(part: &'static str, entries: Vec<Entry<S>>) -> Self {
        Catalogue { part, entries }
    }

    /// Adds a kind, or replaces the one of the same name.
    pub fn add(&mut self, entry: Entry<S>) {
        self.entries.retain(|e| e.name != entry.name);
        self.entries.push(entry);
    }

    /// What the part is called.
    pub fn part(&self) -> &'static str {
        self.part
    }

    /// The names of all kinds.
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|e| e.name).collect()
    }

    /// What every kind is and takes. Defaults that `fallback`, a task's own settings, sets are
    /// told from there.
    pub fn describe(&self, fallback: Option<&Table>, source: &str) -> Vec<KindDoc> {
        let describe = |entry: &Entry<S>| {
            let mut problems = Problems::default();
            let keys = Keys::new(self.part, Span::default(), None, &mut problems);
            let keys = keys.with_fallback(fallback, source).describing();
            KindDoc {
                name: entry.name,
                about: entry.about,
                keys: keys.run(|k| (entry.read)(k)).1.keys,
            }
        };
        self.entries.iter().map(describe).collect()
    }

    /// Every kind with all its keys left out, by name.
    pub fn examples(&self) -> Vec<(&'static str, Box<S>)> {
        let example = |entry: &Entry<S>| {
            let mut problems = Problems::default();
            let keys = Keys::new(self.part, Span::default(), None, &mut problems);
            (entry.name, keys.run(|k| (entry.read)(k)).0)
        };
        self.entries.iter().map(example).collect()
    }

    /// The keys that some kind among `kinds` declares.
    pub fn declare(&self, kinds: &[String]) -> Vec<String> {
        let docs = self.describe(None, "");
        let kinds = docs.iter().filter(|d| kinds.iter().any(|k| k == d.name));
        let keys = kinds.flat_map(|d| &d.keys);
        keys.map(|k| k.name.clone()).collect()
    }

    /// The kinds that have a key, by key.
    fn homes(&self) -> BTreeMap<String, Vec<&'static str>> {
        let mut homes: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for kind in self.describe(None, "") {
            for key in kind.keys {
                homes.entry(key.name).or_default().push(kind.name);
            }
        }
        homes
    }

    /// Reads a kind's parameters from the table that `keys` reads: first `kind`, then the keys of
    /// that kind. `None`, with the mistake noted, where the kind is not known.
    pub fn read(&self, keys: &mut Keys<'_>, default: Option<&'static str>) -> Option<Box<S>> {
        let field = keys.key::<String>("kind", "Which kind");
        let field = field.among(&self.names());
        let kind = match default {
            Some(default) => field.default(default.to_owned(), "the paper's"),
            None => field.required(),
        };
        if keys.describes {
            keys.described.kinds = self.describe(keys.fallback, keys.fallback_source);
            return None;
        }
        let entry = self.entries.iter().find(|e| e.name == kind);
        let is_wrong = keys.is_wrong("kind");
        if entry.is_none() && !is_wrong {
            let message = format!("unknown {} `{kind}`", self.part);
            let what = format!("{} kinds", self.part);
            keys.wrong_value("kind", message, did_you_mean(&kind, &self.names(), &what));
        }
        match entry {
            Some(entry) if !is_wrong => {
                let value = (entry.read)(keys);
                if keys.has_undeclared() {
                    keys.elsewhere = self.homes();
                }
                Some(value)
            }
            _ => {
                keys.ignore_rest();
                None
            }
        }
    }

    /// The kind that a table names, if it names one.
    pub fn kind_of(table: &Table) -> Option<&str> {
        match &table.get("kind")?.value {
            Value::String(kind) => Some(kind),
            _ => None,
        }
    }
}
