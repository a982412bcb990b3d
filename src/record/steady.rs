//! What the summary says of more than one iteration: means over the steady state, and since when
//! Byzantine neighbors have been shut out.

use super::rounds::RoundStats;
use super::sample::Round;
use super::stats::Spread;
use super::summary::range;
use crate::scenario::Plan;
use crate::units::AgentId;
use serde_json::{Map, Value, json};

/// Below this, the weight of Byzantine neighbors counts as nothing.
const SHUT_OUT: f64 = 1e-6;

/// Means over the recorded iterations of the steady state.
pub(super) struct Steady {
    from: u64,
    rounds: u64,
    losses: Vec<f64>,
    /// Byzantine weight, accepted share and rejected share: sums and counts of where they exist.
    filter: [(f64, u64); 3],
}

impl Steady {
    pub fn new(plan: &Plan) -> Steady {
        Steady {
            from: plan.steady_from(),
            rounds: 0,
            losses: vec![0.0; plan.graph.agents()],
            filter: Default::default(),
        }
    }

    pub fn add(&mut self, round: &Round, stats: &RoundStats) {
        if round.iteration < self.from {
            return;
        }
        self.rounds += 1;
        for (sum, sample) in self.losses.iter_mut().zip(&round.samples) {
            *sum += sample.loss;
        }
        let all = &stats.all;
        let values = [
            all.byzantine_weight,
            all.byzantine_accepted,
            all.honest_same_group_rejected,
        ];
        for ((sum, count), value) in self.filter.iter_mut().zip(values) {
            if !value.is_nan() {
                *sum += value;
                *count += 1;
            }
        }
    }

    /// Mean per agent over the steady state, then mean and range over normal agents.
    pub fn json(&self, plan: &Plan) -> Value {
        let mut scratch = Vec::new();
        let mut over = |group: Option<u32>| {
            let member =
                |&k: &AgentId| !plan.is_byzantine(k) && group.is_none_or(|g| plan.group(k) == g);
            let mean = |k: AgentId| self.losses[k.index()] / self.rounds as f64;
            let means: Vec<f64> = plan.graph.ids().filter(member).map(mean).collect();
            range(&Spread::of(&means, &mut scratch))
        };
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        let mut groups: Vec<u32> = normal.map(|k| plan.group(k)).collect();
        groups.sort_unstable();
        groups.dedup();
        let of_group = |g: u32, loss| (g.to_string(), json!({"loss": loss}));
        let groups: Map<_, _> = groups
            .into_iter()
            .map(|g| of_group(g, over(Some(g))))
            .collect();
        json!({"from_iteration": self.from, "loss": over(None), "groups": groups})
    }

    pub fn filter_json(&self, shut_out: Option<u64>) -> Value {
        let [weight, accepted, rejected] = self
            .filter
            .map(|(sum, count)| (count > 0).then(|| sum / count as f64));
        json!({
            "byzantine_weight": weight,
            "byzantine_accepted": accepted,
            "honest_same_group_rejected": rejected,
            "shut_out_iteration": shut_out,
        })
    }
}

/// Since when Byzantine neighbors have had no weight. It looks at every iteration, recorded or
/// not, since a weight may come back for one.
pub(super) struct ShutOut {
    normal: Vec<usize>,
    first_attack: Option<u64>,
    /// The iteration from which the weight has been nothing until now.
    since: Option<u64>,
}

impl ShutOut {
    pub fn new(plan: &Plan) -> ShutOut {
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        ShutOut {
            normal: normal.map(AgentId::index).collect(),
            first_attack: None,
            since: None,
        }
    }

    pub fn add(&mut self, plan: &Plan, round: &Round) {
        if plan.attacks.is_empty() {
            return;
        }
        if self.first_attack.is_none() && round.samples.iter().any(|s| s.attacking) {
            self.first_attack = Some(round.iteration);
        }
        let weights = self.normal.iter().map(|&k| &round.samples[k].filter);
        let weight = weights.map(|f| f.byzantine_weight).sum::<f64>() / self.normal.len() as f64;
        // A rule without weights (NaN) shuts nobody out.
        if weight < SHUT_OUT {
            self.since.get_or_insert(round.iteration);
        } else {
            self.since = None;
        }
    }

    /// The first iteration from which the weight stays at nothing, counted from the first active
    /// one of an attack.
    pub fn iteration(&self) -> Option<u64> {
        Some(self.since?.saturating_sub(self.first_attack?))
    }
}
