//! Why a report cannot be made.

use crate::checksum;
use crate::record::ColumnsError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder is none that `run` has written.
    #[error(
        "{} holds no results: there is no scenario.toml in it; name a folder that `run` has written, \
         such as results/NAME",
        .0.display()
    )]
    NoResults(PathBuf),
    /// `run` has begun the folder, and was ended before it could write what came of it.
    #[error(
        "{} holds no results yet: its run was cut off, or is not over, and there is no points.parquet \
         in it; run the scenario again",
        .0.display()
    )]
    CutOff(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {error}; `resume` of the results folder writes it anew", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what `run` has written.
    #[error("{} is damaged: {error}; `resume` of the results folder repairs it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// The scenario is not what `run` has written.
    #[error(
        "{} is damaged: {}; run your scenario with this folder as `--out` once more: what is done stays",
        .0.display(),
        checksum::CHANGED
    )]
    ScenarioChanged(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Unwritten {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl From<ColumnsError> for ReportError {
    fn from(error: ColumnsError) -> ReportError {
        match error {
            ColumnsError::Unreadable { path, error } => ReportError::Unreadable { path, error },
            ColumnsError::Damaged { path, error } => ReportError::Damaged { path, error },
        }
    }
}

impl ReportError {
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ReportError + use<> {
        let path = path.to_owned();
        |error| ReportError::Unreadable { path, error }
    }

    pub(super) fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> ReportError + use<> {
        let path = path.to_owned();
        |error| ReportError::Unwritten { path, error }
    }
}
