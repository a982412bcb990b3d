//! What tables and keys mean: the catalogue's side of a declaration.

use super::form::Form;

/// What a table takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDoc {
    /// Its keys; those of its kinds stand there.
    pub keys: Vec<KeyDoc>,
    /// Its kinds, in tables with a `kind` from a [`Catalogue`](super::Catalogue).
    pub kinds: Vec<KindDoc>,
}

/// What a kind is and what keys it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct KindDoc {
    /// The value of `kind` in TOML.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Its own keys.
    pub keys: Vec<KeyDoc>,
}

/// What a key means.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDoc {
    /// Its name.
    pub name: String,
    /// What it sets, in a sentence.
    pub about: &'static str,
    /// Its symbol in the literature.
    pub symbol: Option<&'static str>,
    /// Type of its value, in words.
    pub takes: String,
    /// Legal values, as `in [0, 1]`; empty where the type says it all.
    pub range: String,
    /// Whether it may be left out.
    pub presence: Presence,
    /// Where it has a meaning: in one of these cases; everywhere if there is none.
    pub only: Vec<Case>,
    /// What may stand there.
    pub form: Form,
}

impl KeyDoc {
    /// That of a key of which nothing but its name is asked for.
    pub(super) fn named(name: &str) -> KeyDoc {
        KeyDoc {
            name: name.to_owned(),
            about: "",
            symbol: None,
            takes: String::new(),
            range: String::new(),
            presence: Presence::Optional("", Vec::new()),
            only: Vec::new(),
            form: Form::Anything,
        }
    }
}

/// A value of another key in the same table, as `mode = "deadline"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = \"{}\"", self.key, self.value)
    }
}

/// Whether a key may be left out, and what holds then.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It must be given, unless the task has one of these for it.
    Required(Vec<DefaultDoc>),
    /// Its default; several where it depends on the task.
    Default(Vec<DefaultDoc>),
    /// What its absence means, and the values that tasks have for it.
    Optional(&'static str, Vec<DefaultDoc>),
}

/// A default.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultDoc {
    /// The value.
    pub value: toml::Value,
    /// Where it comes from.
    pub source: String,
}

impl Presence {
    /// Adds what holds under another task, or in another case, where that differs.
    pub(super) fn also(&mut self, other: Presence) {
        let own = self.defaults_mut();
        for other in other.defaults() {
            if !own.contains(other) {
                own.push(other.clone());
            }
        }
    }

    /// The values that it has where the key is left out; without one, it has none.
    pub fn defaults(&self) -> &[DefaultDoc] {
        match self {
            Presence::Required(all) | Presence::Default(all) | Presence::Optional(_, all) => all,
        }
    }

    fn defaults_mut(&mut self) -> &mut Vec<DefaultDoc> {
        match self {
            Presence::Required(all) | Presence::Default(all) | Presence::Optional(_, all) => all,
        }
    }

    /// Whether it must be given whatever the task.
    pub fn is_required(&self) -> bool {
        matches!(self, Presence::Required(tasks) if tasks.is_empty())
    }

    /// In words, as `default 0.1 (paper appendix B)`.
    pub fn in_words(&self) -> String {
        match self {
            Presence::Required(tasks) if tasks.is_empty() => "required".to_owned(),
            Presence::Required(tasks) => format!("required; {}", list(tasks)),
            Presence::Default(defaults) => format!("default {}", list(defaults)),
            Presence::Optional(absence, tasks) if tasks.is_empty() => {
                format!("without it: {absence}")
            }
            Presence::Optional(absence, tasks) => {
                format!("without it: {absence}: {}", list(tasks))
            }
        }
    }
}

/// Defaults with their sources, as `0.1 (paper appendix B), 0.01 (classification, regression)`.
fn list(defaults: &[DefaultDoc]) -> String {
    let mut values: Vec<(&toml::Value, Vec<&str>)> = Vec::new();
    for DefaultDoc { value, source } in defaults {
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, sources)) => sources.push(source),
            None => values.push((value, vec![source])),
        }
    }
    let values = values.into_iter();
    let values = values.map(|(value, sources)| format!("{value} ({})", sources.join(", ")));
    values.collect::<Vec<_>>().join(", ")
}

impl KeyDoc {
    /// What it is about, with its symbol.
    pub fn headline(&self) -> String {
        let symbol = self.symbol.map(|s| format!(" ({s})")).unwrap_or_default();
        format!("{}{symbol}", self.about)
    }

    /// What it takes, what its absence means, and where it has a meaning.
    pub fn details(&self) -> String {
        let mut details = self.takes.clone();
        if !self.range.is_empty() {
            details.push_str(&format!(" {}", self.range));
        }
        details.push_str(&format!("; {}", self.presence.in_words()));
        if !self.only.is_empty() {
            details.push_str(&format!("; only with {}", self.only_in_words()));
        }
        details
    }

    /// Its default, where it is the same whatever the task.
    pub fn default(&self) -> Option<&toml::Value> {
        let Presence::Default(defaults) = &self.presence else {
            return None;
        };
        let (first, others) = defaults.split_first()?;
        let is_same = |other: &DefaultDoc| other.value == first.value;
        others.iter().all(is_same).then_some(&first.value)
    }

    /// The cases in which it has a meaning, in words; empty where it has one everywhere.
    pub fn only_in_words(&self) -> String {
        let cases: Vec<String> = self.only.iter().map(Case::to_string).collect();
        cases.join(" or ")
    }
}

impl TableDoc {
    /// A key of it.
    pub fn key(&self, name: &str) -> Option<&KeyDoc> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The table, or the tables of the list, under a key.
    pub fn table(&self, name: &str) -> Option<&TableDoc> {
        self.key(name)?.form.table()
    }

    /// Adds what holds under another task, where that differs.
    pub(crate) fn also(&mut self, other: TableDoc) {
        merge(&mut self.keys, other.keys);
        for other in other.kinds {
            let same = self.kinds.iter_mut().find(|kind| kind.name == other.name);
            if let Some(kind) = same {
                merge(&mut kind.keys, other.keys);
            }
        }
    }
}

/// Adds to keys what holds for them under another task.
fn merge(keys: &mut [KeyDoc], others: Vec<KeyDoc>) {
    for other in others {
        let Some(key) = keys.iter_mut().find(|key| key.name == other.name) else {
            continue;
        };
        key.presence.also(other.presence);
        if let (Some(table), Some(other)) = (key.form.table_mut(), other.form.into_table()) {
            table.also(other);
        }
    }
}
