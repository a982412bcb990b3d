//! One link as its sender sees it: how a copy gets onto it, what becomes of it there, and whether it
//! is sent again.

use super::desk::Desk;
use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Parcel, Post, Seat, Tag};
use crate::fault::Outages;
use crate::link::{BurstState, Fate, LinkKind, Loss, Passage};
use crate::record::{DroppedBy, MessageEnd};
use crate::rng::ShortStream;
use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, SimTime};

/// The link to one neighbor.
pub(super) struct Lane {
    pub receiver: AgentId,
    pub seat: Seat,
    pub kind: LinkKind,
    pub way: Way,
    /// What it remembers, where it remembers anything.
    pub memory: Option<Box<Memory>>,
}

/// How a plain copy gets onto a link.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// There is nothing to decide: every one takes this long.
    Fixed(SimTime),
    /// Its fate is drawn, and it waits for nothing before.
    Drawn,
    /// Its turn in the uplink comes first, or it may have to be sent again.
    Queued,
}

/// What a link remembers.
pub(super) struct Memory {
    burst: BurstState,
    /// The receiver's, where lost models are sent again.
    outages: Option<Outages>,
}

/// A copy to be put on a link, in the order of the uplink.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub at: SimTime,
    pub lane: u32,
    pub copy: u32,
    /// How often it was sent before.
    pub number: u32,
}

/// Which iteration models leave in.
#[derive(Clone, Copy)]
pub(super) struct Trip {
    pub iteration: u64,
    /// The iteration's instant, at which edges are looked up.
    pub instant: SimTime,
}

/// A link that kept losing a model until nobody sends it again.
#[derive(Debug, thiserror::Error)]
#[error(
    "agent {receiver} waits for the model of agent {sender}, which the link from {sender} to \
     {receiver} has lost {attempts} times, or brought while agent {receiver} was down; allow more \
     attempts with link.retransmit_limit, longer pauses with link.retransmit_ms, lose less, or let \
     agents go on without a model: without link.retransmit_ms, or in deadline mode"
)]
pub(super) struct Exhausted {
    sender: AgentId,
    pub receiver: AgentId,
    attempts: u64,
}

/// A copy as its link has decided.
struct Sent {
    copy: u32,
    /// When it reaches the receiver, or would.
    reaches: SimTime,
    dropped: Option<DroppedBy>,
    duplicated: bool,
}

/// Who sends, and in which iteration.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub sender: AgentId,
    pub trip: Trip,
}

impl Lane {
    pub fn new(plan: &Plan, sender: AgentId, (receiver, seat): (AgentId, Seat)) -> Lane {
        let kind = plan.links.kind(sender, receiver);
        let settings = plan.links.settings(kind);
        let remembers = settings.burst.is_some() || settings.retransmit.is_some();
        let memory = || {
            Box::new(Memory {
                burst: BurstState::default(),
                outages: settings.retransmit.map(|_| plan.faults.outages(receiver)),
            })
        };
        Lane {
            receiver,
            seat,
            kind,
            way: way(plan, kind),
            memory: remembers.then(memory),
        }
    }

    /// The state of the link's bursts in the sender's iteration.
    fn burst(&mut self, plan: &Plan, sender: AgentId, iteration: u64) -> BurstState {
        match &mut self.memory {
            Some(memory) => {
                let state = &mut memory.burst;
                plan.links
                    .burst(self.kind, state, sender, self.receiver, iteration);
                *state
            }
            None => BurstState::default(),
        }
    }

    /// Puts a copy on the link, which it reaches at `left`. `stream` is that of a plain copy's fate,
    /// where it was opened before. Returns the copy and the one that the link may make of it.
    fn carry(
        &mut self,
        plan: &Plan,
        origin: Origin,
        attempt: Attempt,
        left: SimTime,
        stream: Option<&mut ShortStream>,
    ) -> (Sent, Option<Sent>) {
        let (links, kind, receiver) = (&plan.links, self.kind, self.receiver);
        let Origin { sender, trip } = origin;
        let burst = self.burst(plan, sender, trip.iteration);
        let partitioned = plan
            .faults
            .parts(sender, receiver, trip.iteration, attempt.at);
        let drawn = |copy: u32| {
            let passage = Passage {
                sender,
                receiver,
                stamp: trip.iteration,
                copy,
                attempt: attempt.number,
            };
            links.fate(kind, burst, passage)
        };
        let sent = |copy: u32, fate: Fate| Sent {
            copy,
            reaches: (left + fate.delay).max(attempt.at + SimTime::LEAST_LATENCY),
            dropped: dropped_by(partitioned, &fate),
            duplicated: fate.duplicated,
        };
        let fate = match stream {
            Some(stream) => links.fate_of(kind, burst, trip.iteration, stream),
            None => drawn(attempt.copy),
        };
        let original = sent(attempt.copy, fate);
        let copy = attempt.copy + 1;
        let duplicate = original.duplicated.then(|| sent(copy, drawn(copy)));
        (original, duplicate)
    }

