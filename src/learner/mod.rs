//! The adapt step (2): ψ = θ − μ ∇ℓ(θ).

use crate::settings::{Choice, Chosen, Keys, Schedule};

/// How the parameters follow a gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimizer {
    /// Stochastic gradient descent with the plain step size.
    #[default]
    Sgd,
}

impl Choice for Optimizer {
    const NAMES: &'static [(&'static str, Self)] = &[("sgd", Self::Sgd)];
    const LATER: &'static [&'static str] = &["adam"];
}

/// How an agent adapts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learner {
    /// How the parameters follow a gradient.
    pub optimizer: Optimizer,
    /// μ, per iteration.
    pub step_size: Schedule,
    /// Adapt steps per iteration, each on a batch of its own.
    pub steps_per_exchange: u64,
    /// Probability that an iteration's adapt steps are done at all.
    pub adapt_probability: f64,
}

impl Learner {
    /// Declares and reads the keys of `[learner]`.
    pub fn read(keys: &mut Keys<'_>) -> Learner {
        let Chosen(optimizer) = keys
            .key("optimizer", "How parameters follow a gradient")
            .default(Chosen(Optimizer::Sgd), "paper (2)");
        Learner {
            optimizer,
            step_size: keys
                .key("step_size", "Step size of the adapt step")
                .symbol("μ")
                .at_least(0.0)
                .default(Schedule::constant(0.1), "paper §4"),
            steps_per_exchange: keys
                .key(
                    "steps_per_exchange",
                    "Adapt steps per iteration, each on its own batch",
                )
                .at_least(1.0)
                .at_most(1e6)
                .default(1, "paper (2)"),
            adapt_probability: keys
                .key(
                    "adapt_probability",
                    "Probability that an iteration's adapt steps are done",
                )
                .at_least(0.0)
                .at_most(1.0)
                .default(1.0, "paper (2)"),
        }
    }

    /// One adapt step in place. `parameters` and `gradient` have shape `[d]`; the result is
    /// rounded to `f32` once.
    pub fn adapt(&self, iteration: u64, parameters: &mut [f32], gradient: &[f64]) {
        let step_size = self.step_size.at(iteration);
        match self.optimizer {
            Optimizer::Sgd => {
                for (parameter, slope) in parameters.iter_mut().zip(gradient) {
                    *parameter = (f64::from(*parameter) - step_size * slope) as f32;
                }
            }
        }
    }
}
