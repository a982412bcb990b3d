//! Where values stand along an axis.

use serde::Serialize;

/// How values spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scale {
    /// The value at the left or the bottom end.
    pub from: f64,
    /// The value at the right or the top end; less than `from` where values grow to the left or
    /// down.
    pub to: f64,
    /// Whether equal distances are equal ratios; both ends are above 0 then.
    pub is_log: bool,
}

impl Scale {
    /// From one value to another, equal distances being equal differences.
    pub fn linear(from: f64, to: f64) -> Scale {
        Scale {
            from,
            to,
            is_log: false,
        }
    }

    /// Whether a value has a place, if perhaps beyond the ends.
    pub(super) fn holds(&self, value: f64) -> bool {
        value.is_finite() && (!self.is_log || value > 0.0)
    }

    /// Where a value stands: 0 at `from`, 1 at `to`, beyond them below 0 and above 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        if self.is_log {
            (value.ln() - self.from.ln()) / (self.to.ln() - self.from.ln())
        } else {
            // Halves, for the difference of two numbers may be too large for a number.
            (value / 2.0 - self.from / 2.0) / (self.to / 2.0 - self.from / 2.0)
        }
    }

    /// The scale that `values` fill with some room at their ends; those without a place count
    /// nothing.
    pub(super) fn around(values: impl Iterator<Item = f64>, is_log: bool, room: f64) -> Scale {
        let all = Scale {
            from: 1.0,
            to: 10.0,
            is_log,
        };
        let ends = values.filter(|v| all.holds(*v)).fold(None, |ends, v| {
            let (least, greatest) = ends.unwrap_or((v, v));
            Some((v.min(least), v.max(greatest)))
        });
        let Some((least, greatest)) = ends else {
            let from = if is_log { 0.1 } else { 0.0 };
            return Scale {
                from,
                to: 1.0,
                is_log,
            };
        };
        if is_log {
            Scale::log_around(least, greatest, room)
        } else {
            Scale::linear_around(least, greatest, room)
        }
    }

    /// The scale that most of `values` fill: on a log scale, all but those that lie far out, more
    /// than three times the distance of the quartiles (J. W. Tukey, "Exploratory data analysis",
    /// 1977) and a power of ten beyond a quartile. One run that diverges leaves the others apart.
    pub(super) fn around_most(values: &[f64], is_log: bool) -> Scale {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        if is_log {
            sorted.retain(|v| *v > 0.0);
            sorted.sort_by(f64::total_cmp);
            if let (Some(lower), Some(upper)) = (
                sorted.get(sorted.len() / 4),
                sorted.get(sorted.len() * 3 / 4),
            ) {
                let (lower, upper) = (lower.log10(), upper.log10());
                let reach = 3.0 * (upper - lower) + 1.0;
                sorted.retain(|v| (lower - reach..=upper + reach).contains(&v.log10()));
            }
        }
        Scale::around(sorted.into_iter(), is_log, 0.0)
    }

    fn log_around(least: f64, greatest: f64, room: f64) -> Scale {
        let span = greatest.log10() - least.log10();
        let pad = if span < 1e-6 { 0.2 } else { span * room };
        let factor = 10f64.powf(pad);
        let lowest = f64::MIN_POSITIVE;
        Scale {
            from: (least / factor).clamp(lowest, f64::MAX / 16.0),
            to: (greatest * factor).clamp(lowest * 16.0, f64::MAX),
            is_log: true,
        }
    }

    fn linear_around(least: f64, greatest: f64, room: f64) -> Scale {
        let size = least.abs().max(greatest.abs());
        let span = greatest / 2.0 - least / 2.0;
        // Values that are one but for rounding, and a scale that can be divided.
        if span <= size * 1e-9 || span < 1e-290 {
            let pad = if size < 1e-280 { 1.0 } else { size * 0.1 };
            let to = if least == 0.0 { 1.0 } else { greatest + pad };
            let from = if least == 0.0 { 0.0 } else { least - pad };
            return Scale::linear(from.max(f64::MIN), to.min(f64::MAX));
        }
        let pad = 2.0 * span * room;
        // A quantity that is never negative starts at 0 where 0 is near.
        let from = if least >= 0.0 && least < greatest * 0.3 && room > 0.0 {
            0.0
        } else if least >= 0.0 {
            (least - pad).max(0.0)
        } else {
            (least - pad).max(f64::MIN)
        };
        Scale::linear(from, (greatest + pad).min(f64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(values: &[f64], is_log: bool) -> (f64, f64) {
        let scale = Scale::around(values.iter().copied(), is_log, 0.0);
        (scale.from, scale.to)
    }

    #[test]
    fn a_scale_reaches_from_the_least_to_the_greatest_value_that_has_a_place() {
        let values = [3.0, f64::NAN, 0.5, f64::INFINITY, -1.0, 0.0];
        assert_eq!(around(&values, false), (-1.0, 3.0));
        assert_eq!(around(&values, true), (0.5, 3.0));
    }

    #[test]
    fn a_scale_can_be_divided_whatever_it_holds() {
        let tiny = 5e-324;
        let all = [
            &[][..],
            &[0.0],
            &[7.0, 7.0],
            &[-3.0],
            &[tiny],
            &[-tiny, tiny],
            &[f64::MAX],
        ];
        for (values, is_log) in all.iter().flat_map(|v| [(v, false), (v, true)]) {
            let (from, to) = around(values, is_log);
            let scale = Scale { from, to, is_log };
            assert!(from < to && scale.place(to) == 1.0, "{values:?}: {scale:?}");
        }
        let scale = Scale::linear(f64::MIN, f64::MAX);
        assert_eq!([0.0, f64::MAX].map(|v| scale.place(v)), [0.5, 1.0]);
    }

    #[test]
    fn a_run_that_diverges_leaves_the_others_apart() {
        let values = [0.06, 0.1, 0.2, 27.0, 3e40, 0.3, 0.07, 0.0, f64::INFINITY];
        let scale = Scale::around_most(&values, true);
        assert_eq!((scale.from, scale.to), (0.06, 27.0));
        let scale = Scale::around_most(&values[..4], false);
        assert_eq!((scale.from, scale.to), (0.06, 27.0));
    }
}
