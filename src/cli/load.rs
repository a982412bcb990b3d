//! What `check` says about lines that carry more than they can, and about percentiles of few values.

use crate::attack::Timing;
use crate::link::LinkKind;
use crate::record::LONGEST_SILENCE;
use crate::scenario::{Mode, Pace, Plan, Role};
use crate::units::{AgentId, SimTime, short};

/// The numbers of values up to which a percentile is their maximum: its rank is its share of the
/// number, rounded to the nearest.
const FEW: [(u64, &str); 3] = [
    (5, "p90, p99 and p99.9 are"),
    (50, "p99 and p99.9 are"),
    (500, "p99.9 is"),
];

/// What the line of an agent has to carry in an iteration.
#[derive(Clone, Copy)]
struct Load {
    agent: AgentId,
    /// How long that takes \[ms\].
    ms: f64,
    /// How long the iteration takes \[ms\].
    interval: f64,
}

/// The uplink and the downlink whose queues grow fastest, if any does: what they carry in an iteration
/// takes longer than the iteration. Where agents wait for all models no queue grows, and no downlink's
/// does in synchronous mode.
pub(super) fn overloaded(plan: &Plan) -> Vec<String> {
    let waits_for_all = matches!(plan.clock.pace, Pace::Synchronous { quorum } if quorum >= 1.0);
    if waits_for_all || !(plan.links.has_uplink() || plan.links.has_downlink()) {
        return Vec::new();
    }
    let ids = || plan.graph.ids();
    let uplinks: Vec<f64> = ids().map(|k| carried_up(plan, k)).collect();
    let intervals = intervals(plan, &uplinks);
    let load = |agent: AgentId, ms: f64| Load {
        agent,
        ms,
        interval: intervals[agent.index()],
    };
    let up = worst(ids().map(|k| load(k, uplinks[k.index()])), "uplink");
    let down = match plan.mode() {
        Mode::Synchronous => None,
        _ => worst(
            ids().map(|k| load(k, carried_down(plan, k, &intervals))),
            "downlink",
        ),
    };
    up.into_iter().chain(down).collect()
}

/// How long each agent's iteration takes \[ms\]. `uplinks` is what their uplinks carry in one.
fn intervals(plan: &Plan, uplinks: &[f64]) -> Vec<f64> {
    let ids = || plan.graph.ids();
    match plan.clock.pace {
        Pace::Deadline { period, .. } => ids().map(|_| period.ms()).collect(),
        Pace::Asynchronous { .. } => ids().map(|k| compute_time(plan, k)).collect(),
        Pace::Synchronous { quorum } => {
            // All begin together, when the last has its quorum: of all models of a sender at most.
            let sent: Vec<f64> = ids()
                .map(|k| compute_time(plan, k) + uplinks[k.index()])
                .collect();
            let enough = |k: AgentId| {
                let neighbors = plan.graph.receives_from(k).iter();
                let mut sent: Vec<f64> = neighbors.map(|l| sent[l.index()]).collect();
                let needed = (quorum * sent.len() as f64 - 1e-9).ceil() as usize;
                let last = needed.checked_sub(1)?;
                let (_, time, _) = sent.select_nth_unstable_by(last, f64::total_cmp);
                Some(*time)
            };
            let needs = ids().map(|k| enough(k).unwrap_or(0.0).max(compute_time(plan, k)));
            let common = needs.fold(0.0, f64::max);
            ids().map(|_| common).collect()
        }
    }
}

/// An agent's compute time \[ms\]: where it varies, the mean of the first few.
fn compute_time(plan: &Plan, agent: AgentId) -> f64 {
    const FIRST: u64 = 32;
    let computes = (0..FIRST).map(|n| plan.compute_time(agent, n).ms());
    computes.sum::<f64>() / FIRST as f64
}

/// How long what an agent sends in an iteration takes its uplink \[ms\].
fn carried_up(plan: &Plan, agent: AgentId) -> f64 {
    let receivers = plan.graph.sends_to(agent).iter();
    let ms = receivers.map(|&l| {
        let kind = plan.links.kind(agent, l);
        in_ms(plan.links.uplink_time(kind)) * attempts(plan, kind)
    });
    ms.sum::<f64>() * copies(plan, agent)
}

