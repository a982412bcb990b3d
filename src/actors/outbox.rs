//! How an agent's models leave it: through its uplink onto its links, in the order in which the
//! uplink serves them.

use super::desk::Desk;
use super::lane::{Attempt, Exhausted, Lane, Memory, Origin, Trip, Way};
use super::ledger::Ledger;
use super::letter::Letter;
use super::message::{Copied, Nothing, Seat, Tag};
use crate::checkpoint::{Book, Kept, keep};
use crate::link::Queue;
use crate::record::{DroppedBy, MessageEnd};
use crate::rng::{Key, Purpose, ShortStream, choose};
use crate::scenario::{Mode, Plan};
use crate::topology::Graph;
use crate::units::AgentId;
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

    /// Keeps how long the uplink is taken. Links and their bursts are drawn anew.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.uplink)
    }

    fn wire(&mut self, plan: &Plan, graph: &Graph) {
        let gone = self.lanes.drain(..);
        let gone = gone.filter_map(|lane| Some((lane.receiver, lane.memory?)));
        self.memories.extend(gone);
        for (receiver, position) in graph.links_from(self.id) {
            let seat = if plan.networks.is_static() {
                position
            } else {
                self.id.0
            };
            let mut lane = Lane::new(plan, self.id, (receiver, Seat(seat)));
            if let Some(memory) = self.memories.remove(&receiver) {
                lane.memory = Some(memory);
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
            let mut exhausted: Option<Exhausted> = None;
            let mut next = 0;
            while let Some(&attempt) = scratch.agenda.get(next) {
                next += 1;
                match self.launch(plan, trip, attempt, ledger, scratch) {
                    Ok(None) => {}
                    Ok(Some(again)) => {
                        let rest = &scratch.agenda[next..];
                        let at = next + rest.partition_point(|other| *other < again);
                        scratch.agenda.insert(at, again);
                    }
                    // Of several, the first neighbor's is told, whichever gave up first.
                    Err(other)
                        if exhausted
                            .as_ref()
                            .is_none_or(|e| other.receiver < e.receiver) =>
                    {
                        exhausted = Some(other);
                    }
                    Err(_) => {}
                }
            }
            self.post(desk, scratch);
            exhausted.map_or(Ok(()), Err)
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
        let origin = Origin {
            sender: self.id,
            trip,
        };
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
                    let at = letter.head().departs + took;
                    let tag = Tag::new(0, 0);
                    lane.hand_over(desk, letter, Copied { at, tag });
                    mailings.push(None);
                    continue;
                }
                Way::Drawn if copies == 1 => {
                    lane.send_at_once(desk, origin, letter, &mut streams[index], ledger);
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
        let lane = &mut self.lanes[attempt.lane as usize];
        let letter = scratch.mailings[attempt.lane as usize].as_ref();
        // An attempt stands on the agenda because there is a letter.
        let letter = letter.expect("a letter for every attempt");
        if attempt.number > 0 {
            ledger.count_sent(plan, lane.kind, letter, 1);
        }
        let left = match plan.links.uplink_time(lane.kind) {
            Some(took) => self.uplink.pass(attempt.at, took),
            None => attempt.at,
        };
        let origin = Origin {
            sender: self.id,
            trip,
        };
        let copies = &mut scratch.copies;
        lane.launch(plan, origin, (attempt, left), letter, ledger, copies)
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
            if let &[(_, copied)] = group {
                lane.hand_over(desk, letter, copied);
            } else {
                let copies = group.iter().map(|(_, copied)| *copied).collect();
                lane.hand_over_several(desk, letter, copies);
            }
        }
    }
}
