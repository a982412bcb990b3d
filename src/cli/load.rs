//! What `check` says about lines that carry more than they can, and about percentiles of few values.

use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, short};

/// Values that a percentile needs to be another than the maximum: 1000 for p99.9, 100 for p99.
const FEW: [(u64, &str); 3] = [
    (10, "p90, p99 and p99.9"),
    (100, "p99 and p99.9"),
    (1000, "p99.9"),
];

/// The uplink and the downlink with the greatest load above capacity, if any. In synchronous mode
/// agents wait for what is queued, and no queue grows.
pub(super) fn overloaded(plan: &Plan) -> Vec<String> {
    if plan.mode() == Mode::Synchronous || !(plan.links.has_uplink() || plan.links.has_downlink()) {
        return Vec::new();
    }
    let intervals: Vec<f64> = plan.graph.ids().map(|k| interval(plan, k)).collect();
    let interval = |k: AgentId| intervals[k.index()];
    let takes = |k, l| {
        plan.links
            .uplink_time(plan.links.kind(k, l))
            .map_or(0.0, |t| t.ms())
    };
    let brings = |k, l| {
        plan.links
            .downlink_time(plan.links.kind(k, l))
            .map_or(0.0, |t| t.ms())
    };
    let share = |k: AgentId| {
        let all = plan.graph.sends_to(k).len() as f64;
        plan.fanout
            .map_or(1.0, |fanout| (f64::from(fanout) / all).min(1.0))
    };
    let up = plan.graph.ids().map(|k| {
        let receivers = plan.graph.sends_to(k).iter();
        let ms = receivers.map(|&l| takes(k, l)).sum::<f64>() * share(k);
        (k, ms, interval(k))
    });
    let down = plan.graph.ids().map(|k| {
        let own = interval(k);
        // What comes in an iteration of the receiver's.
        let senders = plan.graph.receives_from(k).iter();
        let ms = senders.map(|&l| brings(l, k) * share(l) * own / interval(l));
        (k, ms.sum::<f64>(), own)
    });
    let worst = |what: &str, loads: &mut dyn Iterator<Item = (AgentId, f64, f64)>| {
        let over = loads.filter(|&(_, ms, interval)| ms > interval);
        let (mut count, mut worst) = (0, None::<(AgentId, f64, f64)>);
        for load in over {
            count += 1;
            if worst.is_none_or(|(_, ms, interval)| load.1 - load.2 > ms - interval) {
                worst = Some(load);
            }
        }
        let (agent, ms, interval) = worst?;
        let others = match count {
            1 => String::new(),
            many => format!(", the worst of {many}"),
        };
        Some(format!(
            "The {what} of agent {agent}{others}, is overloaded: the models of an iteration take it \
             {} ms, and an iteration takes {} ms; the queue grows by {} ms per iteration.",
            short(ms),
            short(interval),
            short(ms - interval)
        ))
    };
    let both = [
        worst("uplink", &mut { up }),
        worst("downlink", &mut { down }),
    ];
    let told = both.into_iter().flatten();
    told.map(|told| match told.contains(", the worst") {
        true => told,
        false => told.replacen(", is", " is", 1),
    })
    .collect()
}

/// How long an agent's iteration takes \[ms\]: where compute times vary, the mean of its first few.
fn interval(plan: &Plan, agent: AgentId) -> f64 {
    const FIRST: u64 = 32;
    let computes = (0..FIRST).map(|n| plan.compute_time(agent, n).ms());
    let mean = || computes.sum::<f64>() / FIRST as f64;
    plan.clock
        .pace
        .period()
        .map_or_else(mean, |period| period.ms())
}

/// Which percentiles of iteration times are the maximum, since there are few iterations.
pub(super) fn few_values(iterations: u64) -> Option<String> {
    let (_, which) = FEW.into_iter().find(|&(least, _)| iterations < least)?;
    Some(format!(
        "A run has {iterations} iterations: the maximum of their times is also their {which}."
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
    fn percentiles_of_few_values_are_named() {
        assert_eq!(few_values(1000), None);
        let told = "A run has 999 iterations: the maximum of their times is also their p99.9.";
        assert_eq!(few_values(999).as_deref(), Some(told));
        assert!(few_values(50).is_some_and(|told| told.contains("p99 and p99.9")));
    }
}
