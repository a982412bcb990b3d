//! `--set key=value`: what a user changes without touching the file.

use super::axes::{Axes, KINDS};
use crate::settings::{MOST_CHARACTERS, Node, Problems, Sources, Span, Table, Value};

/// One `--set key=value`.
#[derive(Clone)]
pub(super) struct Assignment {
    /// The key, dotted.
    pub path: String,
    /// Where the key stands.
    pub span: Span,
    /// The value.
    pub node: Node,
}

/// Bytes of an option, at most.
const MOST_OF_OPTION: usize = 100_000;

/// Reads `--set` arguments. Of several to one key the last one counts.
pub(super) fn read(
    texts: &[String],
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Assignment> {
    let mut all: Vec<Assignment> = Vec::new();
    for text in texts {
        let source = sources.add_option("--set", text);
        let whole = Span {
            source,
            start: 0,
            end: text.len(),
        };
        let path = text.split_once('=').map_or(text.as_str(), |(path, _)| path);
        if path.chars().count() > MOST_CHARACTERS || text.len() > MOST_OF_OPTION {
            let message = "this is too long for an option";
            let help = "write it in the scenario's file";
            problems.add(whole, message, help);
            continue;
        }
        let Some((path, _)) = text.split_once('=') else {
            let help = "write --set key=value, such as --set rule.forgetting=0.05";
            problems.add(whole, format!("`{text}` has no `=`"), help);
            continue;
        };
        let start = path.len() - path.trim_start().len();
        let span = Span {
            source,
            start,
            end: start + path.trim().len(),
        };
        let assigned = Assignment {
            path: path.trim().to_owned(),
            span,
            node: value(text, path.len(), sources, span, problems),
        };
        let elements: Vec<&str> = assigned.path.split('.').collect();
        if elements.contains(&"") || elements == ["sweep"] {
            let message = format!("--set cannot set `{}`", assigned.path);
            let help = "name a key of the scenario, such as --set rule.forgetting=0.05";
            problems.add(whole, message, help);
            continue;
        }
        all.retain(|a| a.path != assigned.path);
        all.push(assigned);
    }
    all
}

/// The value behind the `=` at `equals`. What is no TOML value is text: a shell makes quotes
/// within quotes tedious.
fn value(text: &str, equals: usize, sources: &Sources, key: Span, problems: &mut Problems) -> Node {
    // The key may be dotted, but the value alone is wanted: a plain key of the same length keeps
    // every place right.
    let plain = format!("{}{}", "k".repeat(equals.max(1)), &text[equals..]);
    let shift = plain.len() - text.len();
    let mut not_toml = Problems::default();
    let parsed = Table::parse_text(sources, key.source, &plain, &mut not_toml);
    if let Some(table) = parsed.filter(|_| shift == 0)
        && let (Some(entry), 1) = (table.iter().next(), table.iter().count())
    {
        problems.append(not_toml);
        return entry.node.clone();
    }
    let value = text[equals + 1..].trim();
    let start = text.len() - text[equals + 1..].trim_start().len();
    Node {
        value: Value::String(value.to_owned()),
        span: Span {
            start,
            end: start + value.len(),
            ..key
        },
    }
}

/// Lets assignments to swept keys change the sweep, and returns the others.
///
/// A label selects that label, a list or range takes the place of the key's list, and anything
/// else ends the sweep of the key. `sweep.key` sweeps a key.
pub(super) fn onto_sweep(
    assignments: &[Assignment],
    axes: &mut Axes,
    problems: &mut Problems,
) -> Vec<Assignment> {
    let mut others = Vec::new();
    for assignment in assignments {
        if axes.assign(assignment, problems) {
            continue;
        }
        let Assignment { path, span, node } = assignment;
        match &node.value {
            Value::String(kind) if KINDS.contains(&path.as_str()) => {
                let message = format!("`{path}` takes a table, and this is text");
                problems.add(*span, message, format!("write --set {path}.kind={kind}"));
            }
            _ => others.push(assignment.clone()),
        }
    }
    others
}
