//! φ, what a rule remembers of every neighbor, and weights ∝ φ⁻¹.

use crate::rule::Place;

/// Weights use max(φ, this), so that a vanishing φ does not divide by zero.
const LEAST: f64 = 1e-12;

/// φ_lk for every slot.
#[derive(Clone, Debug)]
pub(super) struct Accumulated {
    by_slot: Vec<f64>,
}

impl Accumulated {
    pub(super) fn new(place: &Place<'_>, initial: f64) -> Accumulated {
        Accumulated {
            by_slot: vec![initial; place.slots()],
        }
    }

    /// φ ← (1−ν) φ + ν x, and φ. An observation that is not finite leaves φ as it was.
    pub(super) fn observe(&mut self, slot: usize, observation: f64, forgetting: f64) -> f64 {
        let accumulated = &mut self.by_slot[slot];
        if observation.is_finite() {
            *accumulated = (1.0 - forgetting) * *accumulated + forgetting * observation;
        }
        *accumulated
    }
}

/// a ∝ φ⁻¹ in place: `weights` hold φ of who takes part and NaN for who does not.
pub(super) fn inverse_weights(weights: &mut [f64]) {
    let mut sum = 0.0;
    for weight in weights.iter_mut() {
        *weight = if weight.is_nan() {
            0.0
        } else {
            1.0 / weight.max(LEAST)
        };
        sum += *weight;
    }
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}
