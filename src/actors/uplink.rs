//! An agent's uplink: models that wait for their turn, served by the moment at which they depart.
//!
//! A retransmission, or a model that an attacker holds back, may depart after the models of the
//! sender's next iteration, which are not known yet. So the line is served up to a moment before
//! which nothing more can depart, and the rest waits. In synchronous mode receivers have to know
//! earlier whom they wait for. What the line would do if nothing came in between
//! ([`Uplink::foresee`]) is right up to the next beginning of an iteration, and all that makes an
//! agent combine, and an iteration end, has happened by then.

use super::lane::{Outgoing, ReceiverOutages, Undelivered, Waiting};
use super::ledger::Ledger;
use crate::checkpoint::{Book, Kept, keep};
use crate::link::Queue;
use crate::scenario::Plan;
use crate::units::SimTime;
use std::collections::VecDeque;

/// The line of an agent's models.
#[derive(Clone, Default)]
pub(super) struct Uplink {
    queue: Queue,
    /// In the order in which they are served.
    waiting: VecDeque<Waiting>,
}

impl Uplink {
    /// Keeps how long the line is taken, and what waits for it.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.queue, self.waiting)
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Notes a copy that is to be put on its link.
    pub fn add(&mut self, waiting: Waiting) {
        let is_last = |last: &Waiting| last.attempt < waiting.attempt;
        if self.waiting.back().is_none_or(is_last) {
            return self.waiting.push_back(waiting);
        }
        let before = |other: &Waiting| other.attempt < waiting.attempt;
        let place = self.waiting.partition_point(before);
        self.waiting.insert(place, waiting);
    }

    /// Puts on their links what departs up to `until`, and appends to `out` what receivers get. No
    /// copy that is added later departs before that.
    ///
    /// # Errors
    /// A link that cannot bring a model to its receiver; of several, that to the first receiver.
    pub fn serve(
        &mut self,
        plan: &Plan,
        until: SimTime,
        outages: &mut ReceiverOutages,
        ledger: &mut Ledger,
        out: &mut Vec<Outgoing>,
    ) -> Result<(), Undelivered> {
        let mut failed: Option<Undelivered> = None;
        while self.waiting.front().is_some_and(|w| w.attempt.at <= until)
            && let Some(waiting) = self.waiting.pop_front()
        {
            let at = waiting.attempt.at;
            let sender = waiting.letter.head().sender;
            let kind = plan.links.kind(sender, waiting.attempt.receiver);
            let left = match plan.links.uplink_time(kind) {
                Some(took) => self.queue.pass(at, took),
                None => at,
            };
            match waiting.launch(plan, left, outages, ledger, out) {
                Ok(None) => {}
                Ok(Some(again)) => self.add(again),
                Err(other) => {
                    let is_first = |known: &Undelivered| other.receiver() < known.receiver();
                    if failed.as_ref().is_none_or(is_first) {
                        failed = Some(other);
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Appends to `out` what receivers would get of all that waits if nothing came in between.
    ///
    /// # Errors
    /// As [`Uplink::serve`].
    pub fn foresee(
        &self,
        plan: &Plan,
        outages: &mut ReceiverOutages,
        out: &mut Vec<Outgoing>,
    ) -> Result<(), Undelivered> {
        let mut ledger = Ledger::of_what_may_come();
        self.clone()
            .serve(plan, SimTime::NEVER, outages, &mut ledger, out)
    }
}
