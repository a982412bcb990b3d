//! Random durations: delays of messages, compute times, times that agents stay up or down.
//!
//! A sample is X of its kind, plus the offset, at most the cap, in milliseconds, and never beyond
//! [`SimTime::MAX_MS`]. What is drawn comes from the stream that the caller opens, so that one
//! more sample here changes nothing elsewhere.
//!
//! | kind | keys | X |
//! |---|---|---|
//! | `constant` | `value`; a bare number for short | `value` |
//! | `uniform` | `low`, `high` | low + (high − low)·U |
//! | `normal` | `mean`, `std` | mean + std·N, drawn anew until ≥ 0 |
//! | `exponential` | `mean` | mean·E |
//! | `lognormal` | `median`, `sigma` | median·exp(sigma·N) |
//! | `pareto` | `scale`, `shape` | scale / (1 − U)^(1/shape) |
//! | `empirical` | `path`, `order` | one of a file's values |
//!
//! U is uniform in \[0, 1), N standard normal, E exponential of mean 1.

mod empirical;
mod moments;
mod settings;

#[cfg(test)]
mod tests;

use empirical::Empirical;
use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};
use std::path::Path;

use crate::rng::Key;
use crate::settings::Span;
use crate::units::SimTime;

pub use settings::catalogue;

/// How a duration is distributed \[ms\].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    shape: Shape,
    /// Added to every sample \[ms\].
    offset: f64,
    /// The longest sample \[ms\].
    cap: Option<f64>,
}

/// The kinds with their parameters; times in ms.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Constant { value: f64 },
    Uniform { low: f64, high: f64 },
    Normal { mean: f64, std: f64 },
    Exponential { mean: f64 },
    Lognormal { median: f64, sigma: f64 },
    Pareto { scale: f64, shape: f64 },
    Empirical(Box<Empirical>),
}

impl Default for Shape {
    /// A placeholder: constant 0.
    fn default() -> Shape {
        Shape::Constant { value: 0.0 }
    }
}

/// Why a file of durations cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct DistributionError {
    /// Where the settings name the file.
    pub span: Span,
    /// What is wrong, with file and line.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Distribution {
    /// Always `ms` milliseconds.
    pub fn constant(ms: f64) -> Distribution {
        Shape::Constant { value: ms }.into()
    }

    /// The value where it never varies \[ms\]: that of a constant, and of others that cannot vary.
    pub fn fixed(&self) -> Option<f64> {
        let (least, most) = self.bounds()?;
        (least == most).then_some(least)
    }

    /// The greatest lower bound of the samples \[ms\].
    pub fn least(&self) -> f64 {
        self.bounds().map_or(0.0, |(least, _)| least)
    }

    /// Whether a sample draws anything: false for constants and sequences.
    pub fn needs_stream(&self) -> bool {
        match &self.shape {
            Shape::Constant { .. } => false,
            Shape::Empirical(empirical) => !empirical.is_sequence(),
            _ => true,
        }
    }

    /// The `nth` sample where none is drawn \[ms\]: see [`Distribution::needs_stream`].
    pub fn undrawn(&self, nth: u64) -> Option<f64> {
        match &self.shape {
            Shape::Constant { value } => Some(self.finished(*value)),
            Shape::Empirical(empirical) if empirical.is_sequence() => {
                Some(self.finished(empirical.in_order(nth)))
            }
            _ => None,
        }
    }

    /// A sample \[ms\] in 0 ..= [`SimTime::MAX_MS`]. `nth` is its number, which a sequence goes by.
    ///
    /// # Panics
    /// Where a file is to be read that [`Distribution::load`] has not.
    pub fn sample(&self, stream: &mut impl Rng, nth: u64) -> f64 {
        let x = match &self.shape {
            Shape::Constant { value } => *value,
            Shape::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
            Shape::Normal { mean, std } => loop {
                let x = mean + std * stream.sample::<f64, _>(StandardNormal);
                if x >= 0.0 {
                    break x;
                }
            },
            Shape::Exponential { mean } => mean * stream.sample::<f64, _>(Exp1),
            Shape::Lognormal { median, sigma } => {
                median * (sigma * stream.sample::<f64, _>(StandardNormal)).exp()
            }
            Shape::Pareto { scale, shape } => {
                let u = 1.0 - stream.random::<f64>();
                scale / u.powf(1.0 / shape)
            }
            Shape::Empirical(empirical) => empirical.sample(stream, nth),
        };
        self.finished(x)
    }

    /// The sample under a key \[ms\]; its stream is opened only where something is drawn.
    ///
    /// # Panics
    /// As [`Distribution::sample`].
    pub fn sample_under(&self, key: Key, nth: u64) -> f64 {
        let undrawn = self.undrawn(nth);
        undrawn.unwrap_or_else(|| self.sample(&mut key.short(), nth))
    }

    /// Reads the file of an `empirical` one; `folder` is where relative paths start, the scenario
    /// file's. Others have nothing to read.
    ///
    /// # Errors
    /// A file that cannot be read, that holds nothing, or with a line that is no duration.
    pub fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        match &mut self.shape {
            Shape::Empirical(empirical) => empirical.load(folder),
            _ => Ok(()),
        }
    }

    /// X with offset and cap.
    fn finished(&self, x: f64) -> f64 {
        (x + self.offset).min(self.cap.unwrap_or(SimTime::MAX_MS))
    }
}

impl From<Shape> for Distribution {
    fn from(shape: Shape) -> Distribution {
        Distribution {
            shape,
            offset: 0.0,
            cap: None,
        }
    }
}
