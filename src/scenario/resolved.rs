//! The resolved scenario: what the user wrote, and the defaults that all points share.
//!
//! It gives the same points again, with the same run ids, and resolves to itself. What `--set` said
//! is part of it.

use super::Outline;
use super::axes::Axis;
use super::sweep::{Expanded, SettingValue, is_around};
use crate::settings::Node;
use std::path::Path;

/// The whole scenario with its sweep, as TOML. A value stands there if the user wrote it and some
/// point has it, or if every point resolves to it; what a sweep varies comes from the sweep.
pub(super) fn whole(expanded: &Expanded, outlines: &[&Outline], folder: &Path) -> String {
    let all: Vec<&toml::Table> = outlines.iter().map(|o| &o.resolved).collect();
    let mut whole = expanded.base.to_toml();
    let axes: Vec<&str> = expanded.axes().map(|a| a.path.as_str()).collect();
    complete(&mut whole, &all, "", &axes);
    absolute_paths(&mut whole, folder);
    // A table of plain values always has a TOML form.
    let mut text = toml::to_string(&whole).expect("plain values");
    if !axes.is_empty() {
        let mut sweep = expanded.sweep.to_toml();
        for axis in expanded.axes().filter(|axis| axis.has_tables) {
            if let Some(labels) = labels(axis, expanded, outlines, &axes) {
                sweep.insert(axis.path.clone(), labels.into());
            }
        }
        absolute_paths(&mut sweep, folder);
        text.push_str("\n[sweep]\n");
        for (key, value) in &sweep {
            text.push_str(&format!("{} = {}\n", quoted(key), inline(value)));
        }
    }
    text
}

/// A value in one line. The parser's own writer sorts lists before tables, and the order of a sweep
/// is the order of its points.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let entry = |(key, value): (&String, _)| format!("{} = {}", quoted(key), inline(value));
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        toml::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A key as TOML writes it: never in several lines, as a text may be.
fn quoted(key: &str) -> String {
    let entry = toml::Table::from_iter([(key.to_owned(), true.into())]);
    // A table of plain values always has a TOML form.
    let line = toml::to_string(&entry).expect("a plain value");
    let key = line.trim_end().strip_suffix(" = true");
    key.expect("the value stands after its key").to_owned()
}

/// The values of an axis of whole tables under their labels, with their defaults. `None` where two
/// have one label.
fn labels(
    axis: &Axis,
    expanded: &Expanded,
    outlines: &[&Outline],
    axes: &[&str],
) -> Option<toml::Table> {
    let mut labels = toml::Table::new();
    for (value, node) in &axis.values {
        let has_value = |outline: &&&Outline| {
            let is_own = |s: &&super::Setting| s.key == axis.path;
            outline.labels.iter().find(is_own).map(|s| &s.value) == Some(value)
        };
        let resolved = |outline: &&Outline| {
            let mut found = toml::Value::from(outline.resolved.clone());
            for element in axis.path.split('.') {
                found = found.as_table_mut()?.remove(element)?;
            }
            Some(found)
        };
        let all: Option<Vec<toml::Value>> =
            outlines.iter().filter(has_value).map(resolved).collect();
        let mut written = with_assignments(axis, node, expanded);
        complete_value(&mut written, &all.unwrap_or_default(), &axis.path, axes);
        let SettingValue::Text(label) = value else {
            return None;
        };
        if labels.insert(label.clone(), written).is_some() {
            return None;
        }
    }
    Some(labels)
}

/// A swept table with what `--set` said about its keys.
fn with_assignments(axis: &Axis, node: &Node, expanded: &Expanded) -> toml::Value {
    let mut holder = crate::settings::Table::default();
    holder.insert(&axis.path, axis.span, node.clone());
    for assignment in expanded
        .inner
        .iter()
        .filter(|a| is_around(&axis.path, &a.path))
    {
        let rest = assignment.path[axis.path.len() + 1..].split('.');
        let path: Vec<&str> = std::iter::once(axis.path.as_str()).chain(rest).collect();
        // A list of tables without the named one: it concerns another label.
        let _ = holder.set_path(&path, assignment.span, assignment.node.clone());
    }
    holder.get(&axis.path).unwrap_or(node).to_toml()
}

