//! What a sender sends, shared by all who get it.

use crate::units::{AgentId, SimTime};
use std::time::Instant;
use triomphe::ThinArc;

/// A model under way: one allocation, however many neighbors get it.
#[derive(Clone)]
pub(super) struct Letter(ThinArc<Head, f32>);

/// What stands over a letter's parameters. The engine sets it also on what attackers send.
///
/// Of a small model, head and parameters fit into 64 bytes together: receivers read them from a
/// line of memory that nobody else has asked for since they were written.
#[derive(Clone)]
pub(super) struct Head {
    pub sender: AgentId,
    /// The sender's iteration.
    pub stamp: u64,
    /// When the sender had adapted: ages count from here.
    pub adapted: SimTime,
    /// When it was put on the links; later than that where an attacker holds it back.
    pub departs: SimTime,
    /// When this was posted, where that is measured.
    pub posted: Option<Box<Instant>>,
    /// Whether no parameter is NaN or infinite: need not be found out again for every receiver.
    /// [`Letter::new`] sets it.
    pub is_finite: bool,
}

impl Letter {
    /// A letter with these parameters, or whatever an attacker sends as such.
    pub fn new(head: Head, values: &[f32]) -> Letter {
        // Not short-circuiting, so that it vectorizes: nearly all models are finite.
        let is_finite = values.iter().fold(true, |all, x| all & x.is_finite());
        Letter(ThinArc::from_header_and_slice(
            Head { is_finite, ..head },
            values,
        ))
    }

    pub fn head(&self) -> &Head {
        &self.0.header.header
    }

    /// Where it is: copies of one letter are in the same place.
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self.head()).addr()
    }

    /// The parameters.
    pub fn values(&self) -> &[f32] {
        &self.0.slice
    }

    /// Whether it is a model that an agent with `dimension` parameters can read: the length fits
    /// and no value is NaN or infinite.
    pub fn is_well_formed(&self, dimension: usize) -> bool {
        self.head().is_finite && self.values().len() == dimension
    }
}
