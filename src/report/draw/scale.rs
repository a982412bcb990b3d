//! Where values stand along an axis.

/// How values spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
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
