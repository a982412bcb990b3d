//! Models that are far from the own one come nearer.

use super::PreAggregation;
use crate::kernel;
use crate::rule::aggregator::Given;
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
    fn keeps_own(&self) -> bool {
        true
    }

    fn apply(&self, given: &Given<'_>, _: &mut Vec<f64>, mixed: &mut Vec<f32>) {
        for model in given.models {
            let distance = kernel::squared_distance(model, given.own).sqrt();
            if distance <= self.radius {
                mixed.extend_from_slice(model);
                continue;
            }
            let share = self.radius / distance;
            let clipped = |(&x, &own): (&f32, &f32)| {
                let (x, own) = (f64::from(x), f64::from(own));
                (own + share * (x - own)) as f32
            };
            mixed.extend(model.iter().zip(given.own).map(clipped));
        }
    }
}
