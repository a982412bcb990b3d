//! Models that are far from the own one come nearer.

use super::PreAggregation;
use crate::kernel::{self, for_this_processor};
use crate::rule::Given;
use crate::settings::Keys;

/// The pre-aggregation `norm-clipping`: x_i becomes ψ_k + min(1, τ/‖x_i−ψ_k‖)(x_i−ψ_k). O(n d).
///
/// Sun, Kairouz, Suresh, McMahan, "Can you really backdoor federated learning?", 2019, where the
/// norms are those of updates to one common model; here ψ_k stands for that.
#[derive(Clone, Debug)]
pub struct NormClipping {
    radius: f64,
}

impl NormClipping {
    /// The value of `kind`.
    pub const NAME: &str = "norm-clipping";
    /// What it is.
    pub const ABOUT: &str = "Draws models toward the own one, to a distance of at most the radius";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let radius = keys.key("radius", "How far from the own model models may be");
        NormClipping {
            radius: radius.symbol("τ").above(0.0).required(),
        }
    }
}

impl PreAggregation for NormClipping {
    fn apply(&self, given: &Given<'_>, _: &mut Vec<f64>, mixed: &mut Vec<f32>) {
        for model in given.models {
            let distance = kernel::squared_distance(model, given.own).sqrt();
            if distance <= self.radius {
                mixed.extend_from_slice(model);
                continue;
            }
            let start = mixed.len();
            mixed.extend_from_slice(model);
            draw_in(&mut mixed[start..], given.own, self.radius / distance);
        }
    }
}

for_this_processor! {
    /// x ← center + share · (x − center).
    fn draw_in(model: &mut [f32], center: &[f32], share: f64) {
        for (x, &center) in model.iter_mut().zip(center) {
            let center = f64::from(center);
            *x = (center + share * (f64::from(*x) - center)) as f32;
        }
    }
}
