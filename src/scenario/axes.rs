//! `[sweep]`: the keys that it varies, and their values.

use super::assignment::Assignment;
use super::sweep::{LISTS, SettingValue};
use crate::settings::{Entry, Node, Problems, Span, Table, Value};
use std::collections::BTreeSet;

/// More points than anybody means.
pub(super) const MOST_POINTS: usize = 1_000_000;

/// Texts and tables of a swept key, at most: of numbers there may be as many as points.
const MOST_LABELS: usize = 10_000;

/// Keys that are swept, at most.
const MOST_KEYS: usize = 100;

/// Tables of the scenario that have kinds.
pub(super) const KINDS: [&str; 3] = ["task", "topology", "rule"];

/// One key of the sweep: what it varies and the values it takes.
pub(super) struct Axis {
    /// The key, dotted.
    pub path: String,
    /// Where it stands.
    pub span: Span,
    /// Its values, each with what settings call it.
    pub values: Vec<(SettingValue, Node)>,
    /// Whether every value is a whole table or list of tables.
    pub has_tables: bool,
    /// Whether `--set` named it or chose among its values.
    pub is_assigned: bool,
}

/// The table `[sweep]`.
pub(super) struct Axes {
    table: Table,
    /// The keys that `--set` named or chose values of.
    assigned: Vec<String>,
}

impl Axes {
    /// The sweep that is taken out of a document; empty where there is none.
    pub fn take(document: &mut Table, problems: &mut Problems) -> Axes {
        let table = match document.remove("sweep") {
            Some(Entry {
                node:
                    Node {
                        value: Value::Table(table),
                        ..
                    },
                ..
            }) => table,
            Some(other) => {
                let help = "write [sweep] and keys with lists under it, such as seed = [1, 2]";
                problems.add(other.node.span, "`sweep` takes a table", help);
                Table::default()
            }
            None => Table::default(),
        };
        Axes {
            table,
            assigned: Vec::new(),
        }
    }

    /// Gives a swept key the value of an assignment. False where the value is for the scenario
    /// itself, whose key then is swept no more.
    pub fn assign(&mut self, assignment: &Assignment, problems: &mut Problems) -> bool {
        if let Some(swept) = assignment.path.strip_prefix("sweep.") {
            self.table
                .insert(swept, assignment.span, assignment.node.clone());
            self.assigned.push(swept.to_owned());
            return true;
        }
        let kind_of = assignment.path.strip_suffix(".kind");
        if let Some(table) = kind_of.or((assignment.path == "clock.mode").then_some("clock"))
            && let Some(Node {
                value: Value::Table(labels),
                ..
            }) = self.table.get(table)
        {
            let known: Vec<&str> = labels.iter().map(|e| e.key.as_str()).collect();
            let what = if kind_of.is_some() { "kinds" } else { "modes" };
            let message =
                format!("the labels of `{table}` in [sweep] stand for {what} of their own");
            let help = format!("choose one with --set {table}=LABEL: {}", known.join(", "));
            problems.add(assignment.span, message, help);
            return true;
        }
        let Some(entry) = self.table.entry(&assignment.path) else {
            return false;
        };
        let is_list = |node: &Node| match &node.value {
            Value::Array(_) => true,
            Value::Table(table) => is_range(table),
            _ => false,
        };
        let narrowed = match (&entry.node.value, &assignment.node.value) {
            (Value::Table(labels), Value::String(label)) if !is_range(labels) => {
                let Some(chosen) = labels.entry(label) else {
                    let known: Vec<&str> = labels.iter().map(|e| e.key.as_str()).collect();
                    let help = format!("write one of its labels: {}", known.join(", "));
                    let message = format!("`{}` in [sweep] has no `{label}`", assignment.path);
                    problems.add(assignment.node.span, message, help);
                    return true;
                };
                let mut only = Table::default();
                only.insert(label, chosen.span, chosen.node.clone());
                Node {
                    value: Value::Table(only),
                    span: entry.node.span,
                }
            }
            // A list of lists sweeps a key that itself takes a list.
            (Value::Array(old), _) if old.iter().any(is_list) => {
                self.end(&assignment.path);
                return false;
            }
            (Value::Array(_), _) if is_list(&assignment.node) => assignment.node.clone(),
            (Value::Table(old), _) if is_range(old) && is_list(&assignment.node) => {
                assignment.node.clone()
            }
            _ => {
                self.end(&assignment.path);
                return false;
            }
        };
        let span = entry.span;
        self.assigned.push(assignment.path.clone());
        self.table.insert(&assignment.path, span, narrowed);
        true
    }

