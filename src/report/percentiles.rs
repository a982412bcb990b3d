//! Percentiles of whole runs, out of the interval logs of their histograms.

use super::ReportError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::collections::BTreeMap;
use std::path::Path;

/// Points of a curve per factor of ten of 1/(1 − p).
const PER_DECADE: f64 = 16.0;

/// 1/(1 − p) of the median.
const MEDIAN: f64 = 2.0;

/// A distribution by its percentiles.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Percentiles {
    /// 1/(1 − p), ascending from 1.
    pub rarity: Vec<f64>,
    /// The values there, in the unit in which they were counted.
    pub values: Vec<u64>,
    /// Whether all values are one, as far as histograms tell.
    pub is_constant: bool,
}

/// The distributions in an interval log, by the name of the histogram.
///
/// # Errors
/// A log that cannot be read.
pub(super) fn percentiles(path: &Path) -> Result<BTreeMap<String, Percentiles>, ReportError> {
    let bytes = crate::files::read(path).map_err(ReportError::unreadable(path))?;
    let damaged = |what: &str| ReportError::Damaged {
        path: path.to_owned(),
        error: what.to_owned(),
    };
    // Most intervals are alike, and taking one apart costs more than all else.
    let mut intervals: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for entry in IntervalLogIterator::new(&bytes) {
        if let LogEntry::Interval(interval) = entry.map_err(|_| damaged("a line is no interval"))? {
            let tag = interval.tag().map_or("", |tag| tag.as_str());
            *intervals
                .entry((tag, interval.encoded_histogram()))
                .or_default() += 1;
        }
    }
    let mut reader = Deserializer::new();
    let mut histograms: BTreeMap<&str, Histogram<u64>> = BTreeMap::new();
    for ((tag, encoded), count) in intervals {
        let decoded = STANDARD
            .decode(encoded)
            .map_err(|_| damaged("a histogram is no base64"))?;
        let interval: Histogram<u64> = reader
            .deserialize(&mut decoded.as_slice())
            .map_err(|_| damaged("a histogram cannot be decoded"))?;
        let whole = histograms.entry(tag).or_insert_with(|| {
            let mut empty = interval.clone();
            empty.reset();
            empty.auto(true);
            empty
        });
        for bucket in interval.iter_recorded() {
            // It grows with its values.
            let _ = whole.record_n(bucket.value_iterated_to(), bucket.count_at_value() * count);
        }
    }
    Ok(histograms
        .into_iter()
        .map(|(tag, whole)| (tag.to_owned(), Percentiles::of(&whole)))
        .collect())
}

impl Percentiles {
    fn of(histogram: &Histogram<u64>) -> Percentiles {
        let most = histogram.len().max(1) as f64;
        let steps = (most.log10() * PER_DECADE).ceil() as u32;
        let on_curve = (0..=steps).map(|step| 10f64.powf(f64::from(step) / PER_DECADE));
        let mut rarities: Vec<f64> = on_curve.chain([MEDIAN]).map(|x| x.min(most)).collect();
        rarities.sort_by(f64::total_cmp);
        rarities.dedup();
        // The rarest is the greatest: one in as many as there are.
        let quantile = |rarity: &f64| match *rarity < most {
            true => 1.0 - 1.0 / rarity,
            false => 1.0,
        };
        let at = |rarity: &f64| histogram.value_at_quantile(quantile(rarity));
        Percentiles {
            values: rarities.iter().map(at).collect(),
            rarity: rarities,
            is_constant: histogram.equivalent(histogram.min(), histogram.max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::V2DeflateSerializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
    use std::time::Duration;

    #[test]
    fn intervals_of_one_name_are_added_up() {
        let mut log = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let mut writer = IntervalLogWriterBuilder::new()
            .begin_log_with(&mut log, &mut serializer)
            .unwrap();
        // 1 to 1000 in ten intervals, and ten times the same under another name.
        for part in 0..10u64 {
            let mut various: Histogram<u64> = Histogram::new(3).unwrap();
            (1..=100).for_each(|i| various.record(part * 100 + i).unwrap());
            let mut constant: Histogram<u64> = Histogram::new(3).unwrap();
            constant.record_n(7, 5).unwrap();
            for (tag, histogram) in [("various", &various), ("constant", &constant)] {
                let start = Duration::from_secs(part);
                let length = Duration::from_secs(1);
                writer
                    .write_histogram(histogram, start, length, Tag::new(tag))
                    .unwrap();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        std::fs::write(&path, &log).unwrap();
        let found = percentiles(&path).unwrap();
        let various = &found["various"];
        assert_eq!(various.rarity.first(), Some(&1.0));
        assert_eq!(various.rarity.last(), Some(&1000.0));
        assert_eq!(various.values.first(), Some(&1));
        assert_eq!(various.values.last(), Some(&1000));
        let tenth = various
            .rarity
            .iter()
            .position(|&r| (r - 10.0).abs() < 1e-9)
            .unwrap();
        assert_eq!(various.values[tenth], 900);
        assert!(!various.is_constant);
        assert!(found["constant"].is_constant);
        assert_eq!(found["constant"].rarity.last(), Some(&50.0));
    }

    #[test]
    fn a_damaged_log_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        std::fs::write(&path, "Tag=a,0.0,1.0,2.0,garbage!\n").unwrap();
        assert!(matches!(
            percentiles(&path),
            Err(ReportError::Damaged { .. })
        ));
    }
}
