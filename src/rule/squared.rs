//! The squared distances between all pairs of models in `f64`, for who takes differences of them.
//!
//! A difference of two models is taken before it is squared, so neither a large common offset nor
//! a third model far away costs digits. O(n² d) for n models of d parameters.
//!
//! Speed: blocks of 256 parameters of all models stay in the cache, and four models are compared
//! with four others at a time, so that each element that is loaded is used four times.

use crate::kernel::{self, for_this_processor};

/// Elements that are added up side by side, in the order of all reductions of [`kernel`].
const LANES: usize = 8;

/// Steps of so many elements in a block.
const STEPS: usize = 32;

/// Parameters that are looked at before the next ones are.
const BLOCK: usize = LANES * STEPS;

/// Models that are compared with so many others at a time.
const TILE: usize = 4;

/// Neighboring elements of a model, on a cache line of their own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Elements([f64; LANES]);

/// One block of some models.
type Models = [[Elements; STEPS]; TILE];

/// Sums of squares of every pair of two tiles, in lanes.
type Sums = [[[f64; LANES]; TILE]; TILE];

/// ‖x_i − x_j‖² for models of one length, shape `[n × n]`; symmetric.
pub(super) fn squared_distances(models: &[&[f32]]) -> Vec<f64> {
    let n = models.len();
    let dimension = models.first().map_or(0, |model| model.len());
    let tiles = n.div_ceil(TILE);
    let pairs = || (0..tiles).flat_map(move |i| (i..tiles).map(move |j| (i, j)));
    let mut block = vec![[[Elements([0.0; LANES]); STEPS]; TILE]; tiles];
    let mut sums: Vec<Sums> = vec![[[[0.0; LANES]; TILE]; TILE]; tiles * (tiles + 1) / 2];
    for start in (0..dimension).step_by(BLOCK) {
        let end = dimension.min(start + BLOCK);
        for (index, model) in models.iter().enumerate() {
            widen(&model[start..end], &mut block[index / TILE][index % TILE]);
        }
        for ((i, j), sums) in pairs().zip(&mut sums) {
            add_squares(&block[i], &block[j], sums);
        }
    }
    let mut squared = vec![0.0; n * n];
    for ((i, j), sums) in pairs().zip(&sums) {
        for (p, sums) in sums.iter().enumerate() {
            for (q, &lanes) in sums.iter().enumerate() {
                let (a, b) = (i * TILE + p, j * TILE + q);
                if a < n && b < n {
                    squared[a * n + b] = kernel::add_lanes(lanes);
                    squared[b * n + a] = squared[a * n + b];
                }
            }
        }
    }
    squared
}

for_this_processor! {
    /// Copies part of a model and fills it up with zeros, which change no sum.
    fn widen(part: &[f32], to: &mut [Elements; STEPS]) {
        let (full, rest) = part.as_chunks::<LANES>();
        for (to, elements) in to.iter_mut().zip(full) {
            to.0 = elements.map(f64::from);
        }
        for to in &mut to[full.len()..] {
            to.0.fill(0.0);
        }
        for (lane, &x) in rest.iter().enumerate() {
            to[full.len()].0[lane] = f64::from(x);
        }
    }
}

for_this_processor! {
    /// sums += (a − b)² for all a of one tile and b of the other.
    fn add_squares(a: &Models, b: &Models, sums: &mut Sums) {
        let mut local = *sums;
        for step in 0..STEPS {
            for i in 0..TILE {
                for j in 0..TILE {
                    let both = a[i][step].0.iter().zip(&b[j][step].0);
                    for (sum, (a, b)) in local[i][j].iter_mut().zip(both) {
                        *sum += (a - b) * (a - b);
                    }
                }
            }
        }
        *sums = local;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    #[test]
    fn they_are_right_for_every_number_of_models_and_parameters() {
        let mut stream = Key::new(1, Purpose::Generated).stream();
        for (n, dimension) in [
            (1, 1),
            (2, 7),
            (3, 8),
            (4, 9),
            (5, 255),
            (9, 256),
            (12, 600),
        ] {
            // Far from zero, close together, and one that is far from all.
            let mut element = || 1e4 + stream.random_range(-1e-2_f32..1e-2);
            let mut models: Vec<Vec<f32>> = (0..n)
                .map(|_| (0..dimension).map(|_| element()).collect())
                .collect();
            models[n / 2][0] = -f32::MAX;
            let models: Vec<&[f32]> = models.iter().map(|model| &model[..]).collect();
            let squared = squared_distances(&models);
            for i in 0..n {
                for j in 0..n {
                    let right = kernel::squared_distance(models[i], models[j]);
                    // The same lanes: only the last element of a block may be in another one.
                    let apart = (squared[i * n + j] - right).abs();
                    assert!(apart <= 1e-15 * right, "{n} × {dimension}: {i}, {j}");
                }
            }
        }
    }
}
