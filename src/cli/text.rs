//! What commands print.

use super::WRONG;
use super::latencies::latencies;
use super::matrix::matrix;
use crate::campaign::{Matrix, PointOutcome};
use crate::record::RunError;
use crate::scenario::{RunId, ScenarioFile, Setting};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::io::Write;

/// Columns of a terminal that nobody has widened.
pub(super) const WIDTH: usize = 80;

/// Points that are told one by one where there is a matrix of them.
const MOST_ROWS: usize = 40;

/// Prints a line to standard output. A reader that has gone away is no error.
pub(super) fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line to standard error. A reader that has gone away is no error.
pub(super) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints an error.
pub(super) fn complain(message: &str) {
    note(&format!("error: {message}"));
}

/// Prints a text in lines of at most 80 columns where its words allow, all `indent` spaces in and
/// those after the first four more.
pub(super) fn print_wrapped(indent: usize, text: &str) {
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            print(&line);
            line = " ".repeat(indent + 4);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    print(&line);
}

/// Says why nothing was run.
pub(super) fn refuse(error: &dyn std::error::Error) -> u8 {
    complain(&error.to_string());
    WRONG
}

/// A scenario's name as a folder's: every character but letters, digits, `.`, `_`, `-` becomes
/// `-`.
pub(super) fn file_name(name: &str) -> String {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if legal(c) { c } else { '-' })
        .collect();
    // A name of dots alone would lead out of the folder.
    if name.chars().all(|c| c == '.') {
        "-".repeat(name.len().max(1))
    } else {
        name
    }
}

/// `rule = loss, seed = 3`.
pub(super) fn settings(settings: &[Setting]) -> String {
    let one = |s: &Setting| format!("{} = {}", s.key, s.value);
    settings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A table with a line under its header and nothing else around its cells.
pub(super) fn table(header: Vec<String>, right: impl Fn(usize) -> bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let columns = header.len();
    table.set_header(header);
    for index in 0..columns {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            if right(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table
}

/// The final table: one row per point, and below it what took how long in simulated time.
pub(super) fn results(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> String {
    let keys: Vec<String> = file.points[0]
        .settings
        .iter()
        .map(|s| s.key.clone())
        .collect();
    let quantities: [(&str, &[&str]); 6] = [
        ("steady loss", &["steady", "loss", "mean"]),
        ("final loss", &["final", "loss", "mean"]),
        ("accuracy", &["final", "accuracy", "mean"]),
        ("Byzantine weight", &["filter", "byzantine_weight"]),
        ("models/s", &["models_per_s"]),
        ("seconds", &["wall_s"]),
    ];
    // A column that no point has a value for says nothing.
    let has = |path: &[&str]| {
        outcomes
            .iter()
            .filter_map(|(_, o)| o.summary())
            .any(|s| s.number(path).is_some())
    };
    let quantities: Vec<_> = quantities
        .into_iter()
        .enumerate()
        // Failures are told in the first one, whatever there is.
        .filter(|(index, (_, path))| *index == 0 || has(path))
        .map(|(_, quantity)| quantity)
        .collect();
    let mut header = keys.clone();
    if header.is_empty() {
        header.push("scenario".to_owned());
    }
    let labels = header.len();
    header.extend(quantities.iter().map(|(name, _)| (*name).to_owned()));
    let mut table = table(header, |column| column >= labels);
    for (point, (_, outcome)) in file.points.iter().zip(outcomes) {
        let mut row: Vec<String> = point.settings.iter().map(|s| s.value.to_string()).collect();
        if row.is_empty() {
            row.push(file.name.clone());
        }
        for (index, (_, path)) in quantities.iter().enumerate() {
            let number = outcome.summary().and_then(|s| s.number(path));
            let text = match (number, outcome) {
                (Some(x), _) => short(x),
                (None, PointOutcome::Failed(RunError::Interrupted { .. })) if index == 0 => {
                    "interrupted".to_owned()
                }
                (None, PointOutcome::Failed(_)) if index == 0 => "failed".to_owned(),
                (None, PointOutcome::NotBegun) if index == 0 => "not begun".to_owned(),
                _ => "–".to_owned(),
            };
            row.push(text);
        }
        table.add_row(row);
    }
    let summaries: Vec<_> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(point, (_, outcome))| Some((point, outcome.summary()?)))
        .collect();
    let mut text = table.trim_fmt();
    if let Some(found) = Matrix::new(file, outcomes) {
        let matrix = matrix(&found);
        text = match outcomes.len() {
            few if few <= MOST_ROWS => format!("{text}\n\n{matrix}"),
            many => format!("{matrix}\n\n{many} points, a row each in points.parquet"),
        };
    }
    if let Some(latencies) = latencies(file, &summaries) {
        text += &format!("\n\n{latencies}\n");
    }
    if let Some(what) = summaries.iter().find_map(|(_, s)| s.generated()) {
        text += &format!("\nData: {what}");
    }
    text
}

/// A number in about five characters.
pub(super) fn short(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x == 0.0 => "0".to_owned(),
        s if s >= 1e12 => format!("{x:.1e}"),
        s if s >= 1e9 => format!("{:.1} G", x / 1e9),
        s if s >= 1e6 => format!("{:.1} M", x / 1e6),
        s if s >= 1e4 => format!("{:.0} k", x / 1e3),
        s if s >= 100.0 => format!("{x:.0}"),
        s if s >= 1.0 => format!("{x:.2}"),
        s if s >= 1e-3 => format!("{x:.4}"),
        _ => format!("{x:.1e}"),
    }
}
