//! What all weight rules promise, and what those do that choose among the neighbors.

use super::tests::{Seat, combine, mistakes, read};
use super::*;
use proptest::prelude::*;

/// Every weight rule, under settings that matter.
const RULES: [&str; 21] = [
    "kind = 'no-cooperation'",
    "kind = 'average'",
    "kind = 'metropolis'",
    "kind = 'distance'",
    "kind = 'distance'\npower = 500\nforgetting = 1",
    "kind = 'distance'\nreference = 'one-step-ahead'",
    "kind = 'loss'",
    "kind = 'loss'\nfilter = false\nunseen = 'decay'",
    "kind = 'loss'\nbaseline = 'own'\nage_discount = 0.5",
    "kind = 'loss'\nbaseline = 'own'\nfilter = false\nforgetting = 1\nunseen = 'reset'",
    "kind = 'loss'\njudge = 'fresh'",
    "kind = 'loss'\njudge = 'fresh'\nbaseline = 'own'\nfilter = false",
    "kind = 'resilient-diffusion-f'\nf = 1",
    "kind = 'resilient-diffusion-f'\nf = 'largest'\nforgetting = 1\nsamples = 7",
    "kind = 'resilient-diffusion-f'\nf = { fraction = 0.4 }\ninitial = 0",
    "kind = 'ubar'",
    "kind = 'ubar'\nkeep_fraction = 1\nown_share = 0",
    "kind = 'balance'\ngamma = 0.5",
    "kind = 'balance'\ngamma = 10\nkappa = 0\nown_share = 0.9",
    "kind = 'self-centered-clipping'\nradius = 1.5",
    "kind = 'self-centered-clipping'\nradius = 'adaptive'\nf = 2\ntoo_few = 'shrink-f'",
];

/// The loss of a model is its last parameter; NaN below 0, and infinite from 10³⁰ on.
struct Coded;

impl Objective for Coded {
    fn draw(&mut self, _: u64) {}
    fn batch_size(&self) -> usize {
        3
    }
    fn loss(&mut self, model: &[f32]) -> f64 {
        match model[1] {
            x if x < 0.0 => f64::NAN,
            x if x >= 1e30 => f64::INFINITY,
            x => x.into(),
        }
    }
    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        for (slope, &x) in gradient.iter_mut().zip(model) {
            *slope = x.into();
        }
    }
}

/// An agent among neighbors, itself at one of their places.
pub(super) struct Agent {
    combiner: Box<dyn Combiner>,
    own: usize,
}

impl Agent {
    /// `degrees` are the neighbors'.
    pub(super) fn new(settings: &str, own: usize, degrees: &[usize]) -> Agent {
        let slots = (0..=degrees.len()).filter(|&l| l != own);
        let others: Vec<_> = slots
            .zip(degrees)
            .map(|(l, &degree)| (l as u32, l, degree))
            .collect();
        let seat = Seat::new(own as u32, own, &others);
        let place = Place {
            dimension: 2,
            ..seat.place()
        };
        let rule = read(settings).expect("a rule");
        Agent {
            combiner: rule.combiner(&place),
            own,
        }
    }

    /// Combines what is present, by slot; weights by slot, 0 for who is absent.
    pub(super) fn weigh(&mut self, iteration: u64, models: &[Option<[f32; 2]>]) -> Vec<f64> {
        let mut candidates = Vec::new();
        let mut absent = Vec::new();
        for (slot, model) in models.iter().enumerate() {
            match model {
                Some(model) => candidates.push(Candidate {
                    slot,
                    model,
                    age: u64::from(slot != self.own) * slot as u64,
                }),
                None => absent.push(slot),
            }
        }
        let own = candidates.iter().position(|c| c.slot == self.own);
        let own = own.expect("the own model");
        let mut out = Combination::default();
        out.reset(candidates.len());
        let mut hood = Neighborhood {
            iteration,
            step: iteration,
            candidates: &candidates,
            own,
            absent: &absent,
            previous: &[0.5, 0.25],
            own_loss: Coded.loss(candidates[own].model),
            step_size: 0.1,
            objective: &mut Coded,
        };
        let outcome = self.combiner.combine(&mut hood, &mut out);
        let mut weights = vec![0.0; models.len()];
        match outcome {
            Outcome::Own => weights[self.own] = 1.0,
            Outcome::Weighted => {
                for (candidate, weight) in candidates.iter().zip(&out.weights) {
                    weights[candidate.slot] = *weight;
                }
            }
            Outcome::Model => panic!("a weight rule gives weights"),
        }
        weights
    }
}

