//! Statistics over normal agents, of all and of each task group.

use super::sample::{Filter, Sample};
use super::stats::Spread;
use crate::scenario::Plan;
use crate::units::AgentId;

/// The quantities whose spread is told, in the order of the columns: name and meaning.
pub(super) const QUANTITIES: [(&str, &str); 6] = [
    (
        "loss",
        "loss after combining, on the batch of the iteration, which has chosen the weights: in-sample, \
         so that it may lie below the noise",
    ),
    (
        "adapted_loss",
        "loss before combining, on the batch of the iteration",
    ),
    ("test_loss", "mean loss per sample of the test set"),
    (
        "accuracy",
        "share of the test set whose class was predicted",
    ),
    ("regret", "risk above that of the optimum"),
    ("deviation", "distance from the optimum"),
];

/// Statistics of a group of normal agents.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct GroupStats {
    /// How many agents that is: those that combined.
    pub agents: u64,
    /// Loss after combining.
    pub loss: Spread,
    /// Loss before combining.
    pub adapted_loss: Spread,
    /// Loss on test sets.
    pub test_loss: Spread,
    /// Accuracy on test sets.
    pub accuracy: Spread,
    /// Risk above the optimum's.
    pub regret: Spread,
    /// Distance from the optimum.
    pub deviation: Spread,
    /// Mean weight of Byzantine neighbors over the agents that gave weights; NaN where none did.
    pub byzantine_weight: f64,
    /// Share of Byzantine neighbors' models with a weight; NaN where there were none.
    pub byzantine_accepted: f64,
    /// Share of models of normal neighbors of the same group without a weight; NaN where there
    /// were none.
    pub honest_same_group_rejected: f64,
    /// Share of models with weight whose weight is made by the rule's floor; NaN in rules without.
    pub floored: f64,
    /// Combinations with too few models for their rule.
    pub starved: u64,
    /// Models of neighbors with a weight above 0, or in an aggregate, in combinations.
    pub models_used: u64,
}

impl GroupStats {
    /// The spreads in the order of the columns.
    pub fn spreads(&self) -> [(&'static str, &Spread); 6] {
        let GroupStats {
            loss,
            adapted_loss,
            test_loss,
            accuracy,
            regret,
            deviation,
            ..
        } = self;
        let spreads = [loss, adapted_loss, test_loss, accuracy, regret, deviation];
        let mut at = 0;
        spreads.map(|spread| {
            at += 1;
            (QUANTITIES[at - 1].0, spread)
        })
    }
}

/// Statistics of all normal agents, and of each group.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct RoundStats {
    pub all: GroupStats,
    pub groups: Vec<(u32, GroupStats)>,
}

impl RoundStats {
    /// All of them with the name of the group.
    pub fn named(&self) -> impl Iterator<Item = (String, &GroupStats)> {
        let groups = self.groups.iter().map(|(g, stats)| (g.to_string(), stats));
        std::iter::once(("all".to_owned(), &self.all)).chain(groups)
    }
}

/// What statistics take of an agent.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Measured {
    /// In the order of [`QUANTITIES`]; NaN where one was not evaluated or does not exist.
    pub quantities: [f64; 6],
    pub filter: Filter,
    pub starved: u64,
    pub models_used: u64,
}

impl From<&Sample> for Measured {
    fn from(sample: &Sample) -> Measured {
        Measured {
            quantities: [
                sample.loss,
                sample.adapted_loss,
                sample.test_loss,
                sample.accuracy,
                sample.regret,
                sample.deviation,
            ],
            filter: sample.filter,
            starved: u64::from(sample.starved),
            models_used: u64::from(sample.models_used),
        }
    }
}

/// Makes statistics. Its buffers are used again.
pub(super) struct Grouping {
    /// The groups of normal agents, ascending.
    groups: Vec<u32>,
    /// By agent: the position of its group; `None` for attackers.
    of: Vec<Option<u32>>,
    all: Vec<Measured>,
    /// By group: its part of `all`.
    parts: Vec<Vec<Measured>>,
    values: Vec<f64>,
    scratch: Vec<f64>,
}

impl Grouping {
    pub fn new(plan: &Plan) -> Grouping {
        let normal = |k: &AgentId| !plan.is_byzantine(*k);
        let mut groups: Vec<u32> = plan
            .graph
            .ids()
            .filter(normal)
            .map(|k| plan.group(k))
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let position = |k: AgentId| {
            let at = groups.partition_point(|&g| g < plan.group(k));
            normal(&k).then_some(at as u32)
        };
        Grouping {
            of: plan.graph.ids().map(position).collect(),
            parts: vec![Vec::new(); groups.len()],
            groups,
            all: Vec::new(),
            values: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The statistics over the normal ones of these agents.
    pub fn stats(&mut self, agents: impl Iterator<Item = (AgentId, Measured)>) -> RoundStats {
        self.all.clear();
        self.parts.iter_mut().for_each(Vec::clear);
        // The only group is everyone.
        let are_groups = self.groups.len() > 1;
        for (agent, measured) in agents {
            if let Some(group) = self.of[agent.index()] {
                self.all.push(measured);
                if are_groups {
                    self.parts[group as usize].push(measured);
                }
            }
        }
        let (values, scratch) = (&mut self.values, &mut self.scratch);
        let all = of_group(&self.all, values, scratch);
        let groups = self.groups.iter().zip(&self.parts).map(|(&group, part)| {
            let stats = if are_groups {
                of_group(part, values, scratch)
            } else {
                all.clone()
            };
            (group, stats)
        });
        RoundStats {
            groups: groups.collect(),
            all,
        }
    }

    /// The same of samples.
    pub fn of_samples(&mut self, samples: &[Sample]) -> RoundStats {
        self.stats(samples.iter().map(|s| (s.agent, s.into())))
    }
}

fn of_group(members: &[Measured], values: &mut Vec<f64>, scratch: &mut Vec<f64>) -> GroupStats {
    let mut spread = |quantity: usize| {
        values.clear();
        values.extend(members.iter().map(|m| m.quantities[quantity]));
        Spread::of(values, scratch)
    };
    let [loss, adapted_loss, test_loss, accuracy, regret, deviation] =
        [0, 1, 2, 3, 4, 5].map(&mut spread);
    let (mut weight, mut weighing) = (0.0, 0);
    let (mut byzantine, mut accepted) = (0, 0);
    let (mut same_group, mut rejected) = (0, 0);
    let (mut weighed, mut floored) = (0, 0);
    let (mut starved, mut models_used) = (0, 0);
    for member in members {
        let filter = member.filter;
        // A combination without weights accepts nothing and rejects nothing.
        if !filter.byzantine_weight.is_nan() {
            weight += filter.byzantine_weight;
            weighing += 1;
            byzantine += filter.byzantine_present;
            accepted += filter.byzantine_accepted;
            same_group += filter.same_group_present;
            rejected += filter.same_group_rejected;
        }
        weighed += filter.weighed;
        floored += filter.floored;
        starved += member.starved;
        models_used += member.models_used;
    }
    // 0 of 0 is NaN, which is null in the file.
    GroupStats {
        agents: members.len() as u64,
        loss,
        adapted_loss,
        test_loss,
        accuracy,
        regret,
        deviation,
        byzantine_weight: weight / f64::from(weighing),
        byzantine_accepted: f64::from(accepted) / f64::from(byzantine),
        honest_same_group_rejected: f64::from(rejected) / f64::from(same_group),
        floored: f64::from(floored) / f64::from(weighed),
        starved,
        models_used,
    }
}
