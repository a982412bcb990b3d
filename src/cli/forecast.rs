//! What a run will need: models, memory, disk.

use crate::learner::Method;
use crate::scenario::{Plan, RecordWeights, Schedule};
use crate::units::short;
use serde_json::{Value, json};
use std::fmt;

/// What a run will need.
#[derive(Default)]
pub(super) struct Forecast {
    /// Models sent.
    pub models: f64,
    /// Whether that is an estimate: edges come and go, and it is not known before the run when
    /// iterations begin; the network is drawn anew; or `until_ms` may end the run earlier.
    is_estimate: bool,
    /// \[bytes\].
    memory: f64,
    /// \[bytes\].
    disk: f64,
}

impl Forecast {
    /// Models follow from the network, and where its edges come and go, from when iterations begin.
    /// Memory and disk are estimates from measured runs: bytes per
    /// actor, per message under way and per row.
    pub fn of(plan: &Plan) -> Forecast {
        let agents = plan.graph.agents() as f64;
        let fanout = plan.fanout.map_or(usize::MAX, |fanout| fanout as usize);
        let sends = |k| plan.graph.sends_to(k).len().min(fanout) as f64;
        let per_iteration: f64 = plan.graph.ids().map(sends).sum();
        let iterations = plan.most_iterations() as f64;
        let schedule = plan.graph.has_windows().then(|| Schedule::of(plan));
        let models = match (&schedule, &plan.timetable) {
            (Some(schedule), _) => {
                let of = |k| schedule.models_of(&plan.graph, k) as f64;
                plan.graph.ids().map(of).sum()
            }
            (None, Some(table)) => {
                let of = |k| sends(k) * table.iterations_of(k) as f64;
                plan.graph.ids().map(of).sum()
            }
            (None, None) => per_iteration * iterations,
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
        let networks = 1 + plan
            .networks
            .epoch(plan.most_iterations().saturating_sub(1));
        let kept = match plan.record.weights {
            RecordWeights::None => 0.0,
            RecordWeights::Last => 1.0,
            RecordWeights::Every(every) => (iterations / every as f64).ceil(),
        };
        let disk = 40e3
            + recorded * 2.0 * 400.0
            + rows * 60.0
            + kept * (per_iteration + agents) * 30.0
            + per_iteration * 4.0 * networks as f64;
        Forecast {
            models,
            is_estimate: schedule.is_some_and(|schedule| !schedule.is_exact)
                || !plan.networks.is_static()
                || plan.may_end_early(),
            memory,
            disk,
        }
    }

    /// That of points one after the other: what they leave adds up, what they need does not.
    pub fn total<'a>(points: impl Iterator<Item = &'a Forecast>) -> Forecast {
        points.fold(Forecast::default(), |total, point| Forecast {
            models: total.models + point.models,
            is_estimate: total.is_estimate || point.is_estimate,
            memory: total.memory.max(point.memory),
            disk: total.disk + point.disk,
        })
    }

    pub fn json(&self) -> Value {
        json!({
            "models": self.models as u64,
            "models_are_an_estimate": self.is_estimate,
            "memory_bytes": self.memory as u64,
            "disk_bytes": self.disk as u64,
        })
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.is_estimate { "about " } else { "" };
        let (models, disk, memory) = (short(self.models), bytes(self.disk), bytes(self.memory));
        write!(
            f,
            "{about}{models} models sent, {disk} on disk, at most {memory} of memory"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::{self, RunOptions};
    use crate::data::Library;
    use crate::scenario::{Catalogues, ScenarioFile};
    use std::path::Path;

    /// The forecast of a run over a file of edges, and how many models it sends.
    fn forecast(edges: &str, keys: &str) -> (Forecast, f64) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("edges.csv"), edges).expect("a file");
        let text = format!(
            "iterations = 20\n[task]\nkind = \"target-localization\"\n[topology]\n\
             kind = \"file\"\npath = \"edges.csv\"\n{keys}"
        );
        let catalogues = Catalogues::default();
        let path = folder.path().to_owned();
        let file = ScenarioFile::parse("test", &text, "test", path, &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        let library = Library::new(None, Path::new(""));
        let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
        let plan = plan.unwrap_or_else(|error| panic!("{error}"));
        let forecast = Forecast::of(&plan);
        let ran = actors::run(plan.into(), RunOptions::default()).expect("a run");
        (
            forecast,
            ran.number(&["messages", "sent"]).expect("a number"),
        )
    }

    const EDGES: &str = "a,b,from_ms,to_ms\n0,1,50,\n1,2,0,95\n0,2,0,50\n0,2,120,130.5\n3,0,,\n";

    #[test]
    fn edges_that_come_and_go_are_counted_by_their_times() {
        // Without an edge at hand, iterations take no time for messages.
        let gap = "a,b,from_ms,to_ms\n0,1,0,35\n1,2,100.004,\n";
        let deadline = "[clock]\nmode = \"deadline\"\nperiod_ms = 11\n";
        for (edges, keys) in [
            (EDGES, ""),
            (EDGES, "fanout = 1\n"),
            (EDGES, "directed = true\n"),
            (EDGES, "[link]\ndelay_ms = 2.5\n"),
            (EDGES, deadline),
            (EDGES, "[clock]\nmode = \"asynchronous\"\ncompute_ms = 7\n"),
            (gap, ""),
            (gap, deadline),
        ] {
            let (forecast, sent) = forecast(edges, keys);
            assert_eq!(forecast.models, sent, "{edges}{keys}");
            assert!(!forecast.is_estimate, "{keys}");
        }
    }

    #[test]
    fn what_is_not_known_before_the_run_is_an_estimate() {
        let keys = "[link]\ndelay_ms = { kind = \"exponential\", mean = 1 }\n";
        let (forecast, _) = forecast(EDGES, keys);
        assert!(forecast.is_estimate);
        assert!(forecast.to_string().starts_with("about "), "{forecast}");
    }
}
