//! What actors say to each other.

use crate::record::Sample;
use crate::units::{AgentId, Params, SimTime};
use actix::Message;
use std::time::Instant;

/// Clock → agents and attackers: an iteration begins.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Tick {
    /// Number of the iteration, from 0.
    pub iteration: u64,
    /// When it begins.
    pub start: SimTime,
    /// Whether it is the last.
    pub last: bool,
    /// When this was sent, where that is measured.
    pub posted: Option<Instant>,
}

/// Agent → neighbor: a model, or that there is none.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    /// Who sends.
    pub sender: AgentId,
    /// The sender's iteration, set by the engine also on what attackers send.
    pub stamp: u64,
    /// When the sender had adapted.
    pub sent: SimTime,
    /// What it is.
    pub content: Content,
    /// When this was posted, where that is measured.
    pub posted: Option<Instant>,
}

/// What a neighbor gets.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A model.
    Model {
        /// When it arrives.
        arrives: SimTime,
        /// Its parameters, or whatever an attacker sends as such.
        params: Params,
    },
    /// A tombstone: there will be no model of this iteration, as is known from `known` on. It only
    /// keeps the receiver from waiting; it is no message in the accounting.
    Nothing {
        /// When it is known.
        known: SimTime,
    },
}

/// Agents and attackers → clock: an iteration is over for the sender.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Done {
    /// What happened in it, and when it ended.
    pub sample: Sample,
}
