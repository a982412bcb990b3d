//! What may stand at a key.

use super::bounds::Bounds;
use super::docs::{KeyDoc, Presence, TableDoc};
use super::keys::Keys;
use super::problem::Problems;
use super::source::Span;
use serde_json::{Value, json};

/// What may stand at a key: what a schema says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Form {
    /// Whatever: nothing is known.
    #[default]
    Anything,
    /// A plain value, or a list of such, with its JSON Schema.
    Plain(Value),
    /// A table.
    Table(TableDoc),
    /// A list of values, of at least and at most so many.
    List(Box<Form>, [usize; 2]),
    /// A list of tables that change the keys of the table around them for some agents.
    Overrides(TableDoc),
    /// A table whose keys are names that the user chooses.
    Names(Box<Form>),
    /// One of several.
    Any(Vec<Form>),
    /// A form that has a name, since it is found in many places.
    Named(&'static str, Box<Form>),
}

impl Form {
    /// A number.
    pub fn number(bounds: Bounds) -> Form {
        Form::Plain(bounds.schema("number"))
    }

    /// A whole number, 0 or greater.
    pub fn whole(bounds: Bounds) -> Form {
        Form::Plain(bounds.within(0.0, f64::INFINITY).schema("integer"))
    }

    /// Any text.
    pub fn text() -> Form {
        Form::Plain(json!({ "type": "string" }))
    }

    /// One of these texts.
    pub fn one_of(words: &[&str]) -> Form {
        Form::Plain(json!({ "type": "string", "enum": words }))
    }

    /// A list.
    pub fn list(item: Form) -> Form {
        Form::List(Box::new(item), [0, usize::MAX])
    }

    /// A list of two.
    pub fn pair(item: Form) -> Form {
        Form::List(Box::new(item), [2, 2])
    }

    /// A list that is not empty.
    pub fn some(item: Form) -> Form {
        Form::List(Box::new(item), [1, usize::MAX])
    }

    /// A table with the keys that `read` declares.
    pub fn table_of<T>(read: impl FnOnce(&mut Keys<'_>) -> T) -> Form {
        let mut problems = Problems::default();
        let keys = Keys::new("", Span::default(), None, &mut problems).describing();
        Form::Table(keys.run(read).1)
    }

    /// A table with these keys, each with what it is about; all of them may be left out.
    pub(super) fn table_with(keys: &[(&'static str, &'static str, Form)]) -> Form {
        let key = |(name, about, form): &(&str, &'static str, Form)| KeyDoc {
            name: (*name).to_owned(),
            about,
            symbol: None,
            takes: String::new(),
            range: String::new(),
            presence: Presence::Optional("", Vec::new()),
            only: Vec::new(),
            form: form.clone(),
        };
        Form::Table(TableDoc {
            keys: keys.iter().map(key).collect(),
            kinds: Vec::new(),
        })
    }

    /// The table, or what the tables of a list are.
    pub fn table(&self) -> Option<&TableDoc> {
        match self {
            Form::Table(table) | Form::Overrides(table) => Some(table),
            Form::List(item, _) => item.table(),
            _ => None,
        }
    }

    /// As [`Form::table`].
    pub(super) fn table_mut(&mut self) -> Option<&mut TableDoc> {
        match self {
            Form::Table(table) | Form::Overrides(table) => Some(table),
            Form::List(item, _) => item.table_mut(),
            _ => None,
        }
    }

    /// As [`Form::table`].
    pub(super) fn into_table(self) -> Option<TableDoc> {
        match self {
            Form::Table(table) | Form::Overrides(table) => Some(table),
            Form::List(item, _) => item.into_table(),
            _ => None,
        }
    }
}
