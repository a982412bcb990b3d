//! The reader of one table: declares keys, reads, checks, resolves and describes them.

use super::catalogue::is_for;
use super::docs::{KeyDoc, Presence, TableDoc};
use super::field::Field;
use super::form::Form;
use super::names::{did_you_mean, nearest};
use super::node::{Node, Table, Value};
use super::problem::Problems;
use super::source::Span;
use super::values::Setting;
use std::collections::BTreeMap;

/// For the path of a table, keys that pass there though they are not declared: other points of
/// the same sweep have them.
pub type Tolerances = BTreeMap<String, Vec<String>>;

/// A required key that is not there, and what to do about it.
pub(super) struct Missing {
    name: &'static str,
    help: String,
    /// What asks for it, as `mode = "deadline"`; empty where the table always does.
    pub(super) needed_by: String,
}

/// Reader of one table.
pub struct Keys<'a> {
    pub(super) path: String,
    /// What sweeps call the table: tables of a list go by their name there.
    pub(super) swept_path: String,
    pub(super) span: Span,
    pub(super) table: Option<&'a Table>,
    pub(super) fallback: Option<&'a Table>,
    pub(super) fallback_source: &'a str,
    pub(super) tolerances: Option<&'a Tolerances>,
    /// Keys of the table that were taken out before: users may mean them.
    taken: &'static [&'static str],
    /// Of a table that was put together from several: from which of them a key is. Higher ones
    /// cover lower ones; 0 where it is not said.
    pub(super) layers: BTreeMap<String, usize>,
    pub(super) problems: &'a mut Problems,
    /// Whether it is read to be described: all kinds are, and what tables hold.
    pub(super) describes: bool,
    pub(super) described: TableDoc,
    pub(super) resolved: toml::Table,
    pub(super) missing: Vec<Missing>,
    /// Declared keys that belong to another kind than the one at hand.
    pub(super) foreign: Vec<String>,
    /// For keys that the kind at hand does not have, the kinds that have them.
    pub(super) elsewhere: BTreeMap<String, Vec<&'static str>>,
    /// Keys whose value is wrong or missing: a placeholder stands for it.
    wrong: Vec<&'static str>,
    ignores_rest: bool,
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
            swept_path: path.to_owned(),
            span,
            table,
            fallback: None,
            fallback_source: "",
            tolerances: None,
            taken: &[],
            layers: BTreeMap::new(),
            problems,
            describes: false,
            described: TableDoc::default(),
            resolved: toml::Table::new(),
            missing: Vec::new(),
            foreign: Vec::new(),
            elsewhere: BTreeMap::new(),
            wrong: Vec::new(),
            ignores_rest: false,
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

    /// Tells of keys that stood here and were taken out before, where a key is unknown.
    pub fn without(mut self, taken: &'static [&'static str]) -> Self {
        self.taken = taken;
        self
    }

    /// Reads to describe: what [`Keys::run`] returns then tells of all kinds, and of tables inside.
    pub(crate) fn describing(mut self) -> Self {
        self.describes = true;
        self
    }

    /// Declares a key. What it takes follows from the type that the field is finished with.
    pub fn key<T: Setting>(&mut self, name: &'static str, about: &'static str) -> Field<'_, 'a, T> {
        Field::new(self, name, about)
    }

    /// Declares a table that was read before this one: what it takes and what it resolved to.
    pub fn read_before(
        &mut self,
        name: &'static str,
        about: &'static str,
        (takes, resolved): (TableDoc, toml::Table),
    ) {
        let form = Form::Table(takes);
        self.describe(name, about, "a table", Presence::Required(Vec::new()), form);
        self.resolved.insert(name.to_owned(), resolved.into());
    }

    /// Whether the task's defaults are for the value that `key` has resolved to, as a step size is
    /// for one optimizer. Without a value of their own they are for `default`.
    pub fn task_is_for(&self, key: &str, default: &str) -> bool {
        let value = self.resolved_text(key);
        self.fallback
            .is_some_and(|table| is_for(table, key, &value, Some(default)))
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

    /// Notes a mistake at a key of this table, or at the table where the key is absent: one that
    /// shows only when keys are held against each other. Where one of them is wrong already, a
    /// placeholder stands for it, and nothing is noted.
    pub fn problem(&mut self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        if self.wrong.is_empty() {
            self.wrong_value(key, message, help);
        }
    }

    /// Notes a mistake at what stands at a path in this table; numbers index lists. False, with
    /// nothing noted, where nothing stands there.
    pub fn problem_at(&mut self, path: &[&str], message: &str, help: &str) -> bool {
        let node = self.table.and_then(|table| table.node_at(path));
        if let Some(node) = node {
            self.problems.add(node.span, message, help);
        }
        node.is_some()
    }

    /// Notes a mistake at a key of this table, or at the table where the key is absent.
    pub(super) fn wrong_value(
        &mut self,
        key: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let given = self.table.and_then(|t| t.get(key));
        let span = given.map_or(self.span, |node| node.span);
        self.problems.add(span, message, help);
    }

    /// Notes that a required key is not there.
    pub(super) fn lacks(&mut self, name: &'static str, legal: &str) {
        let help = format!("add `{name} = …`: {legal}");
        self.missing.push(Missing {
            name,
            help,
            needed_by: String::new(),
        });
        self.wrong.push(name);
    }

    /// Notes that a placeholder stands for a key.
    pub(super) fn mark_wrong(&mut self, name: &'static str) {
        self.wrong.push(name);
    }

    /// Whether a key that was read is wrong or missing.
    pub fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    /// Where the user gave the key.
    pub fn place(&self, key: &str) -> Option<Span> {
        Some(self.table?.get(key)?.span)
    }

    /// Whether the user gave the key.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|t| t.get(key).is_some())
    }

    /// Reads with `read`, refuses what it did not declare, and returns the value, what was
    /// declared, and the resolved settings.
    pub fn run<T>(mut self, read: impl FnOnce(&mut Keys<'_>) -> T) -> (T, TableDoc, toml::Table) {
        let value = read(&mut self);
        let misspelled = self.refuse_undeclared();
        for missing in std::mem::take(&mut self.missing) {
            let Missing {
                name,
                help,
                needed_by,
            } = missing;
            // One mistake is told once.
            if !misspelled.contains(&name) {
                let why = match needed_by.as_str() {
                    "" => String::new(),
                    case => format!(", which {case} needs"),
                };
                let message = format!("{} lacks the key `{name}`{why}", self.title());
                self.problems.add(self.span, message, help);
            }
        }
        (value, self.described, self.resolved)
    }

    /// The keys that were declared so far and have a value, given or by default.
    pub fn resolved(&self) -> &toml::Table {
        &self.resolved
    }

    /// Leaves the keys alone that were not declared: what they should be is not known.
    pub fn ignore_rest(&mut self) {
        self.ignores_rest = true;
    }

    /// Whether a key passes though this table does not have it: other points of the sweep do.
    pub(super) fn tolerates(&self, name: &str) -> bool {
        self.tolerated().iter().any(|t| t == name)
    }

    /// The keys that pass in this table: those of the kinds that other points have, too.
    fn tolerated(&self) -> &'a [String] {
        let tolerated = self.tolerances.and_then(|t| t.get(&self.swept_path));
        tolerated.map_or(&[], Vec::as_slice)
    }

    /// Whether a key stands in a lower layer than another one does.
    pub(super) fn is_below(&self, key: &str, other: &str) -> bool {
        let layer = |key: &str| self.layers.get(key).copied().unwrap_or(0);
        layer(key) < layer(other)
    }

    /// The keys that pass in a table inside though its kind does not have them.
    pub(super) fn tolerated_inside(&self, name: &str) -> &'a [String] {
        let tolerated = self
            .tolerances
            .and_then(|t| t.get(&self.swept_inside(name)));
        tolerated.map_or(&[], Vec::as_slice)
    }

    /// What sweeps call something in this table.
    pub(super) fn swept_inside(&self, name: &str) -> String {
        joined(&self.swept_path, name)
    }

    /// Refuses what was not declared. Returns the required keys that are there under a mistyped
    /// name.
    fn refuse_undeclared(&mut self) -> Vec<&'static str> {
        let missing: Vec<&'static str> = self.missing.iter().map(|m| m.name).collect();
        let mut misspelled = Vec::new();
        let Some(table) = self.table else {
            return misspelled;
        };
        let known = self.described.keys.iter();
        let known = known
            .map(|d| d.name.as_str())
            .chain(self.taken.iter().copied());
        let known: Vec<&str> = known.collect();
        for entry in table.iter() {
            let name = entry.key.as_str();
            if known.contains(&name) || self.tolerates(name) {
                continue;
            }
            let meant = nearest(name, &missing);
            if self.ignores_rest && meant.is_none() {
                continue;
            }
            misspelled.extend(meant);
            let message = format!("unknown key `{name}` in {}", self.title());
            let help = self.help_for_unknown(name, &known);
            self.problems.add(entry.span, message, help);
        }
        misspelled
    }

    /// What to do about a key that is not declared; `known` are those that are.
    fn help_for_unknown(&self, name: &str, known: &[&str]) -> String {
        let is_own = |key: &&str| !self.foreign.iter().any(|foreign| foreign == key);
        let own: Vec<&str> = known.iter().copied().filter(is_own).collect();
        if let Some(kinds) = self.elsewhere.get(name) {
            let kinds: Vec<String> = kinds.iter().map(|k| format!("kind = \"{k}\"")).collect();
            let (kinds, own) = (kinds.join(" or "), own.join(", "));
            return format!("remove it, or write {kinds}; keys here: {own}");
        }
        let passing = self.tolerated().iter().map(String::as_str);
        let swept: Vec<&str> = passing.filter(|key| !known.contains(key)).collect();
        let help = match nearest(name, &swept).filter(|_| nearest(name, known).is_none()) {
            Some(meant) => {
                format!("did you mean `{meant}`? it is a key of another kind in this sweep")
            }
            None => did_you_mean(name, &own, "keys"),
        };
        let other = nearest(name, known).filter(|_| nearest(name, &own).is_none());
        match other.and_then(|other| self.described.key(other)) {
            Some(doc) => {
                let (name, only) = (&doc.name, doc.only_in_words());
                format!("did you mean `{name}`, which belongs to {only}? {help}")
            }
            None => help,
        }
    }

    /// Whether the table has a key that was not declared.
    pub(super) fn has_undeclared(&self) -> bool {
        let is_known = |key: &str| self.described.key(key).is_some();
        self.table
            .is_some_and(|t| t.iter().any(|e| !is_known(&e.key)))
    }

    pub(super) fn title(&self) -> String {
        match self.path.as_str() {
            "" => "the scenario".to_owned(),
            path => format!("`{path}`"),
        }
    }

    pub(super) fn join(&self, name: &str) -> String {
        joined(&self.path, name)
    }

    pub(super) fn describe(
        &mut self,
        name: &str,
        about: &'static str,
        takes: &str,
        presence: Presence,
        form: Form,
    ) {
        self.described.keys.push(KeyDoc {
            name: name.to_owned(),
            about,
            symbol: None,
            takes: takes.to_owned(),
            range: String::new(),
            presence,
            only: Vec::new(),
            form,
        });
    }

    pub(super) fn wrong_type(
        &mut self,
        node: &Node,
        name: &'static str,
        takes: &str,
        example: &str,
    ) {
        self.wrong.push(name);
        if matches!(node.value, Value::Unusable) {
            return;
        }
        let found = node.type_name();
        let message = format!(
            "`{name}` in {} takes {takes}, and this is {found}",
            self.title()
        );
        self.problems
            .add(node.span, message, format!("write {example}"));
    }
}

fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
