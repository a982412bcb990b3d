//! What swept tables inherit from the file's own table.
//!
//! A swept table has every key that the file's own table has and that it does not give itself, as
//! far as its kind or mode has such a key. Tables inside, such as `burst`, follow the same rule;
//! values that are written as tables (distributions, selections) are replaced as a whole, and so
//! are lists. Keys that no swept table can have are mistakes.

use super::Catalogues;
use super::axes::Axis;
use super::part::Part;
use crate::settings::{Entry, Node, Problems, Span, Table, Value};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What swept tables inherit.
#[derive(Default)]
pub(super) struct Inheritance {
    tables: Vec<Inherited>,
    /// The places of keys that some point has from the file's own tables.
    kept: BTreeSet<Span>,
    /// Keys that kinds do not have though others do, by the path of their table and the kind.
    foreign: BTreeMap<(String, String), BTreeSet<String>>,
    /// Keys that a point's kind does not have: what messages call their table and they themselves.
    left_out: BTreeMap<Span, (String, String)>,
}

/// A table of the file, and those inside it.
struct Inherited {
    /// Path of the swept key.
    path: String,
    /// The places of everything in the file's own table.
    spans: BTreeSet<Span>,
    /// Keys that swept tables give themselves, by the path of their table.
    given: BTreeSet<(String, String)>,
    /// Whether `--set` named the sweep or chose among its values: what others have or would have
    /// may then be in the file.
    is_assigned: bool,
}

impl Inheritance {
    /// Completes the values of axes by what `base`, the file with what `--set` says, has in their
    /// tables.
    pub fn onto(groups: &mut [Vec<Axis>], base: &Table, problems: &mut Problems) -> Inheritance {
        let mut inheritance = Inheritance::default();
        for axis in groups.iter_mut().flatten() {
            let elements: Vec<&str> = axis.path.split('.').collect();
            let Some(own) = base.named_at(&elements) else {
                continue;
            };
            if let Value::Array(items) = &own.value
                && let Some(first) = items.first().filter(|_| axis.has_tables)
                && !axis.is_assigned
                && items.iter().all(|item| item.as_table().is_some())
            {
                let path = &axis.path;
                let message = format!("no point has this: [sweep] gives `{path}` other lists");
                let help = format!("remove it, or write it in the lists of `{path}` in [sweep]");
                problems.add(first.span, message, help);
                continue;
            }
            let Some(own) = own.as_table().filter(|_| Part::at(&elements).is_some()) else {
                continue;
            };
            let mut inherited = Inherited {
                path: axis.path.clone(),
                spans: own.spans(),
                given: BTreeSet::new(),
                is_assigned: axis.is_assigned,
            };
            for (_, node) in &mut axis.values {
                if let Value::Table(label) = &mut node.value {
                    *label = completed(label, own, &elements, &mut inherited.given);
                }
            }
            inheritance.tables.push(inherited);
        }
        inheritance
    }

    /// Takes out of a point what its tables have inherited and their kinds do not have.
    pub fn settle(&mut self, document: &mut Table, catalogues: &Catalogues) {
        for index in 0..self.tables.len() {
            let path = self.tables[index].path.clone();
            self.settle_table(index, &path, document, catalogues);
        }
    }

    fn settle_table(
        &mut self,
        index: usize,
        path: &str,
        document: &mut Table,
        catalogues: &Catalogues,
    ) {
        let elements: Vec<&str> = path.split('.').collect();
        let (Some(part), Some(table)) = (Part::at(&elements), document.table_at(&elements)) else {
            return;
        };
        let kind = part.kind_in(table, document, catalogues);
        let place = (path.to_owned(), kind.unwrap_or_default());
        let foreign = self.foreign.entry(place);
        let foreign = foreign.or_insert_with_key(|(_, kind)| foreign_keys(part, kind, catalogues));
        let spans = self.tables[index].spans.clone();
        // A point has it: it was there a moment ago.
        let table = document.table_at_mut(&elements).expect("the same path");
        let mut keep = |entry: &Entry, path: &str| {
            let is_inherited = spans.contains(&entry.span);
            let is_kept = !is_inherited || !foreign.contains(&entry.key);
            if is_inherited && is_kept {
                self.kept.insert(entry.span);
            } else if is_inherited {
                let place = (path.to_owned(), entry.key.clone());
                self.left_out.insert(entry.span, place);
            }
            is_kept
        };
        table.retain(|entry| {
            if entry.key == "override" && spans.contains(&entry.span) {
                settle_overrides(entry, part, &mut |entry| keep(entry, path));
            }
            let is_empty = matches!(&entry.node.value, Value::Array(all) if all.is_empty());
            keep(entry, path) && !(entry.key == "override" && is_empty)
        });
        let inside: Vec<String> = table
            .iter()
            .filter(|entry| entry.node.as_table().is_some())
            .map(|entry| format!("{path}.{}", entry.key))
            .collect();
        for path in inside {
            self.settle_table(index, &path, document, catalogues);
        }
    }