/// Any finite number that a neighbor may send.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -10.0_f32..10.0,
        1 => Just(0.0_f32),
        1 => Just(f32::MAX),
        1 => Just(f32::MIN),
        1 => Just(1e-38_f32),
        1 => 1e18_f32..1e29,
    ]
}

/// Models of an agent and its neighbors, some absent, in some iterations.
fn course() -> impl Strategy<Value = Vec<Vec<Option<[f32; 2]>>>> {
    (1_usize..9).prop_flat_map(|agents| {
        let model = prop::option::weighted(0.8, [number(), number()]);
        let iteration = prop::collection::vec(model, agents);
        prop::collection::vec(iteration, 1..5)
    })
}

proptest! {
    #[test]
    fn weights_are_at_least_0_with_sum_1_whatever_is_sent(
        course in course(),
        place in 0_usize..9,
        first in prop_oneof![Just(0_u64), 0_u64..200, Just(1_u64 << 40)],
    ) {
        let agents = course[0].len();
        let own = place % agents;
        let degrees: Vec<usize> = (1..agents).map(|l| l * l % 7 + 1).collect();
        for settings in RULES {
            let mut agent = Agent::new(settings, own, &degrees);
            for (i, models) in course.iter().enumerate() {
                let mut models = models.clone();
                models[own].get_or_insert([1.0, 1.0]);
                let weights = agent.weigh(first + i as u64, &models);
                let sum: f64 = weights.iter().sum();
                prop_assert!(weights.iter().all(|w| *w >= 0.0), "{settings}: {weights:?}");
                // A few roundings of numbers up to 1.
                prop_assert!((sum - 1.0).abs() < 1e-14, "{settings}: {weights:?}");
            }
        }
    }

    #[test]
    fn weights_go_with_the_neighbors_whatever_their_numbers(
        (order, own) in (Just((0..7).collect::<Vec<usize>>()).prop_shuffle(), 0_usize..8),
        degrees in prop::collection::vec(1_usize..12, 7),
        // By iteration: the own model, then the neighbors'.
        course in prop::collection::vec(
            prop::collection::vec([-3.0_f32..3.0, 0.1_f32..4.0], 8), 3),
    ) {
        // Age goes by slot in `weigh`; a discount would see the numbers.
        for settings in RULES.iter().filter(|s| !s.contains("age_discount")) {
            let mut plain = Agent::new(settings, 0, &degrees);
            let permuted: Vec<usize> = order.iter().map(|&l| degrees[l]).collect();
            let mut other = Agent::new(settings, own, &permuted);
            for (i, models) in course.iter().enumerate() {
                let all: Vec<_> = models.iter().copied().map(Some).collect();
                let mut moved: Vec<_> = order.iter().map(|&l| all[l + 1]).collect();
                moved.insert(own, all[0]);
                let here = plain.weigh(i as u64, &all);
                let mut there = other.weigh(i as u64, &moved);
                let mut same = vec![there.remove(own)];
                same.resize(8, 0.0);
                for (&l, weight) in order.iter().zip(there) {
                    same[l + 1] = weight;
                }
                for (a, b) in here.iter().zip(&same) {
                    prop_assert!((a - b).abs() < 1e-5, "{settings}: {here:?} {same:?}");
                }
            }
        }
    }
}

