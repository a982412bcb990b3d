//! How an agent's models leave it: through its uplink onto its links, in the order in which the
//! uplink serves them.

use super::desk::Desk;
use super::lane::{
    Attempt, Lane, Outgoing, ReceiverOutages, Trip, Waiting, Way, hand_over, hand_over_several,
};
use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Leftovers, Nothing, Seat, Tag};
use super::uplink::{Undelivered, Uplink};
use crate::checkpoint::{Book, Kept};
use crate::link::BurstState;
use crate::record::{DroppedBy, MessageEnd};
use crate::rng::{Key, Purpose, ShortStream, choose};
use crate::scenario::{Mode, Plan};
use crate::topology::Graph;
use crate::units::{AgentId, SimTime};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What goes to a neighbor.
pub(super) struct Mailing {
    pub letter: Letter,
    /// How often; more than once where an attacker floods.
    pub copies: u32,
}

/// The sending side of an agent.
pub(super) struct Outbox {
    id: AgentId,
    epoch: u64,
    lanes: Vec<Lane>,
    /// Bursts of links that are gone with their networks, and may come again.
    bursts: BTreeMap<AgentId, Box<BurstState>>,
    outages: ReceiverOutages,
    uplink: Uplink,
}

/// Buffers that a thread's agents share, since one sends at a time.
#[derive(Default)]
struct Scratch {
    /// What reaches the receivers, or would have.
    out: Vec<Outgoing>,
    /// By lane: the random stream of a plain copy, where any lane has one.
    streams: Vec<ShortStream>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Outbox {
    pub fn new(plan: &Plan, id: AgentId) -> Outbox {
        let mut outbox = Outbox {
            id,
            epoch: 0,
            lanes: Vec::new(),
            bursts: BTreeMap::new(),
            outages: BTreeMap::new(),
            uplink: Uplink::default(),
        };
        outbox.wire(plan, &plan.graph);
        outbox
    }

    /// Keeps the uplink. Links and their bursts are drawn anew.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.uplink.keep(book)
    }

    fn wire(&mut self, plan: &Plan, graph: &Graph) {
        let gone = self.lanes.drain(..);
        let gone = gone.filter_map(|lane| Some((lane.receiver, lane.bursts?)));
        self.bursts.extend(gone);
        for (receiver, position) in graph.links_from(self.id) {
            let seat = if plan.networks.is_static() {
                position
            } else {
                self.id.0
            };
            let mut lane = Lane::new(plan, self.id, (receiver, Seat(seat)));
            if let Some(bursts) = self.bursts.remove(&receiver) {
                lane.bursts = Some(bursts);
            }
            self.lanes.push(lane);
        }
    }

