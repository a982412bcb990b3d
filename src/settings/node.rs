//! The tree of a TOML document, with the place of every key and value.
//!
//! Own type rather than the parser's: values of one tree may come from several texts (`--set`,
//! sweeps), so a place has to name its text.

use super::limits::MOST_CHARACTERS;
use super::problem::Problems;
use super::source::{SourceId, Sources, Span};
use super::unclosed::unclosed;
use std::collections::BTreeSet;
use toml::de::{DeTable, DeValue};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    fn put_at(&mut self, span: Span) {
        self.span = span;
        match &mut self.value {
            Value::Table(table) => *table = std::mem::take(table).all_at(span),
            Value::Array(nodes) => nodes.iter_mut().for_each(|node| node.put_at(span)),
            _ => {}
        }
    }
}

/// A TOML value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number; never NaN or infinite.
    Float(f64),
    /// true or false.
    Boolean(bool),
    /// A date or time: TOML has them, no setting does.
    Datetime(String),
    /// A list.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
    /// A number beyond what can be used; noted already, so that readers pass over it.
    Unusable,
}

/// A table that keeps the order of its keys.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Entry>);

/// A key with its place, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    /// Its value.
    pub node: Node,
}

impl Table {
    /// The same with everything in one place: a mistake in a task's own settings is shown where the
    /// user's text names the task.
    pub(crate) fn all_at(mut self, span: Span) -> Table {
        self.0.iter_mut().for_each(|entry| entry.span = span);
        self.0.iter_mut().for_each(|entry| entry.node.put_at(span));
        self
    }

