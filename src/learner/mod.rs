//! The adapt step (2): ψ = θ − μ ∇ℓ(θ), or what Adam makes of the gradient.
//!
//! A [`Learner`] is the settings; [`Learner::optimizer`] gives each agent its own [`Optimizer`]
//! with whatever it remembers.

mod adam;

pub use adam::{Adam, Moments};

use crate::checkpoint::{Book, Kept};
use crate::settings::{Choice, Chosen, Keys, Schedule, keys_of_cases};

/// How the parameters follow a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Stochastic gradient descent with the plain step size.
    Sgd,
    /// Adam, whose steps have about the step size whatever the size of the gradient.
    Adam(Adam),
}

/// Its name in TOML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Named {
    #[default]
    Sgd,
    Adam,
}

impl Choice for Named {
    const NAMES: &'static [(&'static str, Self)] = &[("sgd", Self::Sgd), ("adam", Self::Adam)];
}

impl Method {
    /// Declares and reads what one method has for itself.
    fn read(keys: &mut Keys<'_>, named: Named) -> Method {
        match named {
            Named::Sgd => Method::Sgd,
            Named::Adam => Method::Adam(Adam::read(keys)),
        }
    }
}

/// The keys that optimizers have besides those of all optimizers, for sweeps over them.
pub(crate) fn keys_of(is_among: &dyn Fn(&str) -> bool) -> Vec<String> {
    keys_of_cases(is_among, Method::read)
}

/// How an agent adapts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learner {
    /// How the parameters follow a gradient.
    pub method: Method,
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
        let Chosen(named) = keys
            .key("optimizer", "How parameters follow a gradient")
            .default(Chosen(Named::Sgd), "paper (2)");
        // A task's step size is one for its own optimizer.
        let is_made_for = keys.task_is_for("optimizer", "sgd");
        let (step_size, source) = match named {
            Named::Sgd => (0.1, "paper appendix B"),
            Named::Adam => (0.001, adam::SOURCE),
        };
        Learner {
            method: keys.cases("optimizer", named, Method::read),
            step_size: keys
                .key("step_size", "Step size; by default 0.001 for Adam")
                .symbol("μ")
                .at_least(0.0)
                .of_task_if(is_made_for)
                .default(Schedule::constant(step_size), source),
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

    /// An agent's optimizer for models of `dimension` parameters, before its first step.
    pub fn optimizer(&self, dimension: usize) -> Optimizer {
        match self.method {
            Method::Sgd => Optimizer::Sgd,
            Method::Adam(adam) => Optimizer::Adam(Box::new(Moments::new(adam, dimension))),
        }
    }
}

/// One agent's optimizer with its memory; SGD has none.
#[derive(Clone, Debug)]
pub enum Optimizer {
    /// Follows the gradient.
    Sgd,
    /// Follows the gradient's moments.
    Adam(Box<Moments>),
}

impl Optimizer {
    /// Keeps what it remembers.
    pub(crate) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        match self {
            Optimizer::Sgd => Ok(()),
            Optimizer::Adam(moments) => moments.keep(book),
        }
    }

    /// One adapt step in place. `parameters` and `gradient` have shape `[d]`; the result is
    /// rounded to `f32` once.
    pub fn step(&mut self, step_size: f64, parameters: &mut [f32], gradient: &[f64]) {
        match self {
            Optimizer::Sgd => {
                for (parameter, slope) in parameters.iter_mut().zip(gradient) {
                    *parameter = (f64::from(*parameter) - step_size * slope) as f32;
                }
            }
            Optimizer::Adam(moments) => moments.step(step_size, parameters, gradient),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sgd_steps_down_the_gradient_and_takes_no_memory_for_it() {
        let learner = Learner {
            method: Method::Sgd,
            step_size: Schedule::constant(0.1),
            steps_per_exchange: 1,
            adapt_probability: 1.0,
        };
        let mut parameters = [1.0, -2.0];
        let mut optimizer = learner.optimizer(2);
        optimizer.step(0.5, &mut parameters, &[4.0, -0.5]);
        assert_eq!(parameters, [-1.0, -1.75]);
        assert_eq!(size_of::<Optimizer>(), size_of::<usize>());
    }
}