/// Who looks into a rule's memory compares φ with losses where the rule tells its forgetting.
#[test]
fn forgetting_is_told_of_remembered_losses_alone() {
    let mut kinds = Vec::new();
    for settings in RULES {
        let rule = read(settings).expect("a rule");
        let mut agent = Agent::new(settings, 0, &[2; 3]);
        let phi = |agent: &Agent, slot| agent.combiner.accumulated(slot);
        let before = phi(&agent, 1);
        // Losses 2, 3, 5 and 4, and other distances from θ.
        agent.weigh(
            0,
            &[[1.0, 2.0], [4.0, 3.0], [7.0, 5.0], [9.0, 4.0]].map(Some),
        );
        // Which loss an observation with forgetting ν was of.
        let observed = |slot, forgetting: f64| {
            let (before, after) = (before?, phi(&agent, slot)?);
            Some((after - (1.0 - forgetting) * before) / forgetting)
        };
        let is = |found: Option<f64>, loss: f64| found.is_some_and(|x| (x - loss).abs() < 1e-9);
        match rule.forgetting(0) {
            Some(forgetting) => {
                assert!(is(observed(1, forgetting), 3.0), "{settings}");
                assert!(is(observed(2, forgetting), 5.0), "{settings}");
                kinds.push(settings.lines().next());
            }
            None => {
                let of_losses = |forgetting| is(observed(1, forgetting), 3.0);
                assert!(![0.01, 0.1, 1.0].into_iter().any(of_losses), "{settings}");
            }
        }
        let initial = rule.initial_value().map(|initial| initial.value);
        assert_eq!(initial, before, "{settings}");
    }
    let losses = RULES.iter().map(|settings| settings.lines().next());
    let losses: Vec<_> = losses
        .filter(|&kind| kind == Some("kind = 'loss'"))
        .collect();
    assert_eq!(kinds, losses);
}

/// γ² begins at 0: the first weights are those of the first distances alone, and a neighbor whose
/// first model comes late begins with ν times its distance.
#[test]
fn resilient_diffusion_begins_with_no_distance() {
    let mut agent = Agent::new("kind = 'resilient-diffusion-f'\nf = 0", 0, &[1; 2]);
    // From θ = (0.5, 0.25): 1, 4 and 9.
    let models = [[1.5, 0.25], [2.5, 0.25], [3.5, 0.25]].map(Some);
    let sum = 1.0 + 1.0 / 4.0 + 1.0 / 9.0;
    close(
        &agent.weigh(0, &models),
        &[1.0 / sum, 0.25 / sum, 1.0 / 9.0 / sum],
    );
    // At θ itself γ² stays 0, which is 10⁻¹² in weights.
    let mut agent = Agent::new("kind = 'resilient-diffusion-f'\nf = 1", 0, &[1; 2]);
    let at = Some([0.5, 0.25]);
    for i in 0..5 {
        close(&agent.weigh(i, &[at, at, None]), &[1.0, 0.0, 0.0]);
    }
    let mut agent = Agent::new("kind = 'resilient-diffusion-f'\nf = 0", 0, &[1; 2]);
    for i in 0..5 {
        close(&agent.weigh(i, &[at, at, None]), &[0.5, 0.5, 0.0]);
    }
    let late = agent.weigh(5, &[at, at, models[0]]);
    let phi = agent.combiner.accumulated(2);
    assert!(phi.is_some_and(|phi| (phi - 0.01).abs() < 1e-9), "{phi:?}");
    assert!(late[2] > 0.0 && late[2] < 1e-9, "{late:?}");
}

pub(super) fn rule(settings: &str, neighbors: u32) -> Box<dyn Combiner> {
    read(settings)
        .expect("a rule")
        .combiner(&Seat::among(neighbors).place())
}

/// Weights of models that are a number, and their loss; the first is the own.
fn weights(settings: &str, models: &[f32]) -> Vec<f64> {
    let mut combiner = rule(settings, models.len() as u32 - 1);
    let present: Vec<_> = (0..).zip(models).map(|(l, &x)| (l, x, 0)).collect();
    match combine(&mut *combiner, &present, &[]) {
        (Outcome::Weighted, out) => out.weights,
        other => panic!("{other:?}"),
    }
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        // Square roots of f32 numbers, and a few roundings.
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}

