//! The models that have reached an agent, the newest of each neighbor, and what became of them.

use super::ledger::Ledger;
use super::letter::Letter;
use super::message::Tag;
use crate::checkpoint::{Book, Kept, keep};
use crate::record::{MessageEnd, MessageKey, MessageRow};
use crate::scenario::{Missing, Pace, Plan};
use crate::units::{AgentId, SimTime};
use std::collections::BTreeMap;

/// What an agent can combine with its own.
pub(super) struct Shelf {
    receiver: AgentId,
    /// By slot.
    newest: Vec<Newest>,
    /// By slot, where messages are traced: when the message that sits there was used first and
    /// last, with a weight above 0, and how often.
    uses: BTreeMap<usize, (SimTime, SimTime, u32)>,
}

/// The newest model of a neighbor.
#[derive(serde::Serialize, serde::Deserialize)]
enum Newest {
    Nobody,
    /// The model of this stamp, which has been used and is not used again.
    Past(u64),
    Here(Held),
}

/// A model that is there.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Held {
    pub letter: Letter,
    arrived: SimTime,
    tag: Tag,
    late: bool,
    /// Whether a copy of this model took part in a combination, with weight or without.
    pub was_there: bool,
    /// Whether this copy was used in one: it had a weight above 0.
    is_used: bool,
}

impl Held {
    /// A copy that has arrived.
    pub fn new(letter: Letter, arrived: SimTime, tag: Tag, late: bool) -> Held {
        Held {
            letter,
            arrived,
            tag,
            late,
            was_there: false,
            is_used: false,
        }
    }

    fn stamp(&self) -> u64 {
        self.letter.head().stamp
    }

    /// What makes one copy newer than another of the same sender.
    fn age(&self) -> (u64, SimTime, u32) {
        (self.stamp(), self.arrived, self.tag.number())
    }
}

impl Shelf {
    pub fn new(receiver: AgentId, slots: usize) -> Shelf {
        Shelf {
            receiver,
            newest: (0..slots).map(|_| Newest::Nobody).collect(),
            uses: BTreeMap::new(),
        }
    }

    /// Keeps what is there.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.newest, self.uses)
    }

    /// Puts a copy into its sender's slot, unless a newer one is there.
    #[inline]
    pub fn put(&mut self, slot: usize, mut held: Held, plan: &Plan, ledger: &mut Ledger) {
        if self.newest.len() <= slot {
            self.newest.resize_with(slot + 1, || Newest::Nobody);
        }
        let is_newer = match &self.newest[slot] {
            Newest::Nobody => true,
            Newest::Past(past) => held.stamp() > *past,
            Newest::Here(other) => {
                held.was_there = other.stamp() == held.stamp() && other.was_there;
                held.age() > other.age()
            }
        };
        if is_newer {
            let before = std::mem::replace(&mut self.newest[slot], Newest::Here(held));
            self.let_go(slot, before, plan, ledger);
        } else {
            self.pass_over(&held, plan, ledger);
        }
    }

    /// A copy is not going to be used.
    pub fn pass_over(&self, held: &Held, plan: &Plan, ledger: &mut Ledger) {
        self.end(held, None, plan, ledger);
    }

    /// The model that sits in a slot; nobody sits in the agent's own.
    fn held(&self, slot: usize) -> Option<&Held> {
        match self.newest.get(slot) {
            Some(Newest::Here(held)) => Some(held),
            _ => None,
        }
    }

    /// The message that sits in a slot, and whether its model took part in a combination before.
    pub fn message(&self, slot: usize, ledger: &Ledger) -> Option<(MessageKey, bool)> {
        let held = self.held(slot)?;
        let key = ledger.key(&held.letter, self.receiver, held.tag);
        Some((key, held.was_there))
    }

    /// The model that sits in a slot, if it can be used in a combination.
    #[inline]
    pub fn usable(
        &self,
        slot: usize,
        plan: &Plan,
        (iteration, at): (u64, SimTime),
    ) -> Option<&Letter> {
        let held = self.held(slot)?;
        let head = held.letter.head();
        let again = plan.clock.pace.missing() == Missing::Hold;
        let usable = match plan.clock.pace {
            Pace::Synchronous { .. } => head.stamp == iteration,
            Pace::Deadline { max_age, .. } => {
                max_age.is_none_or(|most| iteration - head.stamp <= most)
            }
            Pace::Asynchronous { max_age, .. } => {
                max_age.is_none_or(|most| at - head.adapted <= most)
            }
        };
        (usable && (again || !held.was_there)).then_some(&held.letter)
    }

    /// Notes that the model in a slot took part in a combination at a moment, and whether it was
    /// used in it.
    #[inline]
    pub fn took_part(
        &mut self,
        slot: usize,
        (at, is_used): (SimTime, bool),
        plan: &Plan,
        ledger: &mut Ledger,
    ) {
        let newest = &mut self.newest[slot];
        let Newest::Here(held) = newest else {
            return;
        };
        ledger.traffic.used += u64::from(is_used && !held.is_used);
        if is_used && ledger.traces() {
            let (first, _, times) = self.uses.get(&slot).copied().unwrap_or((at, at, 0));
            self.uses.insert(slot, (first, at, times + 1));
        }
        if plan.clock.pace.missing() == Missing::Skip {
            // A model that is let go is not written to before: its line of memory may be cold.
            let past = Newest::Past(held.stamp());
            let held = std::mem::replace(newest, past);
            self.let_go(slot, held, plan, ledger);
        } else {
            held.was_there = true;
            held.is_used |= is_used;
        }
    }

    /// Lets go of everything: no model lasts longer than its iteration, or the run is over.
    pub fn clear(&mut self, plan: &Plan, ledger: &mut Ledger) {
        for slot in 0..self.newest.len() {
            let newest = std::mem::replace(&mut self.newest[slot], Newest::Nobody);
            self.let_go(slot, newest, plan, ledger);
        }
    }

    /// A model is not going to be used any more.
    #[inline]
    fn let_go(&mut self, slot: usize, newest: Newest, plan: &Plan, ledger: &mut Ledger) {
        if let (Newest::Here(held), true) = (newest, ledger.traces()) {
            let used = self.uses.remove(&slot);
            self.end(&held, used, plan, ledger);
        }
    }

    /// A message has come to its end.
    fn end(
        &self,
        held: &Held,
        used: Option<(SimTime, SimTime, u32)>,
        plan: &Plan,
        ledger: &mut Ledger,
    ) {
        let key = ledger.key(&held.letter, self.receiver, held.tag);
        ledger.note(|| MessageRow {
            key,
            sent: sent_at(&held.letter, held.tag, self.receiver, plan),
            arrives: Some(held.arrived),
            fate: MessageEnd::Delivered { late: held.late },
            used,
            copies: 1,
        });
    }
}

/// When a copy was put on its link.
pub(super) fn sent_at(letter: &Letter, tag: Tag, receiver: AgentId, plan: &Plan) -> SimTime {
    let head = letter.head();
    if tag.attempt() == 0 {
        return head.departs;
    }
    let kind = plan.links.kind(head.sender, receiver);
    let pause = plan.links.settings(kind).retransmit.unwrap_or_default();
    head.departs + SimTime::from_us(pause.us().saturating_mul(tag.attempt().into()))
}
