//! A grid without borders.

use super::checks::{self, MOST_AGENTS};
use super::{Graph, Topology, TopologyError};
use crate::settings::Keys;
use crate::units::AgentId;
use std::path::Path;

/// A grid whose last row meets the first and whose last column meets the first.
///
/// Agent r·columns + c stands in row r and column c and has four neighbors; fewer where a
/// direction has only one or two agents, since nobody is its own neighbor or a neighbor twice.
#[derive(Clone, Copy, Debug)]
pub struct Torus {
    /// How many rows.
    pub rows: u32,
    /// How many columns.
    pub columns: u32,
}

impl Torus {
    /// The value of `kind`.
    pub const NAME: &'static str = "torus";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let most = f64::from(MOST_AGENTS);
        let rows = keys.key("rows", "How many rows of agents");
        let rows = rows.at_least(1.0).at_most(most).required();
        let columns = keys.key("columns", "How many agents in a row");
        let columns = columns.at_least(1.0).at_most(most).required();
        let read = Torus { rows, columns };
        checks::note(keys, read.check());
        read
    }

    fn check(&self) -> Result<(), TopologyError> {
        let agents = u64::from(self.rows) * u64::from(self.columns);
        if agents <= u64::from(MOST_AGENTS) {
            return Ok(());
        }
        Err(checks::impossible(
            "columns",
            format!("`rows` times `columns` would be {agents} agents"),
            format!("at most {MOST_AGENTS} agents"),
        ))
    }
}

impl Topology for Torus {
    fn draw(&self, _seed: u64, _folder: &Path) -> Result<Graph, TopologyError> {
        self.check()?;
        let Torus { rows, columns } = *self;
        let at = |row, column| AgentId(row * columns + column);
        let mut edges = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                edges.push((at(row, column), at(row, (column + 1) % columns)));
                edges.push((at(row, column), at((row + 1) % rows, column)));
            }
        }
        Ok(Graph::undirected((rows * columns) as usize, edges))
    }

    fn is_random(&self) -> bool {
        false
    }
}
