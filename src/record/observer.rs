//! Watching a run.

use super::groups::GroupStats;
use super::sample::Round;
use crate::scenario::Plan;

/// Watches a run on the recorder's thread. What it does cannot reach the run, except that a panic
/// in it ends the run with its name. Where a run goes on from a checkpoint, its observers see the
/// iterations from there on, some of which those of an earlier process may have seen.
pub trait Observer: Send {
    /// Whether [`super::Sample::model`] should hold every agent's θ in every iteration.
    fn wants_models(&self) -> bool {
        false
    }

    /// Sees an iteration that is over.
    fn see(&mut self, seen: &Seen<'_>);
}

/// An iteration that is over.
pub struct Seen<'a> {
    /// What is being run.
    pub plan: &'a Plan,
    /// What the agents told that combined in it, attackers too, in their order.
    pub round: &'a Round,
    /// Statistics over the normal agents, in recorded iterations.
    pub all: Option<&'a GroupStats>,
}
