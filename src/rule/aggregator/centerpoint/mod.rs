//! A point that is deep among the models in every direction.

mod plane;
mod radon;

use super::sorted::{by_coordinate, median};
use super::{Aggregator, Given};
use crate::rule::{Misfit, Place};
use crate::settings::Keys;

/// The rule `centerpoint`: a point of Tukey depth n/(d+1) or more, so that every half-space that
/// contains it contains that many of the n models. If fewer are Byzantine, each contains an honest
/// one, and the point lies among the honest models, in their convex hull.
///
/// - d = 1: the median; O(n log² n).
/// - d = 2: the centroid of the boundary of the region of all such points, which is found exactly
///   (`plane.rs`); O(n³), with a small constant.
/// - Up to n = d + 1: the mean, since every point among the models is deep enough.
/// - 3 ≤ d ≤ 8: iterated Radon points (`radon.rs`). Up to `samples` of them are drawn; the first
///   whose depth is measured to be n/(d+1) or more is taken, or else the deepest. The depth is
///   measured on the planes through the point and each d−1 models, or on 2,000 of these where
///   there are more; so the promise is a likely one.
/// - Beyond, it is refused: n would have to be in the order of d.
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
            .default(20, "own choice");
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
        })
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) {
        let (n, d) = (given.models.len(), given.dimension());
        let narrow = |rows: &[_]| median(rows).map(|x| x as f32);
        by_coordinate(given.models, narrow, out);
        if d == 1 {
            return;
        }
        // In an order of their own, and as seen from a point among them.
        let mut models = given.models.to_vec();
        models.sort_by(|a, b| {
            let mut pairs = a.iter().zip(*b).map(|(a, b)| a.total_cmp(b));
            pairs
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let origin: Vec<f64> = out.iter().map(|&x| f64::from(x)).collect();
        let from_origin = |model: &&[f32]| -> Vec<f64> {
            let each = model.iter().zip(&origin);
            each.map(|(&x, origin)| f64::from(x) - origin).collect()
        };
        let points: Vec<Vec<f64>> = models.iter().map(from_origin).collect();
        let least_depth = n.div_ceil(d + 1);
        let deep = if d == 2 {
            let points: Vec<[f64; 2]> = points.iter().map(|x| [x[0], x[1]]).collect();
            plane::middle_of_region(&points, least_depth).to_vec()
        } else if least_depth == 1 {
            let mean = |j| points.iter().map(|x| x[j] / n as f64).sum();
            (0..d).map(mean).collect()
        } else {
            let mut stream = given.key.stream();
            radon::deep_point(&points, least_depth, self.samples, &mut stream)
        };
        for (out, (origin, x)) in out.iter_mut().zip(origin.iter().zip(deep)) {
            *out = (origin + x) as f32;
        }
    }
}
