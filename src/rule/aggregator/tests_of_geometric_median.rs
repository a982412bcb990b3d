//! What the rule `geometric-median` promises.

use super::*;
use crate::rng::{Key, Purpose};
use rand_distr::{Distribution, StandardNormal};

fn median(models: &[Vec<f32>], tolerance: f64) -> Vec<f32> {
    let (median, promise) = within(models, tolerance, 1000);
    assert_eq!(promise, Promise::Kept);
    median
}

fn within(models: &[Vec<f32>], tolerance: f64, max_iterations: u64) -> (Vec<f32>, Promise) {
    let models: Vec<&[f32]> = models.iter().map(|model| &model[..]).collect();
    let given = Given {
        models: &models,
        own: models[0],
        f: 0,
        key: Key::new(1, Purpose::Rule),
    };
    let rule = GeometricMedian {
        tolerance,
        max_iterations,
    };
    let mut out = Vec::new();
    let promise = rule.aggregate(&given, &mut Vec::new(), &mut out);
    (out, promise)
}

fn normal(n: usize, dimension: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut stream = Key::new(seed, Purpose::Generated).stream();
    let mut draw = |_| StandardNormal.sample(&mut stream);
    (0..n)
        .map(|_| (0..dimension).map(&mut draw).collect())
        .collect()
}

/// Weiszfeld's iteration in the space of the models themselves.
fn slowly(models: &[Vec<f32>]) -> Vec<f64> {
    let dimension = models[0].len();
    let mut z = vec![0.1; dimension];
    for _ in 0..100_000 {
        let mut next = vec![0.0; dimension];
        let mut sum = 0.0;
        for model in models {
            let squared = kernel::squared_distance_to(&z, model);
            let weight = 1.0 / squared.max(1e-300).sqrt();
            sum += weight;
            kernel::add_weighted(&mut next, weight, model);
        }
        next.iter_mut().for_each(|x| *x /= sum);
        let moved: f64 = z.iter().zip(&next).map(|(a, b)| (a - b).powi(2)).sum();
        z = next;
        if moved < 1e-24 {
            break;
        }
    }
    z
}

fn agree(found: &[f32], right: &[f64], tolerance: f64) {
    for (found, right) in found.iter().zip(right) {
        let apart = (f64::from(*found) - right).abs();
        assert!(apart <= tolerance, "{found}, not {right}");
    }
}

#[test]
fn it_is_what_a_search_among_all_points_finds() {
    for (seed, n, dimension) in [(1, 5, 2), (2, 9, 3), (3, 10, 50), (4, 20, 5), (5, 33, 1000)] {
        let mut models = normal(n, dimension, seed);
        agree(&median(&models, 1e-6), &slowly(&models), 1e-5);
        // A third of them far away.
        for model in &mut models[..n / 3] {
            model.iter_mut().for_each(|x| *x = 100.0 * *x + 300.0);
        }
        agree(&median(&models, 1e-8), &slowly(&models), 1e-4);
    }
}

#[test]
fn it_may_be_one_of_the_models() {
    // The center of a cross; the corner of a triangle with an angle of more than 120°.
    let cross = [[0.0, 0.0], [2.0, 0.0], [-1.0, 0.0], [0.0, 5.0], [0.0, -3.0]];
    let obtuse = [[-5.0, 0.5], [0.0, 0.0], [4.0, 0.5]];
    let models = |points: &[[f32; 2]]| points.iter().map(|p| p.to_vec()).collect::<Vec<_>>();
    assert_eq!(median(&models(&cross), 1e-6), [0.0, 0.0]);
    assert_eq!(median(&models(&obtuse), 1e-6), [0.0, 0.0]);
    // One that occurs thrice holds against three others, wherever they are.
    let thrice = [
        [1.0, 1.0],
        [7.0, 3.0],
        [1.0, 1.0],
        [8.0, 3.0],
        [7.0, 4.0],
        [1.0, 1.0],
    ];
    assert_eq!(median(&models(&thrice), 1e-6), [1.0, 1.0]);
    // Twice does not always, even with the least sum of all models.
    let twice = [[0.0, 0.0], [0.0, 0.0], [10.0, 0.0], [6.4, 7.7], [6.4, -7.7]];
    agree(
        &median(&models(&twice), 1e-9),
        &slowly(&models(&twice)),
        1e-5,
    );
}

#[test]
fn on_a_line_it_is_the_middle_one_or_halfway_between_the_middle_two() {
    let line =
        |at: &[f32]| -> Vec<Vec<f32>> { at.iter().map(|t| vec![1.0 + 2.0 * t, 3.0 - t]).collect() };
    assert_eq!(median(&line(&[5.0, 1.0, 0.0]), 1e-6), [3.0, 2.0]);
    assert_eq!(median(&line(&[5.0, 1.0, 0.0, 2.0]), 1e-6), [4.0, 1.5]);
    assert_eq!(median(&line(&[3.0, 1.0]), 1e-6), [5.0, 1.0]);
    assert_eq!(median(&line(&[3.0]), 1e-6), [7.0, 0.0]);
    assert_eq!(median(&line(&[2.0; 6]), 1e-6), [5.0, 1.0]);
}

#[test]
fn models_however_far_away_move_it_no_farther_than_their_directions_do() {
    let honest = normal(7, 4, 6);
    let with = |far: f32| {
        let mut models = honest.clone();
        models.push(vec![far, 0.0, 0.0, 0.0]);
        models.push(vec![0.0, far, 0.0, -far]);
        median(&models, 1e-9)
    };
    let right: Vec<f64> = with(1e7).iter().map(|&x| f64::from(x)).collect();
    for far in [1e10, 1e15, 1e20, 1e30, f32::MAX] {
        // Their directions differ by 10⁻⁷.
        agree(&with(far), &right, 1e-5);
    }
}

#[test]
fn the_sum_of_distances_is_within_the_tolerance_of_the_least() {
    let sum = |models: &[Vec<f32>], z: &[f64]| -> f64 {
        let distance = |model: &Vec<f32>| kernel::squared_distance_to(z, model).sqrt();
        models.iter().map(distance).sum()
    };
    for (seed, tolerance) in [(7, 1e-1), (8, 1e-2), (9, 1e-4)] {
        let mut models = normal(12, 6, seed);
        models[3].iter_mut().for_each(|x| *x += 50.0);
        let found: Vec<f64> = median(&models, tolerance)
            .iter()
            .map(|&x| f64::from(x))
            .collect();
        let least = sum(&models, &slowly(&models));
        assert!(sum(&models, &found) <= least * (1.0 + tolerance));
    }
}

#[test]
fn a_search_that_is_cut_short_is_told_of() {
    let models = normal(9, 4, 11);
    let (far, promise) = within(&models, 1e-12, 1);
    assert_eq!(promise, Promise::Broken);
    assert!(far.iter().all(|x| x.is_finite()));
    // A median that is one of the models takes no iteration.
    let (_, promise) = within(&[vec![1.0], vec![2.0], vec![4.0]], 1e-12, 1);
    assert_eq!(promise, Promise::Kept);
}
