//! The squared distances between all pairs of models, for who asks which are the nearest.
//!
//! Differences, squares and short sums are taken in `f32`, sixteen elements at a time; every 512
//! elements the sums are added up in `f64`. Differences of near models are exact, so a large common
//! offset costs no digits, as it would in ‖a‖² + ‖b‖² − 2aᵀb. Pairs whose squares `f32` cannot
//! hold, since they are too large or too small, are computed again in `f64`, unless the models are
//! equal, as attackers' often are. The relative error is
//! at most 2·10⁻⁶, were all roundings to go the same way, and below 10⁻⁷ as measured.
//!
//! A distance is the same in either direction, wherever the two models stand among the others and
//! on every processor; it is 0 for equal models. O(n² d) for n models of d parameters.
//!
//! Speed: blocks of 512 parameters of all models stay in the cache, and four models are compared
//! with four others at a time, so that each element that is loaded is used four times.

use crate::kernel::{self, for_this_processor};

/// Elements that are added up side by side.
const LANES: usize = 16;

/// Steps of so many elements that are added up in `f32`.
const STEPS: usize = 32;

/// Parameters that are looked at before the next ones are.
const BLOCK: usize = LANES * STEPS;

/// Models that are compared with so many others at a time.
const TILE: usize = 4;

/// Neighboring elements of a model, on a cache line of their own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Elements([f32; LANES]);

/// One block of some models.
type Models = [[Elements; STEPS]; TILE];

/// Sums of squares of every pair of two tiles, in lanes.
type Sums = [[[f64; LANES / 2]; TILE]; TILE];

/// Squared distances between n models.
#[derive(Debug, Default)]
pub(crate) struct Distances {
    models: usize,
    /// Shape `[n × n]`.
    squared: Vec<f64>,
}

impl Distances {
    /// Of models of one length.
    pub(crate) fn between(models: &[&[f32]]) -> Distances {
        let n = models.len();
        let mut distances = Distances {
            models: n,
            squared: vec![0.0; n * n],
        };
        for (i, j, squared) in squared_distances(models, n) {
            distances.set(i, j, squared);
        }
        distances
    }

    fn set(&mut self, i: usize, j: usize, squared: f64) {
        self.squared[i * self.models + j] = squared;
        self.squared[j * self.models + i] = squared;
    }

    /// How many models there are.
    pub(crate) fn models(&self) -> usize {
        self.models
    }

    /// From one model to each, itself included.
    pub(crate) fn from(&self, model: usize) -> &[f64] {
        &self.squared[model * self.models..][..self.models]
    }
}

/// The squared distances from the first of some models of one length to each of the others, the same
/// as [`Distances`] has, in place of what is in `out`. O(n d).
pub(crate) fn from_first(models: &[&[f32]], out: &mut Vec<f64>) {
    out.clear();
    let all = squared_distances(models, 1);
    out.extend(
        all.filter(|(i, _, _)| *i == 0)
            .map(|(_, _, squared)| squared),
    );
}

/// (i, j, squared distance) for all i < j with i among the first `rows`, and some more. Those from
/// one i come in ascending order of j.
fn squared_distances<'a>(
    models: &'a [&'a [f32]],
    rows: usize,
) -> impl Iterator<Item = (usize, usize, f64)> + 'a {
    let dimension = models.first().map_or(0, |m| m.len());
    // Squares below f32's least normal number, 2⁻¹²⁶, lose at most 2⁻¹⁵⁰ each: below this sum
    // that would be more than f32's own rounding.
    let least = dimension as f64 * f64::from(f32::MIN_POSITIVE);
    in_f32(models, dimension, rows).map(move |(i, j, squared)| {
        // Written so that a NaN is computed again.
        let held = least <= squared && squared < f64::INFINITY;
        match held {
            true => (i, j, squared),
            false if models[i] == models[j] => (i, j, 0.0),
            false => (i, j, kernel::squared_distance(models[i], models[j])),
        }
    })
}

/// The same in `f32`.
fn in_f32(
    models: &[&[f32]],
    dimension: usize,
    rows: usize,
) -> impl Iterator<Item = (usize, usize, f64)> + use<> {
    let n = models.len();
    let tiles = n.div_ceil(TILE);
    let rows = rows.div_ceil(TILE).min(tiles);
    let pairs = move || (0..rows).flat_map(move |i| (i..tiles).map(move |j| (i, j)));
    let mut block = vec![[[Elements([0.0; LANES]); STEPS]; TILE]; tiles];
    let mut sums: Vec<Sums> = vec![[[[0.0; LANES / 2]; TILE]; TILE]; pairs().count()];
    for start in (0..dimension).step_by(BLOCK) {
        let end = dimension.min(start + BLOCK);
        for (index, model) in models.iter().enumerate() {
            copy(&model[start..end], &mut block[index / TILE][index % TILE]);
        }
        let steps = (end - start).div_ceil(LANES);
        for ((i, j), sums) in pairs().zip(&mut sums) {
            add_squares(&block[i], &block[j], steps, sums);
        }
    }
    pairs().zip(sums).flat_map(move |((i, j), sums)| {
        let both = (0..TILE * TILE).map(move |at| (at / TILE, at % TILE));
        both.filter_map(move |(p, q)| {
            let (a, b) = (i * TILE + p, j * TILE + q);
            (a < b && b < n).then(|| (a, b, kernel::add_lanes(sums[p][q])))
        })
    })
}

