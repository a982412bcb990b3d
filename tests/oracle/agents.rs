//! What agents learn: adapt (2) and combine (3).

use super::rules::{Memory, Present, Row, View, descend};
use super::scenario::{Learner, Rule, Scenario};
use super::slip::Slip;
use super::tasks::Task;
use byzsim::rng::{Key, Purpose};
use byzsim::scenario::Plan;
use byzsim::units::AgentId;
use rand::RngExt;
use std::rc::Rc;

/// What one agent should tell of a combination.
#[derive(Clone)]
pub struct Expected {
    pub agent: usize,
    /// When the iteration began, the agent had adapted, and it combined [µs].
    pub started: u64,
    pub adapted: u64,
    pub combined: u64,
    /// θ after combining.
    pub model: Rc<[f32]>,
    /// ℓ(ψ) on the batch of the iteration.
    pub adapted_loss: f64,
    /// ℓ(θ) on it.
    pub loss: f64,
    pub rows: Vec<Row>,
    /// Whether it kept its own model because it could not combine.
    pub starved: bool,
    pub attacking: bool,
    pub missing: u32,
    /// Counts since the agent's combination before; only where all that is sent in an iteration
    /// has arrived before the next.
    pub counts: Option<Counts>,
}

/// An agent's messages of an iteration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub sent: u64,
    pub bytes: u64,
    pub delivered: u64,
    pub malformed: u64,
}

/// A neighbor's model that takes part in a combination.
pub struct Chosen {
    pub sender: usize,
    pub payload: Rc<[f32]>,
    pub adapted: u64,
    /// In iterations.
    pub age: u64,
    /// Whether it took part before.
    pub held: bool,
}

/// A combination to be made.
pub struct Combining<'a> {
    pub agent: usize,
    /// Whose row it is.
    pub iteration: u64,
    /// Whose batch and step size.
    pub began: u64,
    pub started: u64,
    pub adapted: u64,
    pub combined: u64,
    pub psi: &'a [f32],
    pub neighbors: &'a [usize],
    /// How many neighbors each agent has.
    pub degrees: &'a dyn Fn(usize) -> usize,
    /// In ascending order of senders.
    pub chosen: &'a [Chosen],
}

pub struct Agents {
    seed: u64,
    pub task: Box<dyn Task>,
    learners: Vec<Learner>,
    rules: Vec<Rule>,
    memories: Vec<Memory>,
    /// θ of every agent.
    theta: Vec<Rc<[f32]>>,
    slip: Slip,
}

impl Agents {
    pub fn new(scenario: &Scenario, task: Box<dyn Task>, plan: &Plan, slip: Slip) -> Agents {
        let agents = plan.graph.agents();
        let rules: Vec<Rule> = (0..agents).map(|k| scenario.rule(k)).collect();
        Agents {
            learners: (0..agents).map(|k| scenario.learner(k)).collect(),
            memories: rules.iter().map(|r| Memory::new(r, agents)).collect(),
            rules,
            theta: (0..agents).map(|k| task.initial(k).into()).collect(),
            task,
            seed: plan.seeds.data,
            slip,
        }
    }

    /// Whether a payload is a model of the task.
    pub fn is_readable(&self, model: &[f32]) -> bool {
        model.len() == self.task.dimension() && model.iter().all(|x| x.is_finite())
    }

    /// Equation (2), as often as the learner says; skipped where the coin says so. The batch is
    /// drawn all the same.
    pub fn adapt(&mut self, k: usize, i: u64) -> Rc<[f32]> {
        let Learner {
            step_size,
            steps_per_exchange: steps,
            adapt_probability,
        } = self.learners[k];
        let key = Key::new(self.seed, Purpose::AdaptCoin).of(AgentId(k as u32));
        let coin: f64 = key.at(i).stream().random();
        let mut psi = self.theta[k].to_vec();
        for step in i * steps..(i + 1) * steps {
            self.task.draw(k, step);
            if coin < adapt_probability {
                psi = descend(&psi, step_size.at(i), &*self.task, k);
            }
        }
        psi.into()
    }

    /// Equation (3) over what has come and can be read, in ascending order of senders. The
    /// agent's current batch is that of the iteration that it has adapted in last.
    pub fn combine(&mut self, combining: &Combining<'_>) -> Expected {
        let Combining { agent: k, psi, .. } = *combining;
        let own = Present {
            sender: k,
            model: psi,
            adapted: combining.adapted,
            age: 0,
            held: false,
        };
        let others = combining.chosen.iter().map(|chosen| Present {
            sender: chosen.sender,
            model: &chosen.payload,
            adapted: chosen.adapted,
            age: chosen.age,
            held: chosen.held,
        });
        let mut present: Vec<Present<'_>> = others.chain([own]).collect();
        present.sort_by_key(|p| p.sender);

        // An agent whose own model has overflowed keeps it.
        let (mut rows, could) = if self.is_readable(psi) {
            let view = View {
                iteration: combining.iteration,
                agent: k,
                combined: combining.combined,
                present: &present,
                neighbors: combining.neighbors,
                previous: &self.theta[k],
                step_size: self.learners[k].step_size.at(combining.began),
                task: &*self.task,
                degrees: combining.degrees,
            };
            view.weigh(&self.rules[k], &mut self.memories[k], self.slip)
        } else {
            (Vec::new(), false)
        };
        let slips = |slip| self.slip == slip && (k, combining.iteration) == (3, 10);
        if slips(Slip::WeightUp) {
            rows[0].weight = rows[0].weight.next_up();
        }
        let mut theta = psi.to_vec();
        if could {
            for (j, theta) in theta.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (row, present) in rows.iter().zip(&present) {
                    sum += row.weight * f64::from(present.model[j]);
                }
                *theta = sum as f32;
            }
        }
        if slips(Slip::ParameterUp) {
            theta[0] = theta[0].next_up();
        }
        self.theta[k] = theta.into();
        let used = rows.len().max(1) - 1;
        Expected {
            agent: k,
            started: combining.started,
            adapted: combining.adapted,
            combined: combining.combined,
            model: self.theta[k].clone(),
            adapted_loss: self.task.loss(k, psi),
            loss: self.task.loss(k, &self.theta[k]),
            starved: !could,
            attacking: false,
            missing: (combining.neighbors.len() - used) as u32,
            rows,
            counts: None,
        }
    }
}
