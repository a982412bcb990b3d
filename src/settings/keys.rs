//! The reader of one table: declares keys, reads, checks, resolves and describes them.

use super::node::{Node, Table, Value};
use super::problem::Problems;
use super::source::Span;
use super::values::{Selection, Setting};
use std::marker::PhantomData;

/// What a key means, for the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDoc {
    /// Its name; keys of tables inside are dotted.
    pub name: String,
    /// What it sets, in a sentence.
    pub about: &'static str,
    /// Its symbol in the literature.
    pub symbol: Option<&'static str>,
    /// Type of its value.
    pub takes: String,
    /// Legal values, as `in [0, 1]`; empty where the type says it all.
    pub range: String,
    /// Whether it may be left out.
    pub presence: Presence,
}

/// Whether a key may be left out, and what holds then.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It must be given.
    Required,
    /// Its default, and where the default comes from; several where it depends on the task.
    Default(Vec<(String, String)>),
    /// What its absence means.
    Optional(&'static str),
}

impl Presence {
    /// Adds what holds under another task, where that differs.
    pub fn also(&mut self, other: Presence) {
        if let (Presence::Default(defaults), Presence::Default(others)) = (self, other) {
            for other in others {
                if !defaults.contains(&other) {
                    defaults.push(other);
                }
            }
        }
    }
}

/// An interval of numbers.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
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
            (true, false) if self.low_open => format!("above {}", self.low),
            (true, false) => format!("at least {}", self.low),
            (false, true) if self.high_open => format!("below {}", self.high),
            (false, true) => format!("at most {}", self.high),
            (true, true) => format!("in {low}{}, {}{high}", self.low, self.high),
        }
    }
}

/// For the path of a table, keys that pass there though they are not declared: other points of
/// the same sweep have them.
pub type Tolerances = std::collections::BTreeMap<String, Vec<String>>;

