//! Which batch the rule `loss` judges by, and what its baseline makes of the weights.

use super::tests::{Seat, read};
use super::*;
use crate::task::FRESH;

/// On the batch of a step of the run the loss of a model is its first parameter, and on the fresh batch of
/// a step its second. Each step adds a tenth. It notes what is drawn.
struct Two {
    drawn: Vec<u64>,
}

impl Two {
    fn new() -> Two {
        Two { drawn: vec![0] }
    }
}

impl Objective for Two {
    fn draw(&mut self, step: u64) {
        self.drawn.push(step);
    }
    fn loss(&mut self, model: &[f32]) -> f64 {
        let step = *self.drawn.last().expect("a batch was drawn");
        let (at, step) = match step.checked_sub(FRESH) {
            Some(step) => (1, step),
            None => (0, step),
        };
        f64::from(model[at]) + step as f64 / 10.0
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!("no rule here takes a gradient");
    }
}

/// Agent 0 under a rule, with one neighbor.
struct Pair(Box<dyn Combiner>);

impl Pair {
    fn new(keys: &str) -> Pair {
        let rule = read(&format!("kind = 'loss'\n{keys}")).expect("a rule");
        Pair(rule.combiner(&Seat::among(1).place()))
    }

    /// The combination of a step: of ψ of the agent and its neighbor, and θ of before.
    fn combine(
        &mut self,
        step: u64,
        models: [[f32; 2]; 2],
        previous: [f32; 2],
    ) -> (Combination, Vec<u64>) {
        let candidates = [0, 1].map(|slot| Candidate {
            slot,
            model: &models[slot],
            age: 0,
        });
        let mut out = Combination::default();
        out.reset(2);
        let mut objective = Two::new();
        objective.draw(step);
        let own_loss = objective.loss(&models[0]);
        let mut hood = Neighborhood {
            iteration: step,
            step,
            candidates: &candidates,
            own: 0,
            absent: &[],
            previous: &previous,
            own_loss,
            step_size: 0.1,
            objective: &mut objective,
        };
        assert_eq!(self.0.combine(&mut hood, &mut out), Outcome::Weighted);
        (out, objective.drawn.split_off(2))
    }
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-7,
            "{found} should be {expected}"
        );
    }
}

#[test]
fn a_fresh_batch_judges_all_models_and_the_current_one_is_drawn_again() {
    // On the batch that it knows, the neighbor is better; on another one it is worse.
    let models = [[2.0, 2.0], [1.0, 4.0]];
    let (out, drawn) = Pair::new("forgetting = 1").combine(3, models, [0.0; 2]);
    close(&out.losses, &[2.3, 1.3]);
    assert!(out.weights[1] > out.weights[0] && drawn.is_empty());
    let (out, drawn) = Pair::new("forgetting = 1\njudge = 'fresh'").combine(3, models, [0.0; 2]);
    close(&out.losses, &[2.3, 4.3]);
    close(&out.accumulated, &[2.3, 4.3]);
    assert_eq!(out.weights, [1.0, 0.0]);
    assert_eq!(drawn, [FRESH + 3, 3]);
}

#[test]
fn the_baseline_is_the_loss_of_each_combined_model_on_its_own_batch() {
    let mut pair = Pair::new("forgetting = 0.5\ninitial = 0\nfilter = false\nbaseline = 'own'");
    // No combined model yet: φ is 1 and 2, and nothing is subtracted.
    let (out, drawn) = pair.combine(0, [[2.0, 0.0], [4.0, 0.0]], [9.0, 0.0]);
    close(&out.weights, &[2.0 / 3.0, 1.0 / 3.0]);
    assert_eq!((out.floored, drawn.len()), (Some(0), 0));
    // φ: 0.5·1 + 0.5·2.7 = 1.85 and 3.35. r: 0.5·1 + 0.5·0.6 = 0.8, on the batch of step 0.
    let (out, drawn) = pair.combine(7, [[2.0, 0.0], [4.0, 0.0]], [0.6, 0.0]);
    close(&out.accumulated, &[1.85, 3.35]);
    close(&out.weights, &[2.55 / 3.6, 1.05 / 3.6]);
    assert_eq!((out.floored, drawn), (Some(0), vec![0, 7]));
    // φ: 0.925 + 0.5·2.9 = 2.375 and 1.675 + 0.5·4.9 = 4.125. r: 0.4 + 0.5·(3.5 + 0.7) = 2.5, which is
    // more than the own φ: a tenth of it is left, 0.2375, and 1.625 of the neighbor's.
    let (out, drawn) = pair.combine(9, [[2.0, 0.0], [4.0, 0.0]], [3.5, 0.0]);
    close(&out.weights, &[1.625 / 1.8625, 0.2375 / 1.8625]);
    assert_eq!((out.floored, drawn), (Some(1), vec![7, 9]));
}

#[test]
fn with_a_fresh_batch_the_baseline_is_judged_on_it_too() {
    let keys = "forgetting = 0.5\ninitial = 0\nfilter = false\nbaseline = 'own'\njudge = 'fresh'";
    let mut pair = Pair::new(keys);
    pair.combine(0, [[9.0, 2.0], [9.0, 4.0]], [9.0, 9.0]);
    let (out, drawn) = pair.combine(7, [[9.0, 2.0], [9.0, 4.0]], [9.0, 0.6]);
    // r: 0.5·1 + 0.5·(0.6 + 0.7) = 1.15.
    close(&out.accumulated, &[1.85, 3.35]);
    close(&out.weights, &[2.2 / 2.9, 0.7 / 2.9]);
    assert_eq!(drawn, [FRESH + 7, 7]);
}

#[test]
fn on_the_floor_weights_are_those_without_a_baseline() {
    let keys = "forgetting = 1\nfilter = false\n";
    let mut with = Pair::new(&format!("{keys}baseline = 'own'"));
    let models = [[2.0, 0.0], [4.0, 0.0]];
    with.combine(0, models, [0.0; 2]);
    let (with, _) = with.combine(0, models, [1e6, 0.0]);
    let (without, _) = Pair::new(keys).combine(0, models, [0.0; 2]);
    close(&with.weights, &without.weights);
    assert_eq!((with.floored, without.floored), (Some(2), None));
}