    /// Ends the sweep of a key.
    fn end(&mut self, path: &str) {
        self.table.remove(path);
        let Some(zip) = self.table.remove("zip") else {
            return;
        };
        let is_path = |key: &Node| matches!(&key.value, Value::String(s) if s == path);
        let mut node = zip.node;
        if let Value::Array(lists) = &mut node.value {
            for list in lists.iter_mut() {
                if let Value::Array(keys) = &mut list.value {
                    keys.retain(|key| !is_path(key));
                }
            }
            lists.retain(|list| !matches!(&list.value, Value::Array(keys) if keys.is_empty()));
            if lists.is_empty() {
                return;
            }
        }
        self.table.insert("zip", zip.span, node);
    }

    /// What is left of the sweep, as it is written.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The axes in groups that advance together.
    pub fn groups(&self, problems: &mut Problems) -> Vec<Vec<Axis>> {
        let mut groups: Vec<Vec<Axis>> = Vec::new();
        let swept = || self.table.iter().filter(|e| e.key != "zip");
        if let Some(entry) = swept().nth(MOST_KEYS) {
            let message = format!("[sweep] has {} keys", swept().count());
            let help = format!("sweep at most {MOST_KEYS}");
            problems.add(entry.span, message, help);
        }
        for entry in swept().take(MOST_KEYS) {
            let path = entry.key.clone();
            if path.split('.').any(str::is_empty) {
                let help = "write a dotted path of keys, such as \"rule.forgetting\"";
                problems.add(entry.span, format!("`{path}` is no path of keys"), help);
                continue;
            }
            if let Some(help) = help_for_plain(&path, &entry.node) {
                let message = format!("`{path}` is a table, and these values are plain");
                problems.add(entry.node.span, message, help);
                continue;
            }
            let mut values = axis_values(&path, &entry.node, problems);
            if LISTS.contains(&path.as_str()) {
                values.retain(|(label, node)| is_list_of_tables(&path, label, node, problems));
            }
            let labels = values
                .iter()
                .filter(|(value, _)| matches!(value, SettingValue::Text(_)));
            if labels.count() > MOST_LABELS {
                let message = format!("`{path}` in [sweep] has {} texts or tables", values.len());
                let help = format!("write at most {MOST_LABELS}");
                problems.add(entry.node.span, message, help);
                values.truncate(1);
            }
            let has_tables = !values.is_empty() && values.iter().all(|(_, node)| is_tables(node));
            groups.push(vec![Axis {
                is_assigned: self.assigned.contains(&path),
                path,
                span: entry.span,
                values,
                has_tables,
            }]);
        }
        if let Some(zip) = self.table.get("zip") {
            zip_axes(zip, &mut groups, problems);
        }
        groups.retain(|group| group.iter().all(|axis| !axis.values.is_empty()));
        groups
            .iter()
            .for_each(|group| refuse_repeated(group, problems));
        groups
    }
}

impl Axis {
    /// A text that is the same for equal values. Labels make rows of their own, even of equal
    /// tables; but for seeds, over which means are taken.
    fn comparable(&self, step: usize) -> String {
        let (value, node) = &self.values[step];
        match value {
            SettingValue::Text(label)
                if is_tables(node) && self.path != "seeds" && *value != SettingValue::of(node) =>
            {
                label.clone()
            }
            _ => node.comparable(),
        }
    }
}