/// Drops what no point has and adds what all points share, but for keys that are swept.
fn complete(written: &mut toml::Table, all: &[&toml::Table], path: &str, axes: &[&str]) {
    let inside = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    if all.is_empty() {
        return;
    }
    let keys: Vec<String> = written.keys().cloned().collect();
    for key in keys
        .into_iter()
        .filter(|key| !all.iter().any(|t| t.contains_key(key)))
    {
        written.remove(&key);
    }
    for key in all[0].keys() {
        let path = inside(key);
        let values: Option<Vec<toml::Value>> = all.iter().map(|t| t.get(key).cloned()).collect();
        match (written.get_mut(key), values) {
            (Some(value), Some(values)) => complete_value(value, &values, &path, axes),
            (None, Some(values)) if !axes.contains(&path.as_str()) => {
                if let Some(shared) = shared(&values, &path, axes) {
                    written.insert(key.clone(), shared);
                }
            }
            _ => {}
        }
    }
    // Kinds differ: what a table of some points has, it has in them alone.
    for (key, value) in written.iter_mut() {
        let values: Vec<toml::Value> = all.iter().filter_map(|t| t.get(key).cloned()).collect();
        if values.len() < all.len() {
            complete_value(value, &values, &inside(key), axes);
        }
    }
}

fn complete_value(written: &mut toml::Value, values: &[toml::Value], path: &str, axes: &[&str]) {
    match written {
        toml::Value::Table(table) => {
            let tables: Option<Vec<&toml::Table>> = values.iter().map(|v| v.as_table()).collect();
            if let Some(tables) = tables {
                complete(table, &tables, path, axes);
            }
        }
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
            // An override that has all its keys says what it says in the end; with a few of them
            // dropped it would say something else.
            if path.ends_with(".override") {
                if let Some(shared) = shared(values, path, axes) {
                    *written = shared;
                }
                return;
            }
            for (index, item) in items.iter_mut().enumerate() {
                let own: Option<Vec<toml::Value>> = values
                    .iter()
                    .map(|v| v.as_array().and_then(|all| all.get(index)).cloned())
                    .collect();
                let name = item.get("name").and_then(|name| name.as_str());
                let path = format!("{path}.{}", name.unwrap_or_default());
                complete_value(item, &own.unwrap_or_default(), &path, axes);
            }
        }
        _ => {}
    }
}

/// What all values have in common, but for keys that are swept.
fn shared(values: &[toml::Value], path: &str, axes: &[&str]) -> Option<toml::Value> {
    let first = values.first()?;
    let tables: Option<Vec<&toml::Table>> = values.iter().map(|v| v.as_table()).collect();
    let Some(tables) = tables else {
        return values.iter().all(|v| v == first).then(|| first.clone());
    };
    let mut common = toml::Table::new();
    for key in tables[0].keys() {
        let path = format!("{path}.{key}");
        let values: Option<Vec<toml::Value>> = tables.iter().map(|t| t.get(key).cloned()).collect();
        if axes.contains(&path.as_str()) {
            continue;
        }
        if let Some(value) = values.and_then(|values| shared(&values, &path, axes)) {
            common.insert(key.clone(), value);
        }
    }
    (!common.is_empty()).then(|| common.into())
}

/// The resolved file lies elsewhere than the scenario, so relative paths would lead nowhere.
fn absolute_paths(table: &mut toml::Table, folder: &Path) {
    for_each_path(table, &|text| {
        let path = folder.join(&*text);
        let path = std::path::absolute(&path).unwrap_or(path);
        *text = path.display().to_string();
    });
}

/// Changes every path of a file in the settings, or in a sweep.
pub(super) fn for_each_path(table: &mut toml::Table, change: &dyn Fn(&mut String)) {
    for (key, value) in table.iter_mut() {
        // Sets have names that users choose, and `[seeds]` has a key `data`.
        if key == "sets" || key == "seeds" {
            continue;
        }
        let is_path = matches!(key.rsplit('.').next(), Some("path" | "test_path" | "data"));
        change_paths(value, is_path && key != "seeds.data", change);
    }
}

fn change_paths(value: &mut toml::Value, is_path: bool, change: &dyn Fn(&mut String)) {
    match value {
        toml::Value::String(text) if is_path => change(text),
        toml::Value::Table(inner) => for_each_path(inner, change),
        toml::Value::Array(items) => {
            for item in items {
                change_paths(item, is_path, change);
            }
        }
        _ => {}
    }
}
