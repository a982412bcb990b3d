//! What a combination did with others' models, by what those really were. The learning code knows
//! nothing of this.

use super::ledger::Ledger;
use super::member::Present;
use super::shelf::Shelf;
use crate::record::{Filter, WeightRow};
use crate::rule::Combination;
use crate::scenario::Plan;
use crate::units::AgentId;

/// What the weights did with Byzantine neighbors and with normal ones of the same group.
pub(super) fn filter(
    plan: &Plan,
    id: AgentId,
    present: &[Present],
    combination: &Combination,
) -> Filter {
    if combination.weights.iter().any(|weight| weight.is_nan()) {
        return Filter::UNKNOWN;
    }
    let mut filter = Filter::default();
    let group = plan.group(id);
    for (Present { sender, .. }, &weight) in present.iter().zip(&combination.weights) {
        if *sender == id {
            continue;
        }
        if plan.is_byzantine(*sender) {
            filter.byzantine_weight += weight;
            filter.byzantine_present += 1;
            filter.byzantine_accepted += u32::from(weight > 0.0);
        } else if plan.group(*sender) == group {
            filter.same_group_present += 1;
            filter.same_group_rejected += u32::from(weight == 0.0);
        }
    }
    if let Some(floored) = combination.floored {
        let weights = combination.weights.iter();
        filter.weighed = weights.filter(|weight| **weight > 0.0).count() as u32;
        filter.floored = floored;
    }
    filter
}

/// A row for every model in a combination.
pub(super) fn weight_rows(
    present: &[Present],
    (shelf, ledger): (&Shelf, &Ledger),
    combination: &Combination,
) -> Box<[WeightRow]> {
    let row = |(index, model): (usize, &Present)| {
        let message = shelf.message(model.slot, ledger);
        WeightRow {
            sender: model.sender,
            message: message.map(|(key, _)| key),
            age_iterations: model.age_iterations,
            age: model.age,
            loss: combination.losses[index],
            accumulated: combination.accumulated[index],
            weight: combination.weights[index],
            held: message.is_some_and(|(_, was_there)| was_there),
        }
    };
    present.iter().enumerate().map(row).collect()
}
