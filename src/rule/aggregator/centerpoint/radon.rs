//! Deep points in a few dimensions by iterated Radon points.
//!
//! Any d+2 points fall into two sets whose convex hulls have a point in common, their Radon point
//! (Radon 1921). It is of depth 2 among them; so Radon points of Radon points of … points drawn at
//! random are deep among all.

use crate::rng::{Stream, choose};

/// The most planes on which a depth is measured.
pub(super) const MOST_PLANES: usize = 2000;

/// What is below this, relative to numbers near 1, is 0 but for roundings.
const NOTHING: f64 = 1e-9;

/// The first of up to `samples` iterated Radon points that is of this depth, or else the deepest.
/// `points` are at least d+2, as seen from one in their middle.
pub(super) fn deep_point(
    points: &[Vec<f64>],
    depth: usize,
    samples: u64,
    stream: &mut Stream,
) -> Vec<f64> {
    // Depth knows no units: each coordinate gets one in which most points are near 1.
    let units: Vec<f64> = (0..points[0].len()).map(|j| unit(points, j)).collect();
    let scale = |point: &Vec<f64>| point.iter().zip(&units).map(|(x, unit)| x / unit).collect();
    let scaled: Vec<Vec<f64>> = points.iter().map(scale).collect();
    let mut deep = deep_scaled_point(&scaled, depth, samples, stream);
    deep.iter_mut().zip(&units).for_each(|(x, unit)| *x *= unit);
    deep
}

