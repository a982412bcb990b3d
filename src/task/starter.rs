//! What a first scenario of a task says.

use crate::rng::{Key, Purpose};
use rand_distr::{Distribution, StandardNormal};
use std::fmt::Write;

/// What a first scenario of a task says beside its kind.
#[derive(Clone, Debug, Default)]
pub struct Starter {
    /// Settings, as TOML: keys that must be given, and what makes a short study.
    pub settings: String,
    /// Files that it reads, by name, beside the scenario.
    pub files: Vec<(String, String)>,
}

/// Agents, half of them in each of two groups, and the rows of each.
const AGENTS: u32 = 10;
const ROWS: u32 = 24;

impl Starter {
    /// One that says these settings.
    pub fn of(settings: &str) -> Starter {
        Starter {
            settings: settings.to_owned(),
            files: Vec::new(),
        }
    }

    /// Rows of two groups of agents for scenario `name`, made up, to be replaced by the user's own:
    /// three features and `y`, which `outcome` makes of them and of the group.
    pub(super) fn rows(name: &str, outcome: impl Fn(u32, [f64; 3]) -> String) -> Starter {
        let mut text = "agent,group,x1,x2,x3,y\n".to_owned();
        let mut stream = Key::new(1, Purpose::Generated).stream();
        for agent in 0..AGENTS {
            let group = agent % 2;
            for _ in 0..ROWS {
                let x: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut stream));
                let [x1, x2, x3] = x;
                let y = outcome(group, x);
                writeln!(text, "{agent},{group},{x1:.2},{x2:.2},{x3:.2},{y}").expect("a text");
            }
        }
        let file = format!("{name}.csv");
        let path = toml::Value::from(file.clone());
        Starter {
            settings: format!("[task]\npath = {path}\n[topology]\nagents = {AGENTS}\n"),
            files: vec![(file, text)],
        }
    }
}
