//! Linear regression on a generated stream, where all that the paper's Theorem 1 speaks of is known.
//!
//! Each step agent k draws a batch of features x ~ N(0, Σ) and outputs `y = xᵀθ*_g + v` with
//! v ~ N(0, σ_k²) and θ*_g of its group g. The loss of any model w is the mean over the batch of
//! `(y − xᵀw)²`, and the adapt step descends the gradient of that very loss, the mean of
//! `2x(xᵀw − y)`. So the risk is `r_k(w) = (w−θ*)ᵀΣ(w−θ*) + σ_k²`, with Hessian 2Σ.
//!
//! Agents are in groups of consecutive blocks, one group per agent at the most. All θ* have the
//! same distance from each other: `θ*_g = c + distance/√2 · q_g` with c ~ N(0, I) and random
//! orthonormal q_g.
//!
//! | key | meaning | default |
//! |---|---|---|
//! | `dimension` | d, number of parameters | 10 |
//! | `covariance` | Σ: a number (times I), d variances, or d rows of d numbers | 1 |
//! | `noise` | σ_k: a number, or `{ low, high }`, uniform over the agents | 0.5 |
//! | `groups` | number of task groups, up to d and the number of agents | 4, or d or the number of agents if less |
//! | `distance` | ‖θ*_a − θ*_b‖ of any two groups a, b | 2 |
//! | `batch` | samples of a batch | 1 |
//! | `initial_std` | standard deviation of each initial parameter, around 0 | 1 |
//!
//! The task's own `step_size` is 0.002. With a batch of one, learning is stable below about
//! 1/(tr Σ + 2λ), with the greatest eigenvalue λ of Σ. But an agent's ψ has seen the very batch that
//! models are judged on: from about μ tr Σ = `forgetting`/4 on it looks better than a neighbor's as
//! good, and the filtered rule leaves its agents alone, unless it judges by a fresh batch.
//!
//! Features are rounded to `f32`, so that products with parameters are exact in `f64`; θ*, outputs
//! and all else are `f64`. Drawing a batch costs O(batch · d), and with a matrix Σ, whose factor is
//! computed once, O(batch · d²); losses and gradients cost O(batch · d).

use super::covariance::{Covariance, Factor};
use super::{Objective, Task, TaskSeeds, World};
use crate::data::{DataError, Library};
use crate::kernel;
use crate::model::LeastSquares;
use crate::rng::{Key, Purpose, Stream};
use crate::settings::{Keys, NumberOrRange};
use crate::topology::Graph;
use crate::units::AgentId;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

/// How many features a batch has at the most.
const MOST_NUMBERS: u64 = 100_000_000;
/// How many features the batches of all agents have together at the most: 4 GB.
const MOST_OF_ALL: u128 = 1_000_000_000;
/// Task groups where a scenario is silent, if there are so many agents and dimensions.
const GROUPS: usize = 4;
/// Finding the directions of groups takes groups² · dimension steps; so many are some seconds. That
/// bounds their numbers too: a dimension is 10⁶ at the most, and groups · dimension is 10⁸.
const MOST_STEPS: u128 = 10_000_000_000;

/// Settings of the task `linear-regression`; data is generated.
#[derive(Clone, Debug)]
pub struct LinearRegression {
    dimension: usize,
    factor: Arc<Factor>,
    noise: NumberOrRange,
    /// None: up to [`GROUPS`], as many as there is room for.
    groups: Option<usize>,
    distance: f64,
    batch: usize,
    initial_std: f64,
}

impl LinearRegression {
    /// The value of `task.kind`.
    pub const NAME: &str = "linear-regression";
    /// What it is.
    pub const ABOUT: &str = "Linear regression on a generated stream with known optima: \
        SGD on the very loss of the rules, groups of tasks at equal distances";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let dimension = keys.key("dimension", "Number of parameters").symbol("d");
        let dimension: u32 = dimension.at_least(1.0).at_most(1e6).default(10, "design");
        let covariance = keys
            .key(
                "covariance",
                "Covariance of the features: a number times the identity, a list of d variances, \
                 or a d × d matrix",
            )
            .symbol("Σ")
            .above(0.0)
            .at_most(1e12)
            .default(Covariance::One(1.0), "design");
        let noise = keys
            .key(
                "noise",
                "Standard deviation of an agent's output noise; a range is uniform over the agents",
            )
            .symbol("σ_k")
            .at_least(0.0)
            .at_most(1e12)
            .default(NumberOrRange::Number(0.5), "design");
        let groups = keys.key(
            "groups",
            "Number of task groups, up to d: consecutive blocks of agents",
        );
        let groups: Option<u32> = groups
            .at_least(1.0)
            .optional("4, or d or the number of agents if less (paper §7.1)");
        let distance = keys.key("distance", "Distance between the optima of any two groups");
        let distance = distance.at_least(0.0).at_most(1e12).default(2.0, "design");
        let batch = keys.key(
            "batch",
            "Samples of a batch; losses of iterations are on batches",
        );
        let batch: u32 = batch.at_least(1.0).at_most(1e6).default(1, "paper §7.1");
        let initial_std = keys.key(
            "initial_std",
            "Standard deviation of each initial parameter, around 0",
        );
        let initial_std = initial_std.at_least(0.0).at_most(1e12);
        let initial_std = initial_std.default(1.0, "design");

