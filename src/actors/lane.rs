//! One link as its sender sees it: how a copy gets onto it, what becomes of it there, and whether it
//! is sent again.

use super::desk::Desk;
use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Parcel, Post, Seat, Tag};
use super::uplink::Undelivered;
use crate::fault::Outages;
use crate::link::{BurstState, Fate, LinkKind, Loss, Passage};
use crate::record::{DroppedBy, MessageEnd};
use crate::rng::ShortStream;
use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, SimTime};
use std::collections::BTreeMap;

/// The link to one neighbor.
pub(super) struct Lane {
    pub receiver: AgentId,
    pub seat: Seat,
    pub kind: LinkKind,
    pub way: Way,
    /// The state of its bursts, where there are any.
    pub bursts: Option<Box<BurstState>>,
}

/// How a plain copy gets onto a link.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// There is nothing to decide: every one takes this long.
    Fixed(SimTime),
    /// Its fate is drawn, and it waits for nothing before.
    Drawn,
    /// It is put on the link as a [`Waiting`] copy: its turn in the uplink comes first, it may have
    /// to be sent again, or its link is partitioned now and then.
    Queued,
}

/// A copy to be put on a link. The order is that in which an uplink serves: by the moment of
/// departure, earlier iterations first, then in the order of receivers and copies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(super) struct Attempt {
    /// When it is put on the link.
    pub at: SimTime,
    /// The sender's iteration.
    pub iteration: u64,
    pub receiver: AgentId,
    pub copy: u32,
    /// How often it was sent before.
    pub number: u32,
}

/// A copy that is to be put on a link, with what its fate depends on.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Waiting {
    pub attempt: Attempt,
    /// The instant of its iteration.
    pub instant: SimTime,
    pub seat: Seat,
    /// The state of the link's bursts that this attempt meets.
    pub burst: BurstState,
    pub letter: Letter,
}

/// A copy as its receiver gets it.
pub(super) struct Outgoing {
    pub receiver: AgentId,
    pub seat: Seat,
    pub letter: Letter,
    pub copied: Copied,
}

/// Which iteration models leave in.
#[derive(Clone, Copy)]
pub(super) struct Trip {
    pub iteration: u64,
    /// The iteration's instant, at which edges are looked up.
    pub instant: SimTime,
}

/// When the receivers of what is sent again are down.
pub(super) type ReceiverOutages = BTreeMap<AgentId, Outages>;

/// A copy as its link has decided.
struct Sent {
    copy: u32,
    /// When it reaches the receiver, or would.
    reaches: SimTime,
    dropped: Option<DroppedBy>,
    duplicated: bool,
}

/// A copy that is put on its link.
#[derive(Clone, Copy)]
struct Put {
    sender: AgentId,
    kind: LinkKind,
    attempt: Attempt,
    burst: BurstState,
    /// When it has passed the uplink.
    left: SimTime,
}

impl Put {
    /// What becomes of it, and of the copy that the link may make of it. `stream` is that of a plain
    /// copy's fate, where it was opened before.
    fn carry(self, plan: &Plan, stream: Option<&mut ShortStream>) -> (Sent, Option<Sent>) {
        let Put {
            sender,
            kind,
            attempt,
            burst,
            left,
        } = self;
        let Attempt {
            at,
            iteration,
            receiver,
            ..
        } = attempt;
        let partitioned = plan.faults.parts(sender, receiver, iteration, at);
        let drawn = |copy: u32| {
            let passage = Passage {
                sender,
                receiver,
                stamp: iteration,
                copy,
                attempt: attempt.number,
            };
            plan.links.fate(kind, burst, passage)
        };
        let sent = |copy: u32, fate: Fate| Sent {
            copy,
            reaches: (left + fate.delay).max(at + SimTime::LEAST_LATENCY),
            dropped: dropped_by(partitioned, &fate),
            duplicated: fate.duplicated,
        };
        let fate = match stream {
            Some(stream) => plan.links.fate_of(kind, burst, iteration, stream),
            None => drawn(attempt.copy),
        };
        let original = sent(attempt.copy, fate);
        let copy = attempt.copy + 1;
        let duplicate = original.duplicated.then(|| sent(copy, drawn(copy)));
        (original, duplicate)
    }

