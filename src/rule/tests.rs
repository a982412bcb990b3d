//! What rules promise where models are missing or old, and where the network changes.

use super::*;
use crate::rng::Purpose;
use crate::settings::{Keys, Problems, Sources, Span, Table, WrongSettings};

/// Reads a `[rule]` table as a scenario does.
pub(super) fn read(toml: &str) -> Result<Box<dyn Rule>, WrongSettings> {
    let mut sources = Sources::default();
    let source = sources.add("s.toml", toml);
    let mut problems = Problems::default();
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (read, _, _) = keys.run(|keys| catalogue().read(keys, None));
    match read {
        Some(rule) if problems.is_empty() => Ok(rule),
        _ => Err(problems.into_error(&sources)),
    }
}

/// The mistakes in a `[rule]` table, as `line:column: message; help`.
pub(super) fn mistakes(toml: &str) -> Vec<String> {
    let located = read(toml).expect_err("a mistake").mistakes;
    let shown = located
        .iter()
        .map(|l| format!("{}:{}: {}; {}", l.line, l.column, l.message, l.help));
    shown.collect()
}

/// A place with these neighbors, their slots and their degrees.
#[derive(Default)]
pub(super) struct Seat {
    agent: u32,
    neighbors: Vec<AgentId>,
    slots: Vec<usize>,
    own_slot: usize,
    degrees: Vec<usize>,
}

impl Seat {
    pub(super) fn new(agent: u32, own_slot: usize, others: &[(u32, usize, usize)]) -> Seat {
        Seat {
            agent,
            neighbors: others.iter().map(|(l, ..)| AgentId(*l)).collect(),
            slots: others.iter().map(|(_, slot, _)| *slot).collect(),
            own_slot,
            degrees: others.iter().map(|(.., degree)| *degree).collect(),
        }
    }

    /// Agent 0 with that many neighbors.
    pub(super) fn among(neighbors: u32) -> Seat {
        let others: Vec<_> = (1..=neighbors).map(|l| (l, l as usize, 1)).collect();
        Seat::new(0, 0, &others)
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            agent: AgentId(self.agent),
            neighbors: &self.neighbors,
            slots: &self.slots,
            own_slot: self.own_slot,
            neighbor_degrees: &self.degrees,
            dimension: 1,
            iterations: 100,
            key: Key::new(1, Purpose::Rule),
        }
    }
}

/// The loss of a model is its first parameter.
pub(super) struct Given;

impl Objective for Given {
    fn draw(&mut self, _: u64) {}
    fn loss(&mut self, model: &[f32]) -> f64 {
        f64::from(model[0])
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!("no rule here takes a gradient");
    }
}

/// Combines models of one parameter, given as (slot, parameter, age); the first is the own.
pub(super) fn combine(
    combiner: &mut dyn Combiner,
    present: &[(usize, f32, u64)],
    absent: &[usize],
) -> (Outcome, Combination) {
    let models: Vec<[f32; 1]> = present.iter().map(|(_, x, _)| [*x]).collect();
    let candidates: Vec<Candidate<'_>> = present
        .iter()
        .zip(&models)
        .map(|(&(slot, _, age), model)| Candidate { slot, model, age })
        .collect();
    let mut out = Combination::default();
    out.reset(candidates.len());
    let mut hood = Neighborhood {
        iteration: 0,
        step: 0,
        candidates: &candidates,
        own: 0,
        absent,
        previous: &[0.0],
        own_loss: f64::from(present[0].1),
        step_size: 0.1,
        objective: &mut Given,
    };
    (combiner.combine(&mut hood, &mut out), out)
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        // A few roundings of numbers near 1.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }
}

