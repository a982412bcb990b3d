//! `latency.parquet`: percentiles per interval of iterations, and `latency.hlog` and
//! `latency.wall.hlog`: the whole histograms. Simulated and wall-clock times are rows and files of
//! their own and never mix. Count, range and mean are exact.
//!
//! `latency.run.hlog` has one interval for each histogram of simulated time: the whole run, to add up
//! over runs without reading all the intervals.
//!
//! A histogram has two names, each with its unit: tables and summaries have milliseconds or
//! microseconds (`round_ms`, `iteration_us`), a tag of a log has the unit of the whole numbers that
//! the log records (`round_us`, `iteration_ns`).

use super::delays::{Delay, Delays};
use super::elapsed::Elapsed;
use super::failure::RunError;
use super::histograms::RUN_LOG;
use super::interval_log::IntervalLog;
use super::parquet_file::Parts;
use super::sample::{Closing, Round};
use super::table::{Column, Constant, Kind, Table};
use super::tally::Tally;
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, SimTime};
use std::path::Path;
use std::time::Duration;

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Round,
    AgentRound,
    Delivery,
    Wait,
    Age,
    AgeIterations,
    Iteration,
    Mailbox,
    Handler,
}

impl Quantity {
    const ALL: [Quantity; 9] = [
        Quantity::Round,
        Quantity::AgentRound,
        Quantity::Delivery,
        Quantity::Wait,
        Quantity::Age,
        Quantity::AgeIterations,
        Quantity::Iteration,
        Quantity::Mailbox,
        Quantity::Handler,
    ];

    /// Its name, with the unit in which it is told.
    fn name(self) -> &'static str {
        match self {
            Quantity::Round => "round_ms",
            Quantity::AgentRound => "agent_round_ms",
            Quantity::Delivery => "delivery_ms",
            Quantity::Wait => "wait_ms",
            Quantity::Age => "age_ms",
            Quantity::AgeIterations => "age_iterations",
            Quantity::Iteration => "iteration_us",
            Quantity::Mailbox => "mailbox_us",
            Quantity::Handler => "handler_us",
        }
    }

    /// Its tag in an interval log, with the unit in which it is counted.
    fn tag(self) -> &'static str {
        match self {
            Quantity::Round => "round_us",
            Quantity::AgentRound => "agent_round_us",
            Quantity::Delivery => "delivery_us",
            Quantity::Wait => "wait_us",
            Quantity::Age => "age_us",
            Quantity::AgeIterations => "age_iterations",
            Quantity::Iteration => "iteration_ns",
            Quantity::Mailbox => "mailbox_ns",
            Quantity::Handler => "handler_ns",
        }
    }

    fn is_simulated(self) -> bool {
        !matches!(
            self,
            Quantity::Iteration | Quantity::Mailbox | Quantity::Handler
        )
    }

    /// How many of the units in which it is counted, simulated microseconds, nanoseconds on the
    /// wall, or iterations, make one in which it is told.
    fn unit(self) -> f64 {
        match self {
            Quantity::AgeIterations => 1.0,
            _ => 1000.0,
        }
    }

    /// Whether it is measured where nobody asks for it.
    fn is_always_measured(self) -> bool {
        !matches!(self, Quantity::Mailbox | Quantity::Handler)
    }

    /// Adds its values in an iteration; `before` are the combinations before it. Messages are
    /// everybody's; all else is of the normal agents.
    fn add(self, plan: &Plan, round: &Round, before: &LastCombinations, tally: &mut Tally) {
        let samples = round.samples.iter();
        let normal = samples.clone().filter(|s| !plan.is_byzantine(s.agent));
        let wall = samples.clone().filter_map(|s| s.wall.as_deref());
        let between = |from: SimTime, to: SimTime| (to - from).us();
        match self {
            Quantity::Round if plan.mode() == Mode::Asynchronous => {
                normal.for_each(|s| tally.add(between(s.started_at, s.combined_at)));
            }
            Quantity::Round => tally.add(between(round.start, round.end)),
            Quantity::AgentRound => normal
                .filter_map(|s| Some(between(before.of(s.agent)?, s.combined_at)))
                .for_each(|time| tally.add(time)),
            Quantity::Wait => normal.for_each(|s| tally.add(between(s.adapted_at, s.combined_at))),
            Quantity::Delivery => {
                samples.for_each(|s| add_delays(tally, &s.delays, Delay::Delivery));
            }
            Quantity::Age => normal.for_each(|s| add_delays(tally, &s.delays, Delay::Age)),
            Quantity::AgeIterations => {
                normal.for_each(|s| add_delays(tally, &s.delays, Delay::AgeIterations));
            }
            Quantity::Iteration => round.wall.iter().for_each(|time| add_wall(tally, time)),
            Quantity::Mailbox => wall.for_each(|w| add_all(tally, &w.mailbox)),
            Quantity::Handler => wall.for_each(|w| add_all(tally, &w.handler)),
        }
    }

    /// Adds its values that no iteration has told of. Nobody has combined since.
    fn add_rest(self, closing: &Closing, tally: &mut Tally) {
        let (delays, wall) = (closing.delays.iter(), closing.wall.iter());
        match self {
            Quantity::Delivery => delays.for_each(|d| add_delays(tally, d, Delay::Delivery)),
            Quantity::Mailbox => wall.for_each(|w| add_all(tally, &w.mailbox)),
            Quantity::Handler => wall.for_each(|w| add_all(tally, &w.handler)),
            Quantity::Round
            | Quantity::AgentRound
            | Quantity::Wait
            | Quantity::Age
            | Quantity::AgeIterations
            | Quantity::Iteration => {}
        }
    }
}

