//! What the columns of a CSV file hold, by the names in its first line.

use super::{Reading, Wanted};
use crate::delimited::{Record, other_separator, shown};
use std::collections::BTreeSet;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Feature,
    /// The values of `y` of that number.
    Target(usize),
    Agent,
    Group,
}

/// The names that columns have where a scenario names no others.
const TARGET: &str = "y";
const AGENT: &str = "agent";
const GROUP: &str = "group";

/// What each column holds.
///
/// # Errors
/// What is wrong with the names, and what would be right.
pub(super) fn columns(header: &Record, reading: &Reading) -> Result<Vec<Column>, String> {
    let found = by_name(header, reading);
    // Numbers may name columns. Where the names make no sense, they are a row.
    let is_number = |field: &str| field.parse::<f64>().is_ok();
    match found {
        Err(_) if header.fields().any(is_number) => Err(format!(
            "the first line has to name the columns, and this one has numbers (`{}`): write a line \
             of names above it",
            shown(
                header
                    .fields()
                    .find(|field| is_number(field))
                    .unwrap_or_default()
            )
        )),
        found => found,
    }
}

fn by_name(header: &Record, reading: &Reading) -> Result<Vec<Column>, String> {
    let seen = distinct(header)?;
    if header.len() == 1
        && let Some(message) = other_separator(header)
    {
        return Err(message);
    }
    let named = [
        ("target", &reading.target),
        ("agent_column", &reading.agent_column),
        ("group_column", &reading.group_column),
    ];
    for (key, name) in named {
        if let Some(name) = name
            && !seen.contains(&**name)
        {
            let (name, all) = (shown(name), listed(header));
            return Err(format!(
                "no column has the name `{name}`, which `{key}` asks for; there are {all}"
            ));
        }
    }
    let agent = reading.agent_column.as_deref().unwrap_or(AGENT);
    let group = reading.group_column.as_deref().unwrap_or(GROUP);
    let target = reading.target.as_deref().unwrap_or(TARGET);
    if let Some(name) = [agent == group, agent == target, group == target]
        .into_iter()
        .zip([agent, agent, group])
        .find_map(|(is_twice, name)| is_twice.then_some(name))
    {
        let name = shown(name);
        return Err(format!(
            "the column `{name}` cannot be two things: name another"
        ));
    }
    // The outputs y0, y1, … as far as they go; a feature may be called y7.
    let output = |n: usize| format!("{target}{n}");
    let outputs = match seen.contains(target) && reading.target.is_some() {
        true => 0,
        false => (0..).take_while(|&n| seen.contains(&*output(n))).count(),
    };
    for name in [target, agent, group]
        .into_iter()
        .filter(|n| !seen.contains(n))
    {
        let is_nearly = |column: &&str| column.eq_ignore_ascii_case(name);
        if let Some(column) = header.fields().find(is_nearly) {
            return Err(format!(
                "there is a column `{column}`: did you mean `{name}`?"
            ));
        }
    }
    check_target(header, seen.contains(target), outputs, reading.wanted)?;
    let column = |name: &str| match name {
        _ if name == target => Column::Target(0),
        _ if name == agent => Column::Agent,
        _ if name == group => Column::Group,
        _ => match (0..outputs).find(|&n| name == output(n)) {
            Some(output) => Column::Target(output),
            None => Column::Feature,
        },
    };
    let columns: Vec<Column> = header.fields().map(column).collect();
    if !columns.contains(&Column::Feature) {
        return Err(
            "no column is a feature: add columns beside `y`, `agent` and `group`".to_owned(),
        );
    }
    Ok(columns)
}

/// The names, each of which stands there once.
fn distinct(header: &Record) -> Result<BTreeSet<&str>, String> {
    let mut seen = BTreeSet::new();
    for (name, number) in header.fields().zip(1..) {
        if name.is_empty() {
            return Err(format!(
                "column {number} has no name: give it one, or save the file without its row numbers"
            ));
        }
        if !seen.insert(name) {
            return Err(format!(
                "two columns have the name `{}`: give each its own",
                shown(name)
            ));
        }
    }
    Ok(seen)
}

/// Whether there is what a model shall say of a row.
fn check_target(
    header: &Record,
    has_y: bool,
    outputs: usize,
    wanted: Wanted,
) -> Result<(), String> {
    match wanted {
        _ if has_y && outputs > 0 => {
            Err("there are `y` and `y0`: `y` is the only value, or y0 the first".into())
        }
        Wanted::Class if outputs > 0 => {
            Err("there are `y0` and no `y`: a class stands in the column `y`".into())
        }
        _ if !has_y && outputs == 0 => Err(format!(
            "no column has the name `y`: name one so, or name it with `target`; there are {}",
            listed(header)
        )),
        _ => Ok(()),
    }
}

/// The first names, for messages.
fn listed(header: &Record) -> String {
    let columns = header.fields().take(8);
    let columns: Vec<String> = columns.map(|c| format!("`{}`", shown(c))).collect();
    columns.join(", ")
}
