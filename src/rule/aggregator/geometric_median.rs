//! The point from which the sum of the distances to all models is least.

use super::{Aggregator, Promise};
use crate::kernel;
use crate::rule::Given;
use crate::rule::squared::squared_distances;
use crate::settings::Keys;

/// The rule `geometric-median`; O(n² d) for n models, and O(n²) for each iteration.
///
/// Its search stays among convex combinations z = Σ w_i x_i, of which it knows no more than the
/// weights: all distances follow from those between the models,
/// ‖z − x_i‖² = (D w)_i − wᵀD w / 2, and D is computed once.
///
/// - The model with the least sum of distances is the minimizer if the unit vectors from it to the
///   others add up to no more than how often it occurs (Kuhn 1973; Vardi, Zhang, "The multivariate
///   L1-median and associated data depth", 2000). Several such models, as in the middle of an even
///   number on a line, are averaged.
/// - Otherwise Vardi and Zhang's step leads away from it, downhill; and since no model is as low,
///   Weiszfeld's iteration z ← Σ x_i/‖x_i−z‖ / Σ 1/‖x_i−z‖ goes down from there without ever
///   meeting one.
///
/// It ends when the gradient, the sum of the unit vectors to z, is not longer than
/// `tolerance` · n/2. Then the sum of distances is at most `tolerance` of the least one above it:
/// it is convex, and z and the minimizer are no farther apart than 2/n of the sum.
///
/// A search that has not ended after `max_iterations` is cut short: the point that it has come to is
/// taken, and counted as starved.
///
/// Models more than 10⁸ times as far from the first point as half of all models are drawn in to
/// that distance along their direction, which turns the unit vectors to them by 10⁻⁸ or so: beyond,
/// `f64` could not tell the near models' distances any more.
#[derive(Clone, Debug)]
pub struct GeometricMedian {
    tolerance: f64,
    max_iterations: u64,
}

/// How many times as far as the median distance a model counts at most.
const FARTHEST: f64 = 1e8;

/// Parameters whose sums stay in the cache.
const BLOCK: usize = 512;

impl Aggregator for GeometricMedian {
    const NAME: &'static str = "geometric-median";
    const ABOUT: &'static str = "The point with the least sum of distances to all models";

    fn read(keys: &mut Keys<'_>) -> Self {
        let tolerance = keys
            .key(
                "tolerance",
                "How far above the least sum of distances its own may be, relative to that",
            )
            .above(0.0)
            .at_most(1.0)
            .default(1e-6, "own choice");
        let max_iterations = keys
            .key("max_iterations", "After how many iterations it ends anyway")
            .at_least(1.0)
            .default(1000, "own choice");
        GeometricMedian {
            tolerance,
            max_iterations,
        }
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let models = given.models;
        let squared = Squared::between(models);
        match squared.drawn_in(models) {
            None => {
                let (weights, promise) = self.weights(&squared);
                weighted_sum(models, &weights, out);
                promise
            }
            Some(nearer) => {
                let nearer: Vec<&[f32]> = nearer.iter().map(|model| &model[..]).collect();
                let (weights, promise) = self.weights(&Squared::between(&nearer));
                weighted_sum(&nearer, &weights, out);
                promise
            }
        }
    }
}

impl GeometricMedian {
    /// The weights of the median: at least 0, with sum 1. Whether it is one within the tolerance.
    fn weights(&self, squared: &Squared) -> (Vec<f64>, Promise) {
        let n = squared.models;
        let steepest = self.tolerance * n as f64 / 2.0;
        let sums = squared.sums_of_distances();
        let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
        // As low but for the roundings of a sum.
        let lowest = least * (1.0 + n as f64 * f64::EPSILON);
        let lowest: Vec<usize> = (0..n).filter(|&i| sums[i] <= lowest).collect();
        let pulls: Vec<Pull> = lowest.iter().map(|&i| squared.pull_on(i)).collect();
        let is_median = |pull: &Pull| pull.force - pull.coincident <= steepest;
        let medians = pulls.iter().filter(|pull| is_median(pull)).count();
        if medians > 0 {
            let mut weights = vec![0.0; n];
            for (&i, pull) in lowest.iter().zip(&pulls) {
                if is_median(pull) {
                    weights[i] = 1.0 / medians as f64;
                }
            }
            return (weights, Promise::Kept);
        }

        let mut weights = pulls[0].step_from(lowest[0]);
        let mut products = vec![0.0; n];
        squared.times(&weights, &mut products);
        let (mut next, mut next_products) = (vec![0.0; n], vec![0.0; n]);
        for _ in 0..self.max_iterations {
            let inverse_sum = weiszfeld(&weights, &products, &mut next);
            squared.times(&next, &mut next_products);
            // ‖z' − z‖², where z' − z = −(gradient)/Σ 1/‖x_i−z‖.
            let moved: f64 = (next.iter().zip(&weights))
                .zip(next_products.iter().zip(&products))
                .map(|((a, b), (da, db))| (b - a) * (da - db) / 2.0)
                .sum();
            let gradient = moved.max(0.0).sqrt() * inverse_sum;
            std::mem::swap(&mut weights, &mut next);
            std::mem::swap(&mut products, &mut next_products);
            if gradient <= steepest {
                return (weights, Promise::Kept);
            }
        }
        (weights, Promise::Broken)
    }
}

