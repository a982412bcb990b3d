//! Values of one quantity: number, range and mean, which are exact, and distribution, to 3 digits.

use crate::checkpoint::{Book, Kept, keep};
use hdrhistogram::Histogram;
use serde::Serialize;

/// Greatest value that histograms tell from greater ones: 142 years of simulated microseconds,
/// more than a scenario may name, and 52 days of nanoseconds on the wall. What lies beyond is
/// put in with it, and counted.
pub(super) const GREATEST: u64 = 1 << 52;

/// Digits to which histograms tell values apart.
pub(super) const DIGITS: u8 = 3;

/// Values by number, range, sum and distribution.
pub(super) struct Tally {
    count: u64,
    min: u64,
    max: u64,
    sum: u128,
    /// Values beyond [`GREATEST`].
    beyond: u64,
    /// Filled from the second different value on: a constant needs none, nor does the one value
    /// that many intervals have, so that emptying it for each of them costs nothing. It grows
    /// with the greatest value.
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
    /// Values beyond what histograms tell apart, which percentiles take for 2⁵² of the units in
    /// which they are counted.
    pub beyond: u64,
}

impl Tally {
    pub fn new() -> Tally {
        Tally {
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            beyond: 0,
            // The digits are fixed, and legal. It grows with its values.
            histogram: Histogram::new(DIGITS).expect("legal digits"),
        }
    }

    #[inline]
    pub fn add(&mut self, value: u64) {
        self.add_n(value, 1);
    }

    /// Adds a value so many times.
    #[inline]
    pub fn add_n(&mut self, value: u64, count: u64) {
        if count == 0 {
            return;
        }
        if value != self.min && self.is_constant() {
            self.fill(self.min, self.count);
        }
        self.count += count;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += u128::from(value) * u128::from(count);
        if value > GREATEST {
            self.beyond += count;
        }
        if !self.is_constant() {
            self.fill(value, count);
        }
    }

    /// Adds all values of another one.
    pub fn absorb(&mut self, other: &Tally) {
        if other.is_constant() {
            self.add_n(other.min, other.count);
            return;
        }
        if self.is_constant() {
            self.fill(self.min, self.count);
        }
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.beyond += other.beyond;
        let added = self.histogram.add(&other.histogram);
        added.expect("it grows with its values");
    }

    /// The same values in a histogram whose size, which shows in logs, depends on them alone and not
    /// on how they were added.
    pub fn repacked(&self) -> Tally {
        let mut same = Tally::new();
        for at in self.histogram.iter_recorded() {
            same.fill(at.value_iterated_to(), at.count_at_value());
        }
        Tally {
            histogram: same.histogram,
            ..*self
        }
    }

    /// Keeps all of it.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        // Its size, a power of two, shows in logs, and it does not shrink when it is emptied.
        let mut greatest = self.histogram.high();
        let values = self.histogram.iter_recorded();
        let mut values: Vec<(u64, u64)> = values
            .map(|at| (at.value_iterated_to(), at.count_at_value()))
            .collect();
        book.value(&mut greatest)?;
        book.value(&mut values)?;
        if book.reads() {
            *self = Tally::new();
            self.fill(greatest / 2 + 1, 1);
            self.histogram.reset();
            values
                .iter()
                .for_each(|&(value, count)| self.fill(value, count));
        }
        keep!(book: self.count, self.min, self.max, self.sum, self.beyond)
    }

    fn fill(&mut self, value: u64, count: u64) {
        if count > 0 {
            let recorded = self.histogram.record_n(value.min(GREATEST), count);
            recorded.expect("it grows with its values");
        }
    }

    /// Whether no two different values were added: then the histogram is empty.
    #[inline]
    fn is_constant(&self) -> bool {
        self.min >= self.max
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        if !self.is_constant() {
            self.histogram.reset();
        }
        (self.count, self.min, self.max) = (0, u64::MAX, 0);
        (self.sum, self.beyond) = (0, 0);
    }

    /// What was added, as an interval log takes it.
    pub fn content(&self) -> Content<'_> {
        match self.count {
            0 => Content::Nothing,
            count if self.is_constant() => Content::Constant(self.min.min(GREATEST), count),
            _ => Content::Various(&self.histogram),
        }
    }

    /// The percentiles, with `unit` of the units in which values are counted to one in which
    /// they are told.
    ///
    /// A percentile is what readers of the histogram say, the greatest value in its class, but
    /// never more than the greatest of all. Its rank is the share of the number of values,
    /// rounded to the nearest.
    pub fn percentiles(&self, unit: f64) -> Percentiles {
        if self.count == 0 {
            return Percentiles::NONE;
        }
        let told = |value: u64| value as f64 / unit;
        let max = self.max;
        let [p50, p90, p99, p999] = if self.is_constant() {
            [max; 4]
        } else {
            quantiles(&self.histogram, self.count).map(|value| value.min(max))
        };
        Percentiles {
            count: self.count,
            min: told(self.min),
            mean: self.sum as f64 / self.count as f64 / unit,
            p50: told(p50),
            p90: told(p90),
            p99: told(p99),
            p999: told(p999),
            max: told(max),
            beyond: self.beyond,
        }
    }
}

/// The 50th, 90th, 99th and 99.9th percentile of a histogram of `count` values: the greatest value
/// in the class of the one whose rank is the share of the number, rounded to the nearest.
pub(super) fn quantiles(histogram: &Histogram<u64>, count: u64) -> [u64; 4] {
    let rank = |percent: f64| ((percent * count as f64 / 100.0 + 0.5) as u64).max(1);
    // Half a rank below it: the histogram rounds ranks up.
    let share = |percent: f64| (rank(percent) as f64 - 0.5) / count as f64;
    let shares = [50.0, 90.0, 99.0, 99.9].map(share);
    let mut values = histogram.value_at_quantiles(shares);
    shares.map(|_| values.next().unwrap_or_else(|| histogram.max()))
}

