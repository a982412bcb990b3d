//! Where keys pass that a point's own kind does not have.
//!
//! Where a sweep or `--set` names a key in a table, other points may have other kinds there: the
//! key is legal if the kind of any point has it. Where `--set` names the kind itself, keys that the
//! file gives to the kind it had before may stay there too. A point's resolved settings hold only
//! what its own kind has.

use super::Catalogues;
use super::part::{IN_LISTS, Part, TABLES};
use super::sweep::{Expanded, is_around};
use crate::settings::{Table, Tolerances, Value};
use std::collections::BTreeSet;

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
    for (list, inside, part) in IN_LISTS {
        if !expanded.paths.iter().any(|p| is_around(list, p)) {
            continue;
        }
        for name in names(list, expanded, catalogues) {
            tolerate(&[&[list, name.as_str()], inside].concat(), part);
        }
    }
    tolerances
}

/// The names of the tables in a list, at whatever point.
fn names(list: &str, expanded: &Expanded, catalogues: &Catalogues) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for document in expanded.documents(catalogues) {
        if let Some(Value::Array(items)) = document.get(list).map(|node| &node.value) {
            let tables = items.iter().filter_map(|item| item.as_table());
            names.extend(tables.filter_map(|table| table.name().map(str::to_owned)));
        }
    }
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
    let documents = expanded.documents(catalogues);
    let kind = |document: Table| part.kind_in(document.table_at(elements)?, &document, catalogues);
    let kinds: BTreeSet<String> = documents.filter_map(kind).collect();
    let mut keys = part.declare(&|kind| kinds.contains(kind), catalogues);
    let is_named = |key: &str| expanded.paths.contains(&format!("{path}.{key}"));
    if !is_named(part.key()) {
        return keys;
    }
    let swept = expanded.axes().filter(|axis| axis.path == path);
    let swept = swept.flat_map(|axis| &axis.values);
    let swept = swept.filter_map(|(_, node)| match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    });
    for before in expanded.written.table_at(elements).into_iter().chain(swept) {
        let kind = part.kind_in(before, &expanded.written, catalogues);
        let had = part.declare(&|name| kind.as_deref() == Some(name), catalogues);
        let stays = |key: &String| before.get(key).is_some() && !is_named(key);
        keys.extend(had.into_iter().filter(stays));
    }
    keys
}