        if let Some(groups) = groups.filter(|&groups| groups > dimension) {
            let message = format!(
                "there is no room for {groups} groups in {dimension} dimensions: each has a \
                 direction of its own, at right angles to the others"
            );
            let help = format!("write at most {dimension}, or a greater `dimension`");
            keys.problem("groups", message, help);
        }
        if u64::from(batch) * u64::from(dimension) > MOST_NUMBERS {
            let message = format!("{batch} samples of {dimension} features are too many to hold");
            let help = format!("let `batch` times `dimension` be at most {MOST_NUMBERS}");
            keys.problem("batch", message, help);
        }
        let dimension = dimension as usize;
        let factor = covariance.factor(dimension, keys);
        LinearRegression {
            dimension,
            factor: Arc::new(factor.unwrap_or(Factor::Diagonal(Vec::new()))),
            noise,
            groups: groups.map(|groups| groups as usize),
            distance,
            batch: batch as usize,
            initial_std,
        }
    }

    /// Whether there are agents for all groups, and room for all agents and groups.
    fn fits(&self, agents: usize) -> Result<(), DataError> {
        let unfit = |key, message, help| DataError::Unfit {
            key: vec!["task", key],
            message,
            help,
        };
        let (batch, dimension) = (self.batch, self.dimension);
        if let Some(groups) = self.groups.filter(|&groups| groups > agents) {
            return Err(unfit(
                "groups",
                format!("there are {groups} groups and {agents} agents: every group has an agent"),
                format!("write at most {agents}, or let the topology have {groups} agents"),
            ));
        }
        let groups = self.groups.unwrap_or(GROUPS) as u128;
        if groups * groups * dimension as u128 > MOST_STEPS {
            return Err(unfit(
                "groups",
                format!(
                    "{groups} groups in {dimension} dimensions are too many to find directions at \
                     right angles for"
                ),
                format!("let the square of `groups` times `dimension` be at most {MOST_STEPS}"),
            ));
        }
        if agents as u128 * batch as u128 * dimension as u128 > MOST_OF_ALL {
            return Err(unfit(
                "batch",
                format!(
                    "{batch} samples of {dimension} features for each of {agents} agents are too \
                     many to hold"
                ),
                format!(
                    "let the number of agents times `batch` times `dimension` be at most \
                     {MOST_OF_ALL}"
                ),
            ));
        }
        Ok(())
    }

    /// Draws what differs between the agents.
    pub fn world(&self, graph: &Graph, seeds: TaskSeeds) -> Regressions {
        let agents = graph.agents();
        let groups = self
            .groups
            .unwrap_or(GROUPS.min(self.dimension).min(agents));
        let key = Key::new(seeds.data, Purpose::World);
        let mut stream = key.stream();
        let center = normals(self.dimension, &mut stream);
        let directions = orthonormal(groups, self.dimension, &mut stream);
        let length = self.distance * FRAC_1_SQRT_2;
        let optimum = |q: &Vec<f64>| center.iter().zip(q).map(|(c, q)| c + length * q).collect();
        let noise = |agent| self.noise.draw(&mut key.of(agent).stream());
        Regressions {
            optima: directions.iter().map(optimum).collect(),
            noise: graph.ids().map(noise).collect(),
            task: self.clone(),
            seed: seeds.data,
        }
    }
}

/// Standard normal numbers.
fn normals(count: usize, stream: &mut Stream) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(stream)).collect()
}

/// `count` random directions at right angles to each other, `count` ≤ `dimension`.
fn orthonormal(count: usize, dimension: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut directions: Vec<Vec<f64>> = Vec::with_capacity(count);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    while directions.len() < count {
        let mut next = normals(dimension, stream);
        // What rounding leaves of the others the first time is taken out the second time.
        for q in directions.iter().chain(&directions) {
            let along = dot(&next, q);
            next.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
        }
        let length = dot(&next, &next).sqrt();
        // Next to nothing is left only where the draw lay among the others by chance.
        if length > 1e-6 {
            next.iter_mut().for_each(|x| *x /= length);
            directions.push(next);
        }
    }
    directions
}

