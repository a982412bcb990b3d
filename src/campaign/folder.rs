//! The results folder: whose it is, and what is in it already.

use crate::record::{Summary, write_whole};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Why a results folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It belongs to another scenario.
    #[error(
        "{} holds results of another scenario, of other data or of another version",
        .0.display()
    )]
    Taken(PathBuf),
    /// It cannot be read or written.
    #[error("cannot use the results folder {}: {error}", path.display())]
    Unusable {
        /// The file or folder at fault.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl FolderError {
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
        let path = path.to_owned();
        |error| FolderError::Unusable { path, error }
    }
}

/// Makes the folder the scenario's own, or finds that it is. `ids` are the runs that it is to hold:
/// others come from data files or a version of the program that have changed since.
pub(super) fn claim(
    folder: &Path,
    scenario: &str,
    ids: &BTreeSet<String>,
    force: bool,
) -> Result<(), FolderError> {
    let file = folder.join("scenario.toml");
    let runs = folder.join("runs");
    match std::fs::read_to_string(&file) {
        Ok(found) if found == scenario && !holds_others(&runs, ids) => return Ok(()),
        Ok(_) if !force => return Err(FolderError::Taken(folder.to_owned())),
        Ok(_) => empty(folder)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(FolderError::at(&file)(error)),
    }
    std::fs::create_dir_all(&runs).map_err(FolderError::at(&runs))?;
    write_whole(&file, scenario.as_bytes()).map_err(FolderError::at(&file))
}

/// Whether there are runs besides `ids`, which would be read together with them.
fn holds_others(runs: &Path, ids: &BTreeSet<String>) -> bool {
    let Ok(entries) = std::fs::read_dir(runs) else {
        return false;
    };
    let is_other = |name: &str| name.len() == 16 && !ids.contains(name);
    entries
        .flatten()
        .any(|e| is_other(&e.file_name().to_string_lossy()))
}

/// Removes the results of another scenario, and nothing else.
fn empty(folder: &Path) -> Result<(), FolderError> {
    let gone = |result: io::Result<()>, path: &Path| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FolderError::at(path)(error)),
        _ => Ok(()),
    };
    let runs = folder.join("runs");
    gone(std::fs::remove_dir_all(&runs), &runs)?;
    for name in ["points.parquet", "report.html", "scenario.toml"] {
        let file = folder.join(name);
        gone(std::fs::remove_file(&file), &file)?;
    }
    Ok(())
}

/// The summary of a run that came to its end.
pub(super) fn finished(run: &Path) -> Option<Summary> {
    let text = std::fs::read_to_string(run.join("summary.json")).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    (json["status"] == "done").then(|| Summary::from_json(json))
}
