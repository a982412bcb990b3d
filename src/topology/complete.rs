//! Everyone hears everyone.

use super::{Graph, Topology, TopologyError, checks};
use crate::settings::Keys;
use crate::units::AgentId;
use std::path::Path;

/// Every two agents are neighbors.
///
/// n(n−1)/2 edges in as many steps, so at most 10,000 agents. The network of the paper's two
/// classification tasks.
#[derive(Clone, Copy, Debug)]
pub struct Complete {
    /// How many agents, n.
    pub agents: u32,
}

impl Complete {
    /// The value of `kind`.
    pub const NAME: &'static str = "complete";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let read = Complete {
            agents: checks::agents(keys),
        };
        checks::note(keys, read.check());
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        let n = f64::from(self.agents);
        checks::fits_memory("agents", n * (n - 1.0) / 2.0)
    }
}

impl Topology for Complete {
    fn draw(&self, _seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let below = |b| (0..b).map(move |a| (AgentId(a), AgentId(b)));
        let edges = (0..self.agents).flat_map(below).collect();
        Ok(Graph::undirected(self.agents as usize, edges))
    }

    fn is_random(&self) -> bool {
        false
    }
}
