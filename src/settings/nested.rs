//! Tables inside a table: how [`Keys`] declares and reads them.

use super::bounds::Bounds;
use super::docs::{Case, KeyDoc, Presence, TableDoc};
use super::form::Form;
use super::keys::Keys;
use super::node::{Node, Table, Value};
use super::problem::Problems;
use super::source::Span;
use super::values::{Choice, Setting};

impl<'a> Keys<'a> {
    /// Declares a table inside this one; `None` where it is absent.
    pub fn table<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        absence: &'static str,
        read: impl FnOnce(&mut Keys<'_>) -> T,
    ) -> Option<T> {
        let mut read = Some(read);
        let form = match read.take_if(|_| self.describes) {
            Some(read) => Form::table_of(read),
            None => Form::Anything,
        };
        let presence = Presence::Optional(absence, Vec::new());
        self.describe(name, about, "a table", presence, form);
        let read = read?;
        let given = self.table.and_then(|t| t.get(name));
        let node = given.or_else(|| self.fallback.and_then(|t| t.get(name)))?;
        let path = self.join(name);
        let Value::Table(table) = &node.value else {
            self.wrong_type(node, name, "a table", &format!("{name} = {{ … }}"));
            return None;
        };
        let swept_path = self.swept_inside(name);
        let mut keys = Keys::new(&path, node.span, Some(table), self.problems);
        keys.tolerances = self.tolerances;
        keys.swept_path = swept_path;
        let (value, _, resolved) = keys.run(read);
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
        let table_of = |node: &'a Node| match &node.value {
            Value::Table(table) => Some(table),
            _ => None,
        };
        let given = self.table.and_then(|t| t.get(name));
        if let Some(node) = given.filter(|node| table_of(node).is_none()) {
            self.wrong_type(node, name, "a table", &format!("{name} = {{ … }}"));
        }
        let fallback = self.fallback.and_then(|t| t.get(name)).and_then(table_of);
        let path = self.join(name);
        let swept_path = self.swept_inside(name);
        let span = given.map_or(self.span, |node| node.span);
        let mut keys = Keys::new(&path, span, given.and_then(table_of), self.problems)
            .with_fallback(fallback, self.fallback_source);
        keys.tolerances = self.tolerances;
        keys.swept_path = swept_path;
        keys.describes = self.describes;
        let (value, doc, resolved) = keys.run(read);
        let presence = Presence::Optional("all defaults", Vec::new());
        self.describe(name, about, "a table", presence, Form::Table(doc));
        if !resolved.is_empty() {
            self.resolved.insert(name.to_owned(), resolved.into());
        }
        value
    }

    /// Declares the keys that this table has under one value of `key` and not under another, as
    /// each `mode` has its own, and reads those of the value that is `chosen`. `read` declares
    /// those of the value that it is given. Keys of other values are refused with what they belong
    /// to; those that an override has covered with another value are left alone.
    pub fn cases<C: Choice, T>(
        &mut self,
        key: &str,
        chosen: C,
        read: impl Fn(&mut Keys<'_>, C) -> T,
    ) -> T {
        let home = |value: &'static str| Case {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let describes = self.describes;
        let first = self.described.keys.len();
        let lacked = self.missing.len();
        let value = read(self, chosen);
        let own = C::NAMES.iter().find(|(_, case)| *case == chosen);
        let own_home = own.map(|(name, _)| home(name));
        for doc in &mut self.described.keys[first..] {
            doc.only.extend(own_home.clone());
        }
        if let Some(own_home) = own_home {
            for missing in &mut self.missing[lacked..] {
                missing.needed_by = own_home.to_string();
            }
        }
        let end_of_own = self.described.keys.len();
        for (name, case) in C::NAMES.iter().filter(|(_, case)| *case != chosen) {
            for doc in describe(describes, |keys| read(keys, *case)).keys {
                let known = self.described.keys[first..].iter_mut();
                match known.into_iter().find(|known| known.name == doc.name) {
                    Some(known) => {
                        known.only.push(home(name));
                        known.presence.also(doc.presence);
                    }
                    None => self.described.keys.push(KeyDoc {
                        only: vec![home(name)],
                        ..doc
                    }),
                }
            }
        }
        if self.is_wrong(key) {
            // What was meant is not known.
            self.ignore_rest();
            return value;
        }
        for doc in &self.described.keys[end_of_own..] {
            self.foreign.push(doc.name.clone());
            if let Some(entry) = self.table.and_then(|t| t.entry(&doc.name))
                && !self.tolerates(&doc.name)
                && !self.is_below(&doc.name, key)
            {
                // Without the case at hand: points of a sweep differ in it.
                let title = self.title();
                let message = format!("`{}` in {title} belongs to another `{key}`", doc.name);
                let help = format!("remove it, or write {}", doc.only_in_words());
                self.problems.add(entry.span, message, help);
            }
        }
        value
    }

    /// Declares a table whose keys are names that the user chooses.
    pub fn named<T: Setting>(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Vec<(String, T)> {
        let presence = Presence::Optional("none", Vec::new());
        let form = match self.describes {
            true => Form::Names(Box::new(T::form(Bounds::ALL))),
            false => Form::Anything,
        };
        self.describe(name, about, "a table of names", presence, form);
        let Some(node) = self.table.and_then(|t| t.get(name)) else {
            return Vec::new();
        };
        let Value::Table(table) = &node.value else {
            self.wrong_type(
                node,
                name,
                "a table of names",
                &format!("[{name}] and names under it"),
            );
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

    /// Declares a list of tables, `[[path.name]]`, later ones after earlier ones.
    pub fn tables<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        mut read: impl FnMut(&mut Keys<'_>) -> T,
    ) -> Vec<T> {
        let form = match self.describes {
            true => Form::list(Form::table_of(&mut read)),
            false => Form::Anything,
        };
        let presence = Presence::Optional("none", Vec::new());
        self.describe(name, about, "a list of tables", presence, form);
        let path = self.join(name);
        let mut values = Vec::new();
        let mut all = Vec::new();
        for (index, item, table) in self.listed(name) {
            let own_path = format!("{path}[{index}]");
            let mut keys = Keys::new(&own_path, item.span, Some(table), self.problems);
            if let Some(name) = table.name() {
                keys.swept_path = format!("{path}.{name}");
            }
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

    /// The tables of a list, the user's or else the fallback's, with their numbers and places. What
    /// is no table is noted and left out.
    pub(super) fn listed(&mut self, name: &'static str) -> Vec<(usize, &'a Node, &'a Table)> {
        let given = self.table.and_then(|t| t.get(name));
        let Some(node) = given.or_else(|| self.fallback.and_then(|t| t.get(name))) else {
            return Vec::new();
        };
        let Value::Array(items) = &node.value else {
            self.wrong_type(node, name, "a list of tables", &self.list_header(name));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match &item.value {
                Value::Table(table) => tables.push((index, item, table)),
                _ => self.wrong_type(item, name, "a list of tables", &self.list_header(name)),
            }
        }
        tables
    }

    fn list_header(&self, name: &str) -> String {
        format!("[[{}]] and keys under it", self.join(name))
    }
}

/// What `read` declares; with all kinds if it is read to be described.
fn describe<T>(describes: bool, read: impl FnOnce(&mut Keys<'_>) -> T) -> TableDoc {
    let mut problems = Problems::default();
    let mut keys = Keys::new("", Span::default(), None, &mut problems);
    keys.describes = describes;
    keys.run(read).1
}

/// The keys that [`Keys::cases`] has under the values whose names `is_among` holds for.
pub fn keys_of_cases<C: Choice, T>(
    is_among: &dyn Fn(&str) -> bool,
    read: impl Fn(&mut Keys<'_>, C) -> T,
) -> Vec<String> {
    let cases = C::NAMES.iter().filter(|(name, _)| is_among(name));
    let docs = cases.flat_map(|(_, case)| describe(false, |keys| read(keys, *case)).keys);
    docs.map(|doc| doc.name).collect()
}
