//! Who is down, and what cuts the network: crashes, late joiners, churn, partitions.
//!
//! Faults are no attacks: an agent that is down is an honest one that takes no part, and keeps the
//! state it had. Spans have a first moment or iteration that belongs to them and one that does not
//! any more. Sessions of churn have durations, drawn one after another for each agent, so that how
//! long an agent is down depends on nothing but the seed.

mod faults;
mod outages;
mod sessions;
mod settings;
mod span;

#[cfg(test)]
mod tests;

pub use faults::{Fault, Faults, in_two_groups};
pub use outages::Outages;
pub use settings::{FaultSettings, catalogue, read};
pub use span::Span;
