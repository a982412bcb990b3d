//! `--set` and `[sweep]`: from one document to the documents of all points.

use super::ScenarioError;
use crate::settings::{Node, Problems, Sources, Span, Table, Value};

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

/// One `--set key=value`.
pub(super) struct Assignment {
    path: String,
    span: Span,
    node: Node,
}

/// All points of a sweep.
pub(super) struct Expanded {
    /// The document that the points have in common, without its sweep.
    pub base: Table,
    /// What is left of the sweep, as it was written.
    pub swept: Option<Table>,
    /// Dotted paths that differ between points, or that `--set` named.
    pub paths: Vec<String>,
    /// The document of each point, with the values of the swept keys.
    pub points: Vec<(Vec<Setting>, Table)>,
}

/// More points than anybody means.
const MOST_POINTS: usize = 1_000_000;

/// One key of the sweep: what it varies and the values it takes.
struct Axis {
    path: String,
    span: Span,
    values: Vec<(SettingValue, Node)>,
}

pub(super) fn read_assignments(
    texts: &[String],
    sources: &mut Sources,
    problems: &mut Problems,
) -> Result<Vec<Assignment>, ScenarioError> {
    let mut all = Vec::new();
    for text in texts {
        let Some((path, value)) = text.split_once('=') else {
            return Err(ScenarioError::NoAssignment(text.clone()));
        };
        let (path, value) = (path.trim(), value.trim());
        // What is no TOML value is text: a shell makes quotes within quotes tedious.
        let quoted = || toml::Value::from(value).to_string();
        let assigned = match toml::from_str::<toml::Table>(&format!("value = {value}")) {
            Ok(table) if table.len() == 1 => value.to_owned(),
            _ => quoted(),
        };
        let source = sources.add(format!("--set {path}"), format!("value = {assigned}"));
        let table = Table::parse(sources, source, problems);
        if let Some(entry) = table.iter().next() {
            all.push(Assignment {
                path: path.to_owned(),
                span: entry.span,
                node: entry.node.clone(),
            });
        }
    }
    Ok(all)
}

/// Expands the document's `[sweep]` under `assignments`.
pub(super) fn expand(
    document: &Table,
    assignments: &[Assignment],
    problems: &mut Problems,
) -> Expanded {
    let mut base = document.clone();
    let mut swept = None;
    let mut groups: Vec<Vec<Axis>> = Vec::new();
    if let Some(sweep) = base.remove("sweep") {
        if let Value::Table(mut table) = sweep.node.value {
            // An assignment to a swept key replaces its list.
            for assignment in assignments {
                table.remove(&assignment.path);
            }
            groups = read_axes(&table, problems);
            swept = (!groups.is_empty()).then_some(table);
        } else {
            let help = "write [sweep] and keys with lists under it, such as seed = [1, 2]";
            problems.add(sweep.span, "`sweep` takes a table", help);
        }
    }
    for assignment in assignments {
        assign(&mut base, assignment, problems);
    }
    let mut points = vec![(Vec::new(), base.clone())];
    for axes in &groups {
        let steps = axes.first().map_or(0, |axis| axis.values.len());
        if points.len().saturating_mul(steps) > MOST_POINTS {
            let message = format!("this sweep has more than {MOST_POINTS} points");
            problems.add(axes[0].span, message, "shorten its lists");
            break;
        }
        let mut next = Vec::with_capacity(points.len() * steps);
        for (settings, document) in &points {
            for step in 0..steps {
                let mut point: (Vec<Setting>, Table) = (settings.clone(), document.clone());
                for axis in axes {
                    let (value, node) = &axis.values[step];
                    point.0.push(Setting {
                        key: axis.path.clone(),
                        value: value.clone(),
                    });
                    let path: Vec<&str> = axis.path.split('.').collect();
                    if let Err(element) = point.1.set_path(&path, axis.span, node.clone()) {
                        no_such_path(&axis.path, &element, axis.span, problems);
                    }
                }
                next.push(point);
            }
        }
        points = next;
    }
    // Assignments also reach into tables that the sweep puts in place as a whole.
    for (_, document) in &mut points {
        for assignment in assignments {
            assign(document, assignment, problems);
        }
    }
    let axes = groups.iter().flatten().map(|axis| axis.path.clone());
    let assigned = assignments.iter().map(|a| a.path.clone());
    let paths = axes.chain(assigned).collect();
    Expanded {
        base,
        swept,
        paths,
        points,
    }
}