/// How long what comes to an agent in one of its iterations takes its downlink \[ms\].
fn carried_down(plan: &Plan, agent: AgentId, intervals: &[f64]) -> f64 {
    let senders = plan.graph.receives_from(agent).iter();
    let ms = senders.map(|&l| {
        let kind = plan.links.kind(l, agent);
        let per_iteration = intervals[agent.index()] / intervals[l.index()].max(1e-3);
        // What is lost on the way does not arrive.
        let arriving = 1.0 - plan.links.loss_probability(kind);
        in_ms(plan.links.downlink_time(kind)) * arriving * copies(plan, l) * per_iteration
    });
    ms.sum()
}

fn in_ms(time: Option<SimTime>) -> f64 {
    time.map_or(0.0, |time| time.ms())
}

/// How many messages an agent sends to each neighbor in an iteration, on average.
fn copies(plan: &Plan, agent: AgentId) -> f64 {
    let neighbors = plan.graph.sends_to(agent).len() as f64;
    let share = plan
        .fanout
        .map_or(1.0, |fanout| (f64::from(fanout) / neighbors).min(1.0));
    let copies = match plan.roles[agent.index()] {
        Role::Byzantine(attack) => match plan.attacks[attack].timing {
            Timing::Flood(copies) => f64::from(copies),
            Timing::Silent => 0.0,
            _ => 1.0,
        },
        Role::Honest => 1.0,
    };
    copies * share
}

/// How often a message is sent until it arrives or is given up, on average.
fn attempts(plan: &Plan, kind: LinkKind) -> f64 {
    let settings = plan.links.settings(kind);
    if settings.retransmit.is_none() {
        return 1.0;
    }
    let most = settings.retransmit_limit as f64 + 1.0;
    match plan.links.loss_probability(kind) {
        1.0 => most,
        lost => (1.0 - lost.powf(most)) / (1.0 - lost),
    }
}

/// What is said of the line whose queue grows fastest, and of how many others there are.
fn worst(loads: impl Iterator<Item = Load>, line: &str) -> Option<String> {
    let growth = |load: &Load| load.ms - load.interval;
    // Sums of times in whole microseconds have rounding errors.
    let over: Vec<Load> = loads.filter(|load| growth(load) > 1e-6).collect();
    // The first of equals.
    let later = |a: &&Load, b: &&Load| growth(a).total_cmp(&growth(b)).then(b.agent.cmp(&a.agent));
    let load = over.iter().max_by(later)?;
    let which = match over.len() {
        1 => format!("The {line} of agent {} is", load.agent),
        many => format!(
            "The {line} of agent {}, the worst of {many}, is",
            load.agent
        ),
    };
    Some(format!(
        "{which} overloaded: the models of an iteration take it {} ms, and an iteration takes {} ms; the \
         queue grows by {} ms per iteration.",
        short(load.ms),
        short(load.interval),
        short(growth(load))
    ))
}

/// What is said where `record.every_ms` is so short that nothing happens at most of its moments: these
/// have no row of their own.
pub(super) fn too_fine(plan: &Plan) -> Option<String> {
    let every = plan.record.every_ms?;
    let gap = between_events(plan);
    (gap > every * LONGEST_SILENCE as f64).then(|| {
        format!(
            "record.every_ms = {every}, and about {} ms pass between combinations: timeline.parquet has one \
             row for more than {LONGEST_SILENCE} moments at which nothing happens.",
            short(gap)
        )
    })
}

/// How long nothing happens between combinations, about \[ms\].
fn between_events(plan: &Plan) -> f64 {
    let all = || plan.graph.ids().take(100).map(|k| compute_time(plan, k));
    let longest = all().fold(0.0, f64::max);
    match plan.clock.pace {
        Pace::Deadline { period, .. } => period.ms(),
        Pace::Synchronous { .. } => longest,
        // At the same times, or by turns.
        Pace::Asynchronous { .. } => match all().all(|ms| ms == longest) {
            true => longest,
            false => longest / plan.graph.agents() as f64,
        },
    }
}

