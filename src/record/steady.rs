//! What the summary says of more than one iteration: means over the steady state, and since when
//! Byzantine neighbors have been shut out.

use super::groups::RoundStats;
use super::sample::Round;
use super::stats::Spread;
use super::summary::range;
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::Plan;
use crate::units::{AgentId, SimTime};
use serde_json::{Map, Value, json};

/// Below this, the weight of Byzantine neighbors counts as nothing.
const SHUT_OUT: f64 = 1e-6;

/// The steady state of a run.
pub(super) struct Steady {
    whole: Means,
    /// Where `until_ms` may end the run before its last iteration: as if it did, since nobody knows
    /// beforehand.
    early: Option<Means>,
}

/// Means over the recorded iterations of the steady state.
struct Means {
    from: From,
    /// By agent: sum and number of its losses, and of its regrets where they exist.
    losses: Vec<(f64, u32)>,
    regrets: Vec<(f64, u32)>,
    /// Byzantine weight, and the shares of accepted, rejected and floored models: sums and counts of
    /// where they exist.
    filter: [(f64, u64); 4],
    /// Combinations with too few models for their rule, and all.
    starved: (u64, u64),
}

/// Where the steady state begins.
#[derive(Clone, Copy)]
enum From {
    /// With an iteration.
    Iteration(u64),
    /// After a moment: what has combined later is in it.
    After(SimTime),
}

impl From {
    /// The last 60 %: of iterations, or of simulated time where nobody waits for others.
    fn of(plan: &Plan) -> From {
        match &plan.timetable {
            Some(timetable) if plan.record.steady_from.is_none() => {
                From::After(SimTime::from_us(timetable.horizon().us() * 2 / 5))
            }
            _ => From::Iteration(plan.steady_from()),
        }
    }

    fn has(self, iteration: u64, combined_at: SimTime) -> bool {
        match self {
            From::Iteration(first) => iteration >= first,
            From::After(moment) => combined_at > moment,
        }
    }
}

impl Steady {
    pub fn new(plan: &Plan) -> Steady {
        let until = plan.until.filter(|_| plan.may_end_early());
        let until = until.filter(|_| plan.record.steady_from.is_none());
        let after = |until: SimTime| From::After(SimTime::from_us(until.us() * 2 / 5));
        Steady {
            whole: Means::new(plan, From::of(plan)),
            early: until.map(|until| Means::new(plan, after(until))),
        }
    }

    /// Keeps the sums.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.whole.keep(book)?;
        self.early.as_mut().map_or(Ok(()), |early| early.keep(book))
    }

    /// Adds a recorded iteration.
    pub fn add(&mut self, round: &Round, stats: &RoundStats) {
        self.whole.add(round, stats);
        if let Some(early) = &mut self.early {
            early.add(round, stats);
        }
    }

    fn means(&self, plan: &Plan, iterations: u64) -> &Means {
        let early = self.early.as_ref();
        let early = early.filter(|_| iterations < plan.iterations);
        early.unwrap_or(&self.whole)
    }

    /// Mean per agent over the steady state of a run that had so many iterations, then mean and
    /// range over the normal agents that combined in it.
    pub fn json(&self, plan: &Plan, iterations: u64) -> Value {
        self.means(plan, iterations).json(plan)
    }

    /// What became of Byzantine neighbors in it.
    pub fn filter_json(&self, plan: &Plan, iterations: u64, shut_out: Option<u64>) -> Value {
        self.means(plan, iterations).filter_json(shut_out)
    }
}

