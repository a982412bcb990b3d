//! How an agent's models leave it: through its uplink onto its links, lost, duplicated and sent
//! again as those decide.

use super::desk::Desk;
use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Nothing, Parcel, Post, Seat, Tag};
use crate::fault::Outages;
use crate::link::{BurstState, Fate, LinkKind, Loss, Passage, Queue};
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
    receiver: AgentId,
    attempts: u64,
}

/// The sending side of an agent.
pub(super) struct Outbox {
    id: AgentId,
    epoch: u64,
    lanes: Vec<Lane>,
    /// Of links that are gone with their networks, and may come again.
    memories: BTreeMap<AgentId, Box<Memory>>,
    uplink: Queue,
}

/// Buffers that a thread's agents share, since one sends at a time.
#[derive(Default)]
struct Scratch {
    /// By lane: what goes there.
    mailings: Vec<Option<Letter>>,
    agenda: Vec<Attempt>,
    /// By lane: what reaches the receiver, or would have.
    copies: Vec<(u32, Copied)>,
    /// By lane: the random stream of a plain copy, where any lane has one.
    streams: Vec<ShortStream>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The link to one neighbor.
struct Lane {
    receiver: AgentId,
    seat: Seat,
    kind: LinkKind,
    way: Way,
    /// What it remembers, where it remembers anything.
    memory: Option<Box<Memory>>,
}

/// How a plain copy gets onto a link.
#[derive(Clone, Copy)]
enum Way {
    /// There is nothing to decide: every one takes this long.
    Fixed(SimTime),
    /// Its fate is drawn, and it waits for nothing before.
    Drawn,
    /// Its turn in the uplink comes first, or it may have to be sent again.
    Queued,
}

/// What a link remembers.
struct Memory {
    burst: BurstState,
    /// The receiver's, where lost models are sent again.
    outages: Option<Outages>,
}

/// A copy to be put on a link, in the order of the uplink.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    at: SimTime,
    lane: u32,
    copy: u32,
    number: u32,
}

/// Which iteration models leave in.
#[derive(Clone, Copy)]
pub(super) struct Trip {
    pub iteration: u64,
    /// The iteration's instant, at which edges are looked up.
    pub instant: SimTime,
}

impl Outbox {
    pub fn new(plan: &Plan, id: AgentId) -> Outbox {
        let mut outbox = Outbox {
            id,
            epoch: 0,
            lanes: Vec::new(),
            memories: BTreeMap::new(),
            uplink: Queue::default(),
        };
        outbox.wire(plan, &plan.graph);
        outbox
    }

    fn wire(&mut self, plan: &Plan, graph: &Graph) {
        let gone = self.lanes.drain(..);
        let gone = gone.filter_map(|lane| Some((lane.receiver, lane.memory?)));
        self.memories.extend(gone);
        for (receiver, position) in graph.links_from(self.id) {
            let kind = plan.links.kind(self.id, receiver);
            let settings = plan.links.settings(kind);
            let remembers = settings.burst.is_some() || settings.retransmit.is_some();
            let memory = || {
                let outages = settings.retransmit.map(|_| plan.faults.outages(receiver));
                Box::new(Memory {
                    burst: BurstState::default(),
                    outages,
                })
            };
            self.lanes.push(Lane {
                receiver,
                seat: Seat(if plan.networks.is_static() {
                    position
                } else {
                    self.id.0
                }),
                kind,
                way: way(plan, kind),
                memory: remembers.then(|| self.memories.remove(&receiver).unwrap_or_else(memory)),
            });
        }
    }

