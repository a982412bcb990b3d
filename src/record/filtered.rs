//! What rules did with Byzantine neighbors in the steady state, and since when these have been shut
//! out.

use super::groups::RoundStats;
use super::sample::{Round, Sample};
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::{Mode, Plan};
use crate::units::SimTime;
use serde_json::{Value, json};

/// Below this, the weight of Byzantine neighbors counts as nothing.
const SHUT_OUT: f64 = 1e-6;

/// A sum and how many values it is of.
type Sum = (f64, u64);

fn add(sums: &mut [Sum; 4], values: [f64; 4]) {
    for ((sum, count), value) in sums.iter_mut().zip(values) {
        if !value.is_nan() {
            *sum += value;
            *count += 1;
        }
    }
}

/// 0 of 0 is NaN, an absent value.
fn mean((sum, count): Sum) -> f64 {
    sum / count as f64
}

/// Sums over combinations of the steady state. The shares are the weight of Byzantine neighbors, the
/// accepted part of their models, the rejected part of normal models of the same group, and the part
/// of weights on the floor.
#[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Sums {
    /// Sums and counts of where a share exists.
    shares: [Sum; 4],
    /// Combinations with too few models for their rule, those of them that kept the own model, and
    /// all.
    starved: u64,
    kept_own: u64,
    combined: u64,
}

/// Means over the recorded part of the steady state.
pub(super) enum Filtering {
    /// Over iterations of what all agents did in them.
    ByIteration(Sums),
    /// Where iterations of one number are at different times for different agents: per agent over its
    /// combinations, then over agents.
    ByAgent(Vec<Sums>),
}

impl Filtering {
    pub fn new(plan: &Plan) -> Filtering {
        match plan.mode() {
            Mode::Asynchronous => Filtering::ByAgent(vec![Sums::default(); plan.graph.agents()]),
            _ => Filtering::ByIteration(Sums::default()),
        }
    }

    /// Keeps the sums.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        match self {
            Filtering::ByIteration(sums) => book.value(sums),
            Filtering::ByAgent(all) => book.value(all),
        }
    }

    /// Adds a combination of the steady state, where agents count one by one.
    pub fn add_sample(&mut self, sample: &Sample) {
        if let Filtering::ByAgent(all) = self {
            let sums = &mut all[sample.agent.index()];
            add(&mut sums.shares, sample.filter.shares());
            sums.starved += u64::from(sample.starved);
            sums.kept_own += u64::from(sample.kept_own);
            sums.combined += 1;
        }
    }

    /// Adds an iteration of the steady state, where iterations count.
    pub fn add_round(&mut self, plan: &Plan, round: &Round, stats: &RoundStats) {
        if let Filtering::ByIteration(sums) = self {
            let all = &stats.all;
            let shares = [
                all.byzantine_weight,
                all.byzantine_accepted,
                all.honest_same_group_rejected,
                all.floored,
            ];
            add(&mut sums.shares, shares);
            sums.starved += all.starved;
            sums.combined += all.agents;
            let normal = round.samples.iter().filter(|s| !plan.is_byzantine(s.agent));
            sums.kept_own += normal.filter(|s| s.kept_own).count() as u64;
        }
    }

    /// The mean of a number over what counts: iterations, or normal agents. `None` where none has it.
    fn over(&self, plan: &Plan, of: impl Fn(&Sums) -> f64) -> Option<f64> {
        let all = match self {
            Filtering::ByIteration(sums) => return Some(of(sums)).filter(|x| !x.is_nan()),
            Filtering::ByAgent(all) => all,
        };
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        let values = normal.map(|k| of(&all[k.index()]));
        let (sum, count) = values
            .filter(|x| !x.is_nan())
            .fold((0.0, 0u64), |(sum, count), x| (sum + x, count + 1));
        Some(mean((sum, count))).filter(|x| !x.is_nan())
    }

    /// The share of combinations with too few models, and of those that kept the own model then.
    pub fn starved(&self, plan: &Plan) -> [Option<f64>; 2] {
        let share =
            |of: fn(&Sums) -> u64| self.over(plan, |sums| of(sums) as f64 / sums.combined as f64);
        [share(|sums| sums.starved), share(|sums| sums.kept_own)]
    }

    pub fn json(&self, plan: &Plan, shut_out: &ShutOut) -> Value {
        let [weight, accepted, rejected, floored] =
            [0, 1, 2, 3].map(|share: usize| self.over(plan, |sums| mean(sums.shares[share])));
        json!({
            "byzantine_weight": weight,
            "byzantine_accepted": accepted,
            "honest_same_group_rejected": rejected,
            "floored": floored,
            "shut_out_iteration": shut_out.iteration(plan),
            "shut_out_ms": shut_out.after(plan).map(SimTime::ms),
        })
    }
}

