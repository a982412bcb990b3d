//! The point from which the sum of the distances to all models is least.

use super::{Aggregator, Given};
use crate::kernel;
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

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) {
        let models = given.models;
        let squared = Squared::between(models);
        match squared.drawn_in(models) {
            None => weighted_sum(models, &self.weights(&squared), out),
            Some(nearer) => {
                let nearer: Vec<&[f32]> = nearer.iter().map(|model| &model[..]).collect();
                let weights = self.weights(&Squared::between(&nearer));
                weighted_sum(&nearer, &weights, out);
            }
        }
    }
}

impl GeometricMedian {
    /// The weights of the median: at least 0, with sum 1.
    fn weights(&self, squared: &Squared) -> Vec<f64> {
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
            return weights;
        }

        let mut weights = pulls[0].step_from(lowest[0]);
        let mut products = squared.times(&weights);
        for _ in 0..self.max_iterations {
            let (mut next, inverse_sum) = weiszfeld(&weights, &products);
            let next_products = squared.times(&next);
            // ‖z' − z‖², where z' − z = −(gradient)/Σ 1/‖x_i−z‖.
            let moved: f64 = (next.iter().zip(&weights))
                .zip(next_products.iter().zip(&products))
                .map(|((a, b), (da, db))| (b - a) * (da - db) / 2.0)
                .sum();
            let gradient = moved.max(0.0).sqrt() * inverse_sum;
            std::mem::swap(&mut weights, &mut next);
            products = next_products;
            if gradient <= steepest {
                break;
            }
        }
        weights
    }
}

