//! What a run needs of the machine: memory by what takes it, and disk.
//!
//! State is counted from what the simulator holds: models, links, buffers. Rows of tables and the
//! parts that do not depend on the scenario are measured; the guide has the measurements.

use crate::attack::Timing;
use crate::distribution::Distribution;
use crate::learner::Method;
use crate::rng::{Key, Purpose};
use crate::scenario::{Mode, Pace, Plan, RecordWeights, Role};
use crate::units::{AgentId, SimTime};
use std::collections::BTreeSet;

/// Memory of the process before the first iteration \[bytes\].
const BASE: f64 = 38e6;
/// Stack and allocator of a thread \[bytes\].
const PER_THREAD: f64 = 1.5e6;
/// An asynchronous iteration that waits for the recorder \[bytes\], and how many of an agent do.
const PER_EVENT: f64 = 1_200.0;
const MOST_TOLD: f64 = 10.0;
/// Drawing the report's curves, at most \[bytes\]; the same again for latencies.
const DRAWING: f64 = 18e6;
/// State of an agent beside its models and links \[bytes\].
const PER_AGENT: f64 = 5_200.0;
/// Both ends of a directed link, and the mailbox's entry of the message on it \[bytes\].
const PER_LINK: f64 = 190.0;
/// A message under way, beside the model that it shares \[bytes\].
const PER_MESSAGE: f64 = 64.0;
/// Vectors of a model's length that an agent has: combined, sent now and before, optimum, and
/// those of its data.
const MODELS_PER_AGENT: f64 = 11.0;
/// A row of `rounds` in memory and on disk \[bytes\]: about 60 columns.
const ROUND_ROW: (f64, f64) = (1_000.0, 260.0);
/// The same of `agents`.
const AGENT_ROW: (f64, f64) = (150.0, 36.0);
/// The same of all gauges of an interval in `latency` and its logs.
const LATENCY_ROWS: (f64, f64) = (1_350.0, 620.0);
/// The same of `weights`.
const WEIGHT_ROW: (f64, f64) = (150.0, 22.0);
/// The same of `messages`.
const MESSAGE_ROW: (f64, f64) = (150.0, 4.0);
/// Rows of a table in memory, at most: then they are written as a part.
const BLOCK_ROWS: f64 = 131_072.0;
/// Bytes of the models of a trace in memory, at most.
const BLOCK_BYTES: f64 = 16.8e6;
/// The report, `points.parquet` and what else a campaign has once \[bytes\].
const PER_CAMPAIGN: f64 = 90e3;
/// Samples of a delay from which the longest of several is estimated.
const DRAWS: u64 = 512;

/// What a run needs.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Memory by what takes it \[bytes\].
    parts: Vec<(&'static str, f64)>,
    /// State that a checkpoint holds once more \[bytes\].
    checkpoint: f64,
    /// Size of its tables and logs \[bytes\].
    disk: f64,
    /// Size of its drawings in a report \[bytes\].
    report: f64,
}

