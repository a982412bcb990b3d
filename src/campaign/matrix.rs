//! Rules against attacks: where a sweep has both, what each rule comes to under each attack, and its
//! worst case.

use super::judged::{Judged, Over};
use super::{Measure, PointOutcome};
use crate::record::Summary;
use crate::scenario::{RunId, ScenarioFile, Setting};
use std::collections::{BTreeMap, BTreeSet};

/// The matrix of a sweep over rules and attacks.
pub struct Matrix {
    /// What its cells are means of, over all points with their rule and attack.
    pub measure: Measure,
    /// Labels of the rules, in the order of the sweep.
    pub rules: Vec<String>,
    /// Labels of the attacks.
    pub attacks: Vec<String>,
    /// By rule, then by attack.
    pub cells: Vec<Vec<Cell>>,
    /// Over which agents they are.
    pub over: Over,
}

/// What a rule comes to under an attack.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// The mean over the points that have come to their end: infinite where one has diverged, `None`
    /// where there is none.
    pub mean: Option<f64>,
    /// Whether points are missing in it that failed or were not run.
    pub is_partial: bool,
}

impl Matrix {
    /// The matrix of a sweep with several rules and several attacks, if it is one.
    pub fn new(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Option<Matrix> {
        let settings = file.points.iter().map(|point| &point.settings[..]);
        let summaries = outcomes.iter().map(|(_, outcome)| outcome.summary());
        let points = settings.zip(summaries);
        Matrix::of(points.clone(), &Judged::of(points))
    }

    /// The same of points by their settings and, where they came to their end, their summaries.
    pub fn of<'a>(
        points: impl Iterator<Item = (&'a [Setting], Option<&'a Summary>)> + Clone,
        judged: &Judged,
    ) -> Option<Matrix> {
        let settings = points.clone().map(|(settings, _)| settings);
        let by_kind = || Axis::of(settings.clone(), "rule.kind");
        let rules = Axis::of(settings.clone(), "rule").or_else(by_kind)?;
        let attacks = Axis::of(settings.clone(), "attack")?;
        let measure = judged.measure?;
        let mut sums = vec![vec![Sum::default(); attacks.labels.len()]; rules.labels.len()];
        let mut counted = BTreeSet::new();
        for (point, (_, summary)) in points.enumerate() {
            let (rule, attack) = (rules.of_point[point], attacks.of_point[point]);
            let sum = &mut sums[rule][attack];
            // Points that are the same run, since their rule lacks a swept key, count once.
            let run = summary.and_then(|summary| summary.run());
            if run.is_some_and(|run| !counted.insert((rule, attack, run))) {
                continue;
            }
            match summary {
                Some(_) => sum.add(judged.number(point, measure)),
                None => sum.is_partial = true,
            }
        }
        let cells = |row: Vec<Sum>| row.into_iter().map(Sum::cell).collect();
        Some(Matrix {
            measure,
            rules: rules.labels,
            attacks: attacks.labels,
            cells: sums.into_iter().map(cells).collect(),
            over: judged.over(),
        })
    }

    /// The attack under which a rule does worst, of those under which points have come to their
    /// end, and what it comes to. To diverge is the worst.
    pub fn worst(&self, rule: usize) -> Option<(&str, f64)> {
        let cells = self.attacks.iter().zip(&self.cells[rule]);
        let known = cells.filter_map(|(attack, cell)| Some((&**attack, cell.mean?)));
        known.reduce(
            |worst, other| match self.measure.is_worse(other.1, worst.1) {
                true => other,
                false => worst,
            },
        )
    }
}

/// What a cell's mean is made of.
#[derive(Clone, Default)]
struct Sum {
    sum: f64,
    count: u32,
    is_partial: bool,
}

impl Sum {
    fn add(&mut self, number: Option<f64>) {
        self.sum += number.unwrap_or(0.0);
        self.count += u32::from(number.is_some());
    }

    fn cell(self) -> Cell {
        Cell {
            mean: (self.count > 0).then(|| self.sum / f64::from(self.count)),
            is_partial: self.is_partial,
        }
    }
}

