//! How much a point differs from its twin without cooperation: the point of the same sweep with the
//! same settings but for the rule, so with the same draws.

use super::{Judged, Measure, PointOutcome};
use crate::scenario::{Point, RunId, ScenarioFile};
use std::collections::BTreeMap;

/// The rule whose points others are held against.
const ALONE: &str = "no-cooperation";

/// What a point came to minus what its twin without cooperation came to, over the agents that are
/// normal at both, and under every other attack of the sweep.
///
/// A difference is `None` where one of both has no such quantity or both have diverged; it is
/// infinite where the point alone has diverged, minus infinity where its twin alone has.
#[derive(Clone, Debug)]
pub struct AboveAlone {
    /// The twin's run.
    pub twin: RunId,
    /// How many agents that is; `None` where each point is over its own normal agents.
    pub agents: Option<u64>,
    /// In the order of [`Self::COLUMNS`].
    differences: [Option<f64>; 4],
}

/// What differences are of, in the order of [`AboveAlone::COLUMNS`].
const MEASURES: [Measure; 4] = [
    Measure::Loss,
    Measure::Regret,
    Measure::Accuracy,
    Measure::TestLoss,
];

impl AboveAlone {
    /// The differences of every point that cooperates, has come to its end and has a twin that has,
    /// in the order of the points.
    pub fn all(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Vec<Option<AboveAlone>> {
        AboveAlone::judged(file, outcomes, &Judged::new(file, outcomes))
    }

    /// The same where it is known already how points are judged.
    pub fn judged(
        file: &ScenarioFile,
        outcomes: &[(RunId, PointOutcome)],
        judged: &Judged,
    ) -> Vec<Option<AboveAlone>> {
        let mut alone = BTreeMap::new();
        for (index, point) in file.points.iter().enumerate() {
            if is_alone(point) {
                // Several that differ in keys of rules are one run.
                alone.entry(but_for_rule(point)).or_insert(index);
            }
        }
        let of_point = |(own, point): (usize, &Point)| {
            if is_alone(point) {
                return None;
            }
            let twin = *alone.get(&but_for_rule(point))?;
            let has_ended = |point: usize| outcomes[point].1.summary().is_some();
            (has_ended(own) && has_ended(twin)).then(|| AboveAlone {
                twin: outcomes[twin].0.clone(),
                agents: judged.agents(own),
                differences: MEASURES.map(|measure| {
                    let difference = judged.number(own, measure)? - judged.number(twin, measure)?;
                    // Nobody knows which of two infinities is more.
                    (!difference.is_nan()).then_some(difference)
                }),
            })
        };
        file.points.iter().enumerate().map(of_point).collect()
    }

    /// The difference in what points are judged by.
    pub fn of(&self, measure: Measure) -> Option<f64> {
        let at = MEASURES.iter().position(|known| *known == measure)?;
        self.differences[at]
    }

    /// What the differences are called in `points.parquet`.
    pub const COLUMNS: [&str; 4] = [
        "steady_loss_above_alone",
        "steady_regret_above_alone",
        "final_accuracy_above_alone",
        "final_test_loss_above_alone",
    ];

    /// The differences in the order of [`Self::COLUMNS`].
    pub fn to_array(&self) -> [Option<f64>; 4] {
        self.differences
    }
}

/// Whether nobody cooperates at a point.
fn is_alone(point: &Point) -> bool {
    point.outline.rule == ALONE && !point.outline.has_rule_overrides
}

/// What a point has in common with its twin: all swept settings but the rule's, as text, since
/// numbers among them have no order of their own.
fn but_for_rule(point: &Point) -> String {
    let of_rule = |key: &str| key == "rule" || key.starts_with("rule.");
    let others = point.settings.iter().filter(|s| !of_rule(&s.key));
    format!("{:?}", others.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{done, failed, outcomes, sweep};
    use super::*;
    use serde_json::json;

    const INF: &str = "inf";

    /// The twin of every point, by the settings of both.
    fn twins(file: &ScenarioFile) -> Vec<(String, Option<String>)> {
        let outcomes = outcomes(file, |_| done(json!({})));
        let above = AboveAlone::all(file, &outcomes).into_iter();
        let ids = outcomes.iter().map(|(id, _)| id.to_string());
        ids.zip(above.map(|above| above.map(|above| above.twin.to_string())))
            .collect()
    }

    /// Those of the point `average` above its twin, whose summaries are these.
    fn above(average: PointOutcome, alone: PointOutcome) -> Option<[Option<f64>; 4]> {
        let file = sweep(
            r#"rule = { alone = { kind = "no-cooperation" }, average = { kind = "average" } }"#,
        );
        let mut outcomes = outcomes(&file, |_| failed());
        outcomes[0].1 = alone;
        outcomes[1].1 = average;
        let all = AboveAlone::all(&file, &outcomes);
        assert!(all[0].is_none(), "who is alone is held against nobody");
        all[1].as_ref().map(AboveAlone::to_array)
    }

    #[test]
    fn a_twin_has_the_same_settings_but_for_the_rule() {
        let file = sweep(
            r#"
            seed = [1, 2]
            rule = { average = { kind = "average" }, alone = { kind = "no-cooperation" }, loss = { kind = "loss" } }
            attack = { none = [], far = [{ agents = [1], kind = "constant", value = 9.0 }] }
            "learner.step_size" = [0.01, 0.1]
            "#,
        );
        let twins = twins(&file);
        assert_eq!(twins.len(), 24);
        for (own, twin) in twins {
            let expected = ["average", "loss"].iter().find_map(|rule| {
                let rule = format!("rule = {rule},");
                own.contains(&rule)
                    .then(|| own.replace(&rule, "rule = alone,"))
            });
            assert_eq!(twin, expected, "{own}");
        }
    }

    #[test]
    fn keys_of_rules_make_no_difference_to_a_twin() {
        let file = sweep(
            r#"
            "rule.kind" = ["loss", "no-cooperation"]
            "rule.forgetting" = [0.1, 0.2]
            seed = [7, 8]
            "#,
        );
        for (own, twin) in twins(&file) {
            let expected = own.contains("rule.kind = loss").then(|| {
                // The first of several that are one run.
                own.replace("loss", "no-cooperation").replace("0.2", "0.1")
            });
            assert_eq!(twin, expected, "{own}");
        }
    }

    #[test]
    fn a_point_in_which_some_cooperate_is_no_twin() {
        let file = sweep(
            r#"
            [sweep.rule]
            alone = { kind = "no-cooperation", override = [{ agents = [0], kind = "average" }] }
            average = { kind = "average" }
            "#,
        );
        assert!(twins(&file).iter().all(|(_, twin)| twin.is_none()));
    }

    #[test]
    fn nobody_has_a_twin_where_settings_differ_or_everyone_cooperates() {
        for text in [
            r#"rule = { loss = { kind = "loss" }, average = { kind = "average" } }"#,
            r#"seed = [1, 2]"#,
        ] {
            let file = sweep(text);
            assert!(
                twins(&file).iter().all(|(_, twin)| twin.is_none()),
                "{text}"
            );
        }
    }

    #[test]
    fn differences_are_those_of_the_point_above_its_twin() {
        let summary = |loss: f64, accuracy: f64| {
            done(json!({
                "steady": {"loss": {"mean": loss}, "regret": {}},
                "final": {"accuracy": {"mean": accuracy}},
            }))
        };
        let better = above(summary(0.25, 0.75), summary(1.0, 0.5));
        assert_eq!(better, Some([Some(-0.75), None, Some(0.25), None]));
        let worse = above(summary(3.0, 0.125), summary(1.0, 0.5));
        assert_eq!(worse, Some([Some(2.0), None, Some(-0.375), None]));
    }

    #[test]
    fn divergence_is_an_infinite_difference_unless_both_diverge() {
        let loss = |mean: serde_json::Value| done(json!({"steady": {"loss": {"mean": mean}}}));
        let infinity = f64::INFINITY;
        let own = above(loss(INF.into()), loss(1.0.into()));
        assert_eq!(own, Some([Some(infinity), None, None, None]));
        let twin = above(loss(1.0.into()), loss(INF.into()));
        assert_eq!(twin, Some([Some(-infinity), None, None, None]));
        let both = above(loss(INF.into()), loss(INF.into()));
        assert_eq!(both, Some([None; 4]));
    }

    #[test]
    fn what_did_not_end_is_not_compared() {
        assert_eq!(above(failed(), done(json!({}))), None);
        assert_eq!(above(done(json!({})), failed()), None);
    }
}
