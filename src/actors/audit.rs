//! What a combination did with others' models, by what those really were. The learning code knows
//! nothing of this.

use crate::record::{Filter, WeightRow};
use crate::rule::{Candidate, Combination};
use crate::scenario::Plan;
use crate::units::{AgentId, SimTime};

/// Who sits where in an agent's neighborhood: its neighbors and itself, in ascending order.
pub(super) struct Seats<'a> {
    neighbors: &'a [AgentId],
    id: AgentId,
    /// The agent's own slot.
    pub own: usize,
}

impl<'a> Seats<'a> {
    pub fn new(plan: &'a Plan, id: AgentId) -> Seats<'a> {
        let neighbors = plan.graph.receives_from(id);
        let own = neighbors.partition_point(|&l| l < id);
        Seats { neighbors, id, own }
    }

    /// The neighbor that sits in a slot, by its position among the neighbors; `None` for the
    /// agent itself.
    pub fn neighbor(&self, slot: usize) -> Option<usize> {
        match slot.cmp(&self.own) {
            std::cmp::Ordering::Less => Some(slot),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(slot - 1),
        }
    }

    /// Who sits in a slot.
    pub fn agent(&self, slot: usize) -> AgentId {
        self.neighbor(slot).map_or(self.id, |l| self.neighbors[l])
    }
}

/// What the weights did with Byzantine neighbors and with normal ones of the same group.
pub(super) fn filter(
    plan: &Plan,
    seats: &Seats<'_>,
    candidates: &[Candidate<'_>],
    combination: &Combination,
) -> Filter {
    let mut filter = Filter::default();
    let group = plan.group(seats.id);
    let mut without_weights = false;
    for (candidate, &weight) in candidates.iter().zip(&combination.weights) {
        without_weights |= weight.is_nan();
        if candidate.slot == seats.own {
            continue;
        }
        let sender = seats.agent(candidate.slot);
        if plan.is_byzantine(sender) {
            filter.byzantine_weight += weight;
            filter.byzantine_present += 1;
            filter.byzantine_accepted += u32::from(weight > 0.0);
        } else if plan.group(sender) == group {
            filter.same_group_present += 1;
            filter.same_group_rejected += u32::from(weight == 0.0);
        }
    }
    if without_weights {
        filter.byzantine_weight = f64::NAN;
    }
    filter
}

/// A row for every model in a combination.
pub(super) fn weight_rows(
    seats: &Seats<'_>,
    candidates: &[Candidate<'_>],
    combination: &Combination,
    age: impl Fn(usize) -> SimTime,
) -> Box<[WeightRow]> {
    let row = |(index, candidate): (usize, &Candidate<'_>)| WeightRow {
        sender: seats.agent(candidate.slot),
        loss: combination.losses[index],
        accumulated: combination.accumulated[index],
        weight: combination.weights[index],
        age: age(candidate.slot),
    };
    candidates.iter().enumerate().map(row).collect()
}
