//! What a rule makes of a few models, and models to give it.

use byzsim::rng::{Key, Purpose};
use byzsim::rule::{Candidate, Combination, Neighborhood, Outcome, Place, Rule};
use byzsim::scenario::Catalogues;
use byzsim::settings::{Keys, Problems, Sources, Span, Table};
use byzsim::task::Objective;
use byzsim::units::AgentId;
use proptest::prelude::*;

/// A rule as a scenario makes it.
pub fn rule(settings: &str) -> Box<dyn Rule> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("rule", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (rule, _, _) = keys.run(|keys| Catalogues::default().rules.read(keys, None));
    assert!(problems.is_empty(), "{}", problems.into_error(&sources));
    rule.expect("no problem, so a rule")
}

/// No rule here looks at the data.
struct Unseen;

impl Objective for Unseen {
    fn draw(&mut self, _: u64) {}
    fn loss(&mut self, _: &[f32]) -> f64 {
        unreachable!()
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!()
    }
}

/// What a rule makes of models in an iteration; number `own` is the agent's. The rule must fit.
fn outcome(
    iteration: u64,
    settings: &str,
    models: &[Vec<f32>],
    own: usize,
) -> (Outcome, Combination) {
    let slots: Vec<usize> = (0..models.len()).filter(|l| *l != own).collect();
    let neighbors: Vec<AgentId> = slots.iter().map(|l| AgentId::from_index(*l)).collect();
    let place = Place {
        agent: AgentId::from_index(own),
        neighbors: &neighbors,
        slots: &slots,
        own_slot: own,
        neighbor_degrees: &vec![models.len() - 1; neighbors.len()],
        dimension: models[0].len(),
        iterations: 100,
        key: Key::new(1, Purpose::Rule),
    };
    let candidates: Vec<Candidate<'_>> = models
        .iter()
        .enumerate()
        .map(|(slot, model)| Candidate {
            slot,
            model,
            age: 0,
        })
        .collect();
    let mut out = Combination::default();
    out.reset(candidates.len());
    let mut hood = Neighborhood {
        iteration,
        step: 0,
        candidates: &candidates,
        own,
        absent: &[],
        previous: &models[own],
        own_loss: f64::NAN,
        step_size: f64::NAN,
        objective: &mut Unseen,
    };
    let rule = rule(settings);
    assert_eq!(rule.check(&place), Ok(()), "{settings}");
    let outcome = rule.combiner(&place).combine(&mut hood, &mut out);
    (outcome, out)
}

/// The model that a rule makes of these. It must make one.
pub fn combined_at(iteration: u64, settings: &str, models: &[Vec<f32>], own: usize) -> Vec<f32> {
    let (outcome, out) = outcome(iteration, settings, models, own);
    assert_eq!(outcome, Outcome::Model, "{settings}");
    assert_eq!(out.model.len(), models[0].len(), "{settings}");
    out.model
}

/// The same, or the own model where the rule keeps that.
pub fn combined_or_own(settings: &str, models: &[Vec<f32>], own: usize) -> Vec<f32> {
    match outcome(0, settings, models, own) {
        (Outcome::Own, _) => models[own].clone(),
        _ => combined(settings, models, own),
    }
}

/// Whether that counts as starved.
pub fn is_starved(settings: &str, models: &[Vec<f32>], own: usize) -> bool {
    outcome(0, settings, models, own).1.starved
}

/// The same in iteration 0.
pub fn combined(settings: &str, models: &[Vec<f32>], own: usize) -> Vec<f32> {
    combined_at(0, settings, models, own)
}

/// Models of which some are Byzantine.
#[derive(Clone, Debug)]
pub struct Mixed {
    pub honest: Vec<Vec<f32>>,
    pub byzantine: Vec<Vec<f32>>,
    /// Where the Byzantine ones are put in.
    at: Vec<prop::sample::Index>,
}

impl Mixed {
    pub fn f(&self) -> usize {
        self.byzantine.len()
    }

    pub fn dimension(&self) -> usize {
        self.honest[0].len()
    }

    /// All models, and which one is the first honest one.
    pub fn all(&self) -> (Vec<Vec<f32>>, usize) {
        let mut all = self.honest.clone();
        let mut own = 0;
        for (model, at) in self.byzantine.iter().zip(&self.at) {
            let at = at.index(all.len() + 1);
            all.insert(at, model.clone());
            own += usize::from(at <= own);
        }
        (all, own)
    }

    /// The mean of the honest models.
    pub fn mean(&self) -> Vec<f64> {
        let share = 1.0 / self.honest.len() as f64;
        let mean = |j| self.honest.iter().map(|x| share * f64::from(x[j])).sum();
        (0..self.dimension()).map(mean).collect()
    }

    /// The largest absolute value of an honest parameter.
    pub fn size(&self) -> f64 {
        let all = self.honest.iter().flatten();
        all.fold(0.0, |m, &x| f64::from(x.abs()).max(m))
    }
}

/// ‖a − b‖.
pub fn distance(a: &[f32], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, b)| (f64::from(a) - b).powi(2));
    squares.sum::<f64>().sqrt()
}

pub fn wide(model: &[f32]) -> Vec<f64> {
    model.iter().map(|&x| f64::from(x)).collect()
}

/// Models of d parameters, with as many Byzantine ones as `most(n, d)` allows for n in all, at
/// most. Those lie anywhere: among the honest, near them, or far away on one side or several.
pub fn mixed(
    models: std::ops::RangeInclusive<usize>,
    dimensions: std::ops::RangeInclusive<usize>,
    most: fn(usize, usize) -> usize,
) -> impl Strategy<Value = Mixed> {
    let sizes = (models, dimensions, 0.0..=1.0_f64);
    sizes.prop_flat_map(move |(n, d, share)| {
        let f = (share * (most(n, d) as f64 + 0.99)) as usize;
        let model = || prop::collection::vec(-1.0_f32..1.0, d);
        let far = prop::sample::select(vec![0.5_f32, 2.0, 30.0, 1e4, 1e9]);
        (
            prop::collection::vec(model(), n - f),
            prop::collection::vec((model(), far), f),
            prop::collection::vec(-1.0_f32..1.0, d),
            prop::collection::vec(any::<prop::sample::Index>(), f),
            prop::sample::select(vec![0.0_f32, 10.0]),
        )
            .prop_map(|(mut honest, byzantine, direction, at, offset)| {
                let forge = |(model, far): (Vec<f32>, f32)| -> Vec<f32> {
                    let both = model.iter().zip(&direction);
                    both.map(|(x, side)| 0.1 * x + far * (side + 0.2 * x) + offset)
                        .collect()
                };
                let byzantine = byzantine.into_iter().map(forge).collect();
                honest.iter_mut().flatten().for_each(|x| *x += offset);
                Mixed {
                    honest,
                    byzantine,
                    at,
                }
            })
    })
}

/// The same cases in every run.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}
