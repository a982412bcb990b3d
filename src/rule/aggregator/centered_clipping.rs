//! Steps from the own model toward the mean of the others, of which none pulls farther than a
//! radius.

use super::{Aggregator, Promise};
use crate::kernel;
use crate::rule::Given;
use crate::settings::Keys;

/// The rule `centered-clipping`; O(L n d) for n models. From v = ψ_k,
/// v ← v + (1/n) Σ min(1, τ/‖x_i−v‖)(x_i−v) is done L times, in `f64`.
///
/// Karimireddy, He, Jaggi, "Learning from history for Byzantine robust optimization", 2021.
#[derive(Clone, Debug)]
pub struct CenteredClipping {
    radius: f64,
    iterations: u64,
}

impl Aggregator for CenteredClipping {
    const NAME: &'static str = "centered-clipping";
    const ABOUT: &'static str =
        "Steps from the own model by the mean of all differences, each clipped to the radius";

    fn read(keys: &mut Keys<'_>) -> Self {
        let radius = keys.key("radius", "How far a model pulls at most");
        let radius = radius.symbol("τ").above(0.0).required();
        let iterations = keys
            .key("iterations", "How many steps are made")
            .symbol("L")
            .at_least(1.0)
            .at_most(1e6)
            .default(1, "Karimireddy, He, Jaggi 2021");
        CenteredClipping { radius, iterations }
    }

    fn aggregate(&self, given: &Given<'_>, buffer: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let d = given.dimension();
        buffer.clear();
        buffer.extend(given.own.iter().map(|&x| f64::from(x)));
        buffer.resize(2 * d, 0.0);
        let (mut center, mut next) = buffer.split_at_mut(d);
        let share = 1.0 / given.models.len() as f64;
        for _ in 0..self.iterations {
            next.fill(0.0);
            let mut rest = 1.0;
            for model in given.models {
                let distance = kernel::squared_distance_to(center, model).sqrt();
                let weight = share * (self.radius / distance).min(1.0);
                rest -= weight;
                kernel::add_weighted(next, weight, model);
            }
            for (next, x) in next.iter_mut().zip(&*center) {
                // Nothing is left of it where no model was clipped.
                *next += rest.max(0.0) * x;
            }
            std::mem::swap(&mut center, &mut next);
        }
        out.extend(center.iter().map(|&x| x as f32));
        Promise::Kept
    }
}
