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
        let half = self.degree / 2;
        let lattice = |a: u32| {
            let around = (0..=2 * half).map(|step| (a + n - half + step) % n);
            Circle::new(n, self.degree, around.collect())
        };
        let mut circles: Vec<Circle> = (0..n).map(lattice).collect();
        let steps = || (1..=half).flat_map(|step| (0..n).map(move |a| (a, (a + step) % n)));
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
            circle.above(a, |b| edges.push((AgentId(a), AgentId(b))));
        }
        Ok(Graph::undirected(n as usize, edges))
    }
}

/// An agent and its neighbors.
enum Circle {
    /// In ascending order.
    Few(Vec<u32>),
    /// A bit for every agent, and how many are set: in a dense network this takes less memory, and
    /// a neighbor more or less moves no others.
    Many(Vec<u64>, u32),
}

impl Circle {
    fn new(agents: u32, degree: u32, mut members: Vec<u32>) -> Circle {
        if degree < agents / 32 {
            members.sort_unstable();
            return Circle::Few(members);
        }
        let mut circle = Circle::Many(vec![0; agents.div_ceil(64) as usize], 0);
        members.into_iter().for_each(|member| circle.add(member));
        circle
    }

    fn add(&mut self, agent: u32) {
        match self {
            Circle::Few(members) => {
                if let Err(at) = members.binary_search(&agent) {
                    members.insert(at, agent);
                }
            }
            Circle::Many(bits, count) => {
                let (word, bit) = (&mut bits[agent as usize / 64], 1 << (agent % 64));
                *count += u32::from(*word & bit == 0);
                *word |= bit;
            }
        }
    }

    fn remove(&mut self, agent: u32) {
        match self {
            Circle::Few(members) => {
                if let Ok(at) = members.binary_search(&agent) {
                    members.remove(at);
                }
            }
            Circle::Many(bits, count) => {
                let (word, bit) = (&mut bits[agent as usize / 64], 1 << (agent % 64));
                *count -= u32::from(*word & bit != 0);
                *word &= !bit;
            }
        }
    }

    /// One of the agents outside, all equally likely; `None` where there is none.
    fn stranger(&self, agents: u32, stream: &mut Stream) -> Option<u32> {
        let outside = match self {
            Circle::Few(members) => agents - members.len() as u32,
            Circle::Many(_, count) => agents - count,
        };
        if outside == 0 {
            return None;
        }
        let rank = stream.random_range(0..outside);
        Some(match self {
            Circle::Few(members) => rank + members_below(members, rank),
            Circle::Many(bits, _) => unset_bit(bits, rank),
        })
    }

    /// Shows the members after an agent, ascending.
    fn above(&self, agent: u32, mut see: impl FnMut(u32)) {
        match self {
            Circle::Few(members) => members.iter().filter(|&&b| agent < b).for_each(|&b| see(b)),
            Circle::Many(bits, _) => {
                for (word, &bits) in (0..).zip(bits) {
                    let mut rest = bits;
                    while rest != 0 {
                        let member = 64 * word + rest.trailing_zeros();
                        if agent < member {
                            see(member);
                        }
                        rest &= rest - 1;
                    }
                }
            }
        }
    }
}

/// How many members come before the stranger of a rank. Below member i there are `members[i] - i`
/// strangers: the stranger follows all members that have no more than `rank` strangers below them.
fn members_below(members: &[u32], rank: u32) -> u32 {
    let (mut low, mut high) = (0, members.len());
    while low < high {
        let middle = (low + high) / 2;
        if members[middle] - middle as u32 <= rank {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low as u32
}

/// The unset bit of a rank, from 0; there are more of them than `rank`.
fn unset_bit(bits: &[u64], mut rank: u32) -> u32 {
    for (word, &bits) in (0..).zip(bits) {
        if bits.count_zeros() <= rank {
            rank -= bits.count_zeros();
            continue;
        }
        let mut unset = !bits;
        for _ in 0..rank {
            unset &= unset - 1;
        }
        return 64 * word + unset.trailing_zeros();
    }
    unreachable!("as many unset bits as there are strangers")
}
