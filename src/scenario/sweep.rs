//! `--set` and `[sweep]`: from one document to the documents of all points.

use super::Catalogues;
use super::assignment::{Assignment, onto_sweep};
use super::axes::{Axes, Axis, MOST_POINTS};
use super::inheritance::Inheritance;
use crate::settings::{Node, Problems, Span, Table, Value};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A swept key with its value at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key, dotted.
    pub key: String,
    /// Its value, or its label.
    pub value: SettingValue,
}

/// A swept value as tables and summaries show it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Text, a label, or a list or table as TOML.
    Text(String),
}

impl std::fmt::Display for SettingValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SettingValue::Integer(i) => write!(f, "{i}"),
            SettingValue::Number(x) => write!(f, "{x}"),
            SettingValue::Flag(b) => write!(f, "{b}"),
            SettingValue::Text(s) => write!(f, "{s}"),
        }
    }
}

impl SettingValue {
    /// What settings call a value of a list.
    pub(super) fn of(node: &Node) -> SettingValue {
        match &node.value {
            Value::Integer(i) => SettingValue::Integer(*i),
            Value::Float(x) => SettingValue::Number(*x),
            Value::Boolean(b) => SettingValue::Flag(*b),
            Value::String(s) | Value::Datetime(s) => SettingValue::Text(s.clone()),
            Value::Array(_) | Value::Table(_) | Value::Unusable => {
                SettingValue::Text(node.to_toml().to_string())
            }
        }
    }
}

/// All points of a sweep, each of which is put together when it is asked for.
pub(super) struct Expanded {
    /// The document that the points have in common, without its sweep, as far as no swept key
    /// takes its place.
    pub base: Table,
    /// What the file says in all, but for its sweep.
    pub written: Table,
    /// The places of whatever in the file a swept table takes the place of. It is never run.
    pub replaced: BTreeSet<Span>,
    /// What swept tables have from the file's own.
    pub inheritance: Mutex<Inheritance>,
    /// What is left of the sweep, as it was written.
    pub sweep: Table,
    /// Its keys, their tables with what they inherit, in groups that advance together.
    groups: Vec<Vec<Axis>>,
    /// Steps of each group; the first group is the slowest.
    steps: Vec<usize>,
    /// What points have in common, with all that a swept table takes the place of.
    common: Table,
    /// Assignments into whole tables of the sweep.
    pub inner: Vec<Assignment>,
    /// Dotted paths that the sweep or `--set` names.
    pub paths: Vec<String>,
}

impl Expanded {
    /// How many points there are.
    pub fn points(&self) -> usize {
        self.steps.iter().product()
    }

