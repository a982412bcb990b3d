//! How time passes: who computes how long, who waits for whom.

use super::distribution::{Distribution, us};
use super::scenario::Scenario;
use byzsim::rng::{Key, Purpose};
use byzsim::units::AgentId;
use serde::Deserialize;
use toml::{Table, Value};

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    #[default]
    Synchronous,
    Deadline,
    Asynchronous,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    #[default]
    Use,
    Discard,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    Skip,
    Hold,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    mode: Mode,
    #[serde(default = "everyone")]
    quorum: f64,
    period_ms: Option<f64>,
    #[serde(default)]
    late: Late,
    missing: Option<Missing>,
    max_age_iterations: Option<u64>,
    max_age_ms: Option<f64>,
}

fn everyone() -> f64 {
    1.0
}

pub struct Clock {
    pub mode: Mode,
    pub quorum: f64,
    /// [µs]; 0 where there is none.
    pub period: u64,
    pub late: Late,
    pub missing: Missing,
    pub max_age_iterations: Option<u64>,
    /// [µs].
    pub max_age: Option<u64>,
    /// No iteration ends after it [µs].
    pub until: Option<u64>,
    compute: Vec<(Distribution, f64)>,
    seed: u64,
}

impl Clock {
    pub fn read(scenario: &Scenario, agents: usize, seed: u64) -> Clock {
        let keys: Keys = scenario.top("clock").unwrap_or_else(|| {
            let none = Table::new();
            Value::Table(none).try_into().expect("all have defaults")
        });
        let compute = |k| {
            let own: Table = scenario.part("clock", k);
            let compute = own.get("compute_ms").cloned();
            let compute = compute.map(|value| Distribution::read(value, &scenario.folder));
            let speed: Option<f64> = own.get("speed").map(|v| v.clone().try_into().expect("f64"));
            (
                compute.unwrap_or(Distribution::constant(10.0)),
                speed.unwrap_or(1.0),
            )
        };
        let usual = match keys.mode {
            Mode::Asynchronous => Missing::Hold,
            _ => Missing::Skip,
        };
        Clock {
            mode: keys.mode,
            quorum: keys.quorum,
            period: keys.period_ms.map_or(0, us),
            late: keys.late,
            missing: keys.missing.unwrap_or(usual),
            max_age_iterations: keys.max_age_iterations,
            max_age: keys.max_age_ms.map(us),
            until: scenario.top("until_ms").map(us),
            compute: (0..agents).map(compute).collect(),
            seed,
        }
    }

    /// How long an agent's iteration computes [µs].
    pub fn compute(&self, agent: usize, iteration: u64) -> u64 {
        let (compute, speed) = &self.compute[agent];
        let key = Key::new(self.seed, Purpose::Compute).of(AgentId(agent as u32));
        let ms = compute.sample(&mut key.at(iteration).stream(), iteration);
        let least = u64::from(self.mode == Mode::Asynchronous);
        us(ms / speed).max(least)
    }
}