impl Task for LinearRegression {
    fn defaults(&self) -> &'static str {
        r#"
iterations = 2000
[topology]
kind = "geometric"
[learner]
step_size = 0.002
[rule]
kinds = ["loss", "distance"]
forgetting = 0.1
initial = 10.0
"#
    }

    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        _: &Library,
    ) -> Result<Arc<dyn World>, DataError> {
        self.fits(graph.agents())?;
        Ok(Arc::new(self.world(graph, seeds)))
    }
}

/// All agents of a linear-regression run.
pub struct Regressions {
    /// θ* of each group, shape `[groups × d]`.
    pub optima: Vec<Vec<f64>>,
    /// σ_k, the standard deviation of each agent's output noise.
    pub noise: Vec<f64>,
    task: LinearRegression,
    seed: u64,
}

impl Regressions {
    fn optimum(&self, agent: AgentId) -> &[f64] {
        &self.optima[self.group(agent) as usize]
    }

    /// w − θ*.
    fn miss(&self, agent: AgentId, model: &[f32]) -> Vec<f64> {
        let pairs = model.iter().zip(self.optimum(agent));
        pairs.map(|(&w, optimum)| f64::from(w) - optimum).collect()
    }
}

impl World for Regressions {
    fn dimension(&self) -> usize {
        self.task.dimension
    }

    fn group(&self, agent: AgentId) -> u32 {
        (agent.index() * self.optima.len() / self.noise.len()) as u32
    }

    fn initial(&self, agent: AgentId) -> Vec<f32> {
        let mut stream = Key::new(self.seed, Purpose::Initial).of(agent).stream();
        let all = normals(self.task.dimension, &mut stream).into_iter();
        all.map(|z| (self.task.initial_std * z) as f32).collect()
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        let (batch, dimension) = (self.task.batch, self.task.dimension);
        Box::new(Samples {
            key: Key::new(self.seed, Purpose::Batch).of(agent),
            agent,
            x: vec![0.0; batch * dimension],
            y: vec![0.0; batch],
            drawn: vec![0.0; 2 * dimension],
            world: self,
        })
    }
}

/// An agent's stream.
struct Samples {
    world: Arc<Regressions>,
    agent: AgentId,
    key: Key,
    /// Features of the current batch, shape `[batch × d]`.
    x: Vec<f32>,
    /// Its outputs, shape `[batch]`.
    y: Vec<f64>,
    /// Room for z ~ N(0, I) and for Lz, shape `[2 × d]`.
    drawn: Vec<f64>,
}

impl Samples {
    /// Features and output of each sample.
    fn rows(&self) -> impl Iterator<Item = (&[f32], f64)> {
        let rows = self.x.chunks_exact(self.world.task.dimension);
        rows.zip(self.y.iter().copied())
    }
}

impl Objective for Samples {
    fn draw(&mut self, step: u64) {
        let mut stream = self.key.at(step).stream();
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let task = &self.world.task;
        let optimum = self.world.optimum(self.agent);
        let noise = self.world.noise[self.agent.index()];
        let (z, x) = self.drawn.split_at_mut(task.dimension);
        let rows = self.x.chunks_exact_mut(task.dimension);
        for (row, y) in rows.zip(&mut self.y) {
            z.fill_with(&mut normal);
            task.factor.times(z, x);
            let mut output = 0.0;
            for ((row, &mut x), optimum) in row.iter_mut().zip(&mut *x).zip(optimum) {
                *row = x as f32;
                output += f64::from(*row) * optimum;
            }
            *y = output + noise * normal();
        }
    }

    fn batch_size(&self) -> usize {
        self.y.len()
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        let misses = self.rows().map(|(x, y)| y - kernel::dot(x, model));
        misses.map(|miss| miss * miss).sum::<f64>() / self.y.len() as f64
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        Some(LeastSquares {
            inputs: self.x.iter().map(|&x| f64::from(x)).collect(),
            outputs: self.y.clone(),
            samples: self.y.len(),
        })
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        gradient.fill(0.0);
        let batch = self.y.len() as f64;
        for (x, y) in self.rows() {
            let miss = kernel::dot(x, model) - y;
            kernel::add_weighted(gradient, 2.0 * miss / batch, x);
        }
    }

    /// `(w−θ*)ᵀΣ(w−θ*)`.
    fn regret(&self, model: &[f32]) -> Option<f64> {
        let miss = self.world.miss(self.agent, model);
        Some(self.world.task.factor.quadratic(&miss))
    }

    fn deviation(&self, model: &[f32]) -> Option<f64> {
        let miss = self.world.miss(self.agent, model);
        Some(miss.iter().map(|m| m * m).sum::<f64>().sqrt())
    }
}

#[cfg(test)]
#[path = "linear_regression_tests.rs"]
mod tests;
