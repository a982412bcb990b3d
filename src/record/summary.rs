//! `summary.json`: a run in a page of numbers.

use super::groups::{GroupStats, RoundStats};
use super::sample::Traffic;
use super::stats::Spread;
use super::{Machine, peak_memory_bytes};
use crate::scenario::Plan;
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::Xxh3;

/// What a run came to. The JSON form is the file `summary.json`.
#[derive(Clone, Debug)]
pub struct Summary {
    json: Value,
}

/// What a summary is made of.
pub(super) struct Findings<'a> {
    pub plan: &'a Plan,
    pub status: &'a str,
    pub threads: usize,
    pub iterations: u64,
    pub fingerprint: u64,
    pub last: Option<&'a RoundStats>,
    pub steady: Value,
    pub filter: Value,
    pub traffic: Traffic,
    pub simulated_ms: f64,
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
        let json = json!({
            "program": concat!("byzsim ", env!("CARGO_PKG_VERSION")),
            "machine": Machine::here(),
            "scenario": plan.name,
            "point": plan.id.to_string(),
            "data": plan.world.generated(),
            "settings": settings,
            "fingerprint": format!("{:016x}", found.fingerprint),
            "status": found.status,
            "iterations": found.iterations,
            "threads": found.threads,
            "agents": {"total": agents, "normal": agents - byzantine, "byzantine": byzantine},
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
        Summary { json }
    }

    /// A summary read back from its file.
    pub fn from_json(json: Value) -> Summary {
        Summary { json }
    }

    /// All of it.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What stands in the place of published data, if something does.
    pub fn generated(&self) -> Option<&str> {
        self.json["data"].as_str()
    }

    /// Hash of every normal agent's every combined model, in hex.
    pub fn fingerprint(&self) -> &str {
        self.json["fingerprint"].as_str().unwrap_or_default()
    }

    /// A number by its path, such as `["steady", "loss", "mean"]`; `None` where it does not exist.
    pub fn number(&self, path: &[&str]) -> Option<f64> {
        path.iter()
            .try_fold(&self.json, |value, key| value.get(key))?
            .as_f64()
    }
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
    json!({"mean": spread.mean, "min": spread.min, "max": spread.max})
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
