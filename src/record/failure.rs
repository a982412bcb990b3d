//! How runs fail.

use crate::units::SimTime;
use std::path::PathBuf;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An actor or the recorder panicked.
    #[error("{0}")]
    Panic(Panic),
    /// Results cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Threads cannot be started.
    #[error("cannot start {wanted} threads: {error}")]
    Threads {
        /// How many were needed.
        wanted: usize,
        /// Why.
        error: std::io::Error,
    },
    /// The run can never continue: an agent waits for what does not come, or time is over.
    #[error("{0}")]
    Stalled(Stall),
    /// The run was told to end early.
    #[error("interrupted after {iterations} iterations")]
    Interrupted {
        /// Iterations that were recorded.
        iterations: u64,
    },
    /// Message accounting does not add up: a fault of the simulator.
    #[error("message accounting does not add up: {0}")]
    Accounting(String),
    /// A run cannot go on from its checkpoint.
    #[error("cannot go on from {}: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        reason: String,
        /// Whether it is of no use to anybody: it is damaged, or files that it speaks of are gone.
        /// Others have been written by another program or on another kind of processor, which could
        /// go on from them.
        is_lost: bool,
    },
}

impl RunError {
    /// The same error once more: an error of the file system keeps its kind and its words.
    pub(crate) fn again(&self) -> RunError {
        match self {
            RunError::Panic(panic) => RunError::Panic(panic.clone()),
            RunError::Stalled(stall) => RunError::Stalled(stall.clone()),
            RunError::Write { path, error } => RunError::Write {
                path: path.clone(),
                error: std::io::Error::new(error.kind(), error.to_string()),
            },
            RunError::Threads { wanted, error } => RunError::Threads {
                wanted: *wanted,
                error: std::io::Error::new(error.kind(), error.to_string()),
            },
            RunError::Interrupted { iterations } => RunError::Interrupted {
                iterations: *iterations,
            },
            RunError::Accounting(what) => RunError::Accounting(what.clone()),
            RunError::Checkpoint {
                path,
                reason,
                is_lost,
            } => RunError::Checkpoint {
                path: path.clone(),
                reason: reason.clone(),
                is_lost: *is_lost,
            },
        }
    }

    /// Whether it came from outside: once that is mended, the run can go on where it was.
    pub fn is_of_surroundings(&self) -> bool {
        match self {
            RunError::Write { .. }
            | RunError::Threads { .. }
            | RunError::Interrupted { .. }
            | RunError::Checkpoint { .. } => true,
            RunError::Panic(_) | RunError::Stalled(_) | RunError::Accounting(_) => false,
        }
    }

    /// Its kind in one word, as `summary.json` says it.
    pub fn kind(&self) -> &'static str {
        match self {
            RunError::Panic(_) => "panic",
            RunError::Write { .. } => "write",
            RunError::Threads { .. } => "threads",
            RunError::Stalled(stall) => match stall.kind {
                Standstill::Vain => "stall",
                Standstill::EndOfTime => "end-of-time",
                Standstill::NothingComplete => "nothing-complete",
            },
            RunError::Interrupted { .. } => "interruption",
            RunError::Accounting(_) => "accounting",
            RunError::Checkpoint { .. } => "checkpoint",
        }
    }
}

/// A panic, and where the run stood.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{who} panicked in iteration {iteration} at {at} of simulated time: {message}")]
pub struct Panic {
    /// Whose code panicked: `agent 4`, `the recorder`.
    pub who: String,
    /// In which iteration.
    pub iteration: u64,
    /// The iteration's start.
    pub at: SimTime,
    /// The panic's message.
    pub message: String,
}

/// Why a run cannot continue: an agent waits in vain, or time is over.
#[derive(Clone, Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{kind} in iteration {iteration}, which began at {at} of simulated time: {waits}")]
pub struct Stall {
    /// What kind of standstill it is.
    pub kind: Standstill,
    /// In which iteration.
    pub iteration: u64,
    /// The iteration's start.
    pub at: SimTime,
    /// When it is known that the iteration cannot be completed.
    pub known: SimTime,
    /// Who waits for what, and what would help.
    pub waits: String,
}

/// The kinds of standstill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Standstill {
    /// What is waited for never comes.
    Vain,
    /// It comes after the end of simulated time ([`SimTime::END`]).
    EndOfTime,
    /// The run ends (`until_ms`) before its first iteration is complete.
    NothingComplete,
}

impl std::fmt::Display for Standstill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Standstill::Vain => "the run stalls",
            Standstill::EndOfTime => "simulated time ends, after 100,000 years,",
            Standstill::NothingComplete => "the run is over by `until_ms`",
        })
    }
}

impl Panic {
    /// The text of a caught panic.
    pub fn message(payload: &(dyn std::any::Any + Send)) -> String {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "without a message".to_owned())
    }
}
