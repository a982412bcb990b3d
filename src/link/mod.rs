//! What happens to a message on its way: wait, delay, loss, duplication.
//!
//! The one place where a message's fate is decided. A fate depends on who sends what to whom and
//! when, never on the content or on other messages: it is the same for every rule under one seed,
//! and neither silence nor a flood changes it. What does depend on other messages, who waits for
//! whom on a line of limited bandwidth, is a [`Queue`], which whoever sends or receives keeps.
//!
//! A message is lost by the first of these: the partition between its ends ([`crate::fault`]), the
//! coin of `drop`, the coin of the burst that its link is in. A lost message has its delay all the
//! same: that is when it is known to be lost.

mod burst;
mod ends;
mod links;
mod queue;
mod settings;

#[cfg(test)]
mod tests;

pub use burst::{Burst, BurstState};
pub use ends::Ends;
pub use links::{Fate, LinkKind, Links, Loss, Passage, ResolvedOverride};
pub use queue::Queue;
pub use settings::{LinkChange, LinkOverride, LinkSettings, read};
