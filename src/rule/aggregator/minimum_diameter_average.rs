//! The mean of the models that are closest together.

use super::diameter::least_diameter;
use super::{Aggregator, Promise};
use crate::rule::pairwise::Distances;
use crate::rule::subsets::largest_searchable;
use crate::rule::{Given, Precondition, selected};
use crate::settings::Keys;

/// The rule `minimum-diameter-average`: the mean of the n−f models whose largest distance from each
/// other is least; of several such subsets, the first in lexicographic order of the numbers. (There
/// often are several, since models near the middle can stand in for each other.) The subset is the
/// exact one, which takes time exponential in f at worst: more than 10⁶ subsets are refused, and
/// `f = "largest"` does not go beyond. O(n² d).
///
/// El Mhamdi, Guerraoui, Rouault, "The hidden vulnerability of distributed learning in Byzantium",
/// 2018 (after Rousseeuw, "Multivariate estimation with high breakdown point", 1985).
#[derive(Clone, Debug)]
pub struct MinimumDiameterAverage;

impl Aggregator for MinimumDiameterAverage {
    const NAME: &'static str = "minimum-diameter-average";
    const ABOUT: &'static str =
        "The mean of the n−f models of least diameter; 2f < n, and at most 10⁶ subsets";
    const NEEDS: Option<Precondition> = Some(Precondition {
        says: "2f < n, with C(n, f) ≤ 10⁶ subsets to search,",
        largest,
    });
    const F: &'static str = "How many Byzantine models it withstands; \"largest\": ⌊(n−1)/2⌋ of the n \
        models of the full neighborhood, or the most with at most 10⁶ subsets";

    fn read(_: &mut Keys<'_>) -> Self {
        MinimumDiameterAverage
    }

    fn aggregate(&self, given: &Given<'_>, _: &mut Vec<f64>, out: &mut Vec<f32>) -> Promise {
        let closest = least_diameter(&Distances::between(given.models), given.f);
        selected::mean(given.models, &closest, out);
        Promise::Kept
    }
}

/// The largest f < n/2 with at most 10⁶ subsets of n−f of n models.
fn largest(n: usize) -> Option<usize> {
    let minority = (Precondition::MINORITY.largest)(n)?;
    Some(minority.min(largest_searchable(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_f_leaves_most_models_and_few_enough_subsets() {
        // C(22, 10) = 646,646 and C(23, 9) = 817,190, C(23, 10) = 1,144,066.
        let known = [(1, 0), (2, 0), (3, 1), (21, 10), (22, 10), (23, 9)];
        // C(100, 3) = 161,700, C(182, 3) = 988,260, C(183, 3) = 1,004,731, C(1414, 2) = 998,991,
        // C(1415, 2) = 1,000,405.
        let more = [(100, 3), (182, 3), (183, 2), (1414, 2), (1415, 1)];
        for (n, f) in known.into_iter().chain(more) {
            assert_eq!(largest(n), Some(f), "n = {n}");
        }
        assert_eq!(largest(0), None);
        assert_eq!(largest(usize::MAX), Some(0));
    }
}
