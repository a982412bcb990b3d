//! The final table: what the points of a sweep came to.

use super::matrix::{MARK, PARTIAL};
use super::rows::{Row, Rows, range, span};
use super::table::{Column, Fitted, fitted};
use super::text::paragraph;
use crate::campaign::{AboveAlone, Judged, Measure, PointOutcome, Starved, confidence};
use crate::scenario::{RunId, ScenarioFile};
use crate::units::short;

/// Rows that are told one by one.
const MOST_ROWS: usize = 100;

/// A quantity by the position of the point, `None` where it does not exist.
struct Quantity {
    name: &'static str,
    numbers: Vec<Option<f64>>,
    /// Those of the highest rank are left out first; that by which points are judged has rank 0, and
    /// is told with its range.
    rank: u8,
    is_difference: bool,
    /// Whether it stands behind the share of combinations that starved.
    is_behind: bool,
}

/// A row per combination of the swept keys but seeds: means over seeds, and the range of what
/// points are judged by.
pub(super) fn final_table(
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
    judged: &Judged,
    width: usize,
) -> String {
    let found = Rows::of(file);
    let measure = judged.measure.unwrap_or(Measure::Loss);
    let quantities = quantities(file, outcomes, judged, measure);
    let shown = &found.rows[..found.rows.len().min(MOST_ROWS)];
    let mut columns: Vec<Column> = Vec::new();
    for (key, name) in found.keys.iter().enumerate() {
        let labels = shown.iter().map(|row| row.labels[key].clone());
        columns.push(Column::labels(name, labels.collect()));
    }
    if columns.is_empty() {
        columns.push(Column::labels("scenario", vec![file.name.clone()]));
    }
    for quantity in &quantities {
        let cells = shown.iter().map(|row| quantity.cell(row, outcomes));
        let (name, rank) = (quantity.name, quantity.rank);
        columns.push(Column::numbers(name, cells.collect(), rank));
        if rank == 0 {
            let intervals: Vec<_> = shown.iter().map(|row| quantity.interval(row)).collect();
            if intervals.iter().any(Option::is_some) {
                let cells = intervals.into_iter().map(|i| i.unwrap_or("–".to_owned()));
                columns.push(Column::numbers(CONFIDENCE, cells.collect(), 1));
            }
        }
    }
    let starved: Vec<Option<Starved>> = shown.iter().map(|row| starved(row, outcomes)).collect();
    let has_starved = starved.iter().flatten().any(|starved| starved.share > 0.0);
    if has_starved {
        let cells = starved.iter().map(|starved| starved_cell(starved.as_ref()));
        let place = columns.len() - quantities.iter().filter(|q| q.is_behind).count();
        columns.insert(place, Column::numbers(STARVED, cells.collect(), 1));
    }
    let Fitted { text, left_out } = fitted(columns, width);

    let mut lines = Vec::new();
    if found.seeds.1 > 1 {
        lines.push(format!(
            "Means over seeds (least–most), {} each\n",
            span(Some(found.seeds))
        ));
    }
    if !found.everywhere.is_empty() {
        let everywhere = format!("In all points: {}", found.everywhere);
        lines.push(format!("{}\n", paragraph(&everywhere, width)));
    }
    lines.push(text);
    let mut notes = Vec::new();
    let more = found.rows.len() - shown.len();
    if more > 0 {
        notes.push(format!("{more} rows more, in points.parquet"));
    }
    if !left_out.is_empty() {
        notes.push(format!(
            "Not shown, in points.parquet: {}",
            left_out.join(", ")
        ));
    }
    if quantities.iter().any(|q| q.is_difference) && !left_out.iter().any(|l| l == ALONE) {
        let what = measure.short_name();
        let mut note = format!("{ALONE}: {what} minus that without cooperation, same draws");
        if judged.has_attacks {
            let over = judged.over();
            let told = over.agents_told();
            note += if told.is_empty() { "" } else { ", " };
            note += &told;
            notes.push(note + "; other columns are over each point's own normal agents");
            notes.extend(over.notes());
        } else {
            notes.push(note);
        }
    }
    let has_interval = quantities.iter().filter(|q| q.rank == 0);
    let has_interval = has_interval.flat_map(|q| shown.iter().map(|row| q.interval(row)));
    if has_interval.flatten().next().is_some() && !left_out.iter().any(|l| l == CONFIDENCE) {
        notes.push(format!(
            "{CONFIDENCE}: mean ± this is the 95 % confidence interval over seeds (Student's t)"
        ));
    }
    if has_starved && !left_out.iter().any(|l| l == STARVED) {
        let legend = Starved::legend(starved.iter().flatten());
        notes.push(format!("{STARVED}: {legend}"));
    }
    if shown.iter().any(|row| is_partial(row, outcomes)) {
        notes.push(PARTIAL.to_owned());
    }
    if !notes.is_empty() {
        lines.push(String::new());
        lines.extend(notes.iter().map(|note| paragraph(note, width)));
    }
    lines.join("\n")
}

