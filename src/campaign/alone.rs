//! How much a point differs from its twin without cooperation: the point of the same sweep with the
//! same settings but for the rule, so with the same draws.

use super::PointOutcome;
use crate::scenario::{Point, RunId, ScenarioFile};

/// The rule whose points others are held against.
const ALONE: &str = "no-cooperation";

/// What is compared: its name in `points.parquet`, and its path in summaries.
pub(super) const COMPARED: [(&str, [&str; 3]); 3] = [
    ("steady_loss_above_alone", ["steady", "loss", "mean"]),
    ("steady_regret_above_alone", ["steady", "regret", "mean"]),
    ("final_accuracy_above_alone", ["final", "accuracy", "mean"]),
];

/// A point's quantities minus its twin's, in the order in which they are listed; `None` where one of
/// both has not such a quantity.
pub(super) struct AboveAlone {
    /// The twin's run.
    pub twin: RunId,
    /// The differences.
    pub differences: [Option<f64>; COMPARED.len()],
}

impl AboveAlone {
    /// Those of every point that has a twin.
    pub fn all(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Vec<Option<AboveAlone>> {
        let points = file.points.iter().enumerate();
        let of_point = |(index, point): (usize, &Point)| {
            let twin = twin(file, point)?;
            let own = outcomes[index].1.summary()?;
            let (id, alone) = (&outcomes[twin].0, outcomes[twin].1.summary()?);
            let difference =
                |(_, path): (_, [&str; 3])| Some(own.number(&path)? - alone.number(&path)?);
            Some(AboveAlone {
                twin: id.clone(),
                differences: COMPARED.map(difference),
            })
        };
        points.map(of_point).collect()
    }
}

/// The twin of a point that cooperates.
fn twin(file: &ScenarioFile, point: &Point) -> Option<usize> {
    let is_alone = |other: &Point| {
        let scenario = &other.scenario;
        scenario.rule.kind == ALONE && scenario.rule_overrides.iter().next().is_none()
    };
    let of_rule = |key: &str| key == "rule" || key.starts_with("rule.");
    let same = |other: &Point| {
        let pairs = point.settings.iter().zip(&other.settings);
        pairs.into_iter().all(|(a, b)| a == b || of_rule(&a.key))
    };
    if is_alone(point) {
        return None;
    }
    let mut points = file.points.iter();
    points.position(|other| is_alone(other) && same(other))
}
