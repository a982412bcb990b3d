//! A circle of agents.

use super::{Graph, Topology, TopologyError, checks};
use crate::settings::Keys;
use crate::units::AgentId;
use std::path::Path;

/// Agents in a circle, each with the next and the one before as neighbors.
///
/// n edges; two agents share one edge, and one agent has none.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// How many agents, n.
    pub agents: u32,
}

impl Ring {
    /// The value of `kind`.
    pub const NAME: &'static str = "ring";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Ring {
            agents: checks::agents(keys),
        }
    }
}

impl Topology for Ring {
    fn draw(&self, _seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        let n = self.agents;
        let edges = (0..n).map(|a| (AgentId(a), AgentId((a + 1) % n))).collect();
        Ok(Graph::undirected(n as usize, edges))
    }

    fn is_random(&self) -> bool {
        false
    }
}