    /// What the receiver gets of a copy: what is dropped is counted, and told only where receivers
    /// wait for it.
    fn keep(self, plan: &Plan, letter: &Letter, sent: Sent, ledger: &mut Ledger) -> Option<Copied> {
        let attempt = self.attempt;
        let (at, tag) = (sent.reaches, Tag::new(sent.copy, attempt.number));
        let Some(by) = sent.dropped else {
            return Some(Copied { at, tag });
        };
        let key = ledger.key(letter, attempt.receiver, tag);
        let end = MessageEnd::Dropped(by);
        ledger.drop(key, attempt.at, Some(at), end, 1);
        let tag = tag.lost();
        (plan.mode() == Mode::Synchronous).then_some(Copied { at, tag })
    }
}

impl Lane {
    pub fn new(plan: &Plan, sender: AgentId, (receiver, seat): (AgentId, Seat)) -> Lane {
        let kind = plan.links.kind(sender, receiver);
        let has_bursts = plan.links.settings(kind).burst.is_some();
        Lane {
            receiver,
            seat,
            kind,
            way: way(plan, kind),
            bursts: has_bursts.then(Box::default),
        }
    }

    /// The state of the link's bursts in the sender's iteration.
    pub fn burst(&mut self, plan: &Plan, sender: AgentId, iteration: u64) -> BurstState {
        match &mut self.bursts {
            Some(state) => {
                plan.links
                    .burst(self.kind, state, sender, self.receiver, iteration);
                **state
            }
            None => BurstState::default(),
        }
    }

    /// Puts a plain copy on the link at once, and what becomes of it into the receiver's mailbox.
    pub fn send_at_once(
        &mut self,
        desk: &Desk,
        letter: Letter,
        stream: &mut ShortStream,
        ledger: &mut Ledger,
    ) {
        let plan = &*desk.plan;
        let head = letter.head();
        let put = Put {
            sender: head.sender,
            kind: self.kind,
            attempt: Attempt {
                at: head.departs,
                iteration: head.stamp,
                receiver: self.receiver,
                copy: 0,
                number: 0,
            },
            burst: self.burst(plan, head.sender, head.stamp),
            left: head.departs,
        };
        let (original, duplicate) = put.carry(plan, Some(stream));
        let original = put.keep(plan, &letter, original, ledger);
        let Some(duplicate) = duplicate else {
            if let Some(copied) = original {
                self.hand_over(desk, letter, copied);
            }
            return;
        };
        ledger.traffic.duplicated += 1;
        let duplicate = put.keep(plan, &letter, duplicate, ledger);
        match (original, duplicate) {
            (Some(one), Some(other)) => {
                hand_over_several(
                    desk,
                    (self.receiver, self.seat),
                    letter,
                    [one, other].into(),
                );
            }
            (Some(one), None) | (None, Some(one)) => self.hand_over(desk, letter, one),
            (None, None) => {}
        }
    }

    /// Puts a copy into the receiver's mailbox.
    pub fn hand_over(&self, desk: &Desk, letter: Letter, copied: Copied) {
        hand_over(desk, (self.receiver, self.seat), letter, copied);
    }
}

impl Waiting {
    /// Puts the copy on its link, which it reaches at `left`, and appends to `out` what the receiver
    /// gets. Returns the next attempt, if it has to be sent again.
    ///
    /// # Errors
    /// A link that loses a model more often than it may be sent again, or until simulated time ends.
    pub fn launch(
        self,
        plan: &Plan,
        left: SimTime,
        outages: &mut ReceiverOutages,
        ledger: &mut Ledger,
        out: &mut Vec<Outgoing>,
    ) -> Result<Option<Waiting>, Undelivered> {
        let (sender, receiver) = (self.letter.head().sender, self.attempt.receiver);
        let put = Put {
            sender,
            kind: plan.links.kind(sender, receiver),
            attempt: self.attempt,
            burst: self.burst,
            left,
        };
        if self.attempt.number > 0 {
            ledger.count_sent(plan, put.kind, &self.letter, 1);
        }
        let (original, duplicate) = put.carry(plan, None);
        ledger.traffic.duplicated += u64::from(duplicate.is_some());
        let both = [Some(original), duplicate];
        let again = self.resend(plan, put, outages, both.iter().flatten());
        for mut sent in both.into_iter().flatten() {
            if let Ok(Some(_)) = again {
                // What is sent again did not arrive: if it was not lost, the receiver was down.
                sent.dropped.get_or_insert(DroppedBy::ReceiverDown);
            }
            let copied = put.keep(plan, &self.letter, sent, ledger);
            out.extend(copied.map(|copied| Outgoing {
                receiver,
                seat: self.seat,
                letter: self.letter.clone(),
                copied,
            }));
        }
        again
    }