    /// The swept keys, in the order of a point's settings.
    pub fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.groups.iter().flatten()
    }

    /// The swept values of a point, with what settings call them.
    fn values(&self, point: usize) -> Vec<(&Axis, &(SettingValue, Node))> {
        let mut rest = point;
        let mut found = Vec::new();
        for (axes, &steps) in self.groups.iter().zip(&self.steps).rev() {
            let step = rest % steps;
            rest /= steps;
            for axis in axes.iter().rev() {
                found.push((axis, &axis.values[step.min(axis.values.len() - 1)]));
            }
        }
        found.reverse();
        found
    }

    /// Of a point that differs from an earlier one in its `seed` alone: the first of these. Whatever its
    /// seed, the text reads alike.
    pub fn but_for_seed(&self, point: usize) -> Option<usize> {
        let mut stride = 1;
        for (axes, &steps) in self.groups.iter().zip(&self.steps).rev() {
            if let [axis] = &axes[..]
                && axis.path == "seed"
            {
                let step = point / stride % steps;
                let is_legal =
                    matches!(axis.values.get(step), Some((SettingValue::Integer(0..), _)));
                return (step > 0 && is_legal).then_some(point - step * stride);
            }
            stride *= steps;
        }
        None
    }

    /// The values of the swept keys at a point.
    pub fn settings(&self, point: usize) -> Vec<Setting> {
        let values = self.values(point).into_iter();
        let setting = |(axis, (value, _)): (&Axis, &(SettingValue, Node))| Setting {
            key: axis.path.clone(),
            value: value.clone(),
        };
        values.map(setting).collect()
    }

    /// The document of a point.
    pub fn document(&self, point: usize, catalogues: &Catalogues) -> Table {
        self.reaching(point, catalogues, &mut BTreeSet::new())
    }

    /// Points that show all kinds, names and keys that any point has: of numbers and flags, which change
    /// none of these, they have the first.
    fn kinds_of_points(&self) -> impl Iterator<Item = usize> {
        let is_plain = |node: &Node| {
            matches!(
                node.value,
                Value::Integer(_) | Value::Float(_) | Value::Boolean(_)
            )
        };
        let is_plain = |axis: &Axis| axis.values.iter().all(|(_, node)| is_plain(node));
        let plain: Vec<bool> = self.groups.iter().map(|g| g.iter().all(is_plain)).collect();
        let mut points = vec![0];
        for (&steps, is_plain) in self.steps.iter().zip(plain) {
            let shown = if is_plain { 1 } else { steps };
            let of_point = |point| (0..shown).map(move |step| point * steps + step);
            points = points.into_iter().flat_map(of_point).collect();
        }
        points.into_iter()
    }

    /// Documents that show all kinds, names and keys that any point has.
    pub fn documents(&self, catalogues: &Catalogues) -> impl Iterator<Item = Table> {
        let points = self.kinds_of_points();
        points.map(|point| self.document(point, catalogues))
    }

    /// The document of a point; the paths that lead somewhere in it are added to `reached`.
    fn reaching(
        &self,
        point: usize,
        catalogues: &Catalogues,
        reached: &mut BTreeSet<String>,
    ) -> Table {
        let values = self.values(point).into_iter();
        let mut changes: Vec<Change<'_>> =
            values.map(|(axis, (_, node))| axis.change(node)).collect();
        changes.extend(self.inner.iter().map(Assignment::change));
        let mut document = self.common.clone();
        apply(&mut document, changes, reached);
        let inheritance = self.inheritance.lock();
        let mut inheritance = inheritance.unwrap_or_else(PoisonError::into_inner);
        inheritance.settle(&mut document, catalogues);
        document
    }
}

/// The lists of tables that a path can lead into, by the `name` of a table.
pub(super) const LISTS: [&str; 2] = ["attack", "fault"];

/// A value for a dotted path.
struct Change<'a> {
    path: &'a str,
    span: Span,
    node: &'a Node,
}

