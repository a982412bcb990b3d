//! The subset of least diameter, exactly.
//!
//! Whoever leaves out at most f models has a diameter of at most D if and only if those left out
//! *cover* all pairs farther apart than D: one of each such pair is among them. So the farthest
//! pairs are taken one after the other for as long as f models cover them. f models cover at most
//! f (n−1) pairs, so no more are looked at, and covers are searched by branching: O(1.62^f f n) for
//! each of O(log fn) tries, instead of C(n, f) subsets.
//!
//! (Branching for covers: Downey, Fellows, "Parameterized complexity", 1999.)

use crate::rule::pairwise::Distances;

/// Two models.
type Pair = (usize, usize);

/// The numbers of the n−f models of least diameter, in ascending order; of several such subsets
/// the first in lexicographic order.
pub(super) fn least_diameter(distances: &Distances, f: usize) -> Vec<usize> {
    let n = distances.models();
    let pairs = farthest(distances, f * n.saturating_sub(1) + 1);
    let names = |pairs: &[(f64, Pair)]| -> Vec<Pair> { pairs.iter().map(|(_, p)| *p).collect() };
    let all = names(&pairs);
    // How many of the farthest pairs can be covered: between the two.
    let (mut can, mut cannot) = (0, pairs.len() + 1);
    while can + 1 < cannot {
        let middle = usize::midpoint(can, cannot);
        if coverable(&all[..middle], f, n) {
            can = middle;
        } else {
            cannot = middle;
        }
    }
    // The pair that cannot be has the least diameter; only farther ones need be covered.
    let least = pairs.get(can).map(|(distance, _)| *distance);
    let farther =
        pairs.partition_point(|(distance, _)| least.is_none_or(|least| *distance > least));
    first_uncovered(&all[..farther], f, n)
}

/// The `count` farthest pairs, the farthest first.
fn farthest(distances: &Distances, count: usize) -> Vec<(f64, Pair)> {
    let n = distances.models();
    let mut pairs: Vec<(f64, Pair)> = (0..n)
        .flat_map(|i| (i + 1..n).map(move |j| (distances.from(i)[j], (i, j))))
        .collect();
    let farther = |a: &(f64, Pair), b: &(f64, Pair)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if count < pairs.len() {
        pairs.select_nth_unstable_by(count, farther);
        pairs.truncate(count);
    }
    pairs.sort_unstable_by(farther);
    pairs
}

/// Whether at most f of n models cover the pairs.
fn coverable(pairs: &[Pair], f: usize, n: usize) -> bool {
    if pairs.is_empty() {
        return true;
    }
    let mut degrees = vec![0; n];
    for &(i, j) in pairs {
        degrees[i] += 1;
        degrees[j] += 1;
    }
    let most = (0..n).max_by_key(|i| degrees[*i]).expect("pairs of models");
    if degrees[most] * f < pairs.len() {
        return false;
    }
    if degrees[most] == 1 {
        // Each of the pairs needs one of its own.
        return true;
    }
    // Either the model with most pairs is in the cover, or else all its partners are.
    let without = |cover: &[usize]| -> Vec<Pair> {
        let stays = |(i, j): &&Pair| !cover.contains(i) && !cover.contains(j);
        pairs.iter().filter(stays).copied().collect()
    };
    if coverable(&without(&[most]), f - 1, n) {
        return true;
    }
    let partners: Vec<usize> = partners(pairs, most).collect();
    partners.len() <= f && coverable(&without(&partners), f - partners.len(), n)
}

/// Who makes a pair with a model.
fn partners(pairs: &[Pair], model: usize) -> impl Iterator<Item = usize> {
    pairs.iter().filter_map(move |&(i, j)| match model {
        _ if model == i => Some(j),
        _ if model == j => Some(i),
        _ => None,
    })
}

