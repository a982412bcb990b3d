//! Who is whose neighbor.
//!
//! A topology is drawn once per run from the scenario's topology seed. It gives a [`Graph`]; an
//! agent is not in its own neighbor list, though it always takes part in its own combination.
//!
//! To add a kind: a file with a struct that implements [`Topology`], and a line in
//! [`catalogue`].

mod graph;

pub use graph::Graph;

use crate::settings::{Catalogue, Kind};
use std::fmt::Debug;
use std::path::Path;

/// A kind of network with its parameters.
pub trait Topology: Debug + Send + Sync {
    /// Draws the network. The same seed gives the same network.
    ///
    /// `folder` is where relative paths start: the scenario file's folder.
    ///
    /// # Errors
    /// Parameters that no network can have, a file that cannot be read.
    fn draw(&self, seed: u64, folder: &Path) -> Result<Graph, TopologyError>;
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
    /// A line of a network file that is not an edge.
    #[error("{path}:{line}: {message}; a line is `a,b` with two agent numbers")]
    Malformed {
        /// The file.
        path: String,
        /// Line from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}
/// TEMP
pub fn positions(_: u64, _: usize, _: f64) -> Vec<[f64; 2]> {
    todo!()
}
