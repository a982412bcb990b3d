//! What a distribution is like as a whole: bounds, mean, median.

use super::{Distribution, Shape};
use crate::units::SimTime;
use std::f64::consts::{PI, SQRT_2};

impl Distribution {
    /// Greatest lower and least upper bound of the samples \[ms\]; none before a file is read.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        let (low, high) = self.shape.bounds()?;
        Some((self.finished(low), self.finished(high)))
    }

    /// The mean with offset and cap \[ms\], exact but for rounding; infinite where the tail is that
    /// heavy. Takes no notice of [`SimTime::MAX_MS`]. Not a number before a file is read.
    pub fn mean(&self) -> f64 {
        let cap = self.cap.unwrap_or(f64::INFINITY);
        self.offset + self.shape.mean_below(cap - self.offset)
    }

    /// The median with offset and cap \[ms\]. Not a number before a file is read.
    pub fn median(&self) -> f64 {
        let median = self.shape.median();
        if median.is_nan() {
            return median;
        }
        self.finished(median)
    }
}

impl Shape {
    /// The bounds of X.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        const UNBOUNDED: f64 = f64::INFINITY;
        Some(match *self {
            Shape::Constant { value } => (value, value),
            Shape::Uniform { low, high } => (low, high),
            Shape::Normal { mean, std: 0.0 } => (mean, mean),
            Shape::Lognormal { median, sigma: 0.0 } => (median, median),
            Shape::Exponential { mean: 0.0 } | Shape::Lognormal { median: 0.0, .. } => (0.0, 0.0),
            Shape::Normal { .. } | Shape::Exponential { .. } | Shape::Lognormal { .. } => {
                (0.0, UNBOUNDED)
            }
            Shape::Pareto { scale, .. } => (scale, UNBOUNDED),
            Shape::Empirical(ref empirical) => {
                let values = empirical.values().iter().copied();
                let least = values.clone().reduce(f64::min)?;
                (least, values.fold(least, f64::max))
            }
        })
    }

    /// The mean of min(X, cap). The cap is not below the least X.
    fn mean_below(&self, cap: f64) -> f64 {
        if let Some((low, high)) = self.bounds()
            && low == high
        {
            return low.min(cap);
        }
        match *self {
            Shape::Constant { value } => value.min(cap),
            Shape::Uniform { low, high } => {
                let cap = cap.min(high);
                ((cap * cap - low * low) / 2.0 + cap * (high - cap)) / (high - low)
            }
            Shape::Normal { mean, std } => {
                let (a, b) = (-mean / std, (cap - mean) / std);
                let within = mean * (above(a) - above(b)) + std * (density(a) - density(b));
                (within + weighed(cap, above(b))) / above(a)
            }
            Shape::Exponential { mean } => -mean * (-cap / mean).exp_m1(),
            Shape::Lognormal { median, sigma } => {
                let b = (cap / median).ln() / sigma;
                let mean = median * (sigma * sigma / 2.0).exp();
                mean * above(sigma - b) + weighed(cap, above(b))
            }
            Shape::Pareto { scale, shape } => {
                // scale + ∫ (scale/x)^shape dx from scale to cap.
                let (excess, room) = (shape - 1.0, (cap / scale).ln());
                let tail = match excess {
                    0.0 => room,
                    _ => -(-excess * room).exp_m1() / excess,
                };
                scale * (1.0 + tail)
            }
            Shape::Empirical(ref empirical) => {
                let values = empirical.values();
                values.iter().map(|x| x.min(cap)).sum::<f64>() / values.len() as f64
            }
        }
    }

    /// The median of X.
    fn median(&self) -> f64 {
        match *self {
            Shape::Constant { value } => value,
            Shape::Uniform { low, high } => low + (high - low) / 2.0,
            Shape::Normal { mean, std: 0.0 } => mean,
            Shape::Normal { mean, std } => {
                let half = above(-mean / std) / 2.0;
                let (mut low, mut high) = (0.0, mean.max(0.0) + 2.0 * std);
                // Each step halves the interval, until no number lies between its ends.
                for _ in 0..100 {
                    let middle = low + (high - low) / 2.0;
                    match above((middle - mean) / std) > half {
                        true => low = middle,
                        false => high = middle,
                    }
                }
                low
            }
            Shape::Exponential { mean } => mean * std::f64::consts::LN_2,
            Shape::Lognormal { median, .. } => median,
            Shape::Pareto { scale, shape } => (scale * (1.0 / shape).exp2()).min(SimTime::MAX_MS),
            Shape::Empirical(ref empirical) => {
                let mut values = empirical.values().to_vec();
                values.sort_unstable_by(f64::total_cmp);
                let middle = |half: usize| values.get(half).copied().unwrap_or(f64::NAN);
                let n = values.len();
                (middle(n.saturating_sub(1) / 2) + middle(n / 2)) / 2.0
            }
        }
    }
}

/// The probability that a standard normal variable exceeds x.
fn above(x: f64) -> f64 {
    libm::erfc(x / SQRT_2) / 2.0
}

/// The density of a standard normal variable at x.
fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * PI).sqrt()
}

/// A value times its probability; nothing where the probability is 0, even of infinity.
fn weighed(value: f64, probability: f64) -> f64 {
    if probability == 0.0 {
        return 0.0;
    }
    value * probability
}
