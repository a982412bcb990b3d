//! Independent edges.

use super::{Graph, Topology, TopologyError, checks};
use crate::rng::{Key, Purpose};
use crate::settings::Keys;
use crate::units::AgentId;
use rand_distr::{Distribution, Geometric as Skip};
use std::path::Path;

/// Each pair of agents is connected with the same probability p, independently: G(n, p).
///
/// The pairs between two edges are skipped at once, so a network with m edges takes O(n + m).
/// Batagelj & Brandes, "Efficient generation of large random networks", 2005.
#[derive(Clone, Copy, Debug)]
pub struct ErdosRenyi {
    /// How many agents, n.
    pub agents: u32,
    /// Probability p of an edge.
    pub probability: f64,
}

impl ErdosRenyi {
    /// The value of `kind`.
    pub const NAME: &'static str = "erdos-renyi";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let agents = checks::agents(keys);
        let probability = keys.key("probability", "Probability that two agents are neighbors");
        let probability = probability.symbol("p").at_least(0.0).at_most(1.0);
        let read = ErdosRenyi {
            agents,
            probability: probability.required(),
        };
        checks::note(keys, read.check());
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        checks::probability("probability", self.probability)?;
        let n = f64::from(self.agents);
        checks::fits_memory("probability", self.probability * n * (n - 1.0) / 2.0)
    }
}

impl Topology for ErdosRenyi {
    fn can_change(&self, _: &Graph) -> bool {
        self.agents > 1 && 0.0 < self.probability && self.probability < 1.0
    }

    fn draw(&self, seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let stream = &mut Key::new(seed, Purpose::Edges).stream();
        let skip = Skip::new(self.probability).expect("a checked probability");
        let n = u64::from(self.agents);
        let mut edges = Vec::new();
        // The pairs (a, b) with a < b in the order of b, then a; `a` runs over into later rows.
        let (mut a, mut b) = (skip.sample(stream), 1);
        loop {
            while b < n && a >= b {
                a -= b;
                b += 1;
            }
            if b >= n {
                return Ok(Graph::undirected(self.agents as usize, edges));
            }
            edges.push((AgentId(a as u32), AgentId(b as u32)));
            a = a.saturating_add(1).saturating_add(skip.sample(stream));
        }
    }
}
