//! Whose the user's rows are: each agent's share, its task group, and what it is tested on.

use super::partition::{self, TooFew};
use super::{Partition, Rows};
use crate::data::own::{OwnData, OwnRows, PATH, TEST_PATH};
use crate::data::{DataError, Examples, Targets};
use crate::units::AgentId;
use std::sync::Arc;

/// How rows are shared out among the agents of a topology.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sharing {
    pub(super) partition: Partition,
    pub(super) agents: usize,
    pub(super) batch: usize,
    /// Share of an agent's rows that is for test.
    pub(super) test_share: f64,
    /// That of the data.
    pub(super) seed: u64,
}

impl Sharing {
    /// The rows of each agent.
    pub(super) fn shares(&self, train: &OwnRows) -> Result<Vec<Vec<u32>>, DataError> {
        let (rows, agents, seed) = (train.examples.len(), self.agents, self.seed);
        match (self.partition, train.examples.targets()) {
            (Partition::ByAgent, _) => owned(train, agents),
            (Partition::Iid, _) => Ok(partition::iid(rows, agents, seed)),
            (Partition::Dirichlet { alpha }, Targets::Classes { labels, classes }) => {
                let enough = |&share: &usize| share - self.test_rows(share) >= self.batch;
                let least = (self.batch..=rows).find(enough).unwrap_or(rows + 1);
                partition::dirichlet(labels, *classes, agents, alpha, least, seed)
                    .map_err(|few| self.never_enough(alpha, few, least, rows))
            }
            (Partition::Dirichlet { .. }, Targets::Values { .. }) => Err(DataError::Unfit {
                key: vec!["task", "partition"],
                message: "dirichlet shares rows out class by class, and regression has no classes"
                    .to_owned(),
                help: "write partition = { kind = \"iid\" } or { kind = \"by-agent\" }".to_owned(),
            }),
        }
    }

    /// The task group of an agent with these rows.
    pub(super) fn group(
        &self,
        train: &OwnRows,
        agent: AgentId,
        rows: &[u32],
    ) -> Result<u32, DataError> {
        match self.partition {
            Partition::ByAgent => group(train, agent, rows),
            Partition::Iid | Partition::Dirichlet { .. } => Ok(0),
        }
    }

    /// Which rows of the test file each agent is tested on, where there is such a file.
    pub(super) fn tests(&self, data: &OwnData) -> Result<Option<Tests>, DataError> {
        let Some(test) = &data.test else {
            return Ok(None);
        };
        let owners = test.agents.as_ref();
        let Some(owners) = owners.filter(|_| self.partition == Partition::ByAgent) else {
            return Ok(Some(Tests::All));
        };
        let unfit = |message: String| DataError::Unfit {
            key: vec!["task", TEST_PATH],
            message,
            help: "let every agent of the topology, and no other, have rows there; or remove the \
                   column `agent`, so that everyone is tested on all rows"
                .to_owned(),
        };
        let owners = &owners.of_rows;
        let last = self.agents - 1;
        if let Some(row) = owners.iter().position(|&owner| owner as usize > last) {
            let (place, owner) = (test.places.of("agent", row), owners[row]);
            let message = format!("{place} is {owner}, and the agents go from 0 to {last}");
            return Err(unfit(message));
        }
        let shares = partition::by_agent(owners, self.agents);
        match shares.iter().position(Vec::is_empty) {
            Some(agent) => {
                let file = test.places.file();
                Err(unfit(format!("agent {agent} has no row in {file}")))
            }
            None => Ok(Some(Tests::Own(shares))),
        }
    }

    /// How many of an agent's rows are for test.
    pub(super) fn test_rows(&self, rows: usize) -> usize {
        partition::test_rows(rows, self.test_share)
    }

    /// An agent has fewer rows to learn from than a batch.
    pub(super) fn too_few(&self, agent: AgentId, train: usize, test: usize) -> DataError {
        let batch = self.batch;
        DataError::Unfit {
            key: vec!["task", "batch"],
            message: format!(
                "a batch has {batch} rows, and agent {agent} has {train} for training and {test} \
                 for test"
            ),
            help: match train {
                0 => "let the topology have fewer agents, or lower task.test_share".to_owned(),
                _ => format!("lower task.batch to {train}, or task.test_share"),
            },
        }
    }

    /// A Dirichlet partition of so many rows cannot give each agent `least` of them.
    fn never_enough(&self, alpha: f64, few: TooFew, least: usize, rows: usize) -> DataError {
        let (agents, batch) = (self.agents, self.batch);
        let unfit = |message: String, help: String| DataError::Unfit {
            key: vec!["task", "partition"],
            message,
            help,
        };
        match few {
            TooFew::Rows => unfit(
                format!(
                    "{rows} rows are too few for {agents} agents: each needs a batch of {batch} \
                     for training, besides its rows for test"
                ),
                match rows / least {
                    0 => "lower task.batch, or task.test_share".to_owned(),
                    most => {
                        format!("let topology.agents be at most {most}, or lower task.batch")
                    }
                },
            ),
            TooFew::Draws { best, alpha: other } => {
                let mut ways = Vec::new();
                if let Some(other) = other {
                    ways.push(format!("write alpha = {other}"));
                }
                match best - self.test_rows(best) {
                    0 => {}
                    train => ways.push(format!("lower task.batch to {train}")),
                }
                ways.push("let the topology have fewer agents".to_owned());
                unfit(
                    format!(
                        "no draw with alpha = {alpha} gives every agent enough rows for training: \
                         a batch has {batch}"
                    ),
                    ways.join(", or "),
                )
            }
        }
    }
}