/// The first n−f models, in lexicographic order, of which no two are a pair. At most f models must
/// cover the pairs.
fn first_uncovered(pairs: &[Pair], f: usize, n: usize) -> Vec<usize> {
    let mut kept = Vec::with_capacity(n - f);
    // Whoever makes a pair with one that is kept.
    let mut out = vec![false; n];
    let mut rest = pairs.to_vec();
    for model in 0..n {
        if kept.len() == n - f {
            break;
        }
        if out[model] {
            continue;
        }
        // It is kept if the pairs can still be covered when all its partners are out.
        let mut out_then = out.clone();
        partners(&rest, model).for_each(|partner| out_then[partner] = true);
        let count = out_then.iter().filter(|out| **out).count();
        let stays = |(i, j): &&Pair| !out_then[*i] && !out_then[*j];
        let rest_then: Vec<Pair> = rest.iter().filter(stays).copied().collect();
        if count <= f && coverable(&rest_then, f - count, n) {
            kept.push(model);
            (out, rest) = (out_then, rest_then);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::{Rng, RngExt};

    /// All subsets of `size` of 0 … n−1, in lexicographic order.
    fn subsets(n: usize, size: usize) -> Vec<Vec<usize>> {
        let mut all = vec![vec![]];
        for _ in 0..size {
            let longer = |subset: &Vec<usize>| -> Vec<Vec<usize>> {
                let next = subset.last().map_or(0, |last| last + 1);
                (next..n).map(|l| [&subset[..], &[l]].concat()).collect()
            };
            all = all.iter().flat_map(longer).collect();
        }
        all
    }

    /// The first of all subsets that has the least diameter.
    fn by_trying(distances: &Distances, f: usize) -> Vec<usize> {
        let diameter = |subset: &Vec<usize>| {
            let between = |i: &usize, j: &usize| distances.from(*i)[*j];
            let pairs = subset
                .iter()
                .flat_map(|i| subset.iter().map(move |j| (i, j)));
            pairs.fold(0.0, |most: f64, (i, j)| most.max(between(i, j)))
        };
        let n = distances.models();
        let tried = subsets(n, n - f).into_iter();
        tried
            .min_by(|a, b| diameter(a).total_cmp(&diameter(b)))
            .expect("a subset")
    }

    fn check(models: &[Vec<f32>]) {
        let models: Vec<&[f32]> = models.iter().map(|m| &m[..]).collect();
        let distances = Distances::between(&models);
        for f in 0..models.len().div_ceil(2) {
            let (found, right) = (least_diameter(&distances, f), by_trying(&distances, f));
            assert_eq!(found, right, "f = {f}: {models:?}");
        }
    }

    fn drawn(n: usize, dimension: usize, mut element: impl FnMut() -> f32) -> Vec<Vec<f32>> {
        let mut model = || (0..dimension).map(|_| element()).collect();
        (0..n).map(|_| model()).collect()
    }

    #[test]
    fn the_subset_is_that_of_trying_all() {
        let mut stream = Key::new(1, Purpose::Generated).stream();
        for n in 1..=11 {
            for dimension in [1, 2, 5, 40] {
                check(&drawn(n, dimension, || stream.random_range(-1.0..1.0)));
            }
        }
    }

    #[test]
    fn of_equal_diameters_the_first_in_lexicographic_order_is_taken() {
        let mut stream = Key::new(2, Purpose::Generated).stream();
        for round in 0..60 {
            let n = 1 + round % 11;
            // Few different values, so that many distances are equal.
            let few = |stream: &mut dyn Rng| (stream.next_u32() % 4) as f32;
            check(&drawn(n, 1 + round % 3, || few(&mut stream)));
        }
        check(&vec![vec![1.0]; 9]);
    }

    #[test]
    fn a_million_subsets_are_no_matter() {
        // C(22, 11) = 705,432 and C(1414, 2) = 998,991: 0, 1, 2, … in one dimension, where the
        // first n−f neighbors in a row are the first subset of least diameter.
        for (n, f) in [(22, 10), (22, 11), (180, 3), (1414, 2)] {
            let models: Vec<[f32; 1]> = (0..n).map(|l| [l as f32]).collect();
            let models: Vec<&[f32]> = models.iter().map(|m| &m[..]).collect();
            let found = least_diameter(&Distances::between(&models), f);
            assert_eq!(found, (0..n - f).collect::<Vec<_>>(), "{n}, {f}");
        }
    }
}
