//! What the rule `resilient-diffusion-f` promises.

use super::tests::{Seat, combine, read};
use super::tests_of_weights::{Agent, rule};
use super::*;

/// Batches of 2 and 3 samples in turn.
#[derive(Default)]
struct Steps {
    step: u64,
    drawn: Vec<u64>,
}

impl Objective for Steps {
    fn draw(&mut self, step: u64) {
        self.step = step;
        self.drawn.push(step);
    }
    fn batch_size(&self) -> usize {
        2 + (self.step % 2) as usize
    }
    fn loss(&mut self, model: &[f32]) -> f64 {
        // Neighbor 1 is a little bad now, neighbor 2 was very bad before step 7.
        match (model[0], self.step) {
            (1.0, 8..) => 1.0,
            (2.0, ..7) => 100.0,
            _ => 0.5,
        }
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {}
}

#[test]
fn resilient_diffusion_looks_back_over_its_samples_and_draws_the_current_batch_again() {
    for (samples, step, looked_at, removed) in [
        (1, 8, &[8][..], 1),
        (2, 8, &[8], 1),
        (3, 8, &[8, 7, 8], 1),
        (5, 8, &[8, 7, 8], 1),
        (6, 8, &[8, 7, 6, 8], 2),
        (1000, 2, &[2, 1, 0, 2], 2),
    ] {
        let keys = format!("kind = 'resilient-diffusion-f'\nf = 1\nsamples = {samples}");
        let mut combiner = rule(&keys, 2);
        let models = [[0.0_f32], [1.0], [2.0]];
        let mut objective = Steps::default();
        objective.draw(step);
        let candidates: Vec<_> = (0..)
            .zip(&models)
            .map(|(slot, model)| Candidate {
                slot,
                model,
                age: 0,
            })
            .collect();
        let mut out = Combination::default();
        out.reset(3);
        let own_loss = objective.loss(&models[0]);
        let mut hood = Neighborhood {
            iteration: 4,
            step,
            candidates: &candidates,
            own: 0,
            absent: &[],
            previous: &[0.0],
            own_loss,
            step_size: 0.1,
            objective: &mut objective,
        };
        assert_eq!(combiner.combine(&mut hood, &mut out), Outcome::Weighted);
        assert_eq!(objective.drawn, looked_at, "{samples}");
        assert_eq!(
            out.weights.iter().position(|w| *w == 0.0),
            Some(removed),
            "{samples}"
        );
    }
}

/// Distances 1, losses 3, 1, 2: alike but for the losses.
#[test]
fn resilient_diffusion_removes_f_neighbors_and_never_the_agent_itself() {
    let weigh = |f: &str, codes: [f32; 4]| {
        let keys = format!("kind = 'resilient-diffusion-f'\nforgetting = 1\nf = {f}");
        let mut agent = Agent::new(&keys, 0, &[1; 3]);
        // From θ = (0.5, 0.25) all are as far, as losses differ by far less than 1e6.
        agent.weigh(0, &codes.map(|code| Some([1e6, code])))
    };
    let third = 1.0 / 3.0;
    let near = |found: Vec<f64>, expected: [f64; 4]| {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    };
    near(weigh("0", [9.0, 3.0, 1.0, 2.0]), [0.25; 4]);
    near(weigh("1", [9.0, 3.0, 1.0, 2.0]), [third, 0.0, third, third]);
    near(weigh("2", [9.0, 3.0, 1.0, 2.0]), [0.5, 0.0, 0.5, 0.0]);
    near(
        weigh("'largest'", [9.0, 3.0, 1.0, 2.0]),
        [0.5, 0.0, 0.5, 0.0],
    );
    // With at most f neighbors, no cooperation.
    near(weigh("3", [9.0, 3.0, 1.0, 2.0]), [1.0, 0.0, 0.0, 0.0]);
    near(weigh("7", [9.0, 3.0, 1.0, 2.0]), [1.0, 0.0, 0.0, 0.0]);
    // Who has no finite loss is removed first, and all of them are.
    near(
        weigh("1", [9.0, 3.0, -1.0, 2.0]),
        [third, third, 0.0, third],
    );
    near(weigh("2", [9.0, 3.0, 1e30, 2.0]), [0.5, 0.0, 0.0, 0.5]);
    near(weigh("1", [9.0, -1.0, 1e30, 2.0]), [0.5, 0.0, 0.0, 0.5]);
    near(weigh("0", [9.0, -1.0, 1e30, 2.0]), [0.5, 0.0, 0.0, 0.5]);
    near(weigh("1", [-1.0, 3.0, 1.0, 2.0]), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn more_than_a_million_subsets_are_refused_and_never_searched() {
    let check = |f: &str, neighbors: u32| {
        let rule = read(&format!("kind = 'resilient-diffusion-f'\nf = {f}")).expect("a rule");
        rule.check(&Seat::among(neighbors).place())
    };
    // C(40, 5) = 658,008, C(40, 6) = 3,838,380.
    for fits in [
        "5",
        "0",
        "35",
        "40",
        "100",
        "'largest'",
        "{ fraction = 0.13 }",
    ] {
        assert_eq!(check(fits, 40), Ok(()), "{fits}");
    }
    let Err(misfit) = check("6", 40) else {
        panic!("6 of 40");
    };
    assert_eq!((&*misfit.key, misfit.largest), ("f", Some(5)));
    let shown = check("{ fraction = 0.5 }", 23)
        .expect_err("12 of 23")
        .message;
    assert_eq!(
        shown,
        "f = 12, 0.5 of the neighborhood, does not fit agent 0: its 23 neighbors have more than \
         10⁶ subsets of 12 to look through; its neighborhood is itself, agents 1, 2, 3, 4, 5, 6, 7, \
         8, 9, 10, 11, 12 and 11 more"
    );

    // A network that changes has made the neighborhood larger.
    let mut combiner = rule("kind = 'resilient-diffusion-f'\nf = 20", 21);
    combiner.rewire(&Seat::among(40).place());
    let present: Vec<_> = (0..=40).map(|l| (l, l as f32, 0)).collect();
    let (outcome, out) = combine(&mut *combiner, &present, &[]);
    let removed = out.weights.iter().filter(|w| **w == 0.0).count();
    assert_eq!(
        (outcome, out.starved, removed),
        (Outcome::Weighted, true, 5)
    );
}
