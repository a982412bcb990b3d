//! Deep points in a few dimensions by iterated Radon points.
//!
//! Any d+2 points fall into two sets whose convex hulls have a point in common, their Radon point
//! (Radon 1921). It is of depth 2 among them; so Radon points of Radon points of … points drawn at
//! random are deep among all.

use super::depth::Depths;
use super::{MOST_PARAMETERS, Point};
use crate::rng::{Stream, choose};

/// What is below this, relative to numbers near 1, is 0 but for roundings.
pub(super) const NOTHING: f64 = 1e-9;

/// The most points that a Radon point is of.
const MOST_POINTS: usize = MOST_PARAMETERS + 2;

/// The origin where it is of `depth`, or else the first of up to `samples` iterated Radon points that
/// is; `None` where none of them is. `points` are at least d+2, as seen from one in their middle, the
/// origin.
pub(super) fn deep_point(
    points: &[Point],
    d: usize,
    depth: usize,
    samples: u64,
    stream: &mut Stream,
) -> Option<Point> {
    // Depth knows no units: each coordinate gets one in which most points are near 1.
    let mut units = [1.0; MOST_PARAMETERS];
    for (j, one) in units[..d].iter_mut().enumerate() {
        *one = unit(points, j);
    }
    let mut scaled = points.to_vec();
    for point in &mut scaled {
        let each = point.iter_mut().zip(&units);
        each.for_each(|(x, unit)| *x /= unit);
    }
    let mut deep = deep_scaled_point(&scaled, d, depth, samples, stream)?;
    deep.iter_mut().zip(&units).for_each(|(x, unit)| *x *= unit);
    Some(deep)
}

/// The median absolute value of a coordinate; where that is 0, the largest, or 1.
fn unit(points: &[Point], j: usize) -> f64 {
    let mut sizes: Vec<f64> = points.iter().map(|x| x[j].abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let positive = [sizes[sizes.len() / 2], sizes[sizes.len() - 1]];
    positive.into_iter().find(|&size| size > 0.0).unwrap_or(1.0)
}

fn deep_scaled_point(
    points: &[Point],
    d: usize,
    depth: usize,
    samples: u64,
    stream: &mut Stream,
) -> Option<Point> {
    let mut depths = Depths::among(points, d, stream);
    let middle = [0.0; MOST_PARAMETERS];
    if depths.reach(&middle, depth) {
        return Some(middle);
    }
    let levels = levels(points.len(), d);
    for _ in 0..samples {
        let point = iterated(points, d, levels, stream);
        if depths.reach(&point, depth) {
            return Some(point);
        }
    }
    None
}

/// How often Radon points are taken of Radon points: such that the points drawn are four times as
/// many as the given ones.
fn levels(points: usize, d: usize) -> u32 {
    let mut levels = 1;
    while (d + 2).pow(levels) < 4 * points {
        levels += 1;
    }
    levels
}

/// A Radon point of d+2 such points of one level less; at last of given points, drawn without
/// replacement.
fn iterated(points: &[Point], d: usize, levels: u32, stream: &mut Stream) -> Point {
    let mut below = [[0.0; MOST_PARAMETERS]; MOST_POINTS];
    let below = &mut below[..d + 2];
    if levels <= 1 {
        let drawn = choose(points.len(), d + 2, stream);
        below
            .iter_mut()
            .zip(drawn)
            .for_each(|(x, l)| *x = points[l]);
    } else {
        for point in below.iter_mut() {
            *point = iterated(points, d, levels - 1, stream);
        }
    }
    radon_point(below)
}

/// The Radon point of d+2 points: with Σ λ_i = 0 and Σ λ_i x_i = 0, the mean of those with λ_i > 0,
/// weighted by λ_i.
fn radon_point(points: &[Point]) -> Point {
    let d = points.len() - 2;
    // Each λ_i is solved for in a unit in which no number of its column is above 1.
    let mut rows = [[0.0; MOST_POINTS]; MOST_PARAMETERS + 1];
    let mut sizes = [1.0; MOST_POINTS];
    for (i, (point, size)) in points.iter().zip(&mut sizes).enumerate() {
        *size = point.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        for j in 0..d {
            rows[j][i] = point[j] / *size;
        }
        rows[d][i] = 1.0 / *size;
    }
    let mut affine = null_vector(&mut rows[..=d]);
    affine
        .iter_mut()
        .zip(&sizes)
        .for_each(|(x, size)| *x /= size);
    let sum: f64 = affine.iter().filter(|&&x| x > 0.0).sum();
    let mut radon = [0.0; MOST_PARAMETERS];
    for (point, &share) in points.iter().zip(&affine).filter(|(_, x)| **x > 0.0) {
        for (radon, x) in radon.iter_mut().zip(point) {
            *radon += share / sum * x;
        }
    }
    radon
}

/// A vector other than 0 whose product with each row is 0, of one number more than there are rows,
/// then zeros. No number is above 1. Gaussian elimination with complete pivoting; of pivots that are
/// equal but for roundings, the first.
fn null_vector(rows: &mut [[f64; MOST_POINTS]]) -> [f64; MOST_POINTS] {
    // The column that each row was solved for, in order.
    let mut order: [usize; MOST_POINTS] = std::array::from_fn(|column| column);
    let order = &mut order[..=rows.len()];
    let mut rank = 0;
    while rank < rows.len() {
        let mut largest = (NOTHING, None);
        for (i, row) in rows.iter().enumerate().skip(rank) {
            for (j, &column) in order.iter().enumerate().skip(rank) {
                if row[column].abs() > largest.0 {
                    largest = (row[column].abs() * (1.0 + NOTHING), Some((i, j)));
                }
            }
        }
        let Some((i, j)) = largest.1 else {
            break;
        };
        rows.swap(rank, i);
        order.swap(rank, j);
        let pivot = order[rank];
        let (done, rest) = rows.split_at_mut(rank + 1);
        for row in rest {
            let share = row[pivot] / done[rank][pivot];
            for (x, above) in row.iter_mut().zip(&done[rank]) {
                *x -= share * above;
            }
        }
        rank += 1;
    }
    // The first column without a pivot gets 1, the others of these 0.
    let mut vector = [0.0; MOST_POINTS];
    vector[order[rank]] = 1.0;
    for i in (0..rank).rev() {
        let others = order[i + 1..=rank].iter().map(|&j| rows[i][j] * vector[j]);
        vector[order[i]] = -others.sum::<f64>() / rows[i][order[i]];
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: &[[f64; 3]]) -> Vec<Point> {
        let widened = |x: &[f64; 3]| [x[0], x[1], x[2], 0.0, 0.0, 0.0, 0.0, 0.0];
        of.iter().map(widened).collect()
    }

    #[test]
    fn a_radon_point_is_in_the_hulls_of_both_sets() {
        // The center of a tetrahedron and its corners.
        let corners = [
            [0.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
            [0.0, 4.0, 0.0],
            [0.0, 0.0, 4.0],
            [1.0, 1.0, 1.0],
        ];
        let radon = radon_point(&points(&corners));
        assert!(
            radon[..3].iter().all(|x| (x - 1.0).abs() < 1e-14),
            "{radon:?}"
        );
        // A segment through a triangle.
        let segment = [
            [1.0, 1.0, 2.0],
            [4.0, 0.0, 0.0],
            [0.0, 4.0, 0.0],
            [-5.0, -5.0, 0.0],
            [-1.0, -1.0, -2.0],
        ];
        let radon = radon_point(&points(&segment));
        assert!(radon.iter().all(|x| x.abs() < 1e-14), "{radon:?}");
    }
}
