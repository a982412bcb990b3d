//! One type for every swept key: that of its column in all tables of a campaign.
//!
//! A key that takes fractions has numbers though its values are whole, so that a study that grows
//! from `[0, 1]` to `[0, 0.5, 1]` keeps its columns. Elsewhere numbers stand where one value is none
//! of 0, 1, 2, …, and text where values are of different types.

use super::Point;
use super::axes::Axis;
use super::sweep::SettingValue;

/// Gives the values of a swept key one type at all points. `takes_fractions` says of every key whether
/// it resolves to a number that is no count.
pub(super) fn unify<'a>(
    points: &mut [Point],
    axes: impl Iterator<Item = &'a Axis>,
    takes_fractions: &[bool],
) {
    for (index, (axis, &takes_fractions)) in axes.zip(takes_fractions).enumerate() {
        let values = || axis.values.iter().map(|(value, _)| value);
        let is_number =
            |v: &SettingValue| matches!(v, SettingValue::Integer(_) | SettingValue::Number(_));
        let is_count = |v: &SettingValue| matches!(v, SettingValue::Integer(0..));
        let is_flag = |v: &SettingValue| matches!(v, SettingValue::Flag(_));
        let convert: fn(&SettingValue) -> SettingValue = if values().all(is_flag) {
            continue;
        } else if !values().all(is_number) {
            |value| SettingValue::Text(value.to_string())
        } else if !values().all(is_count) || takes_fractions {
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