/// Notes values that a sweep has twice: their points would be one run and count twice in means. Of
/// lists that advance together all values have to be the same.
fn refuse_repeated(group: &[Axis], problems: &mut Problems) {
    let steps = group.iter().map(|axis| axis.values.len()).min();
    let mut known = BTreeSet::new();
    for step in 0..steps.unwrap_or(0) {
        let values = group.iter().map(|axis| axis.comparable(step));
        if known.insert(values.collect::<Vec<_>>()) {
            continue;
        }
        let paths: Vec<String> = group.iter().map(|a| format!("`{}`", a.path)).collect();
        let message = match paths.len() {
            1 => format!("{} in [sweep] has this value twice", paths[0]),
            _ => format!("{} have these values together twice", paths.join(" and ")),
        };
        let help = "remove one: both would be the same run, and count twice in means";
        problems.add(group[0].values[step].1.span, message, help);
    }
}

/// Whether a node is a table or a list of tables.
fn is_tables(node: &Node) -> bool {
    match &node.value {
        Value::Table(_) => true,
        Value::Array(items) => items.iter().all(|i| matches!(i.value, Value::Table(_))),
        _ => false,
    }
}

/// What to do about a sweep of one of [`KINDS`], or of `seeds`, that gives it plain values where
/// whole tables have to stand; `None` where that is not so.
fn help_for_plain(path: &str, node: &Node) -> Option<String> {
    let is_plain = |node: &Node| !is_tables(node) && !matches!(node.value, Value::Unusable);
    let values = match &node.value {
        Value::Array(items) => items.iter().filter(|item| is_plain(item)).collect(),
        Value::Table(table) if !is_range(table) => Vec::new(),
        _ => vec![node],
    };
    let first = values.first()?;
    if path == "seeds" {
        return Some("write seed = [1, 2, 3] or seed = { from = 1, count = 3 }".to_owned());
    }
    if !KINDS.contains(&path) {
        return None;
    }
    let kind = first.to_toml();
    Some(format!(
        "write \"{path}.kind\" = [{kind}, …], or labels for whole tables: \
         {path} = {{ label = {{ kind = {kind} }}, … }}"
    ))
}

/// Whether a value of a swept list of tables is such a list; notes if it is one table alone.
fn is_list_of_tables(
    path: &str,
    label: &SettingValue,
    node: &Node,
    problems: &mut Problems,
) -> bool {
    let is_table = matches!(node.value, Value::Table(_));
    if is_table {
        let message = format!("`{path}` is a list of tables, and this is a table");
        let help = match label {
            // A table without a label is called by its own text.
            SettingValue::Text(text) if !text.starts_with('{') => {
                format!("write {text} = [{{ … }}], with a {{ … }} for each [[{path}]]")
            }
            _ => format!("write {path} = {{ label = [{{ … }}] }}, a list under each label"),
        };
        problems.add(node.span, message, help);
    }
    !is_table
}

fn axis_values(path: &str, node: &Node, problems: &mut Problems) -> Vec<(SettingValue, Node)> {
    let help = "write a list, { from = 1, count = 5 }, or a table of labels to whole tables";
    let values: Vec<_> = match &node.value {
        Value::Array(items) => {
            let one = |i: &Node| (SettingValue::of(i), i.clone());
            items.iter().map(one).collect()
        }
        Value::Table(table) if is_range(table) => return range(path, table, node.span, problems),
        Value::Table(table) => return labels(path, table, node.span, problems),
        Value::Unusable => return Vec::new(),
        _ => {
            let message = format!("`{path}` in [sweep] is {}", node.type_name());
            problems.add(node.span, message, help);
            return Vec::new();
        }
    };
    if values.is_empty() {
        problems.add(
            node.span,
            format!("`{path}` in [sweep] has no values"),
            help,
        );
    }
    values
}

