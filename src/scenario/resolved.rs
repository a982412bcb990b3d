//! The resolved scenario: what the user wrote, and the defaults that all points share.

use super::Point;
use crate::settings::Table;
use std::path::Path;

/// The whole scenario with its sweep. A value stands there if the user wrote it, or if every point
/// resolves to it; what a sweep varies comes from the sweep.
pub(super) fn whole(
    base: &Table,
    sweep: &Option<Table>,
    points: &[Point],
    folder: &Path,
) -> toml::Table {
    let mut shared = points[0].scenario.resolved.clone();
    for point in &points[1..] {
        keep_shared(&mut shared, &point.scenario.resolved);
    }
    let mut whole = base.to_toml();
    add_missing(&mut whole, shared);
    absolute_paths(&mut whole, folder);
    let mut values = toml::Table::new();
    // TOML wants plain values before tables.
    let (tables, plain): (Vec<_>, Vec<_>) = whole.into_iter().partition(|(_, v)| is_table(v));
    values.extend(plain);
    values.extend(tables);
    if let Some(sweep) = sweep {
        let mut sweep = sweep.to_toml();
        absolute_paths(&mut sweep, folder);
        values.insert("sweep".to_owned(), sweep.into());
    }
    values
}

fn is_table(value: &toml::Value) -> bool {
    match value {
        toml::Value::Table(_) => true,
        toml::Value::Array(items) => items.iter().any(toml::Value::is_table),
        _ => false,
    }
}

/// Drops from `shared` what `other` has not, or has otherwise.
fn keep_shared(shared: &mut toml::Table, other: &toml::Table) {
    let old = std::mem::take(shared);
    for (key, value) in old {
        match (value, other.get(&key)) {
            (toml::Value::Table(mut inner), Some(toml::Value::Table(others))) => {
                keep_shared(&mut inner, others);
                shared.insert(key, inner.into());
            }
            (value, Some(same)) if value == *same => {
                shared.insert(key, value);
            }
            _ => {}
        }
    }
}

fn add_missing(whole: &mut toml::Table, shared: toml::Table) {
    for (key, value) in shared {
        match (whole.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => add_missing(inner, more),
            // Lists of tables are resolved as a whole: each of their tables has its defaults.
            (Some(list @ toml::Value::Array(_)), more @ toml::Value::Array(_)) => *list = more,
            (Some(_), _) => {}
            (None, value) => {
                whole.insert(key, value);
            }
        }
    }
}

/// The resolved file lies elsewhere than the scenario, so relative paths would lead nowhere.
pub(super) fn absolute_paths(table: &mut toml::Table, folder: &Path) {
    let absolute = |text: &str| {
        let path = folder.join(text);
        let path = std::path::absolute(&path).unwrap_or(path);
        toml::Value::from(path.display().to_string())
    };
    for (key, value) in table.iter_mut() {
        match value {
            toml::Value::String(text) if key == "path" || key == "data" => *value = absolute(text),
            toml::Value::Table(inner) => absolute_paths(inner, folder),
            toml::Value::Array(items) => {
                for inner in items.iter_mut().filter_map(toml::Value::as_table_mut) {
                    absolute_paths(inner, folder);
                }
            }
            _ => {}
        }
    }
}
