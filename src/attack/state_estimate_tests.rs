//! Tests of estimates of what a victim combined.

use super::*;
use crate::attack::testing::Scene;
use crate::rng::{Key, Purpose, Stream};
use rand::RngExt;

fn projected(weights: &[f64]) -> Vec<f64> {
    let mut weights = weights.to_vec();
    project(&mut weights);
    weights
}

#[test]
fn points_are_projected_on_the_simplex() {
    assert_eq!(projected(&[0.25, 0.75]), [0.25, 0.75]);
    assert_eq!(projected(&[0.5, 1.0]), [0.25, 0.75]);
    assert_eq!(projected(&[3.0, 1.0, -7.0]), [1.0, 0.0, 0.0]);
    assert_eq!(projected(&[0.0, 0.0]), [0.5, 0.5]);
    assert_eq!(projected(&[-5.0]), [1.0]);
}

#[test]
fn one_step_is_as_defined() {
    let mut estimator = Estimator::default();
    let mut state = Vec::new();
    let mut scene = Scene::default();
    scene
        .honest(1, &[0.0, 0.0])
        .honest(2, &[2.0, 0.0])
        .victim(1);
    scene.listen(|sight| {
        estimator.estimate(&sight, &mut state);
        assert_eq!(state, [0.0, 0.0]);
        estimator.note_sent(&sight, &[0.0, 3.0]);
    });
    // ψ = (1, 1); a = (1/3, 1/3, 1/3), Xa = (2/3, 1), e = (1/3, 0). Columns of Z are (−1, −1),
    // (1, −1), (−1, 2): Zᵀe = (−1, 1, −1)/3, their squares sum up to 2 + 2 + 5 = 9. So
    // a + Zᵀe/9 = (8, 10, 8)/27, less −1/81 each: (25, 31, 25)/81.
    scene
        .next_iteration()
        .honest(1, &[1.0, 1.0])
        .honest(2, &[7.0, 7.0]);
    scene.listen(|sight| estimator.estimate(&sight, &mut state));
    let expected = [62.0 / 81.0, 75.0 / 81.0];
    for (found, expected) in state.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-14, "{state:?}");
    }
    // Victim 1 alone is remembered; of 2 nothing was sent, and its columns are the models.
    scene.victim(2);
    scene.listen(|sight| estimator.estimate(&sight, &mut state));
    assert_eq!(state[1], 0.0);
}

#[test]
fn after_an_iteration_that_was_missed_the_victims_model_stands_for_what_it_combined() {
    let mut estimator = Estimator::default();
    let mut state = Vec::new();
    let mut scene = Scene::default();
    scene.honest(1, &[0.0]).honest(2, &[2.0]).victim(1);
    scene.listen(|sight| estimator.estimate(&sight, &mut state));
    scene.next_iteration().next_iteration().honest(1, &[5.0]);
    scene.listen(|sight| estimator.estimate(&sight, &mut state));
    assert_eq!(state, [5.0]);
}

/// How many parameters models have.
const D: usize = 20;

/// Models around 10.
fn models(count: usize, stream: &mut Stream) -> Vec<Vec<f32>> {
    let mut models = vec![vec![0.0; D]; count];
    for x in models.iter_mut().flatten() {
        *x = stream.random_range(9.0..11.0);
    }
    models
}

#[test]
fn weights_that_stay_are_learned() {
    // Victim 1 combines its own model, those of 2 and 3, and the payload.
    let weights = [0.4, 0.1, 0.2, 0.3];
    let mut stream = Key::new(3, Purpose::Payload).stream();
    let mut estimator = Estimator::default();
    let mut scene = Scene::default();
    scene.victim(1);
    let mut combined: Vec<f64> = vec![10.0; D];
    let mut errors = Vec::new();
    for _ in 0..400 {
        let mut round = models(4, &mut stream);
        // A step as large as a tenth of what tells the models apart.
        let noise = |x: &f64| (x + stream.random_range(-0.1..0.1)) as f32;
        round[0] = combined.iter().map(noise).collect();
        for (agent, model) in (1..=3).zip(&round) {
            scene.honest(agent, model);
        }
        let mut state = Vec::new();
        scene.listen(|sight| {
            estimator.estimate(&sight, &mut state);
            estimator.note_sent(&sight, &round[3]);
        });
        let squares = state.iter().zip(&combined).map(|(a, b)| (a - b).powi(2));
        errors.push(squares.sum::<f64>());
        combined.fill(0.0);
        for (weight, model) in weights.iter().zip(&round) {
            add_weighted(&mut combined, *weight, model);
        }
        scene.next_iteration();
    }
    let found: Vec<f64> = estimator.victims[&AgentId(1)]
        .weights
        .values()
        .copied()
        .collect();
    // The attacker comes first. One step of LMS has a noise of its own.
    for (found, expected) in found.iter().zip([0.3, 0.4, 0.1, 0.2]) {
        assert!((found - expected).abs() < 0.05, "{found} {expected}");
    }
    let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
    // A uniform step has variance 0.01/3 in each coordinate: the model itself is ten times worse.
    let late = mean(&errors[200..]);
    assert!(late < 0.1 * D as f64 * 0.01 / 3.0, "{late}");
    assert!(late < 0.5 * mean(&errors[1..20]), "{late}");
}