/// The median absolute value of a coordinate; where that is 0, the largest, or 1.
fn unit(points: &[Vec<f64>], j: usize) -> f64 {
    let mut sizes: Vec<f64> = points.iter().map(|x| x[j].abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let positive = [sizes[sizes.len() / 2], sizes[sizes.len() - 1]];
    positive.into_iter().find(|&size| size > 0.0).unwrap_or(1.0)
}

fn deep_scaled_point(
    points: &[Vec<f64>],
    depth: usize,
    samples: u64,
    stream: &mut Stream,
) -> Vec<f64> {
    let d = points[0].len();
    let planes = planes(points.len(), d - 1, stream);
    let mut deepest = (0, points[0].clone());
    for _ in 0..samples {
        let point = iterated(points, levels(points.len(), d), stream);
        let its_depth = depth_of(&point, points, &planes);
        if its_depth > deepest.0 {
            deepest = (its_depth, point);
        }
        if deepest.0 >= depth {
            break;
        }
    }
    deepest.1
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
fn iterated(points: &[Vec<f64>], levels: u32, stream: &mut Stream) -> Vec<f64> {
    let below = points[0].len() + 2;
    let below: Vec<Vec<f64>> = match levels {
        0 | 1 => {
            let drawn = choose(points.len(), below, stream);
            drawn.iter().map(|&l| points[l].clone()).collect()
        }
        _ => (0..below)
            .map(|_| iterated(points, levels - 1, stream))
            .collect(),
    };
    radon_point(&below)
}

/// The Radon point of d+2 points: with Σ λ_i = 0 and Σ λ_i x_i = 0, the mean of those with λ_i > 0,
/// weighted by λ_i.
fn radon_point(points: &[Vec<f64>]) -> Vec<f64> {
    let d = points[0].len();
    // Each λ_i is solved for in a unit in which no number of its column is above 1.
    let size = |point: &Vec<f64>| point.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    let sizes: Vec<f64> = points.iter().map(size).collect();
    let columns = || points.iter().zip(&sizes);
    let mut rows: Vec<Vec<f64>> = (0..d)
        .map(|j| columns().map(|(x, size)| x[j] / size).collect())
        .collect();
    rows.push(sizes.iter().map(|size| 1.0 / size).collect());
    let mut affine = null_vector(rows, points.len());
    affine
        .iter_mut()
        .zip(&sizes)
        .for_each(|(x, size)| *x /= size);
    let sum: f64 = affine.iter().filter(|&&x| x > 0.0).sum();
    let mut radon = vec![0.0; d];
    for (point, &share) in points.iter().zip(&affine).filter(|(_, x)| **x > 0.0) {
        for (radon, x) in radon.iter_mut().zip(point) {
            *radon += share / sum * x;
        }
    }
    radon
}

/// A vector of length `columns` other than 0 whose product with each row is 0; there are fewer rows
/// than columns, and no number is above 1. Gaussian elimination with complete pivoting; of pivots
/// that are equal but for roundings, the first.
fn null_vector(mut rows: Vec<Vec<f64>>, columns: usize) -> Vec<f64> {
    // The column that each row was solved for, in order.
    let mut order: Vec<usize> = (0..columns).collect();
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
    let mut vector = vec![0.0; columns];
    vector[order[rank]] = 1.0;
    for i in (0..rank).rev() {
        let others = order[i + 1..=rank].iter().map(|&j| rows[i][j] * vector[j]);
        vector[order[i]] = -others.sum::<f64>() / rows[i][order[i]];
    }
    vector
}

/// The sets of `size` points that planes are laid through: all, or as many as are looked at.
fn planes(points: usize, size: usize, stream: &mut Stream) -> Vec<Vec<usize>> {
    let mut count: usize = 1;
    for i in 0..size {
        count = count.saturating_mul(points - i) / (i + 1);
    }
    if count > MOST_PLANES {
        return (0..MOST_PLANES)
            .map(|_| choose(points, size, stream))
            .collect();
    }
    let mut all = Vec::with_capacity(count);
    let mut set: Vec<usize> = (0..size).collect();
    loop {
        all.push(set.clone());
        // The next one in lexicographic order.
        let Some(i) = (0..size).rfind(|&i| set[i] < points - size + i) else {
            return all;
        };
        set[i] += 1;
        for j in i + 1..size {
            set[j] = set[j - 1] + 1;
        }
    }
}

/// The least number of points strictly on one side of a plane through `center` and a set of others:
/// all that a turn by next to nothing leaves there.
fn depth_of(center: &[f64], points: &[Vec<f64>], planes: &[Vec<usize>]) -> usize {
    let d = center.len();
    let from_center = |point: &Vec<f64>| -> Vec<f64> {
        let direction: Vec<f64> = point.iter().zip(center).map(|(x, c)| x - c).collect();
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction.iter().map(|x| x / length).collect()
    };
    // Of points at the center itself, NaN: on no side of any plane.
    let directions: Vec<Vec<f64>> = points.iter().map(from_center).collect();
    let at_center = directions.iter().filter(|x| x[0].is_nan()).count();
    let is_off = |&l: &usize| !directions[l][0].is_nan();
    let mut least = points.len();
    for plane in planes.iter().filter(|plane| plane.iter().all(is_off)) {
        let rows = plane.iter().map(|&l| directions[l].clone()).collect();
        let normal = null_vector(rows, d);
        let size = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
        let height = |x: &Vec<f64>| x.iter().zip(&normal).map(|(x, n)| x * n).sum::<f64>() / size;
        let [mut above, mut below] = [0, 0];
        for (l, direction) in directions.iter().enumerate() {
            // Those that the plane goes through are on neither side, however they are rounded.
            if !plane.contains(&l) {
                let height = height(direction);
                above += usize::from(height > NOTHING);
                below += usize::from(height < -NOTHING);
            }
        }
        least = least.min(above.min(below) + at_center);
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};

    #[test]
    fn a_radon_point_is_in_the_hulls_of_both_sets() {
        // The center of a tetrahedron and its corners.
        let corners = [
            [0.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
            [0.0, 4.0, 0.0],
            [0.0, 0.0, 4.0],
        ];
        let mut points: Vec<Vec<f64>> = corners.iter().map(|x| x.to_vec()).collect();
        points.push(vec![1.0; 3]);
        let radon = radon_point(&points);
        assert!(radon.iter().all(|x| (x - 1.0).abs() < 1e-14), "{radon:?}");
        // A segment through a triangle.
        points[0] = vec![1.0, 1.0, 2.0];
        points[4] = vec![-1.0, -1.0, -2.0];
        points[3] = vec![-5.0, -5.0, 0.0];
        let radon = radon_point(&points);
        assert!(radon.iter().all(|x| x.abs() < 1e-14), "{radon:?}");
    }

    #[test]
    fn every_set_of_points_comes_once() {
        let mut stream = Key::new(1, Purpose::Rule).stream();
        let mut all = planes(7, 3, &mut stream);
        assert_eq!(all.len(), 35);
        all.dedup();
        assert_eq!(all.len(), 35);
        assert_eq!(planes(100, 4, &mut stream).len(), MOST_PLANES);
        assert_eq!(planes(3, 3, &mut stream), [[0, 1, 2]]);
    }

    #[test]
    fn the_depth_of_the_middle_of_a_cross_is_one() {
        let mut points = Vec::new();
        for axis in 0..3 {
            for end in [-1.0, 1.0] {
                let mut point = vec![0.01 * f64::from(axis); 3];
                point[axis as usize] = end;
                points.push(point);
            }
        }
        let mut stream = Key::new(1, Purpose::Rule).stream();
        let planes = planes(6, 2, &mut stream);
        assert_eq!(depth_of(&[0.01, 0.02, 0.03], &points, &planes), 1);
        assert_eq!(depth_of(&[5.0, 0.0, 0.0], &points, &planes), 0);
    }
}
