//! The oracle: adapt, exchange, combine as one loop over everyone's models.

use super::attacks::Attacks;
use super::rules::{Memory, Row, View, descend};
use super::scenario::{Learner, Rule, Scenario};
use super::tasks::{Task, task};
use byzsim::rng::{Key, Purpose};
use byzsim::scenario::{Plan, Role};
use byzsim::units::AgentId;
use rand::RngExt;
use std::path::Path;

/// A mistake that the oracle makes on purpose, to show that a comparison finds it.
#[derive(Clone, Copy, PartialEq)]
pub enum Slip {
    None,
    /// Rule (10) with < in the place of ≤.
    StrictFilter,
    /// One weight of agent 3 in iteration 10 is the next `f64`.
    WeightUp,
    /// One parameter of agent 3 in iteration 10 is the next `f32`.
    ParameterUp,
}

/// What one agent should tell of an iteration.
pub struct Expected {
    /// θ after combining.
    pub model: Vec<f32>,
    /// ℓ(ψ) on the batch of the iteration.
    pub adapted_loss: f64,
    /// ℓ(θ) on it.
    pub loss: f64,
    pub rows: Vec<Row>,
    /// Whether it kept its own model because it could not combine.
    pub starved: bool,
    pub attacking: bool,
    pub missing: u32,
    pub sent: u64,
    pub bytes: u64,
    pub delivered: u64,
    pub malformed: u64,
}

pub struct Oracle<'a> {
    plan: &'a Plan,
    task: Box<dyn Task>,
    attacks: Attacks,
    learners: Vec<Learner>,
    rules: Vec<Rule>,
    memories: Vec<Memory>,
    degrees: Vec<usize>,
    /// θ of every agent.
    theta: Vec<Vec<f32>>,
    slip: Slip,
}

impl<'a> Oracle<'a> {
    pub fn new(text: &str, plan: &'a Plan, folder: &Path, slip: Slip) -> Oracle<'a> {
        let agents = plan.graph.agents();
        let scenario = Scenario::read(text);
        let task = task(text, plan);
        let rules: Vec<Rule> = (0..agents).map(|k| scenario.rule(k)).collect();
        Oracle {
            attacks: Attacks::new(scenario.attacks(), folder, plan.seeds.attackers),
            learners: (0..agents).map(|k| scenario.learner(k)).collect(),
            memories: rules.iter().map(|r| Memory::new(r, agents)).collect(),
            rules,
            degrees: (0..agents).map(|k| neighbors(plan, k).count()).collect(),
            theta: (0..agents).map(|k| task.initial(k)).collect(),
            task,
            plan,
            slip,
        }
    }

    /// One iteration of everyone.
    pub fn step(&mut self, i: u64) -> Vec<Expected> {
        let agents = self.theta.len();
        let psi: Vec<Vec<f32>> = (0..agents).map(|k| self.adapt(k, i)).collect();
        // letters[l][k] is what l sends to k.
        let send = |l: usize| -> Vec<Option<Vec<f32>>> {
            (0..agents).map(|k| self.letter(l, k, i, &psi[l])).collect()
        };
        let letters: Vec<Vec<Option<Vec<f32>>>> = (0..agents).map(send).collect();
        (0..agents)
            .map(|k| self.combine(k, i, &psi[k], &letters))
            .collect()
    }

    /// Equation (2), as often as the learner says; skipped where the coin says so. The batch is
    /// drawn all the same.
    fn adapt(&mut self, k: usize, i: u64) -> Vec<f32> {
        let Learner {
            step_size,
            steps_per_exchange: steps,
            adapt_probability,
        } = self.learners[k];
        let key = Key::new(self.plan.seeds.data, Purpose::AdaptCoin).of(AgentId(k as u32));
        let coin: f64 = key.at(i).stream().random();
        let mut psi = self.theta[k].clone();
        for step in i * steps..(i + 1) * steps {
            self.task.draw(k, step);
            if coin < adapt_probability {
                psi = descend(&psi, step_size.at(i), &*self.task, k);
            }
        }
        psi
    }

    /// What l sends to k, if k is its neighbor and l is not silent.
    fn letter(&self, l: usize, k: usize, i: u64, psi: &[f32]) -> Option<Vec<f32>> {
        if !neighbors(self.plan, k).any(|other| other == l) {
            return None;
        }
        match self.attack_of(l, i) {
            Some(attack) if self.is_victim(attack, k) => self.attacks.forge(attack, l, k, i, psi),
            _ => Some(psi.to_vec()),
        }
    }

    /// The attack that an agent is at in an iteration.
    fn attack_of(&self, agent: usize, i: u64) -> Option<usize> {
        match self.plan.roles[agent] {
            Role::Byzantine(a) if self.attacks.attacks[a].active.is_on(i) => Some(a),
            _ => None,
        }
    }

    fn is_victim(&self, attack: usize, agent: usize) -> bool {
        let victims = &self.attacks.attacks[attack].victims;
        victims.as_ref().is_none_or(|all| all.has(agent))
    }

    /// Equation (3) over what has come and can be read, in ascending order of senders.
    fn combine(
        &mut self,
        k: usize,
        i: u64,
        psi: &[f32],
        letters: &[Vec<Option<Vec<f32>>>],
    ) -> Expected {
        let d = self.task.dimension();
        let readable = |m: &[f32]| m.len() == d && m.iter().all(|x| x.is_finite());
        let come = |l: usize| letters[l][k].as_deref();
        let mut present: Vec<(usize, &[f32])> = neighbors(self.plan, k)
            .filter_map(|l| Some((l, come(l)?)))
            .collect();
        let arrived = present.len();
        present.retain(|(_, model)| readable(model));
        let delivered = present.len();

        // An agent whose own model has overflowed keeps it.
        let (mut rows, could) = if readable(psi) {
            present.push((k, psi));
            present.sort_by_key(|(l, _)| *l);
            let view = View {
                iteration: i,
                agent: k,
                present: &present,
                previous: &self.theta[k],
                step_size: self.learners[k].step_size.at(i),
                task: &*self.task,
                degrees: &self.degrees,
            };
            view.weigh(&self.rules[k], &mut self.memories[k], self.slip)
        } else {
            (Vec::new(), false)
        };
        let slips = |slip| self.slip == slip && (k, i) == (3, 10);
        if slips(Slip::WeightUp) {
            rows[0].weight = rows[0].weight.next_up();
        }
        let mut theta = psi.to_vec();
        if could {
            for (j, theta) in theta.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (row, (_, model)) in rows.iter().zip(&present) {
                    sum += row.weight * f64::from(model[j]);
                }
                *theta = sum as f32;
            }
        }
        if slips(Slip::ParameterUp) {
            theta[0] = theta[0].next_up();
        }
        self.theta[k] = theta;

        let sent = letters[k].iter().flatten();
        Expected {
            model: self.theta[k].clone(),
            adapted_loss: self.task.loss(k, psi),
            loss: self.task.loss(k, &self.theta[k]),
            starved: !could,
            attacking: self.attack_of(k, i).is_some(),
            missing: (self.degrees[k] + 1 - rows.len().max(1)) as u32,
            sent: sent.clone().count() as u64,
            bytes: sent.map(|m| 4 * m.len() as u64).sum(),
            delivered: delivered as u64,
            malformed: (arrived - delivered) as u64,
            rows,
        }
    }
}

/// Whose models an agent receives.
fn neighbors(plan: &Plan, agent: usize) -> impl Iterator<Item = usize> {
    let all = plan.graph.receives_from(AgentId(agent as u32));
    all.iter().map(|l| l.index())
}
