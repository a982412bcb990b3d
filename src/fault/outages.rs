//! When one agent is down.

use super::Span;
use super::sessions::Sessions;
use crate::units::SimTime;

/// How many outages are looked through for the end of one that is made of many: overlapping churns
/// can cover each other's gaps for longer than anyone would wait.
const MOST_OUTAGES: usize = 100_000;

/// The outages of one agent. Sessions of churn are drawn as far as is asked; questions may go back
/// in time.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    spans: Vec<Span>,
    churns: Vec<Sessions>,
}

impl Outages {
    pub(super) fn new(spans: Vec<Span>, churns: Vec<Sessions>) -> Outages {
        Outages { spans, churns }
    }

    /// Whether the agent is up all the time.
    pub fn none_at_all(&self) -> bool {
        self.spans.is_empty() && self.churns.is_empty()
    }

    /// Whether it is down at a moment that belongs to an iteration.
    pub fn is_down(&mut self, iteration: u64, at: SimTime) -> bool {
        self.spans.iter().any(|span| span.covers(iteration, at))
            || self
                .churns
                .iter_mut()
                .any(|churn| churn.down_until(at).is_some())
    }

    /// The first moment from `at` on that no outage in simulated time covers. `None`: it never
    /// comes, or outages follow each other without a gap 100,000 times.
    pub fn up_from(&mut self, at: SimTime) -> Option<SimTime> {
        let mut at = at;
        for _ in 0..MOST_OUTAGES {
            match self.down_until(at) {
                End::Up => return Some(at),
                End::At(to) => at = to,
                End::Never => return None,
            }
        }
        None
    }

    /// The first iteration after `iteration` that no outage in iterations covers. `None`: there is
    /// none, or such outages do not cover `iteration` itself.
    pub fn recovers_at_iteration(&self, iteration: u64) -> Option<u64> {
        let mut up = iteration;
        // Each step leaves at least one span behind for good.
        while let Some(to) = self.covering(up) {
            up = to?;
        }
        (up > iteration).then_some(up)
    }

    /// The end of an outage in iterations that covers one, if one does.
    fn covering(&self, iteration: u64) -> Option<Option<u64>> {
        self.spans.iter().find_map(|span| match *span {
            Span::Iterations { to, .. } => span.covers(iteration, SimTime::ZERO).then_some(to),
            Span::Time { .. } => None,
        })
    }

    /// The end of an outage in simulated time that covers a moment.
    fn down_until(&mut self, at: SimTime) -> End {
        for span in &self.spans {
            if let Span::Time { to, .. } = *span
                && span.covers(0, at)
            {
                return to.map_or(End::Never, End::At);
            }
        }
        let ends = self
            .churns
            .iter_mut()
            .find_map(|churn| churn.down_until(at));
        ends.map_or(End::Up, End::At)
    }
}

/// When an outage ends.
enum End {
    /// There is none.
    Up,
    /// At this moment.
    At(SimTime),
    Never,
}
