//! Other keys of a table for chosen agents: how [`Keys`] declares and reads them.

use super::docs::{Presence, TableDoc};
use super::form::Form;
use super::keys::{Keys, Tolerances};
use super::node::{Node, Table};
use super::problem::Problems;
use super::selection::Selection;
use super::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What a table's overrides say, in their order. They count key by key: an agent has the table's
/// own keys, on top of them those of the first override that chooses it, and so on. One that names
/// a `kind` starts afresh.
#[derive(Clone, Debug)]
pub struct Overrides<T> {
    /// Whom each concerns, and what it makes of the table.
    each: Vec<(Selection, T)>,
    layers: Layers,
}

/// The tables themselves.
#[derive(Clone, Debug)]
struct Layers {
    /// Path of the list.
    path: String,
    base: Table,
    fallback: Option<Table>,
    fallback_source: String,
    tolerances: Tolerances,
    swept_path: String,
    /// Each override's own keys, without those that say whom it concerns.
    own: Vec<(Span, Table)>,
}

impl<T> Overrides<T> {
    /// Whom each concerns, and what it makes of the table, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &(Selection, T)> {
        self.each.iter()
    }

    /// Whether an override leaves nothing of what stands before it.
    pub fn starts_afresh(&self, number: usize) -> bool {
        self.layers.own[number].1.get("kind").is_some()
    }

    /// Whether an override says nothing but whom it concerns.
    pub fn is_bare(&self, number: usize) -> bool {
        self.layers.own[number].1.is_empty()
    }

    /// What several overrides make of the table for agents that all of them choose. Notes keys that
    /// do not go together.
    pub fn together<R>(
        &self,
        numbers: &[usize],
        problems: &mut Problems,
        read: impl FnOnce(&mut Keys<'_>) -> R,
    ) -> R {
        let Layers {
            path,
            base,
            fallback,
            fallback_source,
            tolerances,
            swept_path,
            own,
        } = &self.layers;
        let names: Vec<String> = numbers.iter().map(|n| format!("{path}[{n}]")).collect();
        let mut merged = base.clone();
        let mut place = Span::default();
        let mut layers = BTreeMap::new();
        for (below, &number) in numbers.iter().enumerate() {
            let (span, table) = &own[number];
            merged = table.on_top_of(&merged);
            layers.extend(table.iter().map(|entry| (entry.key.clone(), below + 1)));
            place = *span;
        }
        // Mistakes in the keys of one alone are told where it is read.
        let mut found = Problems::default();
        let mut keys = Keys::new(&names.join(" with "), place, Some(&merged), &mut found)
            .with_fallback(fallback.as_ref(), fallback_source)
            .tolerating(tolerances);
        keys.layers = layers;
        keys.swept_path.clone_from(swept_path);
        let (value, _, _) = keys.run(read);
        let spans = own.iter().flat_map(|(span, table)| {
            let mut spans = table.spans();
            spans.insert(*span);
            spans
        });
        let spans: BTreeSet<Span> = spans.collect();
        found.retain(|span| spans.contains(&span));
        problems.append(found);
        value
    }
}

impl<T> Overrides<Option<T>> {
    /// The same where every value is there.
    pub fn complete(self) -> Option<Overrides<T>> {
        let each = self.each.into_iter();
        let each = each.map(|(agents, value)| Some((agents, value?)));
        Some(Overrides {
            each: each.collect::<Option<_>>()?,
            layers: self.layers,
        })
    }
}

impl Table {
    /// The keys of `base`, and instead of those or besides the own ones; of one that names a
    /// `kind`, the own ones alone.
    fn on_top_of(&self, base: &Table) -> Table {
        let mut merged = match self.get("kind") {
            Some(_) => Table::default(),
            None => base.clone(),
        };
        for entry in self.iter() {
            merged.insert(&entry.key, entry.span, entry.node.clone());
        }
        merged
    }
}

impl Keys<'_> {
    /// Declares a list of tables that change this table's own keys for chosen agents, each read
    /// with `read`.
    pub fn overrides<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        mut read: impl FnMut(&mut Keys<'_>) -> T,
    ) -> Overrides<T> {
        let form = match self.describes {
            true => Form::Overrides(self.describe_override(&mut read)),
            false => Form::Anything,
        };
        let presence = Presence::Optional("none", Vec::new());
        self.describe(name, about, "a list of tables", presence, form);
        let mut base = self.table.cloned().unwrap_or_default();
        base.remove(name);
        // Defaults that were read before are the table's own, whatever an override makes of others.
        for (key, value) in self.resolved.clone() {
            if base.get(&key).is_none() {
                base.insert(&key, self.span, Node::of_toml(&value, self.span));
            }
        }
        let mut overrides = Overrides {
            each: Vec::new(),
            layers: Layers {
                path: self.join(name),
                base,
                fallback: self.fallback.cloned(),
                fallback_source: self.fallback_source.to_owned(),
                tolerances: self.tolerances.cloned().unwrap_or_default(),
                swept_path: self.swept_path.clone(),
                own: Vec::new(),
            },
        };
        let mut all = Vec::new();
        for (index, item, table) in self.listed(name) {
            let merged = table.on_top_of(&overrides.layers.base);
            // Mistakes in the table's own keys are told where the table itself is read.
            let mut problems = Problems::default();
            let path = format!("{}[{index}]", overrides.layers.path);
            let mut keys = Keys::new(&path, item.span, Some(&merged), &mut problems)
                .with_fallback(self.fallback, self.fallback_source);
            keys.tolerances = self.tolerances;
            keys.layers = table.iter().map(|entry| (entry.key.clone(), 1)).collect();
            keys.swept_path.clone_from(&self.swept_path);
            let (value, _, mut resolved) = keys.run(|keys| (concerned(keys), read(keys)));
            let spans = table.spans();
            problems.retain(|span| span == item.span || spans.contains(&span));
            self.problems.append(problems);
            overrides.each.push(value);
            let mut own = table.clone();
            own.remove("agents");
            if own.get("kind").is_none() {
                // The others are those of whatever stands before it.
                resolved.retain(|key, _| table.get(key).is_some());
            }
            overrides.layers.own.push((item.span, own));
            all.push(toml::Value::Table(resolved));
        }
        if !all.is_empty() {
            self.resolved.insert(name.to_owned(), all.into());
        }
        overrides
    }
    /// What an override takes: whatever it leaves out is as without it.
    fn describe_override<T>(&self, read: impl FnOnce(&mut Keys<'_>) -> T) -> TableDoc {
        let mut problems = Problems::default();
        let keys = Keys::new("", Span::default(), None, &mut problems).describing();
        let (_, mut doc, _) = keys.run(read);
        for key in &mut doc.keys {
            key.presence = Presence::Optional("as without the override", Vec::new());
        }
        let (_, own, _) = Keys::new("", Span::default(), None, &mut problems)
            .describing()
            .run(concerned);
        doc.keys.splice(0..0, own.keys);
        doc
    }
}

fn concerned(keys: &mut Keys<'_>) -> Selection {
    keys.key("agents", "Whom it concerns").required()
}
