//! An axis as it is drawn: its scale and what is marked along it.

use super::scale::Scale;
use super::text::{self, number, power_of_ten};
use crate::report::Axis;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// A scale with its ticks. The plotting crate places by it.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    pub(super) scale: Scale,
    /// Values with a label, ascending.
    pub(super) ticks: Vec<(f64, String)>,
    /// Values between them that are marked without one.
    pub(super) between: Vec<f64>,
}

impl Ruler {
    /// A ruler over `scale`: the axis' own ticks, or about `most` that read well.
    pub(super) fn new(axis: &Axis, scale: Scale, most: usize) -> Ruler {
        let mut ruler = Ruler {
            scale,
            ticks: Vec::new(),
            between: Vec::new(),
        };
        if !axis.ticks.is_empty() {
            let own = axis.ticks.iter().filter(|(v, _)| ruler.is_within(*v));
            ruler.ticks = own.map(|(v, t)| (*v, text::fit(t, 12.0))).collect();
        } else if scale.is_log {
            ruler.mark_ratios(most);
        } else {
            ruler.mark_differences(most);
        }
        ruler
    }

    /// A scale without ticks.
    pub(super) fn blank(scale: Scale) -> Ruler {
        Ruler {
            scale,
            ticks: Vec::new(),
            between: Vec::new(),
        }
    }

    fn is_within(&self, value: f64) -> bool {
        self.scale.holds(value) && (-1e-9..=1.0 + 1e-9).contains(&self.scale.place(value))
    }

    /// Ticks at multiples of 1, 2 or 5 times a power of ten.
    fn mark_differences(&mut self, most: usize) {
        let (from, to) = (self.scale.from, self.scale.to);
        let rough = (to / 2.0 - from / 2.0) / (most.max(1) as f64 / 2.0);
        let exponent = rough.log10().floor();
        if !exponent.is_finite() {
            return;
        }
        let exponent = exponent as i32;
        let Some(step) = [(1, 0), (2, 0), (5, 0), (1, 1)]
            .into_iter()
            .map(|(digit, up)| decimal(digit, exponent + up))
            .find(|step| *step >= rough * 0.999)
        else {
            return;
        };
        // An end that is a multiple but for rounding is one.
        let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
        let count = last - first;
        if !(0.0..=100.0).contains(&count) {
            return;
        }
        // Digits that tell neighbors apart.
        let greatest = from.abs().max(to.abs());
        let digits = (greatest / step).log10().floor() as usize + 2;
        for k in 0..=count as usize {
            let value = (first + k as f64) * step;
            let label = number(value, digits.min(12));
            if value.is_finite() && self.ticks.last().is_none_or(|(_, last)| *last != label) {
                self.ticks.push((value, label));
            }
        }
    }

    /// Ticks at powers of ten; within few of them, at their multiples.
    fn mark_ratios(&mut self, most: usize) {
        let (least, greatest) = (self.scale.from.log10(), self.scale.to.log10());
        if greatest - least < 1.4 {
            let (from, to) = (least.floor() as i32, greatest.ceil() as i32);
            let multiples: &[u32] = if greatest - least < 0.7 {
                &[1, 2, 3, 4, 5, 6, 7, 8, 9]
            } else {
                &[1, 2, 5]
            };
            let values = (from..=to).flat_map(|e| multiples.iter().map(move |m| decimal(*m, e)));
            let within: Vec<f64> = values.filter(|v| self.is_within(*v)).collect();
            if within.len() >= 3 {
                let label = |v: f64| (v, number(v, 3));
                self.ticks = within.into_iter().map(label).collect();
            } else {
                self.mark_differences(most);
            }
            return;
        }
        let exponents = least.ceil() as i32..=greatest.floor() as i32;
        let stride = exponents.clone().count().div_ceil(most.max(1)) as i32;
        // As they are written by hand, unless they are many zeros.
        let is_plain = *exponents.start() >= -3 && *exponents.end() <= 3;
        for exponent in exponents.clone() {
            let value = decimal(1, exponent);
            if exponent.rem_euclid(stride) != 0 {
                self.between.push(value);
            } else if is_plain {
                self.ticks.push((value, number(value, 1)));
            } else {
                self.ticks.push((value, power_of_ten(exponent)));
            }
        }
        if stride == 1 {
            for exponent in exponents.start() - 1..=*exponents.end() {
                let multiples = (2..10).map(|m| decimal(m, exponent));
                let within: Vec<f64> = multiples.filter(|v| self.is_within(*v)).collect();
                self.between.extend(within);
            }
        }
    }
}

/// `digit` times 10 to the power of `exponent`, as near as a number can be.
fn decimal(digit: u32, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().unwrap_or(f64::NAN)
}

impl Ranged for Ruler {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let place = self.scale.place(*value);
        let at = f64::from(limit.0) + place * f64::from(limit.1 - limit.0);
        at.round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            self.between.clone()
        } else {
            self.ticks.iter().map(|(value, _)| *value).collect()
        }
    }

    fn range(&self) -> Range<f64> {
        self.scale.from..self.scale.to
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(v, _)| v == value);
        tick.map_or_else(String::new, |(_, label)| label.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: f64, to: f64, is_log: bool) -> String {
        let ruler = Ruler::new(&Axis::default(), Scale { from, to, is_log }, 6);
        let labels: Vec<String> = ruler.ticks.into_iter().map(|(_, label)| label).collect();
        labels.join(" ")
    }

    #[test]
    fn ticks_are_numbers_that_read_well() {
        assert_eq!(labels(0.0, 1.0, false), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(labels(0.0, 499.0, false), "0 100 200 300 400");
        assert_eq!(labels(-0.013, 0.031, false), "−0.01 0 0.01 0.02 0.03");
        assert_eq!(
            labels(1e6, 1e6 + 4.0, false),
            "10⁶ 1.000001×10⁶ 1.000002×10⁶ 1.000003×10⁶ 1.000004×10⁶"
        );
    }

    #[test]
    fn ticks_of_a_log_axis_are_powers_of_ten_where_it_spans_some() {
        assert_eq!(labels(0.03, 600.0, true), "0.1 1 10 100");
        assert_eq!(labels(3e-9, 2e4, true), "10⁻⁶ 10⁻³ 10⁰ 10³");
        assert_eq!(labels(9.0, 130.0, true), "10 20 50 100");
        assert_eq!(labels(1.2, 1.4, true), "1.2 1.25 1.3 1.35 1.4");
    }

    #[test]
    fn an_axis_keeps_ticks_of_its_own() {
        let axis = Axis {
            ticks: [(1.0, "0 %"), (2.0, "50 %"), (1e9, "beyond")]
                .map(|(v, t)| (v, t.into()))
                .into(),
            ..Axis::default()
        };
        let scale = Scale {
            from: 1.0,
            to: 100.0,
            is_log: true,
        };
        let ruler = Ruler::new(&axis, scale, 6);
        assert_eq!(ruler.ticks, axis.ticks[..2]);
        assert_eq!(ruler.format_ext(&2.0), "50 %");
    }
}
