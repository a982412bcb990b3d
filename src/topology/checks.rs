//! What several kinds of networks ask of their parameters.

use super::TopologyError;
use crate::settings::Keys;

/// The most agents that a network may have.
pub(super) const MOST_AGENTS: u32 = 10_000_000;

/// The most edges, or pairs looked at while drawing, that a network may have: what fits into a few
/// gigabytes of memory.
pub(super) const MOST_EDGES: f64 = 50e6;

/// Declares and reads `agents`.
pub(super) fn agents(keys: &mut Keys<'_>) -> u32 {
    keys.key("agents", "How many agents")
        .symbol("n")
        .at_least(1.0)
        .at_most(f64::from(MOST_AGENTS))
        .required()
}

/// Notes at its key what a check found.
///
/// Not for a check over a placeholder of 0: that mistake is noted already.
pub(super) fn note(keys: &mut Keys<'_>, check: Result<(), TopologyError>) {
    if let Err(TopologyError::Impossible { key, message, help }) = check {
        keys.problem(key, message, help);
    }
}

/// Parameters that no network can have; `key` is the one at fault.
pub(super) fn impossible(
    key: &'static str,
    message: impl Into<String>,
    help: impl Into<String>,
) -> TopologyError {
    TopologyError::Impossible {
        key,
        message: message.into(),
        help: help.into(),
    }
}

/// Refuses networks that are expected to have too many edges, before memory runs out.
pub(super) fn fits_memory(key: &'static str, edges: f64) -> Result<(), TopologyError> {
    if edges <= MOST_EDGES {
        return Ok(());
    }
    Err(impossible(
        key,
        format!("this network would have about {edges:.1e} edges"),
        format!("at most {MOST_EDGES:.0e} edges: fewer agents, or fewer neighbors for each"),
    ))
}

/// Refuses what is not a probability. Files are checked when read; this is for users of the
/// library.
pub(super) fn probability(key: &'static str, x: f64) -> Result<(), TopologyError> {
    if (0.0..=1.0).contains(&x) {
        return Ok(());
    }
    Err(impossible(
        key,
        format!("`{key}` cannot be {x}"),
        "a number in [0, 1]",
    ))
}
