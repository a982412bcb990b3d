//! `summary.json`: a run in a page of numbers.

use super::build::Build;
use super::came_to::{self, CameTo};
use super::failure::RunError;
use super::groups::{GroupStats, RoundStats};
use super::leaves::{Leaf, Leaves};
use super::sample::Traffic;
use super::seal::KEYS;
use super::stats::Spread;
use super::{Machine, peak_memory_bytes};
use crate::scenario::Plan;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What a run came to. The JSON form is the file `summary.json`.
///
/// What does not exist is absent or null. What has diverged does exist: a statistic of models that
/// is infinite stands in `final` and `steady` as the text `"inf"` (or `"-inf"`), for JSON has no
/// such number, and is read back as infinity.
///
/// It takes little room, for a campaign keeps those of all its points.
#[derive(Clone, Debug)]
pub struct Summary {
    leaves: Leaves,
    /// The run's folder, where it is known.
    run: Option<PathBuf>,
}

/// The parts with statistics of models, which may be infinite.
const OF_MODELS: [&str; 2] = ["final", "steady"];

/// What stands there for numbers that JSON has not.
const INFINITIES: [(&str, f64); 2] = [("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY)];

/// What a summary is made of.
pub(super) struct Findings<'a> {
    pub plan: &'a Plan,
    pub status: &'a str,
    /// Why it did not come to its end.
    pub error: Option<&'a RunError>,
    pub threads: usize,
    pub iterations: u64,
    pub fingerprint: u64,
    pub last: Option<&'a RoundStats>,
    pub steady: Value,
    pub filter: Value,
    pub traffic: Traffic,
    pub simulated_ms: f64,
    /// Moments of the timeline without a row.
    pub moments_left_out: u64,
    pub latency: Map<String, Value>,
    pub wall_s: f64,
}

impl Summary {
    pub(super) fn new(found: &Findings<'_>) -> Summary {
        let plan = found.plan;
        let settings: Map<String, Value> = plan
            .settings
            .iter()
            .map(|s| (s.key.clone(), json!(s.value)))
            .collect();
        let agents = plan.graph.agents();
        let byzantine = plan.byzantine();
        let mut json = json!({
            "program": Build::here().program,
            "executable": Build::here().executable,
            "machine": Machine::here(),
            "scenario": plan.name,
            "point": plan.id.to_string(),
            "data": plan.world.generated(),
            "settings": settings,
            "record": plan.record.settings,
            "fingerprint": format!("{:016x}", found.fingerprint),
            "status": found.status,
            "error": found.error.map(|error| json!({
                "kind": error.kind(),
                "message": error.to_string(),
            })),
            "iterations": found.iterations,
            "threads": found.threads,
            "agents": {"total": agents, "normal": agents - byzantine, "byzantine": byzantine,
                "normal_set": came_to::normal_set(plan)},
            "edges": plan.graph.edges(),
            "final": found.last.map_or(json!({}), final_values),
            "steady": found.steady,
            "filter": found.filter,
            "messages": found.traffic,
            "simulated_ms": found.simulated_ms,
            "latency": found.latency,
            "wall_s": found.wall_s,
            "models_per_s": found.traffic.sent as f64 / found.wall_s,
            "peak_memory_bytes": peak_memory_bytes(),
        });
        if found.moments_left_out > 0 {
            json["moments_left_out"] = found.moments_left_out.into();
        }
        Summary::from_json(json)
    }

    /// A summary read back from its file.
    pub fn from_json(mut json: Value) -> Summary {
        // What its files hold is checked when it is read.
        if let Some(entries) = json.as_object_mut() {
            KEYS.iter().for_each(|key| drop(entries.shift_remove(*key)));
        }
        Summary {
            leaves: Leaves::of(json),
            run: None,
        }
    }

    /// The same with the folder of its run, in which single agents are looked up.
    pub fn found_in(self, run: &Path) -> Summary {
        Summary {
            run: Some(run.to_owned()),
            ..self
        }
    }

    /// Which agents are normal, as a hash: runs with the same one have the same. `None` where an older
    /// version has not kept it.
    pub fn normal_set(&self) -> Option<&str> {
        self.text(&["agents", "normal_set"])
    }

    /// What each agent came to, read in the run's folder; `None` where it is not there.
    pub fn came_to(&self) -> Option<CameTo> {
        CameTo::read(self.run.as_deref()?)
    }

    /// All of it, which takes much more room.
    pub fn json(&self) -> Value {
        self.leaves.json()
    }

    /// What stands in the place of published data, if something does.
    pub fn generated(&self) -> Option<&str> {
        self.text(&["data"])
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        match self.leaves.get(path)? {
            Leaf::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id of the run.
    pub fn run(&self) -> Option<&str> {
        self.text(&["point"])
    }

    /// Hash of every normal agent's every combined model, in hex.
    pub fn fingerprint(&self) -> &str {
        self.text(&["fingerprint"]).unwrap_or_default()
    }

    /// In one word: `done`, `failed` or `interrupted`.
    pub fn status(&self) -> &str {
        self.text(&["status"]).unwrap_or_default()
    }

    /// Why the run did not come to its end: kind ([`RunError::kind`]) and message.
    pub fn error(&self) -> Option<(&str, &str)> {
        let part = |part| self.text(&["error", part]);
        Some((part("kind")?, part("message")?))
    }

    /// A number by its path, such as `["steady", "loss", "mean"]`: infinite where models have
    /// diverged, `None` where it does not exist.
    pub fn number(&self, path: &[&str]) -> Option<f64> {
        number(&self.leaves.get(path)?, OF_MODELS.contains(path.first()?))
    }

    /// All numbers but those that were asked for, the settings, in their order, under names such as `steady_loss_mean`.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        let is_asked = |path: &[Box<str>]| matches!(&*path[0], "settings" | "record");
        let all = self.leaves.iter().filter(move |(path, _, _)| {
            // A summary that is no object has nothing by name.
            !path.is_empty() && !is_asked(path)
        });
        all.filter_map(|(path, name, leaf)| {
            Some((name, number(&leaf, OF_MODELS.contains(&&*path[0]))?))
        })
    }
}

/// A number, or what stands for an infinite one. Elsewhere the same text may be somebody's word,
/// such as the scenario's name.
fn number(leaf: &Leaf<'_>, of_models: bool) -> Option<f64> {
    match leaf {
        Leaf::Text(text) if of_models => {
            let found = INFINITIES.iter().find(|(infinite, _)| infinite == text);
            found.map(|(_, x)| *x)
        }
        Leaf::Whole(whole) => Some(*whole as f64),
        Leaf::Number(x) => Some(*x),
        // A whole number beyond the others.
        Leaf::Other(text) => text.parse().ok(),
        _ => None,
    }
}

fn to_json(x: f64) -> Value {
    let infinity = INFINITIES.iter().find(|(_, infinity)| *infinity == x);
    infinity.map_or(json!(x), |(text, _)| json!(text))
}

/// The run's fingerprint: a hash over the normal agents' in their order.
pub(super) fn fingerprint(agents: impl Iterator<Item = u64>) -> u64 {
    let mut hash = Xxh3::new();
    for agent in agents {
        hash.update(&agent.to_le_bytes());
    }
    hash.digest()
}

/// Mean, least and greatest; nothing where the quantity does not exist.
pub(super) fn range(spread: &Spread) -> Value {
    if spread.mean.is_nan() {
        return json!({});
    }
    json!({
        "mean": to_json(spread.mean),
        "min": to_json(spread.min),
        "max": to_json(spread.max),
    })
}

fn final_values(last: &RoundStats) -> Value {
    let of = |stats: &GroupStats| -> Map<String, Value> {
        let spreads = stats.spreads().into_iter();
        spreads
            .map(|(name, spread)| (name.to_owned(), range(spread)))
            .collect()
    };
    let mut all = of(&last.all);
    let groups = last
        .groups
        .iter()
        .map(|(g, stats)| (g.to_string(), of(stats).into()));
    all.insert("groups".to_owned(), Value::Object(groups.collect()));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> Spread {
        Spread::of(values, &mut Vec::new())
    }

    #[test]
    fn what_diverged_is_told_and_read_back() {
        let loss = range(&spread(&[1.0, f64::INFINITY]));
        assert_eq!(loss, json!({"mean": "inf", "min": 1.0, "max": "inf"}));
        let summary =
            Summary::from_json(json!({"steady": {"loss": loss, "regret": {"mean": "-inf"}}}));
        let steady = |quantity, part| summary.number(&["steady", quantity, part]);
        assert_eq!(steady("loss", "mean"), Some(f64::INFINITY));
        assert_eq!(steady("loss", "min"), Some(1.0));
        assert_eq!(steady("regret", "mean"), Some(f64::NEG_INFINITY));
        assert_eq!(steady("deviation", "mean"), None);
        let told = [
            ("steady_loss_mean", f64::INFINITY),
            ("steady_loss_min", 1.0),
            ("steady_loss_max", f64::INFINITY),
            ("steady_regret_mean", f64::NEG_INFINITY),
        ];
        assert_eq!(summary.numbers().collect::<Vec<_>>(), told);
    }

    #[test]
    fn what_does_not_exist_is_no_number() {
        assert_eq!(range(&spread(&[f64::NAN])), json!({}));
        let summary =
            Summary::from_json(json!({"steady": {"loss": {"mean": null, "max": "none"}}}));
        assert_eq!(summary.numbers().count(), 0);
        assert_eq!(summary.number(&["steady", "loss", "mean"]), None);
    }

    #[test]
    fn a_name_is_no_number_and_settings_are_none_of_the_numbers() {
        let json = json!({"scenario": "inf", "settings": {"seed": 3}, "agents": {"total": 4}});
        let summary = Summary::from_json(json);
        assert_eq!(summary.number(&["scenario"]), None);
        assert_eq!(
            summary.numbers().collect::<Vec<_>>(),
            [("agents_total", 4.0)]
        );
    }
}
