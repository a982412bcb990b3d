//! What the oracle reads in a scenario: the same text that the program gets, with a reader of its
//! own and the paper's defaults written out again.

use serde::Deserialize;
use toml::{Table, Value};

/// Defaults of target localization, paper §4.
const LOCALIZATION: &str = "
learner = { step_size = 0.1 }
rule = { kind = 'loss', forgetting = 0.1, initial = 10.0 }
";

/// Defaults of activity recognition, paper §5: every third agent computes once in 11 times.
const ACTIVITY: &str = "
learner = { step_size = 0.01, override = [{ agents = { every = 3 }, adapt_probability = 0.09090909090909091 }] }
rule = { kind = 'loss', forgetting = 0.05, initial = 1.0 }
";

/// A scenario's text, ready to be asked for an agent's settings.
pub struct Scenario {
    text: Table,
    defaults: Table,
}

impl Scenario {
    pub fn read(text: &str) -> Scenario {
        let text: Table = text.parse().expect("TOML");
        let defaults = match text["task"]["kind"].as_str() {
            Some("target-localization") => LOCALIZATION,
            Some("activity-recognition") => ACTIVITY,
            other => panic!("the oracle does not know the task {other:?}"),
        };
        let defaults = defaults.parse().expect("TOML");
        Scenario { text, defaults }
    }

    pub fn learner(&self, agent: usize) -> Learner {
        self.part("learner", agent)
    }

    pub fn rule(&self, agent: usize) -> Rule {
        self.part("rule", agent)
    }

    pub fn attacks(&self) -> Vec<Attack> {
        let attacks = self.text.get("attack").cloned();
        attacks.map_or_else(Vec::new, |all| all.try_into().expect("attacks"))
    }

    /// The section's keys on top of the task's, and those of an override that selects the agent on
    /// top of these; an override that names a kind stands on the task's alone.
    fn part<T: for<'de> Deserialize<'de>>(&self, name: &str, agent: usize) -> T {
        let defaults = self.defaults[name].as_table().expect("a table").clone();
        let mut base = defaults.clone();
        if let Some(Value::Table(given)) = self.text.get(name) {
            base.extend(given.clone());
        }
        let mut keys = base.clone();
        if let Some(overrides) = base.get("override").and_then(Value::as_array) {
            for own in overrides {
                let own = own.as_table().expect("a table").clone();
                let agents: Selection = own["agents"].clone().try_into().expect("agents");
                if agents.has(agent) {
                    let fresh = own.contains_key("kind");
                    keys = if fresh {
                        defaults.clone()
                    } else {
                        base.clone()
                    };
                    keys.extend(own);
                }
            }
        }
        Value::Table(keys).try_into().expect("settings")
    }
}

/// Agents by number.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Selection {
    List(Vec<usize>),
    Range {
        range: [usize; 2],
    },
    Every {
        every: usize,
        #[serde(default)]
        from: usize,
    },
}

impl Selection {
    pub fn has(&self, agent: usize) -> bool {
        match self {
            Selection::List(all) => all.contains(&agent),
            Selection::Range { range } => (range[0]..=range[1]).contains(&agent),
            Selection::Every { every, from } => {
                agent >= *from && (agent - from).is_multiple_of(*every)
            }
        }
    }
}

/// A number that may fall as `initial / (1 + rate·i)`.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum Schedule {
    Constant(f64),
    Decay { initial: f64, rate: f64 },
}

impl Schedule {
    pub fn at(self, iteration: u64) -> f64 {
        match self {
            Schedule::Constant(value) => value,
            Schedule::Decay { initial, rate } => initial / (1.0 + rate * iteration as f64),
        }
    }
}

#[derive(Deserialize)]
pub struct Learner {
    pub step_size: Schedule,
    #[serde(default = "one_step")]
    pub steps_per_exchange: u64,
    #[serde(default = "always")]
    pub adapt_probability: f64,
}

fn one_step() -> u64 {
    1
}

fn always() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Rule {
    NoCooperation,
    Average,
    Metropolis,
    Distance {
        forgetting: Schedule,
        initial: f64,
        #[serde(default = "euclidean")]
        power: f64,
        #[serde(default)]
        reference: Reference,
    },
    Loss {
        forgetting: Schedule,
        initial: f64,
        #[serde(default = "yes")]
        filter: bool,
        #[serde(default)]
        baseline: Baseline,
    },
}

fn euclidean() -> f64 {
    2.0
}

fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    #[default]
    Previous,
    OneStepAhead,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    #[default]
    Zero,
    Own,
}

#[derive(Deserialize)]
pub struct Attack {
    #[serde(flatten)]
    pub payload: Payload,
    pub victims: Option<Selection>,
    pub timing: Option<Timing>,
    #[serde(default)]
    pub active: Active,
    #[serde(default)]
    pub per_victim: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Payload {
    Uniform {
        low: f64,
        high: f64,
        #[serde(default = "yes")]
        fresh: bool,
    },
    Constant {
        value: Numbers,
    },
    Gaussian {
        mean: f64,
        std: f64,
    },
    AddNoise {
        std: f64,
    },
    Scale {
        factor: Factor,
    },
    SignFlip,
    File {
        path: String,
    },
    NonFinite,
    WrongLength {
        share: f64,
    },
    Empty,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Numbers {
    One(f64),
    Each(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Factor {
    Fixed(f64),
    Between { low: f64, high: f64 },
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Timing {
    Silent,
}

/// When an attack is on.
#[derive(Default, Deserialize)]
pub struct Active {
    #[serde(default)]
    from_iteration: u64,
    to_iteration: Option<u64>,
    #[serde(default)]
    from_ms: f64,
    to_ms: Option<f64>,
    period_iterations: Option<u64>,
    on_iterations: Option<u64>,
}

impl Active {
    /// An iteration takes 10 ms of computing and a message 1 µs, and nobody is slower.
    pub fn is_on(&self, iteration: u64) -> bool {
        let start_ms = (iteration * 10_001) as f64 / 1000.0;
        iteration >= self.from_iteration
            && self.to_iteration.is_none_or(|to| iteration < to)
            && start_ms >= self.from_ms
            && self.to_ms.is_none_or(|to| start_ms < to)
            && match (self.period_iterations, self.on_iterations) {
                (Some(period), Some(on)) => (iteration - self.from_iteration) % period < on,
                _ => true,
            }
    }
}
