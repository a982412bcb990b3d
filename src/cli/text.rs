//! What commands print.

use super::latencies::latencies;
use super::matrix::matrix;
use crate::campaign::{AboveAlone, Matrix, PointOutcome};
use crate::record::{RunError, Summary};
use crate::scenario::{RunId, ScenarioFile, Setting};
use crate::units::short;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::io::{IsTerminal, Write};

/// Columns of a terminal that nobody has widened.
pub(super) const WIDTH: usize = 80;

/// Columns below which nothing is readable, so nothing is made to fit.
const NARROWEST: usize = 40;

/// Points that are told one by one where there is a matrix of them.
const MOST_ROWS: usize = 40;

/// Prints a line to standard output. A reader that has gone away is no error.
pub(super) fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line to standard error, without its colors where that is no terminal or `NO_COLOR` is
/// set. A reader that has gone away is no error.
pub(super) fn note(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// The columns of a terminal, or those that lines have in files and pipes.
pub(super) fn width_of(stream: &impl IsTerminal) -> usize {
    let terminal = stream.is_terminal().then(terminal_size::terminal_size);
    let columns = terminal
        .flatten()
        .map(|(columns, _)| usize::from(columns.0));
    columns.map_or(WIDTH, |columns| columns.max(NARROWEST))
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

/// What a run told: a row per point, or rules against attacks, and below what took how long in
/// simulated time.
pub(super) fn results(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> String {
    let mut text = match Matrix::new(file, outcomes).map(|found| matrix(&found)) {
        None => final_table(file, outcomes),
        Some(matrix) if outcomes.len() <= MOST_ROWS => {
            format!("{}\n\n{matrix}", final_table(file, outcomes))
        }
        Some(matrix) => {
            let many = outcomes.len();
            format!("{matrix}\n\n{many} points, a row each in points.parquet")
        }
    };
    let summaries: Vec<_> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(point, (_, outcome))| Some((point, outcome.summary()?)))
        .collect();
    if let Some(latencies) = latencies(file, &summaries) {
        text += &format!("\n\n{latencies}\n");
    }
    let starved = |(_, s): &(_, &Summary)| s.number(&["steady", "starved"]);
    let most = summaries.iter().filter_map(starved).fold(0.0, f64::max);
    if most > 0.0 {
        text += &format!(
            "\nStarved: at a point, {} % of combinations had too few models for their rule \
             (steady_starved in points.parquet).\n",
            short(100.0 * most)
        );
    }
    if let Some(what) = summaries.iter().find_map(|(_, s)| s.generated()) {
        text += &format!("\nData: {what}");
    }
    text
}

/// The final table: one row per point.
fn final_table(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> String {
    // By point, nothing where a point has no such number.
    let numbers = |path: &[&str]| -> Vec<Option<String>> {
        let numbers = outcomes.iter();
        numbers
            .map(|(_, outcome)| outcome.summary()?.number(path).map(short))
            .collect()
    };
    let above = AboveAlone::all(file, outcomes);
    let by_accuracy = above.iter().flatten().any(|a| a.final_accuracy.is_some());
    let versus = above.iter().map(|above| {
        let above = above.as_ref()?;
        let by = [above.steady_loss, above.final_accuracy];
        by[usize::from(by_accuracy)].map(signed)
    });
    let versus: Vec<Option<String>> = versus.collect();
    let compares = versus.iter().any(Option::is_some);
    let quantities = [
        ("steady loss", numbers(&["steady", "loss", "mean"])),
        ("final loss", numbers(&["final", "loss", "mean"])),
        ("accuracy", numbers(&["final", "accuracy", "mean"])),
        ("Byzantine weight", numbers(&["filter", "byzantine_weight"])),
        // Both are too much for a terminal.
        match compares {
            true => ("vs. alone", versus),
            false => ("models/s", numbers(&["models_per_s"])),
        },
        ("seconds", numbers(&["wall_s"])),
    ];
    // A column that no point has a value for says nothing; but failures are told in the first one.
    let shown = quantities.into_iter().enumerate();
    let shown =
        shown.filter(|(index, (_, column))| *index == 0 || column.iter().any(Option::is_some));
    let quantities: Vec<_> = shown.map(|(_, quantity)| quantity).collect();

    let settings = file.points[0].settings.iter();
    let mut header: Vec<String> = settings.map(|s| s.key.clone()).collect();
    if header.is_empty() {
        header.push("scenario".to_owned());
    }
    let labels = header.len();
    header.extend(quantities.iter().map(|(name, _)| (*name).to_owned()));
    let mut table = table(header, |column| column >= labels);
    for (index, (point, (_, outcome))) in file.points.iter().zip(outcomes).enumerate() {
        let mut row: Vec<String> = point.settings.iter().map(|s| s.value.to_string()).collect();
        if row.is_empty() {
            row.push(file.name.clone());
        }
        for (column, (_, texts)) in quantities.iter().enumerate() {
            let absent = match outcome {
                PointOutcome::Failed(RunError::Interrupted { .. }) if column == 0 => "interrupted",
                PointOutcome::Failed(_) if column == 0 => "failed",
                PointOutcome::NotBegun if column == 0 => "not begun",
                _ => "–",
            };
            row.push(texts[index].clone().unwrap_or_else(|| absent.to_owned()));
        }
        table.add_row(row);
    }
    let mut text = table.trim_fmt();
    if compares {
        let what = if by_accuracy {
            "accuracy"
        } else {
            "steady loss"
        };
        text +=
            &format!("\n\nvs. alone: {what} minus that without cooperation, with the same draws");
    }
    text
}

/// A difference, with its sign.
fn signed(x: f64) -> String {
    let sign = if x > 0.0 { "+" } else { "" };
    format!("{sign}{}", short(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::testing::{done, failed, outcomes, sweep, value};
    use serde_json::{Value, json};

    const RULES: &str = r#"
        [sweep.rule]
        alone = { kind = "no-cooperation" }
        average = { kind = "average" }
        loss = { kind = "loss" }
    "#;

    /// A run with a steady loss and perhaps an accuracy, and everything else that is told.
    fn run(loss: Value, accuracy: Option<f64>) -> PointOutcome {
        done(json!({
            "steady": {"loss": {"mean": loss}},
            "final": {"loss": {"mean": 2.0}, "accuracy": {"mean": accuracy}},
            "filter": {"byzantine_weight": 0.25},
            "models_per_s": 123_456.0,
            "wall_s": 0.125,
        }))
    }

    #[test]
    fn points_are_held_against_those_without_cooperation() {
        let file = sweep(&format!("seed = [1, 2]\n{RULES}"));
        let outcomes = outcomes(&file, |settings| {
            match (&*value(settings, "rule"), &*value(settings, "seed")) {
                ("alone", _) => run(0.5.into(), None),
                ("average", "1") => run(12_345.0.into(), None),
                ("average", _) => run("inf".into(), None),
                (_, "1") => run(0.125.into(), None),
                _ => failed(),
            }
        });
        let text = results(&file, &outcomes);
        insta::assert_snapshot!(text, @"
        seed  rule     steady loss  final loss  Byzantine weight  vs. alone  seconds
        1     alone         0.5000        2.00            0.2500          –   0.1250
        1     average         12 k        2.00            0.2500      +12 k   0.1250
        1     loss          0.1250        2.00            0.2500    -0.3750   0.1250
        2     alone         0.5000        2.00            0.2500          –   0.1250
        2     average            ∞        2.00            0.2500         +∞   0.1250
        2     loss          failed           –                 –          –        –

        vs. alone: steady loss minus that without cooperation, with the same draws
        ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn they_are_by_accuracy_where_there_is_one() {
        let file = sweep(RULES);
        let outcomes = outcomes(&file, |settings| match &*value(settings, "rule") {
            "alone" => run(0.5.into(), Some(0.75)),
            "average" => run(1.5.into(), Some(0.25)),
            _ => run(0.25.into(), Some(0.875)),
        });
        let text = results(&file, &outcomes);
        insta::assert_snapshot!(text, @"
        rule     steady loss  final loss  accuracy  Byzantine weight  vs. alone  seconds
        alone         0.5000        2.00    0.7500            0.2500          –   0.1250
        average         1.50        2.00    0.2500            0.2500    -0.5000   0.1250
        loss          0.2500        2.00    0.8750            0.2500    +0.1250   0.1250

        vs. alone: accuracy minus that without cooperation, with the same draws
        ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn without_a_twin_models_per_second_are_told() {
        let file = sweep("seed = [1, 2, 3]");
        let outcomes = outcomes(&file, |settings| match &*value(settings, "seed") {
            "1" => run("inf".into(), None),
            "2" => run(0.5.into(), None),
            _ => PointOutcome::NotBegun,
        });
        insta::assert_snapshot!(results(&file, &outcomes), @"
        seed  steady loss  final loss  Byzantine weight  models/s  seconds
        1               ∞        2.00            0.2500     123 k   0.1250
        2          0.5000        2.00            0.2500     123 k   0.1250
        3       not begun           –                 –         –        –
        ");
    }

    #[test]
    fn many_points_have_their_matrix_alone() {
        let attacks =
            r#"attack = { none = [], far = [{ agents = [1], kind = "constant", value = 9.0 }] }"#;
        let file = sweep(&format!(
            "seed = {{ from = 1, count = 10 }}\n{attacks}\n{RULES}"
        ));
        let outcomes = outcomes(&file, |_| run(0.5.into(), None));
        insta::assert_snapshot!(results(&file, &outcomes), @"
        loss in the steady state, means over points

        rule       none     far          worst
        alone    0.5000  0.5000  0.5000 (none)
        average  0.5000  0.5000  0.5000 (none)
        loss     0.5000  0.5000  0.5000 (none)

        60 points, a row each in points.parquet
        ");
    }
}
