//! What actors say to each other.

use super::letter::Letter;
use super::member::LastState;
use super::section::Section;
use crate::record::{Delays, Sample, Stall, Trace, Traffic, WallTimes};
use crate::units::{AgentId, SimTime};
use actix::Message;
use std::time::Instant;

/// Clock → agents and attackers: time goes on.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Tick {
    /// How far.
    pub signal: Signal,
    /// When this was sent, where that is measured.
    pub posted: Option<Instant>,
}

/// How far time goes.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum Signal {
    /// Synchronous: an iteration begins.
    Begin {
        iteration: u64,
        at: SimTime,
        /// Whether it is the last.
        last: bool,
    },
    /// Deadline: tick number `tick`, at which iteration `tick` − 1 ends and `tick` begins.
    Deadline {
        tick: u64,
        at: SimTime,
        /// Whether iteration `tick` − 1 is the last.
        last: bool,
    },
    /// Synchronous and deadline, to attackers that look at others: all others have sent.
    Look,
    /// Asynchronous: whatever lies before this moment can happen.
    Until(SimTime),
    /// A checkpoint is written: everyone gives what it goes on from.
    Save,
    /// The run ends at this moment; perhaps before the iteration that has begun is complete, which
    /// then counts as if it had not begun.
    Close { end: SimTime, takes_back: bool },
}

/// Agent → neighbor: one copy of a model.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    pub letter: Letter,
    /// When it reaches the receiver, or would have.
    pub at: SimTime,
    pub seat: Seat,
    pub tag: Tag,
}

/// Agent → neighbor: several copies of a model.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Parcel {
    pub letter: Letter,
    pub seat: Seat,
    pub copies: Box<[Copied]>,
}

/// Agent → receiver, synchronous: copies of earlier iterations' models that have departed since the
/// iteration began, or will depart, through an uplink. They replace what was foreseen of them: other
/// models may depart before them now.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Leftovers {
    pub iteration: u64,
    /// When the iteration began.
    pub since: SimTime,
    pub sender: AgentId,
    pub seat: Seat,
    pub copies: Box<[(Letter, Copied)]>,
}

/// Agent → neighbor, synchronous: there will be no model of this iteration. It only keeps the
/// receiver from waiting; it is no message in the accounting.
#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct Nothing {
    pub iteration: u64,
}

/// Which neighbor of the receiver a sender is: its position among them in a network that never
/// changes, else its number. Either way seats are in the order of the agents.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(super) struct Seat(pub u32);

/// One copy of a model on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copied {
    /// When it reaches the receiver, or would have.
    pub at: SimTime,
    pub tag: Tag,
}

/// Which copy of a model it is, and what is known of it, in four bytes: there is one for each
/// message under way.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Tag(u32);

impl Tag {
    const LOST: u32 = 1 << 31;
    const ADMITTED: u32 = 1 << 30;
    const NUMBERS: u32 = Tag::ADMITTED - 1;
    const ATTEMPTS: u32 = 17;

    /// Copies are numbered below 2¹³, attempts below 2¹⁷.
    pub fn new(copy: u32, attempt: u32) -> Tag {
        debug_assert!(copy < 1 << 13 && attempt < 1 << Tag::ATTEMPTS);
        Tag(copy << Tag::ATTEMPTS | attempt)
    }

    /// The same copy, lost on its way: the receiver gets to know when it would have arrived.
    pub fn lost(self) -> Tag {
        Tag(self.0 | Tag::LOST)
    }

    pub fn is_lost(self) -> bool {
        self.0 & Tag::LOST != 0
    }

    /// The same copy, which has reached a receiver that is up and waits in its downlink.
    pub fn admitted(self) -> Tag {
        Tag(self.0 | Tag::ADMITTED)
    }

    pub fn is_admitted(self) -> bool {
        self.0 & Tag::ADMITTED != 0
    }

    /// Copy and attempt in one number, to order by.
    pub fn number(self) -> u32 {
        self.0 & Tag::NUMBERS
    }

    pub fn copy(self) -> u32 {
        self.number() >> Tag::ATTEMPTS
    }

    pub fn attempt(self) -> u32 {
        self.0 & ((1 << Tag::ATTEMPTS) - 1)
    }
}

/// Agents and attackers → clock: what is sent in an iteration has been sent. Only where attackers wait
/// for that, and not from those.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Sent;

/// Agents and attackers → clock: what a tick asked for is done.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Done {
    pub agent: AgentId,
    /// What happened, if it combined; boxed, since it is handed on several times.
    pub sample: Option<Box<Sample>>,
    /// Synchronous: when its part of the iteration was over. Asynchronous: when it acts next.
    pub at: Option<SimTime>,
    /// Why the run cannot go on, if one of its links has failed for good.
    pub stall: Option<Box<Stall>>,
}

/// Agents and attackers → clock, asynchronous: one of several events before the tick's moment.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Event {
    pub sample: Box<Sample>,
}

/// Agents and attackers → clock: what a checkpoint keeps.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Saved {
    pub agent: AgentId,
    pub section: Section,
}

/// Agents and attackers → clock, at the end of the run: what is left to tell.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Closed {
    pub agent: AgentId,
    /// Messages that no sample has counted.
    pub traffic: Traffic,
    pub delays: Delays,
    pub wall: Option<Box<WallTimes>>,
    /// A normal agent's last state, if it ever combined.
    pub last: Option<Box<LastState>>,
    pub trace: Option<Box<Trace>>,
}
