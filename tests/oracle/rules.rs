//! The weights of every rule, from equations (3), (4), (9) and (10).

use super::scenario::{Baseline, Reference, Rule, Unseen};
use super::slip::Slip;
use super::tasks::{Task, in_lanes};

/// What an agent combines from: its neighborhood without those whose model is missing.
pub struct View<'a> {
    pub iteration: u64,
    pub agent: usize,
    /// The moment [µs].
    pub combined: u64,
    /// In ascending order of senders, the agent itself among them.
    pub present: &'a [Present<'a>],
    pub neighbors: &'a [usize],
    /// θ of the iteration before.
    pub previous: &'a [f32],
    pub step_size: f64,
    pub task: &'a dyn Task,
    /// ℓ of each model present on the batch that the rule judges by.
    pub judged: &'a [f64],
    /// ℓ(θ of the iteration before) on the batch that it was combined on, or on the fresh one; none
    /// in the first combination.
    pub combined_loss: Option<f64>,
    /// How many neighbors each agent has.
    pub degrees: &'a dyn Fn(usize) -> usize,
}

/// A model that takes part.
pub struct Present<'a> {
    pub sender: usize,
    pub model: &'a [f32],
    /// When its sender had adapted [µs].
    pub adapted: u64,
    /// In iterations.
    pub age: u64,
    /// Whether it took part before.
    pub held: bool,
}

/// What an agent remembers.
pub struct Memory {
    /// φ by sender.
    pub phi: Vec<f64>,
    /// φ of its own combined models, from the first combination on.
    pub risk: Option<f64>,
    /// The step of the batch of the combination before.
    pub combined_on: Option<u64>,
}

impl Memory {
    pub fn new(rule: &Rule, agents: usize) -> Memory {
        let initial = match rule {
            Rule::Distance { initial, .. } | Rule::Loss { initial, .. } => *initial,
            _ => f64::NAN,
        };
        Memory {
            phi: vec![initial; agents],
            risk: None,
            combined_on: None,
        }
    }
}

/// One model in a combination.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub sender: usize,
    pub loss: f64,
    pub phi: f64,
    pub weight: f64,
    /// In iterations.
    pub age: u64,
    /// Moment of the combination − moment its sender had adapted [µs].
    pub age_us: u64,
    pub held: bool,
}