/// What a tally holds.
pub(super) enum Content<'a> {
    /// No value.
    Nothing,
    /// One value, so many times.
    Constant(u64, u64),
    /// Different values.
    Various(&'a Histogram<u64>),
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
        beyond: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::new();
        values.into_iter().for_each(|value| tally.add(value));
        tally
    }

    /// Values without an order, of very different size.
    fn noise(count: u64) -> impl Iterator<Item = u64> + Clone {
        (0..count).map(|i| ((i * 7919 + 13) % 1009).pow(1 + (i % 3) as u32))
    }

    fn told(p: &Percentiles) -> [f64; 7] {
        [p.min, p.mean, p.p50, p.p90, p.p99, p.p999, p.max]
    }

    #[test]
    fn a_constant_is_told_exactly() {
        for count in [1, 500] {
            let p = tally(std::iter::repeat_n(10_001, count)).percentiles(1000.0);
            assert_eq!(p.count, count as u64);
            assert_eq!(told(&p), [10.001; 7]);
        }
    }

    /// `check` says so.
    #[test]
    fn percentiles_of_few_values_are_the_maximum() {
        let of = |count: u64| tally(1..=count).percentiles(1.0);
        assert_eq!((of(5).p90, of(50).p99, of(500).p999), (5.0, 50.0, 500.0));
        assert_eq!((of(6).p90, of(51).p99, of(501).p999), (5.0, 50.0, 500.0));
    }

    #[test]
    fn range_and_mean_are_exact_and_percentiles_have_three_digits_within_the_range() {
        let values = || (0..1000).map(|i| 1_000_003 + 7_001 * i);
        let p = tally(values()).percentiles(1000.0);
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
    fn ranks_are_rounded_to_the_nearest() {
        // 90 % of 7 is 6.3, 90 % of 5 is 4.5.
        assert_eq!(tally(1..=7).percentiles(1.0).p90, 6.0);
        assert_eq!(tally(1..=5).percentiles(1.0).p90, 5.0);
        assert_eq!(tally(1..=2).percentiles(1.0).p50, 1.0);
    }

    #[test]
    fn the_values_before_the_second_different_one_count_too() {
        let p = tally([500, 500, 500, 900]).percentiles(1000.0);
        assert_eq!((p.min, p.p50, p.max), (0.5, 0.5, 0.9));
        assert_eq!(p.mean, 0.6);
    }

    #[test]
    fn a_value_many_times_is_the_value_that_many_times() {
        let mut runs = Tally::new();
        for (value, count) in [(5, 2), (0, 0), (5, 1), (7_000_000, 4), (5, 3)] {
            runs.add_n(value, count);
        }
        let single = tally([5, 5, 5, 7_000_000, 7_000_000, 7_000_000, 7_000_000, 5, 5, 5]);
        assert_eq!(told(&runs.percentiles(1.0)), told(&single.percentiles(1.0)));
    }

    #[test]
    fn intervals_come_to_what_all_values_come_to() {
        let parts: [Vec<u64>; 5] = [
            vec![],
            vec![3, 3],
            noise(300).collect(),
            vec![3],
            noise(20).map(|v| v * 1_000_003).collect(),
        ];
        for first in 0..parts.len() {
            let mut run = Tally::new();
            for part in &parts[first..] {
                run.absorb(&tally(part.iter().copied()));
            }
            let all = tally(parts[first..].iter().flatten().copied());
            let (run, all) = (run.percentiles(1.0), all.percentiles(1.0));
            assert_eq!(run.count, all.count);
            assert_eq!(told(&run), told(&all));
        }
    }

    #[test]
    fn repacked_values_are_logged_alike_however_they_were_added() {
        let parts = [vec![3, 5_000_000, 7], vec![12, 900]];
        let mut absorbed = Tally::new();
        parts
            .iter()
            .for_each(|part| absorbed.absorb(&tally(part.iter().copied())));
        let direct = tally(parts.iter().flatten().copied());
        let [absorbed, direct] = [absorbed, direct].map(|tally| tally.repacked());
        assert_eq!(absorbed.histogram.high(), direct.histogram.high());
        let [a, b] = [&absorbed, &direct].map(|tally| tally.percentiles(1.0));
        assert_eq!((a.count, told(&a)), (b.count, told(&b)));
        assert_eq!(told(&a)[6], 5_000_000.0);
    }

    #[test]
    fn what_lies_beyond_is_counted_and_the_greatest_value_exact() {
        let p = tally([1, u64::MAX, u64::MAX - 1]).percentiles(1.0);
        assert_eq!((p.beyond, p.max), (2, u64::MAX as f64));
        assert!(p.p50 >= GREATEST as f64 && p.p50 < 1.001 * GREATEST as f64);
        assert_eq!(tally([GREATEST, 1]).percentiles(1.0).beyond, 0);
        let constant = tally([u64::MAX; 3]);
        assert_eq!(constant.percentiles(1.0).beyond, 3);
        assert!(matches!(constant.content(), Content::Constant(GREATEST, 3)));
    }

    #[test]
    fn an_interval_begins_empty() {
        let mut tally = tally([1, 2, 3]);
        tally.clear();
        assert_eq!(tally.percentiles(1000.0).count, 0);
        assert!(tally.percentiles(1000.0).p50.is_nan());
        tally.add(4_000);
        tally.add(6_000);
        let p = tally.percentiles(1000.0);
        assert_eq!((p.count, p.min, p.mean, p.max), (2, 4.0, 5.0, 6.0));
    }
}
