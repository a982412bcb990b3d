//! The networks of a run, where it is drawn anew every so many iterations.

use super::{Graph, Topology, TopologyError};
use crate::rng::{Key, Purpose};
use rand::RngExt;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The networks of a run, one for each *epoch* of `redraw_every` iterations.
///
/// Each is drawn when it is asked for, from a seed of its own: in which order and how often epochs
/// are asked for changes nothing. The last few are kept, since agents that wait for nobody may be
/// in different epochs at a time.
#[derive(Debug)]
pub struct Networks {
    topology: Arc<dyn Topology>,
    seed: u64,
    folder: PathBuf,
    /// Iterations of an epoch; absent where the network never changes.
    redraw_every: Option<u64>,
    first: Arc<Graph>,
    /// Epochs with their networks, the one asked for last at the back.
    kept: Mutex<VecDeque<(u64, Arc<Graph>)>>,
}

impl Networks {
    /// The most networks that are kept, beside the first.
    const MOST_KEPT: usize = 32;
    /// The most edges that kept networks may have together, beyond the last two of them.
    const MOST_EDGES: usize = 4_000_000;

    /// Draws the first network. `folder` is where relative paths start.
    ///
    /// A network that [cannot change](Topology::can_change) stays as it is, whatever
    /// `redraw_every`.
    ///
    /// # Errors
    /// Those of [`Topology::draw`].
    ///
    /// # Panics
    /// If an epoch is to have no iterations.
    pub fn new(
        topology: impl Into<Arc<dyn Topology>>,
        seed: u64,
        folder: PathBuf,
        redraw_every: Option<u64>,
    ) -> Result<Networks, TopologyError> {
        assert_ne!(redraw_every, Some(0), "an epoch has iterations");
        let topology = topology.into();
        let first = Arc::new(topology.draw(seed, &folder)?);
        Ok(Networks {
            redraw_every: redraw_every.filter(|_| topology.can_change(&first)),
            topology,
            seed,
            folder,
            first,
            kept: Mutex::default(),
        })
    }

    /// The network of epoch 0.
    pub fn first(&self) -> &Arc<Graph> {
        &self.first
    }

    /// Whether the first network is the only one.
    pub fn is_static(&self) -> bool {
        self.redraw_every.is_none()
    }

    /// The epoch that an iteration belongs to.
    pub fn epoch(&self, iteration: u64) -> u64 {
        self.redraw_every.map_or(0, |every| iteration / every)
    }

    /// The first iteration of an epoch.
    pub fn begins(&self, epoch: u64) -> u64 {
        self.redraw_every.map_or(0, |every| epoch * every)
    }

    /// The network of an epoch. Agents should keep it while their epoch lasts: a network that is
    /// no longer kept here is drawn again.
    ///
    /// # Panics
    /// If a topology breaks the promise of [`Topology::draw`] that all seeds are alike, or that of
    /// [`Topology::redraw`] that places stay. Those that
    /// come with the simulator keep it: what the random ones refuse they tell from their parameters
    /// before they draw anything, and the one on a file is not random.
    pub fn at(&self, epoch: u64) -> Arc<Graph> {
        if epoch == 0 || self.is_static() {
            return self.first.clone();
        }
        // A panic under the lock comes from drawing, which leaves the kept ones as they are.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(of, _)| *of == epoch);
        let known = found.and_then(|at| kept.remove(at));
        let (_, graph) = known.unwrap_or_else(|| (epoch, Arc::new(self.draw(epoch))));
        kept.push_back((epoch, graph.clone()));
        let edges = |kept: &VecDeque<(u64, Arc<Graph>)>| -> usize {
            kept.iter().map(|(_, graph)| graph.edges()).sum()
        };
        while kept.len() > 2 && (kept.len() > Self::MOST_KEPT || edges(&kept) > Self::MOST_EDGES) {
            kept.pop_front();
        }
        graph
    }

    fn draw(&self, epoch: u64) -> Graph {
        let key = Key::new(self.seed, Purpose::Redraw).at(epoch);
        let seed = key.stream().random();
        let drawn = self.topology.redraw(&self.first, seed, &self.folder);
        let graph = drawn.unwrap_or_else(|error| panic!("the network of epoch {epoch}: {error}"));
        assert_eq!(
            graph.agents(),
            self.first.agents(),
            "the network of epoch {epoch} has the agents of the first"
        );
        assert!(
            graph.positions() == self.first.positions(),
            "the network of epoch {epoch} has the places of the first: see `Topology::redraw`"
        );
        graph
    }
}
