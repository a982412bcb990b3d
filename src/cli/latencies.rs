//! The final table's second part: how long things took in simulated time.

use super::rows::{Row, Rows};
use super::table::{Column, Fitted, fitted};
use super::text::paragraph;
use crate::record::{Histograms, Percentiles, Summary};
use crate::scenario::ScenarioFile;
use crate::units::short;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is told, by its name in summaries; each where there is room.
const QUANTITIES: [(&str, &str); 5] = [
    ("round", "round_ms"),
    ("agent round", "agent_round_ms"),
    ("delivery", "delivery_ms"),
    ("wait", "wait_ms"),
    ("age", "age_ms"),
];

/// The columns of numbers, each with its rank: what lasts longest and how many values there are are
/// never left out, the median first.
const COLUMNS: [(&str, u8); 6] = [
    ("values", 0),
    ("p50", 4),
    ("p90", 3),
    ("p99", 2),
    ("p99.9", 1),
    ("max", 0),
];

/// Rows that a reader takes in.
const ROOM: usize = 24;

/// A row of the table about a quantity.
#[derive(Clone)]
struct Told {
    /// The values of the swept keys.
    labels: Vec<String>,
    /// The positions of its points.
    points: Vec<usize>,
    /// What each of them has: rows that agree in it are one where keys change nothing.
    of_points: Vec<[String; 6]>,
}

/// A row per quantity and combination of swept keys but seeds, keys that change nothing left aside:
/// all values of points that differ in seeds together. `summaries` are those of the points, `None`
/// for those that have not come to their end; `log` is where a point's histograms are. `None` where
/// no point has come to its end.
pub(super) fn latencies(
    file: &ScenarioFile,
    summaries: &[Option<&Summary>],
    log: impl Fn(usize) -> PathBuf,
    width: usize,
) -> Option<String> {
    let found = Rows::of(file);
    let mut shown: Vec<(&str, Told, [String; 6])> = Vec::new();
    let mut not_shown = Vec::new();
    for (name, key) in QUANTITIES {
        let told = of(&found.rows, summaries, key);
        if shown.len() + told.len() > ROOM {
            not_shown.push(name.to_owned());
            continue;
        }
        for told in told {
            let numbers = together(&told.points, summaries, &log, key);
            shown.push((name, told, numbers));
        }
    }
    if shown.is_empty() {
        let told = "Latencies are in points.parquet".to_owned();
        return (!not_shown.is_empty()).then_some(told);
    }
    let names = shown.iter().map(|(name, ..)| (*name).to_owned());
    let mut columns = vec![Column::labels("latency", names.collect())];
    for (key, name) in found.keys.iter().enumerate() {
        let labels = shown.iter().map(|(_, told, _)| told.labels[key].clone());
        columns.push(Column::labels(name, labels.collect()));
    }
    for (index, (name, rank)) in COLUMNS.into_iter().enumerate() {
        let cells = shown.iter().map(|(.., numbers)| numbers[index].clone());
        columns.push(Column::numbers(name, cells.collect(), rank));
    }
    let caption = match found.seeds.1 {
        1 => "Simulated time [ms]",
        _ => "Simulated time [ms], values of all seeds together",
    };
    let Fitted { text, left_out } = fitted(columns, width);
    not_shown.extend(left_out);
    let mut parts = vec![caption.to_owned(), text];
    if !not_shown.is_empty() {
        let note = format!("Not shown, in points.parquet: {}", not_shown.join(", "));
        parts.push(paragraph(&note, width));
    }
    Some(parts.join("\n\n"))
}

/// What rows took of a quantity, those left aside that have no values. Where a key changes nothing,
/// one row says so for all its values.
fn of(rows: &[Row], summaries: &[Option<&Summary>], key: &str) -> Vec<Told> {
    let no_log = Histograms::default();
    let told = rows.iter().filter_map(|row| {
        let of_point = |&point: &usize| no_log.percentiles(&[summaries[point]?], key);
        let of_points: Vec<Percentiles> = row.points.iter().filter_map(of_point).collect();
        (!of_points.is_empty()).then(|| Told {
            labels: row.labels.clone(),
            points: row.points.clone(),
            of_points: of_points.iter().map(numbers).collect(),
        })
    });
    let mut told: Vec<Told> = told.collect();
    let keys = rows.first().map_or(0, |row| row.labels.len());
    // Of keys that vary together, the first ones stay.
    for key in (0..keys).rev() {
        told = without(key, &told).unwrap_or(told);
    }
    told
}

/// The numbers of some points' values together; of several points, percentiles need their
/// histograms, and are `–` where these cannot be read.
fn together(
    points: &[usize],
    summaries: &[Option<&Summary>],
    log: impl Fn(usize) -> PathBuf,
    key: &str,
) -> [String; 6] {
    let done: Vec<usize> = points
        .iter()
        .copied()
        .filter(|&p| summaries[p].is_some())
        .collect();
    let runs: Vec<&Summary> = done.iter().filter_map(|&p| summaries[p]).collect();
    let none = Histograms::default();
    // Runs that are alike in a constant need no histograms, nor does a single one.
    if let Some(known) = none.percentiles(&runs, key) {
        return numbers(&known);
    }
    let mut all = Histograms::default();
    let read = done.iter().try_for_each(|&point| all.add(&log(point)));
    let found = read.ok().and_then(|()| all.percentiles(&runs, key));
    found.as_ref().map_or(["–"; 6].map(str::to_owned), numbers)
}

fn numbers(p: &Percentiles) -> [String; 6] {
    let [p50, p90, p99, p999, max] = [p.p50, p.p90, p.p99, p.p999, p.max].map(short);
    [p.count.to_string(), p50, p90, p99, p999, max]
}

