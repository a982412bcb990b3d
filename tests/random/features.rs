//! Which features of scenarios occurred how often.

use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// What must have occurred, and in how many of a hundred scenarios.
const NEEDED: &[(&[&str], u64)] = &[
    (
        &[
            "clock.mode=synchronous",
            "clock.mode=deadline",
            "clock.mode=asynchronous",
            "clock.quorum",
            "clock.late=use",
            "clock.late=discard",
            "clock.missing=skip",
            "clock.missing=hold",
            "clock.max_age_iterations",
            "clock.max_age_ms",
            "clock.compute_ms",
            "clock.override.speed",
            "clock.override.compute_ms",
            "until_ms",
            "link.delay_ms",
            "link.drop",
            "link.duplicate",
            "link.burst",
            "link.uplink_mbps",
            "link.downlink_mbps",
            "link.model_bytes",
            "link.flood_bound",
            "link.retransmit_ms",
            "link.retransmit_limit",
            "link.override.between",
            "link.override.from",
            "link.override.delay_ms",
            "link.override.drop",
            "link.override.uplink_mbps",
            "link.override.downlink_mbps",
            "link.override.retransmit_ms",
            "fault.kind=crash",
            "fault.kind=late-join",
            "fault.kind=churn",
            "fault.kind=partition",
            "fault.from_ms",
            "fault.from_iteration",
            "fault.to_ms",
            "fault.to_iteration",
            "attack.timing.kind=silent",
            "attack.timing.kind=delay",
            "attack.timing.kind=replay",
            "attack.timing.kind=flood",
            "attack.timing.kind=just-before-deadline",
            "attack.victims",
            "attack.per_victim",
            "attack.active.from_iteration",
            "attack.active.from_ms",
            "attack.active.period_iterations",
            "rule.kind=loss",
            "rule.kind=distance",
            "rule.kind=metropolis",
            "rule.kind=average",
            "rule.kind=no-cooperation",
            "rule.unseen=keep",
            "rule.unseen=decay",
            "rule.unseen=reset",
            "rule.age_discount",
            "rule.filter",
            "rule.baseline=own",
            "rule.judge=fresh",
            "rule.reference=one-step-ahead",
            "rule.forgetting",
            "rule.power",
            "learner.optimizer=adam",
            "learner.beta1",
            "learner.beta2",
            "learner.epsilon",
            "learner.step_size",
            "learner.steps_per_exchange",
            "learner.adapt_probability",
            "topology.redraw_every_iterations",
            "topology.fanout",
            "topology.kind=file",
            "times=constant",
            "times=uniform",
            "times=normal",
            "times=exponential",
            "times=lognormal",
            "times=pareto",
            "times=empirical",
            "times.offset",
            "times.cap",
            "times.order=random",
            "times.order=sequence",
        ],
        10,
    ),
    (
        // Kinds of networks and of payloads are many, and tested elsewhere.
        &[
            "topology.kind=geometric",
            "topology.kind=complete",
            "topology.kind=ring",
            "topology.kind=regular",
            "topology.kind=erdos-renyi",
            "topology.kind=small-world",
            "topology.kind=torus",
            "topology.kind=star",
            "task.kind=activity-recognition",
            "task.kind=linear-regression",
            "task.batch",
            "task.covariance",
            "task.noise",
            "attack.kind=uniform",
            "attack.kind=empty",
            "attack.kind=non-finite",
            "attack.kind=wrong-length",
        ],
        4,
    ),
    (
        // What happened in runs.
        &[
            "late",
            "expired",
            "held",
            "aged",
            "missing",
            "malformed",
            "duplicated",
            "retransmitted",
            "in flight",
            "dropped by link",
            "dropped by burst",
            "dropped by partition",
            "dropped by receiver-down",
            "dropped by flood-bound",
            "combined from a trace",
        ],
        10,
    ),
    (
        &[
            "starved",
            "stalled",
            "tells ArrivalStrict",
            "tells AgeStrict",
            "tells QueueBackwards",
            "tells OldestWins",
            "tells HoldSwapped",
            "tells QuorumDown",
            "tells UpLate",
            "tells UpperMedian",
            "tells UnseenKept",
            "tells ReplayYounger",
        ],
        1,
    ),
];

/// Counts, by feature, of the scenarios in which it occurred.
#[derive(Default)]
pub struct Features(BTreeMap<String, u64>);

impl Features {
    /// Counts a scenario's settings.
    pub fn add_settings(&mut self, text: &str) {
        let table: Table = text.parse().expect("TOML");
        let mut found = BTreeSet::new();
        walk("", &table, &mut found);
        for feature in found {
            self.add(&feature);
        }
    }

    pub fn add(&mut self, feature: &str) {
        *self.0.entry(feature.to_owned()).or_default() += 1;
    }

    /// All counts, one a line.
    pub fn report(&self) -> String {
        let line = |(feature, count): (&String, &u64)| format!("{count:5}  {feature}\n");
        self.0.iter().map(line).collect()
    }

    /// What occurred too seldom in so many scenarios.
    pub fn lacking(&self, scenarios: u64) -> Vec<String> {
        let mut lacking = Vec::new();
        for (features, of_hundred) in NEEDED {
            let least = (of_hundred * scenarios / 100).max(1);
            for feature in *features {
                let count = self.0.get(*feature).copied().unwrap_or(0);
                if count < least {
                    lacking.push(format!("{feature}: {count} of at least {least}"));
                }
            }
        }
        lacking
    }
}

/// Paths of keys, those of overrides of rules and learners as the base's; words with their value.
fn walk(path: &str, table: &Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = match (path, key.as_str()) {
            ("", key) => key.to_owned(),
            ("rule" | "learner", "override") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        };
        found.insert(path.clone());
        if key.ends_with("_ms") && ["compute_ms", "delay_ms", "up_ms", "down_ms"].contains(&&**key)
        {
            times(value, found);
        }
        match value {
            Value::String(word) => {
                found.insert(format!("{path}={word}"));
            }
            Value::Table(inner) => walk(&path, inner, found),
            Value::Array(all) => {
                for inner in all.iter().filter_map(Value::as_table) {
                    walk(&path, inner, found);
                }
            }
            _ => {}
        }
    }
}

fn times(value: &Value, found: &mut BTreeSet<String>) {
    let kind = value.get("kind").and_then(Value::as_str);
    found.insert(format!("times={}", kind.unwrap_or("constant")));
    for key in ["offset", "cap"] {
        if value.get(key).is_some() {
            found.insert(format!("times.{key}"));
        }
    }
    if let Some(order) = value.get("order").and_then(Value::as_str) {
        found.insert(format!("times.order={order}"));
    }
}
