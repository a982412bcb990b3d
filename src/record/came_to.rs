//! What each normal agent of a run came to: columns of `network/agents.parquet`.

use super::columns::Columns;
use super::table::{Column, Kind};
use crate::scenario::Plan;
use crate::units::AgentId;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

/// The columns and their meaning, in their order.
const OUTCOMES: [(&str, &str); 5] = [
    (
        "steady_loss",
        "mean loss of a normal agent in the steady state, on the batches of its iterations",
    ),
    (
        "steady_regret",
        "mean regret of a normal agent in the steady state",
    ),
    (
        "final_loss",
        "loss of a normal agent at the end: over all its training rows in tasks with rows, else on \
         the batch of its last iteration",
    ),
    (
        "final_test_loss",
        "mean loss per row of the test set at the end, of a normal agent",
    ),
    (
        "final_accuracy",
        "accuracy on the test set at the end, of a normal agent",
    ),
];

/// What an agent came to, in the order of the columns; NaN where a quantity does not exist.
pub(super) type Outcome = [f64; OUTCOMES.len()];

/// That of an attacker, or of a run that has not come to its end.
pub(super) const NOTHING: Outcome = [f64::NAN; OUTCOMES.len()];

pub(super) fn columns() -> Vec<Column> {
    let column = |(name, about)| Column::new(name, Kind::Number, "", about);
    OUTCOMES.into_iter().map(column).collect()
}

/// Which agents of a plan are normal, as a hash in hex: runs with the same one have the same.
pub(super) fn normal_set(plan: &Plan) -> String {
    let mut hash = Xxh3::new();
    for AgentId(agent) in plan.graph.ids().filter(|&k| !plan.is_byzantine(k)) {
        hash.update(&agent.to_le_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// What the normal agents of a run came to, read back.
pub struct CameTo {
    columns: Columns,
    normal: Vec<bool>,
}

impl CameTo {
    /// Reads it in a run's folder. `None` where the file cannot be read, or does not say it.
    pub(super) fn read(run: &Path) -> Option<CameTo> {
        let is_wanted =
            |name: &str| name == "byzantine" || OUTCOMES.iter().any(|(known, _)| *known == name);
        let path = run.join("network").join("agents.parquet");
        let columns = Columns::read(&path, is_wanted).ok()?;
        // Of a run under way, all is null.
        let says = |(name, _): &(&str, &str)| columns.numbers(name).iter().any(|x| !x.is_nan());
        if !OUTCOMES.iter().any(says) {
            return None;
        }
        let byzantine = columns.flags("byzantine");
        Some(CameTo {
            normal: byzantine.iter().map(|byzantine| !byzantine).collect(),
            columns,
        })
    }

    /// Whether each agent is normal, in their order.
    pub fn normal(&self) -> &[bool] {
        &self.normal
    }

    /// The mean of a column over those of these agents that have the quantity; `None` where none has.
    pub fn mean(&self, column: &str, agents: &[bool]) -> Option<f64> {
        let values = self.columns.numbers(column);
        let chosen = values.iter().zip(agents).filter(|(_, chosen)| **chosen);
        let known = chosen.map(|(value, _)| *value).filter(|x| !x.is_nan());
        let (sum, count) = known.fold((0.0, 0u32), |(sum, count), x| (sum + x, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }
}
