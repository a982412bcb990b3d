//! The faults of a run.

use super::sessions::{Durations, Sessions};
use super::{Outages, Span};
use crate::distribution::Distribution;
use crate::rng::{Key, Purpose};
use crate::units::{AgentId, SimTime};
use std::sync::Arc;

/// A fault whose agents are known.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Agents are down for a span.
    Down {
        /// Which.
        agents: Vec<AgentId>,
        /// When.
        span: Span,
    },
    /// Agents leave and come back, each for itself. They begin up.
    Churn {
        /// Which.
        agents: Vec<AgentId>,
        /// How long they are up \[ms\].
        up: Distribution,
        /// How long they are down \[ms\].
        down: Distribution,
    },
    /// Nothing passes from one group of agents to another. Agents in no group form one more; one
    /// that stands in several is of the first.
    Partition {
        /// The groups.
        groups: Vec<Vec<AgentId>>,
        /// When.
        span: Span,
    },
}

/// The faults of a run: when each agent is down, and what is cut off from what.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    seed: u64,
    downs: Vec<Down>,
    partitions: Vec<Partition>,
}

/// Agents that are down, in ascending order.
#[derive(Clone, Debug)]
struct Down {
    agents: Vec<AgentId>,
    when: When,
}

#[derive(Clone, Debug)]
enum When {
    During(Span),
    /// The number of the fault keys its sessions.
    InSessions(AgentId, Arc<Durations>),
}

#[derive(Clone, Debug)]
struct Partition {
    /// The group of each agent.
    group: Vec<u32>,
    span: Span,
}

impl Faults {
    /// No faults.
    pub fn none() -> Faults {
        Faults::default()
    }

    /// The faults of a run of `agents` agents. The place of a fault in the list keys what it
    /// draws; files of durations are read already. Where iterations begin with a `period`, spans
    /// of iterations become spans of time. `seed` is that of what links do.
    pub fn new(seed: u64, agents: usize, faults: Vec<Fault>, period: Option<SimTime>) -> Faults {
        let timed = |span: Span| period.map_or(span, |period| span.timed(period));
        let sorted = |mut agents: Vec<AgentId>| {
            agents.sort_unstable();
            agents
        };
        let (mut downs, mut partitions) = (Vec::new(), Vec::new());
        for (index, fault) in faults.into_iter().enumerate() {
            match fault {
                Fault::Down { agents, span } => downs.push(Down {
                    agents: sorted(agents),
                    when: When::During(timed(span)),
                }),
                Fault::Churn { agents, up, down } => {
                    let durations = Arc::new(Durations { up, down });
                    downs.push(Down {
                        agents: sorted(agents),
                        when: When::InSessions(AgentId::from_index(index), durations),
                    });
                }
                Fault::Partition { groups, span } => {
                    let mut group = vec![groups.len() as u32; agents];
                    // The first group has the last word.
                    for (number, members) in groups.iter().enumerate().rev() {
                        for agent in members {
                            group[agent.index()] = number as u32;
                        }
                    }
                    partitions.push(Partition {
                        group,
                        span: timed(span),
                    });
                }
            }
        }
        Faults {
            seed,
            downs,
            partitions,
        }
    }

    /// Whether nothing fails.
    pub fn is_none(&self) -> bool {
        self.downs.is_empty() && self.partitions.is_empty()
    }

    /// Whether the network is ever partitioned.
    pub fn has_partitions(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// When an agent is down.
    pub fn outages(&self, agent: AgentId) -> Outages {
        let (mut spans, mut churns) = (Vec::new(), Vec::new());
        for Down { agents, when } in &self.downs {
            if agents.binary_search(&agent).is_err() {
                continue;
            }
            match when {
                When::During(span) => spans.push(*span),
                When::InSessions(fault, durations) => {
                    let key = Key::new(self.seed, Purpose::Fault).of(agent).toward(*fault);
                    churns.push(Sessions::new(durations.clone(), key));
                }
            }
        }
        Outages::new(spans, churns)
    }

    /// Whether a partition lies between two agents in an iteration, at a moment.
    pub fn parts(&self, sender: AgentId, receiver: AgentId, iteration: u64, at: SimTime) -> bool {
        self.partitions.iter().any(|partition| {
            let group = |agent: AgentId| partition.group[agent.index()];
            group(sender) != group(receiver) && partition.span.covers(iteration, at)
        })
    }
}

/// An agent that stands in two of a partition's groups, if one does: whoever chooses the groups
/// should refuse that.
pub fn in_two_groups(groups: &[Vec<AgentId>]) -> Option<AgentId> {
    let mut members: Vec<AgentId> = groups.concat();
    members.sort_unstable();
    let twice = members.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map(|pair| pair[0])
}