    /// The next attempt, where none of the copies gets through. Nothing is sent again to a receiver
    /// that takes no part in the iteration or is down for good: nobody waits for it there.
    fn resend<'a>(
        &self,
        plan: &Plan,
        put: Put,
        outages: &mut ReceiverOutages,
        copies: impl Iterator<Item = &'a Sent>,
    ) -> Result<Option<Waiting>, Undelivered> {
        let settings = plan.links.settings(put.kind);
        let Some(pause) = settings.retransmit else {
            return Ok(None);
        };
        let (sender, attempt) = (put.sender, self.attempt);
        let Attempt {
            iteration,
            receiver,
            number,
            ..
        } = attempt;
        let outages = outages
            .entry(receiver)
            .or_insert_with(|| plan.faults.outages(receiver));
        if outages.is_down(iteration, self.instant) {
            return Ok(None);
        }
        for sent in copies {
            let is_up = !outages.is_down(iteration, sent.reaches);
            if is_up && sent.dropped.is_none() || outages.up_from(sent.reaches).is_none() {
                return Ok(None);
            }
        }
        let attempts = u64::from(number) + 1;
        if u64::from(number) >= settings.retransmit_limit {
            return Err(Undelivered::Exhausted {
                sender,
                receiver,
                attempts,
                last: attempt.at,
            });
        }
        // Attempt n is put on the link n pauses after the first.
        let next = attempt.at + pause;
        if next > SimTime::END {
            return Err(Undelivered::AfterTheEnd {
                sender,
                receiver,
                attempts,
                last: attempt.at,
            });
        }
        let link = (sender, receiver);
        let number = number + 1;
        let burst = plan
            .links
            .burst_after_a_pause(put.kind, self.burst, link, iteration, number);
        Ok(Some(Waiting {
            attempt: Attempt {
                at: next,
                number,
                ..attempt
            },
            burst,
            ..self.clone()
        }))
    }
}

/// Puts a copy into a receiver's mailbox.
pub(super) fn hand_over(
    desk: &Desk,
    (receiver, seat): (AgentId, Seat),
    letter: Letter,
    Copied { at, tag }: Copied,
) {
    let post = Post {
        letter,
        at,
        seat,
        tag,
    };
    desk.post(receiver, post);
}

/// Puts several copies of a letter into a receiver's mailbox.
pub(super) fn hand_over_several(
    desk: &Desk,
    (receiver, seat): (AgentId, Seat),
    letter: Letter,
    copies: Box<[Copied]>,
) {
    let parcel = Parcel {
        letter,
        seat,
        copies,
    };
    desk.parcel(receiver, parcel);
}

/// How plain copies get onto a link of a kind.
fn way(plan: &Plan, kind: LinkKind) -> Way {
    if plan.links.is_queued(kind) {
        return Way::Queued;
    }
    match plan.links.direct(kind) {
        Some(took) if !plan.faults.has_partitions() => Way::Fixed(took),
        _ if plan.links.is_random(kind) => Way::Drawn,
        _ => Way::Queued,
    }
}

fn dropped_by(partitioned: bool, fate: &Fate) -> Option<DroppedBy> {
    match fate.lost {
        _ if partitioned => Some(DroppedBy::Partition),
        Some(Loss::Link) => Some(DroppedBy::Link),
        Some(Loss::Burst) => Some(DroppedBy::Burst),
        None => None,
    }
}