    /// The entries in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The entry under a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|e| e.key == key)
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }

    /// What stands at a path; numbers index lists.
    pub fn node_at(&self, path: &[&str]) -> Option<&Node> {
        let (first, rest) = path.split_first()?;
        let mut node = self.get(first)?;
        for element in rest {
            node = match &node.value {
                Value::Table(table) => table.get(element)?,
                Value::Array(items) => items.get(element.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.0.iter().position(|e| e.key == key)?;
        Some(self.0.remove(at))
    }

    /// Sets a key to a value, in its old place or at the end.
    pub fn insert(&mut self, key: &str, span: Span, node: Node) {
        match self.0.iter_mut().find(|e| e.key == key) {
            Some(entry) => {
                *entry = Entry {
                    node,
                    span,
                    key: key.to_owned(),
                }
            }
            None => self.0.push(Entry {
                key: key.to_owned(),
                span,
                node,
            }),
        }
    }

    /// Parses a document; of one that is not TOML, nothing is left but the mistakes.
    pub fn parse(sources: &Sources, source: SourceId, problems: &mut Problems) -> Table {
        let text = sources.text(source);
        Table::parse_text(sources, source, text, problems).unwrap_or_default()
    }

    /// Parses `text`, which stands byte by byte for the source's. `None` where it is not TOML:
    /// what a parser makes of the rest is guesswork.
    pub(crate) fn parse_text(
        sources: &Sources,
        source: SourceId,
        text: &str,
        problems: &mut Problems,
    ) -> Option<Table> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let opened = unclosed(text).filter(|_| !errors.is_empty());
        if let Some(range) = &opened {
            let (open, close) = match &text[range.clone()] {
                "{" => ('{', '}'),
                _ => ('[', ']'),
            };
            let message = format!("not TOML: no `{close}` closes this `{open}`");
            let span = Span::new(source, range.clone());
            problems.add(span, message, format!("add the missing `{close}`"));
        }
        let mut lines = BTreeSet::new();
        for error in &errors {
            let range = error.span().unwrap_or(0..0);
            // What stands inside an open bracket is not known, and one mistake in a line makes more.
            let is_inside = opened.as_ref().is_some_and(|open| open.start <= range.end);
            let line = text.as_bytes()[..range.start.min(text.len())]
                .iter()
                .filter(|b| **b == b'\n');
            if is_inside || !lines.insert(line.count()) {
                continue;
            }
            let is_empty = text.get(range.clone()).unwrap_or("").trim().is_empty();
            let span = sources.widened(Span::new(source, range));
            let message = match error.message() {
                m if m.contains("string values must be quoted") && is_empty => "a value is missing",
                m if m.contains("boolean") => "text stands in quotes",
                other => other,
            };
            problems.add(span, format!("not TOML: {message}"), syntax_help(message));
        }
        errors
            .is_empty()
            .then(|| table(document.get_ref(), source, problems))
    }

    /// Sets the value at a dotted path, making tables on the way. In an array of tables a path
    /// element names the table whose `name` it is.
    ///
    /// # Errors
    /// The element of the path that leads nowhere.
    pub fn set_path(&mut self, path: &[&str], span: Span, node: Node) -> Result<(), String> {
        let (first, rest) = path.split_first().ok_or_else(String::new)?;
        if rest.is_empty() {
            self.insert(first, span, node);
            return Ok(());
        }
        if self.get(first).is_none() {
            let table = Node {
                value: Value::Table(Table::default()),
                span,
            };
            self.insert(first, span, table);
        }
        let entry = self.0.iter_mut().find(|e| e.key == *first);
        match entry.map(|e| &mut e.node.value) {
            Some(Value::Table(table)) => table.set_path(rest, span, node),
            Some(Value::Array(items)) => {
                let (name, rest) = (rest[0], &rest[1..]);
                let named = items.iter_mut().find_map(|item| match &mut item.value {
                    Value::Table(table) if table.name() == Some(name) => Some(table),
                    _ => None,
                });
                match named {
                    Some(table) if !rest.is_empty() => table.set_path(rest, span, node),
                    _ => Err(name.to_owned()),
                }
            }
            _ => Err((*first).to_owned()),
        }
    }

    /// What stands at a path; in a list of tables an element is the `name` of one.
    pub(crate) fn named_at(&self, path: &[&str]) -> Option<&Node> {
        let (last, outer) = path.split_last()?;
        self.table_at(outer)?.get(last)
    }

    /// The table at a path; in a list of tables an element is the `name` of one.
    pub(crate) fn table_at(&self, path: &[&str]) -> Option<&Table> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match &self.get(first)?.value {
            Value::Table(table) => table.table_at(rest),
            Value::Array(items) => {
                let (name, rest) = rest.split_first()?;
                let mut tables = items.iter().filter_map(Node::as_table);
                tables.find(|t| t.name() == Some(*name))?.table_at(rest)
            }
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn table_at_mut(&mut self, path: &[&str]) -> Option<&mut Table> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match &mut self.0.iter_mut().find(|e| e.key == *first)?.node.value {
            Value::Table(table) => table.table_at_mut(rest),
            Value::Array(items) => {
                let (name, rest) = rest.split_first()?;
                let named = items.iter_mut().find_map(|item| match &mut item.value {
                    Value::Table(table) if table.name() == Some(*name) => Some(table),
                    _ => None,
                });
                named?.table_at_mut(rest)
            }
            _ => None,
        }
    }

    /// Keeps the entries for which `keep` holds.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&mut Entry) -> bool) {
        self.0.retain_mut(keep);
    }

    /// Takes out what stands at a dotted path, as [`Table::set_path`] has it.
    pub(crate) fn remove_path(&mut self, path: &[&str]) -> Option<Entry> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() {
            return self.remove(first);
        }
        match &mut self.0.iter_mut().find(|e| e.key == *first)?.node.value {
            Value::Table(table) => table.remove_path(rest),
            Value::Array(items) => {
                let named = items.iter_mut().find_map(|item| match &mut item.value {
                    Value::Table(table) if table.name() == Some(rest[0]) => Some(table),
                    _ => None,
                });
                named?.remove_path(&rest[1..])
            }
            _ => None,
        }
    }

    /// What a table of a list is called: its `name`.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.get("name")?.value {
            Value::String(name) => Some(name),
            _ => None,
        }
    }

    /// The places of all keys and values in it, at every depth.
    pub(crate) fn spans(&self) -> BTreeSet<Span> {
        let mut spans = BTreeSet::new();
        self.add_spans(&mut spans);
        spans
    }

    fn add_spans(&self, spans: &mut BTreeSet<Span>) {
        for entry in &self.0 {
            spans.insert(entry.span);
            spans.insert(entry.node.span);
            entry.node.add_spans(spans);
        }
    }

    /// The same as plain TOML, without places.
    pub fn to_toml(&self) -> toml::Table {
        self.0
            .iter()
            .map(|e| (e.key.clone(), e.node.to_toml()))
            .collect()
    }
}

/// What to do about an error of the TOML parser.
fn syntax_help(message: &str) -> String {
    let expected = message.split_once("expected `").map(|(_, rest)| rest);
    if message == "duplicate key" {
        "remove one of the two: a key or table stands once".to_owned()
    } else if message.contains("missing") {
        "add a value, such as 1, true or \"quick\"".to_owned()
    } else if message.contains("quote") {
        "write text in quotes, such as name = \"quick\"; numbers, true and false stand without"
            .to_owned()
    } else if let Some(expected) = expected.filter(|_| !message.contains("unexpected")) {
        format!("add the missing `{expected}")
    } else {
        "write `key = value` lines under `[table]` headers, such as `seed = 1`".to_owned()
    }
}

impl Node {
    const UNUSABLE: &str = "unusable";

