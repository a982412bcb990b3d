//! The state and the steps of an agent that keeps to the rules, without actors.
//!
//! Honest agents are this; attackers keep one up for the state they would have. An iteration is
//! [`Member::begin`] (draw, adapt), then [`Member::receive`] for every neighbor, then
//! [`Member::finish`] (combine, measure). Neighbors' models may come before `begin`.

use super::audit::{self, Seats};
use super::letter::Letter;
use super::message::{Post, Tick};
use super::stopwatch::Stopwatch;
use crate::kernel;
use crate::learner::Learner;
use crate::record::{Sample, Traffic, WallTimes};
use crate::rng::{Key, Purpose};
use crate::rule::{Candidate, Combination, Combiner, Neighborhood, Outcome};
use crate::scenario::Plan;
use crate::task::Objective;
use crate::units::{AgentId, Params, SimTime};
use rand::RngExt;
use std::cell::RefCell;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// An agent that keeps to the rules.
pub(super) struct Member {
    inbox: Inbox,
    plan: Arc<Plan>,
    id: AgentId,
    tick: Tick,
    objective: Box<dyn Objective>,
    combiner: Box<dyn Combiner>,
    /// θ of the iteration before.
    combined: Vec<f32>,
    /// ψ of this iteration.
    adapted: Option<Letter>,
    adapted_loss: f64,
    traffic: Traffic,
    fingerprint: u64,
    pub wall: Option<Box<WallTimes>>,
}

/// What came from the neighbors for one iteration.
struct Inbox {
    /// By neighbor: its letter, and when it arrived or was known to be missing.
    slots: Box<[Option<(Letter, SimTime)>]>,
    /// Neighbors that have not been heard of.
    waiting: usize,
    /// Whether the iteration was begun.
    begun: bool,
}

