//! The state and the steps of an agent that keeps to the rules, without actors.
//!
//! Honest agents are this; attackers keep one up for the state they would have. An iteration is
//! [`Member::begin`] (draw, adapt), then [`Member::receive`] for every neighbor, then
//! [`Member::finish`] (combine, measure). Neighbors' models may come before `begin`.

use super::message::{Content, Post, Tick};
use crate::kernel;
use crate::learner::Learner;
use crate::record::{Filter, Sample, Traffic, WallTimes, WeightRow};
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
    plan: Arc<Plan>,
    id: AgentId,
    learner: Learner,
    objective: Box<dyn Objective>,
    combiner: Box<dyn Combiner>,
    /// θ of the iteration before.
    combined: Vec<f32>,
    /// ψ of this iteration.
    adapted: Params,
    adapted_loss: f64,
    /// What came from each neighbor, in their order.
    inbox: Vec<Arrival>,
    waiting: usize,
    /// The iteration to be combined next.
    next: u64,
    tick: Option<Tick>,
    traffic: Traffic,
    fingerprint: u64,
    pub wall: WallTimes,
}

/// What came from a neighbor in this iteration.
#[derive(Clone, Debug)]
enum Arrival {
    /// Nothing yet.
    Awaited,
    /// A model that can be combined.
    Model {
        params: Params,
        sent: SimTime,
        arrives: SimTime,
    },
    /// Nothing, for good: silent, lost or refused.
    Missing { known: SimTime },
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
            id,
            learner: plan.learner(id),
            objective: plan.world.clone().objective(id),
            combiner,
            adapted: Params::new(&combined),
            adapted_loss: f64::NAN,
            combined,
            inbox: vec![Arrival::Awaited; neighbors],
            waiting: neighbors,
            next: 0,
            tick: None,
            traffic: Traffic::default(),
            fingerprint: 0,
            wall: WallTimes::default(),
            plan,
        }
    }

    pub fn id(&self) -> AgentId {
        self.id
    }

    /// The iteration that was begun last, and when it began.
    pub fn now(&self) -> (u64, SimTime) {
        self.tick
            .map_or((0, SimTime::ZERO), |t| (t.iteration, t.start))
    }

    /// ψ of this iteration.
    pub fn adapted(&self) -> &Params {
        &self.adapted
    }

    /// When ψ is ready.
    pub fn adapted_at(&self) -> SimTime {
        self.now().1 + self.plan.compute
    }

    /// Draws the iteration's batches and adapts, equation (2).
    pub fn begin(&mut self, tick: Tick) {
        let iteration = tick.iteration;
        let steps = self.learner.steps_per_exchange;
        let first = iteration * steps;
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.next.clear();
            scratch.next.extend_from_slice(&self.combined);
            scratch.gradient.resize(self.combined.len(), 0.0);
            if self.adapts(iteration) {
                for step in first..first + steps {
                    self.objective.draw(step);
                    self.objective
                        .gradient(&scratch.next, &mut scratch.gradient);
                    self.learner
                        .adapt(iteration, &mut scratch.next, &scratch.gradient);
                }
            } else {
                // The losses use the last batch, whether or not anything was learned from it.
                self.objective.draw(first + steps - 1);
            }
            self.adapted = Params::new(&scratch.next);
        });
        self.adapted_loss = self.objective.loss(self.adapted.values());
        self.tick = Some(tick);
    }

    /// The coin of uneven computing.
    fn adapts(&self, iteration: u64) -> bool {
        let probability = self.learner.adapt_probability;
        let coin = || {
            let key = Key::new(self.plan.seeds.data, Purpose::AdaptCoin);
            key.of(self.id).at(iteration).stream().random::<f64>()
        };
        probability >= 1.0 || coin() < probability
    }

    /// Counts a message that was put on a link.
    pub fn count_sent(&mut self, params: &Params) {
        self.traffic.sent += 1;
        self.traffic.bytes += 4 * params.values().len() as u64;
    }

    /// Takes what a neighbor sent; malformed models are refused here.
    pub fn receive(&mut self, post: Post) {
        let neighbors = self.plan.graph.receives_from(self.id);
        // Posts come along edges of the graph only.
        let slot = neighbors.binary_search(&post.sender).expect("a neighbor");
        assert_eq!(
            post.stamp, self.next,
            "nobody is an iteration ahead or behind"
        );
        let arrival = match post.content {
            Content::Nothing { known } => Arrival::Missing { known },
            Content::Model { arrives, params } => {
                if params.well_formed(self.combined.len()) {
                    self.traffic.delivered += 1;
                    Arrival::Model {
                        params,
                        sent: post.sent,
                        arrives,
                    }
                } else {
                    self.traffic.malformed += 1;
                    Arrival::Missing { known: arrives }
                }
            }
        };
        assert!(
            matches!(self.inbox[slot], Arrival::Awaited),
            "one post per neighbor and iteration"
        );
        self.inbox[slot] = arrival;
        self.waiting -= 1;
    }

    /// Whether the iteration was begun and every neighbor's model is here or known to be missing.
    pub fn is_ready(&self) -> bool {
        self.tick.is_some() && self.waiting == 0
    }

    /// Combines, equation (3), measures, and ends the iteration.
    ///
    /// # Panics
    /// If the member is not [ready](Member::is_ready).
    pub fn finish(&mut self) -> Sample {
        let tick = self.tick.take().expect("an iteration was begun");
        let inbox = std::mem::take(&mut self.inbox);
        let sample = SCRATCH.with_borrow_mut(|scratch| self.combine(tick, &inbox, scratch));
        self.inbox = inbox;
        self.inbox.fill(Arrival::Awaited);
        self.waiting = self.inbox.len();
        self.next = tick.iteration + 1;
        sample
    }

    fn combine(&mut self, tick: Tick, inbox: &[Arrival], scratch: &mut Scratch) -> Sample {
        let plan = self.plan.clone();
        let neighbors = plan.graph.receives_from(self.id);
        let own_slot = neighbors.partition_point(|&l| l < self.id);
        let mut candidates = Vec::with_capacity(inbox.len() + 1);
        let mut own = 0;
        let mut combined_at = tick.start + plan.compute;
        let (before, after) = inbox.split_at(own_slot);
        for (slot, arrival) in before.iter().enumerate() {
            candidates.extend(arrival.candidate(slot, &mut combined_at));
        }
        if self.adapted.well_formed(self.combined.len()) {
            own = candidates.len();
            let model = self.adapted.values();
            candidates.push(Candidate {
                slot: own_slot,
                model,
            });
            for (slot, arrival) in after.iter().enumerate() {
                candidates.extend(arrival.candidate(own_slot + 1 + slot, &mut combined_at));
            }
        } else {
            // An agent whose own model has overflowed keeps it: there is nothing to weigh by.
            candidates.clear();
        }

        scratch.combination.reset(candidates.len());
        let outcome = if candidates.is_empty() {
            Outcome::Own
        } else {
            let mut hood = Neighborhood {
                iteration: tick.iteration,
                candidates: &candidates,
                own,
                previous: &self.combined,
                own_loss: self.adapted_loss,
                step_size: self.learner.step_size.at(tick.iteration),
                objective: &mut *self.objective,
            };
            self.combiner.combine(&mut hood, &mut scratch.combination)
        };
        let combination = &mut scratch.combination;
        let next = &mut scratch.next;
        next.clear();
        match outcome {
            Outcome::Own => {
                next.extend_from_slice(self.adapted.values());
                combination.weights.fill(0.0);
                if let Some(weight) = combination.weights.get_mut(own) {
                    *weight = 1.0;
                }
            }
            Outcome::Model => next.extend_from_slice(&combination.model),
            Outcome::Weighted => {
                scratch.sum.clear();
                scratch.sum.resize(self.combined.len(), 0.0);
                for (candidate, &weight) in candidates.iter().zip(&combination.weights) {
                    if weight != 0.0 {
                        kernel::add_weighted(&mut scratch.sum, weight, candidate.model);
                    }
                }
                next.extend(scratch.sum.iter().map(|&x| x as f32));
            }
        }
        if outcome == Outcome::Model {
            combination.weights.fill(f64::NAN);
        }

        let used = candidates.len().saturating_sub(1);
        self.traffic.used += used as u64;
        let keeps_weights = plan.keeps_weights(tick.iteration, tick.last);
        let mut sample = Sample {
            agent: self.id,
            combined_at,
            filter: filter(&plan, self.id, &candidates, combination),
            missing: (inbox.len() - used) as u32,
            starved: outcome == Outcome::Own,
            traffic: std::mem::take(&mut self.traffic),
            weights: if keeps_weights {
                let ages = Ages {
                    inbox,
                    own_slot,
                    adapted_at: tick.start + plan.compute,
                    combined_at,
                };
                weight_rows(&plan, self.id, &candidates, combination, &ages)
            } else {
                Vec::new()
            },
            wall: std::mem::take(&mut self.wall),
            ..Sample::default()
        };
        drop(candidates);
        self.combined.clear();
        self.combined.extend_from_slice(next);
        let seed = xxh3_64_with_seed(&tick.iteration.to_le_bytes(), self.fingerprint);
        self.fingerprint = xxh3_64_with_seed(bytemuck::cast_slice(&self.combined), seed);
        self.measure(tick, &mut sample);
        sample
    }

    fn measure(&mut self, tick: Tick, sample: &mut Sample) {
        sample.fingerprint = self.fingerprint;
        sample.adapted_loss = self.adapted_loss;
        if self.plan.is_recorded(tick.iteration, tick.last) {
            sample.loss = self.objective.loss(&self.combined);
            sample.regret = self.objective.regret(&self.combined).unwrap_or(f64::NAN);
            sample.deviation = self.objective.deviation(&self.combined).unwrap_or(f64::NAN);
        } else {
            (sample.loss, sample.regret, sample.deviation) = (f64::NAN, f64::NAN, f64::NAN);
        }
        (sample.test_loss, sample.accuracy) = (f64::NAN, f64::NAN);
        if self.plan.is_evaluated(tick.iteration, tick.last)
            && let Some(evaluation) = self.objective.evaluate(&self.combined)
        {
            (sample.test_loss, sample.accuracy) = (evaluation.loss, evaluation.accuracy);
        }
    }

    /// θ, for observers that ask for models.
    pub fn combined(&self) -> Params {
        Params::new(&self.combined)
    }
}