/// (|x|^p)^(2/p) is x² for one dimension, and for any p.
#[test]
fn any_power_measures_a_single_coordinate_alike() {
    for power in ["1", "2", "3", "50", "1e3", "1e9"] {
        let keys = format!("kind = 'distance'\nforgetting = 1\npower = {power}");
        let mut combiner = rule(&keys, 3);
        let present = [(0, 0.0, 0), (1, 1e-30, 0), (2, 3.0, 0), (3, 1e30, 0)];
        let (_, out) = combine(&mut *combiner, &present, &[]);
        for (phi, (_, x, _)) in out.accumulated.iter().zip(present) {
            let expected = f64::from(x).powi(2);
            assert!(
                (phi - expected).abs() <= 1e-9 * expected,
                "{power}: {phi} {expected}"
            );
        }
    }
}

/// Own 4; the losses of neighbors are 5, 3, 6, 1, 4, 9, at distances 1, 1, 2, 3, 0, 5.
#[test]
fn ubar_looks_at_near_neighbors_and_takes_those_that_do_no_worse() {
    let models = [4.0, 5.0, 3.0, 6.0, 1.0, 4.0, 9.0];
    let with = |fraction: f64| {
        weights(
            &format!("kind = 'ubar'\nkeep_fraction = {fraction}"),
            &models,
        )
    };
    // One even where the share is none: the nearest, whose loss is the agent's.
    close(&with(0.01), &[0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0]);
    // ⌊0.4·6⌋ = 2, and of two at distance 1 the one with the lower number, which does worse.
    close(&with(0.4), &[0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0]);
    close(&with(0.5), &[0.5, 0.0, 0.25, 0.0, 0.0, 0.25, 0.0]);
    let third = 0.5 / 3.0;
    close(&with(1.0), &[0.5, 0.0, third, 0.0, third, third, 0.0]);
    // 0.29·100 is a little less than 29 in floating point.
    let line: Vec<f32> = (0..=100).map(|x| -(x as f32)).collect();
    let far = weights("kind = 'ubar'\nkeep_fraction = 0.29", &line);
    assert_eq!(far.iter().filter(|w| **w > 0.0).count(), 30);
}

#[test]
fn ubar_takes_the_single_best_where_all_do_worse_and_nobody_without_a_finite_loss() {
    let all = "kind = 'ubar'\nkeep_fraction = 1\nown_share = 0.25";
    close(
        &weights(all, &[1.0, 3.0, 2.0, 2.0]),
        &[0.25, 0.0, 0.75, 0.0],
    );
    close(&weights(all, &[1.0]), &[1.0]);
    let mut agent = Agent::new(all, 1, &[1, 1]);
    let mut weigh = |codes: [f32; 3]| agent.weigh(0, &codes.map(|code| Some([0.0, code])));
    assert_eq!(weigh([-1.0, 1.0, 1e30]), [0.0, 1.0, 0.0]);
    assert_eq!(weigh([-1.0, 1.0, 9.0]), [0.0, 0.25, 0.75]);
    assert_eq!(weigh([1.0, -1.0, 1.0]), [0.0, 1.0, 0.0]);
}

/// Own 2, γ = 1, κ = ln 2 with T = 100: the bound is 2 at first, 1 at the end.
#[test]
fn balance_accepts_within_a_bound_that_closes_in() {
    let keys = "kind = 'balance'\ngamma = 1\nkappa = 0.6931471805599453";
    let mut agent = Agent::new(keys, 0, &[1; 4]);
    let models = [2.0, 0.0, 2.9, 3.9, 4.1].map(|x| Some([x, 0.0]));
    let third = 0.5 / 3.0;
    close(&agent.weigh(0, &models), &[0.5, third, third, third, 0.0]);
    close(&agent.weigh(50, &models), &[0.5, 0.0, 0.5, 0.0, 0.0]);
    close(&agent.weigh(200, &models), &[1.0, 0.0, 0.0, 0.0, 0.0]);
}