/// A swept table.
struct Axis {
    /// Its labels in the order of the points.
    labels: Vec<String>,
    /// By point: the position of its label.
    of_point: Vec<usize>,
}

impl Axis {
    /// That of a table with several labels; `None` of one that has fewer or is not swept.
    fn of<'a>(points: impl Iterator<Item = &'a [Setting]>, key: &str) -> Option<Axis> {
        let mut positions = BTreeMap::new();
        let mut labels = Vec::new();
        let position = |settings: &[Setting]| {
            let found = settings.iter().find(|s| s.key == key)?;
            let label = found.value.to_string();
            Some(*positions.entry(label).or_insert_with_key(|label| {
                labels.push(label.clone());
                labels.len() - 1
            }))
        };
        let of_point = points.map(position).collect::<Option<_>>()?;
        (labels.len() > 1).then_some(Axis { labels, of_point })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{done, failed, outcomes, sweep, value};
    use super::*;
    use crate::scenario::Setting;
    use serde_json::{Value, json};

    const RULES: &str = r#"rule = { average = { kind = "average" }, loss = { kind = "loss" } }"#;
    const ATTACKS: &str =
        r#"attack = { none = [], far = [{ agents = [1], kind = "constant", value = 9.0 }] }"#;

    /// The matrix of two rules, two attacks and seeds 1 and 2, by what points came to.
    fn matrix(of: impl Fn(&str, &str, &str) -> PointOutcome) -> Matrix {
        let file = sweep(&format!("{RULES}\n{ATTACKS}\nseed = [1, 2]"));
        let of = |settings: &[Setting]| {
            let value = |key| value(settings, key);
            of(&value("rule"), &value("attack"), &value("seed"))
        };
        let outcomes = outcomes(&file, of);
        Matrix::new(&file, &outcomes).unwrap()
    }

    #[test]
    fn points_that_are_the_same_run_count_once() {
        let sweep = sweep(&format!("{RULES}\n{ATTACKS}\nseed = [1, 2]"));
        let loss =
            |run: &str, mean: f64| done(json!({"point": run, "steady": {"loss": {"mean": mean}}}));
        let outcomes = outcomes(&sweep, |settings| {
            match (&*value(settings, "rule"), &*value(settings, "seed")) {
                ("average", _) => loss("same", 1.0),
                (_, "1") => loss("one", 1.0),
                _ => loss("two", 3.0),
            }
        });
        let matrix = Matrix::new(&sweep, &outcomes).unwrap();
        assert_eq!(matrix.cells[0][0].mean, Some(1.0));
        assert_eq!(matrix.cells[1][0].mean, Some(2.0));
    }

    fn loss(mean: impl Into<Value>) -> PointOutcome {
        done(json!({"steady": {"loss": {"mean": mean.into()}, "regret": {}}}))
    }

    fn whole(mean: f64) -> Cell {
        Cell {
            mean: Some(mean),
            is_partial: false,
        }
    }

    fn partial(mean: Option<f64>) -> Cell {
        Cell {
            mean,
            is_partial: true,
        }
    }

    #[test]
    fn cells_are_means_over_all_points_with_their_rule_and_attack() {
        let found = matrix(|rule, attack, seed| {
            let rule = if rule == "average" { 10.0 } else { 20.0 };
            let attack = if attack == "far" { 4.0 } else { 0.0 };
            loss(rule + attack + seed.parse::<f64>().unwrap())
        });
        assert_eq!(found.measure, Measure::Loss);
        assert_eq!(found.rules, ["average", "loss"]);
        assert_eq!(found.attacks, ["none", "far"]);
        assert_eq!(found.cells[0], [whole(11.5), whole(15.5)]);
        assert_eq!(found.cells[1], [whole(21.5), whole(25.5)]);
    }

    #[test]
    fn the_greatest_loss_is_the_worst_and_the_least_accuracy() {
        let number = |attack: &str| if attack == "far" { 0.75 } else { 0.5 };
        let by_loss = matrix(|_, attack, _| loss(number(attack)));
        assert_eq!(by_loss.worst(0), Some(("far", 0.75)));
        let by_accuracy = matrix(|_, attack, _| {
            done(json!({
                "steady": {"loss": {"mean": 1.0 - number(attack)}},
                "final": {"accuracy": {"mean": number(attack)}},
            }))
        });
        assert_eq!(by_accuracy.measure, Measure::Accuracy);
        assert_eq!(by_accuracy.worst(0), Some(("none", 0.5)));
    }

    #[test]
    fn regret_comes_before_loss() {
        let outcome = || done(json!({"steady": {"loss": {"mean": 3.0}, "regret": {"mean": 2.0}}}));
        let found = matrix(|_, _, _| outcome());
        assert_eq!(found.measure, Measure::Regret);
        assert_eq!(found.cells[0], [whole(2.0); 2]);
    }

    #[test]
    fn regret_comes_before_accuracy_and_that_before_losses() {
        let found = |names: &[&str]| {
            let found = matrix(|_, _, _| {
                let part = |part: &str| -> Value {
                    let of_part = names.iter().filter_map(|name| name.strip_prefix(part));
                    let number = |name: &str| (name.to_owned(), json!({"mean": 0.5}));
                    of_part
                        .map(number)
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                };
                done(json!({"steady": part("steady "), "final": part("final ")}))
            });
            found.measure
        };
        let all = [
            "steady regret",
            "final accuracy",
            "final test_loss",
            "steady loss",
        ];
        for (from, expected) in (0..).zip(Measure::ALL) {
            assert_eq!(found(&all[from..]), expected);
        }
    }

    #[test]
    fn to_diverge_for_one_seed_is_the_worst() {
        let found = matrix(|rule, attack, seed| match (rule, attack, seed) {
            ("average", "none", "2") => loss("inf"),
            _ => loss(1e300),
        });
        assert_eq!(found.cells[0], [whole(f64::INFINITY), whole(1e300)]);
        assert_eq!(found.worst(0), Some(("none", f64::INFINITY)));
    }

    #[test]
    fn points_that_failed_or_were_not_run_are_missed() {
        let found = matrix(|rule, attack, seed| match (rule, attack, seed) {
            ("average", "none", "1") => failed(),
            ("average", "far", _) => PointOutcome::NotBegun,
            ("loss", "far", "1") => loss(Value::Null),
            _ => loss(5.0),
        });
        assert_eq!(found.cells[0], [partial(Some(5.0)), partial(None)]);
        assert_eq!(found.worst(0), Some(("none", 5.0)));
        // A run without a loss has come to its end.
        assert_eq!(found.cells[1], [whole(5.0); 2]);
    }

    #[test]
    fn of_a_rule_that_never_came_to_its_end_no_worst_case_is_known() {
        let found = matrix(|rule, _, _| match rule {
            "average" => failed(),
            _ => loss(5.0),
        });
        assert_eq!(found.cells[0], [partial(None); 2]);
        assert_eq!(found.worst(0), None);
    }

    #[test]
    fn without_several_rules_and_several_attacks_there_is_no_matrix() {
        let one_rule = r#"rule = { average = { kind = "average" } }"#;
        let one_attack = r#"attack = { none = [] }"#;
        for text in [
            format!("{one_rule}\n{ATTACKS}"),
            format!("{RULES}\n{one_attack}"),
            format!("{RULES}\nseed = [1, 2]"),
            ATTACKS.to_owned(),
        ] {
            let file = sweep(&text);
            let outcomes = outcomes(&file, |_| loss(1.0));
            assert!(Matrix::new(&file, &outcomes).is_none(), "{text}");
        }
        let file = sweep(&format!("{RULES}\n{ATTACKS}"));
        let outcomes = outcomes(&file, |_| failed());
        assert!(Matrix::new(&file, &outcomes).is_none(), "nothing to tell");
    }
}