fn add_delays(tally: &mut Tally, delays: &Delays, delay: Delay) {
    for (value, count) in delays.iter(delay) {
        tally.add_n(value, u64::from(count));
    }
}

fn add_all(tally: &mut Tally, times: &[Duration]) {
    times.iter().for_each(|time| add_wall(tally, time));
}

fn add_wall(tally: &mut Tally, time: &Duration) {
    tally.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

/// The tag in an interval log of the histogram that tables call so, and how many of the tag's units
/// make one of the name's.
pub(super) fn logged(name: &str) -> Option<(&'static str, f64)> {
    let quantity = Quantity::ALL.into_iter().find(|q| q.name() == name)?;
    Some((quantity.tag(), quantity.unit()))
}

/// When each agent combined last, by its number; `None` where it has not yet.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct LastCombinations(Vec<Option<SimTime>>);

impl LastCombinations {
    fn of(&self, agent: AgentId) -> Option<SimTime> {
        self.0.get(agent.index()).copied().flatten()
    }

    fn advance(&mut self, round: &Round) {
        for sample in &round.samples {
            let agent = sample.agent.index();
            if agent >= self.0.len() {
                self.0.resize(agent + 1, None);
            }
            self.0[agent] = Some(sample.combined_at);
        }
    }
}

/// One quantity: the current interval and the whole run.
struct Gauge {
    quantity: Quantity,
    interval: Tally,
    run: Tally,
}

pub(super) struct Latency {
    files: Option<Files>,
    gauges: Vec<Gauge>,
    before: LastCombinations,
    every: u64,
    interval: Option<Interval>,
    /// First iteration of the next interval, and its beginning on the wall.
    from: u64,
    wall: Duration,
    elapsed: Elapsed,
}

/// The iterations since the last row.
#[derive(serde::Serialize, serde::Deserialize)]
struct Interval {
    to: u64,
    start: SimTime,
    end: SimTime,
}

struct Files {
    table: Table,
    simulated: IntervalLog,
    wall: IntervalLog,
    /// Of the whole run.
    run: IntervalLog,
    /// Times in a log do not go back.
    start: SimTime,
    /// The end of the last interval so far.
    end: SimTime,
}

impl Latency {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Latency, RunError> {
        let gauges = Quantity::ALL
            .into_iter()
            .filter(|quantity| plan.record.wall || quantity.is_always_measured());
        Ok(Latency {
            files: folder
                .map(|f| Files::create(f, plan, constants))
                .transpose()?,
            gauges: gauges.map(Gauge::new).collect(),
            before: LastCombinations::default(),
            every: plan.record.latency_every_iterations,
            interval: None,
            from: 0,
            wall: Duration::ZERO,
            elapsed: Elapsed::new(),
        })
    }

    pub fn record(&mut self, plan: &Plan, round: &Round) -> Result<(), RunError> {
        for gauge in &mut self.gauges {
            let (quantity, interval) = (gauge.quantity, &mut gauge.interval);
            quantity.add(plan, round, &self.before, interval);
        }
        self.before.advance(round);
        let interval = self.interval.get_or_insert(Interval {
            to: round.iteration,
            start: round.start,
            end: round.end,
        });
        interval.to = round.iteration;
        // Where nobody waits, an iteration may begin and end before the one before it.
        interval.start = interval.start.min(round.start);
        interval.end = interval.end.max(round.end);
        // The last interval is open until the end: messages may arrive after its combinations.
        if (round.iteration + 1).is_multiple_of(self.every) && !round.last {
            self.end_interval()?;
        }
        Ok(())
    }

    /// Keeps the histograms, and what was written of them.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        for gauge in &mut self.gauges {
            gauge.interval.keep(book)?;
            gauge.run.keep(book)?;
        }
        if let Some(files) = &mut self.files {
            files.keep(book)?;
        }
        self.elapsed.keep(book)?;
        keep!(book: self.before, self.interval, self.from, self.wall)
    }

    /// Adds what no iteration has told of.
    pub fn add_rest(&mut self, closing: &Closing) {
        for gauge in &mut self.gauges {
            gauge.quantity.add_rest(closing, &mut gauge.interval);
        }
    }

    fn end_interval(&mut self) -> Result<(), RunError> {
        let Some(interval) = self.interval.take() else {
            return Ok(());
        };
        let wall = self.elapsed.get();
        if let Some(files) = &mut self.files {
            files.write(&self.gauges, (self.from, &interval), (self.wall, wall))?;
        }
        for gauge in &mut self.gauges {
            gauge.run.absorb(&gauge.interval);
            gauge.interval.clear();
        }
        self.from = interval.to + 1;
        self.wall = wall;
        Ok(())
    }

    /// The percentiles of the whole run by name.
    pub fn summary(&self) -> serde_json::Map<String, serde_json::Value> {
        let entry = |gauge: &Gauge| {
            let percentiles = gauge.run.percentiles(gauge.quantity.unit());
            // Plain numbers always have a JSON form.
            let percentiles = serde_json::to_value(percentiles).expect("plain numbers");
            (gauge.quantity.name().to_owned(), percentiles)
        };
        self.gauges.iter().map(entry).collect()
    }

    /// Writes what is left. A file that cannot be written keeps none of the others from it.
    pub fn finish(&mut self, parts: Parts) -> Result<(), RunError> {
        let ended = self.end_interval();
        let files = self.files.take();
        let finished = files.map_or(Ok(()), |files| files.finish(&self.gauges, parts));
        ended.and(finished)
    }
}

