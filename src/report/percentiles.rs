//! Percentile curves of whole runs, all repetitions together.

use super::ReportError;
use super::results::Point;
use crate::record::{Histograms, HistogramsError, RUN_LOG};
use hdrhistogram::Histogram;

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

/// The histograms of some runs, added up.
///
/// # Errors
/// A log that cannot be read.
pub(super) fn histograms<'a>(
    points: impl Iterator<Item = &'a Point>,
) -> Result<Histograms, ReportError> {
    let mut all = Histograms::default();
    for point in points {
        let path = point.folder.join(RUN_LOG);
        all.add(&path).map_err(|error| match error {
            HistogramsError::Unreadable(error) => ReportError::unreadable(&path)(error),
            error => ReportError::Damaged {
                path: path.clone(),
                error: error.to_string(),
            },
        })?;
    }
    Ok(all)
}

impl Percentiles {
    /// Those of a histogram.
    pub fn of(histogram: &Histogram<u64>) -> Percentiles {
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

    #[test]
    fn a_curve_goes_from_the_least_to_the_greatest_value() {
        let mut histogram: Histogram<u64> = Histogram::new(3).unwrap();
        (1..=1000).for_each(|i| histogram.record(i).unwrap());
        let various = Percentiles::of(&histogram);
        assert_eq!(various.rarity.first(), Some(&1.0));
        assert_eq!(various.rarity.last(), Some(&1000.0));
        assert_eq!(various.values.first(), Some(&1));
        assert_eq!(various.values.last(), Some(&1000));
        let is_tenth = |r: &f64| (r - 10.0).abs() < 1e-9;
        let tenth = various.rarity.iter().position(is_tenth).unwrap();
        assert_eq!(various.values[tenth], 900);
        assert!(!various.is_constant);
        let mut constant: Histogram<u64> = Histogram::new(3).unwrap();
        constant.record_n(7, 50).unwrap();
        let constant = Percentiles::of(&constant);
        assert!(constant.is_constant);
        assert_eq!(constant.rarity.last(), Some(&50.0));
    }
}
