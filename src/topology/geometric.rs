//! Neighbors are those who are near.

use super::checks::{self, MOST_AGENTS, MOST_EDGES};
use super::{Graph, Topology, TopologyError};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::Keys;
use crate::units::AgentId;
use rand::RngExt;
use std::f64::consts::PI;
use std::path::Path;

/// Agents at random places in a square; those within range of each other are neighbors, up to a
/// number of neighbors for each.
///
/// The cap: all pairs in range are visited in random order, and a pair becomes an edge while both
/// still have room. So edges go both ways, nobody has more than `max_neighbors`, and a pair in
/// range is left out only where one of the two is full. Time and memory grow with the pairs in
/// range. The network of the paper's target localization, whose neighborhoods of at most 10 count
/// the agent itself.
///
/// Where it is drawn anew, agents stay where they are, and the order in which pairs are visited is
/// another one: who is linked within range changes.
#[derive(Clone, Copy, Debug)]
pub struct Geometric {
    /// How many agents, n.
    pub agents: u32,
    /// Side of the square.
    pub side: f64,
    /// The greatest distance between neighbors.
    pub range: f64,
    /// The most neighbors of an agent, itself not counted.
    pub max_neighbors: u32,
}

impl Geometric {
    /// The value of `kind`.
    pub const NAME: &'static str = "geometric";

    /// Longest side and range; their squares are far from overflow.
    const LONGEST: f64 = 1e9;

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let agents = keys.key("agents", "How many agents").symbol("n");
        let agents = agents.at_least(1.0).at_most(f64::from(MOST_AGENTS));
        let agents = agents.default(100, "the paper's");
        let side = keys.key("side", "Side of the square that the agents stand in");
        let side = side.above(0.0).at_most(Self::LONGEST);
        let side = side.default(3.0, "the paper's");
        let range = keys.key("range", "Greatest distance between neighbors");
        let range = range.at_least(0.0).at_most(Self::LONGEST);
        let range = range.default(1.0, "the paper's");
        let max_neighbors = keys.key("max_neighbors", "Most neighbors, the agent not counted");
        let read = Geometric {
            agents,
            side,
            range,
            max_neighbors: max_neighbors.default(9, "the paper's"),
        };
        checks::note(keys, read.check());
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        let Geometric { side, range, .. } = *self;
        for (key, x) in [("side", side), ("range", range)] {
            if !(0.0..=Self::LONGEST).contains(&x) || (key == "side" && x == 0.0) {
                let message = format!("`{key}` cannot be {x}");
                let help = format!("a number in [0, {}], a side above 0", Self::LONGEST);
                return Err(checks::impossible(key, message, help));
            }
        }
        // Rather more than there are: circles reach over the border.
        let share = (PI * range * range / (side * side)).min(1.0);
        let n = f64::from(self.agents);
        let pairs = share * n * (n - 1.0) / 2.0;
        if pairs <= MOST_EDGES {
            return Ok(());
        }
        Err(checks::impossible(
            "range",
            format!("these agents would have about {pairs:.1e} pairs in range"),
            format!(
                "at most {MOST_EDGES:.0e} pairs: fewer `agents`, a longer `side` or a shorter `range`"
            ),
        ))
    }

    /// All pairs in range in ascending order, the lower number first.
    fn pairs(&self, positions: &[[f64; 2]]) -> Vec<(AgentId, AgentId)> {
        let cells = Cells::new(self, positions);
        let mut pairs = Vec::new();
        for (a, &place) in positions.iter().enumerate() {
            for b in cells.around(place).filter(|&b| a < b) {
                let [x, y] = [0, 1].map(|axis| positions[b][axis] - place[axis]);
                if x * x + y * y <= self.range * self.range {
                    pairs.push((AgentId::from_index(a), AgentId::from_index(b)));
                }
            }
        }
        // The order is shuffled later: it must come from the positions alone, not from the cells.
        pairs.sort_unstable();
        pairs
    }
}

impl Topology for Geometric {
    fn draw(&self, seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let n = self.agents as usize;
        let positions = positions(seed, n, self.side);
        Ok(self.link(positions, seed))
    }

    fn redraw(&self, first: &Graph, seed: u64, _: &Path) -> Result<Graph, TopologyError> {
        let positions = first.positions().expect("a geometric network has places");
        Ok(self.link(positions.to_vec(), seed))
    }

    /// Chance chooses where an agent has more others in range than it may have neighbors.
    fn can_change(&self, first: &Graph) -> bool {
        let positions = first.positions().expect("a geometric network has places");
        let mut in_range = vec![0; positions.len()];
        for (a, b) in self.pairs(positions) {
            in_range[a.index()] += 1;
            in_range[b.index()] += 1;
        }
        self.max_neighbors > 0 && in_range.iter().any(|&others| others > self.max_neighbors)
    }
}

impl Geometric {
    /// Links agents at these places.
    fn link(&self, positions: Vec<[f64; 2]>, seed: u64) -> Graph {
        let n = positions.len();
        let mut pairs = self.pairs(&positions);
        shuffle(&mut pairs, &mut Key::new(seed, Purpose::Edges).stream());
        let mut room = vec![self.max_neighbors; n];
        pairs.retain(|(a, b)| {
            let keep = room[a.index()] > 0 && room[b.index()] > 0;
            if keep {
                room[a.index()] -= 1;
                room[b.index()] -= 1;
            }
            keep
        });
        Graph::undirected(n, pairs).with_positions(positions)
    }
}

/// Places uniform in `[0, side)²`, shape `[agents, 2]`. An agent's place depends on seed and number
/// only, so that a task draws the same places where the topology has none.
pub fn positions(seed: u64, agents: usize, side: f64) -> Vec<[f64; 2]> {
    let place = |agent| {
        let key = Key::new(seed, Purpose::Positions).of(AgentId::from_index(agent));
        let at: [f64; 2] = key.stream().random();
        at.map(|x| x * side)
    };
    (0..agents).map(place).collect()
}

/// The square cut into cells no smaller than the range: neighbors stand in the same cell or in one
/// that touches it.
struct Cells {
    per_row: usize,
    side: f64,
    members: Vec<Vec<usize>>,
}

impl Cells {
    fn new(of: &Geometric, positions: &[[f64; 2]]) -> Cells {
        // A little larger than the range, so that rounding cannot put neighbors two cells apart;
        // no more cells than agents, however short the range.
        let fit = (0.999 * of.side / of.range) as usize;
        let per_row = fit.min(positions.len().isqrt()).max(1);
        let mut cells = Cells {
            per_row,
            side: of.side,
            members: vec![Vec::new(); per_row * per_row],
        };
        for (agent, place) in positions.iter().enumerate() {
            let [column, row] = cells.cell(*place);
            cells.members[row * per_row + column].push(agent);
        }
        cells
    }

    fn cell(&self, place: [f64; 2]) -> [usize; 2] {
        place.map(|x| ((x / self.side * self.per_row as f64) as usize).min(self.per_row - 1))
    }

    /// Everyone in the cell of a place and in those that touch it.
    fn around(&self, place: [f64; 2]) -> impl Iterator<Item = usize> {
        let near = self
            .cell(place)
            .map(|i| i.saturating_sub(1)..(i + 2).min(self.per_row));
        let [columns, rows] = near;
        let cells = rows.flat_map(move |row| columns.clone().map(move |c| row * self.per_row + c));
        cells.flat_map(|cell| self.members[cell].iter().copied())
    }
}
