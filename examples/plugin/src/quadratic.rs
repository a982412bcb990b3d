//! A task: every agent looks for the middle of a noisy bowl, ℓ(w) = ½ ‖w − c − v‖² with fresh noise v
//! in each step. Two groups have two middles c.

use byzsim::data::{DataError, Library};
use byzsim::rng::{Key, Purpose};
use byzsim::settings::Keys;
use byzsim::task::{Objective, Task, TaskSeeds, World};
use byzsim::topology::Graph;
use byzsim::units::AgentId;
use rand_distr::{Distribution, Normal};
use std::sync::Arc;

/// The task `quadratic`.
#[derive(Clone, Debug)]
pub struct Quadratic {
    dimension: u32,
    spread: f64,
}

impl Quadratic {
    /// The value of `task.kind`.
    pub const NAME: &str = "quadratic";
    /// What it is, for `list` and documentation.
    pub const ABOUT: &str = "The middle of a noisy bowl, one for even agents and one for odd ones";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Quadratic {
            dimension: keys
                .key("dimension", "Number of parameters")
                .symbol("d")
                .at_least(1.0)
                .at_most(1e6)
                .default(4, "own choice"),
            spread: keys
                .key("spread", "Standard deviation of the noise")
                .at_least(0.0)
                .default(0.1, "own choice"),
        }
    }
}

impl Task for Quadratic {
    /// What a scenario of this task has where it is silent.
    fn defaults(&self) -> &'static str {
        "iterations = 200\n[topology]\nkind = \"ring\"\nagents = 10\n[learner]\nstep_size = 0.1"
    }

    fn load(&self, _: &Graph, seeds: TaskSeeds, _: &Library) -> Result<Arc<dyn World>, DataError> {
        Ok(Arc::new(Bowls {
            task: self.clone(),
            seed: seeds.data,
        }))
    }
}

/// Everybody's bowls.
struct Bowls {
    task: Quadratic,
    seed: u64,
}

impl Bowls {
    /// c: +1 or −1 in every dimension.
    fn middle(&self, agent: AgentId) -> f64 {
        1.0 - 2.0 * f64::from(self.group(agent))
    }
}

impl World for Bowls {
    fn dimension(&self) -> usize {
        self.task.dimension as usize
    }

    fn group(&self, agent: AgentId) -> u32 {
        agent.0 % 2
    }

    fn initial(&self, _: AgentId) -> Vec<f32> {
        vec![0.0; self.dimension()]
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        Box::new(Bowl {
            key: Key::new(self.seed, Purpose::Batch).of(agent),
            target: vec![0.0; self.dimension()],
            middle: self.middle(agent),
            spread: self.task.spread,
        })
    }
}

/// One agent's bowl.
struct Bowl {
    key: Key,
    middle: f64,
    spread: f64,
    /// c + v of the current step.
    target: Vec<f64>,
}

impl Objective for Bowl {
    /// The noise of a step has a random stream of its own: it is the same whatever was drawn before.
    fn draw(&mut self, step: u64) {
        let mut stream = self.key.at(step).stream();
        // A standard deviation from the settings, which are at least 0.
        let noise = Normal::new(self.middle, self.spread).expect("a standard deviation");
        self.target.fill_with(|| noise.sample(&mut stream));
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        let squares = model.iter().zip(&self.target);
        0.5 * squares
            .map(|(&w, c)| (f64::from(w) - c).powi(2))
            .sum::<f64>()
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        for ((slope, &w), c) in gradient.iter_mut().zip(model).zip(&self.target) {
            *slope = f64::from(w) - c;
        }
    }

    fn regret(&self, model: &[f32]) -> Option<f64> {
        let squares = model.iter().map(|&w| (f64::from(w) - self.middle).powi(2));
        Some(0.5 * squares.sum::<f64>())
    }
}
