//! The interval of numbers that a key takes.

use serde_json::{Value, json};

/// An interval of numbers, closed or open at either end; all numbers by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub(super) low: f64,
    pub(super) low_open: bool,
    pub(super) high: f64,
    pub(super) high_open: bool,
}

/// A bound in few characters.
fn short(bound: f64) -> String {
    match bound.abs() {
        size if size >= 1e15 => format!("{bound:.2e}"),
        size if size > 1e9 => format!("{bound:e}"),
        _ => bound.to_string(),
    }
}

/// A bound as JSON writes it, whole numbers without a point.
fn number(bound: f64) -> Value {
    if bound.fract() == 0.0 && bound.abs() < 1e15 {
        json!(bound as i64)
    } else {
        json!(bound)
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds::ALL
    }
}

impl Bounds {
    /// All numbers.
    pub const ALL: Bounds = Bounds {
        low: f64::NEG_INFINITY,
        low_open: true,
        high: f64::INFINITY,
        high_open: true,
    };

    /// Whether a number lies in it.
    pub fn contains(&self, x: f64) -> bool {
        let above = if self.low_open {
            x > self.low
        } else {
            x >= self.low
        };
        let below = if self.high_open {
            x < self.high
        } else {
            x <= self.high
        };
        above && below
    }

    /// In words, as `in [0, 1]`; empty for all numbers.
    pub fn in_words(&self) -> String {
        let low = if self.low_open { '(' } else { '[' };
        let high = if self.high_open { ')' } else { ']' };
        match (self.low.is_finite(), self.high.is_finite()) {
            (false, false) => String::new(),
            (true, false) if self.low_open => format!("above {}", short(self.low)),
            (true, false) => format!("at least {}", short(self.low)),
            (false, true) if self.high_open => format!("below {}", short(self.high)),
            (false, true) => format!("at most {}", short(self.high)),
            (true, true) => format!("in {low}{}, {}{high}", short(self.low), short(self.high)),
        }
    }

    /// The part of it from `low` to `high`, both included.
    pub fn within(mut self, low: f64, high: f64) -> Bounds {
        if self.low < low {
            (self.low, self.low_open) = (low, false);
        }
        if self.high > high {
            (self.high, self.high_open) = (high, false);
        }
        self
    }

    /// The JSON Schema of a number of this JSON type in it.
    pub(super) fn schema(&self, json_type: &str) -> Value {
        let mut schema = json!({ "type": json_type });
        if self.low.is_finite() {
            let word = ["minimum", "exclusiveMinimum"][usize::from(self.low_open)];
            schema[word] = number(self.low);
        }
        if self.high.is_finite() {
            let word = ["maximum", "exclusiveMaximum"][usize::from(self.high_open)];
            schema[word] = number(self.high);
        }
        schema
    }
}