/// Which percentiles of the times of a run's iterations, `round_ms`, are their maximum, since there are
/// few of them. Nothing is said in deadline mode, in which all are the period.
pub(super) fn few_values(plan: &Plan) -> Option<String> {
    let iterations = plan.most_iterations();
    let normal = plan.graph.agents() - plan.byzantine();
    let values = match plan.mode() {
        Mode::Deadline => return None,
        Mode::Synchronous => iterations,
        Mode::Asynchronous => iterations.saturating_mul(normal as u64),
    };
    few(values)
}

fn few(values: u64) -> Option<String> {
    let (_, which) = FEW.into_iter().find(|&(most, _)| values <= most)?;
    let plural = if values == 1 { "" } else { "s" };
    Some(format!(
        "A run has {values} value{plural} of round_ms: {which} the maximum."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Library;
    use crate::scenario::{Catalogues, ScenarioFile};
    use std::path::Path;

    fn told(rest: &str) -> Vec<String> {
        let text = format!(
            "iterations = 20\n[task]\nkind = 'linear-regression'\ndimension = 2500\n\
             [topology]\nkind = 'complete'\nagents = 4\n{rest}"
        );
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        let library = Library::new(None, Path::new(""));
        let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
        overloaded(&plan.unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn an_overloaded_line_is_named_with_its_growth() {
        // A model of 10 kB takes 8 ms at 10 Mbit/s, and there are three of them.
        let link = "[link]\nuplink_mbps = 10\n";
        let deadline = |ms| format!("{link}[clock]\nmode = 'deadline'\nperiod_ms = {ms}\n");
        assert_eq!(
            told(&deadline(20)),
            [
                "The uplink of agent 0, the worst of 4, is overloaded: the models of an iteration \
                 take it 24.00 ms, and an iteration takes 20.00 ms; the queue grows by 4.00 ms per iteration."
            ]
        );
        assert!(told(&deadline(25)).is_empty());
        assert!(told(link).is_empty());
        let down = "[link]\ndownlink_mbps = 10\n[clock]\nmode = 'asynchronous'\ncompute_ms = 6\n";
        let told = told(down);
        assert!(told[0].contains("downlink of agent 0"), "{told:?}");
        assert!(told[0].contains("grows by 18.00 ms"), "{told:?}");
    }

    #[test]
    fn what_an_attacker_sends_several_times_counts() {
        // 8 ms for each of three receivers.
        let deadline = "[clock]\nmode = 'deadline'\nperiod_ms = 40\n";
        let link = "[link]\nuplink_mbps = 10\n";
        assert!(told(&format!("{link}{deadline}")).is_empty());
        let flood = "[[attack]]\nkind = 'sign-flip'\nagents = [2]\ntiming = { kind = 'flood', copies = 3 }\n";
        let told_of_flood = told(&format!("{link}{deadline}{flood}"));
        assert!(
            told_of_flood[0].starts_with("The uplink of agent 2 is overloaded"),
            "{told_of_flood:?}"
        );
    }

    #[test]
    fn a_quorum_leaves_slow_lines_behind() {
        let slow = "[sets]\nslow = [3]\nfast = [0, 1, 2]\n[link]\nuplink_mbps = 100\n\
                    [[link.override]]\nfrom = 'slow'\nto = 'fast'\nuplink_mbps = 1\n";
        let quorum = |q| format!("{slow}[clock]\ncompute_ms = 1\nquorum = {q}\n");
        let left_behind = told(&quorum(0.5));
        assert!(
            left_behind[0].starts_with("The uplink of agent 3 is overloaded"),
            "{left_behind:?}"
        );
        assert!(told(&quorum(1.0)).is_empty());
    }

    #[test]
    fn percentiles_of_few_values_are_named() {
        assert_eq!(few(501), None);
        let told = "A run has 500 values of round_ms: p99.9 is the maximum.";
        assert_eq!(few(500).as_deref(), Some(told));
        assert!(few(50).is_some_and(|told| told.contains("p99 and p99.9 are")));
        assert!(few(5).is_some_and(|told| told.contains("p90, p99 and p99.9 are")));
    }
}