impl Arrival {
    /// The model as a candidate; either way, combining waits until its fate is known.
    fn candidate(&self, slot: usize, combined_at: &mut SimTime) -> Option<Candidate<'_>> {
        match self {
            Arrival::Model {
                params, arrives, ..
            } => {
                *combined_at = (*combined_at).max(*arrives);
                Some(Candidate {
                    slot,
                    model: params.values(),
                })
            }
            Arrival::Missing { known } => {
                *combined_at = (*combined_at).max(*known);
                None
            }
            Arrival::Awaited => unreachable!("combined before every neighbor was heard of"),
        }
    }
}

/// Whose model a slot holds.
fn owner(plan: &Plan, agent: AgentId, slot: usize) -> AgentId {
    let neighbors = plan.graph.receives_from(agent);
    let own_slot = neighbors.partition_point(|&l| l < agent);
    match slot.cmp(&own_slot) {
        std::cmp::Ordering::Less => neighbors[slot],
        std::cmp::Ordering::Equal => agent,
        std::cmp::Ordering::Greater => neighbors[slot - 1],
    }
}

/// What the weights did with others' models, by what those really were.
fn filter(
    plan: &Plan,
    agent: AgentId,
    candidates: &[Candidate<'_>],
    combination: &Combination,
) -> Filter {
    let mut filter = Filter::default();
    let group = plan.world.group(agent);
    for (candidate, &weight) in candidates.iter().zip(&combination.weights) {
        let sender = owner(plan, agent, candidate.slot);
        if plan.is_byzantine(sender) {
            filter.byzantine_weight += weight;
            filter.byzantine_present += 1;
            filter.byzantine_accepted += u32::from(weight > 0.0);
        } else if sender != agent && plan.world.group(sender) == group {
            filter.same_group_present += 1;
            filter.same_group_rejected += u32::from(weight == 0.0);
        }
    }
    if combination.weights.iter().any(|w| w.is_nan()) {
        filter.byzantine_weight = f64::NAN;
    }
    filter
}

/// What the age of a model follows from.
struct Ages<'a> {
    inbox: &'a [Arrival],
    own_slot: usize,
    adapted_at: SimTime,
    combined_at: SimTime,
}

impl Ages<'_> {
    fn of(&self, slot: usize) -> SimTime {
        let arrival = match slot.cmp(&self.own_slot) {
            std::cmp::Ordering::Less => &self.inbox[slot],
            std::cmp::Ordering::Equal => return self.combined_at - self.adapted_at,
            std::cmp::Ordering::Greater => &self.inbox[slot - 1],
        };
        match arrival {
            Arrival::Model { sent, .. } => self.combined_at - *sent,
            Arrival::Awaited | Arrival::Missing { .. } => unreachable!("candidates have models"),
        }
    }
}

fn weight_rows(
    plan: &Plan,
    agent: AgentId,
    candidates: &[Candidate<'_>],
    combination: &Combination,
    ages: &Ages<'_>,
) -> Vec<WeightRow> {
    let row = |(index, candidate): (usize, &Candidate<'_>)| WeightRow {
        sender: owner(plan, agent, candidate.slot),
        loss: combination.losses[index],
        accumulated: combination.accumulated[index],
        weight: combination.weights[index],
        age: ages.of(candidate.slot),
    };
    candidates.iter().enumerate().map(row).collect()
}
