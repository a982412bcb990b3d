//! Where keys pass that a point's own kind does not have.
//!
//! Where a sweep or `--set` names a key in a table, other points may have other kinds there: the
//! key is legal if the kind of any point has it. Where `--set` names the kind itself, keys that the
//! file gives to the kind it had before may stay there too. A point's resolved settings hold only
//! what its own kind has.

use super::Catalogues;
use super::clock;
use super::sweep::{Expanded, is_around};
use crate::settings::{Table, Tolerances, Value};

/// The keys that pass, by the dotted path of their table.
pub(super) fn tolerances(expanded: &Expanded, catalogues: &Catalogues) -> Tolerances {
    let mut tolerances = Tolerances::new();
    for table in ["task", "topology", "rule", "clock"] {
        tolerate(table, &[table], expanded, catalogues, &mut tolerances);
    }
    let mut names: Vec<&str> = Vec::new();
    let documents = expanded.points.iter().map(|(_, document)| document);
    for attacks in documents.filter_map(|document| document.get("attack")) {
        if let Value::Array(items) = &attacks.value {
            names.extend(items.iter().filter_map(|item| match &item.value {
                Value::Table(table) => table.name(),
                _ => None,
            }));
        }
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        let path = format!("attack.{name}");
        tolerate(
            &path,
            &["attack", name],
            expanded,
            catalogues,
            &mut tolerances,
        );
    }
    tolerances
}

fn tolerate(
    path: &str,
    elements: &[&str],
    expanded: &Expanded,
    catalogues: &Catalogues,
    tolerances: &mut Tolerances,
) {
    if !expanded.paths.iter().any(|p| is_around(path, p)) {
        return;
    }
    let kind = |document| {
        let table = table_at(document, elements)?;
        kind_of(elements[0], table).map(str::to_owned)
    };
    let mut kinds: Vec<String> = expanded
        .points
        .iter()
        .filter_map(|(_, d)| kind(d))
        .collect();
    kinds.sort();
    kinds.dedup();
    let mut keys = declare(elements[0], &kinds, catalogues);
    let names_kind = expanded
        .paths
        .contains(&format!("{path}.{}", kind_key(elements[0])));
    let swept = expanded.axes.iter().filter(|axis| axis.path == path);
    let swept = swept.flat_map(|axis| &axis.values);
    let swept = swept.filter_map(|(_, node)| match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    });
    let before = table_at(&expanded.written, elements).into_iter();
    for before in before.chain(swept).filter(|_| names_kind) {
        let kind = kind_of(elements[0], before).map(str::to_owned);
        let had = declare(elements[0], kind.as_slice(), catalogues);
        let is_named = |key: &String| expanded.paths.contains(&format!("{path}.{key}"));
        let stays = |key: &String| before.get(key).is_some() && !is_named(key);
        keys.extend(had.into_iter().filter(stays));
    }
    tolerances.insert(path.to_owned(), keys);
}

/// The key that says of which kind a table is.
fn kind_key(part: &str) -> &'static str {
    match part {
        "clock" => "mode",
        _ => "kind",
    }
}

fn kind_of<'t>(part: &str, table: &'t Table) -> Option<&'t str> {
    match &table.get(kind_key(part))?.value {
        Value::String(kind) => Some(kind),
        _ => None,
    }
}

fn declare(part: &str, kinds: &[String], catalogues: &Catalogues) -> Vec<String> {
    match part {
        "task" => catalogues.tasks.declare(kinds),
        "topology" => catalogues.topologies.declare(kinds),
        "rule" => catalogues.rules.declare(kinds),
        "clock" => clock::keys_of(kinds),
        _ => catalogues.attacks.declare(kinds),
    }
}

/// The table at a path; in a list of tables an element names one.
fn table_at<'t>(document: &'t Table, elements: &[&str]) -> Option<&'t Table> {
    let (first, rest) = elements.split_first()?;
    match (&document.get(first)?.value, rest) {
        (Value::Table(table), []) => Some(table),
        (Value::Array(items), [name]) => items.iter().find_map(|item| match &item.value {
            Value::Table(table) if table.name() == Some(*name) => Some(table),
            _ => None,
        }),
        _ => None,
    }
}
