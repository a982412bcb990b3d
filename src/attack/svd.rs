//! The thin singular value decomposition, by rotations of pairs of vectors (one-sided Jacobi): small
//! singular values are as exact as great ones, and plain sums and roots give the same bits on every
//! processor.

use crate::kernel::dot_wide;

/// Rotations of all pairs; some seven are needed.
const MOST_SWEEPS: usize = 60;

/// X = Σ_j u_j s_j v_jᵀ over the directions in which X is not 0.
#[derive(Clone, Debug)]
pub(super) struct Svd {
    /// u_j, each of shape `[rows]`.
    pub left: Vec<Vec<f64>>,
    /// s_j, above 0.
    pub singular: Vec<f64>,
    /// v_j, each of shape `[columns]`.
    pub right: Vec<Vec<f64>>,
}

impl Svd {
    /// Of a matrix, row-major and finite, with at least one column. Directions with less than a
    /// rounding error of the greatest singular value count as 0.
    pub fn of(matrix: &[f64], columns: usize) -> Svd {
        let rows = matrix.len() / columns;
        let is_tall = rows >= columns;
        // The vectors on the smaller side, as long as the greater side.
        let mut long: Vec<Vec<f64>> = if is_tall {
            let column = |j| matrix.iter().skip(j).step_by(columns).copied().collect();
            (0..columns).map(column).collect()
        } else {
            matrix.chunks_exact(columns).map(<[f64]>::to_vec).collect()
        };
        let count = long.len();
        let unit = |j: usize| (0..count).map(|i| f64::from(u8::from(i == j))).collect();
        let mut short: Vec<Vec<f64>> = (0..count).map(unit).collect();
        for _ in 0..MOST_SWEEPS {
            if !sweep(&mut long, &mut short) {
                break;
            }
        }
        let norms: Vec<f64> = long.iter().map(|x| dot_wide(x, x).sqrt()).collect();
        let greatest = norms.iter().copied().fold(0.0, f64::max);
        let least = f64::EPSILON * rows.max(columns) as f64 * greatest;
        let mut svd = Svd {
            left: Vec::new(),
            singular: Vec::new(),
            right: Vec::new(),
        };
        for ((mut long, short), norm) in long.into_iter().zip(short).zip(norms) {
            if norm <= least {
                continue;
            }
            long.iter_mut().for_each(|x| *x /= norm);
            let (left, right) = if is_tall {
                (long, short)
            } else {
                (short, long)
            };
            svd.left.push(left);
            svd.singular.push(norm);
            svd.right.push(right);
        }
        svd
    }
}

/// Turns every pair of vectors until it is at right angles, and what stands beside them alike;
/// whether any was not.
fn sweep(long: &mut [Vec<f64>], short: &mut [Vec<f64>]) -> bool {
    let mut turned = false;
    for j in 1..long.len() {
        for i in 0..j {
            let (a, b) = (dot_wide(&long[i], &long[i]), dot_wide(&long[j], &long[j]));
            let both = dot_wide(&long[i], &long[j]);
            if both.abs() <= f64::EPSILON * (a.sqrt() * b.sqrt()) {
                continue;
            }
            turned = true;
            let zeta = (b - a) / (2.0 * both);
            let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
            let cosine = 1.0 / tangent.hypot(1.0);
            let sine = cosine * tangent;
            for vectors in [&mut *long, &mut *short] {
                let (before, from) = vectors.split_at_mut(j);
                for (x, y) in before[i].iter_mut().zip(&mut from[0]) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    /// The matrix that a decomposition is of.
    fn product(svd: &Svd, rows: usize, columns: usize) -> Vec<f64> {
        let mut matrix = vec![0.0; rows * columns];
        for ((left, s), right) in svd.left.iter().zip(&svd.singular).zip(&svd.right) {
            for (row, u) in matrix.chunks_exact_mut(columns).zip(left) {
                for (x, v) in row.iter_mut().zip(right) {
                    *x += u * s * v;
                }
            }
        }
        matrix
    }

    #[test]
    fn the_parts_make_up_the_matrix() {
        let mut stream = Key::new(3, Purpose::Batch).stream();
        for (rows, columns) in [(1, 1), (1, 2), (3, 6), (10, 6), (30, 40), (7, 7)] {
            let mut draw = |_| stream.random_range(-1.0..1.0);
            let mut matrix: Vec<f64> = (0..rows * columns).map(&mut draw).collect();
            for times in [1.0, 1e-9, 1e9] {
                // A row that is another's multiple, and one of zeros.
                if rows > 3 {
                    for j in 0..columns {
                        matrix[columns + j] = 2.0 * matrix[j];
                        matrix[2 * columns + j] = 0.0;
                    }
                }
                let scaled: Vec<f64> = matrix.iter().map(|x| times * x).collect();
                let svd = Svd::of(&scaled, columns);
                let full = rows.min(if rows > 3 { rows - 2 } else { rows });
                assert_eq!(svd.singular.len(), full.min(columns), "{rows} {columns}");
                for (found, x) in product(&svd, rows, columns).iter().zip(&scaled) {
                    assert!((found - x).abs() < 1e-13 * times, "{found} {x}");
                }
                for (j, v) in svd.right.iter().enumerate() {
                    for (i, other) in svd.right.iter().enumerate() {
                        let wanted = f64::from(u8::from(i == j));
                        assert!((dot_wide(v, other) - wanted).abs() < 1e-13);
                    }
                }
            }
        }
        assert!(Svd::of(&[0.0; 6], 3).singular.is_empty());
    }
}
