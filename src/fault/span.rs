//! When a fault is on.

use crate::settings::Keys;
use crate::units::SimTime;

/// The span of a fault: from a moment or an iteration on, up to another one or for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// In simulated time.
    Time {
        /// The first moment in it.
        from: SimTime,
        /// The first moment after it; `None` if it never ends.
        to: Option<SimTime>,
    },
    /// In iterations.
    Iterations {
        /// The first iteration in it.
        from: u64,
        /// The first iteration after it; `None` if it never ends.
        to: Option<u64>,
    },
}

impl Default for Span {
    /// Always.
    fn default() -> Span {
        Span::Time {
            from: SimTime::ZERO,
            to: None,
        }
    }
}

impl Span {
    /// Whether it is on in an iteration, or at a moment, whichever it goes by.
    pub fn covers(&self, iteration: u64, at: SimTime) -> bool {
        match *self {
            Span::Time { from, to } => from <= at && to.is_none_or(|to| at < to),
            Span::Iterations { from, to } => {
                from <= iteration && to.is_none_or(|to| iteration < to)
            }
        }
    }

    /// The same in simulated time, where an iteration takes `period`.
    pub(super) fn timed(self, period: SimTime) -> Span {
        let start = |iteration: u64| SimTime::from_us(iteration.saturating_mul(period.us()));
        match self {
            Span::Iterations { from, to } => Span::Time {
                from: start(from),
                to: to.map(start),
            },
            time => time,
        }
    }

    /// Declares and reads `from_ms` or `from_iteration`, and `to_ms` or `to_iteration`.
    pub(super) fn read(keys: &mut Keys<'_>) -> Span {
        let from_ms = keys.key("from_ms", "Simulated time from which it is on [ms]");
        let from_ms = from_ms.at_least(0.0).at_most(SimTime::MAX_MS);
        let from_ms = from_ms.optional("from the start");
        let from_iteration = keys.key(
            "from_iteration",
            "First iteration in which it is on; not in asynchronous mode",
        );
        let from_iteration = from_iteration.optional("from the start");
        Span::read_end(keys, from_ms, from_iteration, "for good")
    }

    /// Declares and reads `to_ms` or `to_iteration` of a fault that is on from the start.
    pub(super) fn read_from_the_start(keys: &mut Keys<'_>) -> Span {
        let span = Span::read_end(keys, None, None, "the other one says when");
        if !keys.has("to_ms") && !keys.has("to_iteration") {
            let help = "add to_ms = … or to_iteration = …, or write kind = \"crash\"";
            keys.problem("to_ms", "nothing says when the agents join", help);
        }
        span
    }

    fn read_end(
        keys: &mut Keys<'_>,
        from_ms: Option<f64>,
        from_iteration: Option<u64>,
        absence: &'static str,
    ) -> Span {
        let to_ms = keys.key("to_ms", "Simulated time from which it is off again [ms]");
        let to_ms = to_ms.at_least(0.0).at_most(SimTime::MAX_MS);
        let to_ms: Option<f64> = to_ms.optional(absence);
        let to_iteration = keys.key(
            "to_iteration",
            "First iteration in which it is off again; not in asynchronous mode",
        );
        let to_iteration: Option<u64> = to_iteration.optional(absence);
        let in_ms = ["from_ms", "to_ms"].into_iter().find(|key| keys.has(key));
        let in_iterations = ["from_iteration", "to_iteration"];
        let in_iterations = in_iterations.into_iter().find(|key| keys.has(key));
        if let (Some(time), Some(iteration)) = (in_ms, in_iterations) {
            let message = format!("`{iteration}` cannot stand beside `{time}`");
            let help = "write both ends in milliseconds or both in iterations";
            keys.problem(iteration, message, help);
        }
        let backwards = "the fault would end before it begins";
        if in_iterations.is_some() {
            let from = from_iteration.unwrap_or(0);
            if to_iteration.is_some_and(|to| to <= from) {
                let help = format!("write an iteration after {from}");
                keys.problem("to_iteration", backwards, help);
            }
            return Span::Iterations {
                from,
                to: to_iteration,
            };
        }
        let (from, to) = (from_ms.map(SimTime::from_ms), to_ms.map(SimTime::from_ms));
        let from = from.unwrap_or_default();
        if to.is_some_and(|to| to <= from) {
            keys.problem("to_ms", backwards, format!("write a time after {from}"));
        }
        Span::Time { from, to }
    }
}
