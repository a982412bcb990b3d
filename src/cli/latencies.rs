//! The final table's second part: how long things took in simulated time.

use super::rows::{Row, Rows};
use super::table::{Column, fitted};
use crate::record::Summary;
use crate::scenario::ScenarioFile;
use crate::units::short;

/// What is told, by its name in summaries; the first always, the others where there is room.
const QUANTITIES: [(&str, &str); 4] = [
    ("round", "round_ms"),
    ("delivery", "delivery_ms"),
    ("wait", "wait_ms"),
    ("age", "age_ms"),
];

/// The columns of numbers.
const COLUMNS: [&str; 4] = ["p50", "p90", "p99", "max"];

/// Rows that a reader takes in.
const ROOM: usize = 24;

/// Of one quantity: what rows took, by the position of the row.
type Told = Vec<(usize, [String; 4])>;

/// A row per quantity and combination of swept keys but seeds, or one for all where they took the
/// same. `summaries` are those of the points, `None` for those that have not come to their end. `None`
/// where none has.
pub(super) fn latencies(
    file: &ScenarioFile,
    summaries: &[Option<&Summary>],
    width: usize,
) -> Option<String> {
    let found = Rows::of(file);
    let told = QUANTITIES.map(|(name, key)| (name, of(&found.rows, summaries, key)));
    let rows: usize = told.iter().map(|(_, told)| told.len()).sum();
    if told[0].1.len() > ROOM {
        return Some("Latencies are in points.parquet".to_owned());
    }
    let quantities = if rows > ROOM { 1 } else { QUANTITIES.len() };
    let shown = told[..quantities].iter();
    let shown =
        shown.flat_map(|(name, told)| told.iter().map(move |told_row| (*name, told, told_row)));
    let shown: Vec<_> = shown.collect();

    let names = shown.iter().map(|(name, ..)| (*name).to_owned());
    let mut columns = vec![Column::labels("simulated ms", names.collect())];
    for (key, name) in found.keys.iter().enumerate() {
        let labels = shown.iter().map(|(_, told, (row, _))| {
            // One row of several is for all of them.
            if told.len() == 1 && found.rows.len() > 1 {
                "all".to_owned()
            } else {
                found.rows[*row].labels[key].clone()
            }
        });
        columns.push(Column::labels(name, labels.collect()));
    }
    for (index, name) in COLUMNS.into_iter().enumerate() {
        let cells = shown
            .iter()
            .map(|(_, _, (_, numbers))| numbers[index].clone());
        // The median goes first, what lasts longest never.
        let rank = (COLUMNS.len() - 1 - index) as u8;
        columns.push(Column::numbers(name, cells.collect(), rank));
    }
    let caption = match found.seeds {
        1 => "",
        _ => "Longest over seeds\n\n",
    };
    (rows > 0).then(|| format!("{caption}{}", fitted(columns, width).text))
}

/// What rows took of a quantity, of points that differ in seeds the longest; one row for all where
/// they took the same.
fn of(rows: &[Row], summaries: &[Option<&Summary>], key: &str) -> Told {
    let told = rows.iter().enumerate().filter_map(|(index, row)| {
        let longest = |column| {
            let points = row.points.iter().filter_map(|&point| summaries[point]);
            let numbers = points.filter_map(|s| s.number(&["latency", key, column]));
            numbers.max_by(f64::total_cmp).map(short)
        };
        let [p50, p90, p99, max] = COLUMNS.map(longest);
        Some((index, [p50?, p90?, p99?, max?]))
    });
    let mut told: Told = told.collect();
    if told.len() == rows.len() && told.iter().all(|(_, numbers)| *numbers == told[0].1) {
        told.truncate(1);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::text::WIDTH;
    use super::*;
    use crate::scenario::Catalogues;
    use serde_json::json;

    /// The table of four rules whose rounds and deliveries last so long at most \[ms\].
    fn shown(rounds: [f64; 4], deliveries: [f64; 4]) -> String {
        let text = "[task]\nkind = \"target-localization\"\n[sweep]\nrule = {\
            alone = { kind = \"no-cooperation\" }, average = { kind = \"average\" },\
            distance = { kind = \"distance\" }, loss = { kind = \"loss\" } }";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", text, "test", ".".into(), &[], &catalogues);
        let summary = |(max, delivery): (f64, f64)| {
            let percentiles = |max: f64| json!({"p50": max / 8.0, "p90": max / 4.0, "p99": max / 2.0, "max": max});
            Summary::from_json(json!({"latency": {
                "round_ms": percentiles(max),
                "delivery_ms": percentiles(delivery),
                "wait_ms": {"count": 0, "p50": null, "p90": null, "p99": null, "max": null},
            }}))
        };
        let summaries = rounds.into_iter().zip(deliveries).map(summary);
        let summaries: Vec<Summary> = summaries.collect();
        let summaries: Vec<_> = summaries.iter().map(Some).collect();
        latencies(&file.unwrap(), &summaries, WIDTH).unwrap()
    }

    #[test]
    fn what_is_equal_in_all_points_is_one_row_and_what_was_not_measured_none() {
        let table = shown([1.0, 2.0, 4.0, 12_345_678.0], [80.0; 4]);
        insta::assert_snapshot!(table, @"
        simulated ms  rule         p50     p90     p99     max
        round         alone     0.1250  0.2500  0.5000    1.00
        round         average   0.2500  0.5000    1.00    2.00
        round         distance  0.5000    1.00    2.00    4.00
        round         loss       1.5 M   3.1 M   6.2 M  12.3 M
        delivery      all        10.00   20.00   40.00   80.00
        ");
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn without_a_run_there_is_no_table() {
        let text = "[task]\nkind = \"target-localization\"";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", text, "test", ".".into(), &[], &catalogues);
        assert_eq!(latencies(&file.unwrap(), &[None], WIDTH), None);
    }
}
