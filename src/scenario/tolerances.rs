//! Where keys pass that a point's own kind does not have.
//!
//! Where a sweep or `--set` names a key in a table, other points may have other kinds there: the
//! key is legal if the kind of any point has it. Where `--set` names the kind itself, keys that the
//! file gives to the kind it had before may stay there too. A point's resolved settings hold only
//! what its own kind has.

use super::sweep::{Expanded, is_around};
use super::{Catalogues, clock, parse_defaults};
use crate::attack::Timing;
use crate::settings::{Table, Tolerances, Value};
use crate::task::Partition;
use crate::{distribution, fault, learner, model};

/// What a table with a kind is.
#[derive(Clone, Copy)]
enum Part {
    Task,
    Model,
    Partition,
    Topology,
    Learner,
    Rule,
    Attack,
    Timing,
    Fault,
    Clock,
    Distribution,
}

/// The tables that stand once.
const TABLES: [(&[&str], Part); 9] = [
    (&["task"], Part::Task),
    (&["task", "model"], Part::Model),
    (&["task", "partition"], Part::Partition),
    (&["topology"], Part::Topology),
    (&["learner"], Part::Learner),
    (&["rule"], Part::Rule),
    (&["clock"], Part::Clock),
    (&["clock", "compute_ms"], Part::Distribution),
    (&["link", "delay_ms"], Part::Distribution),
];

/// The tables of each list, and those inside them.
const LISTS: [(&str, &[&str], Part); 5] = [
    ("attack", &[], Part::Attack),
    ("attack", &["timing"], Part::Timing),
    ("fault", &[], Part::Fault),
    ("fault", &["up_ms"], Part::Distribution),
    ("fault", &["down_ms"], Part::Distribution),
];

/// The keys that pass, by the dotted path of their table.
pub(super) fn tolerances(expanded: &Expanded, catalogues: &Catalogues) -> Tolerances {
    let mut tolerances = Tolerances::new();
    let mut tolerate = |elements: &[&str], part: Part| {
        let path = elements.join(".");
        if expanded.paths.iter().any(|p| is_around(&path, p)) {
            let keys = passing(&path, elements, part, expanded, catalogues);
            tolerances.insert(path, keys);
        }
    };
    for (elements, part) in TABLES {
        tolerate(elements, part);
    }
    for (list, inside, part) in LISTS {
        for name in names(list, expanded) {
            tolerate(&[&[list, name], inside].concat(), part);
        }
    }
    tolerances
}

/// The names of the tables in a list, at whatever point.
fn names<'e>(list: &str, expanded: &'e Expanded) -> Vec<&'e str> {
    let mut names = Vec::new();
    for (_, document) in &expanded.points {
        if let Some(Value::Array(items)) = document.get(list).map(|node| &node.value) {
            names.extend(items.iter().filter_map(|item| match &item.value {
                Value::Table(table) => table.name(),
                _ => None,
            }));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The keys that pass in a table.
fn passing(
    path: &str,
    elements: &[&str],
    part: Part,
    expanded: &Expanded,
    catalogues: &Catalogues,
) -> Vec<String> {
    let documents = expanded.points.iter().map(|(_, document)| document);
    let mut kinds: Vec<String> = documents
        .filter_map(|document| part.kind_in(table_at(document, elements)?, document, catalogues))
        .collect();
    kinds.sort();
    kinds.dedup();
    let mut keys = part.declare(&kinds, catalogues);
    let is_named = |key: &str| expanded.paths.contains(&format!("{path}.{key}"));
    if !is_named(part.key()) {
        return keys;
    }
    let swept = expanded.axes.iter().filter(|axis| axis.path == path);
    let swept = swept.flat_map(|axis| &axis.values);
    let swept = swept.filter_map(|(_, node)| match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    });
    for before in table_at(&expanded.written, elements)
        .into_iter()
        .chain(swept)
    {
        let kind = part.kind_in(before, &expanded.written, catalogues);
        let had = part.declare(kind.as_slice(), catalogues);
        let stays = |key: &String| before.get(key).is_some() && !is_named(key);
        keys.extend(had.into_iter().filter(stays));
    }
    keys
}

impl Part {
    /// The key that says of which kind a table is.
    fn key(self) -> &'static str {
        match self {
            Part::Clock => "mode",
            Part::Learner => "optimizer",
            _ => "kind",
        }
    }

    /// The kind of a table in a document, or the one that it has if it names none.
    fn kind_in(self, table: &Table, document: &Table, catalogues: &Catalogues) -> Option<String> {
        match table.get(self.key()).map(|node| &node.value) {
            Some(Value::String(kind)) => return Some(kind.clone()),
            Some(_) => return None,
            None => {}
        }
        let of_task = |part, otherwise: &str| {
            let kind = task_default(&[part, self.key()], document, catalogues);
            Some(kind.unwrap_or_else(|| otherwise.to_owned()))
        };
        match self {
            Part::Topology => of_task("topology", "geometric"),
            Part::Learner => of_task("learner", "sgd"),
            Part::Rule => of_task("rule", "loss"),
            Part::Clock => Some(clock::Mode::default().name().to_owned()),
            Part::Task
            | Part::Model
            | Part::Partition
            | Part::Attack
            | Part::Timing
            | Part::Fault
            | Part::Distribution => None,
        }
    }

    /// The keys that kinds have.
    fn declare(self, kinds: &[String], catalogues: &Catalogues) -> Vec<String> {
        match self {
            Part::Task => catalogues.tasks.declare(kinds),
            Part::Model => model::catalogue().declare(kinds),
            Part::Partition => Partition::keys_of(kinds),
            Part::Topology => catalogues.topologies.declare(kinds),
            Part::Learner => learner::keys_of(kinds),
            Part::Rule => catalogues.rules.declare(kinds),
            Part::Attack => catalogues.attacks.declare(kinds),
            Part::Timing => Timing::keys_of(kinds),
            Part::Fault => fault::catalogue().declare(kinds),
            Part::Clock => clock::keys_of(kinds),
            Part::Distribution => distribution::catalogue().declare(kinds),
        }
    }
}

/// What a document's task gives by default to the key that says of which kind a table is.
fn task_default(path: &[&str], document: &Table, catalogues: &Catalogues) -> Option<String> {
    let kind = match &document.node_at(&["task", "kind"])?.value {
        Value::String(kind) => kind,
        _ => return None,
    };
    let tasks = catalogues.tasks.examples().into_iter();
    let (_, task) = tasks.into_iter().find(|(name, _)| name == kind)?;
    match &parse_defaults(Some(&*task)).node_at(path)?.value {
        Value::String(kind) => Some(kind.clone()),
        _ => None,
    }
}

/// The table at a path; in a list of tables an element names one.
fn table_at<'t>(document: &'t Table, elements: &[&str]) -> Option<&'t Table> {
    let mut table = document;
    let mut rest = elements;
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        table = match &table.get(first)?.value {
            Value::Table(table) => table,
            Value::Array(items) => {
                let (name, others) = rest.split_first()?;
                rest = others;
                items.iter().find_map(|item| match &item.value {
                    Value::Table(table) if table.name() == Some(*name) => Some(table),
                    _ => None,
                })?
            }
            _ => return None,
        };
    }
    Some(table)
}
