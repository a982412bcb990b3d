//! `latency.parquet`: percentiles per interval of iterations. Simulated and wall-clock times are
//! rows of their own and never mix. Count, range and mean are exact.

use super::sample::Round;
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::scenario::Plan;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Greatest value that histograms tell from greater ones: 142 years of simulated microseconds,
/// more than a scenario may name, and 52 days of nanoseconds on the wall.
const GREATEST: u64 = 1 << 52;

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Round,
    Iteration,
    Mailbox,
    Handler,
}

impl Quantity {
    const ALL: [Quantity; 4] = [
        Quantity::Round,
        Quantity::Iteration,
        Quantity::Mailbox,
        Quantity::Handler,
    ];

    /// Its name, with the unit in which it is told: a thousand of the units in which it is
    /// counted, which are simulated microseconds and nanoseconds on the wall.
    fn name(self) -> &'static str {
        match self {
            Quantity::Round => "round_ms",
            Quantity::Iteration => "iteration_us",
            Quantity::Mailbox => "mailbox_us",
            Quantity::Handler => "handler_us",
        }
    }

    fn clock(self) -> &'static str {
        match self {
            Quantity::Round => "simulated",
            Quantity::Iteration | Quantity::Mailbox | Quantity::Handler => "wall",
        }
    }

    /// Whether it is measured where nobody asks for it.
    fn is_always_measured(self) -> bool {
        matches!(self, Quantity::Round | Quantity::Iteration)
    }

    /// Its values in an iteration.
    fn each(self, round: &Round, mut add: impl FnMut(u64)) {
        let mut add_wall =
            |time: &Duration| add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let wall = round.samples.iter().filter_map(|s| s.wall.as_ref());
        match self {
            Quantity::Round => add((round.end - round.start).us()),
            Quantity::Iteration => add_wall(&round.wall),
            Quantity::Mailbox => wall.flat_map(|w| &w.mailbox).for_each(add_wall),
            Quantity::Handler => wall.flat_map(|w| &w.handler).for_each(add_wall),
        }
    }
}

/// One quantity: the current interval and the whole run.
struct Gauge {
    quantity: Quantity,
    interval: Tally,
    run: Tally,
}

/// Values by number, range, sum, which are exact, and distribution, to 3 digits.
struct Tally {
    count: u64,
    min: u64,
    max: u64,
    sum: u128,
    /// Filled from the second different value on: a constant needs none, nor does the one value
    /// that most intervals have, so that emptying it for each of them costs nothing.
    histogram: Histogram<u64>,
}

