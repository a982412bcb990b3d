//! Messages on their way: the senders' uplinks, fates, the receivers' downlinks, and how each copy
//! ends.
//!
//! Departures of all senders are handled one by one in the order of simulated time, whatever
//! iteration they are of: [`Mail::depart`].

use super::faults::Faults;
use super::links::{Links, Loss};
use super::slip::Slip;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Counts of copies by how they ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    pub sent: u64,
    pub duplicated: u64,
    pub delivered: u64,
    pub dropped: Dropped,
    pub expired: u64,
    pub malformed: u64,
    pub in_flight: u64,
    pub late: u64,
    pub used: u64,
    pub bytes: u64,
    /// Attempts after the first.
    pub retransmitted: u64,
}

/// Lost copies by what took them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dropped {
    pub link: u64,
    pub burst: u64,
    pub partition: u64,
    pub receiver_down: u64,
    pub flood_bound: u64,
}

impl Dropped {
    pub fn all(&self) -> u64 {
        self.link + self.burst + self.partition + self.receiver_down + self.flood_bound
    }
}

/// A model that a sender puts on a link, perhaps several times.
pub struct Departure {
    pub at: u64,
    pub to: usize,
    pub copies: u64,
    pub payload: Rc<[f32]>,
}

/// One sender's iteration.
pub struct Sending {
    pub from: usize,
    pub stamp: u64,
    /// When the sender had adapted.
    pub adapted: u64,
}

/// A copy that will come to its receiver. Copies are handled in the order of the fields.
#[derive(Clone)]
pub struct Coming {
    /// When it comes out of the link.
    pub link: u64,
    pub from: usize,
    pub stamp: u64,
    pub copy: u64,
    pub attempt: u64,
    pub adapted: u64,
    pub payload: Rc<[f32]>,
}

impl Coming {
    fn key(&self) -> Key {
        (self.link, self.from, self.stamp, self.copy, self.attempt)
    }
}

type Key = (u64, usize, u64, u64, u64);

/// A copy that has arrived.
#[derive(Clone)]
pub struct Arrived {
    pub at: u64,
    pub copy: Coming,
}

/// How a copy looks that has come out of its link before others have been sent.
pub enum Ahead {
    Arrives(Arrived),
    /// The receiver is down.
    Down(Coming),
}

/// A model did not arrive however often it was sent.
pub struct Exhausted {
    pub from: usize,
    pub to: usize,
    /// When it was sent for the last time.
    pub at: u64,
}

#[derive(Clone, Default)]
struct Inbox {
    coming: BTreeMap<Key, Coming>,
    /// When the downlink is free.
    free: u64,
    /// In the downlink, by the end of it.
    queued: BTreeMap<(u64, Key), Coming>,
}

#[derive(Clone)]
pub struct Mail<'a> {
    links: &'a Links,
    faults: &'a Faults,
    slip: Slip,
    /// When each sender's uplink is free.
    free: Vec<u64>,
    /// What is still to be put on a link.
    agenda: BTreeMap<Turn, Model>,
    inboxes: Vec<Inbox>,
    /// Of an iteration's models from one agent to another: copies still to be put on the link, and
    /// when the last one that was lost would have come.
    open: BTreeMap<Way, u64>,
    lost: BTreeMap<Way, u64>,
    pub traffic: Traffic,
}

/// When a copy is put on a link: moment, sender, iteration, place of the receiver, copy, attempt.
type Turn = (u64, usize, u64, usize, u64, u64);

/// An iteration, who sends and to whom.
pub type Way = (u64, usize, usize);

/// A model on the agenda.
#[derive(Clone)]
struct Model {
    to: usize,
    adapted: u64,
    payload: Rc<[f32]>,
    /// Whether the receiver waits for it, so that it is sent again if it is lost.
    is_awaited: bool,
}

