//! Every point with its numbers.

use super::super::study::Study;
use super::super::{Block, Cell, Point, Section, Table};
use super::setting;

/// Numbers of summaries: the header, what it is, and where it stands.
const NUMBERS: [(&str, &str, &[&str]); 13] = [
    (
        "steady loss",
        "mean over the steady state and the normal agents",
        &["steady", "loss", "mean"],
    ),
    (
        "final loss",
        "mean over the normal agents in the end",
        &["final", "loss", "mean"],
    ),
    (
        "test loss",
        "on test data in the end",
        &["final", "test_loss", "mean"],
    ),
    (
        "accuracy",
        "on test data in the end",
        &["final", "accuracy", "mean"],
    ),
    (
        "steady regret",
        "r(θ) − r(θ*), mean over the steady state",
        &["steady", "regret", "mean"],
    ),
    (
        "deviation",
        "‖θ − θ*‖ in the end, mean",
        &["final", "deviation", "mean"],
    ),
    (
        "Byzantine weight",
        "in the steady state",
        &["filter", "byzantine_weight"],
    ),
    (
        "shut out at",
        "first iteration, from the beginning of attacks, from which Byzantine models have no weight",
        &["filter", "shut_out_iteration"],
    ),
    (
        "starved",
        "share of combinations with too few models",
        &["steady", "starved"],
    ),
    ("iterations", "", &["iterations"]),
    ("simulated ms", "simulated time", &["simulated_ms"]),
    ("wall s", "wall-clock time of the run", &["wall_s"]),
    (
        "models/s",
        "models sent per second of wall-clock time",
        &["models_per_s"],
    ),
];

/// Rows of the table.
const MOST_ROWS: usize = 2_000;

pub(super) fn section(study: &Study<'_>) -> Option<Section> {
    let points: Vec<&Point> = study.points().collect();
    let mut keys: Vec<&str> = Vec::new();
    for setting in points.iter().flat_map(|point| &point.settings) {
        if !keys.contains(&&*setting.key) {
            keys.push(&setting.key);
        }
    }
    let value = |point: &Point, path: &[&str]| point.summary.as_ref()?.number(path);
    let exists = |(_, _, path): &&(&str, &str, &[&str])| {
        points.iter().any(|point| value(point, path).is_some())
    };
    let numbers: Vec<_> = NUMBERS.iter().filter(exists).collect();
    let above = points.first()?.above_alone.iter().map(|(name, _)| &**name);
    let above: Vec<&str> = above
        .filter(|name| points.iter().any(|point| point.above(name).is_some()))
        .collect();
    let folders = study.results.len() > 1;

    let plain = |name: &str| (name.to_owned(), String::new());
    let mut columns = Vec::new();
    columns.extend(folders.then(|| plain("results")));
    columns.extend(keys.iter().map(|key| plain(key)));
    columns.push(plain("status"));
    columns.extend(
        numbers
            .iter()
            .map(|(name, about, _)| ((*name).to_owned(), (*about).to_owned())),
    );
    let of_twin = "above the run without cooperation and with the same draws";
    columns.extend(
        above
            .iter()
            .map(|name| (name.replace('_', " "), of_twin.to_owned())),
    );
    columns.push((
        "fingerprint".to_owned(),
        "hash of every combined model".to_owned(),
    ));
    columns.push(("id".to_owned(), "folder in runs/".to_owned()));

    let number = |x: Option<f64>| {
        x.filter(|x| !x.is_nan())
            .map_or(Cell::Missing, Cell::Number)
    };
    let mut rows = Vec::new();
    for results in study.results {
        for point in &results.points {
            let mut row = Vec::new();
            row.extend(folders.then(|| Cell::Text(results.folder.display().to_string())));
            row.extend(keys.iter().map(|key| setting(&point.settings, key)));
            row.push(Cell::Text(point.status.clone()));
            row.extend(
                numbers
                    .iter()
                    .map(|(_, _, path)| number(value(point, path))),
            );
            let difference = |name: &&str| number(point.above(name));
            row.extend(above.iter().map(difference));
            let fingerprint = point.summary.as_ref().map(|s| s.fingerprint().to_owned());
            row.push(fingerprint.map_or(Cell::Missing, Cell::Text));
            row.push(Cell::Text(point.id.clone()));
            rows.push(row);
        }
    }
    let mut caption = "Every point; all numbers of the summaries are in points.parquet.".to_owned();
    if rows.len() > MOST_ROWS {
        caption += &format!(" The first {MOST_ROWS} of {} are shown.", rows.len());
        rows.truncate(MOST_ROWS);
    }
    Some(Section {
        heading: "Points".to_owned(),
        blocks: vec![Block::Table(Table {
            caption,
            columns,
            rows,
            is_sortable: true,
        })],
    })
}