/// What the difference to the twin is called.
const ALONE: &str = "vs. alone";

/// What the half width of the confidence interval is called.
const CONFIDENCE: &str = "± 95 %";

/// What the share of combinations with too few models is called.
const STARVED: &str = "starved";

/// The quantities that some point has; the first in any case, since failures are told there.
fn quantities(
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
    judged: &Judged,
    measure: Measure,
) -> Vec<Quantity> {
    let quantity = |name, path: &[&str], rank| {
        let number = |(_, outcome): &(RunId, PointOutcome)| outcome.summary()?.number(path);
        Quantity {
            name,
            numbers: outcomes.iter().map(number).collect(),
            rank,
            is_difference: false,
            is_behind: false,
        }
    };
    let measured = |of: Measure, rank| {
        let rank = if of == measure { 0 } else { rank };
        quantity(of.short_name(), &of.path(), rank)
    };
    let above = AboveAlone::judged(file, outcomes, judged).into_iter();
    let versus = above.map(|above| above?.of(measure));
    let versus = Quantity {
        name: ALONE,
        numbers: versus.collect(),
        rank: 1,
        is_difference: true,
        is_behind: true,
    };
    let behind = |quantity: Quantity| Quantity {
        is_behind: true,
        ..quantity
    };
    // Where nobody has a twin, there is room for this.
    let last = match versus.numbers.iter().any(Option::is_some) {
        true => versus,
        false => behind(quantity("models/s", &["models_per_s"], 5)),
    };
    let all = [
        measured(Measure::Loss, 3),
        quantity("final loss", &["final", "loss", "mean"], 6),
        measured(Measure::Regret, 5),
        measured(Measure::Accuracy, 4),
        measured(Measure::TestLoss, 7),
        quantity("Byz. weight", &["filter", "byzantine_weight"], 2),
        last,
        behind(quantity("seconds", &["wall_s"], 4)),
    ];
    let exists = |quantity: &Quantity| quantity.numbers.iter().any(Option::is_some);
    let mut all: Vec<Quantity> = all.into_iter().filter(exists).collect();
    if all.is_empty() {
        all.push(quantity("steady loss", &[], 0));
    }
    // Failures are told in a column that is always there.
    if all.iter().all(|quantity| quantity.rank > 0) {
        all[0].rank = 0;
    }
    all
}

impl Quantity {
    /// Half the width of the 95 % confidence interval of a row's mean; `None` where there is none.
    fn interval(&self, row: &Row) -> Option<String> {
        let numbers = row.points.iter().filter_map(|&point| self.numbers[point]);
        let [low, high] = confidence(&numbers.collect::<Vec<f64>>())?;
        Some(short((high - low) / 2.0))
    }

