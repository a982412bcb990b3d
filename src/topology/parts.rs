//! Connected components.

use super::Graph;
use crate::units::AgentId;

/// The connected components of a network: who can hear of whom, over any number of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// How many there are.
    pub count: usize,
    /// Agents of the smallest; 0 where there is none.
    pub smallest: usize,
}

impl Graph {
    /// The connected components among agents that are `counted`, over edges between two of them.
    /// Edges count whatever their direction and whenever they are there.
    pub fn parts(&self, counted: impl Fn(AgentId) -> bool) -> Parts {
        let mut forest = Forest((0..self.agents() as u32).collect());
        for a in self.ids().filter(|&a| counted(a)) {
            for &b in self.sends_to(a).iter().filter(|&&b| counted(b)) {
                forest.join(a.0, b.0);
            }
        }
        let mut sizes = vec![0; self.agents()];
        for agent in self.ids().filter(|&agent| counted(agent)) {
            sizes[forest.root(agent.0) as usize] += 1;
        }
        sizes.retain(|&size| size > 0);
        Parts {
            count: sizes.len(),
            smallest: sizes.into_iter().min().unwrap_or(0),
        }
    }
}

/// Sets of agents as trees, each agent with its parent; a root is its own.
struct Forest(Vec<u32>);

impl Forest {
    fn root(&mut self, mut agent: u32) -> u32 {
        // Each agent on the way moves up to its grandparent, which keeps trees flat.
        while self.0[agent as usize] != agent {
            let parent = self.0[agent as usize];
            self.0[agent as usize] = self.0[parent as usize];
            agent = self.0[agent as usize];
        }
        agent
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}
