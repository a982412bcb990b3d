//! A drawn network.

use crate::units::AgentId;

/// A network: for each agent, whom it sends to and whom it receives from, in ascending order.
#[derive(Clone, Debug)]
pub struct Graph {
    sends: Adjacency,
    /// Absent where every edge goes both ways.
    receives: Option<Adjacency>,
    /// For each edge in the order of `sends`, the sender's position among those whose models the
    /// receiver receives.
    slots: Vec<u32>,
    positions: Option<Vec<[f64; 2]>>,
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

    fn range(&self, agent: AgentId) -> std::ops::Range<usize> {
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
        }
    }

    /// The same with a place in the plane for each agent.
    pub fn with_positions(self, positions: Vec<[f64; 2]>) -> Graph {
        Graph {
            positions: Some(positions),
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
