//! What points of a sweep have in common: hundred thousand of them differ in a few numbers.

use super::Scenario;
use super::axes::Axis;
use super::record::Record;
use super::sweep::{Expanded, Setting, SettingValue};
use crate::units::SimTime;
use std::sync::Arc;
use toml::Value;

/// What is known of a point without reading it anew. Points that differ in swept numbers and texts alone
/// share one.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// `rule.kind`.
    pub rule: String,
    /// Whether chosen agents have another rule.
    pub has_rule_overrides: bool,
    /// Attacks, by their name or kind, with the iteration and the moment from which they are on.
    pub attacks: Vec<(String, (u64, SimTime))>,
    /// What is recorded.
    pub record: Record,
    /// The settings with all defaults, but for swept numbers and texts, which are those of the first
    /// point.
    pub(super) resolved: toml::Table,
    /// The labels of swept tables.
    pub(super) labels: Vec<Setting>,
}

impl Outline {
    /// The settings with all defaults of a point that has these swept values.
    pub fn resolved(&self, settings: &[Setting]) -> toml::Table {
        let mut resolved = self.resolved.clone();
        for Setting { key, value } in settings.iter().filter(|s| !self.labels.contains(s)) {
            if let Some(place) = at(&mut resolved, key) {
                *place = match value {
                    SettingValue::Integer(i) => Value::Integer(*i),
                    SettingValue::Number(x) => Value::Float(*x),
                    SettingValue::Flag(b) => Value::Boolean(*b),
                    SettingValue::Text(text) => Value::String(text.clone()),
                };
            }
        }
        resolved
    }

    /// The settings with all defaults that points with these swept keys share.
    pub fn shared(&self, settings: &[Setting]) -> toml::Table {
        let mut shared = self.resolved.clone();
        for Setting { key, .. } in settings.iter().filter(|s| !self.labels.contains(s)) {
            let (around, last) = key.rsplit_once('.').unwrap_or(("", key));
            let table = match around {
                "" => Some(&mut shared),
                around => at(&mut shared, around).and_then(Value::as_table_mut),
            };
            table.and_then(|table| table.remove(last));
        }
        shared
    }

    fn of(scenario: Scenario, labels: Vec<Setting>) -> Outline {
        let named = |attack: &super::AttackSettings| {
            let name = attack.name.clone().unwrap_or_else(|| attack.kind.clone());
            (name, attack.active.begins())
        };
        Outline {
            rule: scenario.rule.kind.clone(),
            has_rule_overrides: scenario.rule_overrides.iter().next().is_some(),
            attacks: scenario.attacks.iter().map(named).collect(),
            record: scenario.record,
            resolved: scenario.resolved,
            labels,
        }
    }
}

/// The outlines of the points that were read.
pub(super) struct Outlines<'e> {
    expanded: &'e Expanded,
    /// The newest last.
    known: Vec<Arc<Outline>>,
    /// For every swept key, whether it resolves to a number that is no count, at some point.
    pub takes_fractions: Vec<bool>,
    /// Whether `[seeds]` leaves no purpose to `seed`, at every point.
    pub overrides_seed: bool,
}

impl<'e> Outlines<'e> {
    pub fn new(expanded: &'e Expanded) -> Outlines<'e> {
        Outlines {
            expanded,
            known: Vec::new(),
            takes_fractions: vec![false; expanded.axes().count()],
            overrides_seed: true,
        }
    }

    /// That of a point with these settings.
    pub fn of(&mut self, mut scenario: Scenario, settings: &[Setting]) -> Arc<Outline> {
        self.overrides_seed &= overrides_seed(&scenario.resolved);
        let mut labels = Vec::new();
        let swept = self.expanded.axes().zip(&mut self.takes_fractions);
        for ((axis, takes_fractions), setting) in swept.zip(settings) {
            if axis.has_tables {
                labels.push(setting.clone());
                continue;
            }
            if let Some(value) = at(&mut scenario.resolved, &axis.path) {
                *takes_fractions |= value.is_float();
                *value = first_of(axis);
            }
        }
        let outline = Outline::of(scenario, labels);
        // Neighbors are alike.
        if let Some(known) = self.known.iter().rposition(|known| **known == outline) {
            let known = self.known.remove(known);
            self.known.push(known);
        } else {
            self.known.push(Arc::new(outline));
        }
        self.known[self.known.len() - 1].clone()
    }
}

/// Whether `[seeds]` leaves no purpose to `seed`.
fn overrides_seed(resolved: &toml::Table) -> bool {
    let seeds = resolved.get("seeds").and_then(Value::as_table);
    let purposes = ["topology", "data", "attackers", "links"];
    seeds.is_some_and(|seeds| purposes.iter().all(|purpose| seeds.contains_key(*purpose)))
}

fn first_of(axis: &Axis) -> Value {
    let first = axis.values.first();
    first.map_or(Value::Boolean(false), |(_, node)| node.to_toml())
}

/// What stands at a dotted path of resolved settings; tables of a list go by their names.
fn at<'t>(resolved: &'t mut toml::Table, path: &str) -> Option<&'t mut Value> {
    let mut elements = path.split('.');
    let mut found = resolved.get_mut(elements.next()?)?;
    for element in elements {
        found = match found {
            Value::Table(table) => table.get_mut(element)?,
            Value::Array(items) => {
                let is_named =
                    |item: &&mut Value| item.get("name").and_then(Value::as_str) == Some(element);
                items.iter_mut().find(is_named)?
            }
            _ => return None,
        };
    }
    Some(found)
}
