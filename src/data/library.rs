//! Where data files are, and data sets read once per process.

use super::DataError;
use crate::settings::Choice;
use sha2::{Digest, Sha256};
use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a task's data comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataSource {
    /// The published files.
    #[default]
    Files,
    /// A generator of the same shapes, labeled as such.
    Generated,
}

impl Choice for DataSource {
    const NAMES: &'static [(&'static str, Self)] =
        &[("files", Self::Files), ("generated", Self::Generated)];
}

/// The data sets of a process: each is read once, however many runs use it.
pub struct Library {
    folder: Option<PathBuf>,
    scenario_folder: PathBuf,
    read: Mutex<BTreeMap<PathBuf, Arc<dyn Any + Send + Sync>>>,
}

/// A file that was read, and the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileDigest {
    /// Name of the file, without its folder.
    pub name: String,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl FileDigest {
    /// That of a file that was read.
    pub fn of(path: &Path, bytes: &[u8]) -> FileDigest {
        let name = path.file_name().unwrap_or_default();
        let hash = Sha256::digest(bytes);
        FileDigest {
            name: name.to_string_lossy().into_owned(),
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl Library {
    /// `folder` is the `--data` option; `scenario_folder` is where a scenario's relative paths
    /// start.
    pub fn new(folder: Option<PathBuf>, scenario_folder: impl Into<PathBuf>) -> Library {
        Library {
            folder,
            scenario_folder: scenario_folder.into(),
            read: Mutex::default(),
        }
    }

    /// The data folder: `--data`, else `task.data` of the scenario, else `BYZSIM_DATA`.
    pub fn folder(&self, in_scenario: Option<&str>) -> Option<PathBuf> {
        let from_scenario = || in_scenario.map(|d| self.scenario_folder.join(d));
        let from_environment = || {
            let folder = std::env::var_os("BYZSIM_DATA").filter(|d| !d.is_empty());
            folder.map(PathBuf::from)
        };
        self.folder
            .clone()
            .or_else(from_scenario)
            .or_else(from_environment)
    }

    /// Where a path of the scenario leads.
    pub fn beside_scenario(&self, path: &str) -> PathBuf {
        self.scenario_folder.join(path)
    }

    /// The data set under `path`, which `read` reads the first time.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn get<T: Any + Send + Sync>(
        &self,
        path: &Path,
        read: impl FnOnce(&Path) -> Result<T, DataError>,
    ) -> Result<Arc<T>, DataError> {
        // A reader that panicked left nothing behind, so the map is sound all the same.
        let mut sets = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = sets.get(path).and_then(|d| d.clone().downcast::<T>().ok()) {
            return Ok(data);
        }
        let data = Arc::new(read(path)?);
        sets.insert(path.to_owned(), data.clone());
        Ok(data)
    }
}
