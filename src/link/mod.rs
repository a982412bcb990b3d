//! What happens to a message on its way.
//!
//! The one place where a message's fate is decided. A fate depends on who sends what to whom and
//! when, never on the content, and is the same for every rule under one seed.

use crate::topology::Graph;
use crate::units::{AgentId, SimTime};

/// A message put on a link.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// Who sends.
    pub sender: AgentId,
    /// To whom.
    pub receiver: AgentId,
    /// The sender's iteration.
    pub stamp: u64,
    /// The moment it is sent.
    pub at: SimTime,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives(SimTime),
}

/// The links of a network. Ideal ones so far: nothing is lost, and a message takes the least
/// latency of 1 µs.
#[derive(Clone, Debug, Default)]
pub struct Links;

impl Links {
    /// Decides what becomes of a message.
    pub fn fate(&self, message: Departure) -> Fate {
        Fate::Arrives(message.at + SimTime::LEAST_LATENCY)
    }

    /// How long an iteration of the synchronous rule takes in which everyone computes for
    /// `compute`.
    pub fn round_length(&self, compute: SimTime, graph: &Graph) -> SimTime {
        let latency = if graph.edges() > 0 {
            SimTime::LEAST_LATENCY
        } else {
            SimTime::ZERO
        };
        compute + latency
    }
}