/// Copies part of a model and fills its last step up with zeros, which change no sum.
fn copy(part: &[f32], to: &mut [Elements; STEPS]) {
    let (full, rest) = part.as_chunks();
    for (to, elements) in to.iter_mut().zip(full) {
        to.0 = *elements;
    }
    if !rest.is_empty() {
        let last = &mut to[full.len()].0;
        last[..rest.len()].copy_from_slice(rest);
        last[rest.len()..].fill(0.0);
    }
}

for_this_processor! {
    /// sums += (a − b)² over some steps, for all a of one tile and b of the other.
    fn add_squares(a: &Models, b: &Models, steps: usize, sums: &mut Sums) {
        let mut short = [[[0.0_f32; LANES]; TILE]; TILE];
        for step in 0..steps.min(STEPS) {
            for i in 0..TILE {
                for j in 0..TILE {
                    let (a, b) = (&a[i][step].0, &b[j][step].0);
                    let short = &mut short[i][j];
                    for lane in 0..LANES {
                        let difference = a[lane] - b[lane];
                        short[lane] += difference * difference;
                    }
                }
            }
        }
        for i in 0..TILE {
            for j in 0..TILE {
                let (low, high) = short[i][j].split_at(LANES / 2);
                let sums = &mut sums[i][j];
                for lane in 0..LANES / 2 {
                    sums[lane] += f64::from(low[lane]) + f64::from(high[lane]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    fn drawn(models: usize, dimension: usize, offset: f32, scale: f32) -> Vec<Vec<f32>> {
        let mut stream = Key::new(1, Purpose::Generated).stream();
        let mut model = || {
            let element = |_| offset + scale * stream.random_range(-1.0_f32..1.0);
            (0..dimension).map(element).collect()
        };
        (0..models).map(|_| model()).collect()
    }

    fn squared(a: &[f32], b: &[f32]) -> f64 {
        let difference = |(&a, &b): (&f32, &f32)| f64::from(a) - f64::from(b);
        a.iter().zip(b).map(|pair| difference(pair).powi(2)).sum()
    }

    fn are_right(models: &[Vec<f32>]) {
        let models: Vec<&[f32]> = models.iter().map(|m| &m[..]).collect();
        let distances = Distances::between(&models);
        for (i, a) in models.iter().enumerate() {
            for (j, b) in models.iter().enumerate() {
                let (found, right) = (distances.from(i)[j], squared(a, b));
                let apart = (found - right).abs();
                // Two roundings of a difference and one of its square, and 32 of sums.
                assert!(apart <= 1e-6 * right, "{i}, {j}: {found}, not {right}");
                assert_eq!(found, distances.from(j)[i], "{i}, {j}");
            }
        }
    }

    #[test]
    fn distances_are_right_for_every_number_of_models_and_parameters() {
        for models in 1..=13 {
            for dimension in [1, 2, 15, 16, 17, 511, 512, 513, 1100] {
                are_right(&drawn(models, dimension, 0.0, 1.0));
            }
        }
        are_right(&drawn(100, 700, 0.0, 1.0));
    }

    #[test]
    fn models_far_from_zero_and_close_together_lose_no_digits() {
        are_right(&drawn(9, 600, 1000.0, 1e-3));
        are_right(&drawn(9, 600, -1e30, 1e24));
        // They differ in their last bits.
        are_right(&drawn(9, 600, 1.0, 1e-7));
    }

    #[test]
    fn squares_that_f32_cannot_hold_are_right() {
        for scale in [f32::MAX, 1e20, 1e19, 1e-18, 1e-20, 1e-25, 1e-38] {
            are_right(&drawn(9, 600, 0.0, scale));
        }
        let mut mixed = drawn(9, 600, 0.0, 1e-30);
        mixed[2] = vec![f32::MAX; 600];
        mixed[5] = vec![f32::MIN; 600];
        mixed[6] = mixed[7].clone();
        mixed[8][599] += 1.0;
        are_right(&mixed);
    }

    #[test]
    fn from_the_first_model_they_are_the_same() {
        let mut models = drawn(11, 777, 3.0, 1.0);
        models[3] = models[0].clone();
        models[7].iter_mut().for_each(|x| *x *= 1e30);
        for n in 1..=11 {
            let models: Vec<&[f32]> = models[..n].iter().map(|m| &m[..]).collect();
            let mut found = vec![7.0];
            from_first(&models, &mut found);
            assert_eq!(found, Distances::between(&models).from(0)[1..]);
        }
    }

    #[test]
    fn a_distance_does_not_depend_on_where_models_stand() {
        let models = drawn(11, 777, 3.0, 1.0);
        let at = |turn: usize| {
            let turned: Vec<&[f32]> = (0..11).map(|l| &models[(l + turn) % 11][..]).collect();
            Distances::between(&turned)
        };
        let straight = at(0);
        for turn in 1..11 {
            let turned = at(turn);
            for i in 0..11 {
                for j in 0..11 {
                    let (a, b) = ((i + turn) % 11, (j + turn) % 11);
                    assert_eq!(turned.from(i)[j], straight.from(a)[b]);
                }
            }
        }
    }
}
