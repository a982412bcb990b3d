//! An agent's uplink: models that wait for their turn, served by the moment at which they depart.
//!
//! A retransmission, or a model that an attacker holds back, may depart after the models of the
//! sender's next iteration, which are not known yet. So the line is served up to a moment before
//! which nothing more can depart, and the rest waits. In synchronous mode receivers have to know
//! earlier whom they wait for. What the line would do if nothing came in between
//! ([`Uplink::foresee`]) is right up to the next beginning of an iteration, and all that makes an
//! agent combine, and an iteration end, has happened by then.
//!
//! Models of links without an uplink wait here, too, for the moment at which they are sent again.
//! Nothing can come in between, so what becomes of them is foreseen once, in their own iteration:
//! with a quorum, many more may wait than an iteration adds.

use super::lane::{Outgoing, ReceiverOutages, Waiting};
use super::ledger::Ledger;
use crate::checkpoint::{Book, Kept, keep};
use crate::link::Queue;
use crate::record::Standstill;
use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, SimTime};
use std::collections::VecDeque;

/// The line of an agent's models.
#[derive(Clone, Default)]
pub(super) struct Uplink {
    queue: Queue,
    /// In the order in which they are served.
    waiting: VecDeque<Waiting>,
    /// Of those that wait, what has come on links without an uplink since it was last foreseen.
    /// What has been foreseen never changes, so that a checkpoint needs none of it.
    unforeseen: Vec<Waiting>,
    /// The first failure that is foreseen on links without an uplink. It may lie many iterations
    /// ahead.
    fails: Option<Undelivered>,
}

/// A model that its link cannot bring to the receiver, which waits for it.
#[derive(Clone, Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub(super) enum Undelivered {
    #[error(
        "agent {receiver} waits for the model of agent {sender}, which the link from {sender} to \
         {receiver} has lost {attempts} times, or brought while agent {receiver} was down; allow more \
         attempts with link.retransmit_limit, longer pauses with link.retransmit_ms, lose less, or let \
         agents go on without a model: without link.retransmit_ms, or in deadline mode"
    )]
    Exhausted {
        sender: AgentId,
        receiver: AgentId,
        attempts: u64,
        /// When the last one was put on the link.
        last: SimTime,
    },
    #[error(
        "agent {receiver} waits for the model of agent {sender}, which the link from {sender} to \
         {receiver} has lost {attempts} times; it would be sent again later"
    )]
    AfterTheEnd {
        sender: AgentId,
        receiver: AgentId,
        attempts: u64,
        last: SimTime,
    },
}

impl Undelivered {
    fn receiver(&self) -> AgentId {
        match self {
            Undelivered::Exhausted { receiver, .. } | Undelivered::AfterTheEnd { receiver, .. } => {
                *receiver
            }
        }
    }

    pub fn kind(&self) -> Standstill {
        match self {
            Undelivered::Exhausted { .. } => Standstill::Vain,
            Undelivered::AfterTheEnd { .. } => Standstill::EndOfTime,
        }
    }

    /// When it is known.
    pub fn known(&self) -> SimTime {
        match self {
            Undelivered::Exhausted { last, .. } | Undelivered::AfterTheEnd { last, .. } => *last,
        }
    }

    /// The one that is known first, since the run may be over before the other one is; at one
    /// moment, that of the first receiver.
    pub fn first(self, other: Option<Undelivered>) -> Undelivered {
        let order = |failure: &Undelivered| (failure.known(), failure.receiver());
        match other {
            Some(other) if order(&other) < order(&self) => other,
            _ => self,
        }
    }
}

impl Uplink {
    /// Keeps how long the line is taken, and what waits for it.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.queue, self.waiting, self.fails)
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

    /// Notes that what becomes of a copy is to be foreseen, since it departs later than the line is
    /// served next; [`Uplink::add`] adds it to the line.
    pub fn note(&mut self, plan: &Plan, waiting: &Waiting) {
        // In other modes, nobody waits.
        if plan.mode() == Mode::Synchronous && !has_uplink(plan, waiting) {
            self.unforeseen.push(waiting.clone());
        }
    }