/// The same in fewer rows, `all` instead of a key's values; `None` if the key changes something.
fn without(key: usize, told: &[Told]) -> Option<Vec<Told>> {
    let mut fewer: Vec<Told> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for row in told {
        let mut labels = row.labels.clone();
        labels[key] = "all".to_owned();
        let at = *known.entry(labels.clone()).or_insert(fewer.len());
        match fewer.get(at) {
            None => fewer.push(Told {
                labels,
                ..row.clone()
            }),
            Some(same) if same.of_points == row.of_points => {}
            Some(_) => return None,
        }
    }
    // Where no two rows differ in this key alone, its values tell rows apart as they are.
    (fewer.len() < told.len()).then_some(fewer)
}

#[cfg(test)]
mod tests {
    use super::super::text::WIDTH;
    use super::*;
    use crate::scenario::Catalogues;
    use serde_json::json;

    fn no_log(_: usize) -> PathBuf {
        PathBuf::from("nowhere")
    }

    #[test]
    fn keys_that_change_nothing_are_left_aside_and_what_has_no_room_is_named() {
        let text = "[task]\nkind = \"target-localization\"\n[sweep]\n\
            \"rule.kind\" = [\"average\", \"loss\"]\n\
            \"link.drop\" = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", text, "test", ".".into(), &[], &catalogues);
        let summary = |point: usize| {
            let alike = |ms: usize| {
                json!({"count": 7, "min": ms, "mean": ms, "p50": ms, "p90": ms, "p99": ms, "p999": ms,
                       "max": ms})
            };
            Summary::from_json(json!({"latency": {
                "round_ms": alike(5),
                "delivery_ms": alike(10 + point % 10),
                "age_ms": alike(100 + point),
            }}))
        };
        let summaries: Vec<Summary> = (0..19).map(summary).collect();
        let mut summaries: Vec<_> = summaries.iter().map(Some).collect();
        summaries.push(None);
        let table = latencies(&file.unwrap(), &summaries, no_log, WIDTH).unwrap();
        insta::assert_snapshot!(table, @"
        Simulated time [ms]

        latency   rule.kind  link.drop  values    p50    p90    p99  p99.9    max
        round     all        all             7   5.00   5.00   5.00   5.00   5.00
        delivery  all        0               7  10.00  10.00  10.00  10.00  10.00
        delivery  all        0.1             7  11.00  11.00  11.00  11.00  11.00
        delivery  all        0.2             7  12.00  12.00  12.00  12.00  12.00
        delivery  all        0.3             7  13.00  13.00  13.00  13.00  13.00
        delivery  all        0.4             7  14.00  14.00  14.00  14.00  14.00
        delivery  all        0.5             7  15.00  15.00  15.00  15.00  15.00
        delivery  all        0.6             7  16.00  16.00  16.00  16.00  16.00
        delivery  all        0.7             7  17.00  17.00  17.00  17.00  17.00
        delivery  all        0.8             7  18.00  18.00  18.00  18.00  18.00
        delivery  all        0.9             7  19.00  19.00  19.00  19.00  19.00

        Not shown, in points.parquet: age
        ");
    }

    /// The table of four rules whose rounds and deliveries last so long at most \[ms\].
    fn shown(rounds: [f64; 4], deliveries: [f64; 4]) -> String {
        let text = "[task]\nkind = \"target-localization\"\n[sweep]\nrule = {\
            alone = { kind = \"no-cooperation\" }, average = { kind = \"average\" },\
            distance = { kind = \"distance\" }, loss = { kind = \"loss\" } }";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", text, "test", ".".into(), &[], &catalogues);
        let summary = |(max, delivery): (f64, f64)| {
            let percentiles = |max: f64| {
                json!({"count": 1000, "min": 0.0, "mean": max / 8.0, "p50": max / 8.0, "p90": max / 4.0,
                       "p99": max / 2.0, "p999": max, "max": max})
            };
            Summary::from_json(json!({"latency": {
                "round_ms": percentiles(max),
                "delivery_ms": percentiles(delivery),
                "wait_ms": {"count": 0, "min": null, "p50": null, "p90": null, "p99": null, "max": null},
            }}))
        };
        let summaries = rounds.into_iter().zip(deliveries).map(summary);
        let summaries: Vec<Summary> = summaries.collect();
        let summaries: Vec<_> = summaries.iter().map(Some).collect();
        latencies(&file.unwrap(), &summaries, no_log, WIDTH).unwrap()
    }

    #[test]
    fn what_is_equal_in_all_points_is_one_row_and_what_was_not_measured_none() {
        let table = shown([1.0, 2.0, 4.0, 12_345_678.0], [80.0; 4]);
        insta::assert_snapshot!(table, @"
        Simulated time [ms]

        latency   rule      values     p50     p90     p99   p99.9     max
        round     alone       1000  0.1250  0.2500  0.5000    1.00    1.00
        round     average     1000  0.2500  0.5000    1.00    2.00    2.00
        round     distance    1000  0.5000    1.00    2.00    4.00    4.00
        round     loss        1000   1.5 M   3.1 M   6.2 M  12.3 M  12.3 M
        delivery  all         1000   10.00   20.00   40.00   80.00   80.00
        ");
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn without_a_run_there_is_no_table() {
        let text = "[task]\nkind = \"target-localization\"";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", text, "test", ".".into(), &[], &catalogues);
        assert_eq!(latencies(&file.unwrap(), &[None], no_log, WIDTH), None);
    }
}
