//! The final table's second part: how long things took in simulated time.

use super::text::table;
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

/// Of one quantity: what points took, by the position of the point.
type Told = Vec<(usize, [String; 4])>;

/// A row per quantity and point, or one for all points where they took the same, of the points
/// that have come to their end, with their positions. `None` where there are none.
pub(super) fn latencies(file: &ScenarioFile, summaries: &[(usize, &Summary)]) -> Option<String> {
    let told = QUANTITIES.map(|(name, key)| (name, of(summaries, key)));
    let rows: usize = told.iter().map(|(_, told)| told.len()).sum();
    let shown = if rows > ROOM { 1 } else { QUANTITIES.len() };

    let keys = file.points[0].settings.iter().map(|s| s.key.clone());
    let mut header = vec!["simulated ms".to_owned()];
    header.extend(keys);
    let labels = header.len();
    header.extend(COLUMNS.map(str::to_owned));
    let mut table = table(header, |column| column >= labels);
    for (name, told) in &told[..shown] {
        for (point, numbers) in told {
            let mut row = vec![(*name).to_owned()];
            // One row of several is for all of them.
            let all = told.len() == 1 && summaries.len() > 1;
            let settings = file.points[*point].settings.iter();
            row.extend(settings.map(|s| {
                if all {
                    "all".into()
                } else {
                    s.value.to_string()
                }
            }));
            row.extend(numbers.iter().cloned());
            table.add_row(row);
        }
    }
    (rows > 0).then(|| table.trim_fmt())
}

/// What points took of a quantity; one for all where they took the same.
fn of(summaries: &[(usize, &Summary)], key: &str) -> Told {
    let told = summaries.iter().filter_map(|(point, summary)| {
        let number = |column| summary.number(&["latency", key, column]).map(short);
        let [p50, p90, p99, max] = COLUMNS.map(number);
        Some((*point, [p50?, p90?, p99?, max?]))
    });
    let mut told: Told = told.collect();
    if told.len() == summaries.len() && told.iter().all(|(_, numbers)| *numbers == told[0].1) {
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
        let summaries: Vec<_> = summaries.iter().enumerate().collect();
        latencies(&file.unwrap(), &summaries).unwrap()
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
        assert_eq!(latencies(&file.unwrap(), &[]), None);
    }
}
