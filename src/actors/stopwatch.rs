//! Wall-clock times of messages, measured only where the scenario asks.

use super::letter::Letter;
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

    /// The same for a letter. It is looked at only where times are measured: it lies elsewhere in
    /// memory, and is not needed yet.
    pub fn of_letter(measures: bool, letter: &Letter) -> Stopwatch {
        let posted = || letter.head().posted.as_deref().copied();
        Stopwatch::start(if measures { posted() } else { None })
    }

    /// Ends handling it.
    pub fn stop(self, times: &mut Option<Box<WallTimes>>) {
        if let Some((posted, begun)) = self.0 {
            let times = times.get_or_insert_default();
            times.mailbox.push(begun - posted);
            times.handler.push(begun.elapsed());
        }
    }
}
