//! The kinds that a part of the simulator offers, each with its keys.

use super::docs::KindDoc;
use super::keys::Keys;
use super::names::did_you_mean;
use super::node::{Node, Table, Value};
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

    /// What every kind is and takes. The defaults of kinds that `fallback`, a task's own settings,
    /// is for are told from there; without a kind there it is for `default`.
    pub fn describe(
        &self,
        fallback: Option<&Table>,
        source: &str,
        default: Option<&str>,
    ) -> Vec<KindDoc> {
        let describe = |entry: &Entry<S>| {
            let mut problems = Problems::default();
            let keys = Keys::new(self.part, Span::default(), None, &mut problems);
            let fallback = fallback.filter(|table| is_for(table, "kind", entry.name, default));
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

    /// The keys that the kinds declare whose names `is_among` holds for.
    pub fn declare(&self, is_among: &dyn Fn(&str) -> bool) -> Vec<String> {
        let docs = self.describe(None, "", None);
        let kinds = docs.iter().filter(|d| is_among(d.name));
        let keys = kinds.flat_map(|d| &d.keys);
        keys.map(|k| k.name.clone()).collect()
    }

    /// The kinds that have a key, by key.
    fn homes(&self) -> BTreeMap<String, Vec<&'static str>> {
        let mut homes: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for kind in self.describe(None, "", None) {
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
        let field = field.among(self.names());
        let kind = match default {
            Some(default) => field.default(default.to_owned(), "the paper's"),
            None => field.required(),
        };
        if keys.describes {
            let (fallback, source) = (keys.fallback, keys.fallback_source);
            keys.described.kinds = self.describe(fallback, source, default);
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
                let fallback = keys.fallback;
                keys.fallback = fallback.filter(|table| is_for(table, "kind", &kind, default));
                let value = (entry.read)(keys);
                keys.fallback = fallback;
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

/// Whether a task's own settings for a table are for one kind of it: one of those that they list
/// under `kinds`, or else the one that they name under `key`, or else the default. Other kinds may
/// have keys of the same names that mean something else.
pub(super) fn is_for(fallback: &Table, key: &str, kind: &str, default: Option<&str>) -> bool {
    let is_it = |node: &Node| matches!(&node.value, Value::String(name) if name == kind);
    match (fallback.get("kinds"), fallback.get(key)) {
        (Some(kinds), _) => matches!(&kinds.value, Value::Array(all) if all.iter().any(is_it)),
        (None, Some(own)) => is_it(own),
        (None, None) => default == Some(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Sources;
    use super::*;

    #[test]
    fn a_task_s_defaults_are_for_the_kinds_it_means() {
        let read: fn(&mut Keys<'_>) -> Box<f64> =
            |keys| Box::new(keys.key("forgetting", "ν").default(0.7, "own"));
        let names = ["loss", "distance", "mine"];
        let kinds = names.map(|name| Entry {
            name,
            about: "",
            read,
        });
        let rules = Catalogue::new("rule", kinds.into());
        let forgetting = |fallback: &str, kind: &str| {
            let mut problems = Problems::default();
            let mut sources = Sources::default();
            let mut parse = |text: &str| {
                let source = sources.add("a", text);
                Table::parse(&sources, source, &mut Problems::default())
            };
            let (fallback, table) = (parse(fallback), parse(&format!("kind = \"{kind}\"")));
            let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
            let keys = keys.with_fallback(Some(&fallback), "task");
            let (value, _, _) = keys.run(|keys| rules.read(keys, Some("loss")));
            *value.unwrap()
        };
        let of_all = |fallback: &str| names.map(|kind| forgetting(fallback, kind));
        assert_eq!(of_all("forgetting = 0.1"), [0.1, 0.7, 0.7]);
        let two = "kinds = [\"loss\", \"distance\"]\nforgetting = 0.1";
        assert_eq!(of_all(two), [0.1, 0.1, 0.7]);
        assert_eq!(of_all("kind = \"mine\"\nforgetting = 0.1"), [0.7, 0.7, 0.1]);
    }
}