    /// The places of what it says, at every depth: not that of a table itself, nor those of the
    /// tables of a list, which are blamed for what they lack.
    pub(crate) fn spans(&self) -> BTreeSet<Span> {
        let mut spans = BTreeSet::new();
        let is_table = |node: &Node| matches!(node.value, Value::Table(_));
        if !is_table(self) {
            spans.insert(self.span);
        }
        self.add_spans(&mut spans);
        if let Value::Array(items) = &self.value {
            for table in items.iter().filter(|item| is_table(item)) {
                spans.remove(&table.span);
            }
        }
        spans
    }

    fn add_spans(&self, spans: &mut BTreeSet<Span>) {
        match &self.value {
            Value::Table(table) => table.add_spans(spans),
            Value::Array(items) => {
                for item in items {
                    spans.insert(item.span);
                    item.add_spans(spans);
                }
            }
            _ => {}
        }
    }

    /// A value that stands nowhere in a text, with a place to blame.
    pub(super) fn of_toml(value: &toml::Value, span: Span) -> Node {
        let inside = |value: &toml::Value| Node::of_toml(value, span);
        let value = match value {
            toml::Value::String(text) => Value::String(text.clone()),
            toml::Value::Integer(i) => Value::Integer(*i),
            toml::Value::Float(x) => Value::Float(*x),
            toml::Value::Boolean(b) => Value::Boolean(*b),
            toml::Value::Datetime(date) => Value::Datetime(date.to_string()),
            toml::Value::Array(items) => Value::Array(items.iter().map(inside).collect()),
            toml::Value::Table(entries) => {
                let entries = entries.iter().map(|(key, value)| Entry {
                    key: key.clone(),
                    span,
                    node: inside(value),
                });
                Value::Table(Table(entries.collect()))
            }
        };
        Node { value, span }
    }

    /// The table that it is, if it is one.
    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What the value is, as messages call it.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::String(_) => "text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
            Value::Unusable => "a number that cannot be used",
        }
    }

    /// A text that is the same for equal values: 0 and 0.0 are equal, and so are tables whatever the
    /// order of their keys.
    pub(crate) fn comparable(&self) -> String {
        match &self.value {
            Value::Integer(i) => i.to_string(),
            // In this range, floats without a fraction are whole numbers exactly.
            Value::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => (*x as i64).to_string(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(Node::comparable).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(table) => {
                let entry = |e: &Entry| format!("{:?} = {}", e.key, e.node.comparable());
                let mut entries: Vec<String> = table.iter().map(entry).collect();
                entries.sort();
                format!("{{{}}}", entries.join(", "))
            }
            _ => self.to_toml().to_string(),
        }
    }

    /// The same as plain TOML, without places.
    pub fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::String(s) | Value::Datetime(s) => s.clone().into(),
            Value::Integer(i) => (*i).into(),
            Value::Float(x) => (*x).into(),
            Value::Boolean(b) => (*b).into(),
            Value::Array(items) => items.iter().map(Node::to_toml).collect::<Vec<_>>().into(),
            Value::Table(t) => t.to_toml().into(),
            // Never run: the mistake is noted.
            Value::Unusable => Node::UNUSABLE.into(),
        }
    }
}

fn table(from: &DeTable<'_>, source: SourceId, problems: &mut Problems) -> Table {
    let mut entries: Vec<Entry> = from
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            span: Span::new(source, key.span()),
            node: node(value.get_ref(), Span::new(source, value.span()), problems),
        })
        .collect();
    entries.sort_by_key(|e| e.span);
    let is_long = |entry: &&Entry| entry.key.chars().count() > MOST_CHARACTERS;
    for Entry { key, span, .. } in entries.iter().filter(is_long) {
        let message = format!("this key has {} characters", key.chars().count());
        problems.add(*span, message, format!("write at most {MOST_CHARACTERS}"));
    }
    Table(entries)
}

fn node(from: &DeValue<'_>, span: Span, problems: &mut Problems) -> Node {
    let mut unusable = |number: &str, help: &str| {
        problems.add(span, format!("the number {number} cannot be used"), help);
        Value::Unusable
    };
    let value = match from {
        DeValue::String(s) => Value::String(s.to_string()),
        DeValue::Boolean(b) => Value::Boolean(*b),
        DeValue::Datetime(d) => Value::Datetime(d.to_string()),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Integer(i),
            Err(_) => unusable(
                i.as_str(),
                "write a whole number from -9223372036854775808 to 9223372036854775807",
            ),
        },
        DeValue::Float(x) => match x.as_str().parse::<f64>() {
            Ok(x) if x.is_finite() => Value::Float(x),
            _ => unusable(x.as_str(), "write a finite number, such as 1.5 or 1e-3"),
        },
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| {
                    let span = Span::new(span.source, item.span());
                    node(item.get_ref(), span, problems)
                })
                .collect(),
        ),
        DeValue::Table(t) => Value::Table(table(t, span.source, problems)),
    };
    Node { value, span }
}
