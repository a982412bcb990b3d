//! What a victim combined, estimated from models that were received, by projected LMS.
//!
//! After J. Li, W. Abbas, X. Koutsoukos, "Resilient Distributed Diffusion in Networks With
//! Adversaries", IEEE Transactions on Signal and Information Processing over Networks, 2020: a
//! victim's model ψ_k,i is one small step away from what it combined before, w_k,i−1 = X_i−1 a. The
//! columns of X_i−1 are the models of iteration i − 1 that the attacker knows, the victim's own
//! among them, and its own payload for the victim; a are the victim's weights. In iteration i, for
//! each victim:
//!
//! 1. Weights a are those of the iteration before; a model that was not among the columns then
//!    begins with weight 1/n, n columns. They are projected on the simplex, which changes nothing
//!    where the columns are the same.
//! 2. One step of normalized LMS on ½ ‖ψ_k,i − X_i−1 a‖², projected:
//!    a ← P(a + Zᵀe / Σ_l ‖x_l − ψ_k,i‖²), e = ψ_k,i − X_i−1 a, where the columns of Z are
//!    x_l − ψ_k,i. On the simplex Zᵀe and X_i−1ᵀe point the same way, and normalizing by Z makes the
//!    step fit however far the models are from 0; it is short enough never to overshoot. P is the
//!    nearest point with no negative coordinate and sum 1 (M. Held, P. Wolfe, H. P. Crowder,
//!    "Validation of subgradient optimization", Mathematical Programming, 1974).
//! 3. ŵ_k = X_i−1 a.
//!
//! Where nothing is known of iteration i − 1 (in the first, or where the attack was off), ŵ_k is
//! ψ_k,i. Where the victim's model is not known, ŵ_k is the mean of those that are. What other
//! attackers send the victim is not known, and is missing in X.

use super::moments::mean;
use super::{HonestModel, Models};
use crate::checkpoint::{Book, Kept, keep};
use crate::kernel::{add_weighted, squared_distance};
use crate::units::AgentId;
use std::collections::BTreeMap;

/// One attacker's estimates of what its victims combined. Remembers the models of two iterations,
/// and a payload and weights for each victim.
#[derive(Debug, Default)]
pub(super) struct Estimator {
    now: Heard,
    before: Heard,
    victims: BTreeMap<AgentId, Victim>,
}

/// The models known in an iteration.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Heard {
    iteration: Option<u64>,
    agents: Vec<AgentId>,
    /// Shape `[agents × d]`.
    models: Vec<f32>,
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Victim {
    /// a, by whose model it is for; `None` is the attacker.
    weights: BTreeMap<Option<AgentId>, f64>,
    /// Its last payload, and when it was sent.
    sent: Option<(u64, Vec<f32>)>,
}

impl Heard {
    fn hear(&mut self, iteration: u64, honest: &[HonestModel<'_>]) {
        self.iteration = Some(iteration);
        self.agents.clear();
        self.models.clear();
        for known in honest {
            self.agents.push(known.agent);
            self.models.extend_from_slice(known.model);
        }
    }
}

impl Estimator {
    /// ŵ of the victim, shape `[d]`, into `state`.
    pub(super) fn estimate(&mut self, sight: &Models<'_>, state: &mut Vec<f64>) {
        let iteration = sight.own.iteration;
        if self.now.iteration != Some(iteration) {
            std::mem::swap(&mut self.now, &mut self.before);
            self.now.hear(iteration, sight.honest);
        }
        let known = sight.own.victim.and_then(|k| Some((k, sight.of(k)?)));
        let Some((victim, observed)) = known else {
            mean(sight.honest, state);
            return;
        };
        state.clear();
        state.extend(observed.iter().map(|&x| f64::from(x)));
        let last = iteration.checked_sub(1);
        if last.is_none() || self.before.iteration != last {
            return;
        }
        let victim = self.victims.entry(victim).or_default();
        let models = self.before.models.chunks_exact(observed.len());
        let heard = self.before.agents.iter().map(|&agent| Some(agent));
        let sent = victim.sent.as_ref().filter(|(at, _)| Some(*at) == last);
        let sent = sent.map(|(_, payload)| (None, &payload[..]));
        let columns: Vec<(Option<AgentId>, &[f32])> = heard.zip(models).chain(sent).collect();
        let share = 1.0 / columns.len() as f64;
        let weight = |(whose, _): &(_, _)| victim.weights.get(whose).copied().unwrap_or(share);
        let mut weights: Vec<f64> = columns.iter().map(weight).collect();
        project(&mut weights);
        step(&mut weights, &columns, observed, state);
        state.fill(0.0);
        for (weight, (_, model)) in weights.iter().zip(&columns) {
            add_weighted(state, *weight, model);
        }
        let whose = columns.iter().map(|(whose, _)| *whose);
        victim.weights = whose.zip(weights).collect();
    }

    /// Keeps all of it.
    pub(super) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.now, self.before, self.victims)
    }

    /// Remembers what the victim gets.
    pub(super) fn note_sent(&mut self, sight: &Models<'_>, payload: &[f32]) {
        let Some(victim) = sight.own.victim else {
            return;
        };
        let victim = self.victims.entry(victim).or_default();
        let (at, sent) = victim.sent.get_or_insert_default();
        *at = sight.own.iteration;
        sent.clear();
        sent.extend_from_slice(payload);
    }
}

/// Step 2; `state` holds ψ_k,i and leaves as e.
fn step(
    weights: &mut [f64],
    columns: &[(Option<AgentId>, &[f32])],
    observed: &[f32],
    state: &mut [f64],
) {
    for (weight, (_, model)) in weights.iter().zip(columns) {
        add_weighted(state, -weight, model);
    }
    let spread = columns.iter().map(|(_, x)| squared_distance(x, observed));
    let spread: f64 = spread.sum();
    if spread > 0.0 {
        for (weight, (_, model)) in weights.iter_mut().zip(columns) {
            *weight += product(model, observed, state) / spread;
        }
        project(weights);
    }
}

/// (x − y)ᵀ e.
fn product(x: &[f32], y: &[f32], e: &[f64]) -> f64 {
    let apart = x.iter().zip(y).map(|(&x, &y)| f64::from(x) - f64::from(y));
    apart.zip(e).map(|(z, e)| z * e).sum()
}

/// The nearest point of the simplex.
fn project(weights: &mut [f64]) {
    let mut falling = weights.to_vec();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut excess) = (0.0, 0.0);
    for (count, weight) in (1..).zip(falling) {
        sum += weight;
        let share = (sum - 1.0) / f64::from(count);
        if weight <= share {
            break;
        }
        excess = share;
    }
    for weight in weights {
        *weight = (*weight - excess).max(0.0);
    }
}

#[cfg(test)]
#[path = "state_estimate_tests.rs"]
mod tests;