/// φ_0 = 8, ν = 1/4, and a neighbor in slot 1 with loss 4: φ = 0.75·8 + 0.25·4 = 7. It is missing
/// twice, then has loss 4 again.
#[test]
fn phi_of_a_missing_neighbor_stays_decays_or_is_reset() {
    for (unseen, expected) in [
        // 0.75·7 + 0.25·4.
        ("", 6.25),
        ("unseen = 'keep'", 6.25),
        // 7 → 0.75·7 + 0.25·8 = 7.25 → 7.4375 → 0.75·7.4375 + 1.
        ("unseen = 'decay'", 6.578_125),
        ("unseen = 'reset'", 7.0),
    ] {
        let keys = format!("kind = 'loss'\ninitial = 8\nforgetting = 0.25\n{unseen}");
        let rule = read(&keys).expect("a rule");
        let mut combiner = rule.combiner(&Seat::among(2).place());
        let both = [(0, 0.0, 0), (1, 4.0, 0)];
        let (_, out) = combine(&mut *combiner, &both, &[2]);
        // The own φ: 0.75·8.
        assert_eq!(out.accumulated, [6.0, 7.0], "{unseen}");
        for own in [4.5, 3.375] {
            let (_, out) = combine(&mut *combiner, &both[..1], &[1, 2]);
            assert_eq!(
                (&out.accumulated[..], &out.weights[..]),
                (&[own][..], &[1.0][..])
            );
        }
        let (_, out) = combine(&mut *combiner, &both, &[2]);
        assert_eq!(out.accumulated, [2.531_25, expected], "{unseen}");
    }
}

/// What is missing is noted even where the own loss is not finite.
#[test]
fn phi_decays_in_an_iteration_without_combination() {
    let keys = "kind = 'loss'\ninitial = 8\nforgetting = 0.25\nunseen = 'reset'";
    let rule = read(keys).expect("a rule");
    let mut combiner = rule.combiner(&Seat::among(1).place());
    combine(&mut *combiner, &[(0, 0.0, 0), (1, 4.0, 0)], &[]);
    let (outcome, _) = combine(&mut *combiner, &[(0, f32::INFINITY, 0)], &[1]);
    assert_eq!(outcome, Outcome::Own);
    let (_, out) = combine(&mut *combiner, &[(0, 0.0, 0), (1, 4.0, 0)], &[]);
    assert_eq!(out.accumulated[1], 7.0);
}

/// ν = 1, so φ are the losses 1, 0.5, 0.25, 4; the last does worse than the agent. Inverse: 1, 2,
/// 4, of ages 0, 1, 3 with γ = 1/2: 1, 1, 1/2.
#[test]
fn an_old_model_has_less_weight_the_rest_more() {
    let keys = "kind = 'loss'\nforgetting = 1\nage_discount = 0.5";
    let mut combiner = read(keys)
        .expect("a rule")
        .combiner(&Seat::among(3).place());
    let present = [(0, 1.0, 0), (1, 0.5, 1), (2, 0.25, 3), (3, 4.0, 2)];
    let (_, out) = combine(&mut *combiner, &present, &[]);
    close(&out.weights, &[0.4, 0.4, 0.2, 0.0]);
    // However old, the own model has the rest.
    let (_, out) = combine(&mut *combiner, &[(0, 1.0, 0), (1, 0.5, u64::MAX)], &[]);
    assert_eq!(out.weights, [1.0, 0.0]);
}

#[test]
fn age_is_nothing_by_default() {
    let keys = "kind = 'loss'\nforgetting = 1\n";
    let mut combiner = read(keys)
        .expect("a rule")
        .combiner(&Seat::among(2).place());
    let present = [(0, 1.0, 0), (1, 0.5, 100), (2, 1.0, 3)];
    let (_, out) = combine(&mut *combiner, &present, &[]);
    assert_eq!(out.weights, [0.25, 0.5, 0.25]);
}

/// Agent 5 first has neighbors 3 and 8 in slots 0 and 2. Then 1 comes and gets slot 3, and 8 goes;
/// then 8 comes back.
#[test]
fn a_neighbor_that_leaves_keeps_its_phi_and_a_new_one_starts_at_the_initial() {
    for kind in ["loss", "distance"] {
        let keys = format!("kind = '{kind}'\ninitial = 8\nforgetting = 0.5");
        let seat = Seat::new(5, 1, &[(3, 0, 1), (8, 2, 1)]);
        let mut combiner = read(&keys).expect("a rule").combiner(&seat.place());
        // Losses 0, 2, 4, or their squares as distances from 0, so that φ moves for all of them.
        let seen = |x: f64| if kind == "loss" { x } else { x * x };
        let halfway = |phi: f64, x: f64| 0.5 * phi + 0.5 * seen(x);
        let first = [(1, 0.0, 0), (0, 2.0, 0), (2, 4.0, 0)];
        let (_, out) = combine(&mut *combiner, &first, &[]);
        let (three, eight) = (halfway(8.0, 2.0), halfway(8.0, 4.0));
        assert_eq!(out.accumulated, [4.0, three, eight]);

        combiner.rewire(&Seat::new(5, 1, &[(1, 3, 1), (3, 0, 1)]).place());
        let second = [(1, 0.0, 0), (3, 2.0, 0), (0, 2.0, 0)];
        let (_, out) = combine(&mut *combiner, &second, &[]);
        assert_eq!(
            out.accumulated,
            [2.0, halfway(8.0, 2.0), halfway(three, 2.0)]
        );

        combiner.rewire(&Seat::new(5, 1, &[(1, 3, 1), (3, 0, 1), (8, 2, 1)]).place());
        let third = [(1, 0.0, 0), (2, 4.0, 0)];
        let (_, out) = combine(&mut *combiner, &third, &[3, 0]);
        assert_eq!(out.accumulated, [1.0, halfway(eight, 4.0)]);
    }
}