    fn rewire(&mut self, plan: &Plan, iteration: u64) {
        let epoch = plan.networks.epoch(iteration);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.wire(plan, &plan.networks.at(epoch));
        }
    }

    /// Synchronous: an iteration begins at `now`. Counts what has departed until then; what became
    /// of it, its receivers know already.
    ///
    /// # Errors
    /// A link that cannot bring a model to a receiver that waits for it.
    pub fn pass(
        &mut self,
        plan: &Plan,
        now: SimTime,
        ledger: &mut Ledger,
    ) -> Result<(), Undelivered> {
        if self.uplink.is_empty() {
            return Ok(());
        }
        SCRATCH.with_borrow_mut(|Scratch { out, .. }| {
            let passed = self.uplink.serve(plan, now, &mut self.outages, ledger, out);
            out.clear();
            passed
        })
    }

    /// Tells all neighbors that there will be no model of an iteration, where they would wait.
    ///
    /// # Errors
    /// As [`Outbox::send`].
    pub fn send_nothing(
        &mut self,
        desk: &Desk,
        trip: Trip,
        ledger: &mut Ledger,
    ) -> Result<(), Undelivered> {
        if desk.plan.mode() != Mode::Synchronous {
            return Ok(());
        }
        self.rewire(&desk.plan, trip.iteration);
        let passed = self.flush(desk, trip, trip.instant, ledger);
        for lane in &self.lanes {
            let iteration = trip.iteration;
            desk.nothing(lane.receiver, Nothing { iteration });
        }
        passed
    }

    /// Sends what `mailing` has for each neighbor, and what still waits from earlier iterations.
    /// What the agent sends in later iterations departs at `certain` or later.
    ///
    /// # Errors
    /// A link that cannot bring a model to a receiver that waits for it.
    pub fn send(
        &mut self,
        desk: &Desk,
        trip: Trip,
        certain: SimTime,
        ledger: &mut Ledger,
        mailing: impl FnMut(AgentId, &mut Ledger) -> Option<Mailing>,
    ) -> Result<(), Undelivered> {
        self.rewire(&desk.plan, trip.iteration);
        self.put(desk, trip, certain, ledger, mailing);
        self.flush(desk, trip, certain, ledger)
    }

    /// Puts on their links what waits for the uplink and departs up to `certain`, and into the
    /// receivers' mailboxes what becomes of it; where they wait for it, what becomes of the rest as
    /// far as that can be foreseen, too.
    ///
    /// # Errors
    /// A link that cannot bring a model to a receiver that waits for it.
    pub fn flush(
        &mut self,
        desk: &Desk,
        trip: Trip,
        certain: SimTime,
        ledger: &mut Ledger,
    ) -> Result<(), Undelivered> {
        let plan = &*desk.plan;
        SCRATCH.with_borrow_mut(|Scratch { out, .. }| {
            let Outbox {
                outages, uplink, ..
            } = self;
            let served = uplink.serve(plan, certain, outages, ledger, out);
            let foreseen = match plan.mode() {
                Mode::Synchronous if !uplink.is_empty() => {
                    uplink.foresee(plan, trip.iteration, outages, out)
                }
                _ => Ok(()),
            };
            post(desk, (self.id, trip), out);
            match (served, foreseen) {
                (Err(served), foreseen) => Err(served.first(foreseen.err())),
                (Ok(()), foreseen) => foreseen,
            }
        })
    }

    /// The run is over: counts what waits for the uplink as if the agent sent nothing more. Its
    /// receivers know what becomes of it.
    pub fn close(&mut self, plan: &Plan, ledger: &mut Ledger) {
        // Nobody waits any more.
        let _ = self.pass(plan, SimTime::NEVER, ledger);
    }

    /// Puts every copy on its link, or into the line before it.
    fn put(
        &mut self,
        desk: &Desk,
        trip: Trip,
        certain: SimTime,
        ledger: &mut Ledger,
        mut mailing: impl FnMut(AgentId, &mut Ledger) -> Option<Mailing>,
    ) {
        let plan = &*desk.plan;
        let waits = plan.mode() == Mode::Synchronous;
        let chosen = self.chosen(plan, trip);
        SCRATCH.with_borrow_mut(|Scratch { out, streams }| {
            out.clear();
            streams.clear();
            if self.lanes.iter().any(|lane| matches!(lane.way, Way::Drawn)) {
                let receivers = self.lanes.iter().map(|lane| lane.receiver);
                let sent = (self.id, trip.iteration);
                plan.links.open(sent, receivers, streams);
            }
            for (index, lane) in self.lanes.iter_mut().enumerate() {
                let is_chosen = chosen.as_ref().is_none_or(|chosen| chosen[index]);
                let found = if is_chosen {
                    mailing(lane.receiver, ledger)
                } else {
                    None
                };
                let Some(Mailing { letter, copies }) = found else {
                    if waits {
                        let iteration = trip.iteration;
                        desk.nothing(lane.receiver, Nothing { iteration });
                    }
                    continue;
                };
                ledger.count_sent(plan, lane.kind, &letter, copies);
                match lane.way {
                    Way::Fixed(took) if copies == 1 => {
                        let at = letter.head().departs + took;
                        let tag = Tag::new(0, 0);
                        lane.hand_over(desk, letter, Copied { at, tag });
                        continue;
                    }
                    Way::Drawn if copies == 1 => {
                        lane.send_at_once(desk, letter, &mut streams[index], ledger);
                        continue;
                    }
                    _ => {}
                }
                let carried = copies.min(plan.links.settings(lane.kind).flood_bound);
                let surplus = copies - carried;
                if surplus > 0 {
                    let key = ledger.key(&letter, lane.receiver, Tag::new(2 * carried, 0));
                    let end = MessageEnd::Dropped(DroppedBy::FloodBound);
                    ledger.drop(key, letter.head().departs, None, end, surplus.into());
                }
                let burst = lane.burst(plan, self.id, trip.iteration);
                for copy in 0..carried {
                    let waiting = Waiting {
                        attempt: Attempt {
                            at: letter.head().departs,
                            iteration: trip.iteration,
                            receiver: lane.receiver,
                            copy: 2 * copy,
                            number: 0,
                        },
                        instant: trip.instant,
                        seat: lane.seat,
                        burst,
                        letter: letter.clone(),
                    };
                    if plan.links.is_queued(lane.kind) {
                        if waiting.attempt.at > certain {
                            self.uplink.note(plan, &waiting);
                        }
                        self.uplink.add(waiting);
                        continue;
                    }
                    // It waits for nothing, and nothing is sent again.
                    let at = waiting.attempt.at;
                    let sent = waiting.launch(plan, at, &mut self.outages, ledger, out);
                    debug_assert!(matches!(sent, Ok(None)));
                }
            }
        });
    }

    /// Whom models go to in an iteration, by lane; `None` is everyone.
    fn chosen(&self, plan: &Plan, trip: Trip) -> Option<Vec<bool>> {
        let windows = plan.graph.has_windows();
        if plan.fanout.is_none() && !windows {
            return None;
        }
        let graph = plan.networks.at(self.epoch);
        let is_there = |lane: &Lane| graph.is_there(self.id, lane.receiver, trip.instant);
        let mut chosen: Vec<bool> = self.lanes.iter().map(is_there).collect();
        if let Some(fanout) = plan.fanout {
            let there: Vec<usize> = (0..chosen.len()).filter(|&l| chosen[l]).collect();
            let key = Key::new(plan.seeds.links, Purpose::Fanout).of(self.id);
            let mut stream = key.at(trip.iteration).stream();
            chosen.fill(false);
            for position in choose(there.len(), fanout as usize, &mut stream) {
                chosen[there[position]] = true;
            }
        }
        Some(chosen)
    }
}

