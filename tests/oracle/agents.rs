//! What agents learn: adapt (2) and combine (3).

use super::rules::{Memory, Present, Row, View, descend};
use super::scenario::{Judge, Learner, Optimizer, Rule, Scenario};
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

/// What Adam remembers: of each parameter the means of the gradient and of its square, and how
/// many steps there were.
#[derive(Clone, Default)]
struct Moments {
    by_parameter: Vec<[f64; 2]>,
    steps: u32,
}

impl Moments {
    /// Kingma and Ba 2015, algorithm 1, with β₁ᵗ and β₂ᵗ as products.
    fn descend(&mut self, theta: &[f32], mu: f64, learner: &Learner, gradient: &[f64]) -> Vec<f32> {
        self.by_parameter.resize(theta.len(), [0.0; 2]);
        self.steps += 1;
        let unbiased = |beta: f64| 1.0 - (0..self.steps).fold(1.0, |power, _| power * beta);
        let (beta1, beta2) = (learner.beta1, learner.beta2);
        let (first, second) = (unbiased(beta1), unbiased(beta2));
        let own = self.by_parameter.iter_mut().zip(gradient);
        let step = |(&x, ([m, v], g)): (&f32, (&mut [f64; 2], &f64))| {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * (g * g);
            let (m, v) = (*m / first, *v / second);
            (f64::from(x) - mu * m / (v.sqrt() + learner.epsilon)) as f32
        };
        theta.iter().zip(own).map(step).collect()
    }
}

pub struct Agents {
    seed: u64,
    pub task: Box<dyn Task>,
    learners: Vec<Learner>,
    rules: Vec<Rule>,
    memories: Vec<Memory>,
    moments: Vec<Moments>,
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
            moments: vec![Moments::default(); agents],
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
        let learner = &self.learners[k];
        let steps = learner.steps_per_exchange;
        let step_size = learner.step_size.at(i);
        let key = Key::new(self.seed, Purpose::AdaptCoin).of(AgentId(k as u32));
        let coin: f64 = key.at(i).stream().random();
        let mut psi = self.theta[k].to_vec();
        for step in i * steps..(i + 1) * steps {
            self.task.draw(k, step);
            if coin >= learner.adapt_probability {
                continue;
            }
            psi = match learner.optimizer {
                Optimizer::Sgd => descend(&psi, step_size, &*self.task, k),
                Optimizer::Adam => {
                    let gradient = self.task.gradient(k, &psi);
                    self.moments[k].descend(&psi, step_size, learner, &gradient)
                }
            };
        }
        psi.into()
    }

    /// Losses of the models present on the batch that the rule judges by, and of θ of the iteration
    /// before on the batch that it was combined on. A fresh batch is that of a step far beyond all.
    fn judge(
        &mut self,
        combining: &Combining<'_>,
        present: &[Present<'_>],
    ) -> (Vec<f64>, Option<f64>) {
        let k = combining.agent;
        let current = (combining.began + 1) * self.learners[k].steps_per_exchange - 1;
        let before = self.memories[k].combined_on.replace(current);
        let is_fresh = matches!(
            &self.rules[k],
            Rule::Loss {
                judge: Judge::Fresh,
                ..
            }
        );
        let on = if is_fresh {
            current + (1 << 62)
        } else {
            current
        };
        self.task.draw(k, on);
        let judged = present.iter().map(|p| self.task.loss(k, p.model)).collect();
        let combined = before.map(|step| {
            self.task.draw(k, if is_fresh { on } else { step });
            self.task.loss(k, &self.theta[k])
        });
        self.task.draw(k, current);
        (judged, combined)
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
            let (judged, combined_loss) = self.judge(combining, &present);
            let view = View {
                iteration: combining.iteration,
                agent: k,
                combined: combining.combined,
                present: &present,
                neighbors: combining.neighbors,
                previous: &self.theta[k],
                step_size: self.learners[k].step_size.at(combining.began),
                task: &*self.task,
                judged: &judged,
                combined_loss,
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
