//! Campaigns as job arrays of [Slurm](https://slurm.schedmd.com): one script, and one command that
//! submits it. Queueing, placing and starting again are Slurm's.

mod client;
mod deal;
mod given;
mod script;

pub use client::{
    MOST_TASKS, Submitted, check_prologue, line, most_tasks, queued, submit, submit_command,
};
pub use deal::Deal;
pub use given::{Given, SIGNAL_BEFORE_S};
pub use script::Job;

use std::path::PathBuf;

/// Why a campaign could not be given to Slurm.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// `bash` is not here, which is to read the script.
    #[error("cannot run `bash`: {0}")]
    NoBash(std::io::Error),
    /// One of Slurm's commands is not here.
    #[error("Slurm is not installed here: cannot run `{program}`: {error}")]
    NotHere {
        /// The command.
        program: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// One of them reaches no cluster.
    #[error("Slurm does not answer here; `{command}` tells: {told}")]
    Silent {
        /// The command line.
        command: String,
        /// What it told, or its status where it told nothing.
        told: String,
    },
    /// A job was submitted, and nobody knows which.
    #[error("sbatch printed no job number, or several: {0:?}")]
    Unnumbered(String),
    /// `sbatch` cannot be given an option.
    #[error("--sbatch-arg={argument} cannot be given: {why}")]
    Argument {
        /// The option.
        argument: String,
        /// Why.
        why: String,
    },
    /// The job was not taken.
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
