//! Why a report cannot be made.

use std::io;
use std::path::{Path, PathBuf};

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder is none that `run` has written to its end.
    #[error(
        "{} holds no results: there is no scenario.toml and points.parquet in it; name a folder that \
         `byzsim run` has written, such as results/NAME",
        .0.display()
    )]
    NoResults(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {error}; run the scenario again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what `run` has written.
    #[error("{} is damaged: {error}; remove the run's folder and run the scenario again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Unwritten {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl ReportError {
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ReportError + use<> {
        let path = path.to_owned();
        |error| ReportError::Unreadable { path, error }
    }
}