/// The rows that belong to each agent of the topology: everyone has some, and nobody else has.
fn owned(train: &OwnRows, agents: usize) -> Result<Vec<Vec<u32>>, DataError> {
    let file = train.places.file();
    let Some(owners) = &train.agents else {
        return Err(DataError::Unfit {
            key: vec!["task", "partition"],
            message: format!("by-agent goes by a column `agent`, and {file} has none"),
            help: "add that column, or write partition = { kind = \"iid\" }".to_owned(),
        });
    };
    let unfit = |message: String, help: String| DataError::Unfit {
        key: vec!["topology", "agents"],
        message,
        help,
    };
    let (owners, names) = (&owners.of_rows, &owners.names);
    let last = agents - 1;
    let highest = owners.iter().max().map_or(0, |&owner| owner as usize);
    let let_have = |agents: usize| format!("let the topology have {agents} agents");
    if let Some(names) = names
        && names.len() != agents
    {
        let (count, listed) = (names.len(), some_of(names));
        let message = format!(
            "{file} has rows of {count} agents ({listed}), and the topology has {agents} agents"
        );
        return Err(unfit(message, let_have(count)));
    }
    let shares = partition::by_agent(owners, highest.max(last) + 1);
    let present = shares.iter().filter(|rows| !rows.is_empty()).count();
    let begins_at_1 = shares[0].is_empty() && present == highest;
    if begins_at_1 && (agents == highest || agents == highest + 1) {
        let message = format!(
            "{file} numbers its agents from 1 to {highest}, and agents are numbered from 0 to {last}"
        );
        let and = match agents == highest {
            true => String::new(),
            false => format!(", and {}", let_have(highest)),
        };
        return Err(unfit(message, format!("subtract 1 from the numbers{and}")));
    }
    if highest > last {
        let message =
            format!("{file} has rows of agent {highest}, and the agents go from 0 to {last}");
        let help = match present == highest + 1 {
            true => let_have(highest + 1),
            false => format!(
                "number the {present} agents of the file from 0 without gaps, or give them names \
                 (s{highest}), and let the topology have {present} agents"
            ),
        };
        return Err(unfit(message, help));
    }
    match shares.iter().position(Vec::is_empty) {
        Some(agent) => {
            let message = format!(
                "agent {agent} has no row in {file}, whose agents go up to {highest}, and the \
                 topology has {agents} agents"
            );
            let help = match agent > highest {
                true => let_have(highest + 1),
                false => format!("add rows of agent {agent}, or choose another partition"),
            };
            Err(unfit(message, help))
        }
        None => Ok(shares),
    }
}

/// The first few names, for messages.
fn some_of(names: &[String]) -> String {
    let mut shown: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
    if names.len() > shown.len() {
        shown.push("…");
    }
    shown.join(", ")
}

/// The task group that all rows of an agent have; 0 where the file has no groups.
fn group(train: &OwnRows, agent: AgentId, rows: &[u32]) -> Result<u32, DataError> {
    let Some(groups) = &train.groups else {
        return Ok(0);
    };
    let (groups, names) = (&groups.of_rows, &groups.names);
    let group = groups[rows[0] as usize];
    match rows.iter().find(|&&row| groups[row as usize] != group) {
        None => Ok(group),
        Some(&row) => {
            let place = train.places.of("group", row as usize);
            let name = |group: u32| match names {
                Some(names) => names[group as usize].clone(),
                None => group.to_string(),
            };
            let (group, other) = (name(group), name(groups[row as usize]));
            Err(DataError::Unfit {
                key: vec!["task", PATH],
                message: format!("{place} is {other}, and agent {agent} has rows of group {group}"),
                help: "let all rows of an agent be of one group".to_owned(),
            })
        }
    }
}

/// Chosen rows of a file.
pub(super) fn rows_of(all: &Arc<Examples>, rows: Vec<u32>) -> Rows {
    Rows {
        examples: all.clone(),
        rows,
    }
}

/// What agents are tested on.
pub(super) enum Tests {
    /// Everyone on all rows.
    All,
    /// Each on its own rows.
    Own(Vec<Vec<u32>>),
}

impl Tests {
    pub(super) fn of(&self, agent: AgentId, test: &Arc<Examples>) -> Rows {
        let rows = match self {
            Tests::All => (0..test.len() as u32).collect(),
            Tests::Own(shares) => shares[agent.index()].clone(),
        };
        rows_of(test, rows)
    }
}