/// One iteration: the next weights in `next`; returns Σ 1/‖x_i−z‖. `products` is D w.
fn weiszfeld(weights: &[f64], products: &[f64], next: &mut [f64]) -> f64 {
    let spread: f64 = weights.iter().zip(products).map(|(w, p)| w * p).sum();
    let inverse = |product: &f64| {
        let distance = product - spread / 2.0;
        // z is never a model, but it may be so near that nothing is left of the difference.
        let least = (1e-15 * product).max(f64::MIN_POSITIVE);
        1.0 / distance.max(least).sqrt()
    };
    for (next, product) in next.iter_mut().zip(products) {
        *next = inverse(product);
    }
    let sum: f64 = next.iter().sum();
    next.iter_mut().for_each(|weight| *weight /= sum);
    sum
}

/// What the other models do to one of them.
struct Pull {
    /// How many models are equal to it, itself included.
    coincident: f64,
    /// How long the sum of the unit vectors to the others is.
    force: f64,
    /// The inverse distances, 0 for those that are equal to it.
    inverse: Vec<f64>,
}

impl Pull {
    /// Vardi and Zhang's step: the weights of the point that it leads to.
    fn step_from(&self, model: usize) -> Vec<f64> {
        let stays = (self.coincident / self.force).min(1.0);
        let sum: f64 = self.inverse.iter().sum();
        let step = |inverse: &f64| (1.0 - stays) * inverse / sum;
        let mut weights: Vec<f64> = self.inverse.iter().map(step).collect();
        weights[model] += stays;
        weights
    }
}

/// D: the squared distances between models.
struct Squared {
    models: usize,
    /// Shape `[n × n]`.
    distances: Vec<f64>,
}

impl Squared {
    fn between(models: &[&[f32]]) -> Squared {
        Squared {
            models: models.len(),
            distances: squared_distances(models),
        }
    }

    fn from(&self, model: usize) -> &[f64] {
        &self.distances[model * self.models..][..self.models]
    }

    fn sums_of_distances(&self) -> Vec<f64> {
        let sum = |i| self.from(i).iter().map(|squared| squared.sqrt()).sum();
        (0..self.models).map(sum).collect()
    }

    /// D w.
    fn times(&self, weights: &[f64], products: &mut [f64]) {
        products.fill(0.0);
        for (i, &weight) in weights.iter().enumerate() {
            add(products, weight, self.from(i));
        }
    }

    /// What acts on a model. With a_i the inverse distances from it and −Σ a_i for itself, the sum
    /// of the unit vectors is Σ a_i x_i, and its square −aᵀD a / 2.
    fn pull_on(&self, model: usize) -> Pull {
        let from = self.from(model);
        let inverse = |&squared: &f64| match squared {
            0.0 => 0.0,
            _ => 1.0 / squared.sqrt(),
        };
        let inverse: Vec<f64> = from.iter().map(inverse).collect();
        let mut coefficients = inverse.clone();
        coefficients[model] = -inverse.iter().sum::<f64>();
        let mut products = vec![0.0; self.models];
        self.times(&coefficients, &mut products);
        let form: f64 = coefficients.iter().zip(&products).map(|(a, p)| a * p).sum();
        Pull {
            coincident: from.iter().filter(|&&squared| squared == 0.0).count() as f64,
            force: (-form / 2.0).max(0.0).sqrt(),
            inverse,
        }
    }

    /// The models with those drawn in that are too far away; `None` where none is.
    fn drawn_in(&self, models: &[&[f32]]) -> Option<Vec<Vec<f32>>> {
        let sums = self.sums_of_distances();
        let lowest = (0..self.models).min_by(|&i, &j| sums[i].total_cmp(&sums[j]))?;
        let from = self.from(lowest);
        let mut sorted = from.to_vec();
        sorted.sort_by(f64::total_cmp);
        let most = sorted[self.models / 2] * FARTHEST * FARTHEST;
        // With 0, most models are equal, and they are the median.
        if most == 0.0 || sorted[self.models - 1] <= most {
            return None;
        }
        let draw = |(model, &squared): (&&[f32], &f64)| {
            let share = (most / squared).sqrt().min(1.0);
            let draw = |(&x, &center): (&f32, &f32)| {
                let (x, center) = (f64::from(x), f64::from(center));
                (center + share * (x - center)) as f32
            };
            match squared <= most {
                true => model.to_vec(),
                false => model.iter().zip(models[lowest]).map(draw).collect(),
            }
        };
        Some(models.iter().zip(from).map(draw).collect())
    }
}

kernel::for_this_processor! {
    fn add(sums: &mut [f64], weight: f64, column: &[f64]) {
        for (sum, x) in sums.iter_mut().zip(column) {
            *sum += weight * x;
        }
    }
}

/// Σ w_i x_i.
fn weighted_sum(models: &[&[f32]], weights: &[f64], out: &mut Vec<f32>) {
    let dimension = models.first().map_or(0, |model| model.len());
    for start in (0..dimension).step_by(BLOCK) {
        let end = dimension.min(start + BLOCK);
        let mut sums = [0.0; BLOCK];
        let sums = &mut sums[..end - start];
        for (model, &weight) in models.iter().zip(weights) {
            // A model far away would bring in the rounding of its weight.
            if weight > 0.0 {
                kernel::add_weighted(sums, weight, &model[start..end]);
            }
        }
        out.extend(sums.iter().map(|&x| x as f32));
    }
}

#[cfg(test)]
#[path = "tests_of_geometric_median.rs"]
mod tests;
