//! One type for every swept key: that of its column in all tables of a campaign.
//!
//! A key that takes fractions has numbers though its values are whole, so that a study that grows
//! from `[0, 1]` to `[0, 0.5, 1]` keeps its columns. Elsewhere numbers stand where one value is none
//! of 0, 1, 2, …, and text where values are of different types.

use super::Point;
use super::sweep::SettingValue;
use toml::Value;

/// Gives the values of a swept key one type at all points.
pub(super) fn unify(points: &mut [Point]) {
    let keys = points.first().map_or(0, |point| point.settings.len());
    for index in 0..keys {
        let values = || points.iter().map(|point| &point.settings[index].value);
        let is_number =
            |v: &SettingValue| matches!(v, SettingValue::Integer(_) | SettingValue::Number(_));
        let is_count = |v: &SettingValue| matches!(v, SettingValue::Integer(0..));
        let is_flag = |v: &SettingValue| matches!(v, SettingValue::Flag(_));
        let key = &points[0].settings[index].key;
        let takes_fractions = || points.iter().any(|p| is_float(p, key));
        let convert: fn(&SettingValue) -> SettingValue = if values().all(is_flag) {
            continue;
        } else if !values().all(is_number) {
            |value| SettingValue::Text(value.to_string())
        } else if !values().all(is_count) || takes_fractions() {
            number
        } else {
            continue;
        };
        for point in points.iter_mut() {
            let value = &mut point.settings[index].value;
            *value = convert(value);
        }
    }
}

fn number(value: &SettingValue) -> SettingValue {
    match *value {
        SettingValue::Integer(i) => SettingValue::Number(i as f64),
        ref other => other.clone(),
    }
}

/// Whether a key resolves to a number that is no count.
fn is_float(point: &Point, key: &str) -> bool {
    let mut elements = key.split('.');
    let first = elements.next().and_then(|e| point.scenario.resolved.get(e));
    let mut found = first;
    while let (Some(value), Some(element)) = (found, elements.next()) {
        found = match value {
            Value::Table(table) => table.get(element),
            // Tables of a list go by their names.
            Value::Array(items) => {
                let is_named =
                    |item: &&Value| item.get("name").and_then(Value::as_str) == Some(element);
                items.iter().find(is_named)
            }
            _ => None,
        };
    }
    matches!(found, Some(Value::Float(_)))
}
