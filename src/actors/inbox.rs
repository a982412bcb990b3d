//! How models reach an agent: through its downlink, if it is up, in the order of their arrival;
//! refused, too old, late, or put on the shelf.

use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Leftovers, Parcel, Post, Seat, Tag};
use super::quorum::Count;
use super::roster::Roster;
use super::shelf::{Held, Shelf, sent_at};
use crate::checkpoint::{Book, Kept, keep};
use crate::fault::Outages;
use crate::link::Queue;
use crate::record::{Delay, DroppedBy, MessageEnd, MessageRow};
use crate::scenario::{Pace, Plan};
use crate::units::{AgentId, SimTime};
use std::cell::Cell;

/// The receiving side of an agent.
pub(super) struct Inbox {
    id: AgentId,
    /// Copies that have not arrived.
    pending: Vec<Transit>,
    /// Those that replace what was foreseen, of senders that have begun the next iteration earlier.
    early: Vec<Transit>,
    /// The end of the run, where it is known: what comes after it is only counted, since it would
    /// be looked at again and again. Not where messages are traced.
    end: Option<SimTime>,
    beyond: u64,
    /// What has arrived, and can be used.
    pub shelf: Shelf,
    downlink: Queue,
    outages: Outages,
    heard: Heard,
}

/// A copy on its way to this agent, or lost on it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Transit {
    letter: Letter,
    /// When it reaches the agent, before the downlink.
    at: SimTime,
    seat: Seat,
    tag: Tag,
}

/// When a copy comes to its end at the agent, and whether it comes at all.
#[derive(Clone, Copy)]
struct Arrival {
    at: SimTime,
    comes: bool,
}

thread_local! {
    /// Buffers that a thread's agents share, since one receives at a time.
    static DUE: Cell<Vec<Transit>> = const { Cell::new(Vec::new()) };
    static ARRIVALS: Cell<Vec<Arrival>> = const { Cell::new(Vec::new()) };
}

/// Which neighbors have been heard of in which iteration, where agents wait for each other.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Heard {
    iteration: Option<u64>,
    now: usize,
    next: usize,
    /// Copies in this iteration that are the only ones of their neighbor, and in the next.
    singles: usize,
    next_singles: usize,
    /// Senders whose models of earlier iterations wait for their uplinks, and how many of those have
    /// said what becomes of them now, in this iteration and in the next.
    owed: usize,
    repaid: usize,
    next_repaid: usize,
}

impl Heard {
    /// A neighbor has spoken; says whether that is of the iteration that is going on.
    fn hear(&mut self, iteration: u64) -> bool {
        let is_current = self.iteration == Some(iteration);
        if is_current {
            self.now += 1;
        } else {
            self.next += 1;
        }
        is_current
    }
}

/// Where the run stands when something arrives.
pub(super) struct Scene<'a> {
    pub plan: &'a Plan,
    /// The iteration that is going on.
    pub iteration: u64,
    /// When the agent combined in it, if it has; synchronous only.
    pub combined_at: Option<SimTime>,
    pub roster: &'a mut Roster,
    pub ledger: &'a mut Ledger,
}

impl Inbox {
    pub fn new(plan: &Plan, id: AgentId) -> Inbox {
        let slots = plan.graph.receives_from(id).len() + 1;
        Inbox {
            id,
            pending: Vec::new(),
            early: Vec::new(),
            end: plan.end().filter(|_| !plan.record.trace),
            beyond: 0,
            shelf: Shelf::new(id, slots),
            downlink: Queue::default(),
            outages: plan.faults.outages(id),
            heard: Heard::default(),
        }
    }

