//! Adam (Kingma and Ba 2015), as in PyTorch: steps along the mean of past gradients, divided by the
//! root of the mean of their squares.
//!
//! ```text
//! m ← β₁ m + (1−β₁) g        v ← β₂ v + (1−β₂) g²
//! θ ← θ − μ · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
//! ```
//!
//! in step t = 1, 2, … of the agent, counting those that were done. The moments are `f64`.

use crate::checkpoint::{Book, Kept, keep};
use crate::kernel::for_this_processor;
use crate::settings::Keys;

/// Where the defaults come from.
pub(super) const SOURCE: &str = "Kingma and Ba 2015, as in PyTorch";

/// Settings of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// β₁, in [0, 1): memory of the mean.
    pub beta1: f64,
    /// β₂, in [0, 1): memory of the mean square.
    pub beta2: f64,
    /// ε, above 0: what is added to the root.
    pub epsilon: f64,
}

impl Default for Adam {
    /// As published, and in PyTorch.
    fn default() -> Self {
        Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl Adam {
    /// Declares and reads its keys.
    pub(super) fn read(keys: &mut Keys<'_>) -> Adam {
        let beta1 = keys.key("beta1", "How much of the gradients' mean each step keeps");
        let beta1 = beta1.symbol("β₁").at_least(0.0).below(1.0);
        let beta1 = beta1.default(Adam::default().beta1, SOURCE);
        let beta2 = keys.key(
            "beta2",
            "How much of the mean of their squares each step keeps",
        );
        let beta2 = beta2.symbol("β₂").at_least(0.0).below(1.0);
        let beta2 = beta2.default(Adam::default().beta2, SOURCE);
        let epsilon = keys.key("epsilon", "Added to the root of that mean");
        let epsilon = epsilon
            .symbol("ε")
            .above(0.0)
            .default(Adam::default().epsilon, SOURCE);
        Adam {
            beta1,
            beta2,
            epsilon,
        }
    }
}

/// What an agent remembers of its gradients.
#[derive(Clone, Debug)]
pub struct Moments {
    adam: Adam,
    /// m, shape `[d]`.
    mean: Vec<f64>,
    /// v, shape `[d]`.
    square: Vec<f64>,
    /// β₁ᵗ and β₂ᵗ after t steps, as products of t factors.
    powers: [f64; 2],
}

impl Moments {
    /// Before the first step, for models of `dimension` parameters.
    pub(super) fn new(adam: Adam, dimension: usize) -> Moments {
        Moments {
            adam,
            mean: vec![0.0; dimension],
            square: vec![0.0; dimension],
            powers: [1.0; 2],
        }
    }

    pub(super) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.mean, self.square, self.powers)
    }

    /// One step in place. `parameters` and `gradient` have shape `[d]`; the result is rounded to
    /// `f32` once.
    pub(super) fn step(&mut self, step_size: f64, parameters: &mut [f32], gradient: &[f64]) {
        let Adam { beta1, beta2, .. } = self.adam;
        self.powers[0] *= beta1;
        self.powers[1] *= beta2;
        let rest = self.powers.map(|power| 1.0 - power);
        let (mean, square) = (&mut self.mean[..], &mut self.square[..]);
        descend(
            self.adam, step_size, rest, mean, square, gradient, parameters,
        );
    }
}

for_this_processor! {
    /// Moves moments and parameters; `rest` is 1 − β₁ᵗ and 1 − β₂ᵗ.
    fn descend(
        adam: Adam,
        step_size: f64,
        rest: [f64; 2],
        mean: &mut [f64],
        square: &mut [f64],
        gradient: &[f64],
        parameters: &mut [f32]
    ) {
        let Adam { beta1, beta2, epsilon } = adam;
        let moments = mean.iter_mut().zip(square);
        for ((parameter, slope), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = beta1 * *m + (1.0 - beta1) * slope;
            *v = beta2 * *v + (1.0 - beta2) * (slope * slope);
            let root = (*v / rest[1]).sqrt() + epsilon;
            *parameter = (f64::from(*parameter) - step_size * (*m / rest[0]) / root) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTORCH: Adam = Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };

    /// By hand, with μ = 0.1 and gradients 2 and then −1, from θ = 1:
    ///
    /// ```text
    /// t = 1: m = 0.2, v = 0.004, m/0.1 = 2, √(v/0.001) = 2, θ = 1 − 0.1·2/2 = 0.9
    /// t = 2: m = 0.18 − 0.1 = 0.08, v = 0.003996 + 0.001 = 0.004996
    ///        m/0.19 = 0.4210526, √(v/0.001999) = √2.4992496 = 1.5809015
    ///        θ = 0.9 − 0.1·0.4210526/1.5809015 = 0.9 − 0.0266337 = 0.8733663
    /// ```
    #[test]
    fn two_steps_are_as_computed_by_hand() {
        let mut moments = Moments::new(PYTORCH, 1);
        let mut theta = [1.0];
        moments.step(0.1, &mut theta, &[2.0]);
        assert!((theta[0] - 0.9).abs() < 1e-7, "{theta:?}");
        moments.step(0.1, &mut theta, &[-1.0]);
        assert!((theta[0] - 0.873_366_3).abs() < 2e-7, "{theta:?}");
        assert!((moments.mean[0] - 0.08).abs() < 1e-15);
        assert!((moments.square[0] - 0.004_996).abs() < 1e-15);
    }

    #[test]
    fn the_first_step_has_the_step_size_whatever_the_gradient() {
        let mut theta = [0.0; 4];
        let gradient = [1e-3, -5.0, 1e6, 0.0];
        Moments::new(PYTORCH, 4).step(0.25, &mut theta, &gradient);
        let expected = [-0.25, 0.25, -0.25, 0.0];
        for (found, expected) in theta.iter().zip(expected) {
            // ε is 10⁻⁵ of the smallest gradient.
            assert!((found - expected).abs() < 1e-5, "{theta:?}");
        }
    }

    #[test]
    fn without_memory_only_signs_are_left() {
        let adam = Adam {
            beta1: 0.0,
            beta2: 0.0,
            epsilon: 1e-300,
        };
        let mut moments = Moments::new(adam, 1);
        let mut theta = [0.0];
        for gradient in [3.0, -0.1, 7.0] {
            moments.step(0.5, &mut theta, &[gradient]);
        }
        assert_eq!(theta, [-0.5]);
    }

    /// Element j is treated alike whatever register it falls into.
    #[test]
    fn vector_units_change_nothing() {
        let gradient: Vec<f64> = (0..37).map(|j| f64::from(j * j % 11) - 5.0).collect();
        let mut all = vec![0.5_f32; 37];
        let mut moments = Moments::new(PYTORCH, 37);
        (0..5).for_each(|_| moments.step(0.01, &mut all, &gradient));
        for (found, slope) in all.iter().zip(gradient) {
            let mut one = [0.5];
            let mut moments = Moments::new(PYTORCH, 1);
            (0..5).for_each(|_| moments.step(0.01, &mut one, &[slope]));
            assert_eq!(*found, one[0]);
        }
    }
}
