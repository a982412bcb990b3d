//! Messages on their way: the senders' uplinks, fates, the receivers' downlinks, and how each copy
//! ends.

use super::faults::Faults;
use super::links::{Links, Loss};
use super::slip::Slip;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
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
#[derive(Clone, Copy)]
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

/// A copy that was lost, for those who wait: it would have come out of the link then.
pub struct Lost {
    pub to: usize,
    pub at: u64,
}

/// A model did not arrive however often it was sent.
pub struct Exhausted {
    pub from: usize,
    pub to: usize,
}

#[derive(Clone, Default)]
struct Inbox {
    coming: BTreeMap<Key, Coming>,
    /// When the downlink is free.
    free: u64,
    /// In the downlink, by the end of it.
    queued: BTreeMap<(u64, Key), Coming>,
}

pub struct Mail<'a> {
    links: &'a Links,
    faults: &'a Faults,
    slip: Slip,
    /// When each sender's uplink is free.
    free: Vec<u64>,
    inboxes: Vec<Inbox>,
    pub traffic: Traffic,
}

impl<'a> Mail<'a> {
    pub fn new(links: &'a Links, faults: &'a Faults, agents: usize, slip: Slip) -> Mail<'a> {
        Mail {
            links,
            faults,
            slip,
            free: vec![0; agents],
            inboxes: vec![Inbox::default(); agents],
            traffic: Traffic::default(),
        }
    }

    /// Puts what a sender has made in an iteration on its links. `takes_part` says whether a
    /// receiver is waited for; `None` where nobody waits and nothing is sent again.
    pub fn send(
        &mut self,
        sending: Sending,
        departures: Vec<Departure>,
        takes_part: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<Lost>, Exhausted> {
        let Sending { from, stamp, .. } = sending;
        let mut lost = Vec::new();
        // By the moment it is put on the link, receiver, copy and attempt.
        let mut waiting = BinaryHeap::new();
        for (index, departure) in departures.iter().enumerate() {
            let link = self.links.between(from, departure.to);
            let over = departure.copies.saturating_sub(link.flood_bound);
            self.traffic.sent += over;
            self.traffic.bytes += over * link.bytes(departure.payload.len());
            self.traffic.dropped.flood_bound += over;
            for copy in 0..departure.copies - over {
                let to = match self.slip {
                    Slip::QueueBackwards => usize::MAX - departure.to,
                    _ => departure.to,
                };
                waiting.push(Reverse((departure.at, to, copy, 0, index)));
            }
        }
        while let Some(Reverse((at, to, copy, attempt, index))) = waiting.pop() {
            let departure = &departures[index];
            let link = self.links.between(from, departure.to);
            if attempt > link.retransmit_limit {
                let to = departure.to;
                return Err(Exhausted { from, to });
            }
            self.traffic.retransmitted += u64::from(attempt > 0);
            let put = Put {
                sending,
                departure,
                at,
                copy: 2 * copy,
                attempt,
            };
            let outcome = self.put(&put, &mut lost);
            if let (Some(takes_part), Some(again)) = (takes_part, link.retransmit)
                && !outcome.came
                && takes_part(departure.to)
                && !self.is_down_for_good(departure.to, stamp, outcome.link)
            {
                waiting.push(Reverse((at + again, to, copy, attempt + 1, index)));
                // What is sent again is known not to arrive.
                for copy in outcome.coming {
                    self.traffic.dropped.receiver_down += 1;
                    let (to, at) = (departure.to, copy.link);
                    lost.push(Lost { to, at });
                }
            } else {
                let inbox = &mut self.inboxes[departure.to];
                let coming = outcome.coming.into_iter();
                inbox.coming.extend(coming.map(|copy| (copy.key(), copy)));
            }
        }
        Ok(lost)
    }

    fn is_down_for_good(&self, agent: usize, iteration: u64, at: u64) -> bool {
        self.faults.is_down(agent, iteration, at) && self.faults.first_up(agent, at).is_none()
    }

    /// One attempt, with the duplicate that the link may make.
    fn put(&mut self, put: &Put<'_>, lost: &mut Vec<Lost>) -> Outcome {
        let Sending { from, stamp, .. } = put.sending;
        let to = put.departure.to;
        let link = self.links.between(from, to);
        let parameters = put.departure.payload.len();
        self.traffic.sent += 1;
        self.traffic.bytes += link.bytes(parameters);
        // The uplink serves one model after another; lost ones have used it all the same.
        let mut end = put.at;
        if let Some(takes) = link.uplink() {
            end = put.at.max(self.free[from]) + takes;
            self.free[from] = end;
        }
        let fate = link.fate(stamp, put.copy, put.attempt);
        let mut fates = vec![(put.copy, fate)];
        if fates[0].1.duplicated {
            self.traffic.duplicated += 1;
            let fate = link.fate(stamp, put.copy + 1, put.attempt);
            fates.push((put.copy + 1, fate));
        }
        let mut outcome = Outcome::default();
        for (copy, fate) in fates {
            let arrival = (put.at + 1).max(end + fate.delay);
            outcome.link = outcome.link.max(arrival);
            let dropped = &mut self.traffic.dropped;
            let cause = if self.faults.is_cut(from, to, stamp, put.at) {
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
                lost.push(Lost { to, at: arrival });
                continue;
            }
            outcome.came |= !self.faults.is_down(to, stamp, arrival);
            outcome.coming.push(Coming {
                link: arrival,
                from,
                stamp,
                copy,
                attempt: put.attempt,
                adapted: put.sending.adapted,
                payload: put.departure.payload.clone(),
            });
        }
        outcome
    }

    /// What a receiver's copies will be if nothing more is sent to it, all of them coming out of
    /// their links within one iteration.
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

    /// Ends the run: what is still under way never arrives.
    pub fn finish(&mut self) {
        let left = |inbox: &Inbox| inbox.coming.len() + inbox.queued.len();
        let left: usize = self.inboxes.iter().map(left).sum();
        self.traffic.in_flight += left as u64;
    }
}

/// A model put on a link at a moment.
struct Put<'a> {
    sending: Sending,
    departure: &'a Departure,
    at: u64,
    copy: u64,
    attempt: u64,
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