    /// Puts a plain copy on the link at once, and what becomes of it into the receiver's mailbox.
    pub fn send_at_once(
        &mut self,
        desk: &Desk,
        origin: Origin,
        letter: Letter,
        stream: &mut ShortStream,
        ledger: &mut Ledger,
    ) {
        let attempt = Attempt {
            at: letter.head().departs,
            lane: 0,
            copy: 0,
            number: 0,
        };
        let plan = &*desk.plan;
        let (original, duplicate) = self.carry(plan, origin, attempt, attempt.at, Some(stream));
        let original = self.keep(plan, &letter, attempt, original, ledger);
        let Some(duplicate) = duplicate else {
            if let Some(copied) = original {
                self.hand_over(desk, letter, copied);
            }
            return;
        };
        ledger.traffic.duplicated += 1;
        let duplicate = self.keep(plan, &letter, attempt, duplicate, ledger);
        match (original, duplicate) {
            (Some(one), Some(other)) => self.hand_over_several(desk, letter, [one, other].into()),
            (Some(one), None) | (None, Some(one)) => self.hand_over(desk, letter, one),
            (None, None) => {}
        }
    }

    /// Puts a copy on the link, which it reaches at `left`, and appends to `copies` what the receiver
    /// gets. Returns the next attempt, if it has to be sent again.
    ///
    /// # Errors
    /// A link that loses a model more often than it may be sent again.
    pub fn launch(
        &mut self,
        plan: &Plan,
        origin: Origin,
        (attempt, left): (Attempt, SimTime),
        letter: &Letter,
        ledger: &mut Ledger,
        copies: &mut Vec<(u32, Copied)>,
    ) -> Result<Option<Attempt>, Exhausted> {
        let (original, duplicate) = self.carry(plan, origin, attempt, left, None);
        ledger.traffic.duplicated += u64::from(duplicate.is_some());
        let both = [Some(original), duplicate];
        let again = self.resend(plan, origin, attempt, both.iter().flatten());
        for mut sent in both.into_iter().flatten() {
            if let Ok(Some(_)) = again {
                // What is sent again did not arrive: if it was not lost, the receiver was down.
                sent.dropped.get_or_insert(DroppedBy::ReceiverDown);
            }
            let copied = self.keep(plan, letter, attempt, sent, ledger);
            copies.extend(copied.map(|copied| (attempt.lane, copied)));
        }
        again
    }

    /// The next attempt, where none of the copies gets through. Nothing is sent again to a receiver
    /// that takes no part in the iteration or is down for good: nobody waits for it there.
    fn resend<'a>(
        &mut self,
        plan: &Plan,
        origin: Origin,
        attempt: Attempt,
        copies: impl Iterator<Item = &'a Sent>,
    ) -> Result<Option<Attempt>, Exhausted> {
        let settings = plan.links.settings(self.kind);
        let memory = self.memory.as_mut();
        let outages = memory.and_then(|memory| memory.outages.as_mut());
        let (Some(pause), Some(outages)) = (settings.retransmit, outages) else {
            return Ok(None);
        };
        let Trip { iteration, instant } = origin.trip;
        if outages.is_down(iteration, instant) {
            return Ok(None);
        }
        for sent in copies {
            let is_up = !outages.is_down(iteration, sent.reaches);
            if is_up && sent.dropped.is_none() || outages.up_from(sent.reaches).is_none() {
                return Ok(None);
            }
        }
        if u64::from(attempt.number) >= settings.retransmit_limit {
            return Err(Exhausted {
                sender: origin.sender,
                receiver: self.receiver,
                attempts: u64::from(attempt.number) + 1,
            });
        }
        Ok(Some(Attempt {
            // Attempt n is put on the link n pauses after the first.
            at: attempt.at + pause,
            number: attempt.number + 1,
            ..attempt
        }))
    }

    /// What the receiver gets of a copy: what is dropped is counted, and told only where receivers
    /// wait for it.
    fn keep(
        &self,
        plan: &Plan,
        letter: &Letter,
        attempt: Attempt,
        sent: Sent,
        ledger: &mut Ledger,
    ) -> Option<Copied> {
        let (at, tag) = (sent.reaches, Tag::new(sent.copy, attempt.number));
        let Some(by) = sent.dropped else {
            return Some(Copied { at, tag });
        };
        let key = ledger.key(letter, self.receiver, tag);
        let end = MessageEnd::Dropped(by);
        ledger.drop(key, attempt.at, Some(at), end, 1);
        let tag = tag.lost();
        (plan.mode() == Mode::Synchronous).then_some(Copied { at, tag })
    }

    /// Puts a copy into the receiver's mailbox.
    pub fn hand_over(&self, desk: &Desk, letter: Letter, Copied { at, tag }: Copied) {
        let post = Post {
            letter,
            at,
            seat: self.seat,
            tag,
        };
        desk.post(self.receiver, post);
    }

    /// Puts several copies into it.
    pub fn hand_over_several(&self, desk: &Desk, letter: Letter, copies: Box<[Copied]>) {
        let parcel = Parcel {
            letter,
            seat: self.seat,
            copies,
        };
        desk.parcel(self.receiver, parcel);
    }
}

/// How plain copies get onto a link of a kind.
fn way(plan: &Plan, kind: LinkKind) -> Way {
    let settings = plan.links.settings(kind);
    if settings.uplink_mbps.is_some() || settings.retransmit.is_some() {
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
