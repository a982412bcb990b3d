//! The sessions of one agent under churn: up, down, up, down, …

use crate::distribution::Distribution;
use crate::rng::Key;
use crate::units::SimTime;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many sessions are remembered. A question about an earlier time draws them anew from the
/// start: memory is bounded, and the answer is the same.
const REMEMBERED: usize = 1024;

/// How long sessions of churn last \[ms\].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Durations {
    pub up: Distribution,
    pub down: Distribution,
}

/// One agent's sessions, drawn as far as was asked.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    durations: Arc<Durations>,
    /// Of the agent and the fault; session n has a stream of its own.
    key: Key,
    /// From when to when the agent is down, in the sessions that are remembered.
    down: VecDeque<(SimTime, SimTime)>,
    /// When the first of these sessions begins.
    start: SimTime,
    /// When the last of them ends.
    end: SimTime,
    /// The number of the session after it.
    next: u64,
}

impl Sessions {
    pub fn new(durations: Arc<Durations>, key: Key) -> Sessions {
        Sessions {
            durations,
            key,
            down: VecDeque::new(),
            start: SimTime::ZERO,
            end: SimTime::ZERO,
            next: 0,
        }
    }

    /// When the agent is up again, if it is down at a moment.
    pub fn down_until(&mut self, at: SimTime) -> Option<SimTime> {
        if at < self.start {
            *self = Sessions::new(self.durations.clone(), self.key);
        }
        while self.end <= at && self.end < END_OF_TIME {
            self.draw();
        }
        let session = self.down.partition_point(|&(_, to)| to <= at);
        let &(from, to) = self.down.get(session)?;
        (from <= at).then_some(to)
    }

    /// Draws the next session.
    fn draw(&mut self) {
        let mut stream = self.key.at(self.next).short();
        let up = self.durations.up.sample(&mut stream, self.next);
        let down = self.durations.down.sample(&mut stream, self.next);
        // Whoever is never up would have no end of sessions in no time.
        let from = after(self.end, SimTime::from_ms(up).max(SimTime::from_us(1)));
        self.end = after(from, SimTime::from_ms(down));
        self.next += 1;
        self.down.push_back((from, self.end));
        if self.down.len() > REMEMBERED
            && let Some((_, to)) = self.down.pop_front()
        {
            self.start = to;
        }
    }
}

/// Later than any time of a run.
const END_OF_TIME: SimTime = SimTime::from_us(u64::MAX);

fn after(time: SimTime, duration: SimTime) -> SimTime {
    SimTime::from_us(time.us().saturating_add(duration.us()))
}
