//! A centerpoint lies in the convex hull of the honest models.

use crate::combined::{cases, combined, distance, mixed, wide};
use proptest::prelude::*;

/// How far a point is from the hull of others at least: the widest gap found between it and them,
/// 0 where none is. Pairwise steps of Frank and Wolfe lead toward the nearest point of the hull, and
/// the directions to it are those in which gaps are looked for.
fn distance_from_hull(point: &[f64], others: &[Vec<f64>]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let difference =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let others: Vec<Vec<f64>> = others.iter().map(|x| difference(x, point)).collect();
    let mut weights = vec![0.0; others.len()];
    weights[0] = 1.0;
    let mut nearest = others[0].clone();
    let mut widest = 0.0_f64;
    for _ in 0..2000 {
        let size = dot(&nearest, &nearest).sqrt();
        if size < 1e-12 {
            break;
        }
        let heights: Vec<f64> = others.iter().map(|x| dot(x, &nearest)).collect();
        let by_height = |a: &usize, b: &usize| heights[*a].total_cmp(&heights[*b]);
        let all = 0..others.len();
        let to = all.clone().min_by(by_height).expect("a model");
        widest = widest.max(heights[to] / size);
        let used = all.filter(|&l| weights[l] > 0.0);
        let from = used.max_by(by_height).expect("weights have sum 1");
        let step = difference(&others[to], &others[from]);
        let (length, slope) = (dot(&step, &step), -dot(&nearest, &step));
        if slope <= 1e-14 {
            break;
        }
        let share = (slope / length).min(weights[from]);
        weights[to] += share;
        weights[from] -= share;
        nearest
            .iter_mut()
            .zip(&step)
            .for_each(|(x, step)| *x += share * step);
    }
    widest
}

/// Fewer than n/(d+1).
fn fewer(n: usize, d: usize) -> usize {
    n.div_ceil(d + 1) - 1
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn with_one_or_two_parameters(models in mixed(1..=25, 1..=2, fewer)) {
        let (all, own) = models.all();
        let honest: Vec<Vec<f64>> = models.honest.iter().map(|x| wide(x)).collect();
        let found = wide(&combined("kind = 'centerpoint'", &all, own));
        let apart = distance_from_hull(&found, &honest);
        prop_assert!(apart <= 1e-5 * models.size(), "{apart} from the hull");
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn with_a_few_parameters(models in mixed(1..=20, 3..=5, fewer)) {
        let (all, own) = models.all();
        let honest: Vec<Vec<f64>> = models.honest.iter().map(|x| wide(x)).collect();
        let found = wide(&combined("kind = 'centerpoint'", &all, own));
        let apart = distance_from_hull(&found, &honest);
        prop_assert!(apart <= 1e-4 * models.size(), "{apart} from the hull");
    }
}

#[test]
fn the_distance_from_a_hull_is_right() {
    let square: Vec<Vec<f64>> = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
        .iter()
        .map(|x| x.to_vec())
        .collect();
    for (point, right) in [([0.3, 0.4], 0.0), ([0.5, -2.0], 2.0), ([4.0, 5.0], 5.0)] {
        let apart = (distance_from_hull(&point, &square) - right).abs();
        assert!(apart < 1e-9, "{point:?}: off by {apart}");
    }
    assert_eq!(distance(&[3.0, 4.0], &[0.0, 0.0]), 5.0);
}