impl Gauge {
    fn new(quantity: Quantity) -> Gauge {
        Gauge {
            quantity,
            interval: Tally::new(),
            run: Tally::new(),
        }
    }
}

impl Files {
    fn create(folder: &Path, plan: &Plan, constants: &[Constant]) -> Result<Files, RunError> {
        let data = plan.world.generated();
        let data = data.map_or(String::new(), |what| format!(" Data: {what}."));
        let log = |name, comment| IntervalLog::new(folder, name, format!("{comment}{data}"));
        Ok(Files {
            table: Table::create(folder, "latency", constants.to_vec(), columns())?,
            simulated: log(
                "latency.hlog",
                "Simulated time. Values are in the unit at the end of their tag: us is microseconds.",
            ),
            wall: log(
                "latency.wall.hlog",
                "Wall-clock time. Values are in the unit at the end of their tag: ns is nanoseconds.",
            ),
            run: log(
                RUN_LOG,
                "The whole run in simulated time. Values are in the unit at the end of their tag.",
            ),
            start: SimTime::ZERO,
            end: SimTime::ZERO,
        })
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.table.keep(book)?;
        self.simulated.keep(book)?;
        self.wall.keep(book)?;
        keep!(book: self.start, self.end)
    }

    /// Writes an interval, from the first iteration to the last and between two moments on the
    /// wall.
    fn write(
        &mut self,
        gauges: &[Gauge],
        (from, interval): (u64, &Interval),
        (wall_start, wall_end): (Duration, Duration),
    ) -> Result<(), RunError> {
        self.start = self.start.max(interval.start);
        self.end = self.end.max(interval.end);
        let seconds = |time: SimTime| time.us() as f64 / 1e6;
        let simulated = (seconds(self.start), seconds(interval.end - self.start));
        let wall = (
            wall_start.as_secs_f64(),
            (wall_end - wall_start).as_secs_f64(),
        );
        for gauge in gauges {
            let (name, tally) = (gauge.quantity.name(), &gauge.interval);
            let (log, (start, length), clock) = if gauge.quantity.is_simulated() {
                (&mut self.simulated, simulated, "simulated")
            } else {
                (&mut self.wall, wall, "wall")
            };
            log.write(gauge.quantity.tag(), start, length, tally)
                .map_err(|error| unwritten(log.path(), error))?;
            let p = tally.percentiles(gauge.quantity.unit());
            self.table.row(|row| {
                row.text(name)
                    .text(clock)
                    .int(from)
                    .int(interval.to)
                    .int(p.count)
                    .floats([p.min, p.mean, p.p50, p.p90, p.p99, p.p999, p.max]);
            })?;
        }
        Ok(())
    }

