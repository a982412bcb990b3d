//! What actors say to each other.

use super::letter::Letter;
use crate::record::Sample;
use crate::units::SimTime;
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

impl Tick {
    /// The first, before it is broadcast.
    pub const FIRST: Tick = Tick {
        iteration: 0,
        start: SimTime::ZERO,
        last: false,
        posted: None,
    };
}

/// Agent → neighbor: a model, or that there is none.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    /// What it is.
    pub letter: Letter,
    /// When the model arrives, or from when on it is known that none will.
    pub known: SimTime,
    /// The sender's position among the receiver's neighbors.
    pub slot: u32,
}

/// Agents and attackers → clock: an iteration is over for the sender.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Done {
    /// What happened in it, and when it ended.
    pub sample: Sample,
}