    /// Notes keys of the file that no point has. `noted` tells where a mistake is noted already.
    pub fn check(&self, noted: &dyn Fn(Span) -> bool, problems: &mut Problems) {
        for (&span, (path, key)) in &self.left_out {
            let is_inherited = |table: &&Inherited| table.spans.contains(&span);
            let given = (path.clone(), key.clone());
            let is_legal = |table: &Inherited| table.is_assigned || table.given.contains(&given);
            let table = self.tables.iter().find(is_inherited);
            if self.kept.contains(&span) || table.is_some_and(is_legal) || noted(span) {
                continue;
            }
            let message = format!("no swept `{path}` has `{key}`");
            let help = format!("remove it, or add a label to `{path}` in [sweep] that has it");
            problems.add(span, message, help);
        }
    }

    /// Takes the places of what some point has from a table of the file out of `spans`.
    pub fn remove_kept(&self, table: &Node, spans: &mut BTreeSet<Span>) {
        let Some(table) = table.as_table() else {
            return;
        };
        for Entry { span, node, .. } in table.iter() {
            if self.kept.contains(span) {
                spans.remove(span);
                for inside in node.spans() {
                    spans.remove(&inside);
                }
                // That of a table inside, too.
                spans.remove(&node.span);
            }
        }
    }
}

/// A swept table with what it inherits from `own`. Keys that it gives itself are added to `given`.
fn completed(
    label: &Table,
    own: &Table,
    path: &[&str],
    given: &mut BTreeSet<(String, String)>,
) -> Table {
    let mut completed = label.clone();
    for Entry { key, span, node } in own.iter() {
        let Some(entry) = label.entry(key) else {
            completed.insert(key, *span, node.clone());
            continue;
        };
        given.insert((path.join("."), key.clone()));
        let inside = [path, &[key.as_str()]].concat();
        if let (Some(label), Some(own)) = (entry.node.as_table(), node.as_table())
            && Part::at(&inside).is_some()
        {
            let table = self::completed(label, own, &inside, given);
            let node = Node {
                value: Value::Table(table),
                span: entry.node.span,
            };
            completed.insert(key, entry.span, node);
        }
    }
    completed
}

/// Keys of other kinds that a kind does not have; none where the kind is not known.
fn foreign_keys(part: Part, kind: &str, catalogues: &Catalogues) -> BTreeSet<String> {
    let is_known = Cell::new(false);
    let is_it = |name: &str| {
        is_known.set(is_known.get() || name == kind);
        name == kind
    };
    let own = part.declare(&is_it, catalogues);
    if !is_known.get() {
        return BTreeSet::new();
    }
    let all = part.declare(&|_| true, catalogues).into_iter();
    all.filter(|key| !own.contains(key)).collect()
}

/// Takes out of inherited overrides what the kind at hand does not have, and those of which then
/// nothing is left. One that names a kind of its own stays as it is.
fn settle_overrides(entry: &mut Entry, part: Part, keep: &mut dyn FnMut(&Entry) -> bool) {
    let Value::Array(items) = &mut entry.node.value else {
        return;
    };
    items.retain_mut(|item| {
        let Value::Table(table) = &mut item.value else {
            return true;
        };
        if table.get(part.key()).is_some() {
            return true;
        }
        let before = table.iter().count();
        table.retain(|entry| keep(entry));
        let left = table.iter().filter(|entry| entry.key != "agents").count();
        left > 0 || table.iter().count() == before
    });
}