impl Needs {
    /// Those of a plan, beside the process that runs it.
    pub fn of(plan: &Plan) -> Needs {
        let graph = &plan.graph;
        let agents = graph.agents() as f64;
        let parameters = 4.0 * plan.world.dimension() as f64;
        let fanout = plan.fanout.map_or(usize::MAX, |fanout| fanout as usize);
        let links: f64 = graph
            .ids()
            .map(|k| graph.receives_from(k).len() as f64)
            .sum();
        let sent: f64 = graph
            .ids()
            .map(|k| graph.sends_to(k).len().min(fanout) as f64)
            .sum();
        let iterations = plan.most_iterations() as f64;

        let adam = graph
            .ids()
            .filter(|&k| matches!(plan.learner(k).method, Method::Adam(_)));
        let optimizers = adam.count() as f64 * 4.0 * parameters;
        let models = agents * MODELS_PER_AGENT * parameters;
        let (held, messages) = under_way(plan, sent, iterations);
        let replayed = replayed(plan, iterations) * parameters;

        let record = &plan.record;
        let groups: BTreeSet<u32> = graph.ids().map(|k| plan.group(k)).collect();
        let recorded = (iterations / record.every_iterations as f64).ceil();
        let round_rows = recorded * (1.0 + groups.len() as f64);
        let agent_rows = recorded * graph.ids().filter(|&k| plan.has_rows(k)).count() as f64;
        let intervals = (iterations / record.latency_every_iterations as f64).ceil();
        let kept = match record.weights {
            RecordWeights::None => 0.0,
            RecordWeights::Last => 1.0,
            RecordWeights::Every(every) => (iterations / every as f64).ceil(),
        };
        let weight_rows = kept * (links + agents);
        let traced = if record.trace { iterations } else { 0.0 };
        let message_rows = traced * sent * attempts(plan);
        // Adapted and combined.
        let traced_models = traced * agents * 2.0 * (parameters + 20.0);
        let end = plan.end().or(plan.until);
        let moments = match (plan.timeline_every, end) {
            (Some(every), Some(end)) => (end.us() / every.us().max(1)) as f64,
            (Some(_), None) => iterations,
            (None, _) => 0.0,
        };
        // Between events a row repeats the one before.
        let at_once = (0..4).all(|n| {
            let computes = |k| plan.compute_time(k, n);
            graph
                .ids()
                .take(8)
                .all(|k| computes(k) == plan.compute_time(AgentId(0), 0))
        });
        let events = if at_once {
            iterations
        } else {
            iterations * agents
        };
        let changing = moments.min(events);
        let row_block = |rows: f64| rows.min(BLOCK_ROWS);
        let timeline_rows = moments * (1.0 + groups.len() as f64);

        let told = match plan.mode() {
            Mode::Asynchronous => iterations.min(MOST_TOLD) * agents * PER_EVENT,
            _ => 0.0,
        };
        let drawn = |points: f64| DRAWING * points / (points + 100.0);
        let tables = row_block(round_rows) * ROUND_ROW.0
            + row_block(agent_rows) * AGENT_ROW.0
            + row_block(weight_rows) * WEIGHT_ROW.0
            + (intervals * 6.0).min(BLOCK_ROWS) / 6.0 * LATENCY_ROWS.0
            + row_block(timeline_rows) * ROUND_ROW.0 / 2.0
            + drawn(recorded)
            + drawn(intervals)
            + 10e6 * links / (links + 20_000.0);
        let trace = row_block(message_rows) * MESSAGE_ROW.0
            + 8.0 * traced_models.min(4e6)
            + 2.5 * traced_models.min(BLOCK_BYTES);
        let checkpoint = agents * 300.0
            + models * 0.4
            + optimizers
            + held * parameters
            + replayed
            + messages * 40.0;
        let parts = vec![
            ("agents", agents * PER_AGENT + models + optimizers),
            ("links", links * PER_LINK),
            ("data", plan.world.bytes() as f64),
            (
                "models under way",
                held * parameters + messages * PER_MESSAGE,
            ),
            ("models to replay", replayed),
            ("tables", tables + told),
            ("the trace", trace),
        ];
        let epochs = 1 + plan
            .networks
            .epoch(plan.most_iterations().saturating_sub(1));
        let disk = 40e3
            + round_rows * ROUND_ROW.1
            + agent_rows * AGENT_ROW.1
            + agents * 41.0
            + intervals * LATENCY_ROWS.1
            + weight_rows * WEIGHT_ROW.1
            + message_rows * MESSAGE_ROW.1
            + traced_models
            + changing * ROUND_ROW.1 * (1.0 + groups.len() as f64)
            + (moments - changing) * (1.0 + groups.len() as f64) * 10.0
            + links * epochs as f64;
        let map = match plan.world.position(AgentId(0)) {
            Some(_) => 480e3,
            None => 60e3,
        };
        let report = 220e3 * recorded / (recorded + 300.0) + map * links / (links + 1_000.0);
        Needs {
            parts,
            checkpoint,
            disk,
            report,
        }
    }

    fn memory(&self) -> f64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Memory and disk of runs, some of them side by side: what is left on disk adds up, and in
    /// memory are as many runs at a time, at worst the largest.
    pub fn in_all<'a>(runs: impl Iterator<Item = &'a Needs>, how: SideBySide) -> InAll {
        let mut runs: Vec<&Needs> = runs.collect();
        let tables: f64 = runs.iter().map(|run| run.disk).sum();
        let report = runs.iter().map(|run| run.report).fold(0.0, f64::max);
        let disk = PER_CAMPAIGN + report + tables;
        runs.sort_by(|a, b| b.memory().total_cmp(&a.memory()));
        let mut parts = vec![("the program", BASE + how.threads as f64 * PER_THREAD)];
        for run in runs.into_iter().take(how.jobs) {
            for &(name, bytes) in &run.parts {
                add(&mut parts, name, bytes);
            }
            if how.checkpoints {
                add(&mut parts, "checkpoints", run.checkpoint);
            }
        }
        InAll {
            memory: parts.iter().map(|(_, bytes)| bytes).sum(),
            disk,
            parts,
        }
    }
}