/// Whether `outer` is a table around the key `inner`.
pub(super) fn is_around(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Expands the document's `[sweep]` under `assignments`.
pub(super) fn expand(
    document: &Table,
    assignments: &[Assignment],
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> Expanded {
    let mut written = document.clone();
    let mut axes = Axes::take(&mut written, problems);
    let assignments = onto_sweep(assignments, &mut axes, problems);
    let mut groups = axes.groups(problems);
    let swept: Vec<String> = groups.iter().flatten().map(|x| x.path.clone()).collect();
    let is_inner = |a: &&Assignment| swept.iter().any(|path| is_around(path, &a.path));

    let mut base = written.clone();
    // One length of the run takes the place of the other.
    for (one, other) in [("iterations", "epochs"), ("epochs", "iterations")] {
        let is_assigned = |key: &str| assignments.iter().any(|a| a.path == key);
        if is_assigned(one) && !is_assigned(other) {
            base.remove(other);
        }
    }
    let mut reached = BTreeSet::new();
    let outer = assignments.iter().filter(|a| !is_inner(a));
    let outer: Vec<Change<'_>> = outer.map(Assignment::change).collect();
    apply(&mut base, outer, &mut reached);
    let inheritance = Inheritance::onto(&mut groups, &base, problems);
    let steps = steps(&groups, problems);
    let axes_in_all = || groups.iter().flatten().map(|axis| (&axis.path, axis.span));
    let paths = axes_in_all().map(|(path, _)| path.clone());
    let paths = paths.chain(assignments.iter().map(|a| a.path.clone()));
    let mut expanded = Expanded {
        paths: paths.collect(),
        inner: assignments.iter().filter(is_inner).cloned().collect(),
        sweep: axes.table().clone(),
        inheritance: Mutex::new(inheritance),
        common: base.clone(),
        base,
        written,
        replaced: BTreeSet::new(),
        groups,
        steps,
    };
    for point in expanded.kinds_of_points() {
        expanded.reaching(point, catalogues, &mut reached);
    }
    let assigned = assignments.iter().map(|a| (&a.path, a.span));
    let axes = expanded.axes().map(|axis| (&axis.path, axis.span));
    for (path, span) in axes.chain(assigned) {
        if !reached.contains(path) {
            no_such_path(path, span, &expanded.document(0, catalogues), problems);
        }
    }
    expanded.replace();
    expanded
}

impl Expanded {
    /// Takes out of the base what swept keys take the place of.
    fn replace(&mut self) {
        let inheritance = self.inheritance.get_mut();
        let inheritance = inheritance.unwrap_or_else(PoisonError::into_inner);
        for axis in self.groups.iter().flatten() {
            let path: Vec<&str> = axis.path.split('.').collect();
            // Tables themselves are blamed for what they lack, and they may lack anything.
            if let Some(entry) = self.base.remove_path(&path) {
                self.replaced.extend(entry.node.spans());
                inheritance.remove_kept(&entry.node, &mut self.replaced);
            }
        }
    }
}

impl Axis {
    fn change<'a>(&'a self, node: &'a Node) -> Change<'a> {
        Change {
            path: &self.path,
            span: self.span,
            node,
        }
    }
}

impl Assignment {
    fn change(&self) -> Change<'_> {
        Change {
            path: &self.path,
            span: self.span,
            node: &self.node,
        }
    }
}

/// Makes changes, whole tables before keys in them. The paths of those that led somewhere are
/// added to `reached`: where a sweep replaces a table, a path into it need not lead somewhere at
/// every point.
fn apply(document: &mut Table, mut changes: Vec<Change<'_>>, reached: &mut BTreeSet<String>) {
    changes.sort_by_key(|change| change.path.split('.').count());
    for Change { path, span, node } in changes {
        let elements: Vec<&str> = path.split('.').collect();
        // No table is made where a list of tables would have to stand.
        let in_no_list = elements.len() > 1
            && LISTS.contains(&elements[0])
            && document.get(elements[0]).is_none();
        if !in_no_list && document.set_path(&elements, span, node.clone()).is_ok() {
            reached.insert(path.to_owned());
        }
    }
}

/// The steps of every group; one of each where that makes too many points.
fn steps(groups: &[Vec<Axis>], problems: &mut Problems) -> Vec<usize> {
    let mut points = 1usize;
    let mut steps = Vec::new();
    for axes in groups {
        // Lists of unequal length are a mistake that was noted.
        let of_group = axes.iter().map(|a| a.values.len()).max().unwrap_or(1);
        points = points.saturating_mul(of_group);
        if points > MOST_POINTS {
            let message = format!("this sweep has more than {MOST_POINTS} points");
            let help = format!("shorten its lists: at most {MOST_POINTS} points in all");
            problems.add(axes[0].span, message, help);
            return vec![1; groups.len()];
        }
        steps.push(of_group);
    }
    steps
}

fn no_such_path(path: &str, span: Span, document: &Table, problems: &mut Problems) {
    let elements: Vec<&str> = path.split('.').collect();
    let mut shorter = (1..elements.len()).map(|length| &elements[..length]);
    let plain = shorter.find_map(|prefix| {
        let node = document.node_at(prefix)?;
        let is_plain = !matches!(node.value, Value::Table(_) | Value::Array(_));
        is_plain.then(|| (prefix.join("."), node.type_name()))
    });
    if let Some((outer, what)) = plain {
        let message = format!("`{path}` leads nowhere: `{outer}` is {what}");
        let help = format!("write `{outer}` as a table, {{ … }}, or name another key");
        problems.add(span, message, help);
        return;
    }
    let first = elements[0];
    let names: Vec<&str> = match document.get(first).map(|node| &node.value) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| match &item.value {
                Value::Table(table) => table.name(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let help = if !names.is_empty() {
        format!(
            "tables of `{first}` by their `name` here: {}",
            names.join(", ")
        )
    } else if LISTS.contains(&first) {
        format!(
            "name a table of the list: `name = \"first\"` under [[{first}]] makes \
             \"{first}.first.{}\" a path",
            elements.last().copied().unwrap_or_default()
        )
    } else {
        "name tables, and tables of a list by their `name`: `name = \"sleepers\"` under \
         [[attack]] makes \"attack.sleepers.low\" a path"
            .to_owned()
    };
    problems.add(span, format!("`{path}` leads nowhere"), help);
}
