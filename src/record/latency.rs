//! `latency.parquet`: percentiles per interval of iterations. Simulated and wall-clock times are
//! rows of their own and never mix.

use super::recorder::Round;
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::scenario::Plan;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Histograms count microseconds up to this, 142 years, with 3 significant digits: more than any
/// scenario may name, so nothing falls outside.
const GREATEST_US: u64 = 1 << 52;

/// What is measured.
const MEASURED: [(&str, Unit); 4] = [
    ("round_ms", Unit::SimulatedMs),
    ("iteration_us", Unit::WallUs),
    ("mailbox_us", Unit::WallUs),
    ("handler_us", Unit::WallUs),
];

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// Simulated time, told in milliseconds.
    SimulatedMs,
    /// Wall-clock time, told in microseconds.
    WallUs,
}

impl Unit {
    fn clock(self) -> &'static str {
        match self {
            Unit::SimulatedMs => "simulated",
            Unit::WallUs => "wall",
        }
    }

    fn of_us(self, us: f64) -> f64 {
        match self {
            Unit::SimulatedMs => us / 1000.0,
            Unit::WallUs => us,
        }
    }
}

/// One quantity: the current interval and the whole run.
struct Gauge {
    name: &'static str,
    unit: Unit,
    interval: Histogram<u32>,
    run: Histogram<u64>,
}

/// Percentiles as summaries tell them, in the unit that the histogram's name says.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// How many values.
    pub count: u64,
    /// Least value.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Greatest value.
    pub max: f64,
}

pub(super) struct Latency {
    table: Option<Table>,
    gauges: Vec<Gauge>,
    from: u64,
    to: u64,
    every: u64,
}

impl Latency {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Latency, TableError> {
        let table = folder.map(|f| Table::create(f, "latency", constants.to_vec(), columns()));
        let gauges = MEASURED
            .iter()
            .filter(|(name, _)| plan.record.wall || !matches!(*name, "mailbox_us" | "handler_us"));
        Ok(Latency {
            table: table.transpose()?,
            gauges: gauges.map(|&(name, unit)| Gauge::new(name, unit)).collect(),
            from: 0,
            to: 0,
            every: plan.record.latency_every_iterations,
        })
    }

    pub fn record(&mut self, round: &Round) -> Result<(), TableError> {
        self.to = round.iteration;
        for gauge in &mut self.gauges {
            match gauge.name {
                "round_ms" => gauge.add((round.end - round.start).us()),
                "iteration_us" => gauge.add_wall(round.wall),
                "mailbox_us" => {
                    let times = round
                        .samples
                        .iter()
                        .filter_map(|s| s.wall.as_ref())
                        .flat_map(|w| &w.mailbox);
                    times.for_each(|&time| gauge.add_wall(time));
                }
                _ => {
                    let times = round
                        .samples
                        .iter()
                        .filter_map(|s| s.wall.as_ref())
                        .flat_map(|w| &w.handler);
                    times.for_each(|&time| gauge.add_wall(time));
                }
            }
        }
        if (round.iteration + 1).is_multiple_of(self.every) {
            self.end_interval()?;
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), TableError> {
        let (from, to) = (self.from, self.to);
        for gauge in &mut self.gauges {
            let p = gauge.end_interval();
            if let Some(table) = &mut self.table {
                table.row(|row| {
                    row.text(gauge.name)
                        .text(gauge.unit.clock())
                        .int(from)
                        .int(to)
                        .int(p.count);
                    row.floats([p.min, p.mean, p.p50, p.p90, p.p99, p.p999, p.max]);
                })?;
            }
        }
        self.from = to + 1;
        Ok(())
    }

    /// The percentiles of the whole run by name.
    pub fn summary(&self) -> serde_json::Map<String, serde_json::Value> {
        let entry = |gauge: &Gauge| {
            let percentiles = gauge.unit.percentiles(&gauge.run);
            // Plain numbers always have a JSON form.
            (
                gauge.name.to_owned(),
                serde_json::to_value(percentiles).expect("plain numbers"),
            )
        };
        self.gauges.iter().map(entry).collect()
    }

    pub fn finish(&mut self) -> Result<(), TableError> {
        if self.gauges.iter().any(|g| !g.interval.is_empty()) {
            self.end_interval()?;
        }
        self.table
            .take()
            .map_or(Ok(()), |table| table.finish().map(drop))
    }
}

impl Gauge {
    fn new(name: &'static str, unit: Unit) -> Gauge {
        // Bounds and digits are fixed here, and these are legal.
        Gauge {
            name,
            unit,
            interval: Histogram::new_with_bounds(1, GREATEST_US, 3).expect("legal bounds"),
            run: Histogram::new_with_bounds(1, GREATEST_US, 3).expect("legal bounds"),
        }
    }

    fn add_wall(&mut self, time: Duration) {
        self.add(time.as_micros() as u64);
    }

    fn add(&mut self, us: u64) {
        self.interval.saturating_record(us);
        self.run.saturating_record(us);
    }

    fn end_interval(&mut self) -> Percentiles {
        let percentiles = self.unit.percentiles(&self.interval);
        self.interval.reset();
        percentiles
    }
}

impl Unit {
    fn percentiles<T: hdrhistogram::Counter>(self, histogram: &Histogram<T>) -> Percentiles {
        if histogram.is_empty() {
            return Percentiles::default();
        }
        // A histogram tells the top of a value's bucket; no value is beyond the greatest.
        let (min, max) = (histogram.min() as f64, histogram.max() as f64);
        let at =
            |quantile| self.of_us((histogram.value_at_quantile(quantile) as f64).clamp(min, max));
        Percentiles {
            count: histogram.len(),
            min: self.of_us(min),
            mean: self.of_us(histogram.mean()),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.of_us(max),
        }
    }
}

fn columns() -> Vec<Column> {
    let number =
        |name, about| Column::new(name, Kind::Number, "as the histogram's name says", about);
    vec![
        Column::new(
            "histogram",
            Kind::Text,
            "",
            "what was measured, with its unit",
        ),
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
