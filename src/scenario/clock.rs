//! `[clock]`: how simulated time passes.

use crate::settings::{Choice, Chosen, Keys};
use crate::units::SimTime;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Synchronous,
}

impl Choice for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[("synchronous", Self::Synchronous)];
    const LATER: &'static [&'static str] = &["deadline", "asynchronous"];
}

/// Declares and reads `[clock]`: the time that an iteration's adapt steps take.
pub(super) fn clock(keys: &mut Keys<'_>) -> SimTime {
    let Chosen(Mode::Synchronous) = keys
        .key("mode", "Who waits for whom")
        .default(Chosen(Mode::Synchronous), "the paper's rule");
    for name in [
        "period_ms",
        "late",
        "missing",
        "max_age_iterations",
        "max_age_ms",
    ] {
        keys.later(
            name,
            "clock mode with it",
            "under the synchronous rule nobody is late",
        );
    }
    for name in ["quorum", "retransmit_ms", "retransmit_limit"] {
        keys.later(
            name,
            "links that lose messages",
            "everyone waits for all neighbors",
        );
    }
    keys.later(
        "override",
        "speeds per agent",
        "all agents compute for `compute_ms`",
    );
    let compute = keys
        .key(
            "compute_ms",
            "Time that an iteration's adapt steps take [ms]",
        )
        .at_least(0.0)
        .at_most(SimTime::MAX_MS)
        .default(10.0, "design");
    SimTime::from_ms(compute)
}
