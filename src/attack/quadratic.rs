//! On a batch whose loss is a mean of squared residuals: the model nearest to a target among all of
//! at most a loss, and the minimizer.
//!
//! With X = U S Vᵀ, the model nearest to the target t whose loss is at most a bound is
//!
//! ```text
//! w = t + V diag(λs / (1 + λs²)) Uᵀ (y − X t)
//! ```
//!
//! for the least multiplier λ ≥ 0 with that loss (one λ for all outputs): in the direction j it leaves
//! 1/(1 + λs_j²) of the target's residual, so that the loss falls as λ grows, and λ is found by
//! bisection. Beyond all λ there is the minimizer nearest to the target.

use super::svd::Svd;
use crate::kernel::dot_wide;
use crate::model::LeastSquares;

/// Inputs and samples beyond which a decomposition takes too long for every payload: the lesser of
/// both.
const MOST_DIRECTIONS: usize = 256;

/// λ is found to this many halvings of its logarithm.
const HALVINGS: u32 = 70;

/// A batch, decomposed.
pub(super) struct Quadratic {
    batch: LeastSquares,
    svd: Svd,
    /// s_j relative to the greatest: λ then has no unit.
    relative: Vec<f64>,
}

impl Quadratic {
    /// `None` where the batch is too large, or its numbers are not finite.
    pub fn new(batch: LeastSquares) -> Option<Quadratic> {
        let columns = batch.columns();
        let directions = columns.min(batch.samples);
        let all = || batch.inputs.iter().chain(&batch.outputs);
        if !(1..=MOST_DIRECTIONS).contains(&directions) || !all().all(|x| x.is_finite()) {
            return None;
        }
        let svd = Svd::of(&batch.inputs, columns);
        let greatest = svd.singular.iter().copied().fold(0.0, f64::max);
        Some(Quadratic {
            relative: svd.singular.iter().map(|s| s / greatest).collect(),
            svd,
            batch,
        })
    }

    /// d: number of parameters.
    fn dimension(&self) -> usize {
        self.batch.columns() * self.batch.outputs_each()
    }

    /// The minimizer of the loss with the least norm.
    pub fn minimizer(&self) -> Vec<f64> {
        let zero = vec![0.0; self.dimension()];
        self.toward(&zero).model(f64::INFINITY)
    }

    /// The way from a target, shape `[d]`, to the minimizer nearest to it.
    pub fn toward<'a>(&'a self, target: &'a [f64]) -> Way<'a> {
        let batch = &self.batch;
        let (columns, outputs) = (batch.columns(), batch.outputs_each());
        let mut way = Way {
            quadratic: self,
            target,
            residuals: Vec::new(),
            rest: 0.0,
            numbers: batch.outputs.len() as f64,
        };
        for output in 0..outputs {
            let of = |j| target[batch.parameter(output, j)];
            let coefficients: Vec<f64> = (0..columns).map(of).collect();
            let rows = batch.inputs.chunks_exact(columns);
            let wanted = batch.outputs.iter().skip(output).step_by(outputs);
            let miss = |(row, y): (&[f64], &f64)| y - dot_wide(row, &coefficients);
            let mut residual: Vec<f64> = rows.zip(wanted).map(miss).collect();
            // What is left after all directions is the same for all models.
            for left in &self.svd.left {
                let part = dot_wide(left, &residual);
                let pairs = residual.iter_mut().zip(left);
                pairs.for_each(|(r, u)| *r -= part * u);
                way.residuals.push(part);
            }
            way.rest += dot_wide(&residual, &residual);
        }
        way
    }
}

/// Models by their λ, from the target (0) to the nearest minimizer (∞).
pub(super) struct Way<'a> {
    quadratic: &'a Quadratic,
    target: &'a [f64],
    /// u_jᵀ(y − X t) of each output, shape `[q × directions]`.
    residuals: Vec<f64>,
    /// ‖y − X w‖² of every minimizer.
    rest: f64,
    /// n q.
    numbers: f64,
}

impl Way<'_> {
    fn parts(&self) -> impl Iterator<Item = (f64, f64)> {
        let relative = self.quadratic.relative.iter().copied().cycle();
        self.residuals.iter().copied().zip(relative)
    }

    fn loss(&self, lambda: f64) -> f64 {
        let left = |(c, s): (f64, f64)| {
            let left = c / (1.0 + lambda * s * s);
            left * left
        };
        (self.parts().map(left).sum::<f64>() + self.rest) / self.numbers
    }

    /// The least loss of all models.
    pub fn least_loss(&self) -> f64 {
        self.rest / self.numbers
    }

    /// The least λ with at most this loss; infinite where that is the least loss, or nearly so.
    pub fn multiplier(&self, bound: f64) -> f64 {
        let is_within = |lambda: f64| self.loss(lambda) <= bound;
        if is_within(0.0) {
            return 0.0;
        }
        let (mut above, mut below) = (1.0, 1.0);
        while !is_within(above) {
            above *= 16.0;
            if above > 1e120 {
                return f64::INFINITY;
            }
        }
        while is_within(below) && below > 1e-120 {
            below /= 16.0;
        }
        for _ in 0..HALVINGS {
            let middle = (above * below).sqrt();
            if is_within(middle) {
                above = middle;
            } else {
                below = middle;
            }
        }
        above
    }

    /// The model of a λ, shape `[d]`.
    pub fn model(&self, lambda: f64) -> Vec<f64> {
        let Quadratic {
            batch,
            svd,
            relative,
        } = self.quadratic;
        let mut model = self.target.to_vec();
        let done = |s: &f64| {
            let pull = lambda * s * s;
            // Whole at λ = ∞.
            if pull.is_finite() {
                pull / (1.0 + pull)
            } else {
                1.0
            }
        };
        let done: Vec<f64> = relative.iter().map(done).collect();
        for (direction, (right, s)) in svd.right.iter().zip(&svd.singular).enumerate() {
            for output in 0..batch.outputs_each() {
                let part = self.residuals[output * done.len() + direction];
                let step = done[direction] * part / s;
                for (column, v) in right.iter().enumerate() {
                    model[batch.parameter(output, column)] += step * v;
                }
            }
        }
        model
    }
}
