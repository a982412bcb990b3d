//! The tree of a TOML document, with the place of every key and value.
//!
//! Own type rather than the parser's: values of one tree may come from several texts (`--set`,
//! sweeps), so a place has to name its text.

use super::problem::Problems;
use super::source::{SourceId, Sources, Span};
use toml::de::{DeTable, DeValue};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
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

    /// Parses a document; what is not TOML is noted and left out.
    pub fn parse(sources: &Sources, source: SourceId, problems: &mut Problems) -> Table {
        let (document, errors) = DeTable::parse_recoverable(sources.text(source));
        for error in errors {
            let range = error.span().unwrap_or(0..0);
            problems.add(
                Span::new(source, range),
                format!("not TOML: {}", error.message()),
                "TOML is `key = value` lines under `[table]` headers, such as `seed = 1`",
            );
        }
        table(document.get_ref(), source, problems)
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
                    Value::Table(table) if table.is_named(name) => Some(table),
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

    fn is_named(&self, name: &str) -> bool {
        matches!(self.get("name"), Some(Node { value: Value::String(s), .. }) if s == name)
    }

    /// The same as plain TOML, without places.
    pub fn to_toml(&self) -> toml::Table {
        self.0
            .iter()
            .map(|e| (e.key.clone(), e.node.to_toml()))
            .collect()
    }
}

impl Node {
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
    Table(entries)
}

fn node(from: &DeValue<'_>, span: Span, problems: &mut Problems) -> Node {
    let mut wrong = |help: &str, fallback: Value| {
        problems.add(span, "this number cannot be used", help);
        fallback
    };
    let value = match from {
        DeValue::String(s) => Value::String(s.to_string()),
        DeValue::Boolean(b) => Value::Boolean(*b),
        DeValue::Datetime(d) => Value::Datetime(d.to_string()),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Integer(i),
            Err(_) => wrong(
                "whole numbers go from -9223372036854775808 to 9223372036854775807",
                Value::Integer(0),
            ),
        },
        DeValue::Float(x) => match x.as_str().parse::<f64>() {
            Ok(x) if x.is_finite() => Value::Float(x),
            _ => wrong(
                "finite numbers only, such as 1.5 or 1e-3",
                Value::Float(0.0),
            ),
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