/// Own degree 3; Metropolis weights 1/4, 1/4, 1/8. Differences 1, 2, 4.
#[test]
fn clipped_gossip_shortens_what_is_far_and_keeps_the_weight_of_what_is_missing() {
    let mut agent = Agent::new("kind = 'self-centered-clipping'\nradius = 1", 1, &[1, 3, 7]);
    let all = [1.0, 0.0, 2.0, -4.0].map(|x| Some([x, 0.0]));
    close(&agent.weigh(0, &all), &[0.25, 0.593_75, 0.125, 0.031_25]);
    let without = [all[0], all[1], None, all[3]];
    close(&agent.weigh(0, &without), &[0.25, 0.718_75, 0.0, 0.031_25]);
}

/// The farthest, of weight 1/8, is distrusted: τ² = (1/4·1² + 1/4·2²)/(1/8) = 10. With two, of
/// weight 3/8: τ² = (1/4)/(3/8) = 2/3.
#[test]
fn an_adaptive_radius_is_what_the_nearer_neighbors_say_for_the_weight_of_the_farther() {
    let all = [1.0, 0.0, 2.0, -4.0].map(|x| Some([x, 0.0]));
    let weigh = |f: &str| {
        let keys = format!("kind = 'self-centered-clipping'\nradius = 'adaptive'\nf = {f}");
        Agent::new(&keys, 1, &[1, 3, 7]).weigh(0, &all)
    };
    close(&weigh("0"), &[0.25, 0.375, 0.25, 0.125]);
    let far = 0.125 * 10.0_f64.sqrt() / 4.0;
    close(&weigh("1"), &[0.25, 0.5 - far, 0.25, far]);
    let radius = (2.0 / 3.0_f64).sqrt();
    let [a, b, c] = [0.25 * radius, 0.125 * radius, 0.125 * radius / 4.0];
    close(&weigh("2"), &[a, 1.0 - a - b - c, b, c]);
    assert_eq!(weigh("2"), weigh("'largest'"));

    let rule = read("kind = 'self-centered-clipping'\nradius = 'adaptive'\nf = 3").expect("a rule");
    let misfit = rule.check(&Seat::among(3).place()).expect_err("f = 3 of 3");
    assert_eq!((&*misfit.key, misfit.largest), ("f", Some(2)));
    assert_eq!(rule.check(&Seat::among(4).place()), Ok(()));
    // Present are f only.
    let mut combiner = rule.combiner(&Seat::among(4).place());
    let present = [(0, 0.0, 0), (1, 1.0, 0), (2, 1.0, 0), (3, 1.0, 0)];
    let (outcome, out) = combine(&mut *combiner, &present, &[4]);
    assert!(outcome == Outcome::Own && out.starved);
}

#[test]
fn wrong_settings_of_these_rules_are_told_with_what_is_right() {
    let shown = [
        mistakes("kind = 'ubar'\nkeep_fraction = 0"),
        mistakes("kind = 'balance'"),
        mistakes("kind = 'self-centered-clipping'\nradius = 'adaptiv'\nf = 1"),
        mistakes("kind = 'self-centered-clipping'\nradius = 'adaptive'"),
        mistakes("kind = 'self-centered-clipping'\nradius = 1\nf = 1"),
        mistakes("kind = 'self-centered-clipping'\nradius = 0"),
    ];
    assert_eq!(
        shown.concat(),
        [
            "2:17: `keep_fraction` in `rule` cannot be 0; write a number in (0, 1]",
            "1:1: `rule` lacks the key `gamma`; add `gamma = …`: a number above 0",
            "2:10: `radius` cannot be \"adaptiv\"; write \"adaptive\" or a number",
            "1:1: `rule` lacks the key `f`, which radius = \"adaptive\" needs; add `f = …`: \
             a whole number, { fraction = x } of the neighborhood, or \"largest\"",
            "3:1: `f` in `rule` belongs to another `radius`; \
             remove it, or write radius = \"adaptive\"",
            "2:10: `radius` in `rule` cannot be 0; write \"adaptive\" or a number above 0",
        ]
    );
}
