//! The quantities that every part speaks of: agents, simulated time, model parameters; and how
//! numbers are told.

use std::fmt;
use std::sync::Arc;

/// Number of an agent, from 0.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct AgentId(pub u32);

impl AgentId {
    /// The number as an index into arrays over all agents.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The agent with this index.
    ///
    /// # Panics
    /// Beyond 2³² agents; scenarios are refused far below that.
    pub fn from_index(index: usize) -> AgentId {
        AgentId(u32::try_from(index).expect("fewer than 2^32 agents"))
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Simulated time since the start of the run, or a duration, in whole microseconds.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct SimTime(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: SimTime = SimTime(0);
    /// A moment that no run reaches.
    pub const NEVER: SimTime = SimTime(u64::MAX);
    /// The least time that a message takes.
    pub const LEAST_LATENCY: SimTime = SimTime(1);
    /// The last moment of simulated time, after 100,000 years: no run may go beyond it. Sums of a
    /// few such times are still exact.
    pub const END: SimTime = SimTime(3_200_000_000_000_000_000);
    /// The longest time a scenario may name, in milliseconds: 100 years.
    pub const MAX_MS: f64 = 3.2e12;

    /// That many microseconds.
    pub const fn from_us(us: u64) -> SimTime {
        SimTime(us)
    }

    /// That many milliseconds, rounded to the nearest microsecond; negative ones are 0.
    pub fn from_ms(ms: f64) -> SimTime {
        let us = ms * 1000.0;
        // Rounding of the standard library is a call on processors that this is compiled for.
        let whole = us as u64;
        SimTime(whole.saturating_add(u64::from(us - whole as f64 >= 0.5)))
    }

    /// In microseconds.
    pub const fn us(self) -> u64 {
        self.0
    }

    /// In milliseconds.
    pub fn ms(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl std::ops::Add for SimTime {
    type Output = SimTime;
    /// Saturates at the end of time.
    fn add(self, other: SimTime) -> SimTime {
        SimTime(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for SimTime {
    type Output = SimTime;
    /// Saturates at 0.
    fn sub(self, other: SimTime) -> SimTime {
        SimTime(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.ms())
    }
}

/// A model's parameters, shared and immutable. Shape `[d]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Params(Arc<[f32]>);

impl Params {
    /// Shares a copy of these values.
    pub fn new(values: &[f32]) -> Params {
        Params(values.into())
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// A number in about five characters.
pub fn short(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x == 0.0 => "0".to_owned(),
        _ if x == f64::INFINITY => "∞".to_owned(),
        _ if x == f64::NEG_INFINITY => "-∞".to_owned(),
        s if s >= 1e12 => format!("{x:.1e}"),
        s if s >= 1e9 => format!("{:.1} G", x / 1e9),
        s if s >= 1e6 => format!("{:.1} M", x / 1e6),
        s if s >= 1e4 => format!("{:.0} k", x / 1e3),
        s if s >= 100.0 => format!("{x:.0}"),
        s if s >= 1.0 => format!("{x:.2}"),
        s if s >= 1e-3 => format!("{x:.4}"),
        _ => format!("{x:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_few_characters() {
        let told = [
            0.0,
            1.0,
            -2.345_67,
            0.012_345_6,
            1.5e-7,
            123.4,
            12_345.0,
            2.5e6,
            -4e10,
            3e200,
        ];
        let told = told.map(short).join(" | ");
        assert_eq!(
            told,
            "0 | 1.00 | -2.35 | 0.0123 | 1.5e-7 | 123 | 12 k | 2.5 M | -40.0 G | 3.0e200"
        );
        assert_eq!(short(f64::INFINITY), "∞");
        assert_eq!(short(f64::NEG_INFINITY), "-∞");
    }
}
