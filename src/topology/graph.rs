//! A drawn network.

use super::windows::{Window, Windows};
use crate::units::{AgentId, SimTime};
use std::ops::Range;

/// A network: for each agent, whom it sends to and whom it receives from, in ascending order.
///
/// Some edges may be there for a time only. Neighbor lists and degrees hold them all the same;
/// [`Graph::is_there`] and [`Graph::is_link_there`] ask about an instant.
#[derive(Clone, Debug)]
pub struct Graph {
    sends: Adjacency,
    /// Absent where every edge goes both ways.
    receives: Option<Adjacency>,
    /// For each edge in the order of `sends`, the sender's position among those whose models the
    /// receiver receives.
    slots: Vec<u32>,
    positions: Option<Vec<[f64; 2]>>,
    /// By edge in the order of `sends`; absent where all edges are always there.
    windows: Option<Windows>,
}

/// Neighbor lists behind one another in one array: `targets[starts[k]..starts[k + 1]]` are k's.
#[derive(Clone, Debug, Default)]
struct Adjacency {
    starts: Vec<usize>,
    targets: Vec<AgentId>,
}

impl Adjacency {
    fn new(agents: usize, mut edges: Vec<(AgentId, AgentId)>) -> Adjacency {
        edges.retain(|(from, to)| from != to);
        edges.sort_unstable();
        edges.dedup();
        let mut starts = vec![0; agents + 1];
        for (from, _) in &edges {
            starts[from.index() + 1] += 1;
        }
        for agent in 0..agents {
            starts[agent + 1] += starts[agent];
        }
        let targets = edges.into_iter().map(|(_, to)| to).collect();
        Adjacency { starts, targets }
    }

    fn range(&self, agent: AgentId) -> Range<usize> {
        self.starts[agent.index()]..self.starts[agent.index() + 1]
    }

    fn of(&self, agent: AgentId) -> &[AgentId] {
        &self.targets[self.range(agent)]
    }
}

impl Graph {
    /// A network in which every edge goes both ways. Self-loops and repeated edges are dropped.
    ///
    /// ```
    /// use byzsim::{topology::Graph, units::AgentId};
    /// let path = Graph::undirected(3, vec![(AgentId(0), AgentId(1)), (AgentId(2), AgentId(1))]);
    /// assert_eq!(path.receives_from(AgentId(1)), [AgentId(0), AgentId(2)]);
    /// assert_eq!(path.edges(), 2);
    /// ```
    ///
    /// # Panics
    /// If an edge names an agent that does not exist.
    pub fn undirected(agents: usize, edges: Vec<(AgentId, AgentId)>) -> Graph {
        let reversed: Vec<_> = edges.iter().map(|&(a, b)| (b, a)).collect();
        let mut both = edges;
        both.extend(reversed);
        Graph::new(Adjacency::new(agents, both), None)
    }

    /// A network in which an edge `(a, b)` carries models from a to b only.
    ///
    /// # Panics
    /// If an edge names an agent that does not exist.
    pub fn directed(agents: usize, edges: Vec<(AgentId, AgentId)>) -> Graph {
        let reversed = edges.iter().map(|&(a, b)| (b, a)).collect();
        let receives = Adjacency::new(agents, reversed);
        Graph::new(Adjacency::new(agents, edges), Some(receives))
    }

    fn new(sends: Adjacency, receives: Option<Adjacency>) -> Graph {
        // Senders come in ascending order, as they stand in the receivers' lists.
        let mut next = vec![0; sends.starts.len() - 1];
        let mut slot = |receiver: &AgentId| {
            let slot = &mut next[receiver.index()];
            *slot += 1;
            *slot - 1
        };
        let slots = sends.targets.iter().map(&mut slot).collect();
        Graph {
            sends,
            receives,
            slots,
            positions: None,
            windows: None,
        }
    }

    /// The same with a place in the plane for each agent.
    pub fn with_positions(self, positions: Vec<[f64; 2]>) -> Graph {
        Graph {
            positions: Some(positions),
            ..self
        }
    }

