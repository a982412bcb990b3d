//! Tables inside a table: how [`Keys`] declares and reads them.

use super::key_doc::Presence;
use super::keys::Keys;
use super::node::{Node, Table, Value};
use super::problem::Problems;
use super::selection::Selection;
use super::values::Setting;

impl<'a> Keys<'a> {
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
            self.wrong_type(node, name, "a table", &format!("{name} = {{ … }}"));
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
            self.wrong_type(node, name, "a table", &format!("{name} = {{ … }}"));
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

    /// Declares keys that this table has only where `is_chosen`, as when its `mode` asks for them;
    /// elsewhere they are refused with `home`, which says where they belong.
    pub fn only_where<T>(
        &mut self,
        is_chosen: bool,
        home: &str,
        read: impl FnOnce(&mut Keys<'_>) -> T,
    ) -> Option<T> {
        if is_chosen {
            return Some(read(self));
        }
        let mut problems = Problems::default();
        let (_, docs, _) = Keys::new(&self.path, self.span, None, &mut problems).run(read);
        for doc in docs {
            if let Some(known) = self.described.iter_mut().find(|d| d.name == doc.name) {
                known.presence.also(doc.presence);
                continue;
            }
            if let Some(entry) = self.table.and_then(|t| t.entry(&doc.name))
                && !self.tolerates(&doc.name)
            {
                let message = format!("`{}` says nothing here in {}", doc.name, self.title());
                let help = format!("remove it: it belongs to {home}");
                self.problems.add(entry.span, message, help);
            }
            self.described.push(doc);
        }
        None
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
        let mut values = Vec::new();
        let mut all = Vec::new();
        for (index, item, table) in self.listed(name) {
            let mut merged = match table.get("kind") {
                Some(_) => Table::default(),
                None => self.table.cloned().unwrap_or_default(),
            };
            merged.remove(name);
            for entry in table.iter() {
                merged.insert(&entry.key, entry.span, entry.node.clone());
            }
            // Mistakes in the table's own keys are told where the table itself is read.
            let mut problems = Problems::default();
            let path = format!("{}[{index}]", self.join(name));
            let mut keys = Keys::new(&path, item.span, Some(&merged), &mut problems)
                .with_fallback(self.fallback, self.fallback_source);
            keys.tolerances = self.tolerances;
            keys.swept_path.clone_from(&self.swept_path);
            let (value, _, resolved) = keys.run(|keys| {
                let agents = keys.key("agents", "Whom it concerns").required();
                (agents, read(keys))
            });
            let own = table.spans();
            problems.retain(|span| span == item.span || own.contains(&span));
            self.problems.append(problems);
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
        self.describe(name, about, "a list of tables", Presence::Optional("none"));
        let path = self.join(name);
        let (_, docs, _) =
            Keys::new(&path, self.span, None, &mut Problems::default()).run(&mut read);
        self.adopt(name, docs);
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
    fn listed(&mut self, name: &'static str) -> Vec<(usize, &'a Node, &'a Table)> {
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
