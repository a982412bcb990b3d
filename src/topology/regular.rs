//! The same number of neighbors for everyone.

use super::{Graph, Topology, TopologyError, checks};
use crate::rng::{Key, Purpose, Stream, shuffle};
use crate::settings::Keys;
use crate::units::AgentId;
use rand::RngExt;
use std::collections::HashMap;
use std::path::Path;

/// A random network in which every agent has exactly `degree` neighbors.
///
/// Drawn from the configuration model: `degree` edge ends for each agent are paired at random, and
/// each loop or repeated edge then swaps ends with a random other edge. Close to uniform over all
/// such networks. O(n·degree) for few neighbors; where an agent has more than half of the others
/// as neighbors, the network of those that are *not* neighbors is drawn, in O(n²).
#[derive(Clone, Copy, Debug)]
pub struct Regular {
    /// How many agents, n.
    pub agents: u32,
    /// Neighbors of each; less than n, and n·degree is even.
    pub degree: u32,
}

impl Regular {
    /// The value of `kind`.
    pub const NAME: &'static str = "regular";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let agents = checks::agents(keys);
        let degree = keys.key("degree", "Neighbors of each agent").required();
        let read = Regular { agents, degree };
        if agents > 0 {
            checks::note(keys, read.check());
        }
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        let Regular { agents, degree } = *self;
        if degree > 0 && degree >= agents {
            return Err(checks::impossible(
                "degree",
                format!("each of {agents} agents cannot have {degree} neighbors"),
                format!(
                    "`degree` is less than `agents`: at most {}",
                    agents.saturating_sub(1)
                ),
            ));
        }
        if agents % 2 == 1 && degree % 2 == 1 {
            return Err(checks::impossible(
                "degree",
                format!("{agents} agents cannot have {degree} neighbors each: both are odd"),
                "every edge has two ends, so `agents` or `degree` is even",
            ));
        }
        checks::fits_memory("degree", f64::from(agents) * f64::from(degree) / 2.0)
    }
}

impl Topology for Regular {
    fn can_change(&self, _: &Graph) -> bool {
        0 < self.degree && self.degree + 1 < self.agents
    }

    fn draw(&self, seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let Regular { agents, degree } = *self;
        let stream = &mut Key::new(seed, Purpose::Edges).stream();
        let n = agents as usize;
        let strangers = agents.saturating_sub(1) - degree;
        if degree <= strangers {
            return Ok(Graph::undirected(n, sparse(agents, degree, stream)));
        }
        let strangers = Graph::undirected(n, sparse(agents, strangers, stream));
        Ok(Graph::undirected(n, complement(&strangers)))
    }
}

type Edge = (AgentId, AgentId);

/// A random simple network with exactly `degree` neighbors for each agent.
///
/// It needs `agents > 2·degree`. Then there always is an edge to swap with: of the agents·degree
/// edges with a direction, x → y, at most degree² have an x that is u or its neighbor, and as many
/// a y that is v or its neighbor. Each swap leaves fewer loops and repeated edges than before, so
/// it ends.
fn sparse(agents: u32, degree: u32, stream: &mut Stream) -> Vec<Edge> {
    let ends_of = |a| std::iter::repeat_n(AgentId(a), degree as usize);
    let mut ends: Vec<AgentId> = (0..agents).flat_map(ends_of).collect();
    shuffle(&mut ends, stream);
    let mut edges: Vec<Edge> = ends.chunks_exact(2).map(|e| (e[0], e[1])).collect();
    // Only looked up, never walked through: its order does not matter.
    let mut copies: HashMap<Edge, u32> = HashMap::with_capacity(edges.len());
    for &(a, b) in &edges {
        *copies.entry(ordered(a, b)).or_default() += 1;
    }
    for at in 0..edges.len() {
        loop {
            let (u, v) = edges[at];
            if u != v && copies[&ordered(u, v)] == 1 {
                break;
            }
            let is_new = |a, b| a != b && !copies.contains_key(&ordered(a, b));
            let start = stream.random_range(0..edges.len());
            let turned: bool = stream.random();
            let swap = (start..edges.len()).chain(0..start).find_map(|other| {
                let (x, y) = edges[other];
                let (x, y) = if turned { (y, x) } else { (x, y) };
                let fits = |x, y| is_new(u, x) && is_new(v, y);
                let found = fits(x, y).then_some((x, y));
                let found = found.or_else(|| fits(y, x).then_some((y, x)));
                found.map(|(x, y)| (other, x, y))
            });
            let (other, x, y) = swap.expect("an edge to swap with, as agents > 2·degree");
            for (a, b) in [(u, v), (x, y)] {
                let count = copies.remove(&ordered(a, b)).unwrap_or_default();
                if count > 1 {
                    copies.insert(ordered(a, b), count - 1);
                }
            }
            (edges[at], edges[other]) = ((u, x), (v, y));
            for (a, b) in [(u, x), (v, y)] {
                *copies.entry(ordered(a, b)).or_default() += 1;
            }
        }
    }
    edges
}

fn ordered(a: AgentId, b: AgentId) -> Edge {
    (a.min(b), a.max(b))
}

/// The edges that a network lacks.
fn complement(graph: &Graph) -> Vec<Edge> {
    let above = |a: AgentId| {
        let known = graph.receives_from(a);
        let later = (a.index() + 1..graph.agents()).map(AgentId::from_index);
        later
            .filter(|b| known.binary_search(b).is_err())
            .map(move |b| (a, b))
    };
    graph.ids().flat_map(above).collect()
}
