//! Every point with its numbers.

use super::super::study::Study;
use super::super::{Block, Cell, Point, Section, Table};
use super::numbers::{COMPARED, Number, OTHERS};
use super::setting;
use super::starving::Starving;

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
    let exists = |(_, _, path): &&Number| points.iter().any(|point| value(point, path).is_some());
    let numbers: Vec<_> = COMPARED.iter().chain(&OTHERS).filter(exists).collect();
    let above = points.first()?.above_alone.iter().map(|(name, _)| &**name);
    let above: Vec<&str> = above
        .filter(|name| points.iter().any(|point| point.above(name).is_some()))
        .collect();
    let folders = study.results.len() > 1;
    let starved = Starving::of(study);

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
    columns.extend(
        starved
            .as_ref()
            .map(Starving::columns)
            .into_iter()
            .flatten(),
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
            if let Some(starved) = &starved {
                starved.add_cells([point].into_iter(), &mut row);
            }
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
