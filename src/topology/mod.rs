//! Who is whose neighbor.
//!
//! A topology is drawn from the scenario's topology seed. It gives a [`Graph`]; an agent is not in
//! its own neighbor list, though it always takes part in its own combination. A network changes in
//! two ways: edges of a [`File`] come and go at given times, and [`Networks`] draws the whole
//! network anew every so many iterations.
//!
//! To add a kind: a file with a struct that implements [`Topology`], and a line in
//! [`catalogue`].

mod checks;
mod complete;
mod edge_list;
mod erdos_renyi;
mod file;
mod geometric;
mod graph;
mod networks;
mod parts;
mod regular;
mod ring;
mod small_world;
mod star;
mod torus;
mod windows;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_over_time;

pub use complete::Complete;
pub use erdos_renyi::ErdosRenyi;
pub use file::File;
pub use geometric::{Geometric, positions};
pub use graph::Graph;
pub use networks::Networks;
pub use parts::Parts;
pub use regular::Regular;
pub use ring::Ring;
pub use small_world::SmallWorld;
pub use star::Star;
pub use torus::Torus;
pub use windows::Window;

use crate::settings::{Catalogue, Kind};
use std::fmt::Debug;
use std::path::Path;

/// A kind of network with its parameters.
pub trait Topology: Debug + Send + Sync {
    /// Draws the network. The same seed gives the same network. How many agents it has, and
    /// whether it can be drawn at all, does not depend on the seed.
    ///
    /// `folder` is where relative paths start: the scenario file's folder.
    ///
    /// # Errors
    /// Parameters that no network can have, a file that cannot be read.
    fn draw(&self, seed: u64, folder: &Path) -> Result<Graph, TopologyError>;

    /// Whether another seed can give another network. If not, it is never drawn anew.
    fn is_random(&self) -> bool {
        true
    }

    /// Draws the network anew for a run that began with `first`. Who is linked may change; agents
    /// and, where there are places, their places stay: the task has used those of `first`.
    ///
    /// # Errors
    /// Those of [`Topology::draw`].
    fn redraw(&self, first: &Graph, seed: u64, folder: &Path) -> Result<Graph, TopologyError> {
        let _ = first;
        self.draw(seed, folder)
    }

    /// Whether a redraw can give another network than `first`. If not, there is none.
    fn can_change(&self, first: &Graph) -> bool {
        let _ = first;
        self.is_random()
    }
}

/// Why a network cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// Parameters that contradict each other.
    #[error("{message}; {help}")]
    Impossible {
        /// The key at fault.
        key: &'static str,
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
    /// A network file that cannot be opened.
    #[error("cannot read the network file {path}: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A network file with a line that is not an edge, or with agents that have none.
    #[error("{}: {message}; {help}", place(path, *line))]
    Malformed {
        /// The file.
        path: String,
        /// Line from 1; `None` where the whole file is meant.
        line: Option<usize>,
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
}

/// A file, or a line of it.
fn place(path: &str, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    }
}

impl TopologyError {
    /// The key of `[topology]` at fault, what is wrong and what would be right.
    pub(crate) fn into_mistake(self) -> (&'static str, String, String) {
        match self {
            TopologyError::Impossible { key, message, help } => (key, message, help),
            TopologyError::Malformed {
                path,
                line,
                message,
                help,
            } => ("path", format!("{}: {message}", place(&path, line)), help),
            TopologyError::Unreadable { .. } => {
                let help = "name a CSV file of edges, relative to the scenario file";
                ("path", self.to_string(), help.to_owned())
            }
        }
    }
}

/// The kinds of networks that come with the simulator.
///
/// ```
/// assert!(byzsim::topology::catalogue().names().contains(&"small-world"));
/// ```
pub fn catalogue() -> Catalogue<dyn Topology> {
    macro_rules! kind {
        ($kind:ty, $about:literal) => {
            Kind {
                name: <$kind>::NAME,
                about: $about,
                read: |keys| Box::new(<$kind>::read(keys)),
            }
        };
    }
    let kinds: Vec<Kind<dyn Topology>> = vec![
        kind!(Geometric, "Agents in a square are neighbors within range"),
        kind!(Complete, "Everyone is everyone's neighbor"),
        kind!(Ring, "Each agent has one neighbor on either side"),
        kind!(Regular, "Random, the same degree for every agent"),
        kind!(ErdosRenyi, "Each pair is connected with one probability"),
        kind!(SmallWorld, "A ring lattice with some edges rewired"),
        kind!(Torus, "A grid with four neighbors each, without borders"),
        kind!(Star, "Agent 0 is the only neighbor of all others"),
        kind!(File, "Edges from a CSV file, for good or for a time"),
    ];
    Catalogue::new("topology", kinds)
}