/// One iteration: the next weights, and Σ 1/‖x_i−z‖. `products` is D w.
fn weiszfeld(weights: &[f64], products: &[f64]) -> (Vec<f64>, f64) {
    let spread: f64 = weights.iter().zip(products).map(|(w, p)| w * p).sum();
    let inverse = |product: &f64| {
        let distance = product - spread / 2.0;
        // z is never a model, but it may be so near that nothing is left of the difference.
        let least = (1e-15 * product).max(f64::MIN_POSITIVE);
        1.0 / distance.max(least).sqrt()
    };
    let mut next: Vec<f64> = products.iter().map(inverse).collect();
    let sum: f64 = next.iter().sum();
    next.iter_mut().for_each(|weight| *weight /= sum);
    (next, sum)
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
    fn times(&self, weights: &[f64]) -> Vec<f64> {
        let mut products = vec![0.0; self.models];
        for (i, &weight) in weights.iter().enumerate() {
            add(&mut products, weight, self.from(i));
        }
        products
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
        let products = self.times(&coefficients);
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
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand_distr::{Distribution, StandardNormal};

    fn median(models: &[Vec<f32>], tolerance: f64) -> Vec<f32> {
        let models: Vec<&[f32]> = models.iter().map(|model| &model[..]).collect();
        let given = Given {
            models: &models,
            own: models[0],
            own_at: Some(0),
            f: 0,
            key: Key::new(1, Purpose::Rule),
        };
        let rule = GeometricMedian {
            tolerance,
            max_iterations: 1000,
        };
        let mut out = Vec::new();
        rule.aggregate(&given, &mut Vec::new(), &mut out);
        out
    }

    fn normal(n: usize, dimension: usize, seed: u64) -> Vec<Vec<f32>> {
        let mut stream = Key::new(seed, Purpose::Generated).stream();
        let mut draw = |_| StandardNormal.sample(&mut stream);
        (0..n)
            .map(|_| (0..dimension).map(&mut draw).collect())
            .collect()
    }

    /// Weiszfeld's iteration in the space of the models themselves.
    fn slowly(models: &[Vec<f32>]) -> Vec<f64> {
        let dimension = models[0].len();
        let mut z = vec![0.1; dimension];
        for _ in 0..100_000 {
            let mut next = vec![0.0; dimension];
            let mut sum = 0.0;
            for model in models {
                let squared = kernel::squared_distance_to(&z, model);
                let weight = 1.0 / squared.max(1e-300).sqrt();
                sum += weight;
                kernel::add_weighted(&mut next, weight, model);
            }
            next.iter_mut().for_each(|x| *x /= sum);
            let moved: f64 = z.iter().zip(&next).map(|(a, b)| (a - b).powi(2)).sum();
            z = next;
            if moved < 1e-24 {
                break;
            }
        }
        z
    }

    fn agree(found: &[f32], right: &[f64], tolerance: f64) {
        for (found, right) in found.iter().zip(right) {
            let apart = (f64::from(*found) - right).abs();
            assert!(apart <= tolerance, "{found}, not {right}");
        }
    }

    #[test]
    fn it_is_what_a_search_among_all_points_finds() {
        for (seed, n, dimension) in [(1, 5, 2), (2, 9, 3), (3, 10, 50), (4, 20, 5), (5, 33, 1000)] {
            let mut models = normal(n, dimension, seed);
            agree(&median(&models, 1e-6), &slowly(&models), 1e-5);
            // A third of them far away.
            for model in &mut models[..n / 3] {
                model.iter_mut().for_each(|x| *x = 100.0 * *x + 300.0);
            }
            agree(&median(&models, 1e-8), &slowly(&models), 1e-4);
        }
    }

    #[test]
    fn it_may_be_one_of_the_models() {
        // The center of a cross; the corner of a triangle with an angle of more than 120°.
        let cross = [[0.0, 0.0], [2.0, 0.0], [-1.0, 0.0], [0.0, 5.0], [0.0, -3.0]];
        let obtuse = [[-5.0, 0.5], [0.0, 0.0], [4.0, 0.5]];
        let models = |points: &[[f32; 2]]| points.iter().map(|p| p.to_vec()).collect::<Vec<_>>();
        assert_eq!(median(&models(&cross), 1e-6), [0.0, 0.0]);
        assert_eq!(median(&models(&obtuse), 1e-6), [0.0, 0.0]);
        // One that occurs thrice holds against three others, wherever they are.
        let thrice = [
            [1.0, 1.0],
            [7.0, 3.0],
            [1.0, 1.0],
            [8.0, 3.0],
            [7.0, 4.0],
            [1.0, 1.0],
        ];
        assert_eq!(median(&models(&thrice), 1e-6), [1.0, 1.0]);
        // Twice does not always, even with the least sum of all models.
        let twice = [[0.0, 0.0], [0.0, 0.0], [10.0, 0.0], [6.4, 7.7], [6.4, -7.7]];
        agree(
            &median(&models(&twice), 1e-9),
            &slowly(&models(&twice)),
            1e-5,
        );
    }

    #[test]
    fn on_a_line_it_is_the_middle_one_or_halfway_between_the_middle_two() {
        let line = |at: &[f32]| -> Vec<Vec<f32>> {
            at.iter().map(|t| vec![1.0 + 2.0 * t, 3.0 - t]).collect()
        };
        assert_eq!(median(&line(&[5.0, 1.0, 0.0]), 1e-6), [3.0, 2.0]);
        assert_eq!(median(&line(&[5.0, 1.0, 0.0, 2.0]), 1e-6), [4.0, 1.5]);
        assert_eq!(median(&line(&[3.0, 1.0]), 1e-6), [5.0, 1.0]);
        assert_eq!(median(&line(&[3.0]), 1e-6), [7.0, 0.0]);
        assert_eq!(median(&line(&[2.0; 6]), 1e-6), [5.0, 1.0]);
    }

    #[test]
    fn models_however_far_away_move_it_no_farther_than_their_directions_do() {
        let honest = normal(7, 4, 6);
        let with = |far: f32| {
            let mut models = honest.clone();
            models.push(vec![far, 0.0, 0.0, 0.0]);
            models.push(vec![0.0, far, 0.0, -far]);
            median(&models, 1e-9)
        };
        let right: Vec<f64> = with(1e7).iter().map(|&x| f64::from(x)).collect();
        for far in [1e10, 1e15, 1e20, 1e30, f32::MAX] {
            // Their directions differ by 10⁻⁷.
            agree(&with(far), &right, 1e-5);
        }
    }

    #[test]
    fn the_sum_of_distances_is_within_the_tolerance_of_the_least() {
        let sum = |models: &[Vec<f32>], z: &[f64]| -> f64 {
            let distance = |model: &Vec<f32>| kernel::squared_distance_to(z, model).sqrt();
            models.iter().map(distance).sum()
        };
        for (seed, tolerance) in [(7, 1e-1), (8, 1e-2), (9, 1e-4)] {
            let mut models = normal(12, 6, seed);
            models[3].iter_mut().for_each(|x| *x += 50.0);
            let found: Vec<f64> = median(&models, tolerance)
                .iter()
                .map(|&x| f64::from(x))
                .collect();
            let least = sum(&models, &slowly(&models));
            assert!(sum(&models, &found) <= least * (1.0 + tolerance));
        }
    }
}
