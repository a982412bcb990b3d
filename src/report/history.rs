//! What happened over time in the runs of a case: the columns of `rounds.parquet`, or of
//! `timeline.parquet` where there is one, over all repetitions.

use super::figure::{Axis, Series};
use super::study::Case;
use super::{Point, ReportError};
use crate::record::{Columns, Values};

/// Columns that a report draws, beside the statistics of models.
const DRAWN: [&str; 8] = [
    "iteration",
    "epoch",
    "simulated_ms",
    "group",
    "byzantine_weight",
    "byzantine_accepted",
    "honest_same_group_rejected",
    "round_ms",
];

/// Values of a line that are marked one by one.
const MOST_POINTS: usize = 12;

/// Endings of the statistics of models that a report draws.
const STATISTICS: [&str; 3] = ["_mean", "_min", "_max"];

/// The histories of a case.
pub(super) struct History {
    time: Time,
    /// By series that has runs: its number and its runs.
    series: Vec<(usize, Vec<Run>)>,
}

/// What time is counted in.
#[derive(Clone, Copy, PartialEq)]
enum Time {
    Iterations,
    /// With so many iterations each.
    Epochs(f64),
    /// In seconds.
    Simulated,
}

/// One run.
struct Run {
    columns: Columns,
    groups: Vec<String>,
    /// By row: the moment.
    moments: Vec<f64>,
}

/// A quantity of the runs of a series over time.
pub(super) struct Along {
    /// Moments that all runs have come to.
    pub moments: Vec<f64>,
    /// Mean over runs of their means. NaN where no run has it.
    pub mean: Vec<f64>,
    /// Least over runs.
    pub least: Vec<f64>,
    /// Greatest over runs.
    pub greatest: Vec<f64>,
    /// The means of each run, by moment.
    pub of_runs: Vec<Vec<f64>>,
}

impl History {
    /// Reads the histories of those series of a case that are `wanted`.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn read(case: &Case<'_>, wanted: &[usize]) -> Result<History, ReportError> {
        // Where one has none, there is no common clock: its iterations are all that they share.
        let is_simulated = wanted
            .iter()
            .flat_map(|&series| case.done(series))
            .all(|point| point.table("timeline").is_file());
        let table = if is_simulated { "timeline" } else { "rounds" };
        let read = |point: &Point| Run::read(point, table);
        let mut all = Vec::new();
        for &series in wanted {
            let runs: Vec<Run> = case.done(series).map(read).collect::<Result<_, _>>()?;
            if !runs.is_empty() {
                all.push((series, runs));
            }
        }
        let epochs = all
            .iter()
            .flat_map(|(_, runs)| runs)
            .find_map(Run::iterations_per_epoch);
        let time = match epochs {
            _ if is_simulated => Time::Simulated,
            Some(per_epoch) => Time::Epochs(per_epoch),
            None => Time::Iterations,
        };
        let mut history = History { time, series: all };
        for run in history.series.iter_mut().flat_map(|(_, runs)| runs) {
            run.set_moments(time);
        }
        Ok(history)
    }

    /// The axis of time.
    pub fn axis(&self) -> Axis {
        let label = match self.time {
            Time::Iterations => "iteration",
            Time::Epochs(_) => "epoch",
            Time::Simulated => "simulated time [s]",
        };
        Axis {
            label: label.to_owned(),
            ..Axis::default()
        }
    }

    /// Where an iteration lies on the axis of time; `None` where it has no common place.
    pub fn moment_of(&self, iteration: u64) -> Option<f64> {
        match self.time {
            Time::Iterations => Some(iteration as f64),
            Time::Epochs(per_epoch) => Some((iteration + 1) as f64 / per_epoch),
            Time::Simulated => None,
        }
    }

    /// The groups of tasks, in their order.
    pub fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> = Vec::new();
        for name in self
            .series
            .iter()
            .flat_map(|(_, runs)| runs)
            .flat_map(|run| &run.groups)
        {
            if name != "all" && !groups.contains(name) {
                groups.push(name.clone());
            }
        }
        let number = |name: &String| name.parse::<u64>().unwrap_or(u64::MAX);
        groups.sort_by_key(number);
        groups
    }

    /// A quantity of a group over time, by series that has it. `columns` are those of its mean,
    /// least and greatest value over the agents.
    pub fn along(&self, group: &str, columns: [&str; 3]) -> Vec<(usize, Along)> {
        let all = self.series.iter();
        all.filter_map(|(series, runs)| Some((*series, Along::of(runs, group, columns)?)))
            .collect()
    }

    /// The line of a mean, with the band from the least to the greatest value.
    pub fn line(along: Along, label: &str, color: usize) -> Series {
        let has_band = along.least != along.greatest;
        Series {
            label: label.to_owned(),
            color,
            interval: None,
            has_points: along.moments.len() <= MOST_POINTS,
            x: along.moments,
            y: along.mean,
            band: has_band.then_some([along.least, along.greatest]),
        }
    }
}