impl View<'_> {
    fn own(&self) -> usize {
        let own = self.present.iter().position(|p| p.sender == self.agent);
        own.expect("an agent always has its own model")
    }

    /// A row for each model present, and whether the rule could combine; where it could not, the
    /// agent keeps its own model.
    pub fn weigh(&self, rule: &Rule, memory: &mut Memory, slip: Slip) -> (Vec<Row>, bool) {
        let row = |present: &Present<'_>| Row {
            sender: present.sender,
            loss: f64::NAN,
            phi: f64::NAN,
            weight: 0.0,
            age: present.age,
            age_us: self.combined - present.adapted,
            held: present.held,
        };
        let mut rows: Vec<Row> = self.present.iter().map(row).collect();
        let own = self.own();
        let could = match rule {
            Rule::NoCooperation => {
                rows[own].weight = 1.0;
                true
            }
            Rule::Average => {
                let share = 1.0 / rows.len() as f64;
                rows.iter_mut().for_each(|row| row.weight = share);
                true
            }
            Rule::Metropolis => {
                self.metropolis(&mut rows);
                true
            }
            Rule::Distance { .. } => self.distance(rule, memory, &mut rows),
            Rule::Loss { .. } => self.loss(rule, memory, &mut rows, slip),
        };
        if !could {
            rows.iter_mut().for_each(|row| row.weight = 0.0);
            rows[own].weight = 1.0;
        }
        (rows, could)
    }

    /// a_lk = 1/(1 + max(deg_k, deg_l)); what is left of 1 after the neighbors present is its own.
    fn metropolis(&self, rows: &mut [Row]) {
        let mut rest = 1.0;
        for row in rows.iter_mut().filter(|row| row.sender != self.agent) {
            let larger = (self.degrees)(self.agent).max((self.degrees)(row.sender));
            row.weight = 1.0 / (1 + larger) as f64;
            rest -= row.weight;
        }
        rows[self.own()].weight = rest;
    }

    /// Equation (4).
    fn distance(&self, rule: &Rule, memory: &mut Memory, rows: &mut [Row]) -> bool {
        let Rule::Distance {
            forgetting,
            power,
            reference,
            ..
        } = rule
        else {
            unreachable!("asked for distances");
        };
        let nu = forgetting.at(self.iteration);
        let psi = self.present[self.own()].model;
        let reference: Vec<f32> = match reference {
            Reference::Previous => self.previous.to_vec(),
            Reference::OneStepAhead => descend(psi, self.step_size, self.task, self.agent),
        };
        let mut taken = Vec::new();
        for (row, present) in rows.iter_mut().zip(self.present) {
            let apart = reference.iter().zip(present.model);
            let apart = apart.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
            let squared = if *power == 2.0 {
                in_lanes(apart.map(|x| x * x))
            } else {
                norm(&apart.collect::<Vec<_>>(), *power)
            };
            let phi = &mut memory.phi[row.sender];
            if squared.is_finite() {
                *phi = (1.0 - nu) * *phi + nu * squared;
            }
            row.phi = *phi;
            taken.push(squared.is_finite());
        }
        let could = taken[self.own()];
        spread(rows, &taken, 0.0, 1.0);
        could
    }

    /// Equation (9), and with the filter (10).
    fn loss(&self, rule: &Rule, memory: &mut Memory, rows: &mut [Row], slip: Slip) -> bool {
        let Rule::Loss {
            forgetting,
            filter,
            baseline,
            initial,
            unseen,
            age_discount,
            judge: _,
        } = rule
        else {
            unreachable!("asked for losses");
        };
        let nu = forgetting.at(self.iteration);
        for (row, &judged) in rows.iter_mut().zip(self.judged) {
            row.loss = judged;
            let phi = &mut memory.phi[row.sender];
            if row.loss.is_finite() {
                *phi = (1.0 - nu) * *phi + nu * row.loss;
            }
            row.phi = *phi;
        }
        self.forget_unseen(*unseen, (nu, *initial), memory, slip);
        let own = rows[self.own()];
        // In the first combination there is nothing to subtract, and the risk is φ of the own model.
        let subtracted = match (baseline, memory.risk, self.combined_loss) {
            (Baseline::Zero, ..) => 0.0,
            (Baseline::Own, Some(risk), Some(loss)) => {
                let observed = (1.0 - nu) * risk + nu * loss;
                let risk = if loss.is_finite() { observed } else { risk };
                memory.risk = Some(risk);
                risk
            }
            (Baseline::Own, ..) => {
                memory.risk = Some(own.phi);
                0.0
            }
        };
        if !own.loss.is_finite() {
            return false;
        }
        let taken: Vec<bool> = rows
            .iter()
            .map(|row| {
                let better = match slip {
                    Slip::StrictFilter => row.phi < own.phi || row.sender == self.agent,
                    _ => row.phi <= own.phi,
                };
                row.loss.is_finite() && (better || !filter)
            })
            .collect();
        spread(rows, &taken, subtracted, *age_discount);
        true
    }

    /// φ of neighbors without a model.
    fn forget_unseen(
        &self,
        unseen: Unseen,
        (nu, initial): (f64, f64),
        memory: &mut Memory,
        slip: Slip,
    ) {
        if slip == Slip::UnseenKept {
            return;
        }
        for &l in self.neighbors {
            if self.present.iter().any(|p| p.sender == l) {
                continue;
            }
            let phi = &mut memory.phi[l];
            match unseen {
                Unseen::Keep => {}
                Unseen::Decay => *phi = (1.0 - nu) * *phi + nu * initial,
                Unseen::Reset => *phi = initial,
            }
        }
    }
}

/// ‖x‖_p², relative to the largest coordinate where the powers are out of the range of numbers.
fn norm(x: &[f64], p: f64) -> f64 {
    let sum: f64 = x.iter().map(|x| x.powf(p)).sum();
    if sum.is_normal() {
        return sum.powf(2.0 / p);
    }
    match x.iter().copied().fold(0.0, f64::max) {
        // 0, or NaN.
        0.0 => sum,
        largest => {
            let sum: f64 = x.iter().map(|x| (x / largest).powf(p)).sum();
            (largest * sum.powf(1.0 / p)).powi(2)
        }
    }
}

/// θ − μ∇ℓ(θ), rounded to `f32` once.
pub fn descend(theta: &[f32], mu: f64, task: &dyn Task, agent: usize) -> Vec<f32> {
    let gradient = task.gradient(agent, theta);
    let step = |(&x, slope): (&f32, &f64)| (f64::from(x) - mu * slope) as f32;
    theta.iter().zip(&gradient).map(step).collect()
}

/// Weights ∝ γ^age/(φ − subtracted) over those taken; what they are divided by is at least a tenth of
/// φ, and 1e-12.
fn spread(rows: &mut [Row], taken: &[bool], subtracted: f64, gamma: f64) {
    let mut sum = 0.0;
    for (row, taken) in rows.iter_mut().zip(taken) {
        row.weight = if *taken {
            let above = (row.phi - subtracted).max(0.1 * row.phi);
            1.0 / above.max(1e-12) * gamma.powf(row.age as f64)
        } else {
            0.0
        };
        sum += row.weight;
    }
    rows.iter_mut().for_each(|row| row.weight /= sum);
}