    fn finish(self, gauges: &[Gauge], parts: Parts) -> Result<(), RunError> {
        let Files {
            table,
            simulated,
            wall,
            mut run,
            end,
            ..
        } = self;
        let length = end.us() as f64 / 1e6;
        let simulated_only = gauges.iter().filter(|g| g.quantity.is_simulated());
        let whole = simulated_only.map(|gauge| {
            let whole = gauge.run.repacked();
            run.write(gauge.quantity.tag(), 0.0, length, &whole)
        });
        let whole = whole
            .collect::<Result<(), _>>()
            .map_err(|error| unwritten(run.path(), error));
        let logs = [simulated, wall, run].map(|log| {
            let path = log.path().to_owned();
            log.finish().map_err(|error| unwritten(&path, error))
        });
        let table = table.end(parts).map(drop).map_err(RunError::from);
        logs.into_iter().fold(table.and(whole), Result::and)
    }
}

fn unwritten(path: &Path, error: std::io::Error) -> RunError {
    RunError::Write {
        path: path.to_owned(),
        error,
    }
}

/// What the histograms measure, for the description of the column.
const MEANINGS: &str = "what was measured, with its unit. round_ms: synchronous, from the common \
    beginning of an iteration to that of the next; deadline, the period; asynchronous, from the beginning \
    of a normal agent's iteration to its combination. agent_round_ms: in every mode from one combination \
    of a normal agent to its next, times in which it was down or skipped ticks included; its first \
    combination has no value. delivery_ms: from a message's first departure to its arrival. wait_ms: from \
    the end of a normal agent's own computing to its combination. age_ms: from the moment the sender had \
    adapted to the combination that the model takes part in; age_iterations: the same in iterations. \
    iteration_us: wall-clock time of an iteration; mailbox_us and handler_us: of a message before and in \
    its handler";

fn columns() -> Vec<Column> {
    let number =
        |name, about| Column::new(name, Kind::Number, "as the histogram's name says", about);
    vec![
        Column::new("histogram", Kind::Text, "", MEANINGS),
        Column::new("clock", Kind::Text, "", "simulated or wall"),
        Column::new(
            "from_iteration",
            Kind::Integer,
            "",
            "first iteration of the interval",
        ),
        Column::new(
            "to_iteration",
            Kind::Integer,
            "",
            "last iteration of the interval",
        ),
        Column::new("count", Kind::Integer, "", "values in the interval"),
        number("min", "least"),
        number("mean", "mean"),
        number("p50", "median"),
        number("p90", "90th percentile"),
        number("p99", "99th percentile"),
        number("p999", "99.9th percentile"),
        number("max", "greatest"),
    ]
}