    /// The same with windows for some edges: an edge that is among these is there during each of
    /// its windows only. Without directions, both directions come and go together.
    ///
    /// ```
    /// use byzsim::{topology::{Graph, Window}, units::{AgentId, SimTime}};
    /// let edge = (AgentId(0), AgentId(1));
    /// let window = Window { from: SimTime::from_us(5), to: SimTime::from_us(9) };
    /// let graph = Graph::undirected(2, vec![edge]).with_windows(vec![(edge, window)]);
    /// assert!(graph.is_there(AgentId(1), AgentId(0), SimTime::from_us(8)));
    /// assert!(!graph.is_there(AgentId(1), AgentId(0), SimTime::from_us(9)));
    /// ```
    ///
    /// # Panics
    /// If there is no such edge.
    pub fn with_windows(self, windows: Vec<((AgentId, AgentId), Window)>) -> Graph {
        let mut placed = Vec::with_capacity(2 * windows.len());
        for ((a, b), window) in windows {
            let link = |from, to| self.link(from, to).expect("a window of an edge");
            placed.push((link(a, b), window));
            if !self.is_directed() {
                placed.push((link(b, a), window));
            }
        }
        let windows = Windows::new(self.sends.targets.len(), placed);
        Graph {
            windows: (!windows.is_empty()).then_some(windows),
            ..self
        }
    }

    /// How many agents there are.
    pub fn agents(&self) -> usize {
        self.sends.starts.len() - 1
    }

    /// How many pairs of agents are connected; where edges have a direction, how many edges.
    pub fn edges(&self) -> usize {
        match self.receives {
            None => self.sends.targets.len() / 2,
            Some(_) => self.sends.targets.len(),
        }
    }

    /// Whether edges have a direction.
    pub fn is_directed(&self) -> bool {
        self.receives.is_some()
    }

    /// Whom an agent sends its models to.
    pub fn sends_to(&self, agent: AgentId) -> &[AgentId] {
        self.sends.of(agent)
    }

    /// Whom an agent sends its models to, each with the agent's position among those whose models
    /// that one receives.
    pub fn links_from(&self, agent: AgentId) -> impl Iterator<Item = (AgentId, u32)> + '_ {
        let range = self.sends.range(agent);
        self.sends.targets[range.clone()]
            .iter()
            .copied()
            .zip(self.slots[range].iter().copied())
    }

    /// The numbers of an agent's links, in the order of [`Graph::links_from`], for
    /// [`Graph::is_link_there`].
    pub fn link_numbers(&self, agent: AgentId) -> Range<usize> {
        self.sends.range(agent)
    }

    /// The number of the link from one agent to another.
    fn link(&self, sender: AgentId, receiver: AgentId) -> Option<usize> {
        let position = self.sends.of(sender).binary_search(&receiver).ok()?;
        Some(self.sends.range(sender).start + position)
    }

    /// Whether some edge is not always there.
    pub fn has_windows(&self) -> bool {
        self.windows.is_some()
    }

    /// Whether the edge between two neighbors is there at an instant. Where all edges are always
    /// there, that is known without a look at the two.
    pub fn is_there(&self, sender: AgentId, receiver: AgentId, instant: SimTime) -> bool {
        let Some(windows) = &self.windows else {
            return true;
        };
        self.link(sender, receiver)
            .is_some_and(|link| windows.is_there(link, instant))
    }

    /// The same, by the link's number.
    pub fn is_link_there(&self, link: usize, instant: SimTime) -> bool {
        let windows = self.windows.as_ref();
        windows.is_none_or(|windows| windows.is_there(link, instant))
    }

    /// When the link of a number is there, in ascending order; empty where it always is.
    pub(crate) fn windows_of(&self, link: usize) -> &[Window] {
        let windows = self.windows.as_ref();
        windows.map_or(&[], |windows| windows.of(link))
    }

    /// Whose models an agent receives: its neighborhood without itself.
    pub fn receives_from(&self, agent: AgentId) -> &[AgentId] {
        self.receives.as_ref().unwrap_or(&self.sends).of(agent)
    }

    /// Where the agents stand, where the topology has places.
    pub fn positions(&self) -> Option<&[[f64; 2]]> {
        self.positions.as_deref()
    }

    /// All agents in order.
    pub fn ids(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.agents()).map(AgentId::from_index)
    }
}