impl<'a> Mail<'a> {
    pub fn new(links: &'a Links, faults: &'a Faults, agents: usize, slip: Slip) -> Mail<'a> {
        Mail {
            links,
            faults,
            slip,
            free: vec![0; agents],
            agenda: BTreeMap::new(),
            inboxes: vec![Inbox::default(); agents],
            open: BTreeMap::new(),
            lost: BTreeMap::new(),
            traffic: Traffic::default(),
        }
    }

    /// Notes what a sender has made in an iteration. `takes_part` says whether a receiver is waited
    /// for; `None` where nobody waits and nothing is sent again.
    pub fn send(
        &mut self,
        sending: Sending,
        departures: Vec<Departure>,
        takes_part: Option<&dyn Fn(usize) -> bool>,
    ) {
        let Sending { from, stamp, .. } = sending;
        for departure in departures {
            let to = departure.to;
            let link = self.links.between(from, to);
            let over = departure.copies.saturating_sub(link.flood_bound);
            self.traffic.sent += over;
            self.traffic.bytes += over * link.bytes(departure.payload.len());
            self.traffic.dropped.flood_bound += over;
            let place = match self.slip {
                Slip::QueueBackwards => usize::MAX - to,
                _ => to,
            };
            let model = Model {
                to,
                adapted: sending.adapted,
                payload: departure.payload,
                is_awaited: takes_part.is_some_and(|takes_part| takes_part(to)),
            };
            for copy in 0..departure.copies - over {
                let turn = (departure.at, from, stamp, place, copy, 0);
                self.agenda.insert(turn, model.clone());
                *self.open.entry((stamp, from, to)).or_default() += 1;
            }
        }
    }

    /// When the next copy is put on a link.
    pub fn next_departure(&self) -> Option<u64> {
        self.agenda.keys().next().map(|turn| turn.0)
    }

    /// Puts everything on its link that departs before a moment: nothing else can arrive at it.
    pub fn depart_before(&mut self, moment: u64) -> Result<(), Exhausted> {
        while self.next_departure().is_some_and(|at| at < moment) {
            self.depart()?;
        }
        Ok(())
    }

    /// Puts the next copy on its link.
    pub fn depart(&mut self) -> Result<(), Exhausted> {
        let Some((turn, model)) = self.agenda.pop_first() else {
            return Ok(());
        };
        let (at, from, stamp, place, copy, attempt) = turn;
        let to = model.to;
        let link = self.links.between(from, to);
        let way = (stamp, from, to);
        self.traffic.retransmitted += u64::from(attempt > 0);
        let outcome = self.put(turn, &model);
        if let Some(again) = link.retransmit.filter(|_| model.is_awaited)
            && !outcome.came
            && !self.is_down_for_good(to, stamp, outcome.link)
        {
            if attempt >= link.retransmit_limit {
                return Err(Exhausted { from, to, at });
            }
            let turn = (at + again, from, stamp, place, copy, attempt + 1);
            self.agenda.insert(turn, model);
            // What is sent again is known not to arrive.
            for copy in outcome.coming {
                self.traffic.dropped.receiver_down += 1;
                self.lose(way, copy.link);
            }
            return Ok(());
        }
        *self.open.get_mut(&way).expect("it was to be put there") -= 1;
        let coming = outcome.coming.into_iter();
        let inbox = &mut self.inboxes[to];
        inbox.coming.extend(coming.map(|copy| (copy.key(), copy)));
        Ok(())
    }

    fn lose(&mut self, way: Way, at: u64) {
        let last = self.lost.entry(way).or_default();
        *last = at.max(*last);
    }

    /// Whether something of an iteration's model is still to be put on a link.
    pub fn is_open(&self, way: Way) -> bool {
        self.open.get(&way).is_some_and(|&copies| copies > 0)
    }

    /// When the last copy that was lost would have come.
    pub fn lost(&self, way: Way) -> Option<u64> {
        self.lost.get(&way).copied()
    }

    fn is_down_for_good(&self, agent: usize, iteration: u64, at: u64) -> bool {
        self.faults.is_down(agent, iteration, at) && self.faults.first_up(agent, at).is_none()
    }

    /// One attempt, with the duplicate that the link may make.
    fn put(&mut self, turn: Turn, model: &Model) -> Outcome {
        let (departs, from, stamp, _, copy, attempt) = turn;
        let to = model.to;
        let link = self.links.between(from, to);
        self.traffic.sent += 1;
        self.traffic.bytes += link.bytes(model.payload.len());
        // The uplink serves one model after another; lost ones have used it all the same.
        let mut end = departs;
        if let Some(takes) = link.uplink() {
            end = departs.max(self.free[from]) + takes;
            self.free[from] = end;
        }
        let fate = link.fate(stamp, 2 * copy, attempt);
        let mut fates = vec![(2 * copy, fate)];
        if fates[0].1.duplicated {
            self.traffic.duplicated += 1;
            let fate = link.fate(stamp, 2 * copy + 1, attempt);
            fates.push((2 * copy + 1, fate));
        }
        let mut outcome = Outcome::default();
        for (copy, fate) in fates {
            let arrival = (departs + 1).max(end + fate.delay);
            outcome.link = outcome.link.max(arrival);
            let dropped = &mut self.traffic.dropped;
            let cause = if self.faults.is_cut(from, to, stamp, departs) {
                Some(&mut dropped.partition)
            } else {
                match fate.lost {
                    Some(Loss::Coin) => Some(&mut dropped.link),
                    Some(Loss::Burst) => Some(&mut dropped.burst),
                    None => None,
                }
            };
            if let Some(cause) = cause {
                *cause += 1;
                self.lose((stamp, from, to), arrival);
                continue;
            }
            outcome.came |= !self.faults.is_down(to, stamp, arrival);
            outcome.coming.push(Coming {
                link: arrival,
                from,
                stamp,
                copy,
                attempt,
                adapted: model.adapted,
                payload: model.payload.clone(),
            });
        }
        outcome
    }

    /// What a receiver's copies will be if nothing more is put on a link to it, all of them coming
    /// out of their links within one iteration.
    pub fn look_ahead(&self, to: usize, iteration: u64) -> Vec<Ahead> {
        let inbox = &self.inboxes[to];
        let mut free = inbox.free;
        let queued = inbox.queued.iter().map(|((at, _), copy)| {
            let copy = copy.clone();
            Ahead::Arrives(Arrived { at: *at, copy })
        });
        let mut ahead: Vec<Ahead> = queued.collect();
        for copy in inbox.coming.values() {
            let copy = copy.clone();
            ahead.push(if self.faults.is_down(to, iteration, copy.link) {
                Ahead::Down(copy)
            } else {
                let at = self.downlink(to, &copy, &mut free);
                Ahead::Arrives(Arrived { at, copy })
            });
        }
        ahead
    }

    /// When a copy has passed the receiver's downlink.
    fn downlink(&self, to: usize, copy: &Coming, free: &mut u64) -> u64 {
        let link = self.links.between(copy.from, to);
        match link.downlink() {
            Some(takes) => {
                *free = copy.link.max(*free) + takes;
                *free
            }
            None => copy.link,
        }
    }

    /// Takes what has arrived at `to` up to a moment, in order of arrival. Copies that have come
    /// out of their links since the last time did so in `iteration`.
    pub fn take(&mut self, to: usize, now: u64, iteration: u64) -> Vec<Arrived> {
        let mut inbox = std::mem::take(&mut self.inboxes[to]);
        while let Some(entry) = inbox.coming.first_entry()
            && entry.get().link <= now
        {
            let copy = entry.remove();
            if self.faults.is_down(to, iteration, copy.link) {
                self.traffic.dropped.receiver_down += 1;
            } else {
                let at = self.downlink(to, &copy, &mut inbox.free);
                inbox.queued.insert((at, copy.key()), copy);
            }
        }
        let mut arrived = Vec::new();
        while let Some(entry) = inbox.queued.first_entry()
            && entry.key().0 <= now
        {
            let at = entry.key().0;
            let copy = entry.remove();
            arrived.push(Arrived { at, copy });
        }
        self.inboxes[to] = inbox;
        arrived
    }

    /// Ends the run: what is still under way never arrives, and what still waits for its uplink is
    /// counted as if nothing else were sent.
    pub fn finish(&mut self) {
        while !self.agenda.is_empty() {
            // Nobody waits for what is sent too often after the end.
            let _ = self.depart();
        }
        let left = |inbox: &Inbox| inbox.coming.len() + inbox.queued.len();
        let left: usize = self.inboxes.iter().map(left).sum();
        self.traffic.in_flight += left as u64;
    }
}

#[derive(Default)]
struct Outcome {
    /// What was not lost.
    coming: Vec<Coming>,
    /// Whether a copy comes to a receiver that is up.
    came: bool,
    /// When the last copy comes out of the link, or would have.
    link: u64,
}
