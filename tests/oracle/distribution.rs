//! Times that are drawn [ms].

use byzsim::rng::Stream;
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, StandardNormal};
use serde::Deserialize;
use std::path::Path;

/// Whole microseconds of so many milliseconds; negative ones are 0.
pub fn us(ms: f64) -> u64 {
    (ms * 1000.0).round() as u64
}

/// What stands in a scenario: a number or a table.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Table(Box<Keys>),
}

#[derive(Clone, Deserialize)]
struct Keys {
    #[serde(flatten)]
    shape: Shape,
    #[serde(default)]
    offset: f64,
    cap: Option<f64>,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Shape {
    Constant {
        value: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    Exponential {
        mean: f64,
    },
    Lognormal {
        median: f64,
        sigma: f64,
    },
    Pareto {
        scale: f64,
        shape: f64,
    },
    Empirical {
        path: String,
        #[serde(default)]
        order: Order,
        #[serde(skip)]
        values: Vec<f64>,
    },
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    #[default]
    Random,
    Sequence,
}

/// A distribution of times [ms].
#[derive(Clone)]
pub struct Distribution(Keys);

impl Distribution {
    /// Reads one, and the file of an empirical one.
    pub fn read(value: toml::Value, folder: &Path) -> Distribution {
        let written = value.clone().try_into();
        let written: Written = written.unwrap_or_else(|e| panic!("{value}: {e}"));
        let mut keys = match written {
            Written::Number(value) => return Distribution::constant(value),
            Written::Table(keys) => *keys,
        };
        if let Shape::Empirical { path, values, .. } = &mut keys.shape {
            let text = std::fs::read_to_string(folder.join(path)).expect("a file of times");
            let bare = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
            let number = |line: String| line.parse().ok();
            *values = text.lines().map(bare).filter_map(number).collect();
        }
        Distribution(keys)
    }

    pub fn constant(value: f64) -> Distribution {
        Distribution(Keys {
            shape: Shape::Constant { value },
            offset: 0.0,
            cap: None,
        })
    }

    /// The n-th sample [ms].
    pub fn sample(&self, stream: &mut Stream, nth: u64) -> f64 {
        let normal = |stream: &mut Stream| -> f64 { StandardNormal.sample(stream) };
        let x = match &self.0.shape {
            Shape::Constant { value } => *value,
            Shape::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
            Shape::Normal { mean, std } => loop {
                let x = mean + std * normal(stream);
                if x >= 0.0 {
                    break x;
                }
            },
            Shape::Exponential { mean } => {
                let x: f64 = Exp1.sample(stream);
                mean * x
            }
            Shape::Lognormal { median, sigma } => median * (sigma * normal(stream)).exp(),
            Shape::Pareto { scale, shape } => {
                let u = 1.0 - stream.random::<f64>();
                scale / u.powf(1.0 / shape)
            }
            Shape::Empirical { values, order, .. } => match order {
                Order::Random => values[stream.random_range(0..values.len())],
                Order::Sequence => values[(nth % values.len() as u64) as usize],
            },
        };
        let x = x + self.0.offset;
        self.0.cap.map_or(x, |cap| x.min(cap))
    }
}
