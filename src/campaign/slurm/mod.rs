//! Campaigns as job arrays of [Slurm](https://slurm.schedmd.com): one script, and one command that
//! submits it. Queueing, placing and starting again are Slurm's.

mod client;
mod script;

pub use client::{
    MOST_TASKS, Submitted, check_prologue, line, most_tasks, queued, submit, submit_command,
};
pub use script::{Job, SIGNAL_BEFORE_S};

use std::path::PathBuf;

/// Why a campaign could not be given to Slurm.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// One of Slurm's commands, or `bash`, is not here.
    #[error("cannot run `{program}`: {error}")]
    NotHere {
        /// The command.
        program: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// One of them did not do what was asked for.
    #[error("`{command}` failed: {told}")]
    Refused {
        /// The command line.
        command: String,
        /// What it told, or its status where it told nothing.
        told: String,
    },
    /// A path or a name that has no place in a script.
    #[error("{what} cannot stand in a script for Slurm: {why}")]
    Unwritable {
        /// What it is, with its value.
        what: String,
        /// Why.
        why: &'static str,
    },
    /// The lines before the program are no shell script, or not for this place.
    #[error("{}: {why}", path.display())]
    Prologue {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}: {error}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}
