//! Tukey depths in a few dimensions.
//!
//! A plane through the center that has fewest points on one side can be turned, without a point
//! changing sides, until it goes through a point x. Seen along the line from the center to x, all is
//! one dimension lower: the depth is the least, over all x, of the depth in that view and the
//! smaller of the numbers of points on either half of the line, since the plane can be turned back
//! either way. So points that a plane goes through count however many they are, as where all honest
//! models share a coordinate. (Dyckerhoff, Mozharovskyi, "Exact computation of the halfspace depth",
//! 2016.)

use super::radon::NOTHING;
use super::{MOST_PARAMETERS, Point};
use crate::rng::{Stream, choose, shuffle};

/// In how many plane views a depth is measured at most. Each shows the planes through d−2 of the
/// points and any other one.
pub(super) const MOST_VIEWS: usize = 1000;

/// Measures depths among some points, whose numbers are mostly near 1.
pub(super) struct Depths<'a> {
    points: &'a [Point],
    d: usize,
    /// The points along which each view looks, shape `[views × (d−2)]`.
    views: Vec<usize>,
    /// Buffer: unit vectors from the center, and the same in a view.
    directions: Vec<Direction>,
    seen: Vec<Direction>,
}

/// The direction of a point.
#[derive(Clone, Copy)]
struct Direction {
    point: usize,
    unit: Point,
}

impl<'a> Depths<'a> {
    /// d is at least 3, and there are more points than that.
    pub(super) fn among(points: &'a [Point], d: usize, stream: &mut Stream) -> Depths<'a> {
        Depths {
            points,
            d,
            views: views(points.len(), d - 2, stream),
            directions: Vec::with_capacity(points.len()),
            seen: Vec::with_capacity(points.len()),
        }
    }

    /// Whether each closed half-space that contains the center contains so many points, as far as
    /// the views show it, which are all or as many as are looked at. O(views (n² + n d²)).
    pub(super) fn reach(&mut self, center: &Point, depth: usize) -> bool {
        let at_center = self.look_from(center);
        (0..self.views.len() / (self.d - 2)).all(|view| at_center + self.in_view(view) >= depth)
    }

    /// Finds the directions to the points; how many are at the center.
    fn look_from(&mut self, center: &Point) -> usize {
        let offset = |point: &Point| -> Point { std::array::from_fn(|j| point[j] - center[j]) };
        self.directions.clear();
        for (point, offset) in self.points.iter().map(offset).enumerate() {
            let length = offset.iter().map(|x| x * x).sum::<f64>().sqrt();
            // A Radon point may be one of the points, but for roundings.
            if length > NOTHING {
                let unit = offset.map(|x| x / length);
                self.directions.push(Direction { point, unit });
            }
        }
        self.points.len() - self.directions.len()
    }

    /// The depth of the center in a view, without the points at it.
    fn in_view(&mut self, view: usize) -> usize {
        let along = &self.views[view * (self.d - 2)..][..self.d - 2];
        self.seen.clone_from(&self.directions);
        let mut held = 0;
        for (number, &point) in along.iter().enumerate() {
            held += look_along(&mut self.seen, point, self.d - number);
        }
        held + depth_in_plane(&self.seen)
    }
}

/// Which points to look along one after the other: all sequences of `length`, or as many as are
/// looked at.
fn views(points: usize, length: usize, stream: &mut Stream) -> Vec<usize> {
    let mut all = 1_usize;
    for chosen in 0..length {
        all = all.saturating_mul(points - chosen);
    }
    if all > MOST_VIEWS {
        let draw = |_| {
            let mut drawn = choose(points, length, stream);
            shuffle(&mut drawn, stream);
            drawn
        };
        return (0..MOST_VIEWS).flat_map(draw).collect();
    }
    let mut sequences = vec![Vec::new()];
    for _ in 0..length {
        let longer = |sequence: &Vec<usize>| {
            let new = (0..points).filter(|l| !sequence.contains(l));
            let each = new.map(|l| [&sequence[..], &[l]].concat());
            each.collect::<Vec<_>>()
        };
        sequences = sequences.iter().flat_map(longer).collect();
    }
    sequences.concat()
}

/// Leaves of directions in k dimensions what is seen along a point of them, in k−1; along the one
/// after it where it is not among them any more. How many points there are on the half of the line
/// that has fewer.
fn look_along(seen: &mut Vec<Direction>, point: usize, k: usize) -> usize {
    let Some(along) = seen.iter().find(|x| x.point >= point).or(seen.first()) else {
        return 0;
    };
    let axis = along.unit;
    // A reflection that takes the axis to the last coordinate, which is then left out.
    let last = k - 1;
    let mut mirror = axis;
    mirror[last] += 1.0_f64.copysign(axis[last]);
    let scale = 1.0 / mirror[last].abs();
    let [mut ahead, mut behind] = [0, 0];
    seen.retain_mut(|direction| {
        let unit = &mut direction.unit;
        let share = scale * dot(&mirror, unit);
        let height = dot(&axis, unit);
        for (x, mirror) in unit.iter_mut().zip(&mirror) {
            *x -= share * mirror;
        }
        unit[last] = 0.0;
        let length = dot(unit, unit).sqrt();
        if length > NOTHING {
            unit.iter_mut().for_each(|x| *x /= length);
            return true;
        }
        ahead += usize::from(height > 0.0);
        behind += usize::from(height < 0.0);
        false
    });
    ahead.min(behind)
}

/// The depth of the center in the plane. O(n²).
fn depth_in_plane(directions: &[Direction]) -> usize {
    let depth = |a: &Direction| {
        let [mut left, mut right, mut ahead, mut behind] = [0, 0, 0, 0];
        for b in directions {
            let (a, b) = (&a.unit, &b.unit);
            let side = a[0] * b[1] - a[1] * b[0];
            let is_ahead = a[0] * b[0] + a[1] * b[1] > 0.0;
            left += usize::from(side > NOTHING);
            right += usize::from(side < -NOTHING);
            ahead += usize::from(side.abs() <= NOTHING && is_ahead);
            behind += usize::from(side.abs() <= NOTHING && !is_ahead);
        }
        left.min(right) + ahead.min(behind)
    };
    directions.iter().map(depth).min().unwrap_or(0)
}

fn dot(a: &Point, b: &Point) -> f64 {
    (0..MOST_PARAMETERS).map(|j| a[j] * b[j]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};

    /// The largest depth that the center reaches.
    fn depth(center: &[f64], points: &[Vec<f64>]) -> usize {
        let widened =
            |x: &[f64]| -> Point { std::array::from_fn(|j| x.get(j).copied().unwrap_or(0.0)) };
        let points: Vec<Point> = points.iter().map(|x| widened(x)).collect();
        let mut stream = Key::new(1, Purpose::Rule).stream();
        let mut depths = Depths::among(&points, center.len(), &mut stream);
        let reached = (1..=points.len()).rev();
        let mut deep = reached.filter(|&depth| depths.reach(&widened(center), depth));
        deep.next().unwrap_or(0)
    }

    #[test]
    fn every_sequence_of_points_comes_once() {
        let mut stream = Key::new(1, Purpose::Rule).stream();
        let all = views(7, 3, &mut stream);
        let mut all: Vec<&[usize]> = all.chunks_exact(3).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 7 * 6 * 5);
        assert_eq!(views(100, 2, &mut stream).len(), 2 * MOST_VIEWS);
        assert_eq!(views(3, 1, &mut stream), [0, 1, 2]);
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
        assert_eq!(depth(&[0.01, 0.02, 0.03], &points), 1);
        assert_eq!(depth(&[5.0, 0.0, 0.0], &points), 0);
        // A model more at the center itself, or twice at one end.
        points.push(vec![0.01, 0.02, 0.03]);
        assert_eq!(depth(&[0.01, 0.02, 0.03], &points), 2);
        points[6] = points[1].clone();
        assert_eq!(depth(&[0.01, 0.02, 0.03], &points), 1);
    }

