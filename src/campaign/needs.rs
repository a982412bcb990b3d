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
const MOST_WAITING: f64 = 10.0;
/// Drawing a curve of many points in the report, and from how many points on it is half of that
/// \[bytes\].
const DRAWING: (f64, f64) = (9e6, 300.0);
/// Drawing the network and what its agents learned, and from how many links on it is half of that
/// \[bytes\].
const MAP: (f64, f64) = (25e6, 20_000.0);
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
const AGENT_ROW: (f64, f64) = (250.0, 36.0);
/// The same of all gauges of an interval in `latency` and its logs.
const LATENCY_ROWS: (f64, f64) = (1_350.0, 620.0);
/// The same of `weights`, and what the report takes of every row \[bytes\].
const WEIGHT_ROW: (f64, f64) = (280.0, 22.0);
const WEIGHT_READ: f64 = 45.0;
/// The same of `messages`.
const MESSAGE_ROW: (f64, f64) = (150.0, 4.0);
/// Reading data, beside what it takes then.
const READING: f64 = 1.25;
/// What queues of retransmissions take \[bytes\], and from how many on that is half of it.
const RETRIED: (f64, f64) = (8e6, 1_000.0);
/// What the results of many points take in the report \[bytes\], and from how many on that is half of it.
const POINTS: (f64, f64) = (30e6, 24.0);
/// A run beside the first, beside what it has itself \[bytes\].
const PER_JOB: f64 = 6e6;
/// Rows of a table in memory, at most: then they are written as a part.
const BLOCK_ROWS: f64 = 131_072.0;
/// Bytes of the models of a trace in memory, at most.
const BLOCK_BYTES: f64 = 16.8e6;
/// The report, `points.parquet` and what else a campaign has once \[bytes\].
const PER_CAMPAIGN: f64 = 75e3;
/// What the report has of an agent \[bytes\], and of how many at most.
const AGENT_IN_REPORT: (f64, f64) = (3e3, 80.0);
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
        let size = Extent::of(plan);
        let rows = RowCounts::of(plan, &size);
        let (held, messages, retried) = under_way(plan, &size);
        let models = size.agents * MODELS_PER_AGENT * size.parameters;
        let optimizers = optimizers(plan) * 4.0 * size.parameters;
        let replayed = replayed(plan, size.iterations) * size.parameters;
        let held = held * size.parameters;
        let parts = vec![
            ("agents", size.agents * PER_AGENT + models + optimizers),
            ("links", size.links * PER_LINK),
            ("data", plan.world.bytes() as f64 * READING),
            (
                "models under way",
                held + messages * PER_MESSAGE + saturating(RETRIED, retried),
            ),
            ("models to replay", replayed),
            ("tables", rows.memory() + waiting(plan, &size)),
            ("the report", drawings(&size, &rows)),
            ("the trace", rows.trace_memory()),
        ];
        let checkpoint =
            size.agents * 300.0 + models * 0.4 + optimizers + held + replayed + messages * 40.0;
        Needs {
            parts,
            checkpoint,
            disk: rows.disk() + network_on_disk(plan, &size),
            report: report_on_disk(plan, &size, &rows),
        }
    }

    /// Memory of a run beside the program \[bytes\].
    pub(super) fn memory(&self) -> f64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Memory and disk of the runs of points, some of them side by side: what is left on disk adds up, and
    /// in memory are as many runs at a time, at worst the largest.
    pub fn in_all<'a>(runs: impl Iterator<Item = &'a Needs>, how: SideBySide) -> InAll {
        let mut runs: Vec<&Needs> = runs.collect();
        let tables: f64 = runs.iter().map(|run| run.disk).sum();
        let report = runs.iter().map(|run| run.report).fold(0.0, f64::max);
        let disk = PER_CAMPAIGN + report + tables;
        runs.sort_by(|a, b| b.memory().total_cmp(&a.memory()));
        let jobs = how.jobs.min(runs.len()).max(1) as f64;
        let program = BASE + how.threads as f64 * PER_THREAD + (jobs - 1.0) * PER_JOB;
        let mut parts = vec![("the program", program)];
        add(
            &mut parts,
            "the report",
            saturating(POINTS, runs.len() as f64),
        );
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

/// How large a plan is.
struct Extent {
    agents: f64,
    /// Directed.
    links: f64,
    /// Messages of an iteration.
    sent: f64,
    iterations: f64,
    /// Of a model \[bytes\].
    parameters: f64,
}

impl Extent {
    fn of(plan: &Plan) -> Extent {
        let graph = &plan.graph;
        let fanout = plan.fanout.map_or(usize::MAX, |fanout| fanout as usize);
        let of_all = |count: &dyn Fn(AgentId) -> usize| graph.ids().map(|k| count(k) as f64).sum();
        Extent {
            agents: graph.agents() as f64,
            links: of_all(&|k| graph.receives_from(k).len()),
            sent: of_all(&|k| graph.sends_to(k).len().min(fanout)),
            iterations: plan.most_iterations() as f64,
            parameters: 4.0 * plan.world.dimension() as f64,
        }
    }
}

/// How many rows the tables of a run get.
struct RowCounts {
    /// Iterations in `rounds`.
    recorded: f64,
    rounds: f64,
    agents: f64,
    /// Intervals of `latency`.
    intervals: f64,
    weights: f64,
    messages: f64,
    /// Models of a trace, with what describes them \[bytes\].
    traced: f64,
    /// Moments of `timeline`, its rows, and how many of them repeat the one before.
    moments: f64,
    timeline: f64,
    repeated: f64,
}

impl RowCounts {
    fn of(plan: &Plan, size: &Extent) -> RowCounts {
        let (record, graph) = (&plan.record, &plan.graph);
        let groups: BTreeSet<u32> = graph.ids().map(|k| plan.group(k)).collect();
        let per_moment = 1.0 + groups.len() as f64;
        let every = |count: u64| (size.iterations / count as f64).ceil();
        let recorded = every(record.every_iterations);
        // Where agents go on by themselves, some have fewer iterations.
        let rows_of = |k| match &plan.timetable {
            Some(table) => (table.iterations_of(k) as f64 / record.every_iterations as f64).ceil(),
            None => recorded,
        };
        let kept = match record.weights {
            RecordWeights::None => 0.0,
            RecordWeights::Last => 1.0,
            RecordWeights::Every(count) => every(count),
        };
        let traced = if record.trace { size.iterations } else { 0.0 };
        let moments = moments(plan, size.iterations);
        RowCounts {
            recorded,
            rounds: recorded * per_moment,
            agents: graph.ids().filter(|&k| plan.has_rows(k)).map(rows_of).sum(),
            intervals: every(record.latency_every_iterations),
            weights: kept * (size.links + size.agents),
            messages: traced * size.sent * attempts(plan),
            // Adapted and combined.
            traced: traced * size.agents * 2.0 * (size.parameters + 20.0),
            moments,
            timeline: moments * per_moment,
            repeated: (moments - events(plan, size)).max(0.0) * per_moment,
        }
    }

    /// Of the tables in memory \[bytes\].
    fn memory(&self) -> f64 {
        let block = |rows: f64| rows.min(BLOCK_ROWS);
        block(self.rounds) * ROUND_ROW.0
            + block(self.agents) * AGENT_ROW.0
            + block(self.weights) * WEIGHT_ROW.0
            + block(self.intervals * 6.0) / 6.0 * LATENCY_ROWS.0
            + block(self.timeline) * ROUND_ROW.0 / 2.0
    }

    /// Of a trace in memory \[bytes\].
    fn trace_memory(&self) -> f64 {
        self.messages.min(BLOCK_ROWS) * MESSAGE_ROW.0
            + 8.0 * self.traced.min(4e6)
            + 2.5 * self.traced.min(BLOCK_BYTES)
    }

    /// Of the tables and logs \[bytes\].
    fn disk(&self) -> f64 {
        self.rounds * ROUND_ROW.1
            + self.agents * AGENT_ROW.1
            + self.intervals * LATENCY_ROWS.1
            + self.weights * WEIGHT_ROW.1
            + self.messages * MESSAGE_ROW.1
            + self.traced
            + (self.timeline - self.repeated) * ROUND_ROW.1
            + self.repeated * 10.0
    }
}

/// Moments of the timeline.
fn moments(plan: &Plan, iterations: f64) -> f64 {
    match (plan.timeline_every, plan.end().or(plan.until)) {
        (Some(every), Some(end)) => (end.us() / every.us().max(1)) as f64,
        (Some(_), None) => iterations,
        (None, _) => 0.0,
    }
}

/// Moments at which something changes: between them a row of the timeline repeats the one before.
fn events(plan: &Plan, size: &Extent) -> f64 {
    let first = |n| plan.compute_time(AgentId(0), n);
    let some = || plan.graph.ids().take(8);
    match (0..4).all(|n| some().all(|k| plan.compute_time(k, n) == first(0))) {
        true => size.iterations,
        false => size.iterations * size.agents,
    }
}

/// Agents with an optimizer that has a state.
fn optimizers(plan: &Plan) -> f64 {
    let has_one = |&k: &AgentId| matches!(plan.learner(k).method, Method::Adam(_));
    plan.graph.ids().filter(has_one).count() as f64
}

/// What waits for the recorder \[bytes\].
fn waiting(plan: &Plan, size: &Extent) -> f64 {
    match plan.mode() {
        Mode::Asynchronous => size.iterations.min(MOST_WAITING) * size.agents * PER_EVENT,
        _ => 0.0,
    }
}

/// A part that grows with a count, ever less, up to a greatest value.
fn saturating((most, half): (f64, f64), count: f64) -> f64 {
    most * count / (count + half)
}

/// Memory that the report takes \[bytes\].
fn drawings(size: &Extent, rows: &RowCounts) -> f64 {
    let curves = [rows.recorded, rows.intervals, rows.moments];
    let curves: f64 = curves
        .map(|points| saturating(DRAWING, points))
        .iter()
        .sum();
    curves + saturating(MAP, size.links) + rows.weights * WEIGHT_READ
}

/// Tables of the network, and what every run has \[bytes\].
fn network_on_disk(plan: &Plan, size: &Extent) -> f64 {
    let last = plan.most_iterations().saturating_sub(1);
    let networks = 1 + plan.networks.epoch(last);
    40e3 + size.agents * 41.0 + size.links * networks as f64
}

/// Drawings of a report \[bytes\].
fn report_on_disk(plan: &Plan, size: &Extent, rows: &RowCounts) -> f64 {
    let map = match plan.world.position(AgentId(0)) {
        Some(_) => 480e3,
        None => 60e3,
    };
    let (of_agent, most) = AGENT_IN_REPORT;
    saturating((220e3, 300.0), rows.recorded)
        + saturating((map, 1_000.0), size.links)
        + of_agent * size.agents.min(most)
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

/// Models held by messages under way, these messages, and those of them that are sent again: by Little's
/// law, as many as begin in the time for which one is under way.
fn under_way(plan: &Plan, size: &Extent) -> (f64, f64, f64) {
    let &Extent {
        agents,
        sent,
        iterations,
        ..
    } = size;
    // Attempts in vain are kept until the iteration ends.
    let retried = sent * (attempts(plan) - 1.0).max(0.0);
    let compute = plan.compute_time(AgentId(0), 0).ms().max(1e-3);
    let interval = match plan.clock.pace {
        Pace::Synchronous { quorum } if quorum >= 1.0 => return (0.0, retried, retried),
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
    (held, sent * iterations_held(mean) + retried, retried)
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
