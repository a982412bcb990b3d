//! Wall-clock times of messages, measured only where the scenario asks.

use crate::record::WallTimes;
use crate::scenario::Plan;
use std::time::Instant;

/// Measures one message, if its posting was stamped.
pub(super) struct Stopwatch(Option<(Instant, Instant)>);

impl Stopwatch {
    /// The stamp of a message posted now; `None` where nothing is measured.
    pub fn stamp(plan: &Plan) -> Option<Instant> {
        plan.record.wall.then(Instant::now)
    }

    /// Begins handling a message.
    pub fn start(posted: Option<Instant>) -> Stopwatch {
        Stopwatch(posted.map(|posted| (posted, Instant::now())))
    }

    /// Ends handling it.
    pub fn stop(self, times: &mut WallTimes) {
        if let Some((posted, begun)) = self.0 {
            times.mailbox.push(begun - posted);
            times.handler.push(begun.elapsed());
        }
    }
}