fn add(parts: &mut Vec<(&'static str, f64)>, name: &'static str, bytes: f64) {
    match parts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += bytes,
        None => parts.push((name, bytes)),
    }
}

/// How runs share a process.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide {
    /// Runs side by side.
    pub jobs: usize,
    /// Threads in all.
    pub threads: usize,
    /// Whether runs write checkpoints.
    pub checkpoints: bool,
}

/// What a campaign needs.
#[derive(Clone, Debug, Default)]
pub struct InAll {
    /// \[bytes\].
    pub memory: f64,
    /// \[bytes\].
    pub disk: f64,
    /// Memory by what takes it \[bytes\].
    pub parts: Vec<(&'static str, f64)>,
}

impl InAll {
    /// The part that takes most memory \[bytes\].
    pub fn largest(&self) -> (&'static str, f64) {
        let parts = self.parts.iter().copied();
        parts.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
    }
}

/// Models to replay that attackers hold.
fn replayed(plan: &Plan, iterations: f64) -> f64 {
    let of = |k: AgentId| match plan.roles[k.index()] {
        Role::Byzantine(attack) => match plan.attacks[attack].timing {
            Timing::Replay(age) => (age as f64).min(iterations),
            _ => 0.0,
        },
        Role::Honest => 0.0,
    };
    plan.graph.ids().map(of).sum()
}

/// How often a message is sent until it arrives, on average over the kinds of links.
fn attempts(plan: &Plan) -> f64 {
    let of = |kind| {
        let settings = plan.links.settings(kind);
        match settings.retransmit {
            None => 1.0,
            Some(_) => {
                let lost = plan.links.loss_probability(kind);
                (1.0 / (1.0 - lost)).min(settings.retransmit_limit as f64 + 1.0)
            }
        }
    };
    let all: Vec<f64> = plan.links.kinds().map(of).collect();
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

/// Models held by messages under way, and these messages: by Little's law, as many as begin in the
/// time for which one is under way.
fn under_way(plan: &Plan, sent: f64, iterations: f64) -> (f64, f64) {
    let agents = plan.graph.agents() as f64;
    // Attempts in vain are kept until the iteration ends.
    let retried = sent * (attempts(plan) - 1.0).max(0.0);
    let compute = plan.compute_time(AgentId(0), 0).ms().max(1e-3);
    let interval = match plan.clock.pace {
        Pace::Synchronous { quorum } if quorum >= 1.0 => return (0.0, retried),
        Pace::Deadline { period, .. } => period.ms(),
        _ => compute,
    };
    let per_agent = sent / agents;
    let (mut longest, mut mean, mut kinds) = (0.0f64, 0.0, 0.0);
    for kind in plan.links.kinds() {
        let delay = &plan.links.settings(kind).delay;
        let queued = [plan.links.uplink_time(kind), plan.links.downlink_time(kind)];
        // A queue that is fed faster than it empties holds what is left in the end.
        let load = |took: Option<SimTime>| took.map_or(0.0, |t| t.ms() * per_agent);
        let backlog = queued.map(|took| (load(took) - interval).max(0.0) * iterations);
        let backlog = backlog.into_iter().fold(0.0, f64::max);
        longest = longest.max(longest_of(delay, per_agent) + backlog);
        mean += delay.mean().min(SimTime::MAX_MS) + backlog / 2.0;
        kinds += 1.0;
    }
    for attack in &plan.attacks {
        if let Timing::Delay(by) = attack.timing {
            longest = longest.max(by.ms());
        }
    }
    let iterations_held = |ms: f64| (ms / interval).min(iterations);
    let held = agents * iterations_held(longest);
    let mean = mean / f64::max(kinds, 1.0);
    (held, sent * iterations_held(mean) + retried)
}

/// The mean of the longest of so many delays \[ms\].
fn longest_of(delay: &Distribution, several: f64) -> f64 {
    if let Some(fixed) = delay.fixed() {
        return fixed;
    }
    let key = Key::new(0, Purpose::Link);
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|n| delay.sample_under(key.at(n), n))
        .collect();
    drawn.sort_by(f64::total_cmp);
    let below = |rank: usize| (rank as f64 / DRAWS as f64).powf(several.max(1.0));
    let weighed = |(rank, value): (usize, &f64)| value * (below(rank + 1) - below(rank));
    drawn.iter().enumerate().map(weighed).sum()
}