impl Means {
    fn new(plan: &Plan, from: From) -> Means {
        Means {
            from,
            losses: vec![(0.0, 0); plan.graph.agents()],
            regrets: vec![(0.0, 0); plan.graph.agents()],
            filter: Default::default(),
            starved: (0, 0),
        }
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.losses, self.regrets, self.filter, self.starved)
    }

    fn add(&mut self, round: &Round, stats: &RoundStats) {
        for sample in &round.samples {
            if !self.from.has(sample.iteration, sample.combined_at) {
                continue;
            }
            let agent = sample.agent.index();
            let quantities = [
                (&mut self.losses[agent], sample.loss),
                (&mut self.regrets[agent], sample.regret),
            ];
            for ((sum, count), value) in quantities {
                if !value.is_nan() {
                    *sum += value;
                    *count += 1;
                }
            }
        }
        if !self.from.has(round.iteration, round.end) {
            return;
        }
        let all = &stats.all;
        self.starved.0 += all.starved;
        self.starved.1 += all.agents;
        let values = [
            all.byzantine_weight,
            all.byzantine_accepted,
            all.honest_same_group_rejected,
            all.floored,
        ];
        for ((sum, count), value) in self.filter.iter_mut().zip(values) {
            if !value.is_nan() {
                *sum += value;
                *count += 1;
            }
        }
    }

    fn json(&self, plan: &Plan) -> Value {
        let mut scratch = Vec::new();
        let mut over = |sums: &[(f64, u32)], group: Option<u32>| {
            let member =
                |&k: &AgentId| !plan.is_byzantine(k) && group.is_none_or(|g| plan.group(k) == g);
            // 0 of 0 is NaN, an absent value.
            let mean = |k: AgentId| {
                let (sum, count) = sums[k.index()];
                sum / f64::from(count)
            };
            let means: Vec<f64> = plan.graph.ids().filter(member).map(mean).collect();
            range(&Spread::of(&means, &mut scratch))
        };
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        let mut groups: Vec<u32> = normal.map(|k| plan.group(k)).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut both = |group| {
            let mut both = Map::new();
            both.insert("loss".to_owned(), over(&self.losses, group));
            both.insert("regret".to_owned(), over(&self.regrets, group));
            both
        };
        let groups: Map<_, _> = groups
            .into_iter()
            .map(|g| (g.to_string(), Value::Object(both(Some(g)))))
            .collect();
        let mut all = both(None);
        let (starved, combined) = self.starved;
        let (iteration, after_ms) = match self.from {
            From::Iteration(iteration) => (Some(iteration), None),
            From::After(moment) => (None, Some(moment.ms())),
        };
        json!({
            "from_iteration": iteration,
            "after_ms": after_ms,
            "loss": all.remove("loss"),
            "regret": all.remove("regret"),
            "groups": groups,
            "starved": (combined > 0).then(|| starved as f64 / combined as f64),
        })
    }

    fn filter_json(&self, shut_out: Option<u64>) -> Value {
        let [weight, accepted, rejected, floored] = self
            .filter
            .map(|(sum, count)| (count > 0).then(|| sum / count as f64));
        json!({
            "byzantine_weight": weight,
            "byzantine_accepted": accepted,
            "honest_same_group_rejected": rejected,
            "floored": floored,
            "shut_out_iteration": shut_out,
        })
    }
}

/// Since when Byzantine neighbors have had no weight. It looks at every iteration, recorded or
/// not, since a weight may come back for one.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct ShutOut {
    first_attack: Option<u64>,
    /// The iteration from which the weight has been nothing until now.
    since: Option<u64>,
}

impl ShutOut {
    pub fn add(&mut self, plan: &Plan, round: &Round) {
        if plan.attacks.is_empty() {
            return;
        }
        if self.first_attack.is_none() && round.samples.iter().any(|s| s.attacking) {
            self.first_attack = Some(round.iteration);
        }
        let normal = round.samples.iter().filter(|s| !plan.is_byzantine(s.agent));
        let weights = normal.map(|s| s.filter.byzantine_weight);
        let (sum, count) = weights.fold((0.0, 0), |(sum, count), w| (sum + w, count + 1));
        if count == 0 {
            // Nobody combined, which says nothing.
            return;
        }
        // A rule without weights (NaN) shuts nobody out.
        if sum / f64::from(count) < SHUT_OUT {
            self.since.get_or_insert(round.iteration);
        } else {
            self.since = None;
        }
    }

    /// The first iteration from which the weight stays at nothing, counted from the first active
    /// one of an attack.
    pub fn iteration(&self) -> Option<u64> {
        Some(self.since?.saturating_sub(self.first_attack?))
    }
}