/// Puts what became of copies into their receivers' mailboxes.
fn post(desk: &Desk, (sender, trip): (AgentId, Trip), out: &mut Vec<Outgoing>) {
    let plan = &*desk.plan;
    let waits = plan.mode() == Mode::Synchronous;
    let iteration = |sent: &Outgoing| sent.letter.head().stamp;
    let is_old = |sent: &Outgoing| iteration(sent) < trip.iteration;
    if waits {
        // Where there is no uplink, nothing has changed since it was told in its own iteration.
        out.retain(|sent| {
            let kind = plan.links.kind(sender, sent.receiver);
            !is_old(sent) || plan.links.uplink_time(kind).is_some()
        });
    }
    let key = |sent: &Outgoing| (sent.receiver, iteration(sent));
    if !out.is_sorted_by_key(key) {
        out.sort_by_key(key);
    }
    let is_together = |a: &Outgoing, b: &Outgoing| match waits {
        true => a.receiver == b.receiver && is_old(a) == is_old(b),
        false => key(a) == key(b),
    };
    let mut rest = out.drain(..).peekable();
    while let Some(first) = rest.next() {
        let (receiver, seat) = (first.receiver, first.seat);
        let is_left_over = waits && is_old(&first);
        let has_others = |next: &Outgoing| is_together(&first, next);
        if !is_left_over && !rest.peek().is_some_and(has_others) {
            hand_over(desk, (receiver, seat), first.letter, first.copied);
            continue;
        }
        let mut group = vec![first];
        while let Some(next) = rest.next_if(|next| is_together(&group[0], next)) {
            group.push(next);
        }
        if is_left_over {
            let copies = group.into_iter().map(|sent| (sent.letter, sent.copied));
            let leftovers = Leftovers {
                iteration: trip.iteration,
                since: trip.instant,
                sender,
                seat,
                copies: copies.collect(),
            };
            desk.leftovers(receiver, leftovers);
            continue;
        }
        let copies = group.iter().map(|sent| sent.copied).collect();
        let letter = group.swap_remove(0).letter;
        hand_over_several(desk, (receiver, seat), letter, copies);
    }
}