impl Run {
    fn read(point: &Point, table: &str) -> Result<Run, ReportError> {
        let columns = Columns::read(&point.table(table), |name| {
            DRAWN.contains(&name) || STATISTICS.iter().any(|ending| name.ends_with(ending))
        })?;
        Ok(Run {
            groups: columns.texts("group"),
            moments: Vec::new(),
            columns,
        })
    }

    /// The greatest length of an epoch with which all rows agree, where there are several epochs.
    fn iterations_per_epoch(&self) -> Option<f64> {
        let epochs = self.columns.numbers("epoch").into_iter();
        let rows = epochs.zip(self.columns.numbers("iteration"));
        let later = rows.filter(|(epoch, _)| *epoch >= 1.0);
        let longest = later.map(|(epoch, iteration)| (iteration / epoch).floor());
        longest.reduce(f64::min)
    }

    fn set_moments(&mut self, time: Time) {
        self.moments = match time {
            Time::Iterations => self.columns.numbers("iteration"),
            Time::Epochs(per_epoch) => {
                let iterations = self.columns.numbers("iteration").into_iter();
                iterations.map(|i| (i + 1.0) / per_epoch).collect()
            }
            Time::Simulated => {
                let times = self.columns.numbers("simulated_ms").into_iter();
                times.map(|ms| ms / 1000.0).collect()
            }
        };
    }

    /// The values of a group where it has any: the moment and those of the columns, in the order of
    /// time.
    fn values(&self, group: &str, columns: [&str; 3]) -> Vec<(f64, [f64; 3])> {
        let columns = columns.map(|name| match self.columns.get(name) {
            Some(Values::Numbers(numbers)) => &numbers[..],
            _ => &[],
        });
        let value = |column: &[f64], row: usize| column.get(row).copied().unwrap_or(f64::NAN);
        let rows = self.groups.iter().enumerate();
        let of_group = rows.filter(|(_, name)| *name == group);
        let values =
            of_group.map(|(row, _)| (self.moments[row], columns.map(|column| value(column, row))));
        values.filter(|(_, [mean, ..])| !mean.is_nan()).collect()
    }
}

impl Along {
    fn of(runs: &[Run], group: &str, columns: [&str; 3]) -> Option<Along> {
        let mut all: Vec<(f64, [f64; 3])> = Vec::new();
        let mut having = 0;
        for run in runs {
            let before = all.len();
            all.extend(run.values(group, columns));
            // By chance all agents of a group are Byzantine.
            having += usize::from(all.len() > before);
        }
        // Stable: runs stay in their order within a moment.
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut along = Along {
            moments: Vec::new(),
            mean: Vec::new(),
            least: Vec::new(),
            greatest: Vec::new(),
            of_runs: Vec::new(),
        };
        for same in all.chunk_by(|a, b| a.0 == b.0) {
            // A mean over fewer runs would jump where one ends.
            if same.len() < having {
                continue;
            }
            let means: Vec<f64> = same.iter().map(|(_, [mean, ..])| *mean).collect();
            let least = same.iter().map(|(_, [_, least, _])| *least);
            let greatest = same.iter().map(|(_, [_, _, greatest])| *greatest);
            along.moments.push(same[0].0);
            along
                .mean
                .push(means.iter().sum::<f64>() / means.len() as f64);
            along.least.push(least.fold(f64::INFINITY, f64::min));
            along
                .greatest
                .push(greatest.fold(f64::NEG_INFINITY, f64::max));
            along.of_runs.push(means);
        }
        (!along.moments.is_empty()).then_some(along)
    }
}