    fn rewire(&mut self, plan: &Plan, iteration: u64) {
        let epoch = plan.networks.epoch(iteration);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.wire(plan, &plan.networks.at(epoch));
        }
    }

    /// Tells all neighbors that there will be no model of an iteration, where they would wait.
    pub fn send_nothing(&mut self, desk: &Desk, iteration: u64) {
        if desk.plan.mode() == Mode::Synchronous {
            self.rewire(&desk.plan, iteration);
            for lane in &self.lanes {
                desk.nothing(lane.receiver, Nothing { iteration });
            }
        }
    }

    /// Sends what `mailing` has for each neighbor.
    ///
    /// # Errors
    /// A link that loses a model more often than it may be sent again.
    pub fn send(
        &mut self,
        desk: &Desk,
        trip: Trip,
        ledger: &mut Ledger,
        mailing: impl FnMut(AgentId, &mut Ledger) -> Option<Mailing>,
    ) -> Result<(), Exhausted> {
        let plan = &*desk.plan;
        self.rewire(plan, trip.iteration);
        SCRATCH.with_borrow_mut(|scratch| {
            self.plan_agenda(desk, trip, ledger, mailing, scratch);
            let mut next = 0;
            while let Some(&attempt) = scratch.agenda.get(next) {
                next += 1;
                if let Some(again) = self.launch(plan, trip, attempt, ledger, scratch)? {
                    let rest = &scratch.agenda[next..];
                    let at = next + rest.partition_point(|other| *other < again);
                    scratch.agenda.insert(at, again);
                }
            }
            self.post(desk, scratch);
            Ok(())
        })
    }

    /// Notes every copy that is to be put on a link, in the order of the uplink.
    fn plan_agenda(
        &mut self,
        desk: &Desk,
        trip: Trip,
        ledger: &mut Ledger,
        mut mailing: impl FnMut(AgentId, &mut Ledger) -> Option<Mailing>,
        scratch: &mut Scratch,
    ) {
        let plan = &*desk.plan;
        let waits = plan.mode() == Mode::Synchronous;
        let chosen = self.chosen(plan, trip);
        let Scratch {
            mailings,
            agenda,
            copies,
            streams,
        } = scratch;
        agenda.clear();
        mailings.clear();
        copies.clear();
        streams.clear();
        if self.lanes.iter().any(|lane| matches!(lane.way, Way::Drawn)) {
            let receivers = self.lanes.iter().map(|lane| lane.receiver);
            let sent = (self.id, trip.iteration);
            plan.links.open(sent, receivers, streams);
        }
        let sender = self.id;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let is_chosen = chosen.as_ref().is_none_or(|chosen| chosen[index]);
            let found = if is_chosen {
                mailing(lane.receiver, ledger)
            } else {
                None
            };
            let Some(Mailing { letter, copies }) = found else {
                if waits {
                    desk.nothing(
                        lane.receiver,
                        Nothing {
                            iteration: trip.iteration,
                        },
                    );
                }
                mailings.push(None);
                continue;
            };
            ledger.count_sent(plan, lane.kind, &letter, copies);
            match lane.way {
                Way::Fixed(took) if copies == 1 => {
                    let post = Post {
                        at: letter.head().departs + took,
                        letter,
                        seat: lane.seat,
                        tag: Tag::new(0, 0),
                    };
                    desk.post(lane.receiver, post);
                    mailings.push(None);
                    continue;
                }
                Way::Drawn if copies == 1 => {
                    lane.send_drawn(desk, trip, (sender, letter), &mut streams[index], ledger);
                    mailings.push(None);
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
            agenda.extend((0..carried).map(|copy| Attempt {
                at: letter.head().departs,
                lane: index as u32,
                copy: 2 * copy,
                number: 0,
            }));
            mailings.push(Some(letter));
        }
        if !agenda.is_sorted() {
            agenda.sort_unstable();
        }
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

    /// Puts a copy on its link. Returns the next attempt, if it has to be sent again.
    fn launch(
        &mut self,
        plan: &Plan,
        trip: Trip,
        attempt: Attempt,
        ledger: &mut Ledger,
        scratch: &mut Scratch,
    ) -> Result<Option<Attempt>, Exhausted> {
        let links = &plan.links;
        let Attempt { at, lane, .. } = attempt;
        let here = &mut self.lanes[lane as usize];
        let letter = scratch.mailings[lane as usize].as_ref();
        // An attempt stands on the agenda because there is a letter.
        let letter = letter.expect("a letter for every attempt");
        if attempt.number > 0 {
            ledger.count_sent(plan, here.kind, letter, 1);
        }
        let left = match links.uplink_time(here.kind) {
            Some(took) => self.uplink.pass(at, took),
            None => at,
        };
        let (sender, receiver) = (self.id, here.receiver);
        let burst = here.burst(plan, sender, trip.iteration);
        let partitioned = plan.faults.parts(sender, receiver, trip.iteration, at);
        let draw = |copy: u32| {
            let passage = Passage {
                sender,
                receiver,
                stamp: trip.iteration,
                copy,
                attempt: attempt.number,
            };
            let fate = links.fate(here.kind, burst, passage);
            let reaches = (left + fate.delay).max(at + SimTime::LEAST_LATENCY);
            (
                copy,
                reaches,
                dropped_by(partitioned, &fate),
                fate.duplicated,
            )
        };
        let original = draw(attempt.copy);
        let duplicate = original.3.then(|| draw(attempt.copy + 1));
        ledger.traffic.duplicated += u64::from(duplicate.is_some());

        let memory = here.memory.as_mut();
        let again = match memory.and_then(|memory| memory.outages.as_mut()) {
            Some(outages) => {
                let both = [Some(original), duplicate];
                let ways = both.iter().flatten().map(|copy| (copy.1, copy.2.is_some()));
                resend(plan, trip, attempt, (sender, receiver), ways, outages)?
            }
            None => None,
        };
        for (copy, reaches, dropped, _) in [Some(original), duplicate].into_iter().flatten() {
            let tag = Tag::new(copy, attempt.number);
            // What is sent again did not arrive: if it was not lost, the receiver was down.
            let is_down = again.is_some().then_some(DroppedBy::ReceiverDown);
            let dropped = dropped.or(is_down);
            let way = (receiver, at, reaches);
            let copied = copied(plan, letter, way, tag, dropped, ledger);
            scratch.copies.extend(copied.map(|copied| (lane, copied)));
        }
        Ok(again)
    }

    /// Puts what was sent into the receivers' mailboxes.
    fn post(&self, desk: &Desk, scratch: &mut Scratch) {
        let Scratch {
            mailings, copies, ..
        } = scratch;
        if !copies.is_sorted_by_key(|(lane, _)| *lane) {
            copies.sort_by_key(|(lane, _)| *lane);
        }
        for group in copies.chunk_by(|(a, _), (b, _)| a == b) {
            let lane = &self.lanes[group[0].0 as usize];
            let letter = mailings[group[0].0 as usize].take();
            let letter = letter.expect("a letter for every copy");
            let (receiver, seat) = (lane.receiver, lane.seat);
            if let &[(_, Copied { at, tag })] = group {
                let post = Post {
                    letter,
                    at,
                    seat,
                    tag,
                };
                desk.post(receiver, post);
            } else {
                let copies = group.iter().map(|(_, copy)| *copy).collect();
                let parcel = Parcel {
                    letter,
                    seat,
                    copies,
                };
                desk.parcel(receiver, parcel);
            }
        }
    }
}

impl Lane {
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

    /// Puts a plain copy on the link at once, and what becomes of it into the receiver's mailbox.
    fn send_drawn(
        &mut self,
        desk: &Desk,
        trip: Trip,
        (sender, letter): (AgentId, Letter),
        stream: &mut ShortStream,
        ledger: &mut Ledger,
    ) {
        let plan = &*desk.plan;
        let (receiver, seat, at) = (self.receiver, self.seat, letter.head().departs);
        let stamp = trip.iteration;
        let burst = self.burst(plan, sender, stamp);
        let partitioned = plan.faults.parts(sender, receiver, stamp, at);
        let mut keep = |copy: u32, fate: &Fate| {
            let way = (receiver, at, at + fate.delay.max(SimTime::LEAST_LATENCY));
            let dropped = dropped_by(partitioned, fate);
            copied(plan, &letter, way, Tag::new(copy, 0), dropped, ledger)
        };
        let fate = plan.links.fate_of(self.kind, burst, stamp, stream);
        let original = keep(0, &fate);
        let mut duplicate = None;
        if fate.duplicated {
            let passage = Passage {
                sender,
                receiver,
                stamp,
                copy: 1,
                attempt: 0,
            };
            duplicate = keep(1, &plan.links.fate(self.kind, burst, passage));
            ledger.traffic.duplicated += 1;
        }
        match (original, duplicate) {
            (Some(Copied { at, tag }), None) | (None, Some(Copied { at, tag })) => {
                let post = Post {
                    letter,
                    at,
                    seat,
                    tag,
                };
                desk.post(receiver, post);
            }
            (Some(original), Some(duplicate)) => {
                let copies = Box::new([original, duplicate]);
                let parcel = Parcel {
                    letter,
                    seat,
                    copies,
                };
                desk.parcel(receiver, parcel);
            }
            (None, None) => {}
        }
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

/// What the receiver gets of a copy that was put on its link at one moment and reaches it, or would,
/// at another: what is dropped is counted, and told only where receivers wait for it.
fn copied(
    plan: &Plan,
    letter: &Letter,
    (receiver, at, reaches): (AgentId, SimTime, SimTime),
    tag: Tag,
    dropped: Option<DroppedBy>,
    ledger: &mut Ledger,
) -> Option<Copied> {
    let Some(by) = dropped else {
        return Some(Copied { at: reaches, tag });
    };
    let key = ledger.key(letter, receiver, tag);
    ledger.drop(key, at, Some(reaches), MessageEnd::Dropped(by), 1);
    let tag = tag.lost();
    (plan.mode() == Mode::Synchronous).then_some(Copied { at: reaches, tag })
}

fn dropped_by(partitioned: bool, fate: &Fate) -> Option<DroppedBy> {
    match fate.lost {
        _ if partitioned => Some(DroppedBy::Partition),
        Some(Loss::Link) => Some(DroppedBy::Link),
        Some(Loss::Burst) => Some(DroppedBy::Burst),
        None => None,
    }
}

/// The next attempt, where none of the copies gets through: `ways` are the moments at which they
/// reach the receiver, or would, and whether they are lost. Nothing is sent again to a receiver
/// that takes no part in the iteration or is down for good: nobody waits for it there.
fn resend(
    plan: &Plan,
    trip: Trip,
    attempt: Attempt,
    (sender, receiver): (AgentId, AgentId),
    ways: impl Iterator<Item = (SimTime, bool)>,
    outages: &mut Outages,
) -> Result<Option<Attempt>, Exhausted> {
    let settings = plan.links.settings(plan.links.kind(sender, receiver));
    let Some(pause) = settings.retransmit else {
        return Ok(None);
    };
    if outages.is_down(trip.iteration, trip.instant) {
        return Ok(None);
    }
    for (at, lost) in ways {
        let is_up = !outages.is_down(trip.iteration, at);
        if is_up && !lost || outages.up_from(at).is_none() {
            return Ok(None);
        }
    }
    if u64::from(attempt.number) >= settings.retransmit_limit {
        return Err(Exhausted {
            sender,
            receiver,
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
