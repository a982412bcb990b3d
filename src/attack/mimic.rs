//! Mimicry of an agent: it gets more weight than one agent should, the others less.
//!
//! Source: S. P. Karimireddy, L. He, M. Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets
//! via Bucketing", ICLR 2022. All attackers send the newest model of one honest agent, the same for
//! ever. Where it is not among the models known, the model copied last is sent again; before the
//! first, the attacker's own honest model.
//!
//! Needs `neighbors`: then the agent must be a neighbor of every attacker in the first network, at
//! `colluding` of some attacker. Costs O(d) in an iteration; one payload for all victims.

use super::{AnyForger, Attack, Forger, Knowledge, Models, Stage, Unfit};
use crate::checkpoint::{Book, Kept, keep};
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `mimic`.
#[derive(Clone, Debug)]
pub struct Mimic {
    copy: AgentId,
}

impl Mimic {
    /// The value of `kind`.
    pub const NAME: &str = "mimic";
    /// What it is.
    pub const ABOUT: &str = "Copies one honest agent for ever (Karimireddy et al. 2022)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let copy = keys.key("copy", "The honest agent that is copied");
        Mimic {
            copy: AgentId(copy.required()),
        }
    }
}

/// The most agents that a message names.
const NAMED: usize = 12;

impl Attack for Mimic {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        let copy = self.copy;
        let agents = stage.graph.agents();
        let hears = |attacker: AgentId, agent: AgentId| {
            let heard = stage.graph.receives_from(attacker);
            heard.binary_search(&agent).is_ok()
        };
        let attackers = || stage.attackers.iter().copied();
        let is_known = |agent| match stage.knowledge {
            Knowledge::None | Knowledge::Neighbors => attackers().all(|a| hears(a, agent)),
            Knowledge::Colluding => attackers().any(|a| hears(a, agent)),
            Knowledge::Omniscient | Knowledge::VictimData => true,
        };
        let message = if copy.index() >= agents {
            format!("there is no agent {copy}: the last is {}", agents - 1)
        } else if stage.is_byzantine[copy.index()] {
            format!("agent {copy} is an attacker itself")
        } else if is_known(copy) {
            return Ok(());
        } else if stage.knowledge == Knowledge::Colluding {
            format!("agent {copy} is a neighbor of none of the attackers")
        } else {
            let deaf = attackers().find(|&a| !hears(a, copy));
            // Not all of them hear it.
            let deaf = deaf.expect("an attacker that does not");
            format!("agent {copy} is no neighbor of attacker {deaf}, which gets no model of it")
        };
        let legal = |agent: &AgentId| !stage.is_byzantine[agent.index()] && is_known(*agent);
        let legal: Vec<String> = stage
            .graph
            .ids()
            .filter(legal)
            .map(|agent| agent.to_string())
            .collect();
        let help = match (legal.len(), stage.knowledge) {
            (0, Knowledge::Colluding) => "write a normal agent and knowledge = \"omniscient\": \
                no normal agent is a neighbor of an attacker"
                .to_owned(),
            (0, _) => "write a normal agent and knowledge = \"colluding\" or \"omniscient\": \
                no normal agent is a neighbor of all attackers"
                .to_owned(),
            (n, _) if n <= NAMED => format!("write one of {}", legal.join(", ")),
            (n, _) => format!(
                "write one of {} and {} more",
                legal[..NAMED].join(", "),
                n - NAMED
            ),
        };
        Err(Unfit {
            key: "copy",
            message,
            help,
        })
    }

    fn knowledge(&self) -> Knowledge {
        Knowledge::Neighbors
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Listening(Box::new(Copier {
            copy: self.copy,
            last: None,
        }))
    }
}

struct Copier {
    copy: AgentId,
    /// Its model copied last, shape `[d]`.
    last: Option<Vec<f32>>,
}

impl Forger<Models<'_>> for Copier {
    fn forge(&mut self, sight: Models<'_>, payload: &mut Vec<f32>) {
        if let Some(model) = sight.of(self.copy) {
            let last = self.last.get_or_insert_default();
            last.clear();
            last.extend_from_slice(model);
        }
        payload.extend_from_slice(self.last.as_deref().unwrap_or(sight.own.honest));
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack, mistake, prepared};
    use super::*;
    use crate::topology::Graph;

    #[test]
    fn it_sends_the_newest_model_of_one_agent_and_else_the_last_it_had() {
        let mut scene = Scene::default();
        scene.own(&[0.0, 0.5]).honest(1, &[1.0, 2.0]);
        let mut forger = attack("kind = \"mimic\"\ncopy = 4").forger(AgentId(0));
        assert!(!forger.is_by_victim());
        assert_eq!(scene.payload(&mut forger), [0.0, 0.5]);
        scene.next_iteration().honest(4, &[3.0, 4.0]);
        assert_eq!(scene.payload(&mut forger), [3.0, 4.0]);
        scene.next_iteration().forget(4);
        assert_eq!(scene.payload(&mut forger), [3.0, 4.0]);
        scene.next_iteration().honest(4, &[5.0, 6.0]);
        assert_eq!(scene.payload(&mut forger), [5.0, 6.0]);
    }

    /// 0 – 1 – 2 – 3 – 4, attackers 1 and 3.
    fn path() -> Graph {
        let edges = (0..4).map(|k| (AgentId(k), AgentId(k + 1)));
        Graph::undirected(5, edges.collect())
    }

    fn refusal(copy: u32, knowledge: Knowledge) -> String {
        let settings = format!("kind = \"mimic\"\ncopy = {copy}");
        mistake(&settings, &path(), &[1, 3], knowledge)
    }

    #[test]
    fn an_agent_that_attackers_do_not_hear_cannot_be_copied() {
        for (copy, knowledge) in [
            (2, Knowledge::Neighbors),
            (0, Knowledge::Colluding),
            (0, Knowledge::Omniscient),
        ] {
            let settings = format!("kind = \"mimic\"\ncopy = {copy}");
            prepared(&settings, &path(), &[1, 3], knowledge).expect("known to all");
        }
        assert_eq!(
            refusal(0, Knowledge::Neighbors),
            "copy: agent 0 is no neighbor of attacker 3, which gets no model of it; write one of 2"
        );
        let lonely = Graph::undirected(3, vec![(AgentId(1), AgentId(2))]);
        assert_eq!(
            mistake(
                "kind = \"mimic\"\ncopy = 1",
                &lonely,
                &[0],
                Knowledge::Colluding
            ),
            "copy: agent 1 is a neighbor of none of the attackers; \
             write a normal agent and knowledge = \"omniscient\": \
             no normal agent is a neighbor of an attacker"
        );
    }

    #[test]
    fn attackers_and_agents_that_are_not_there_cannot_be_copied() {
        assert_eq!(
            refusal(5, Knowledge::Colluding),
            "copy: there is no agent 5: the last is 4; write one of 0, 2, 4"
        );
        assert_eq!(
            refusal(3, Knowledge::Omniscient),
            "copy: agent 3 is an attacker itself; write one of 0, 2, 4"
        );
    }
}
