//! What a traced run tells of single messages and models.

use crate::units::{AgentId, Params, SimTime};

/// Which copy of which message it is. In the order in which fates are decided.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct MessageKey {
    /// Who sent it.
    pub sender: AgentId,
    /// To whom.
    pub receiver: AgentId,
    /// The sender's iteration.
    pub stamp: u64,
    /// Number of the copy: even ones were sent, the odd one after is the link's duplicate.
    pub copy: u32,
    /// 0, or the number of the retransmission.
    pub attempt: u32,
}

impl MessageKey {
    /// Whether the link made it.
    pub fn is_duplicate(&self) -> bool {
        self.copy % 2 == 1
    }
}

/// A message at the end of its way.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct MessageRow {
    /// Which.
    pub key: MessageKey,
    /// When it was put on the link.
    pub sent: SimTime,
    /// When it arrived, or would have; `None` for copies over the flood bound.
    pub arrives: Option<SimTime>,
    /// How it ended.
    pub fate: MessageEnd,
    /// First and last combination that it took part in, and in how many it did.
    pub used: Option<(SimTime, SimTime, u32)>,
    /// How many copies the row stands for: more than 1 only over the flood bound.
    pub copies: u64,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MessageEnd {
    /// Arrived, well-formed and young enough.
    Delivered {
        /// Whether after the combination of its own iteration.
        late: bool,
    },
    /// Did not arrive.
    Dropped(DroppedBy),
    /// Arrived older than the greatest age.
    Expired,
    /// Arrived, and refused.
    Malformed,
    /// On the way at the end of the run.
    InFlight,
}

impl MessageEnd {
    /// As `fate` says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            MessageEnd::Delivered { .. } => "delivered",
            MessageEnd::Dropped(_) => "dropped",
            MessageEnd::Expired => "expired",
            MessageEnd::Malformed => "malformed",
            MessageEnd::InFlight => "in_flight",
        }
    }

    /// As `dropped_by` says it.
    pub(super) fn dropped_by(self) -> Option<&'static str> {
        let MessageEnd::Dropped(by) = self else {
            return None;
        };
        Some(match by {
            DroppedBy::Link => "link",
            DroppedBy::Burst => "burst",
            DroppedBy::Partition => "partition",
            DroppedBy::ReceiverDown => "receiver-down",
            DroppedBy::FloodBound => "flood-bound",
        })
    }
}

/// What kept a message from arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DroppedBy {
    /// The link's steady loss.
    Link,
    /// A burst of loss.
    Burst,
    /// A partition at departure.
    Partition,
    /// The receiver was down at arrival.
    ReceiverDown,
    /// It was over the flood bound of its link.
    FloodBound,
}

/// A model at one moment of an iteration.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ModelRow {
    /// Whose.
    pub agent: AgentId,
    /// In which iteration.
    pub iteration: u64,
    /// At which moment.
    pub stage: Stage,
    /// To whom it was sent.
    pub receiver: Option<AgentId>,
    /// Its parameters.
    pub parameters: Params,
}

/// At which moment of an iteration a model was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Stage {
    /// ψ: after adapting.
    Adapted,
    /// θ: after combining.
    Combined,
    /// What was put on a link.
    Sent,
}

impl Stage {
    /// As `stage` says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Adapted => "adapted",
            Stage::Combined => "combined",
            Stage::Sent => "sent",
        }
    }
}

/// What a traced run tells, in the order in which it is written.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Trace {
    /// Messages that came to their end.
    pub messages: Vec<MessageRow>,
    /// Models.
    pub models: Vec<ModelRow>,
}
