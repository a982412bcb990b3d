//! A point that is deep among the models in every direction.

mod depth;
mod plane;
mod radon;

use super::sorted::{by_coordinate, median};
use super::{Aggregator, Promise};
use crate::rule::{Given, Misfit, Place};
use crate::settings::Keys;

/// The rule `centerpoint`: a point of Tukey depth n/(d+1) or more, so that every half-space that
/// contains it contains that many of the n models. If fewer are Byzantine, each contains an honest
/// one, and the point lies among the honest models, in their convex hull.
///
/// - d = 1: the median; O(n log² n).
/// - d = 2: the centroid of the boundary of the region of all such points, which is found exactly
///   (`plane.rs`); O(n³), with a small constant.
/// - 3 ≤ d ≤ 8: the coordinate median, where its depth is measured to be n/(d+1) or more
///   (`depth.rs`), or else the first of up to `samples` iterated Radon points (`radon.rs`) whose
///   depth is. The depth is exact while n (n−1) … of d−2 factors are at most 1,000, and beyond a
///   likely one, measured in 1,000 views.
/// - Beyond, it is refused: n would have to be in the order of d.
///
/// Where no point is found to be as deep, the agent keeps its own model, and counts as starved. So
/// it does with d+1 models or fewer, from two parameters on, among which no point withstands a
/// single Byzantine one.
///
/// For 3 ≤ d, each point that is tried costs O(v (n² + n d²)) in v ≤ 1,000 views, and most that are
/// not deep enough are found out in the first few. One combination among n models of d parameters,
/// with as many attackers as it withstands, at one place far away, takes 0.1 ms (n = 20, d = 3),
/// 1 ms (20, 4), 4 ms (20, 5), 2 ms (20, 6), 3 ms (64, 3) and 10 ms (64, 6 or 8) on average. Where
/// no point is found, all samples are tried: 0.1 s (64, 3) to 4 s (64, 8). Models that are on a plane
/// but for roundings may have none that is found.
///
/// The default of `samples`: of 100 draws of n = f (d+1) + 1 models each, with f = 2 … 5 attackers at
/// one place, all had a point that is deep enough for d = 3 and 4, and 92 or more for d = 5. With 20
/// samples, 38 to 96 of them had one.
///
/// Neither the order of the models nor a common offset matters but for roundings.
///
/// Abbas, Shabbir, Li, Koutsoukos, "Resilient distributed vector consensus using centerpoint",
/// 2022; Clarkson, Eppstein, Miller, Sturtivant, Teng, "Approximating center points with iterative
/// Radon points", 1996.
#[derive(Clone, Debug)]
pub struct Centerpoint {
    samples: u64,
}

/// The most parameters that models may have.
const MOST_PARAMETERS: usize = 8;

/// A point: its first d numbers, then zeros.
type Point = [f64; MOST_PARAMETERS];

impl Aggregator for Centerpoint {
    const NAME: &'static str = "centerpoint";
    const ABOUT: &'static str =
        "A point that is deep among the models in every direction; for up to 8 parameters";

    fn read(keys: &mut Keys<'_>) -> Self {
        let samples = keys
            .key(
                "samples",
                "With 3 parameters or more: how many points are tried",
            )
            .at_least(1.0)
            .at_most(1e6)
            .default(500, "own choice");
        Centerpoint { samples }
    }

    fn check(&self, place: &Place<'_>, _: usize, _: usize) -> Result<(), Misfit> {
        if place.dimension <= MOST_PARAMETERS {
            return Ok(());
        }
        Err(Misfit {
            key: "kind".to_owned(),
            message: format!(
                "a centerpoint does not fit agent {}: it is found for models of up to \
                 {MOST_PARAMETERS} parameters, and these have {}. In d dimensions it withstands \
                 fewer than n/(d+1) Byzantine models, and finding it takes time exponential in d",
                place.agent, place.dimension
            ),
            largest: None,
            fits_all: None,
        })
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let (n, d) = (given.models.len(), given.dimension());
        if d > 1 && n <= d + 1 {
            out.extend_from_slice(given.own);
            return Promise::Broken;
        }
        let narrow = |rows: &[_]| median(rows).map(|x| x as f32);
        by_coordinate(given.models, narrow, out);
        if d == 1 {
            return Promise::Kept;
        }
        // In an order of their own, and as seen from a point among them.
        let mut models = given.models.to_vec();
        models.sort_by(|a, b| {
            let mut pairs = a.iter().zip(*b).map(|(a, b)| a.total_cmp(b));
            pairs
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let from_median = |model: &&[f32]| {
            let mut point: Point = [0.0; MOST_PARAMETERS];
            for ((x, &at), &median) in point.iter_mut().zip(*model).zip(&*out) {
                *x = f64::from(at) - f64::from(median);
            }
            point
        };
        let points: Vec<Point> = models.iter().map(from_median).collect();
        let depth = n.div_ceil(d + 1);
        let deep = if d == 2 {
            let points: Vec<[f64; 2]> = points.iter().map(|x| [x[0], x[1]]).collect();
            Some(plane::middle_of_region(&points, depth).to_vec())
        } else {
            let mut stream = given.key.stream();
            let deep = radon::deep_point(&points, d, depth, self.samples, &mut stream);
            deep.map(|point| point.to_vec())
        };
        let Some(deep) = deep else {
            out.copy_from_slice(given.own);
            return Promise::Broken;
        };
        for (out, x) in out.iter_mut().zip(deep) {
            *out = (f64::from(*out) + x) as f32;
        }
        Promise::Kept
    }
}