    fn cell(&self, row: &Row, outcomes: &[(RunId, PointOutcome)]) -> String {
        let numbers = row.points.iter().filter_map(|&point| self.numbers[point]);
        let numbers: Vec<f64> = numbers.collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        if mean.is_nan() {
            return match self.rank {
                0 => became(row, outcomes).unwrap_or("–").to_owned(),
                _ => "–".to_owned(),
            };
        }
        let sign = if self.is_difference && mean > 0.0 {
            "+"
        } else {
            ""
        };
        let mark = if is_partial(row, outcomes) { MARK } else { "" };
        let range = match (self.rank, numbers.len()) {
            (0, 2..) => range(numbers.into_iter()),
            _ => short(mean),
        };
        // Where all are equal to the mean, their range says nothing.
        let range = if range == short(mean) {
            String::new()
        } else {
            format!(" ({range})")
        };
        format!("{sign}{}{range}{mark}", short(mean))
    }
}

/// How much the points of a row starved.
fn starved(row: &Row, outcomes: &[(RunId, PointOutcome)]) -> Option<Starved> {
    let summaries = row.points.iter();
    Starved::of(summaries.filter_map(|&point| outcomes[point].1.summary()))
}

/// The share, and what was done instead.
fn starved_cell(starved: Option<&Starved>) -> String {
    let told = |starved: &Starved| {
        let share = short(starved.share);
        format!("{share} {}", starved.instead())
            .trim_end()
            .to_owned()
    };
    starved.map_or("–".to_owned(), told)
}

/// What became of points of which none has come to its end.
fn became(row: &Row, outcomes: &[(RunId, PointOutcome)]) -> Option<&'static str> {
    // Of several, the worst.
    let known = ["not begun", "running", "interrupted", "failed"];
    let statuses = row.points.iter().map(|&point| outcomes[point].1.status());
    let rank = |status| known.iter().position(|known| *known == status);
    statuses.filter_map(rank).max().map(|rank| known[rank])
}

/// Whether some points of a row have come to their end and others have not.
fn is_partial(row: &Row, outcomes: &[(RunId, PointOutcome)]) -> bool {
    let is_done = |&point: &usize| outcomes[point].1.summary().is_some();
    row.points.iter().any(is_done) && !row.points.iter().all(is_done)
}

#[cfg(test)]
mod tests {
    use super::super::text::WIDTH;
    use super::*;
    use crate::campaign::testing::{done, failed, outcomes, sweep, value};
    use crate::scenario::Setting;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use unicode_width::UnicodeWidthStr;

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

