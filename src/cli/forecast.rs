//! What a run will need: models, memory, disk.

use super::time_left::in_words;
use crate::campaign::{Allowance, InAll, Needs, SideBySide, Size};
use crate::scenario::{Plan, Schedule};
use crate::units::short;
use serde_json::{Value, json};
use std::fmt;

/// What a run will need.
pub(super) struct Forecast {
    /// Models sent.
    pub models: f64,
    /// Whether that is an estimate: edges come and go, and it is not known before the run when
    /// iterations begin; the network is drawn anew; or `until_ms` may end the run earlier.
    is_estimate: bool,
    /// What decides how the point is run, and what it needs.
    pub size: Size,
}

impl Forecast {
    /// Models follow from the network, and where its edges come and go, from when iterations begin.
    pub fn of(plan: &Plan) -> Forecast {
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
        Forecast {
            models,
            is_estimate: schedule.is_some_and(|schedule| !schedule.is_exact)
                || !plan.networks.is_static()
                || plan.may_end_early(),
            size: Size::of(plan),
        }
    }

    pub fn json(&self) -> Value {
        let alone = SideBySide {
            jobs: 1,
            threads: 1,
            checkpoints: false,
        };
        let needs = Needs::in_all(std::iter::once(&self.size.needs), alone);
        json!({
            "models": self.models as u64,
            "models_are_an_estimate": self.is_estimate,
            "memory_bytes": needs.memory as u64,
            "disk_bytes": needs.disk as u64,
        })
    }
}

/// What all points will need.
pub(super) struct Total {
    models: f64,
    is_estimate: bool,
    needs: InAll,
    how: SideBySide,
    /// How long it takes, where that could be measured \[s\].
    pub seconds: Option<f64>,
}

impl Total {
    pub fn of<'a>(points: impl Iterator<Item = &'a Forecast> + Clone, how: SideBySide) -> Total {
        Total {
            models: points.clone().map(|point| point.models).sum(),
            is_estimate: points.clone().any(|point| point.is_estimate),
            needs: Needs::in_all(points.map(|point| &point.size.needs), how),
            how,
            seconds: None,
        }
    }

    /// Memory that `run` would take \[bytes\].
    pub fn memory(&self) -> f64 {
        self.needs.memory
    }

    /// Whether `run` refuses it without being asked to run it anyway.
    pub fn is_refused(&self) -> bool {
        Allowance::of_this_process().is_some_and(|allowed| self.needs.memory > allowed.bytes)
    }

    /// How long it takes, in a sentence.
    pub fn time(&self) -> Option<String> {
        let side_by_side = match self.how.jobs {
            1 => String::new(),
            jobs => format!(" with {jobs} points side by side"),
        };
        let time = match self.seconds? {
            seconds if seconds < 1.0 => "less than a second".to_owned(),
            seconds => format!("about {}", in_words(seconds)),
        };
        Some(format!(
            "Time: {time} on this machine{side_by_side}, without recording and report; from the first \
             iterations of a point of each rule."
        ))
    }

    pub fn json(&self) -> Value {
        let parts = self.needs.parts.iter();
        let parts = parts.map(|&(name, bytes)| json!({"of": name, "bytes": bytes as u64}));
        json!({
            "models": self.models as u64,
            "models_are_an_estimate": self.is_estimate,
            "memory_bytes": self.needs.memory as u64,
            "memory_by_part": parts.collect::<Vec<Value>>(),
            "disk_bytes": self.needs.disk as u64,
            "seconds": self.seconds,
            "jobs": self.how.jobs,
            "threads": self.how.threads,
        })
    }

    /// What is said where this process may not use that much memory.
    pub fn note(&self) -> Option<String> {
        let allowance = Allowance::of_this_process()?;
        (self.needs.memory > allowance.bytes).then(|| {
            let (part, most) = self.needs.largest();
            format!(
                "`run` refuses this without --anyway: it needs about {} of memory, {} of it for \
                 {part}, and {} is {}.",
                bytes(self.needs.memory),
                bytes(most),
                allowance.by,
                bytes(allowance.bytes)
            )
        })
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.is_estimate { "about " } else { "" };
        let models = short(self.models);
        let (disk, memory) = (bytes(self.needs.disk), bytes(self.needs.memory));
        write!(
            f,
            "{about}{models} models sent, about {disk} on disk and {memory} of memory"
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
    }
}