#[test]
fn metropolis_gives_the_missing_weight_to_the_agent_itself() {
    let rule = read("kind = 'metropolis'").expect("a rule");
    // Own degree 3: 1/4, 1/4, 1/6.
    let seat = Seat::new(5, 1, &[(3, 0, 1), (8, 2, 3), (9, 3, 5)]);
    let mut combiner = rule.combiner(&seat.place());
    let present = [(1, 0.0, 0), (0, 0.0, 0), (2, 0.0, 0), (3, 0.0, 0)];
    let (_, out) = combine(&mut *combiner, &present, &[]);
    close(&out.weights, &[1.0 / 3.0, 0.25, 0.25, 1.0 / 6.0]);
    let (_, out) = combine(&mut *combiner, &[present[0], present[3]], &[0, 2]);
    close(&out.weights, &[5.0 / 6.0, 1.0 / 6.0]);
    let (_, out) = combine(&mut *combiner, &present[..1], &[0, 2, 3]);
    assert_eq!(out.weights, [1.0]);

    // Own degree 2: 1/3 and 1/8; 8 and 9 are no neighbors any more, 1 is new.
    combiner.rewire(&Seat::new(5, 1, &[(1, 4, 1), (3, 0, 7)]).place());
    let present = [(1, 0.0, 0), (4, 0.0, 0), (0, 0.0, 0)];
    let (_, out) = combine(&mut *combiner, &present, &[]);
    close(&out.weights, &[13.0 / 24.0, 1.0 / 3.0, 0.125]);
}

#[test]
fn wrong_settings_of_the_loss_rule_are_told_with_what_is_right() {
    let shown = [
        mistakes("kind = 'loss'\nage_discount = 0"),
        mistakes("kind = 'loss'\nage_discount = 1.5"),
        mistakes("kind = 'loss'\nunseen = 'forget'"),
    ];
    assert_eq!(
        shown.concat(),
        [
            "2:16: `age_discount` in `rule` cannot be 0; write a number in (0, 1]",
            "2:16: `age_discount` in `rule` cannot be 1.5; write a number in (0, 1]",
            "2:10: `unseen` cannot be \"forget\"; values here: keep, decay, reset",
        ]
    );
}

/// What a rule of one's own may get wrong.
#[test]
fn weights_that_are_none_and_models_of_a_wrong_length_are_told() {
    let broken = |outcome, weights: &[f64], model: &[f32]| {
        let mut out = Combination::default();
        out.reset(2);
        out.weights = weights.to_vec();
        out.model = model.to_vec();
        out.broken_promise(outcome, 2, 3)
    };
    assert_eq!(broken(Outcome::Weighted, &[0.25, 0.75], &[]), None);
    assert_eq!(broken(Outcome::Model, &[0.0; 2], &[1.0; 3]), None);
    for (outcome, weights, model, message) in [
        (
            Outcome::Weighted,
            &[1.0, 1.0][..],
            &[][..],
            "the sum 2 in the place of 1",
        ),
        (
            Outcome::Weighted,
            &[0.0, 0.0],
            &[],
            "the sum 0 in the place of 1",
        ),
        (Outcome::Weighted, &[2.0, -1.0], &[], "a weight of -1"),
        (Outcome::Weighted, &[f64::NAN, 1.0], &[], "a weight of NaN"),
        (Outcome::Weighted, &[1.0], &[], "1 values for 2 models"),
        (
            Outcome::Model,
            &[0.0; 2],
            &[1.0; 2],
            "2 parameters in the place of 3",
        ),
    ] {
        let told = broken(outcome, weights, model).expect("a broken promise");
        assert!(told.contains(message), "{told}");
    }
}
