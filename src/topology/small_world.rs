//! Between lattice and chance.

use super::{Graph, Topology, TopologyError, checks};
use crate::rng::{Key, Purpose, Stream};
use crate::settings::Keys;
use crate::units::AgentId;
use rand::RngExt;
use std::path::Path;

/// A ring lattice in which some edges are led elsewhere: short paths among close friends.
///
/// Each agent starts with `degree`/2 neighbors on either side. Then, nearest neighbors first and
/// agent by agent, each edge keeps its first end and, with probability `rewire`, gets a random
/// other second end, never a loop or an edge that exists. n·degree/2 edges whatever `rewire`.
/// Watts & Strogatz, "Collective dynamics of small-world networks", 1998.
#[derive(Clone, Copy, Debug)]
pub struct SmallWorld {
    /// How many agents, n.
    pub agents: u32,
    /// Neighbors of each before rewiring; even and less than n.
    pub degree: u32,
    /// Probability β that an edge is rewired.
    pub rewire: f64,
}

impl SmallWorld {
    /// The value of `kind`.
    pub const NAME: &'static str = "small-world";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let agents = checks::agents(keys);
        let degree = keys.key("degree", "Neighbors of each agent before rewiring");
        let degree = degree.symbol("k").required();
        let rewire = keys.key("rewire", "Probability that an edge is rewired");
        let rewire = rewire.symbol("β").at_least(0.0).at_most(1.0).required();
        let read = SmallWorld {
            agents,
            degree,
            rewire,
        };
        if agents > 0 {
            checks::note(keys, read.check());
        }
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        let SmallWorld { agents, degree, .. } = *self;
        if degree % 2 == 1 || (degree > 0 && degree >= agents) {
            let most = agents.saturating_sub(1) / 2 * 2;
            return Err(checks::impossible(
                "degree",
                format!("`degree` cannot be {degree} among {agents} agents"),
                format!("an even number less than `agents`: at most {most}"),
            ));
        }
        checks::probability("rewire", self.rewire)?;
        checks::fits_memory("degree", f64::from(agents) * f64::from(degree) / 2.0)
    }
}

impl Topology for SmallWorld {
    fn can_change(&self, _: &Graph) -> bool {
        self.rewire > 0.0 && 0 < self.degree && self.degree + 1 < self.agents
    }

    fn draw(&self, seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let stream = &mut Key::new(seed, Purpose::Edges).stream();
        let n = self.agents;
        let mut circles: Vec<Circle> = (0..n).map(|a| Circle(vec![a])).collect();
        let steps =
            || (1..=self.degree / 2).flat_map(|step| (0..n).map(move |a| (a, (a + step) % n)));
        for (a, b) in steps() {
            circles[a as usize].add(b);
            circles[b as usize].add(a);
        }
        for (a, b) in steps() {
            if !stream.random_bool(self.rewire) {
                continue;
            }
            if let Some(other) = circles[a as usize].stranger(n, stream) {
                circles[a as usize].remove(b);
                circles[b as usize].remove(a);
                circles[a as usize].add(other);
                circles[other as usize].add(a);
            }
        }
        let mut edges = Vec::new();
        for (a, circle) in (0..n).zip(&circles) {
            let above = circle.0.iter().filter(|&&b| a < b);
            edges.extend(above.map(|&b| (AgentId(a), AgentId(b))));
        }
        Ok(Graph::undirected(n as usize, edges))
    }
}

/// An agent and its neighbors, in ascending order.
struct Circle(Vec<u32>);

impl Circle {
    fn add(&mut self, agent: u32) {
        if let Err(at) = self.0.binary_search(&agent) {
            self.0.insert(at, agent);
        }
    }

    fn remove(&mut self, agent: u32) {
        if let Ok(at) = self.0.binary_search(&agent) {
            self.0.remove(at);
        }
    }

    /// One of the agents outside, all equally likely; `None` where there is none.
    fn stranger(&self, agents: u32, stream: &mut Stream) -> Option<u32> {
        let outside = agents - self.0.len() as u32;
        if outside == 0 {
            return None;
        }
        // Below member i there are `self.0[i] - i` strangers: the rank-th stranger follows all
        // members that have no more than `rank` strangers below them.
        let rank = stream.random_range(0..outside);
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.0[middle] - middle as u32 <= rank {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(rank + low as u32)
    }
}
