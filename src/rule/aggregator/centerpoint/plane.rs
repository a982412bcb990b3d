//! The points of the plane of a Tukey depth or more.
//!
//! They are those that no line through two of the given points, with fewer than the depth on one
//! side of it and at least the depth on it or there, has on that side, and whose coordinates are
//! as deep. Which side of a line a point is on is decided exactly (adaptive predicates of Shewchuk,
//! 1997); only the corners of the region are rounded. Often the region is no more than a point or a
//! segment, of which rounding would leave nothing: so a corner that is on a line but for roundings
//! is on it, and where a line would cut off all corners, the nearest one stays.

use robust::{Coord, orient2d};

type Point = [f64; 2];

/// The middle of the region of all points of this depth: the centroid of its boundary, which is
/// also that of a segment or point. `depth` is at most n/3, rounded up, so there are such points
/// (the centerpoint theorem).
pub(super) fn middle_of_region(points: &[Point], depth: usize) -> Point {
    let mut region = bounds(points, depth);
    let mut cut = Vec::new();
    for (j, &q) in points.iter().enumerate() {
        for &p in &points[..j] {
            if p == q {
                continue;
            }
            let [mut left, mut on] = [0, 0];
            for &r in points {
                let side = side(p, q, r);
                left += usize::from(side > 0.0);
                on += usize::from(side == 0.0);
            }
            let right = points.len() - left - on;
            if left < depth && depth <= left + on {
                clip(&region, (q, p), &mut cut);
                std::mem::swap(&mut region, &mut cut);
            }
            if right < depth && depth <= right + on {
                clip(&region, (p, q), &mut cut);
                std::mem::swap(&mut region, &mut cut);
            }
        }
    }
    centroid_of_boundary(&region)
}

/// The rectangle of points each coordinate of which is as deep.
fn bounds(points: &[Point], depth: usize) -> Vec<Point> {
    let [x, y] = [0, 1].map(|j| {
        let mut values: Vec<f64> = points.iter().map(|p| p[j]).collect();
        values.sort_by(f64::total_cmp);
        [values[depth - 1], values[values.len() - depth]]
    });
    vec![[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]]
}

/// Positive where r is to the left of the way from p to q, 0 on their line. Its sign is exact.
fn side(p: Point, q: Point, r: Point) -> f64 {
    let [p, q, r] = [p, q, r].map(|[x, y]| Coord { x, y });
    orient2d(p, q, r)
}

/// Cuts off what is to the right of the way from p to q.
fn clip(region: &[Point], (p, q): (Point, Point), left: &mut Vec<Point>) {
    let size = |[x, y]: Point| x.abs().max(y.abs());
    // Heights are measured from the nearer of the two, along a direction of length about 1.
    let base = if size(p) <= size(q) { p } else { q };
    let [dx, dy] = [q[0] - p[0], q[1] - p[1]];
    let length = dx.hypot(dy);
    let height = |r: Point| (dx / length) * (r[1] - base[1]) - (dy / length) * (r[0] - base[0]);
    let rounded = |r: Point| {
        let rounding = 8.0 * f64::EPSILON * (size(base) + size(r));
        let height = height(r);
        if height.abs() <= rounding {
            0.0
        } else {
            height
        }
    };
    left.clear();
    let next = region.iter().cycle().skip(1);
    for (&a, &b) in region.iter().zip(next) {
        let (at_a, at_b) = (rounded(a), rounded(b));
        if at_a >= 0.0 {
            left.push(a);
        }
        if at_a * at_b < 0.0 {
            let share = at_a / (at_a - at_b);
            left.push([0, 1].map(|j| a[j] + share * (b[j] - a[j])));
        }
    }
    if left.is_empty() {
        let highest = |a: &&Point, b: &&Point| height(**a).total_cmp(&height(**b));
        left.extend(region.iter().max_by(highest));
    }
    left.dedup();
}

/// The mean of all points of the boundary.
fn centroid_of_boundary(corners: &[Point]) -> Point {
    let mut sum = [0.0; 2];
    let mut length = 0.0;
    let next = corners.iter().cycle().skip(1);
    for (a, b) in corners.iter().zip(next) {
        let side = (b[0] - a[0]).hypot(b[1] - a[1]);
        length += side;
        for j in 0..2 {
            // From one corner, so that the sum is no larger than the region.
            sum[j] += side * ((a[j] - corners[0][j]) + (b[j] - corners[0][j])) / 2.0;
        }
    }
    match length > 0.0 {
        true => [0, 1].map(|j| corners[0][j] + sum[j] / length),
        false => corners[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Point, right: Point) {
        for (found, right) in found.iter().zip(right) {
            assert!((found - right).abs() < 1e-12, "{found}, not {right}");
        }
    }

    #[test]
    fn the_region_may_be_a_triangle_a_point_or_a_segment() {
        // Three points: all of their triangle. The middle of its boundary, with sides 3, 4, 5.
        let triangle = [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]];
        close(middle_of_region(&triangle, 1), [1.0, 1.5]);
        // Four in convex position: where the diagonals meet. Or one in the triangle of the others.
        let square = [[0.0, 0.0], [3.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        close(middle_of_region(&square, 2), [0.75, 0.25]);
        let inside = [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [0.7, 0.1]];
        close(middle_of_region(&inside, 2), [0.7, 0.1]);
        // A line that is cut from both sides, with nothing round about it.
        let far = [
            [0.452345, -0.5816732],
            [-0.61059767, -0.52339953],
            [0.6223716, 0.0],
        ];
        let far = [&far[..], &[[-1730.8083, 3789.5835]]].concat();
        let middle = middle_of_region(&far, 2);
        assert!(
            side(far[0], far[3], middle).abs() < 1e-9 && side(far[1], far[2], middle).abs() < 1e-9
        );
        // On a line, whichever way it goes: what lies between the second and the last but one.
        for direction in [[1.0, 0.0], [0.0, 1.0], [0.25, 0.75], [-1.0, 0.5]] {
            let line = [4.0, 0.0, 1.0, 9.0, 3.0].map(|t: f64| direction.map(|x| t * x));
            close(middle_of_region(&line, 2), direction.map(|x| 2.5 * x));
        }
        close(middle_of_region(&[[2.0, 1.0]; 7], 3), [2.0, 1.0]);
        close(middle_of_region(&[[2.0, 1.0]], 1), [2.0, 1.0]);
    }

    #[test]
    fn no_half_plane_around_the_middle_holds_fewer_than_the_depth() {
        // A spiral, every third point of it far away.
        for n in [5, 9, 13, 20, 31] {
            let point = |l: usize| {
                let (angle, far) = (l as f64 * 2.4, if l.is_multiple_of(3) { 1e6 } else { 1.0 });
                let size = far * (1.0 + l as f64);
                [size * angle.cos(), size * angle.sin()]
            };
            let points: Vec<Point> = (0..n).map(point).collect();
            let depth = n.div_ceil(3);
            let middle = middle_of_region(&points, depth);
            for turn in 0..3600 {
                let (sin, cos) = (f64::from(turn) * 0.1_f64.to_radians()).sin_cos();
                let height = |p: &Point| cos * (p[0] - middle[0]) + sin * (p[1] - middle[1]);
                let held = points.iter().filter(|p| height(p) >= -1e-9).count();
                assert!(held >= depth, "{held} of {n} at {turn}");
            }
        }
    }
}