/// Percentiles as summaries tell them, in the unit that the histogram's name says; all NaN where
/// nothing was measured.
#[derive(Clone, Copy, Debug, Serialize)]
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
        let gauges = Quantity::ALL
            .into_iter()
            .filter(|quantity| plan.record.wall || quantity.is_always_measured());
        Ok(Latency {
            table: table.transpose()?,
            gauges: gauges.map(Gauge::new).collect(),
            from: 0,
            to: 0,
            every: plan.record.latency_every_iterations,
        })
    }

    pub fn record(&mut self, round: &Round) -> Result<(), TableError> {
        self.to = round.iteration;
        for gauge in &mut self.gauges {
            let Gauge {
                quantity,
                interval,
                run,
            } = gauge;
            quantity.each(round, |value| {
                interval.add(value);
                run.add(value);
            });
        }
        if (round.iteration + 1).is_multiple_of(self.every) {
            self.end_interval()?;
        }
        Ok(())
    }

    fn end_interval(&mut self) -> Result<(), TableError> {
        let (from, to) = (self.from, self.to);
        for gauge in &mut self.gauges {
            let p = gauge.interval.percentiles();
            gauge.interval.clear();
            if let Some(table) = &mut self.table {
                table.row(|row| {
                    row.text(gauge.quantity.name())
                        .text(gauge.quantity.clock())
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
            // Plain numbers always have a JSON form.
            let percentiles = serde_json::to_value(gauge.run.percentiles()).expect("plain numbers");
            (gauge.quantity.name().to_owned(), percentiles)
        };
        self.gauges.iter().map(entry).collect()
    }

    pub fn finish(&mut self) -> Result<(), TableError> {
        if self.gauges.iter().any(|g| g.interval.count > 0) {
            self.end_interval()?;
        }
        self.table
            .take()
            .map_or(Ok(()), |table| table.finish().map(drop))
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

impl Tally {
    fn new() -> Self {
        Tally {
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            // Bounds and digits are fixed here, and these are legal.
            histogram: Histogram::new_with_bounds(1, GREATEST, 3).expect("legal bounds"),
        }
    }

    fn add(&mut self, value: u64) {
        if self.count > 0 && self.is_constant() && value != self.min {
            self.histogram.saturating_record_n(self.min, self.count);
        }
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += u128::from(value);
        if !self.is_constant() {
            self.histogram.saturating_record(value);
        }
    }

    /// Whether no two different values were added: then the histogram is empty.
    fn is_constant(&self) -> bool {
        self.min >= self.max
    }

    fn clear(&mut self) {
        if !self.is_constant() {
            self.histogram.reset();
        }
        (self.count, self.min, self.max, self.sum) = (0, u64::MAX, 0, 0);
    }

    fn percentiles(&self) -> Percentiles {
        if self.count == 0 {
            return Percentiles::NONE;
        }
        let told = |value: u64| value as f64 / 1000.0;
        // A histogram tells the top of a value's bucket, which may lie beyond every value.
        let at = |quantile| {
            told(if self.is_constant() {
                self.min
            } else {
                let value = self.histogram.value_at_quantile(quantile);
                value.clamp(self.min, self.max)
            })
        };
        Percentiles {
            count: self.count,
            min: told(self.min),
            mean: self.sum as f64 / self.count as f64 / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: told(self.max),
        }
    }
}

impl Percentiles {
    const NONE: Percentiles = Percentiles {
        count: 0,
        min: f64::NAN,
        mean: f64::NAN,
        p50: f64::NAN,
        p90: f64::NAN,
        p99: f64::NAN,
        p999: f64::NAN,
        max: f64::NAN,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::new();
        values.into_iter().for_each(|value| tally.add(value));
        tally
    }

    #[test]
    fn a_constant_is_told_exactly() {
        for count in [1, 500] {
            let p = tally(std::iter::repeat_n(10_001, count)).percentiles();
            assert_eq!(p.count, count as u64);
            for told in [p.min, p.mean, p.p50, p.p90, p.p99, p.p999, p.max] {
                assert_eq!(told, 10.001);
            }
        }
    }

    #[test]
    fn range_and_mean_are_exact_and_percentiles_have_three_digits_within_the_range() {
        let values = || (0..1000).map(|i| 1_000_003 + 7_001 * i);
        let p = tally(values()).percentiles();
        assert_eq!((p.min, p.max), (1000.003, 7994.002));
        let mean = values().sum::<u64>() as f64 / 1000.0 / 1000.0;
        assert!((p.mean - mean).abs() < 1e-9, "{} is not {mean}", p.mean);
        for (told, share) in [(p.p50, 0.5), (p.p90, 0.9), (p.p99, 0.99), (p.p999, 0.999)] {
            let exact = values().nth((share * 1000.0) as usize - 1).unwrap() as f64 / 1000.0;
            assert!((told / exact - 1.0).abs() <= 1e-3, "{told} is not {exact}");
            assert!(told <= p.max);
        }
    }

    #[test]
    fn the_values_before_the_second_different_one_count_too() {
        let p = tally([500, 500, 500, 900]).percentiles();
        assert_eq!((p.min, p.p50, p.max), (0.5, 0.5, 0.9));
        assert_eq!(p.mean, 0.6);
    }

    #[test]
    fn an_interval_begins_empty() {
        let mut tally = tally([1, 2, 3]);
        tally.clear();
        assert_eq!(tally.percentiles().count, 0);
        assert!(tally.percentiles().p50.is_nan());
        tally.add(4_000);
        tally.add(6_000);
        let p = tally.percentiles();
        assert_eq!((p.count, p.min, p.mean, p.max), (2, 4.0, 5.0, 6.0));
    }
}
