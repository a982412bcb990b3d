//! Whole histograms of runs, added up over runs: percentiles cannot be added or averaged.

use super::Summary;
use super::latency::logged;
use super::tally::{Percentiles, quantiles};
use crate::files;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::collections::BTreeMap;
use std::path::Path;

/// The log of a run's whole histograms, in its folder.
pub const RUN_LOG: &str = "latency.run.hlog";

/// Histograms by their tags, as logs have them.
#[derive(Default)]
pub struct Histograms(BTreeMap<String, Histogram<u64>>);

/// Why a log gives no histograms.
#[derive(Debug, thiserror::Error)]
pub enum HistogramsError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// What is in it is no interval log.
    #[error("{0}")]
    Damaged(&'static str),
}

impl Histograms {
    /// Adds up the intervals of a log.
    ///
    /// # Errors
    /// A file that cannot be read, or is no interval log.
    pub fn add(&mut self, log: &Path) -> Result<(), HistogramsError> {
        let bytes = files::read(log)?;
        let mut reader = Deserializer::new();
        for entry in IntervalLogIterator::new(&bytes) {
            let entry = entry.map_err(|_| damaged("a line is no interval"))?;
            let LogEntry::Interval(interval) = entry else {
                continue;
            };
            let decoded = STANDARD
                .decode(interval.encoded_histogram())
                .map_err(|_| damaged("a histogram is no base64"))?;
            let found: Histogram<u64> = reader
                .deserialize(&mut decoded.as_slice())
                .map_err(|_| damaged("a histogram cannot be decoded"))?;
            let tag = interval.tag().map_or("", |tag| tag.as_str());
            let whole = self.0.entry(tag.to_owned()).or_insert_with(|| {
                let mut empty = found.clone();
                empty.reset();
                empty.auto(true);
                empty
            });
            whole
                .add(&found)
                .map_err(|_| damaged("a histogram has other digits than the others"))?;
        }
        Ok(())
    }

    /// A histogram by the name that summaries have for it, and how many of the units in which it
    /// is counted make one of those of the name.
    pub fn get(&self, name: &str) -> Option<(&Histogram<u64>, f64)> {
        let (tag, unit) = logged(name)?;
        Some((self.0.get(tag)?, unit))
    }

    /// Percentiles of all values of some runs together, whose histograms these are: number, range
    /// and mean are exact, and of one run all is as its summary has it. `None` where nothing was
    /// measured, or where histograms of several runs are needed and are not here.
    pub fn percentiles(&self, runs: &[&Summary], name: &str) -> Option<Percentiles> {
        let of_runs = runs.iter().filter_map(|run| of_summary(run, name));
        let of_runs: Vec<Percentiles> = of_runs.filter(|p| p.count > 0).collect();
        let first = *of_runs.first()?;
        if of_runs.len() == 1 {
            return Some(first);
        }
        let count: u64 = of_runs.iter().map(|p| p.count).sum();
        let sum: f64 = of_runs.iter().map(|p| p.mean * p.count as f64).sum();
        let min = of_runs.iter().map(|p| p.min).fold(first.min, f64::min);
        let max = of_runs.iter().map(|p| p.max).fold(first.max, f64::max);
        let [p50, p90, p99, p999] = if min == max {
            [max; 4]
        } else {
            let (histogram, unit) = self.get(name)?;
            quantiles(histogram, histogram.len()).map(|value| (value as f64 / unit).min(max))
        };
        Some(Percentiles {
            count,
            min,
            // A constant's is exact.
            mean: (sum / count as f64).clamp(min, max),
            p50,
            p90,
            p99,
            p999,
            max,
            beyond: of_runs.iter().map(|p| p.beyond).sum(),
        })
    }
}

fn damaged(what: &'static str) -> HistogramsError {
    HistogramsError::Damaged(what)
}

/// What a summary says of a histogram.
fn of_summary(summary: &Summary, name: &str) -> Option<Percentiles> {
    let number = |column: &str| summary.number(&["latency", name, column]);
    Some(Percentiles {
        count: number("count")? as u64,
        min: number("min")?,
        mean: number("mean")?,
        p50: number("p50")?,
        p90: number("p90")?,
        p99: number("p99")?,
        p999: number("p999")?,
        max: number("max")?,
        beyond: number("beyond").unwrap_or(0.0) as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::super::interval_log::IntervalLog;
    use super::super::tally::Tally;
    use super::*;
    use serde_json::json;

    #[test]
    fn runs_together_have_the_percentiles_of_all_their_values() {
        let folder = tempfile::tempdir().unwrap();
        // Skewed, and of different numbers: averaged percentiles would be others.
        let runs: [Vec<u64>; 3] = [
            (1..=900).map(|i| i * i).collect(),
            (1..=50).map(|i| 5_000_000 + i).collect(),
            vec![77; 7],
        ];
        let mut all = Tally::new();
        let mut histograms = Histograms::default();
        let mut summaries = Vec::new();
        for (number, values) in runs.iter().enumerate() {
            let mut tally = Tally::new();
            for &value in values {
                tally.add(value);
                all.add(value);
            }
            let name = format!("{number}.hlog");
            let mut log = IntervalLog::new(folder.path(), &name, String::new());
            log.write("wait_us", 0.0, 1.0, &tally).unwrap();
            log.finish().unwrap();
            histograms.add(&folder.path().join(name)).unwrap();
            let json = json!({"latency": {"wait_ms": tally.percentiles(1000.0)}});
            summaries.push(Summary::from_json(json));
        }
        let summaries: Vec<&Summary> = summaries.iter().collect();
        let together = histograms.percentiles(&summaries, "wait_ms").unwrap();
        let expected = all.percentiles(1000.0);
        let told = |p: &Percentiles| [p.min, p.p50, p.p90, p.p99, p.p999, p.max];
        assert_eq!(together.count, expected.count);
        assert_eq!(told(&together), told(&expected));
        assert!((together.mean / expected.mean - 1.0).abs() < 1e-12);
        // Of one run its own, without its histogram; of several there must be one.
        let none = Histograms::default();
        let one = none.percentiles(&summaries[..1], "wait_ms").unwrap();
        assert_eq!(
            one.p50,
            summaries[0].number(&["latency", "wait_ms", "p50"]).unwrap()
        );
        assert!(none.percentiles(&summaries, "wait_ms").is_none());
        let alike = none
            .percentiles(&[summaries[2], summaries[2]], "wait_ms")
            .unwrap();
        assert_eq!((alike.count, alike.p999), (14, 0.077));
    }

    #[test]
    fn a_damaged_log_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RUN_LOG);
        let mut all = Histograms::default();
        std::fs::write(&path, "Tag=a,0.0,1.0,2.0,garbage!\n").unwrap();
        assert!(matches!(all.add(&path), Err(HistogramsError::Damaged(_))));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            all.add(&path),
            Err(HistogramsError::Unreadable(_))
        ));
    }
}