fn labels(
    path: &str,
    table: &Table,
    span: Span,
    problems: &mut Problems,
) -> Vec<(SettingValue, Node)> {
    if table.is_empty() {
        let help = format!("write \"{path}\" = {{ label = {{ … }}, other = {{ … }} }}");
        let message = format!("`{path}` in [sweep] has no labels");
        problems.add(span, message, help);
    }
    let mut values = Vec::new();
    for Entry { key, span, node } in table.iter() {
        if is_tables(node) {
            values.push((SettingValue::Text(key.clone()), node.clone()));
            continue;
        }
        let message = format!("the label `{key}` of `{path}` in [sweep] stands for no table");
        let is_list = matches!(node.value, Value::Array(_));
        let help = if path.contains('.') && !is_list {
            let value = node.to_toml();
            format!("labels stand for whole tables: write a list, \"{path}\" = [{value}, …]")
        } else {
            // Most likely a dotted key without its quotes, which TOML takes apart.
            format!(
                "write {path} = {{ {key} = {{ … }} }}; or, to sweep one key, \"{path}.{key}\" = \
                 [ … ] with the quotes"
            )
        };
        problems.add(*span, message, help);
    }
    values
}

fn is_range(table: &Table) -> bool {
    table.get("from").is_some() || table.get("count").is_some()
}

fn range(
    path: &str,
    table: &Table,
    span: Span,
    problems: &mut Problems,
) -> Vec<(SettingValue, Node)> {
    let integer = |key: &str| match table.get(key).map(|n| &n.value) {
        Some(Value::Integer(i)) => Some(*i),
        _ => None,
    };
    let (Some(from), Some(count), 2) = (integer("from"), integer("count"), table.iter().count())
    else {
        let message = format!("the range of `{path}` has two whole numbers, `from` and `count`");
        problems.add(span, message, "write { from = 1, count = 5 }");
        return Vec::new();
    };
    if !(1..=MOST_POINTS as i64).contains(&count) || from.checked_add(count).is_none() {
        let message = format!("the range of `{path}` cannot have {count} numbers from {from} on");
        let help =
            format!("write a `count` in [1, {MOST_POINTS}], such as {{ from = 1, count = 5 }}");
        let count = table.get("count").map_or(span, |node| node.span);
        problems.add(count, message, help);
        return Vec::new();
    }
    let node = |i| Node {
        value: Value::Integer(i),
        span,
    };
    (from..from + count)
        .map(|i| (SettingValue::Integer(i), node(i)))
        .collect()
}

fn zip_axes(zip: &Node, groups: &mut Vec<Vec<Axis>>, problems: &mut Problems) {
    let help = "write zip = [[\"first.key\", \"second.key\"]], with keys of this sweep";
    let Value::Array(lists) = &zip.value else {
        problems.add(zip.span, "`zip` takes lists of keys", help);
        return;
    };
    for list in lists {
        let Value::Array(keys) = &list.value else {
            problems.add(list.span, "`zip` takes lists of keys", help);
            continue;
        };
        let mut together: Vec<Axis> = Vec::new();
        let mut place = None;
        for key in keys {
            let Value::String(path) = &key.value else {
                problems.add(key.span, "`zip` takes keys in quotes", help);
                continue;
            };
            let is_alone = |group: &Vec<Axis>| group.len() == 1 && group[0].path == *path;
            let Some(at) = groups.iter().position(is_alone) else {
                let known: Vec<&str> = groups
                    .iter()
                    .filter(|group| group.len() == 1)
                    .map(|group| group[0].path.as_str())
                    .collect();
                let help = match known.join(", ") {
                    none if none.is_empty() => help.to_owned(),
                    known => format!("name keys of this sweep, each once: {known}"),
                };
                let message = format!("`{path}` is not in [sweep], or zipped already");
                problems.add(key.span, message, help);
                continue;
            };
            let axis = groups[at].remove(0);
            if let Some(first) = together.first()
                && first.values.len() != axis.values.len()
                && !first.values.is_empty()
                && !axis.values.is_empty()
            {
                let message = format!(
                    "`{}` has {} values and `{path}` has {}",
                    first.path,
                    first.values.len(),
                    axis.values.len()
                );
                let help = "make them equally long: lists that advance together end together";
                problems.add(key.span, message, help);
            }
            place = place.or(Some(at));
            together.push(axis);
        }
        if let Some(at) = place {
            groups[at] = together;
        }
    }
    groups.retain(|group| !group.is_empty());
}
