//! An agent under a rule that is made as a scenario makes it, in the order of the vectors: the agent
//! itself first.

use byzsim::rng::{Key, Purpose};
use byzsim::rule::{Candidate, Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use byzsim::scenario::Catalogues;
use byzsim::settings::{Catalogue, Keys, Problems, Sources, Span, Table};
use byzsim::task::Objective;
use byzsim::units::AgentId;

/// An agent under a rule.
pub struct Agent {
    combiner: Box<dyn Combiner>,
    /// Its place among its neighbors and itself.
    own: usize,
    iteration: u64,
}

/// A combination: the agent itself first.
pub struct Combined {
    pub weights: Vec<f64>,
    pub losses: Vec<f64>,
    pub phi: Vec<f64>,
    pub model: Vec<f64>,
}

impl Agent {
    /// `degrees` are its neighbors'. It has number `own`, they have the others in order.
    pub fn new(settings: &str, own: usize, degrees: &[usize], dimension: usize) -> Agent {
        Agent::at(settings, own, degrees, dimension, (0, 100))
    }

    /// One that combines for the first time in an iteration of so many.
    pub fn at(
        settings: &str,
        own: usize,
        degrees: &[usize],
        dimension: usize,
        (iteration, iterations): (u64, u64),
    ) -> Agent {
        let slots: Vec<usize> = (0..=degrees.len()).filter(|l| *l != own).collect();
        let neighbors: Vec<AgentId> = slots.iter().map(|l| AgentId::from_index(*l)).collect();
        let place = Place {
            agent: AgentId::from_index(own),
            neighbors: &neighbors,
            slots: &slots,
            own_slot: own,
            neighbor_degrees: degrees,
            dimension,
            iterations,
            key: Key::new(1, Purpose::Rule),
        };
        let rule = rule(settings);
        assert_eq!(rule.check(&place), Ok(()), "{settings}");
        Agent {
            combiner: rule.combiner(&place),
            own,
            iteration,
        }
    }

    /// Combines models, the agent's own first, that have these losses.
    pub fn combine(&mut self, models: &[Vec<f64>], previous: &[f64], losses: &[f64]) -> Combined {
        let narrow = |model: &[f64]| -> Vec<f32> { model.iter().map(|&x| x as f32).collect() };
        let narrowed: Vec<Vec<f32>> = models.iter().map(|m| narrow(m)).collect();
        let mut by_slot: Vec<&Vec<f32>> = narrowed[1..].iter().collect();
        by_slot.insert(self.own, &narrowed[0]);
        let candidates: Vec<Candidate<'_>> = by_slot
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
            iteration: self.iteration,
            step: self.iteration,
            candidates: &candidates,
            own: self.own,
            absent: &[],
            previous: &narrow(previous),
            own_loss: losses.first().copied().unwrap_or(f64::NAN),
            step_size: f64::NAN,
            objective: &mut Given {
                models: &narrowed,
                losses,
            },
        };
        let outcome = self.combiner.combine(&mut hood, &mut out);
        self.iteration += 1;

        let model = match outcome {
            Outcome::Model => out.model.iter().map(|&x| f64::from(x)).collect(),
            Outcome::Weighted => {
                let mut model = vec![0.0; models[0].len()];
                for (weight, candidate) in out.weights.iter().zip(&candidates) {
                    for (sum, &x) in model.iter_mut().zip(candidate.model) {
                        *sum += weight * f64::from(x);
                    }
                }
                model
            }
            Outcome::Own => panic!("the rule could not combine"),
        };
        let own_first = |mut list: Vec<f64>| {
            let own = list.remove(self.own);
            list.insert(0, own);
            list
        };
        Combined {
            weights: own_first(out.weights),
            losses: own_first(out.losses),
            phi: own_first(out.accumulated),
            model,
        }
    }
}

fn rule(settings: &str) -> Box<dyn Rule> {
    made(&Catalogues::default().rules, settings)
}

/// The kind of a catalogue that a table of settings names, with its parameters.
pub fn made<T: ?Sized>(catalogue: &Catalogue<T>, settings: &str) -> Box<T> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("vectors", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (made, _, _) = keys.run(|keys| catalogue.read(keys, None));
    assert!(problems.is_empty(), "{}", problems.into_error(&sources));
    made.expect("no problem, so it is made")
}

/// A loss for each model.
struct Given<'a> {
    models: &'a [Vec<f32>],
    losses: &'a [f64],
}

impl Objective for Given<'_> {
    fn draw(&mut self, _: u64) {}

    fn loss(&mut self, model: &[f32]) -> f64 {
        let known = self.models.iter().position(|known| known == model);
        self.losses[known.expect("a model of this combination")]
    }

    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!("no rule here takes a gradient");
    }
}