    fn told(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)], width: usize) -> String {
        final_table(file, outcomes, &Judged::new(file, outcomes), width)
    }

    fn shown(text: &str, of: impl Fn(&[Setting]) -> PointOutcome) -> String {
        let file = sweep(text);
        let table = told(&file, &outcomes(&file, of), WIDTH);
        assert!(table.lines().all(|line| line.width() <= WIDTH), "{table}");
        table
    }

    #[test]
    fn points_are_held_against_those_without_cooperation() {
        let table = shown(RULES, |settings| match &*value(settings, "rule") {
            "alone" => run(0.5.into(), None),
            "average" => run("inf".into(), None),
            _ => run(0.125.into(), None),
        });
        insta::assert_snapshot!(table, @"
        rule     steady loss  final loss  Byz. weight  vs. alone  seconds
        alone         0.5000        2.00       0.2500          –   0.1250
        average            ∞        2.00       0.2500         +∞   0.1250
        loss          0.1250        2.00       0.2500    -0.3750   0.1250

        vs. alone: steady loss minus that without cooperation, same draws
        ");
    }

    #[test]
    fn points_that_differ_in_seeds_alone_are_a_mean_and_a_range() {
        let table = shown(&format!("seed = [1, 2, 3]\n{RULES}"), |settings| {
            match (&*value(settings, "rule"), &*value(settings, "seed")) {
                ("alone", seed) => run(seed.parse::<f64>().unwrap().into(), None),
                ("average", "2") => run("inf".into(), None),
                ("average", _) => run(12_345.0.into(), None),
                (_, "1") => run(0.125.into(), None),
                (_, "2") => run(0.0.into(), None),
                _ => failed(),
            }
        });
        insta::assert_snapshot!(table, @"
        Means over seeds (least–most), 3 each

        rule            steady loss  ± 95 %  final loss  Byz. weight  vs. alone  seconds
        alone      2.00 (1.00–3.00)    2.48        2.00       0.2500          –   0.1250
        average          ∞ (12 k–∞)       –        2.00       0.2500         +∞   0.1250
        loss     0.0625 (0–0.1250)*       –       2.00*      0.2500*     -1.44*  0.1250*

        vs. alone: steady loss minus that without cooperation, same draws
        ± 95 %: mean ± this is the 95 % confidence interval over seeds (Student's t)
        * without points that failed or were not run
        ");
    }

    #[test]
    fn they_are_judged_by_accuracy_where_there_is_one() {
        let table = shown(
            &format!("seed = [1, 2]\n{RULES}"),
            |settings| match &*value(settings, "rule") {
                "alone" => run(0.5.into(), Some(0.75)),
                "average" => run(1.5.into(), Some(0.25)),
                _ => run(0.25.into(), Some(0.875)),
            },
        );
        insta::assert_snapshot!(table, @"
        Means over seeds (least–most), 2 each

        rule     steady loss  final loss  accuracy  Byz. weight  vs. alone  seconds
        alone         0.5000        2.00    0.7500       0.2500          –   0.1250
        average         1.50        2.00    0.2500       0.2500    -0.5000   0.1250
        loss          0.2500        2.00    0.8750       0.2500    +0.1250   0.1250

        vs. alone: accuracy minus that without cooperation, same draws
        ");
    }

    #[test]
    fn they_are_judged_by_regret_rather_than_by_losses() {
        let table = shown(&format!("seed = [1, 2]\n{RULES}"), |settings| {
            let seed: f64 = value(settings, "seed").parse().unwrap();
            let regret = if value(settings, "rule") == "alone" {
                0.5
            } else {
                0.25
            };
            done(json!({
                "steady": {"loss": {"mean": seed}, "regret": {"mean": seed * regret}},
                "final": {"loss": {"mean": 2.0}},
                "wall_s": 0.125,
            }))
        });
        insta::assert_snapshot!(table, @"
        Means over seeds (least–most), 2 each

        rule     steady loss  final loss           steady regret  vs. alone  seconds
        alone           1.50        2.00    0.7500 (0.5000–1.00)          –   0.1250
        average         1.50        2.00  0.3750 (0.2500–0.5000)    -0.3750   0.1250
        loss            1.50        2.00  0.3750 (0.2500–0.5000)    -0.3750   0.1250

        vs. alone: steady regret minus that without cooperation, same draws
        ");
    }

    #[test]
    fn without_classes_they_are_judged_by_losses_on_test_data() {
        let table = shown(RULES, |settings| {
            let loss = if value(settings, "rule") == "alone" {
                0.5
            } else {
                0.25
            };
            done(json!({
                "steady": {"loss": {"mean": 1.0}},
                "final": {"loss": {"mean": 2.0}, "test_loss": {"mean": loss}},
            }))
        });
        insta::assert_snapshot!(table, @"
        rule     steady loss  final loss  test loss  vs. alone
        alone           1.00        2.00     0.5000          –
        average         1.00        2.00     0.2500    -0.2500
        loss            1.00        2.00     0.2500    -0.2500

        vs. alone: test loss minus that without cooperation, same draws
        ");
    }

    #[test]
    fn what_starved_is_told_by_row_and_what_was_done_instead() {
        let table = shown(RULES, |settings| {
            let (starved, kept_own) = match &*value(settings, "rule") {
                "alone" => (0.0, 0.0),
                "average" => (0.75, 0.75),
                _ => (0.5, 0.25),
            };
            done(json!({
                "steady": {"loss": {"mean": 1.0}, "starved": starved, "kept_own": kept_own},
                "final": {"loss": {"mean": 2.0}},
                "filter": {"byzantine_weight": 0.25},
                "wall_s": 0.125,
            }))
        });
        insta::assert_snapshot!(table, @r#"
        rule     steady loss  Byz. weight              starved  vs. alone  seconds
        alone           1.00       0.2500                    0          –   0.1250
        average         1.00       0.2500           0.7500 own          0   0.1250
        loss            1.00       0.2500  0.5000 own, made do          0   0.1250

        Not shown, in points.parquet: final loss
        vs. alone: steady loss minus that without cooperation, same draws
        starved: share of combinations with too few models for the rule; own: the own
        model was kept then (as with too_few = "own"); made do: those present were
        combined (under too_few = "shrink-f" with a lower f)
        "#);
    }

    #[test]
    fn twins_are_held_against_each_other_over_the_agents_normal_under_every_attack() {
        let attacks = r#"attack = { none = [], far = [{ agents = [1], kind = "sign-flip" }] }"#;
        let table = shown(&format!("{attacks}\n{RULES}"), |settings| {
            let loss = if value(settings, "rule") == "alone" {
                0.5
            } else {
                0.25
            };
            done(json!({
                "steady": {"loss": {"mean": loss}},
                "agents": {"normal": 99, "normal_set": "the same"},
            }))
        });
        insta::assert_snapshot!(table, @"
        attack  rule     steady loss  vs. alone
        none    alone         0.5000          –
        none    average       0.2500    -0.2500
        none    loss          0.2500    -0.2500
        far     alone         0.5000          –
        far     average       0.2500    -0.2500
        far     loss          0.2500    -0.2500

        vs. alone: steady loss minus that without cooperation, same draws, over the 99
        agents that are normal under every attack; other columns are over each point's
        own normal agents
        ");
    }

    #[test]
    fn without_a_twin_models_per_second_are_told_and_what_did_not_end() {
        let table = shown(
            "iterations = [1, 2, 3, 4]\nseed = [1]",
            |settings| match &*value(settings, "iterations") {
                "1" => run("inf".into(), None),
                "2" => run(0.5.into(), None),
                "3" => failed(),
                _ => PointOutcome::NotBegun,
            },
        );
        insta::assert_snapshot!(table, @"
        In all points: seed = 1

        iterations  steady loss  final loss  Byz. weight  models/s  seconds
        1                     ∞        2.00       0.2500     123 k   0.1250
        2                0.5000        2.00       0.2500     123 k   0.1250
        3                failed           –            –         –        –
        4             not begun           –            –         –        –
        ");
    }

    #[test]
    fn where_nothing_came_to_its_end_that_is_told() {
        insta::assert_snapshot!(shown("seed = [1, 2]", |_| failed()), @"
        Means over seeds (least–most), 2 each

        scenario  steady loss
        test           failed
        ");
    }

    #[test]
    fn of_many_rows_the_first_are_told() {
        let table = shown("iterations = { from = 1, count = 150 }", |_| {
            run(0.5.into(), None)
        });
        assert_eq!(table.lines().count(), 1 + MOST_ROWS + 2);
        assert!(
            table.ends_with("50 rows more, in points.parquet"),
            "{table}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 30,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_line_is_wider_than_its_terminal(
            labels in prop::collection::btree_set("[a-z名-]{1,90}", 1..4),
            keys in 0..4_usize,
            numbers in prop::array::uniform4(-1e12..1e12),
            width in 60..120_usize,
        ) {
            let labels: Vec<String> = labels.iter().map(|l| format!("\"{l}\" = {{}}")).collect();
            let more = [
                "\"learner.step_size\" = [0.123456789012, 0.5]\n",
                "\"topology.redraw_every_iterations\" = [123456789, 7]\n",
                "\"record.latency_every_iterations\" = [123456789, 7]\n",
            ];
            let more: String = more.into_iter().take(keys).collect();
            let file = sweep(&format!("{more}rule = {{ {} }}\nseed = [1, 2]", labels.join(", ")));
            let [loss, last, accuracy, weight] = numbers;
            let outcomes = outcomes(&file, |settings| done(json!({
                "steady": {"loss": {"mean": if value(settings, "seed") == "1" { loss } else { last }}},
                "final": {"loss": {"mean": last}, "accuracy": {"mean": accuracy}},
                "filter": {"byzantine_weight": weight},
                "models_per_s": 1.0,
                "wall_s": 0.125,
            })));
            let table = told(&file, &outcomes, width);
            for line in table.lines() {
                prop_assert!(line.width() <= width, "{line:?} in {width}");
            }
        }
    }
}
