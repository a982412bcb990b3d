//! What the oracle reads in a scenario: the same text that the program gets, with a reader of its
//! own and the paper's defaults written out again.

use byzsim::scenario::Plan;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Defaults of target localization, paper appendix B.
const LOCALIZATION: &str = "
iterations = 500
learner = { step_size = 0.1 }
rule = { kind = 'loss', forgetting = 0.1, initial = 10.0 }
";

/// Defaults of activity recognition, paper appendix B: every third agent computes once in 11 times.
const ACTIVITY: &str = "
epochs = 50
learner = { step_size = 0.01, override = [{ agents = { every = 3 }, adapt_probability = 0.09090909090909091 }] }
rule = { kind = 'loss', forgetting = 0.05, initial = 1.0 }
";

/// Defaults of linear regression.
const REGRESSION: &str = "
iterations = 2000
learner = { step_size = 0.002 }
rule = { kind = 'loss', forgetting = 0.1, initial = 10.0 }
";

/// A scenario's text, ready to be asked for an agent's settings.
pub struct Scenario {
    text: Table,
    defaults: Table,
    /// Where relative paths start.
    pub folder: PathBuf,
    /// Named sets with their members, as drawn.
    sets: Vec<(String, Vec<usize>)>,
    /// Task group of each agent.
    groups: Vec<u32>,
}

impl Scenario {
    pub fn read(text: &str, plan: &Plan, folder: &Path) -> Scenario {
        let text: Table = text.parse().expect("TOML");
        let defaults = match text["task"]["kind"].as_str() {
            Some("target-localization") => LOCALIZATION,
            Some("activity-recognition") => ACTIVITY,
            Some("linear-regression") => REGRESSION,
            other => panic!("the oracle does not know the task {other:?}"),
        };
        let set = |(name, members): &(String, Vec<_>)| {
            let members = members.iter().map(|k: &byzsim::units::AgentId| k.index());
            (name.clone(), members.collect())
        };
        Scenario {
            text,
            defaults: defaults.parse().expect("TOML"),
            folder: folder.to_owned(),
            sets: plan.sets.iter().map(set).collect(),
            groups: plan.graph.ids().map(|k| plan.group(k)).collect(),
        }
    }

    /// A task's step size is one for SGD: Adam has its own where the text gives none.
    pub fn learner(&self, agent: usize) -> Learner {
        let given = self.table("learner");
        let is_adam = given.get("optimizer").and_then(Value::as_str) == Some("adam");
        let mut own = Table::new();
        if is_adam && !given.contains_key("step_size") {
            own.insert("step_size".into(), 0.001.into());
        }
        self.part_with("learner", agent, own)
    }

    pub fn rule(&self, agent: usize) -> Rule {
        self.part("rule", agent)
    }

    /// A key at the top, if it is there.
    pub fn top<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Option<T> {
        let value = self.text.get(key).cloned();
        value.map(|value| value.try_into().unwrap_or_else(|e| panic!("{key}: {e}")))
    }

    /// A table at the top; an empty one where it is absent.
    pub fn table(&self, key: &str) -> Table {
        self.top(key).unwrap_or_default()
    }

    /// How many iterations the text asks for.
    pub fn iterations(&self, per_epoch: Option<u64>) -> u64 {
        let of = |table: &Table| {
            let epochs = table.get("epochs").and_then(Value::as_integer);
            let epochs = epochs.map(|n| n as u64 * per_epoch.expect("a task with epochs"));
            let iterations = table.get("iterations").and_then(Value::as_integer);
            iterations.map(|n| n as u64).or(epochs)
        };
        let given = of(&self.text).or_else(|| of(&self.defaults));
        given.expect("a length")
    }

    /// The agents that a selection means.
    pub fn who(&self, selection: &Selection) -> Who {
        let agents = 0..self.groups.len();
        let chosen = match selection {
            Selection::Set(name) => {
                let set = self.sets.iter().find(|(set, _)| set == name);
                set.unwrap_or_else(|| panic!("no set {name}")).1.clone()
            }
            Selection::List(all) => all.clone(),
            Selection::Range { range } => (range[0]..=range[1]).collect(),
            Selection::Every { every, from } => agents.skip(*from).step_by(*every).collect(),
            Selection::Group { group } => agents.filter(|&k| self.groups[k] == *group).collect(),
        };
        Who(chosen)
    }

    /// The section's keys on top of the task's, and on top of these those of each override that
    /// selects the agent; an override that names a kind stands on the task's alone.
    pub fn part<T: for<'de> Deserialize<'de>>(&self, name: &str, agent: usize) -> T {
        self.part_with(name, agent, Table::new())
    }

    /// The same with defaults of its own, which win over those of the task.
    fn part_with<T: for<'de> Deserialize<'de>>(&self, name: &str, agent: usize, own: Table) -> T {
        let defaults = self.defaults.get(name).and_then(Value::as_table);
        let mut defaults = defaults.cloned().unwrap_or_default();
        defaults.extend(own);
        let mut keys = defaults.clone();
        keys.extend(self.table(name));
        let overrides = keys.remove("override");
        if let Some(overrides) = overrides.as_ref().and_then(Value::as_array) {
            for own in overrides {
                let own = own.as_table().expect("a table").clone();
                let agents: Selection = own["agents"].clone().try_into().expect("agents");
                if self.who(&agents).has(agent) {
                    if own.contains_key("kind") {
                        keys.clone_from(&defaults);
                    }
                    keys.extend(own);
                }
            }
        }
        let read = Value::Table(keys).try_into();
        read.unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}

/// Agents, as a scenario writes them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Selection {
    Set(String),
    List(Vec<usize>),
    Range {
        range: [usize; 2],
    },
    Every {
        every: usize,
        #[serde(default)]
        from: usize,
    },
    Group {
        group: u32,
    },
}

/// Agents by number.
#[derive(Clone)]
pub struct Who(pub Vec<usize>);

impl Who {
    pub fn has(&self, agent: usize) -> bool {
        self.0.contains(&agent)
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
    #[serde(default)]
    pub optimizer: Optimizer,
    #[serde(default = "beta1")]
    pub beta1: f64,
    #[serde(default = "beta2")]
    pub beta2: f64,
    #[serde(default = "epsilon")]
    pub epsilon: f64,
    pub step_size: Schedule,
    #[serde(default = "one_step")]
    pub steps_per_exchange: u64,
    #[serde(default = "one")]
    pub adapt_probability: f64,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    #[default]
    Sgd,
    Adam,
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-8
}

fn one_step() -> u64 {
    1
}

fn one() -> f64 {
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
        judge: Judge,
        #[serde(default)]
        baseline: Baseline,
        #[serde(default)]
        unseen: Unseen,
        #[serde(default = "one")]
        age_discount: f64,
    },
}

fn euclidean() -> f64 {
    2.0
}

pub fn yes() -> bool {
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

/// The batch that models are judged on.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    #[default]
    Current,
    Fresh,
}

/// What becomes of φ of a neighbor without a model.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unseen {
    #[default]
    Keep,
    Decay,
    Reset,
}
