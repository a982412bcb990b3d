//! What the summary says of more than one iteration: means over the steady state.

use super::filtered::{Filtering, ShutOut};
use super::groups::RoundStats;
use super::sample::Round;
use super::stats::Spread;
use super::summary::range;
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::Plan;
use crate::units::{AgentId, SimTime};
use serde_json::{Map, Value, json};

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
    filter: Filtering,
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
    pub fn add(&mut self, plan: &Plan, round: &Round, stats: &RoundStats) {
        self.whole.add(plan, round, stats);
        if let Some(early) = &mut self.early {
            early.add(plan, round, stats);
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
    pub fn filter_json(&self, plan: &Plan, iterations: u64, shut_out: &ShutOut) -> Value {
        self.means(plan, iterations).filter.json(plan, shut_out)
    }

    /// The mean loss and the mean regret of each agent in it, NaN where there are none.
    pub fn of_agent(&self, plan: &Plan, iterations: u64, agent: AgentId) -> [f64; 2] {
        let means = self.means(plan, iterations);
        [&means.losses, &means.regrets].map(|sums| mean(sums[agent.index()]))
    }
}

impl Means {
    fn new(plan: &Plan, from: From) -> Means {
        Means {
            from,
            losses: vec![(0.0, 0); plan.graph.agents()],
            regrets: vec![(0.0, 0); plan.graph.agents()],
            filter: Filtering::new(plan),
        }
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.filter.keep(book)?;
        keep!(book: self.losses, self.regrets)
    }

    fn add(&mut self, plan: &Plan, round: &Round, stats: &RoundStats) {
        for sample in &round.samples {
            if !self.from.has(sample.iteration, sample.combined_at) {
                continue;
            }
            self.filter.add_sample(sample);
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
        if self.from.has(round.iteration, round.end) {
            self.filter.add_round(plan, round, stats);
        }
    }

    fn json(&self, plan: &Plan) -> Value {
        let mut scratch = Vec::new();
        let mut over = |sums: &[(f64, u32)], group: Option<u32>| {
            let member =
                |&k: &AgentId| !plan.is_byzantine(k) && group.is_none_or(|g| plan.group(k) == g);
            let members = plan.graph.ids().filter(member);
            let means: Vec<f64> = members.map(|k| mean(sums[k.index()])).collect();
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
        let [starved, kept_own] = self.filter.starved(plan);
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
            "starved": starved,
            "kept_own": kept_own,
        })
    }
}

/// 0 of 0 is NaN, an absent value.
fn mean((sum, count): (f64, u32)) -> f64 {
    sum / f64::from(count)
}