/// Since when Byzantine neighbors have had no weight. It looks at every iteration, recorded or
/// not, since a weight may come back for one.
#[derive(Default)]
pub(super) struct ShutOut {
    /// The first iteration and the first moment in which an attack was on.
    first_attack: Option<(u64, SimTime)>,
    /// By agent: the weight in its latest combination; [`NEVER`] before the first.
    latest: Vec<f64>,
    /// The iteration from which the mean weight has been nothing until now.
    since: Option<u64>,
    /// When an agent gave them no weight any more, after it had given them some: the latest time.
    closed_at: SimTime,
}

/// Of an agent that has not combined.
const NEVER: f64 = f64::NEG_INFINITY;

impl ShutOut {
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.first_attack, self.latest, self.since, self.closed_at)
    }

    pub fn add(&mut self, plan: &Plan, round: &Round) {
        if plan.attacks.is_empty() {
            return;
        }
        self.latest.resize(plan.graph.agents(), NEVER);
        for attacking in round.samples.iter().filter(|s| s.attacking) {
            let now = (round.iteration, attacking.adapted_at);
            let first = self.first_attack.get_or_insert(now);
            first.1 = first.1.min(now.1);
        }
        let (mut sum, mut count) = (0.0, 0);
        for sample in round.samples.iter().filter(|s| !plan.is_byzantine(s.agent)) {
            let weight = sample.filter.byzantine_weight;
            let before = std::mem::replace(&mut self.latest[sample.agent.index()], weight);
            if !is_nothing(before) && is_nothing(weight) {
                self.closed_at = self.closed_at.max(sample.combined_at);
            }
            sum += weight;
            count += 1;
        }
        // Where nobody combined, that says nothing.
        if count > 0 {
            match is_nothing(sum / f64::from(count)) {
                true => self.since = self.since.or(Some(round.iteration)),
                false => self.since = None,
            }
        }
    }

    /// The first iteration from which the mean weight stays at nothing, counted from the first active
    /// one of an attack. None where an agent's last combination keeps it above that, and where
    /// iterations are nothing common.
    fn iteration(&self, plan: &Plan) -> Option<u64> {
        let (first, _) = self.first_attack?;
        let combined = || self.latest.iter().filter(|weight| **weight != NEVER);
        let last = combined().sum::<f64>() / combined().count() as f64;
        let is_over = plan.mode() != Mode::Asynchronous && is_nothing(last);
        let since = self.since.filter(|_| is_over)?;
        Some(since.saturating_sub(first))
    }

    /// Where nobody waits: the time from the first activity of an attack to the moment from which no
    /// normal agent gives a weight again. None where one does in its last combination.
    fn after(&self, plan: &Plan) -> Option<SimTime> {
        let (_, first) = self.first_attack?;
        let is_over = self.latest.iter().all(|weight| is_nothing(*weight));
        let is_asked = plan.mode() == Mode::Asynchronous;
        (is_asked && is_over).then(|| self.closed_at - first.min(self.closed_at))
    }
}

/// Whether a weight counts as nothing. One that nobody knows, of a rule without weights, does not.
fn is_nothing(weight: f64) -> bool {
    weight < SHUT_OUT
}
