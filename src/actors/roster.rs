//! Whose models an agent can get, and in which slot of its rule each of them sits.
//!
//! In a network that never changes, a slot is a position among the agent's neighbors and itself. In
//! one that does, a neighbor gets the next free slot when it is met, and keeps it: what a rule
//! remembers of it is still there when it comes back.

use super::message::Seat;
use crate::checkpoint::{Book, Kept, keep};
use crate::rule::Place;
use crate::scenario::Plan;
use crate::topology::Graph;
use crate::units::{AgentId, SimTime};
use std::sync::Arc;

/// An agent's neighbors in the current network.
pub(super) struct Roster {
    id: AgentId,
    graph: Arc<Graph>,
    epoch: u64,
    own: usize,
    met: Option<Met>,
}

/// Everyone met in a network that changes.
#[derive(serde::Serialize, serde::Deserialize)]
struct Met {
    /// In ascending order, with slots.
    all: Vec<(AgentId, usize)>,
    /// The slots of the current neighbors.
    slots: Vec<usize>,
}

impl Met {
    fn slot(&mut self, agent: AgentId) -> usize {
        match self.all.binary_search_by_key(&agent, |(known, _)| *known) {
            Ok(at) => self.all[at].1,
            Err(at) => {
                let slot = self.all.len();
                self.all.insert(at, (agent, slot));
                slot
            }
        }
    }
}

impl Roster {
    pub fn new(plan: &Plan, id: AgentId) -> Roster {
        let graph = plan.graph.clone();
        let neighbors = graph.receives_from(id);
        let own = neighbors.partition_point(|&l| l < id);
        let met = (!plan.networks.is_static()).then(|| {
            let mut everyone = neighbors.to_vec();
            everyone.insert(own, id);
            Met {
                all: everyone.into_iter().zip(0..).collect(),
                slots: (0..neighbors.len())
                    .map(|p| position_slot(p, own))
                    .collect(),
            }
        });
        Roster {
            id,
            graph,
            epoch: 0,
            own,
            met,
        }
    }

    /// Keeps who was met in which order, and in which network the agent is.
    pub fn keep(&mut self, plan: &Plan, book: &mut Book<'_>) -> Kept {
        book.value(&mut self.epoch)?;
        if book.reads() && self.met.is_some() {
            self.graph = plan.networks.at(self.epoch);
        }
        keep!(book: self.met)
    }

    /// Goes on to the network of an iteration; says whether it is another one.
    pub fn rewire(&mut self, plan: &Plan, iteration: u64) -> bool {
        let Some(met) = &mut self.met else {
            return false;
        };
        let epoch = plan.networks.epoch(iteration);
        if epoch == self.epoch {
            return false;
        }
        self.epoch = epoch;
        self.graph = plan.networks.at(epoch);
        let neighbors = self.graph.receives_from(self.id);
        met.slots.clear();
        for &neighbor in neighbors {
            let slot = met.slot(neighbor);
            met.slots.push(slot);
        }
        true
    }

    /// The agent's own slot.
    pub fn own(&self) -> usize {
        self.own
    }

    /// Slots so far, the agent's own among them.
    pub fn slots(&self) -> usize {
        match &self.met {
            Some(met) => met.all.len(),
            None => self.neighbors().len() + 1,
        }
    }

    /// Whose models can come, in ascending order.
    pub fn neighbors(&self) -> &[AgentId] {
        self.graph.receives_from(self.id)
    }

    /// Everyone whose models can come, each with its slot.
    pub fn seats(&self) -> impl Iterator<Item = (AgentId, usize)> + '_ {
        let slot = |(position, &neighbor): (usize, &AgentId)| match &self.met {
            Some(met) => (neighbor, met.slots[position]),
            None => (neighbor, position_slot(position, self.own)),
        };
        self.neighbors().iter().enumerate().map(slot)
    }

    /// Everyone whose models could ever come until now, each with its slot.
    pub fn everyone_met(&self) -> Box<dyn Iterator<Item = (AgentId, usize)> + '_> {
        match &self.met {
            Some(met) => Box::new(met.all.iter().copied().filter(|(l, _)| *l != self.id)),
            None => Box::new(self.seats()),
        }
    }

    /// The neighbors whose edge is there at a moment, in ascending order, each with its slot.
    pub fn present(&self, instant: SimTime) -> impl Iterator<Item = (AgentId, usize)> + '_ {
        self.seats()
            .filter(move |(neighbor, _)| self.graph.is_there(*neighbor, self.id, instant))
    }

    /// The slot of a sender.
    pub fn slot(&mut self, seat: Seat) -> usize {
        match &mut self.met {
            Some(met) => met.slot(AgentId(seat.0)),
            None => position_slot(seat.0 as usize, self.own),
        }
    }

    /// Where the agent stands, for its rule.
    pub fn place<T>(&self, plan: &Plan, body: impl FnOnce(&Place<'_>) -> T) -> T {
        let neighbors = self.neighbors();
        let degree = |&l: &AgentId| self.graph.receives_from(l).len();
        let degrees: Vec<usize> = neighbors.iter().map(degree).collect();
        let slots: Vec<usize> = match &self.met {
            Some(met) => met.slots.clone(),
            None => (0..neighbors.len())
                .map(|p| position_slot(p, self.own))
                .collect(),
        };
        body(&Place {
            agent: self.id,
            neighbors,
            slots: &slots,
            own_slot: self.own,
            neighbor_degrees: &degrees,
            dimension: plan.world.dimension(),
            iterations: plan.iterations,
            key: plan.rule_key(self.id),
        })
    }
}

/// The slot of a position among the neighbors: the agent itself sits between them.
fn position_slot(position: usize, own: usize) -> usize {
    position + usize::from(position >= own)
}