    /// Puts on their links what departs up to `until`, and appends to `out` what receivers get. No
    /// copy that is added later departs before that.
    ///
    /// # Errors
    /// A link that cannot bring a model to its receiver; of several, the one
    /// that is known first.
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
                Ok(Some(again)) => {
                    if again.attempt.at > until {
                        self.note(plan, &again);
                    }
                    self.add(again);
                }
                Err(other) => failed = Some(other.first(failed)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Appends to `out` what receivers would get of all that waits if nothing came in between, but
    /// for models of iterations before `iteration` on links without an uplink, of which it was told
    /// in their own.
    ///
    /// # Errors
    /// As [`Uplink::serve`], also for what was foreseen in earlier iterations.
    pub fn foresee(
        &mut self,
        plan: &Plan,
        iteration: u64,
        outages: &mut ReceiverOutages,
        out: &mut Vec<Outgoing>,
    ) -> Result<(), Undelivered> {
        let mut ledger = Ledger::of_what_may_come();
        let mut certain = Uplink::default();
        for waiting in self.unforeseen.drain(..) {
            if waiting.attempt.iteration == iteration {
                certain.add(waiting);
            }
        }
        if let Err(failed) = certain.serve(plan, SimTime::NEVER, outages, &mut ledger, out) {
            self.fails = Some(failed.first(self.fails.take()));
        }
        let mut failed = self.fails.clone();
        if plan.links.has_uplink() {
            let in_line = self.waiting.iter().filter(|w| has_uplink(plan, w));
            let mut line = Uplink {
                queue: self.queue,
                waiting: in_line.cloned().collect(),
                ..Uplink::default()
            };
            if let Err(other) = line.serve(plan, SimTime::NEVER, outages, &mut ledger, out) {
                failed = Some(other.first(failed));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Whether a copy passes the uplink on its way.
fn has_uplink(plan: &Plan, waiting: &Waiting) -> bool {
    let kind = plan
        .links
        .kind(waiting.letter.head().sender, waiting.attempt.receiver);
    plan.links.uplink_time(kind).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::lane::Attempt;
    use super::super::letter::{Head, Letter};
    use super::super::message::Seat;
    use super::*;
    use crate::data::Library;
    use crate::link::BurstState;
    use crate::scenario::{Catalogues, ScenarioFile};
    use std::collections::BTreeMap;

    /// Agent 0 loses everything on the way to agent 1 and nothing to agent 2. A model takes 1 ms in
    /// an uplink, and is sent again after 500 ms.
    fn plan() -> Plan {
        let text = "iterations = 3\n[task]\nkind = 'target-localization'\n[topology]\n\
                    kind = 'complete'\nagents = 3\n[link]\nuplink_mbps = 0.064\n\
                    retransmit_ms = 500\n[[link.override]]\nfrom = [0]\nto = [1]\n\
                    drop = 0.9999999\n";
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("here", text, "test", ".".into(), &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        let library = Library::new(None, ".");
        let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
        plan.unwrap_or_else(|error| panic!("{error}"))
    }

    fn ms(ms: f64) -> SimTime {
        SimTime::from_ms(ms)
    }

    /// The models of an iteration, which depart for both receivers at once.
    fn add(uplink: &mut Uplink, iteration: u64, at: f64) {
        let head = Head {
            sender: AgentId(0),
            stamp: iteration,
            adapted: ms(at),
            departs: ms(at),
            posted: None,
            is_finite: true,
        };
        let letter = Letter::new(head, &[1.0, 2.0]);
        for receiver in [1, 2] {
            uplink.add(Waiting {
                attempt: Attempt {
                    at: ms(at),
                    iteration,
                    receiver: AgentId(receiver),
                    copy: 0,
                    number: 0,
                },
                instant: SimTime::ZERO,
                seat: Seat(0),
                burst: BurstState::default(),
                letter: letter.clone(),
            });
        }
    }

    /// Iteration, receiver, attempt and arrival \[ms\].
    fn told(out: &mut Vec<Outgoing>) -> Vec<(u64, u32, u32, f64)> {
        let told = out.drain(..).map(|sent| {
            let (iteration, attempt) = (sent.letter.head().stamp, sent.copied.tag.attempt());
            (iteration, sent.receiver.0, attempt, sent.copied.at.ms())
        });
        told.collect()
    }

    #[test]
    fn what_departs_first_is_served_first_whatever_its_iteration() {
        let plan = plan();
        let (mut uplink, mut outages) = (Uplink::default(), BTreeMap::new());
        let (mut ledger, mut out) = (Ledger::new(&plan), Vec::new());
        let mut serve = |uplink: &mut Uplink, until: f64| {
            let served = uplink.serve(&plan, ms(until), &mut outages, &mut ledger, &mut out);
            assert!(served.is_ok());
            told(&mut out)
        };
        // One after another, 1 ms each. The first is lost, and waits until 510 ms.
        add(&mut uplink, 0, 10.0);
        let served = serve(&mut uplink, 10.0);
        assert_eq!(served, [(0, 1, 0, 11.0), (0, 2, 0, 12.0)]);
        // The next iteration's models find the line idle.
        add(&mut uplink, 1, 20.0);
        let served = serve(&mut uplink, 20.0);
        assert_eq!(served, [(1, 1, 0, 21.0), (1, 2, 0, 22.0)]);
        // Those that depart half a millisecond before the retransmission keep it waiting from
        // 510 ms to 511.5 ms; the other one departs at 520 ms.
        add(&mut uplink, 2, 509.5);
        let served = serve(&mut uplink, 520.0);
        let expected = [
            (2, 1, 0, 510.5),
            (2, 2, 0, 511.5),
            (0, 1, 1, 512.5),
            (1, 1, 1, 521.0),
        ];
        assert_eq!(served, expected);
        // At one moment, the earlier iteration comes first: its second retransmission at 1010 ms.
        add(&mut uplink, 3, 1010.0);
        let served = serve(&mut uplink, 1010.0);
        let expected = [
            (2, 1, 1, 1010.5),
            (0, 1, 2, 1011.5),
            (3, 1, 0, 1012.5),
            (3, 2, 0, 1013.5),
        ];
        assert_eq!(served, expected);
        assert_eq!(
            ledger.traffic.sent, 4,
            "retransmissions are counted when they depart"
        );
    }

    #[test]
    fn what_is_foreseen_is_so_if_nothing_comes_in_between() {
        let plan = plan();
        let (mut uplink, mut outages) = (Uplink::default(), BTreeMap::new());
        let (mut ledger, mut out) = (Ledger::new(&plan), Vec::new());
        add(&mut uplink, 0, 10.0);
        let served = uplink.serve(&plan, ms(10.0), &mut outages, &mut ledger, &mut out);
        assert!(served.is_ok());
        out.clear();
        // It is lost 1,000 times, every 500 ms, and takes 1 ms each time.
        let foreseen = uplink.foresee(&plan, 0, &mut outages, &mut out);
        let Err(Undelivered::Exhausted { attempts, last, .. }) = foreseen else {
            panic!("it never arrives");
        };
        assert_eq!((attempts, last), (1001, ms(500_010.0)));
        assert_eq!(told(&mut out)[..2], [(0, 1, 1, 511.0), (0, 1, 2, 1011.0)]);
        assert_eq!(ledger.traffic.dropped, 1, "what may come is not counted");
        assert!(!uplink.is_empty());
    }
}
