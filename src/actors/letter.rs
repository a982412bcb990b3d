//! What a sender sends, shared by all who get it.

use crate::units::{AgentId, SimTime};
use std::time::Instant;
use triomphe::ThinArc;

/// A model under way, or that there is none: one allocation, however many neighbors get it.
#[derive(Clone)]
pub(super) struct Letter(ThinArc<Head, f32>);

/// What stands over a letter's parameters.
pub(super) struct Head {
    /// Who sends, and the sender's iteration: set by the engine also on what attackers send.
    pub sender: AgentId,
    pub stamp: u64,
    /// When the sender had adapted.
    pub sent: SimTime,
    /// When this was posted, where that is measured.
    pub posted: Option<Instant>,
    content: Content,
}

#[derive(Clone, Copy, PartialEq)]
enum Content {
    /// A model whose values are all finite.
    Finite,
    /// A model with values that are NaN or infinite.
    NonFinite,
    /// A tombstone: there will be no model of this iteration. It only keeps the receiver from
    /// waiting; it is no message in the accounting.
    Nothing,
}

impl Letter {
    /// A letter with these parameters, or whatever an attacker sends as such.
    pub fn model(
        (sender, stamp): (AgentId, u64),
        sent: SimTime,
        posted: Option<Instant>,
        values: &[f32],
    ) -> Letter {
        // Not short-circuiting, so that it vectorizes: nearly all models are finite.
        let finite = values.iter().fold(true, |finite, x| finite & x.is_finite());
        let content = if finite {
            Content::Finite
        } else {
            Content::NonFinite
        };
        let head = Head {
            sender,
            stamp,
            sent,
            posted,
            content,
        };
        Letter(ThinArc::from_header_and_slice(head, values))
    }

    /// A tombstone.
    pub fn nothing(
        (sender, stamp): (AgentId, u64),
        sent: SimTime,
        posted: Option<Instant>,
    ) -> Letter {
        let head = Head {
            sender,
            stamp,
            sent,
            posted,
            content: Content::Nothing,
        };
        Letter(ThinArc::from_header_and_slice(head, &[]))
    }

    pub fn head(&self) -> &Head {
        &self.0.header.header
    }

    /// The parameters.
    pub fn values(&self) -> &[f32] {
        &self.0.slice
    }

    /// Whether it is a model at all.
    pub fn is_model(&self) -> bool {
        self.head().content != Content::Nothing
    }

    /// Whether it is a model that an agent with `dimension` parameters can read: the length fits
    /// and no value is NaN or infinite.
    pub fn is_well_formed(&self, dimension: usize) -> bool {
        self.head().content == Content::Finite && self.values().len() == dimension
    }
}
