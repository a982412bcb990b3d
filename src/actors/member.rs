//! The state and the steps of an agent that keeps to the rules, without actors.
//!
//! Honest agents are this; attackers keep one up for the state they would have. An iteration is
//! [`Member::adapt`] (draw, adapt), then [`Member::combine`] (combine, measure) with what has come
//! in between.

use super::audit;
use super::board::Remembered;
use super::ledger::Ledger;
use super::letter::{Head, Letter};
use super::roster::Roster;
use super::shelf::Shelf;
use super::stopwatch::Stopwatch;
use crate::checkpoint::{Book, Kept, keep};
use crate::kernel;
use crate::learner::{Learner, Optimizer};
use crate::model::Evaluation;
use crate::record::{Delay, Filter, Sample, Stage, WeightRow};
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
    /// The iteration that was begun last, and when.
    iteration: u64,
    started: SimTime,
    objective: Box<dyn Objective>,
    combiner: Box<dyn Combiner>,
    optimizer: Optimizer,
    /// θ of the iteration before.
    combined: Vec<f32>,
    /// ψ of this iteration.
    adapted: Option<Letter>,
    adapted_loss: f64,
    fingerprint: u64,
    last: Option<Last>,
}

/// An agent's last combination, as far as the end of the run asks for it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Last {
    iteration: u64,
    /// The iteration whose batch it was.
    begun: u64,
    combined_at: SimTime,
    adapted_loss: f64,
    /// ψ, where losses over all training rows are asked of it: a later iteration may have made
    /// another one since.
    adapted: Option<Letter>,
    evaluation: Option<Evaluation>,
    weights: Box<[WeightRow]>,
}

/// An agent's state at the end of a run.
pub(super) struct LastState {
    /// Fully measured; losses are on the batch of its iteration.
    pub sample: Sample,
    /// Mean losses of θ and of ψ over all training rows, in tasks with rows.
    pub over_training: Option<[f64; 2]>,
}

/// A combination: its iteration, its moment, and the iteration's instant, at which edges are
/// looked up.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    pub iteration: u64,
    pub at: SimTime,
    pub instant: SimTime,
    /// Whether it is the run's last one.
    pub last: bool,
}

/// A model that takes part in a combination.
#[derive(Clone, Copy)]
pub(super) struct Present {
    pub sender: AgentId,
    pub slot: usize,
    pub age_iterations: u64,
    pub age: SimTime,
}

/// Buffers that a thread's members share, since one combines at a time.
#[derive(Default)]
struct Scratch {
    gradient: Vec<f64>,
    sum: Vec<f64>,
    next: Vec<f32>,
    combination: Combination,
    present: Vec<Present>,
    absent: Vec<usize>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Member {
    pub fn new(plan: Arc<Plan>, id: AgentId, roster: &Roster) -> Member {
        let rule = &plan.rule(id).rule;
        let learner = plan.learner(id);
        Member {
            id,
            iteration: 0,
            started: SimTime::ZERO,
            objective: plan.world.clone().objective(id),
            combiner: roster.place(&plan, |place| rule.combiner(place)),
            optimizer: learner.optimizer(plan.world.dimension()),
            combined: plan.world.initial(id),
            adapted: None,
            adapted_loss: f64::NAN,
            fingerprint: 0,
            last: None,
            plan,
        }
    }

    /// Keeps what it has learned, and where in its course it is. `roster` was kept before; what is
    /// drawn is drawn anew, with false labels if `flipped`.
    pub fn keep(&mut self, roster: &Roster, flipped: bool, book: &mut Book<'_>) -> Kept {
        if book.reads() && !self.plan.networks.is_static() {
            roster.place(&self.plan, |place| self.combiner.rewire(place));
        }
        self.combiner.keep(book)?;
        self.optimizer.keep(book)?;
        book.value(&mut self.adapted)?;
        let kept: Kept = keep!(book: self.iteration, self.started, self.combined,
            self.adapted_loss, self.fingerprint, self.last);
        if book.reads() && self.has_adapted() {
            self.objective.flip_labels(flipped);
            self.objective.draw(self.step());
        }
        kept
    }

    /// Keeps the last combination, as far as the end of the run asks for it.
    pub fn keep_last(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.combined, self.fingerprint, self.last)
    }

    pub fn id(&self) -> AgentId {
        self.id
    }

    /// The iteration that was begun last.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// ψ of this iteration, if one was begun.
    pub fn has_adapted(&self) -> bool {
        self.adapted.is_some()
    }

    /// Draws from now on batches with false labels, or with true ones.
    pub fn flip_labels(&mut self, flipped: bool) {
        self.objective.flip_labels(flipped);
    }

