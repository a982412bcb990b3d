//! When agents look at which edges are there, as far as that is known before a run.

use super::clock::Pace;
use super::plan::Plan;
use crate::topology::Graph;
use crate::units::{AgentId, SimTime};

/// The moments at which iterations of agents look at the edges.
pub(crate) struct Schedule<'p> {
    plan: &'p Plan,
    moments: Moments,
    /// Whether the run's are among them.
    is_known: bool,
    /// Whether they are the run's. Otherwise they are estimates, or some of them are skipped.
    pub is_exact: bool,
}

enum Moments {
    /// Iteration i at i times this, for so many iterations.
    Even(SimTime, u64),
    /// Everyone's, in ascending order.
    Listed(Vec<SimTime>),
    /// Those of the timetable.
    Own,
}

/// Iterations whose moments are listed one by one.
const MOST_LISTED: u64 = 10_000_000;

impl<'p> Schedule<'p> {
    pub fn of(plan: &'p Plan) -> Schedule<'p> {
        let (moments, [is_known, is_exact]) = match plan.clock.pace {
            Pace::Asynchronous { .. } => (Moments::Own, [true, true]),
            Pace::Deadline { period, .. } => {
                // An agent that still computes at a tick skips it.
                let keeps_up = |k| fixed_compute(plan, k).is_some_and(|time| time <= period);
                let is_exact = plan.faults.is_none() && plan.graph.ids().all(keeps_up);
                (Moments::Even(period, plan.iterations), [true, is_exact])
            }
            Pace::Synchronous { quorum } => match known_times(plan) {
                Some((compute, delay)) if quorum > 0.0 => {
                    (Moments::Listed(begins(plan, compute, delay)), [true, true])
                }
                _ => {
                    let link = |k| {
                        plan.graph
                            .sends_to(k)
                            .first()
                            .map(|&l| plan.links.kind(k, l))
                    };
                    let kind = plan.graph.ids().find_map(link);
                    let delay = kind.map_or(0.0, |kind| plan.links.delay_mean_ms(kind));
                    let compute = plan.clock.computes.get(AgentId(0)).median();
                    let delay = SimTime::from_ms(delay.min(SimTime::MAX_MS));
                    let each = (compute + delay).max(SimTime::from_us(1));
                    (Moments::Even(each, plan.iterations), [false, false])
                }
            },
        };
        Schedule {
            plan,
            moments,
            is_known,
            is_exact: is_exact && !plan.may_end_early() && plan.networks.is_static(),
        }
    }

    /// How many iterations of an agent look at the edges before a moment.
    fn before(&self, agent: AgentId, moment: SimTime) -> u64 {
        match &self.moments {
            Moments::Even(each, count) => moment.us().div_ceil(each.us()).min(*count),
            Moments::Listed(moments) => moments.partition_point(|at| *at < moment) as u64,
            Moments::Own => match &self.plan.timetable {
                Some(timetable) => timetable.ends_before(agent, moment),
                None => 0,
            },
        }
    }

    /// How many models an agent sends over edges that come and go, with a `fanout` or to all.
    pub fn models_of(&self, graph: &Graph, agent: AgentId) -> u64 {
        // How many more edges there are from an iteration on.
        let mut changes: Vec<(u64, i64)> = Vec::new();
        for link in graph.link_numbers(agent) {
            let windows = graph.windows_of(link);
            if windows.is_empty() {
                changes.push((0, 1));
            }
            for window in windows {
                changes.push((self.before(agent, window.from), 1));
                changes.push((self.before(agent, window.to), -1));
            }
        }
        changes.sort_unstable();
        let fanout = self.plan.fanout.map_or(u64::MAX, u64::from);
        let end = self.before(agent, SimTime::NEVER);
        let (mut from, mut there, mut models) = (0, 0_i64, 0);
        for (iteration, change) in changes.into_iter().chain([(end, 0)]) {
            models += (iteration - from) * (there.max(0) as u64).min(fanout);
            from = iteration;
            there += change;
        }
        models
    }

    /// Edges that come after the end of the run, as far as that is known.
    pub fn late_edges(&self) -> Vec<(AgentId, AgentId)> {
        let graph = &*self.plan.graph;
        let is_late = |a: AgentId, b: AgentId, link| {
            // Models may go both ways, and the two ends have iterations of their own.
            let both = [Some(a), Some(b).filter(|_| !graph.is_directed())];
            let first = graph.windows_of(link).first();
            let never = |from| {
                both.into_iter()
                    .flatten()
                    .all(|k| self.ends_before(k, from))
            };
            first.is_some_and(|window| never(window.from))
        };
        let ids = graph.ids().filter(|_| graph.has_windows());
        let links = ids.flat_map(|a| {
            let links = graph.link_numbers(a).zip(graph.sends_to(a));
            links.map(move |(link, &b)| (a, b, link))
        });
        links
            .filter(|&(a, b, link)| (graph.is_directed() || a < b) && is_late(a, b, link))
            .map(|(a, b, _)| (a, b))
            .collect()
    }

    /// Whether an agent is known to begin no iteration at or after a moment.
    fn ends_before(&self, agent: AgentId, moment: SimTime) -> bool {
        let is_known = self.is_known && {
            let end = self.before(agent, SimTime::NEVER);
            self.before(agent, moment) == end
        };
        is_known || self.plan.until.is_some_and(|until| until <= moment)
    }
}

/// How long an agent computes, where that never varies.
fn fixed_compute(plan: &Plan, agent: AgentId) -> Option<SimTime> {
    plan.clock.computes.get(agent).fixed()
}

/// How long everyone computes and every message takes, where all are alike, none is lost and no
/// agent is ever down.
fn known_times(plan: &Plan) -> Option<(SimTime, SimTime)> {
    if !plan.faults.is_none() || plan.links.has_downlink() || plan.iterations > MOST_LISTED {
        return None;
    }
    let compute = fixed_compute(plan, AgentId(0))?;
    let is_alike = |k| fixed_compute(plan, k) == Some(compute);
    if !plan.graph.ids().all(is_alike) {
        return None;
    }
    let mut delay = None;
    for sender in plan.graph.ids() {
        for &receiver in plan.graph.sends_to(sender) {
            let found = plan.links.direct(plan.links.kind(sender, receiver))?;
            if *delay.get_or_insert(found) != found {
                return None;
            }
        }
    }
    Some((compute, delay.unwrap_or_default()))
}

/// When synchronous iterations begin: one takes the time to compute and, if any edge is there, that
/// of a message.
fn begins(plan: &Plan, compute: SimTime, delay: SimTime) -> Vec<SimTime> {
    let graph = &*plan.graph;
    let links = graph.ids().flat_map(|k| graph.link_numbers(k));
    let mut windows = Vec::new();
    let mut is_always = !graph.has_windows();
    for link in links {
        let own = graph.windows_of(link);
        is_always |= own.is_empty();
        windows.extend_from_slice(own);
    }
    windows.sort_unstable();
    let mut windows = windows.into_iter().peekable();
    let mut until = SimTime::ZERO;
    let mut now = SimTime::ZERO;
    let mut begins = Vec::new();
    for _ in 0..plan.iterations {
        begins.push(now);
        while let Some(window) = windows.next_if(|window| window.from <= now) {
            until = until.max(window.to);
        }
        let arrives = if is_always || now < until {
            delay
        } else {
            SimTime::ZERO
        };
        now = now + compute + arrives;
    }
    begins
}