    /// Keeps what is under way and what has arrived. When the agent is down is drawn anew.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.shelf.keep(book)?;
        keep!(book: self.pending, self.early, self.beyond, self.downlink, self.heard)
    }

    /// An iteration never takes place: forgets what neighbors that were quicker had sent in it
    /// already.
    pub fn take_back(&mut self, iteration: u64) {
        self.pending.retain(|transit| transit.stamp() < iteration);
        self.early.clear();
    }

    /// When the agent is up.
    pub fn outages(&mut self) -> &mut Outages {
        &mut self.outages
    }

    /// Notes a copy that a neighbor sent.
    fn expect(&mut self, transit: Transit) {
        if self.end.is_some_and(|end| transit.at > end) {
            self.beyond += 1;
        } else {
            self.pending.push(transit);
        }
    }

    /// Takes a copy that a neighbor sent.
    pub fn take(&mut self, post: Post) {
        let Post {
            letter,
            at,
            seat,
            tag,
        } = post;
        let heard = &mut self.heard;
        if heard.hear(letter.head().stamp) {
            heard.singles += 1;
        } else {
            heard.next_singles += 1;
        }
        let transit = Transit {
            letter,
            at,
            seat,
            tag,
        };
        self.expect(transit);
    }

    /// Takes several copies.
    pub fn take_parcel(&mut self, parcel: Parcel) {
        self.heard.hear(parcel.letter.head().stamp);
        for &Copied { at, tag } in &parcel.copies {
            let transit = Transit {
                letter: parcel.letter.clone(),
                at,
                seat: parcel.seat,
                tag,
            };
            self.expect(transit);
        }
    }

    /// Notes that a neighbor has said that it sends nothing in an iteration.
    pub fn hear_nothing(&mut self, iteration: u64) {
        self.heard.hear(iteration);
    }

    /// Takes copies of earlier iterations' models, whose turn in the sender's uplink has changed.
    pub fn take_leftovers(&mut self, leftovers: Leftovers) {
        let is_current = self.heard.iteration == Some(leftovers.iteration);
        let (repaid, transits) = match is_current {
            true => (&mut self.heard.repaid, &mut self.pending),
            false => (&mut self.heard.next_repaid, &mut self.early),
        };
        *repaid += 1;
        let seat = leftovers.seat;
        let copies = leftovers.copies.into_iter();
        transits.extend(copies.map(|(letter, Copied { at, tag })| Transit {
            letter,
            at,
            seat,
            tag,
        }));
    }

    /// Begins to listen for an iteration, which begins at `now`; neighbors may have spoken already.
    pub fn listen(&mut self, plan: &Plan, iteration: u64, now: SimTime) {
        self.heard = Heard {
            iteration: Some(iteration),
            now: self.heard.next,
            next: 0,
            singles: self.heard.next_singles,
            next_singles: 0,
            owed: self.forget_foreseen(plan, iteration, now),
            repaid: self.heard.next_repaid,
            next_repaid: 0,
        };
        self.pending.append(&mut self.early);
    }

    /// Forgets what was foreseen in earlier iterations of models that depart after `now` through an
    /// uplink, and says how many senders are going to say what becomes of them.
    fn forget_foreseen(&mut self, plan: &Plan, iteration: u64, now: SimTime) -> usize {
        if !plan.links.has_uplink() {
            return 0;
        }
        let id = self.id;
        let is_foreseen = |transit: &mut Transit| {
            let kind = plan.links.kind(transit.letter.head().sender, id);
            transit.stamp() < iteration
                && plan.links.uplink_time(kind).is_some()
                && sent(transit, id, plan) > now
        };
        let foreseen = self.pending.extract_if(.., is_foreseen);
        let mut senders: Vec<Seat> = foreseen.map(|transit| transit.seat).collect();
        senders.sort_unstable();
        senders.dedup();
        senders.len()
    }

    /// Whether so many neighbors have spoken in this iteration, and all that was foreseen is
    /// replaced.
    pub fn has_heard(&self, neighbors: usize) -> bool {
        self.heard.now >= neighbors && self.heard.repaid >= self.heard.owed
    }

    /// Lets everything arrive that does so up to `now`.
    pub fn settle(&mut self, now: SimTime, scene: &mut Scene<'_>) {
        if self.pending.is_empty() {
            return;
        }
        if !self.order_shows(scene) {
            let mut next = 0;
            while next < self.pending.len() {
                if self.pending[next].at > now {
                    next += 1;
                    continue;
                }
                let transit = self.pending.swap_remove(next);
                let at = transit.at;
                if !transit.tag.is_lost() {
                    self.arrive(transit, at, scene);
                }
            }
            return;
        }
        let mut due = DUE.take();
        due.extend(self.pending.extract_if(.., |transit| transit.at <= now));
        due.sort_unstable_by(Transit::order);
        // What waits in the downlink has not passed it yet, and yet keeps others from passing.
        let mut downlink = self.downlink;
        for mut transit in due.drain(..) {
            // Nobody waits any more for what is lost.
            if transit.tag.is_lost() || !self.admit(&transit, scene) {
                continue;
            }
            transit.tag = transit.tag.admitted();
            let arrives = pass(&mut downlink, &transit, self.id, scene.plan);
            if arrives <= now {
                pass(&mut self.downlink, &transit, self.id, scene.plan);
                self.arrive(transit, arrives, scene);
            } else {
                self.pending.push(transit);
            }
        }
        DUE.set(due);
    }

    /// Whether it makes a difference which of several copies is taken in first: in the downlink, to
    /// an agent that may be down, in a trace, and to the slots of neighbors that are met. The newest
    /// model of a sender is the same in any order, and so are counts.
    fn order_shows(&self, scene: &Scene<'_>) -> bool {
        !scene.plan.networks.is_static()
            || scene.plan.links.has_downlink()
            || !self.outages.none_at_all()
            || scene.ledger.traces()
    }

    /// Synchronous: lets models arrive until the agent can combine, and says when that is, and for
    /// whom it has waited if that is after the end of simulated time.
    /// `begun` is when the iteration began, `adapted` when the agent had adapted.
    ///
    /// # Panics
    /// Unless every neighbor has spoken.
    pub fn gather(
        &mut self,
        (begun, adapted): (SimTime, SimTime),
        quorum: f64,
        scene: &mut Scene<'_>,
    ) -> (SimTime, Option<AgentId>) {
        self.pending.sort_unstable_by(Transit::order);
        let sender = |transit: &Transit| transit.letter.head().sender;
        let mut pending = DUE.take();
        std::mem::swap(&mut pending, &mut self.pending);
        if quorum == 1.0 && self.is_plain(&pending, scene) {
            // The last of them is the one to wait for.
            let last = pending.last().map_or(begun, |transit| transit.at);
            let awaited = pending.last().filter(|_| last > SimTime::END).map(sender);
            for transit in pending.drain(..) {
                let at = transit.at;
                if !transit.tag.is_lost() {
                    self.arrive(transit, at, scene);
                }
            }
            std::mem::swap(&mut pending, &mut self.pending);
            DUE.set(pending);
            return (last.max(adapted), awaited);
        }
        let mut arrivals = ARRIVALS.take();
        self.foresee(&pending, &mut arrivals, scene);
        let enough = self.enough(begun, quorum, &pending, &arrivals, scene);
        let combined_at = enough.max(adapted);
        let mut ends = pending.iter().zip(&arrivals);
        let is_last = |(transit, arrival): &(&Transit, &Arrival)| {
            arrival.at == enough && transit.stamp() == scene.iteration
        };
        let awaited = match enough > SimTime::END {
            true => ends.find(is_last).map(|(transit, _)| sender(transit)),
            false => None,
        };
        let mut downlink = self.downlink;
        for (transit, arrival) in pending.drain(..).zip(&arrivals) {
            if arrival.at > combined_at {
                self.pending.push(transit);
            } else if !transit.tag.is_lost() && self.admit(&transit, scene) {
                pass(&mut downlink, &transit, self.id, scene.plan);
                self.arrive(transit, arrival.at, scene);
            }
        }
        self.downlink = downlink;
        // The agent keeps the vector that is warm, the thread the one that it had before.
        std::mem::swap(&mut pending, &mut self.pending);
        self.pending.append(&mut pending);
        DUE.set(pending);
        ARRIVALS.set(arrivals);
        (combined_at, awaited)
    }

    /// Whether what is pending is one copy each of this iteration's models and nothing else, and
    /// arrives when it reaches the agent.
    fn is_plain(&self, pending: &[Transit], scene: &Scene<'_>) -> bool {
        pending.len() == self.heard.singles
            && self.outages.none_at_all()
            && !scene.plan.links.has_downlink()
    }

    /// When what is pending, in its order, comes to its end here, and whether it comes at all.
    fn foresee(&mut self, pending: &[Transit], arrivals: &mut Vec<Arrival>, scene: &Scene<'_>) {
        arrivals.clear();
        let mut downlink = self.downlink;
        for transit in pending {
            let tag = transit.tag;
            let comes = !tag.is_lost()
                && (tag.is_admitted() || !self.outages.is_down(scene.iteration, transit.at));
            let at = if comes {
                pass(&mut downlink, transit, self.id, scene.plan)
            } else {
                transit.at
            };
            arrivals.push(Arrival { at, comes });
        }
    }

    /// The moment at which enough neighbors' models have arrived, or no more can come.
    fn enough(
        &mut self,
        begun: SimTime,
        quorum: f64,
        pending: &[Transit],
        arrivals: &[Arrival],
        scene: &mut Scene<'_>,
    ) -> SimTime {
        let neighbors = scene.roster.present(begun).count();
        let mut count = Count::new(scene.roster.slots(), neighbors, quorum);
        let dimension = scene.plan.world.dimension();
        for (transit, arrival) in pending.iter().zip(arrivals) {
            if transit.stamp() == scene.iteration {
                let slot = scene.roster.slot(transit.seat);
                let is_model = arrival.comes && transit.letter.is_well_formed(dimension);
                count.expect(slot, arrival.at, is_model);
            }
        }
        count.enough(begun)
    }

    /// Whether a copy finds the agent up; looked up once, when it reaches it.
    fn admit(&mut self, transit: &Transit, scene: &mut Scene<'_>) -> bool {
        if transit.tag.is_admitted() || !self.outages.is_down(scene.iteration, transit.at) {
            return true;
        }
        let key = scene.ledger.key(&transit.letter, self.id, transit.tag);
        let sent = sent(transit, self.id, scene.plan);
        let end = MessageEnd::Dropped(DroppedBy::ReceiverDown);
        scene.ledger.drop(key, sent, Some(transit.at), end, 1);
        false
    }

    /// A copy is there. Says whether it is a model that can be read.
    #[inline]
    fn arrive(&mut self, transit: Transit, at: SimTime, scene: &mut Scene<'_>) -> bool {
        let head = transit.letter.head();
        let plan = scene.plan;
        let (stamp, departed) = (head.stamp, sent(&transit, self.id, plan));
        let end = |end: MessageEnd, scene: &mut Scene<'_>| {
            let key = scene.ledger.key(&transit.letter, self.id, transit.tag);
            scene.ledger.note(|| MessageRow {
                key,
                sent: departed,
                arrives: Some(at),
                fate: end,
                used: None,
                copies: 1,
            });
        };
        if !transit.letter.is_well_formed(plan.world.dimension()) {
            scene.ledger.traffic.malformed += 1;
            end(MessageEnd::Malformed, scene);
            return false;
        }
        let (late, usable) = match plan.clock.pace {
            Pace::Synchronous { .. } => {
                let combined = scene.combined_at.is_some_and(|combined| at > combined);
                let late = stamp < scene.iteration || combined;
                (late, !late)
            }
            Pace::Deadline {
                period,
                use_late,
                max_age,
                ..
            } => {
                // The iteration that ends at the first tick from the arrival on.
                let ends = at.us().div_ceil(period.us()) - 1;
                if max_age.is_some_and(|most| ends.saturating_sub(stamp) > most) {
                    scene.ledger.traffic.expired += 1;
                    end(MessageEnd::Expired, scene);
                    return true;
                }
                let late = ends > stamp;
                (late, !late || use_late)
            }
            Pace::Asynchronous { max_age, .. } => {
                if max_age.is_some_and(|most| at - head.adapted > most) {
                    scene.ledger.traffic.expired += 1;
                    end(MessageEnd::Expired, scene);
                    return true;
                }
                (false, true)
            }
        };
        scene.ledger.traffic.delivered += 1;
        scene.ledger.traffic.late += u64::from(late);
        // From the first attempt on: that is what losses cost.
        let took = (at - head.departs).us();
        scene.ledger.delays.add(Delay::Delivery, took);
        let held = Held::new(transit.letter, at, transit.tag, late);
        if usable {
            let slot = scene.roster.slot(transit.seat);
            self.shelf.put(slot, held, plan, scene.ledger);
        } else {
            self.shelf.pass_over(&held, plan, scene.ledger);
        }
        true
    }

    /// The run ends: lets arrive what does so until then, and counts what is still under way.
    pub fn close(&mut self, end: SimTime, scene: &mut Scene<'_>) {
        self.settle(end, scene);
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_unstable_by(Transit::order);
        for transit in pending.iter().filter(|transit| !transit.tag.is_lost()) {
            scene.ledger.traffic.in_flight += 1;
            let key = scene.ledger.key(&transit.letter, self.id, transit.tag);
            let arrives = pass(&mut self.downlink, transit, self.id, scene.plan);
            scene.ledger.note(|| MessageRow {
                key,
                sent: sent(transit, self.id, scene.plan),
                arrives: Some(arrives).filter(|at| *at <= SimTime::END),
                fate: MessageEnd::InFlight,
                used: None,
                copies: 1,
            });
        }
        scene.ledger.traffic.in_flight += self.beyond;
        self.shelf.clear(scene.plan, scene.ledger);
    }
}

impl Transit {
    fn stamp(&self) -> u64 {
        self.letter.head().stamp
    }

    /// In which order copies are taken in. The letter is looked at only if it must be: it lies
    /// elsewhere in memory.
    fn order(&self, other: &Transit) -> std::cmp::Ordering {
        (self.at, self.seat)
            .cmp(&(other.at, other.seat))
            .then_with(|| self.stamp().cmp(&other.stamp()))
            .then_with(|| self.tag.number().cmp(&other.tag.number()))
    }
}

/// When a copy has passed the downlink, if its link has one.
fn pass(downlink: &mut Queue, transit: &Transit, receiver: AgentId, plan: &Plan) -> SimTime {
    if !plan.links.has_downlink() {
        return transit.at;
    }
    let kind = plan.links.kind(transit.letter.head().sender, receiver);
    match plan.links.downlink_time(kind) {
        Some(took) => downlink.pass(transit.at, took),
        None => transit.at,
    }
}

fn sent(transit: &Transit, receiver: AgentId, plan: &Plan) -> SimTime {
    sent_at(&transit.letter, transit.tag, receiver, plan)
}