fn assign(document: &mut Table, assignment: &Assignment, problems: &mut Problems) {
    let path: Vec<&str> = assignment.path.split('.').collect();
    if path.contains(&"") || path[0] == "sweep" {
        let help = "name a key of the scenario, such as rule.forgetting";
        problems.add(
            assignment.span,
            format!("--set cannot set `{}`", assignment.path),
            help,
        );
    } else if let Err(element) = document.set_path(&path, assignment.span, assignment.node.clone())
    {
        no_such_path(&assignment.path, &element, assignment.span, problems);
    }
}

fn no_such_path(path: &str, element: &str, span: Span, problems: &mut Problems) {
    problems.add(
        span,
        format!("`{path}` leads nowhere: there is no `{element}` to go into"),
        "a dotted path names tables, and tables of a list by their `name`, such as \
         attack.sleepers.low",
    );
}

/// The axes in groups that advance together.
fn read_axes(table: &Table, problems: &mut Problems) -> Vec<Vec<Axis>> {
    let mut groups: Vec<Vec<Axis>> = Vec::new();
    for entry in table.iter().filter(|e| e.key != "zip") {
        let values = axis_values(&entry.key, &entry.node, problems);
        let path = entry.key.clone();
        if path.split('.').any(str::is_empty) {
            let help = "write a dotted path of keys, such as \"rule.forgetting\"";
            problems.add(entry.span, format!("`{path}` is no path of keys"), help);
        } else if !values.is_empty() {
            groups.push(vec![Axis {
                path,
                span: entry.span,
                values,
            }]);
        }
    }
    if let Some(zip) = table.get("zip") {
        zip_axes(zip, &mut groups, problems);
    }
    groups
}

fn axis_values(path: &str, node: &Node, problems: &mut Problems) -> Vec<(SettingValue, Node)> {
    let help = "write a list, { from = 1, count = 5 }, or a table of labels to whole tables";
    let values: Vec<_> = match &node.value {
        Value::Array(items) => items.iter().map(|i| (shown(i), i.clone())).collect(),
        Value::Table(table) if is_range(table) => range(table, node.span, problems),
        Value::Table(table) => {
            for entry in table.iter() {
                if !matches!(entry.node.value, Value::Table(_) | Value::Array(_)) {
                    let message =
                        format!("the label `{}` of `{path}` stands for no table", entry.key);
                    let help = format!(
                        "write {} = {{ … }}, or sweep one key as \"{path}.{}\" = [ … ]",
                        entry.key, entry.key
                    );
                    problems.add(entry.node.span, message, help);
                }
            }
            let label = |key: &String| SettingValue::Text(key.clone());
            table
                .iter()
                .map(|e| (label(&e.key), e.node.clone()))
                .collect()
        }
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

fn is_range(table: &Table) -> bool {
    table.get("from").is_some() || table.get("count").is_some()
}

fn range(table: &Table, span: Span, problems: &mut Problems) -> Vec<(SettingValue, Node)> {
    let integer = |key: &str| match table.get(key).map(|n| &n.value) {
        Some(Value::Integer(i)) => Some(*i),
        _ => None,
    };
    let (Some(from), Some(count), 2) = (integer("from"), integer("count"), table.iter().count())
    else {
        let message = "a range has the two whole numbers `from` and `count`";
        problems.add(span, message, "write { from = 1, count = 5 }");
        return Vec::new();
    };
    if !(1..=MOST_POINTS as i64).contains(&count) || from.checked_add(count).is_none() {
        let message = format!("a range cannot have {count} numbers from {from}");
        problems.add(span, message, format!("`count` is in [1, {MOST_POINTS}]"));
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
            let named = |axis: &Axis| matches!(&key.value, Value::String(s) if *s == axis.path);
            let Some(at) = groups.iter().position(|g| g.len() == 1 && named(&g[0])) else {
                problems.add(
                    key.span,
                    "this key is not in [sweep], or zipped already",
                    help,
                );
                continue;
            };
            let axis = groups[at].remove(0);
            if let Some(first) = together.first()
                && first.values.len() != axis.values.len()
            {
                let message = format!(
                    "`{}` has {} values and `{}` has {}",
                    first.path,
                    first.values.len(),
                    axis.path,
                    axis.values.len()
                );
                problems.add(
                    key.span,
                    message,
                    "lists that advance together are equally long",
                );
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

fn shown(node: &Node) -> SettingValue {
    match &node.value {
        Value::Integer(i) => SettingValue::Integer(*i),
        Value::Float(x) => SettingValue::Number(*x),
        Value::Boolean(b) => SettingValue::Flag(*b),
        Value::String(s) | Value::Datetime(s) => SettingValue::Text(s.clone()),
        Value::Array(_) | Value::Table(_) => SettingValue::Text(node.to_toml().to_string()),
    }
}