    /// φ of its rule, if that has any.
    pub fn memory(&self, roster: &Roster) -> Remembered {
        let own = (self.id, roster.own());
        let all = roster.everyone_met().chain([own]);
        let phi = all.filter_map(|(l, slot)| Some((l, self.combiner.accumulated(slot)?)));
        Remembered {
            of: phi.collect(),
            initial: self.combiner.accumulated(roster.slots()),
        }
    }

    /// ψ of this iteration, as it is sent.
    ///
    /// # Panics
    /// Before the first iteration was begun.
    pub fn adapted(&self) -> &Letter {
        self.adapted.as_ref().expect("an iteration was begun")
    }

    /// Draws an iteration's batches and adapts, equation (2). It began at `started`, and ψ is there
    /// at `adapted_at`. Not for a computation that is lost: the optimizer remembers this one.
    pub fn adapt(
        &mut self,
        iteration: u64,
        started: SimTime,
        adapted_at: SimTime,
        ledger: &mut Ledger,
    ) {
        self.iteration = iteration;
        self.started = started;
        let learner = self.plan.learner(self.id);
        let steps = learner.steps_per_exchange;
        let first = iteration * steps;
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.next.clear();
            scratch.next.extend_from_slice(&self.combined);
            scratch.gradient.resize(self.combined.len(), 0.0);
            if self.adapts(&learner) {
                let step_size = learner.step_size.at(iteration);
                for step in first..first + steps {
                    self.objective.draw(step);
                    self.objective
                        .gradient(&scratch.next, &mut scratch.gradient);
                    self.optimizer
                        .step(step_size, &mut scratch.next, &scratch.gradient);
                }
            } else {
                // The losses use the last batch, whether or not anything was learned from it.
                self.objective.draw(last_step(&learner, iteration));
            }
            self.adapted_loss = self.objective.loss(&scratch.next);
            let head = Head {
                sender: self.id,
                stamp: iteration,
                adapted: adapted_at,
                departs: adapted_at,
                posted: Stopwatch::stamp(&self.plan).map(Box::new),
                is_finite: true,
            };
            self.adapted = Some(Letter::new(head, &scratch.next));
        });
        let model = self.adapted().values();
        ledger.note_model((self.id, iteration), Stage::Adapted, None, model);
    }

    /// The coin of uneven computing.
    fn adapts(&self, learner: &Learner) -> bool {
        let coin = || {
            let key = Key::new(self.plan.seeds.data, Purpose::AdaptCoin).of(self.id);
            key.at(self.iteration).stream().random::<f64>()
        };
        learner.adapt_probability >= 1.0 || coin() < learner.adapt_probability
    }

    /// The step of the batch of the iteration that was begun last.
    fn step(&self) -> u64 {
        last_step(&self.plan.learner(self.id), self.iteration)
    }

    /// Goes on to the network of an iteration.
    pub fn rewire(&mut self, iteration: u64, roster: &mut Roster) {
        if roster.rewire(&self.plan, iteration) {
            roster.place(&self.plan, |place| self.combiner.rewire(place));
        }
    }

    /// Combines, equation (3), with what is on the shelf, and measures.
    pub fn combine(
        &mut self,
        occasion: Occasion,
        roster: &mut Roster,
        shelf: &mut Shelf,
        ledger: &mut Ledger,
    ) -> Box<Sample> {
        self.rewire(occasion.iteration, roster);
        let sample = SCRATCH
            .with_borrow_mut(|scratch| self.combine_with(occasion, roster, shelf, ledger, scratch));
        let stamp = (self.id, occasion.iteration);
        ledger.note_model(stamp, Stage::Combined, None, &self.combined);
        sample
    }

    fn combine_with(
        &mut self,
        occasion: Occasion,
        roster: &Roster,
        shelf: &mut Shelf,
        ledger: &mut Ledger,
        scratch: &mut Scratch,
    ) -> Box<Sample> {
        let plan = self.plan.clone();
        let Occasion {
            iteration,
            at,
            last,
            ..
        } = occasion;
        let adapted = self.adapted().clone();
        let dimension = self.combined.len();
        let own_is_sound = adapted.is_well_formed(dimension);
        let Scratch {
            present, absent, ..
        } = scratch;
        let candidates = self.present(occasion, roster, shelf, &adapted, present, absent);
        let neighbors = present.len() + absent.len() - 1;
        let own = candidates.iter().position(|c| c.slot == roster.own());
        let own = own.expect("the agent's own model is always there");

        let combination = &mut scratch.combination;
        combination.reset(candidates.len());
        let outcome = if own_is_sound {
            let mut hood = Neighborhood {
                iteration,
                step: self.step(),
                candidates: &candidates,
                own,
                absent: &scratch.absent,
                previous: &self.combined,
                own_loss: self.adapted_loss,
                step_size: plan.learner(self.id).step_size.at(self.iteration),
                objective: &mut *self.objective,
            };
            let outcome = self.combiner.combine(&mut hood, combination);
            if let Some(broken) = combination.broken_promise(outcome, candidates.len(), dimension) {
                panic!("the rule `{}` {broken}", plan.rule(self.id).kind);
            }
            outcome
        } else {
            // An agent whose own model has overflowed keeps it: there is nothing to weigh by.
            combination.reset(0);
            scratch.present.clear();
            Outcome::Own
        };
        let has_weights = plan.rule(self.id).rule.has_weights();
        let next = &mut scratch.next;
        next.clear();
        match outcome {
            Outcome::Own => {
                next.extend_from_slice(adapted.values());
                // A rule that gives no weights gives none here, either.
                combination
                    .weights
                    .fill(if has_weights { 0.0 } else { f64::NAN });
                if let Some(weight) = combination.weights.get_mut(own).filter(|_| has_weights) {
                    *weight = 1.0;
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

        let present = &scratch.present;
        let others = present.len().saturating_sub(1);
        // An aggregate is made of all models that are there, whatever they count in it.
        let is_used = |index: usize| match outcome {
            Outcome::Weighted => combination.weights[index] > 0.0,
            Outcome::Model => true,
            Outcome::Own => false,
        };
        let is_other = |(_, model): &(usize, &Present)| model.sender != self.id;
        let used = present.iter().enumerate().filter(is_other);
        let models_used = used.filter(|(index, _)| is_used(*index)).count();
        let mut sample = Box::new(Sample {
            agent: self.id,
            iteration,
            started_at: self.started,
            adapted_at: adapted.head().adapted,
            combined_at: at,
            models_used: models_used as u32,
            missing: (neighbors - others) as u32,
            starved: outcome == Outcome::Own || combination.starved,
            kept_own: outcome == Outcome::Own,
            ..Sample::default()
        });
        if others > 0 {
            let oldest = sample.oldest.get_or_insert_default();
            for model in present.iter().filter(|model| model.sender != self.id) {
                oldest.iterations = oldest.iterations.max(model.age_iterations);
                oldest.time = oldest.time.max(model.age);
                ledger.delays.add(Delay::Age, model.age.us());
                ledger
                    .delays
                    .add(Delay::AgeIterations, model.age_iterations);
            }
        }
        // Under attack every iteration is looked at: when attackers are shut out is asked of all.
        let byzantine = plan.is_byzantine(self.id);
        let under_attack = !plan.attacks.is_empty();
        let may_be_last = last || plan.may_end_early();
        if !byzantine && (under_attack || plan.is_recorded(iteration, may_be_last)) {
            sample.filter = match own_is_sound {
                true => audit::filter(&plan, self.id, present, combination),
                // Nothing was weighed: no weight shuts anybody out.
                false => Filter::UNKNOWN,
            };
        }
        let mut kept = Box::default();
        if plan.has_rows(self.id) {
            let rows = || audit::weight_rows(present, (shelf, ledger), combination);
            if plan.keeps_weights(iteration, last) {
                sample.weights = rows();
            } else if plan.may_end_early() && plan.keeps_weights(iteration, true) {
                kept = rows();
            }
        }
        drop(candidates);
        for (index, model) in present.iter().enumerate().filter(is_other) {
            shelf.took_part(model.slot, (at, is_used(index)), &plan, ledger);
        }
        self.combined.clear();
        self.combined.extend_from_slice(next);
        let seed = xxh3_64_with_seed(&iteration.to_le_bytes(), self.fingerprint);
        self.fingerprint = xxh3_64_with_seed(bytemuck::cast_slice(&self.combined), seed);
        self.last = Some(Last {
            iteration,
            begun: self.iteration,
            combined_at: at,
            adapted_loss: self.adapted_loss,
            adapted: (plan.world.iterations_per_epoch().is_some() && !byzantine).then_some(adapted),
            evaluation: None,
            weights: kept,
        });
        self.measure(&mut sample, last);
        sample
    }

    /// The models that take part, the agent's own among them, in the order of the agents; `present`
    /// is filled with what is told of them, `absent` with the slots of neighbors without one.
    fn present<'a>(
        &self,
        occasion: Occasion,
        roster: &Roster,
        shelf: &'a Shelf,
        adapted: &'a Letter,
        present: &mut Vec<Present>,
        absent: &mut Vec<usize>,
    ) -> Vec<Candidate<'a>> {
        let Occasion {
            iteration,
            at,
            instant,
            ..
        } = occasion;
        present.clear();
        absent.clear();
        let mut candidates = Vec::with_capacity(roster.neighbors().len() + 1);
        let mut add = |sender, slot, letter: &'a Letter| {
            let head = letter.head();
            let age_iterations = match &self.plan.timetable {
                _ if sender == self.id => 0,
                Some(table) => table.finished_after(sender, head.stamp, at),
                None => iteration - head.stamp,
            };
            present.push(Present {
                sender,
                slot,
                age_iterations,
                age: at - head.adapted,
            });
            candidates.push(Candidate {
                slot,
                model: letter.values(),
                age: age_iterations,
            });
        };
        let mut own_is_due = true;
        for (sender, slot) in roster.present(instant) {
            if own_is_due && sender > self.id {
                add(self.id, roster.own(), adapted);
                own_is_due = false;
            }
            match shelf.usable(slot, &self.plan, (iteration, at)) {
                Some(letter) => add(sender, slot, letter),
                None => absent.push(slot),
            }
        }
        if own_is_due {
            add(self.id, roster.own(), adapted);
        }
        candidates
    }

    /// Measures the combined model. Nobody asks how well the model would do that an attacker does
    /// not send.
    fn measure(&mut self, sample: &mut Sample, last: bool) {
        let iteration = sample.iteration;
        sample.fingerprint = self.fingerprint;
        sample.adapted_loss = or_infinite(self.adapted_loss);
        if self.plan.is_byzantine(self.id) {
            return;
        }
        if self.plan.is_recorded(iteration, last) {
            self.measure_loss(sample);
        }
        if self.plan.is_evaluated(iteration, last) {
            self.evaluate(sample);
        }
    }

    fn measure_loss(&mut self, sample: &mut Sample) {
        let (objective, combined) = (&mut self.objective, &self.combined);
        sample.loss = or_infinite(objective.loss(combined));
        sample.regret = objective.regret(combined).map_or(f64::NAN, or_infinite);
        sample.deviation = objective.deviation(combined).map_or(f64::NAN, or_infinite);
    }

    fn evaluate(&mut self, sample: &mut Sample) {
        let known = self.last.as_ref().and_then(|last| last.evaluation);
        let evaluation = known.or_else(|| self.objective.evaluate(&self.combined));
        if let Some(evaluation) = evaluation {
            sample.test_loss = or_infinite(evaluation.loss);
            sample.accuracy = evaluation.accuracy.unwrap_or(f64::NAN);
        }
        if let Some(last) = &mut self.last {
            last.evaluation = evaluation;
        }
    }

    /// A normal agent's state at the end of the run, fully measured, if it ever combined; with its
    /// model, if somebody asks for that.
    pub fn last_state(&mut self, wants_model: bool) -> Option<LastState> {
        if self.plan.is_byzantine(self.id) {
            return None;
        }
        let last = self.last.as_mut()?;
        let mut sample = Sample {
            agent: self.id,
            iteration: last.iteration,
            combined_at: last.combined_at,
            adapted_loss: or_infinite(last.adapted_loss),
            fingerprint: self.fingerprint,
            weights: std::mem::take(&mut last.weights),
            model: wants_model.then(|| Params::new(&self.combined)),
            ..Sample::default()
        };
        // A later iteration may have drawn its batch since.
        self.objective
            .draw(last_step(&self.plan.learner(self.id), last.begun));
        self.measure_loss(&mut sample);
        if self.plan.evaluate_every.is_some() {
            self.evaluate(&mut sample);
        }
        let adapted = self.last.as_ref().and_then(|last| last.adapted.as_ref());
        let over_training = adapted.and_then(|adapted| {
            let mut over = |model: &[f32]| self.objective.training_loss(model).map(or_infinite);
            Some([over(&self.combined)?, over(adapted.values())?])
        });
        Some(LastState {
            sample,
            over_training,
        })
    }

    /// θ, for observers that ask for models.
    pub fn combined(&self) -> Params {
        Params::new(&self.combined)
    }
}

/// The last step of an iteration: losses use its batch.
pub(super) fn last_step(learner: &Learner, iteration: u64) -> u64 {
    (iteration + 1) * learner.steps_per_exchange - 1
}

/// A quantity of a model that has diverged: NaN would say that it does not exist.
fn or_infinite(quantity: f64) -> f64 {
    if quantity.is_nan() {
        f64::INFINITY
    } else {
        quantity
    }
}
