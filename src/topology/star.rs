//! One center.

use super::{Graph, Topology, TopologyError, checks};
use crate::settings::Keys;
use crate::units::AgentId;
use std::path::Path;

/// Agent 0 is the center: everyone's neighbor, and the only neighbor of all others.
///
/// n − 1 edges. The nearest that a network without a server comes to federated learning.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    /// How many agents, n, the center included.
    pub agents: u32,
}

impl Star {
    /// The value of `kind`.
    pub const NAME: &'static str = "star";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Star {
            agents: checks::agents(keys),
        }
    }
}

impl Topology for Star {
    fn draw(&self, _seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        let edges = (1..self.agents).map(|a| (AgentId(0), AgentId(a))).collect();
        Ok(Graph::undirected(self.agents as usize, edges))
    }

    fn is_random(&self) -> bool {
        false
    }
}
