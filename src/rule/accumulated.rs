//! φ, what a rule remembers of every neighbor, and weights ∝ φ⁻¹.

use crate::checkpoint::{Book, Kept, keep};

/// Weights use max(φ, this), so that a vanishing φ does not divide by zero.
const LEAST: f64 = 1e-12;

/// φ_lk for every slot. A slot that was not met before has the initial φ.
#[derive(Clone, Debug)]
pub(super) struct Accumulated {
    by_slot: Vec<f64>,
    initial: f64,
}

impl Accumulated {
    pub(super) fn new(initial: f64) -> Accumulated {
        Accumulated {
            by_slot: Vec::new(),
            initial,
        }
    }

    pub(super) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.by_slot)
    }

    /// φ of a slot, as it is.
    pub(super) fn get(&self, slot: usize) -> f64 {
        self.by_slot.get(slot).copied().unwrap_or(self.initial)
    }

    /// φ of a slot.
    fn of(&mut self, slot: usize) -> &mut f64 {
        if slot >= self.by_slot.len() {
            self.by_slot.resize(slot + 1, self.initial);
        }
        &mut self.by_slot[slot]
    }

    /// φ ← (1−ν) φ + ν x, and φ. An observation that is not finite leaves φ as it was.
    pub(super) fn observe(&mut self, slot: usize, observation: f64, forgetting: f64) -> f64 {
        let accumulated = self.of(slot);
        if observation.is_finite() {
            *accumulated = (1.0 - forgetting) * *accumulated + forgetting * observation;
        }
        *accumulated
    }

    /// φ ← (1−ν) φ + ν φ_0: back toward the initial value at the rate of forgetting.
    pub(super) fn decay(&mut self, slot: usize, forgetting: f64) {
        self.observe(slot, self.initial, forgetting);
    }

    /// φ ← φ_0.
    pub(super) fn reset(&mut self, slot: usize) {
        *self.of(slot) = self.initial;
    }
}

/// φ⁻¹.
pub(super) fn inverse(accumulated: f64) -> f64 {
    1.0 / accumulated.max(LEAST)
}

/// φ⁻¹ in place: `weights` hold φ of who takes part and NaN for who does not.
pub(super) fn invert(weights: &mut [f64]) {
    for weight in weights {
        *weight = if weight.is_nan() {
            0.0
        } else {
            inverse(*weight)
        };
    }
}

/// Divides the weights by their sum.
pub(super) fn normalize(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    for weight in weights {
        *weight /= sum;
    }
}
