//! Mean and quantiles of one quantity over a set of agents.

/// Mean, extremes and quartiles of the values that exist.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Spread {
    /// Sum in the order given, divided by the count: the same on every run.
    pub mean: f64,
    /// The smallest value.
    pub min: f64,
    /// Lower quartile.
    pub q25: f64,
    /// The middle.
    pub median: f64,
    /// Upper quartile.
    pub q75: f64,
    /// The largest value.
    pub max: f64,
}

impl Spread {
    /// The spread of nothing.
    pub const ABSENT: Self = Self {
        mean: f64::NAN,
        min: f64::NAN,
        q25: f64::NAN,
        median: f64::NAN,
        q75: f64::NAN,
        max: f64::NAN,
    };

    /// The spread of `values`, in which NaN stands for an absent value. `scratch` is overwritten;
    /// its room is used again.
    ///
    /// Quantiles are interpolated linearly between neighbors, numpy's default. An infinite
    /// neighbor makes the quantile infinite, where numpy may answer NaN.
    pub fn of(values: &[f64], scratch: &mut Vec<f64>) -> Self {
        scratch.clear();
        let mut sum = 0.0;
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.iter().copied().filter(|v| !v.is_nan()) {
            sum += value;
            min = if value.total_cmp(&min).is_lt() {
                value
            } else {
                min
            };
            max = if value.total_cmp(&max).is_gt() {
                value
            } else {
                max
            };
            scratch.push(value);
        }
        if scratch.is_empty() {
            return Self::ABSENT;
        }
        let last = scratch.len() - 1;
        arrange(scratch);
        let quantile = |quarters: usize| {
            let low = last * quarters / 4;
            let part = (last * quarters % 4) as f64 / 4.0;
            between(scratch[low], scratch[(low + 1).min(last)], part)
        };
        Self {
            mean: sum / scratch.len() as f64,
            min,
            q25: quantile(1),
            median: quantile(2),
            q75: quantile(3),
            max,
        }
    }

    /// The six numbers in the order of the fields.
    pub fn to_array(self) -> [f64; 6] {
        [
            self.mean,
            self.min,
            self.q25,
            self.median,
            self.q75,
            self.max,
        ]
    }
}

/// Up to here sorting takes less time than selecting.
const SORTED: usize = 32;

/// Puts the quartiles and their upper neighbors where sorting would put them.
fn arrange(values: &mut [f64]) {
    if values.len() <= SORTED {
        values.sort_unstable_by(f64::total_cmp);
        return;
    }
    let last = values.len() - 1;
    let [lower, middle, upper] = [last / 4, last / 2, last * 3 / 4];
    settle(values, middle);
    settle(&mut values[..middle], lower);
    settle(&mut values[middle + 2..], upper - (middle + 2));
}

/// Puts the value at `at` and the next one where sorting would put them, and smaller values
/// before them.
fn settle(values: &mut [f64], at: usize) {
    let (_, _, above) = values.select_nth_unstable_by(at, f64::total_cmp);
    above.select_nth_unstable_by(0, f64::total_cmp);
}

/// The value between two neighbors, by numpy's formula, and infinite where one of them is.
fn between(low: f64, high: f64, part: f64) -> f64 {
    if part == 0.0 || low == high || low.is_infinite() {
        low
    } else if high.is_infinite() {
        high
    } else if part < 0.5 {
        low + (high - low) * part
    } else {
        high - (high - low) * (1.0 - part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> [f64; 6] {
        Spread::of(values, &mut Vec::new()).to_array()
    }

    /// Values without an order, the same on every run.
    fn noise(count: usize) -> Vec<f64> {
        (0..count as u64)
            .map(|i| ((i * 7919 + 13) % 1009) as f64 / 7.0)
            .collect()
    }

    /// The obvious way: sort everything, then interpolate.
    fn sorted(values: &[f64]) -> [f64; 6] {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let place = q * (sorted.len() - 1) as f64;
            let (low, high) = (place.floor() as usize, place.ceil() as usize);
            between(sorted[low], sorted[high], place.fract())
        };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        [
            mean,
            quantile(0.0),
            quantile(0.25),
            quantile(0.5),
            quantile(0.75),
            quantile(1.0),
        ]
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        // [x.mean(), *numpy.quantile(x, [0, .25, .5, .75, 1])]
        assert_eq!(spread(&[3.0]), [3.0; 6]);
        assert_eq!(spread(&[2.0, 1.0]), [1.5, 1.0, 1.25, 1.5, 1.75, 2.0]);
        assert_eq!(
            spread(&[0.1, 2.5, -3.0, 7.25, 1.0]),
            [1.5699999999999998, -3.0, 0.1, 1.0, 2.5, 7.25]
        );
        assert_eq!(
            spread(&[0.3, 0.1, 0.7, 1.9]),
            [0.75, 0.1, 0.25, 0.5, 1.0, 1.9]
        );
        assert_eq!(
            spread(&noise(100)),
            [
                70.18857142857144,
                0.14285714285714285,
                34.67857142857143,
                70.71428571428572,
                106.0,
                141.28571428571428
            ]
        );
    }

    #[test]
    fn selecting_finds_what_sorting_finds() {
        for count in 1..300 {
            let values = noise(count);
            assert_eq!(spread(&values), sorted(&values), "{count} values");
            let ties: Vec<f64> = values.iter().map(|v| (v / 50.0).floor()).collect();
            assert_eq!(spread(&ties), sorted(&ties), "{count} values with ties");
        }
    }

    #[test]
    fn absent_values_do_not_count() {
        let some = [f64::NAN, 4.0, f64::NAN, 2.0];
        assert_eq!(spread(&some), [3.0, 2.0, 2.5, 3.0, 3.5, 4.0]);
        assert!(spread(&[f64::NAN]).iter().all(|v| v.is_nan()));
        assert!(spread(&[]).iter().all(|v| v.is_nan()));
    }

    #[test]
    fn what_diverged_is_infinite_and_not_absent() {
        let inf = f64::INFINITY;
        assert_eq!(
            spread(&[inf, 1.0, 2.0, inf]),
            [inf, 1.0, 1.75, inf, inf, inf]
        );
        assert_eq!(spread(&[inf; 3]), [inf; 6]);
    }
}
