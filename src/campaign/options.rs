//! How a campaign is run, and what it comes to.

use super::folder::Again;
use super::{Allowance, FolderError, InAll, PointOutcome, Share};
use crate::record::{Observer, RunError};
use crate::scenario::{Plan, RunId};
use crate::settings::WrongSettings;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// How to run a campaign, as opposed to what.
#[derive(Clone)]
pub struct CampaignOptions<'a> {
    /// Folder of the results.
    pub folder: PathBuf,
    /// Whether runs in the folder that the scenario has not are removed first, and those run again
    /// that another build of the program has run.
    pub force: bool,
    /// Whether points are run again that failed for reasons of their own: a panic, a stall.
    pub retry_failed: bool,
    /// Whether runs begin whose forecast exceeds the memory that this process may use.
    pub anyway: bool,
    /// Iterations from one checkpoint of a run to the next; `None` writes one only where a run is
    /// interrupted.
    pub checkpoint_every: Option<NonZeroU64>,
    /// Threads in all; `None` takes the processors that the process may use, and fewer where a
    /// network is too small for them. No result depends on it.
    pub threads: Option<usize>,
    /// Points side by side; `None` chooses by the size of the network.
    pub jobs: Option<usize>,
    /// Which part of the campaign is this process's; `None` is all of it, alone.
    pub share: Option<Share>,
    /// Makes the observers of each run.
    pub observers: &'a (dyn Fn(&Plan) -> Vec<Box<dyn Observer>> + Sync),
    /// Set to true from anywhere, ends the campaign with the iterations that are being run.
    pub interrupt: Arc<AtomicBool>,
    /// Counts what is under way that an interruption should wait for: runs from their first
    /// iteration on, and the last writing of `points.parquet`.
    pub running: Arc<AtomicUsize>,
}

impl Default for CampaignOptions<'_> {
    /// Everything alone, into the folder at hand, without observers.
    fn default() -> Self {
        CampaignOptions {
            folder: PathBuf::from("."),
            force: false,
            retry_failed: false,
            anyway: false,
            checkpoint_every: None,
            threads: None,
            jobs: None,
            share: None,
            observers: &|_| Vec::new(),
            interrupt: Arc::default(),
            running: Arc::default(),
        }
    }
}

impl CampaignOptions<'_> {
    /// Which runs are run again that have come to an end.
    pub(super) fn again(&self) -> Again {
        Again {
            failed: self.retry_failed,
            rebuilt: self.force,
        }
    }
}

/// Why a campaign could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The scenario is wrong, or its data is missing.
    #[error(transparent)]
    Wrong(#[from] WrongSettings),
    /// The results folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not enough threads can be started: nothing was run.
    #[error("{0}")]
    Threads(RunError),
    /// The forecast exceeds the memory that this process may use.
    #[error(
        "the runs need about {:.1} GB of memory, {:.1} GB of it for {}, and {} is {:.1} GB",
        in_all.memory / 1e9, in_all.largest().1 / 1e9, in_all.largest().0, allowance.by, allowance.bytes / 1e9
    )]
    TooLarge {
        /// What they need.
        in_all: InAll,
        /// What they may use.
        allowance: Allowance,
    },
    /// It was told to end before the first run began.
    #[error("interrupted before the first run began")]
    Interrupted,
}

/// What a campaign came to.
pub struct Ended {
    /// What became of the points, in their order.
    pub points: Vec<(RunId, PointOutcome)>,
    /// Why `points.parquet` could not be written.
    pub unwritten: Option<RunError>,
}

impl Ended {
    /// Whether all points have come to an end, good or bad, other tasks' too.
    pub fn is_over(&self) -> bool {
        self.points.iter().all(|(_, outcome)| outcome.is_over())
    }
}
