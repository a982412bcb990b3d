//! What aggregators and pre-aggregations work on.

use crate::rng::Key;

/// What an aggregator or a pre-aggregation works on.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The models, after the pre-aggregations before this one: at least one, each of shape `[d]`
    /// and finite.
    pub models: &'a [&'a [f32]],
    /// ψ_k, the agent's own model, as it was before any pre-aggregation.
    pub own: &'a [f32],
    /// How many of the models may be Byzantine; it meets the precondition. 0 without `f`.
    pub f: usize,
    /// Key of a random stream for this alone.
    pub key: Key,
}

impl Given<'_> {
    /// Number of parameters d.
    pub fn dimension(&self) -> usize {
        self.own.len()
    }
}