/// Buffers that a thread's members share, since one combines at a time.
#[derive(Default)]
struct Scratch {
    gradient: Vec<f64>,
    sum: Vec<f64>,
    next: Vec<f32>,
    combination: Combination,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Member {
    pub fn new(plan: Arc<Plan>, id: AgentId) -> Member {
        let combined = plan.world.initial(id);
        let neighbors = plan.graph.receives_from(id).len();
        let combiner = plan
            .rule(id)
            .rule
            .combiner(&plan.place(id, &mut Vec::new()));
        Member {
            inbox: Inbox {
                slots: vec![None; neighbors].into(),
                waiting: neighbors,
                begun: false,
            },
            id,
            tick: Tick::FIRST,
            objective: plan.world.clone().objective(id),
            combiner,
            combined,
            adapted: None,
            adapted_loss: f64::NAN,
            traffic: Traffic::default(),
            fingerprint: 0,
            wall: None,
            plan,
        }
    }

    pub fn id(&self) -> AgentId {
        self.id
    }

    /// The iteration that was begun last, and when it began.
    pub fn now(&self) -> (u64, SimTime) {
        (self.tick.iteration, self.tick.start)
    }

    /// ψ of this iteration, as it is sent.
    ///
    /// # Panics
    /// Before the first iteration was begun.
    pub fn adapted(&self) -> &Letter {
        self.adapted.as_ref().expect("an iteration was begun")
    }

    /// When ψ is ready.
    pub fn adapted_at(&self) -> SimTime {
        self.tick.start + self.plan.compute
    }

    /// A letter with `values` in the place of ψ.
    pub fn letter(&self, values: &[f32]) -> Letter {
        let sender = (self.id, self.tick.iteration);
        Letter::model(
            sender,
            self.adapted_at(),
            Stopwatch::stamp(&self.plan),
            values,
        )
    }

    /// A letter that says that there is no model. That is known at the start of the iteration.
    pub fn tombstone(&self) -> Letter {
        let sender = (self.id, self.tick.iteration);
        Letter::nothing(sender, self.tick.start, Stopwatch::stamp(&self.plan))
    }

    /// Draws the iteration's batches and adapts, equation (2).
    pub fn begin(&mut self, tick: Tick) {
        let iteration = tick.iteration;
        self.tick = tick;
        self.inbox.begun = true;
        let learner = self.plan.learner(self.id);
        let steps = learner.steps_per_exchange;
        let first = iteration * steps;
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.next.clear();
            scratch.next.extend_from_slice(&self.combined);
            scratch.gradient.resize(self.combined.len(), 0.0);
            if self.adapts(&learner) {
                for step in first..first + steps {
                    self.objective.draw(step);
                    self.objective
                        .gradient(&scratch.next, &mut scratch.gradient);
                    learner.adapt(iteration, &mut scratch.next, &scratch.gradient);
                }
            } else {
                // The losses use the last batch, whether or not anything was learned from it.
                self.objective.draw(first + steps - 1);
            }
            self.adapted_loss = self.objective.loss(&scratch.next);
            self.adapted = Some(self.letter(&scratch.next));
        });
    }

    /// The coin of uneven computing.
    fn adapts(&self, learner: &Learner) -> bool {
        let coin = || {
            let key = Key::new(self.plan.seeds.data, Purpose::AdaptCoin).of(self.id);
            key.at(self.tick.iteration).stream().random::<f64>()
        };
        learner.adapt_probability >= 1.0 || coin() < learner.adapt_probability
    }

    /// Counts a message that was put on a link.
    pub fn count_sent(&mut self, letter: &Letter) {
        self.traffic.sent += 1;
        self.traffic.bytes += 4 * letter.values().len() as u64;
    }

    /// Takes what a neighbor sent.
    pub fn receive(&mut self, post: Post) {
        let slot = &mut self.inbox.slots[post.slot as usize];
        assert!(slot.is_none(), "one post per neighbor and iteration");
        *slot = Some((post.letter, post.known));
        self.inbox.waiting -= 1;
    }

    /// Whether the iteration was begun and every neighbor's model is here or known to be missing.
    pub fn is_ready(&self) -> bool {
        self.inbox.waiting == 0 && self.inbox.begun
    }

    /// Combines, equation (3), measures, and ends the iteration.
    ///
    /// # Panics
    /// If the member is not [ready](Member::is_ready).
    pub fn finish(&mut self) -> Sample {
        let mut slots = std::mem::take(&mut self.inbox.slots);
        let sample = SCRATCH.with_borrow_mut(|scratch| self.combine(&slots, scratch));
        slots.fill(None);
        self.inbox.waiting = slots.len();
        self.inbox.slots = slots;
        self.inbox.begun = false;
        sample
    }

    fn combine(&mut self, slots: &[Option<(Letter, SimTime)>], scratch: &mut Scratch) -> Sample {
        let plan = self.plan.clone();
        let tick = self.tick;
        let dimension = self.combined.len();
        let seats = Seats::new(&plan, self.id);
        let adapted = self.adapted().clone();
        let mut combined_at = self.adapted_at();
        let mut candidates = Vec::with_capacity(slots.len() + 1);
        let letters = Letters {
            slots,
            own: &adapted,
            seats: &seats,
        }
        .in_order();
        for (slot, letter, known) in letters {
            combined_at = combined_at.max(known);
            if letter.is_well_formed(dimension) {
                candidates.push(Candidate {
                    slot,
                    model: letter.values(),
                });
            } else if letter.is_model() && slot != seats.own {
                self.traffic.malformed += 1;
            }
        }
        let own = candidates.iter().position(|c| c.slot == seats.own);
        self.traffic.delivered += candidates.len() as u64 - u64::from(own.is_some());
        if own.is_none() {
            // An agent whose own model has overflowed keeps it: there is nothing to weigh by.
            candidates.clear();
        }

        let combination = &mut scratch.combination;
        combination.reset(candidates.len());
        let outcome = own.map_or(Outcome::Own, |own| {
            let mut hood = Neighborhood {
                iteration: tick.iteration,
                candidates: &candidates,
                own,
                previous: &self.combined,
                own_loss: self.adapted_loss,
                step_size: plan.learner(self.id).step_size.at(tick.iteration),
                objective: &mut *self.objective,
            };
            self.combiner.combine(&mut hood, combination)
        });
        let next = &mut scratch.next;
        next.clear();
        match outcome {
            Outcome::Own => {
                next.extend_from_slice(adapted.values());
                combination.weights.fill(0.0);
                if let Some(own) = own {
                    combination.weights[own] = 1.0;
                }
            }
            Outcome::Model => {
                next.extend_from_slice(&combination.model);
                combination.weights.fill(f64::NAN);
            }
            Outcome::Weighted => {
                scratch.sum.clear();
                scratch.sum.resize(dimension, 0.0);
                for (candidate, &weight) in candidates.iter().zip(&combination.weights) {
                    if weight != 0.0 {
                        kernel::add_weighted(&mut scratch.sum, weight, candidate.model);
                    }
                }
                next.extend(scratch.sum.iter().map(|&x| x as f32));
            }
        }

        let used = candidates.len().saturating_sub(1);
        self.traffic.used += used as u64;
        let mut sample = Sample {
            agent: self.id,
            combined_at,
            missing: (slots.len() - used) as u32,
            starved: outcome == Outcome::Own,
            ..Sample::default()
        };
        // Under attack every iteration is looked at: when attackers are shut out is asked of all.
        let byzantine = plan.is_byzantine(self.id);
        let under_attack = !plan.attacks.is_empty();
        if !byzantine && (under_attack || plan.is_recorded(tick.iteration, tick.last)) {
            sample.filter = audit::filter(&plan, &seats, &candidates, combination);
        }
        if plan.has_rows(self.id) && plan.keeps_weights(tick.iteration, tick.last) {
            let age = |slot| {
                let letter = seats.neighbor(slot).and_then(|l| slots[l].as_ref());
                let sent = letter.map_or(self.adapted_at(), |(letter, _)| letter.head().sent);
                combined_at - sent
            };
            sample.weights = audit::weight_rows(&seats, &candidates, combination, age);
        }
        sample.traffic = std::mem::take(&mut self.traffic);
        sample.wall = self.wall.take();
        drop(candidates);
        self.combined.clear();
        self.combined.extend_from_slice(next);
        let seed = xxh3_64_with_seed(&tick.iteration.to_le_bytes(), self.fingerprint);
        self.fingerprint = xxh3_64_with_seed(bytemuck::cast_slice(&self.combined), seed);
        self.measure(&mut sample);
        sample
    }

    /// Measures the combined model. Nobody asks how well the model would do that an attacker does
    /// not send.
    fn measure(&mut self, sample: &mut Sample) {
        let Tick {
            iteration, last, ..
        } = self.tick;
        sample.fingerprint = self.fingerprint;
        sample.adapted_loss = or_infinite(self.adapted_loss);
        if self.plan.is_byzantine(self.id) {
            return;
        }
        if self.plan.is_recorded(iteration, last) {
            let (objective, combined) = (&mut self.objective, &self.combined);
            sample.loss = or_infinite(objective.loss(combined));
            sample.regret = objective.regret(combined).map_or(f64::NAN, or_infinite);
            sample.deviation = objective.deviation(combined).map_or(f64::NAN, or_infinite);
        }
        if self.plan.is_evaluated(iteration, last)
            && let Some(evaluation) = self.objective.evaluate(&self.combined)
        {
            sample.test_loss = or_infinite(evaluation.loss);
            sample.accuracy = evaluation.accuracy;
        }
    }

    /// θ, for observers that ask for models.
    pub fn combined(&self) -> Params {
        Params::new(&self.combined)
    }
}

/// A quantity of a model that has diverged: NaN would say that it does not exist.
fn or_infinite(quantity: f64) -> f64 {
    if quantity.is_nan() {
        f64::INFINITY
    } else {
        quantity
    }
}

/// The neighbors' letters and the agent's own ψ.
struct Letters<'a> {
    slots: &'a [Option<(Letter, SimTime)>],
    own: &'a Letter,
    seats: &'a Seats<'a>,
}

impl<'a> Letters<'a> {
    /// In the order of the agents: slot, letter, and when it was known.
    fn in_order(self) -> impl Iterator<Item = (usize, &'a Letter, SimTime)> {
        let Letters { slots, own, seats } = self;
        (0..=slots.len()).map(move |slot| match seats.neighbor(slot) {
            None => (slot, own, own.head().sent),
            Some(neighbor) => {
                // Combining waits until every neighbor has been heard of.
                let (letter, known) = slots[neighbor].as_ref().expect("heard of");
                debug_assert_eq!(letter.head().sender, seats.agent(slot));
                debug_assert_eq!(letter.head().stamp, own.head().stamp);
                (slot, letter, *known)
            }
        })
    }
}
