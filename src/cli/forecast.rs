//! What a run will need: models, memory, disk.

use crate::learner::Method;
use crate::scenario::{Plan, RecordWeights};
use crate::units::short;
use serde_json::{Value, json};
use std::fmt;

/// What a run will need.
#[derive(Default)]
pub(super) struct Forecast {
    /// Models sent.
    pub models: f64,
    /// \[bytes\].
    memory: f64,
    /// \[bytes\].
    disk: f64,
}

impl Forecast {
    /// Models follow from the network. Memory and disk are estimates from measured runs: bytes per
    /// actor, per message under way and per row.
    pub fn of(plan: &Plan) -> Forecast {
        let agents = plan.graph.agents() as f64;
        let fanout = plan.fanout.map_or(usize::MAX, |fanout| fanout as usize);
        let sends = |k| plan.graph.sends_to(k).len().min(fanout) as f64;
        let per_iteration: f64 = plan.graph.ids().map(sends).sum();
        let iterations = plan.iterations as f64;
        let models = match &plan.timetable {
            Some(table) => {
                let of = |k| sends(k) * table.iterations_of(k) as f64;
                plan.graph.ids().map(of).sum()
            }
            None => per_iteration * iterations,
        };
        let parameters = 4.0 * plan.world.dimension() as f64;
        let optimizers = plan.graph.ids().map(|k| match plan.learner(k).method {
            Method::Sgd => 0.0,
            Method::Adam(_) => 4.0 * parameters,
        });
        let learning = plan.world.bytes() as f64 + optimizers.sum::<f64>();
        let memory =
            12e6 + agents * (2_600.0 + 4.0 * parameters) + per_iteration * 180.0 + learning;
        let recorded = (iterations / plan.record.every_iterations as f64).ceil();
        let rows = plan.recorded.iter().filter(|&&r| r).count() as f64 * recorded;
        let kept = match plan.record.weights {
            RecordWeights::None => 0.0,
            RecordWeights::Last => 1.0,
            RecordWeights::Every(every) => (iterations / every as f64).ceil(),
        };
        let disk = 40e3
            + recorded * 2.0 * 400.0
            + rows * 60.0
            + kept * (per_iteration + agents) * 30.0
            + per_iteration * 4.0;
        Forecast {
            models,
            memory,
            disk,
        }
    }

    /// That of points one after the other: what they leave adds up, what they need does not.
    pub fn total<'a>(points: impl Iterator<Item = &'a Forecast>) -> Forecast {
        points.fold(Forecast::default(), |total, point| Forecast {
            models: total.models + point.models,
            memory: total.memory.max(point.memory),
            disk: total.disk + point.disk,
        })
    }

    pub fn json(&self) -> Value {
        json!({
            "models": self.models as u64,
            "memory_bytes": self.memory as u64,
            "disk_bytes": self.disk as u64,
        })
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (models, disk, memory) = (short(self.models), bytes(self.disk), bytes(self.memory));
        write!(
            f,
            "{models} models sent, {disk} on disk, at most {memory} of memory"
        )
    }
}

fn bytes(count: f64) -> String {
    match count {
        c if c >= 1e9 => format!("{:.1} GB", c / 1e9),
        c if c >= 1e6 => format!("{:.0} MB", c / 1e6),
        c => format!("{:.0} kB", c / 1e3),
    }
}