    /// In 3 to 8 dimensions, what is on a line or in a plane has its depth there.
    #[test]
    fn points_of_a_line_or_a_plane_are_as_deep_as_in_it() {
        for d in 3..=8 {
            let on_line = |t: f64| (0..d).map(|j| t * (1.0 + j as f64)).collect::<Vec<f64>>();
            let line: Vec<Vec<f64>> = [-3.0, -1.0, 0.5, 2.0, 4.0, 5.0, 7.0, 8.0, 9.0]
                .map(on_line)
                .to_vec();
            assert_eq!(depth(&on_line(3.0), &line), 4, "{d}");
            assert_eq!(depth(&on_line(4.0), &line), 5, "{d}");
            assert_eq!(depth(&on_line(10.0), &line), 0, "{d}");
            // A regular 11-gon, of whose middle the depth is 5, and one off the plane.
            let mut plane: Vec<Vec<f64>> = (0..11)
                .map(|l| {
                    let angle = std::f64::consts::TAU * f64::from(l) / 11.0;
                    let mut point = vec![0.3; d];
                    point[d - 2] = angle.cos();
                    point[d - 1] = angle.sin();
                    point
                })
                .collect();
            let mut middle = vec![0.3; d];
            (middle[d - 2], middle[d - 1]) = (0.0, 0.0);
            assert_eq!(depth(&middle, &plane), 5, "{d}");
            plane.push(vec![9.0; d]);
            assert_eq!(depth(&middle, &plane), 5, "{d}");
            middle[0] += 1e-3;
            assert!(depth(&middle, &plane) <= 1, "{d}");
        }
    }
}
