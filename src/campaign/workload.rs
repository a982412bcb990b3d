//! How much there is to run, and how it is shared out: over threads, and over tasks.

use super::Needs;
use crate::scenario::{Plan, RunId};

/// A network of this many agents has the machine to itself.
const LARGE: usize = 10_000;

/// Parameters that all agents of a smaller run combine in an iteration, beside a fixed cost per
/// model: below this, threads cost more than they give.
const WORTH_THREADS: usize = 100_000;

/// One of several processes that run a campaign together, on one machine or on many that share the
/// results folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which it is, from 0 on.
    pub task: usize,
    /// How many there are.
    pub tasks: usize,
}

impl Share {
    /// Whether the run with this turn is this task's.
    pub fn has(self, turn: usize) -> bool {
        turn % self.tasks.max(1) == self.task
    }
}

/// The turns in which all runs, given by their rules, are dealt out to tasks: one rule's after the
/// other's, for rules differ most in how long they take. Every task comes to the same.
pub(super) fn turns<'a>(rules: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let rules: Vec<&str> = rules.collect();
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by_key(|&run| rules[run]);
    let mut turns = vec![0; rules.len()];
    for (turn, run) in order.into_iter().enumerate() {
        turns[run] = turn;
    }
    turns
}

/// What decides how a point is run.
pub struct Size {
    pub(super) id: RunId,
    pub(super) iterations: u64,
    /// What its run needs of the machine.
    pub needs: Needs,
    agents: usize,
    /// Parameters combined per iteration, and a fixed cost per model.
    pub(super) work: usize,
}

impl Size {
    /// That of a run which is not run here.
    pub(super) fn unknown(id: &RunId) -> Size {
        Size {
            id: id.clone(),
            iterations: 0,
            needs: Needs::default(),
            agents: 0,
            work: 0,
        }
    }

    /// That of a plan.
    pub fn of(plan: &Plan) -> Size {
        let receives = |k| plan.graph.receives_from(k).len() + 1;
        let models: usize = plan.graph.ids().map(receives).sum();
        Size {
            id: plan.id.clone(),
            iterations: plan.iterations,
            needs: Needs::of(plan),
            agents: plan.graph.agents(),
            work: models * (plan.world.dimension() + 50),
        }
    }
}

/// Points side by side, and threads for each, of as many as are asked for: small networks run best
/// on one thread each, with points side by side; large ones on all threads, one after the other.
pub(super) fn share_out<'a>(
    threads: Option<usize>,
    jobs: Option<usize>,
    sizes: impl Iterator<Item = &'a Size> + Clone,
) -> (usize, usize) {
    let points = sizes.clone().count().max(1);
    let asked = threads.is_some() || jobs.is_some();
    let available = || std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = threads.unwrap_or_else(available).max(1);
    let large = sizes.clone().any(|size| size.agents >= LARGE);
    let side_by_side = if large { 1 } else { threads };
    let jobs = jobs.unwrap_or(side_by_side);
    let jobs = jobs.min(threads).clamp(1, points);
    let worth = sizes.into_iter().any(|size| size.work >= WORTH_THREADS);
    let each = if worth || asked { threads / jobs } else { 1 };
    (jobs, each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_have_every_run_once_and_of_every_rule_as_many() {
        let rules = [
            "loss", "average", "loss", "average", "loss", "krum", "average",
        ];
        let of = |share: Share| {
            turns(rules.into_iter())
                .into_iter()
                .map(move |turn| share.has(turn))
        };
        for tasks in 1..9 {
            let mut times = [0; 7];
            for task in 0..tasks {
                for (run, is_own) in of(Share { task, tasks }).enumerate() {
                    times[run] += usize::from(is_own);
                }
            }
            assert_eq!(times, [1; 7], "{tasks}");
        }
        let own: Vec<bool> = of(Share { task: 0, tasks: 3 }).collect();
        assert_eq!(own, [false, true, false, false, true, true, false]);
    }
}