/// Reader of one table.
pub struct Keys<'a> {
    path: String,
    span: Span,
    table: Option<&'a Table>,
    fallback: Option<&'a Table>,
    fallback_source: &'a str,
    tolerances: Option<&'a Tolerances>,
    problems: &'a mut Problems,
    described: Vec<KeyDoc>,
    resolved: toml::Table,
    later: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    /// A reader of `table`, which stands at `span` and is called `path` in messages.
    pub fn new(
        path: &str,
        span: Span,
        table: Option<&'a Table>,
        problems: &'a mut Problems,
    ) -> Self {
        Keys {
            path: path.to_owned(),
            span,
            table,
            fallback: None,
            fallback_source: "",
            tolerances: None,
            problems,
            described: Vec::new(),
            resolved: toml::Table::new(),
            later: Vec::new(),
        }
    }

    /// Takes defaults from `fallback`, a task's own settings, before those of the declarations.
    pub fn with_fallback(mut self, fallback: Option<&'a Table>, source: &'a str) -> Self {
        self.fallback = fallback;
        self.fallback_source = source;
        self
    }

    /// Lets keys pass that a table does not declare.
    pub fn tolerating(mut self, tolerances: &'a Tolerances) -> Self {
        self.tolerances = Some(tolerances);
        self
    }

    /// Declares a key. What it takes follows from the type that the field is finished with.
    pub fn key<T: Setting>(&mut self, name: &'static str, about: &'static str) -> Field<'_, 'a, T> {
        Field {
            keys: self,
            name,
            about,
            symbol: None,
            range: Range::ALL,
            value: PhantomData,
        }
    }

    /// Declares a table inside this one; `None` where it is absent.
    pub fn table<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        absence: &'static str,
        read: impl FnOnce(&mut Keys<'_>) -> T,
    ) -> Option<T> {
        self.describe(name, about, "a table", Presence::Optional(absence));
        let given = self.table.and_then(|t| t.get(name));
        let fallback = self.fallback.and_then(|t| t.get(name));
        let path = self.join(name);
        let Some(node) = given.or(fallback) else {
            let (_, docs, _) =
                Keys::new(&path, self.span, None, &mut Problems::default()).run(read);
            self.adopt(name, docs);
            return None;
        };
        let Value::Table(table) = &node.value else {
            self.wrong_type(node, name, "a table");
            return None;
        };
        let mut keys = Keys::new(&path, node.span, Some(table), self.problems);
        keys.tolerances = self.tolerances;
        let (value, docs, resolved) = keys.run(read);
        self.adopt(name, docs);
        self.resolved.insert(name.to_owned(), resolved.into());
        Some(value)
    }

    /// Declares a table inside this one that is read whether or not it is there: each of its keys
    /// has a default, and those of the task go before those of the declaration.
    pub fn section<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        read: impl FnOnce(&mut Keys<'_>) -> T,
    ) -> T {
        self.describe(name, about, "a table", Presence::Optional("all defaults"));
        let table_of = |node: &'a Node| match &node.value {
            Value::Table(table) => Some(table),
            _ => None,
        };
        let given = self.table.and_then(|t| t.get(name));
        if let Some(node) = given.filter(|node| table_of(node).is_none()) {
            self.wrong_type(node, name, "a table");
        }
        let fallback = self.fallback.and_then(|t| t.get(name)).and_then(table_of);
        let path = self.join(name);
        let span = given.map_or(self.span, |node| node.span);
        let mut keys = Keys::new(&path, span, given.and_then(table_of), self.problems)
            .with_fallback(fallback, self.fallback_source);
        keys.tolerances = self.tolerances;
        let (value, docs, resolved) = keys.run(read);
        self.adopt(name, docs);
        if !resolved.is_empty() {
            self.resolved.insert(name.to_owned(), resolved.into());
        }
        value
    }

    /// Declares a list of tables that change this table's own keys for chosen agents. Each is read
    /// with `read` on top of them; one that names a `kind` of its own starts afresh.
    pub fn overrides<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        mut read: impl FnMut(&mut Keys<'_>) -> T,
    ) -> Vec<(Selection, T)> {
        self.describe(name, about, "a list of tables", Presence::Optional("none"));
        let given = self.table.and_then(|t| t.get(name));
        let Some(node) = given.or_else(|| self.fallback.and_then(|t| t.get(name))) else {
            return Vec::new();
        };
        let Value::Array(items) = &node.value else {
            self.wrong_type(node, name, "a list of tables");
            return Vec::new();
        };
        let mut values = Vec::new();
        let mut all = Vec::new();
        for item in items {
            let Value::Table(table) = &item.value else {
                self.wrong_type(item, name, "a list of tables");
                continue;
            };
            let mut merged = match table.get("kind") {
                Some(_) => Table::default(),
                None => self.table.cloned().unwrap_or_default(),
            };
            merged.remove(name);
            for entry in table.iter() {
                merged.insert(&entry.key, entry.span, entry.node.clone());
            }
            // The same title as the table itself, so that a mistake in it is told once.
            let mut keys = Keys::new(&self.path, item.span, Some(&merged), self.problems)
                .with_fallback(self.fallback, self.fallback_source);
            keys.tolerances = self.tolerances;
            let (value, _, resolved) = keys.run(|keys| {
                let agents = keys.key("agents", "Whom it concerns").required();
                (agents, read(keys))
            });
            values.push(value);
            all.push(toml::Value::Table(resolved));
        }
        if !all.is_empty() {
            self.resolved.insert(name.to_owned(), all.into());
        }
        values
    }

    /// Declares a table whose keys are names that the user chooses.
    pub fn named<T: Setting>(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Vec<(String, T)> {
        self.describe(name, about, "a table of names", Presence::Optional("none"));
        let Some(node) = self.table.and_then(|t| t.get(name)) else {
            return Vec::new();
        };
        let Value::Table(table) = &node.value else {
            self.wrong_type(node, name, "a table of names");
            return Vec::new();
        };
        let mut values = Vec::new();
        let mut resolved = toml::Table::new();
        for entry in table.iter() {
            if let Some(value) = T::read(&entry.node, &entry.key, self.problems) {
                resolved.insert(entry.key.clone(), value.to_toml());
                values.push((entry.key.clone(), value));
            }
        }
        self.resolved.insert(name.to_owned(), resolved.into());
        values
    }

    /// Declares a table that was read before this one: what it takes and what it resolved to.
    pub fn read_before(&mut self, name: &'static str, about: &'static str, resolved: toml::Table) {
        self.describe(name, about, "a table", Presence::Required);
        self.resolved.insert(name.to_owned(), resolved.into());
    }

    /// The text that a key has resolved to; empty where it has not.
    pub fn resolved_text(&self, name: &str) -> String {
        let text = self.resolved.get(name).and_then(|v| v.as_str());
        text.unwrap_or_default().to_owned()
    }

    /// Leaves a key out of the resolved settings: another one stands for it.
    pub fn forget(&mut self, name: &str) {
        self.resolved.remove(name);
    }

    /// Declares a key or table of a later version: refused by name.
    pub fn later(&mut self, name: &'static str, what: &str, until_then: &str) {
        let Some(entry) = self.table.and_then(|t| t.entry(name)) else {
            return;
        };
        let message = format!(
            "`{name}` in {}: this version has no {what} yet",
            self.title()
        );
        self.problems
            .add(entry.span, message, format!("remove it: {until_then}"));
        self.later.push(name);
    }

    /// Declares a list of tables, `[[path.name]]`, later ones after earlier ones.
    pub fn tables<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        mut read: impl FnMut(&mut Keys<'_>) -> T,
    ) -> Vec<T> {
        self.describe(name, about, "a list of tables", Presence::Optional("none"));
        let path = self.join(name);
        let (_, docs, _) =
            Keys::new(&path, self.span, None, &mut Problems::default()).run(&mut read);
        self.adopt(name, docs);
        let given = self.table.and_then(|t| t.get(name));
        let Some(node) = given.or_else(|| self.fallback.and_then(|t| t.get(name))) else {
            return Vec::new();
        };
        let Value::Array(items) = &node.value else {
            self.wrong_type(node, name, "a list of tables");
            return Vec::new();
        };
        let mut values = Vec::new();
        let mut all = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Table(table) = &item.value else {
                self.wrong_type(item, name, "a list of tables");
                continue;
            };
            let path = format!("{path}[{index}]");
            let mut keys = Keys::new(&path, item.span, Some(table), self.problems);
            keys.tolerances = self.tolerances;
            let (value, _, resolved) = keys.run(&mut read);
            values.push(value);
            all.push(toml::Value::Table(resolved));
        }
        if !all.is_empty() {
            self.resolved.insert(name.to_owned(), all.into());
        }
        values
    }

    /// Notes a mistake at a key of this table, or at the table where the key is absent.
    pub fn problem(&mut self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        let span = self.place(key);
        self.problems.add(span, message, help);
    }

    /// Where a key's value stands, or the table where the key is absent.
    pub fn place(&self, key: &str) -> Span {
        self.table
            .and_then(|t| t.get(key))
            .map_or(self.span, |node| node.span)
    }

    /// Whether the user gave the key.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|t| t.get(key).is_some())
    }

    /// Reads with `read`, refuses what it did not declare, and returns the value, what was
    /// declared, and the resolved settings.
    pub fn run<T>(
        mut self,
        read: impl FnOnce(&mut Keys<'_>) -> T,
    ) -> (T, Vec<KeyDoc>, toml::Table) {
        let value = read(&mut self);
        self.refuse_undeclared();
        (value, self.described, self.resolved)
    }

    /// Leaves the keys alone that were not declared: what they should be is not known.
    pub(super) fn ignore_rest(&mut self) {
        self.table = None;
    }

    fn refuse_undeclared(&mut self) {
        let Some(table) = self.table else { return };
        let known: Vec<&str> = self.described.iter().map(|d| d.name.as_str()).collect();
        let known: Vec<&str> = known.into_iter().filter(|n| !n.contains('.')).collect();
        for entry in table.iter() {
            let name = entry.key.as_str();
            let tolerated = self.tolerances.and_then(|t| t.get(&self.path));
            let tolerated = tolerated.is_some_and(|names| names.iter().any(|t| t == name));
            if known.contains(&name) || tolerated || self.later.contains(&name) {
                continue;
            }
            let message = format!("unknown key `{name}` in {}", self.title());
            self.problems
                .add(entry.span, message, did_you_mean(name, &known, "keys"));
        }
    }

    fn title(&self) -> String {
        match self.path.as_str() {
            "" => "the scenario".to_owned(),
            path => format!("`{path}`"),
        }
    }

    fn join(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn describe(&mut self, name: &str, about: &'static str, takes: &str, presence: Presence) {
        self.described.push(KeyDoc {
            name: name.to_owned(),
            about,
            symbol: None,
            takes: takes.to_owned(),
            range: String::new(),
            presence,
        });
    }

    fn adopt(&mut self, name: &str, docs: Vec<KeyDoc>) {
        self.described.extend(docs.into_iter().map(|doc| KeyDoc {
            name: format!("{name}.{}", doc.name),
            ..doc
        }));
    }

    fn wrong_type(&mut self, node: &Node, name: &str, takes: &str) {
        let found = node.type_name();
        self.problems.add(
            node.span,
            format!(
                "`{name}` in {} takes {takes}, and this is {found}",
                self.title()
            ),
            format!("write {takes}"),
        );
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
    value: PhantomData<T>,
}

impl<T: Setting> Field<'_, '_, T> {
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

    /// Numbers up to `high`.
    pub fn at_most(mut self, high: f64) -> Self {
        (self.range.high, self.range.high_open) = (high, false);
        self
    }

    /// The key must be given.
    pub fn required(mut self) -> T {
        self.describe(Presence::Required);
        if self.node().is_none() {
            let range = self.range.describe();
            self.keys.problems.add(
                self.keys.span,
                format!("{} lacks the key `{}`", self.keys.title(), self.name),
                format!("add `{} = …`: {}{}", self.name, T::takes(), spaced(&range)),
            );
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
        });
    }

    fn fallback(&self) -> Option<&Node> {
        self.keys.fallback.and_then(|t| t.get(self.name))
    }

    fn node(&self) -> Option<&Node> {
        let given = self.keys.table.and_then(|t| t.get(self.name));
        given.or_else(|| self.fallback())
    }

    fn read(&mut self) -> Option<T> {
        let node = self.node()?.clone();
        let value = T::read(&node, self.name, self.keys.problems)?;
        if let Some(x) = value
            .magnitudes()
            .into_iter()
            .find(|&x| !self.range.contains(x))
        {
            self.keys.problems.add(
                node.span,
                format!("`{}` in {} cannot be {x}", self.name, self.keys.title()),
                format!("{}{}", T::takes(), spaced(&self.range.describe())),
            );
            return None;
        }
        self.keys
            .resolved
            .insert(self.name.to_owned(), value.to_toml());
        Some(value)
    }
}

fn spaced(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" {text}")
    }
}

/// The known name that a mistyped one most resembles.
pub fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), *k))
        .filter(|(distance, k)| *distance <= 1 + k.len().max(name.len()) / 3)
        .min()
        .map(|(_, k)| k)
}

/// Help for a name that is not known.
pub(super) fn did_you_mean(name: &str, known: &[&str], what: &str) -> String {
    let all = known.join(", ");
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? {what} here: {all}"),
        None => format!("{what} here: {all}"),
    }
}
