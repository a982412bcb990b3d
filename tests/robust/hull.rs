//! A centerpoint lies in the convex hull of the honest models.

use crate::combined::{cases, combined, distance, is_starved, mixed, wide};
use byzsim::rng::{Key, Purpose};
use proptest::prelude::*;
use rand::RngExt;

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

/// n = f (d+1) + 1, of which f are at one place: beside the honest models, or far away. The honest
/// ones lie anywhere, share a coordinate, or a line.
#[test]
fn no_more_than_so_many_attackers_at_one_place_get_it_out_of_the_hull() {
    let mut stream = Key::new(1, Purpose::Generated).stream();
    let mut element = || stream.random_range(-1.0_f32..1.0);
    for (d, f) in [(3, 1), (3, 2), (3, 3), (3, 4), (4, 1), (4, 2), (4, 3)] {
        let n = f * (d + 1) + 1;
        for (shape, far) in [(0, 1e3), (0, 1.1), (1, 1e3), (1, 1.1), (2, 1e3), (2, 1.1)] {
            let mut honest = |_| -> Vec<f32> {
                let mut model: Vec<f32> = (0..d).map(|_| element()).collect();
                match shape {
                    0 => {}
                    1 => model[1] = 0.3,
                    _ => (1..d).for_each(|j| model[j] = 2.0 * model[j - 1]),
                }
                model
            };
            let honest: Vec<Vec<f32>> = (f..n).map(&mut honest).collect();
            for side in [far, -far] {
                let mut all = honest.clone();
                all.extend(vec![vec![side; d]; f]);
                let found = wide(&combined("kind = 'centerpoint'", &all, 0));
                let honest: Vec<Vec<f64>> = honest.iter().map(|x| wide(x)).collect();
                let apart = distance_from_hull(&found, &honest);
                assert!(
                    apart <= 1e-5,
                    "{d}, {f}, {shape}, {side}: {apart} from the hull"
                );
                let starved = is_starved("kind = 'centerpoint'", &all, 0);
                assert!(!starved, "{d}, {f}, {shape}, {side}");
            }
        }
    }
}

#[test]
fn where_no_point_is_deep_enough_the_own_model_stays_and_is_counted() {
    let models: Vec<Vec<f32>> = (0..9_u8)
        .map(|l| (0..8).map(|j| f32::from(l == j)).collect())
        .collect();
    for (d, n) in [(2, 3), (3, 4), (8, 9), (8, 2)] {
        let models: Vec<Vec<f32>> = models[..n].iter().map(|x| x[..d].to_vec()).collect();
        assert_eq!(combined("kind = 'centerpoint'", &models, 1), models[1]);
        assert!(is_starved("kind = 'centerpoint'", &models, 1));
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
