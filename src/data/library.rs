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

/// Where the data of a run has come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From files.
    Files(Vec<FileDigest>),
    /// From a generator, in the place of files: what results say of it.
    Generated(&'static str),
}

/// The data sets of a process: each is read once, however many runs use it.
pub struct Library {
    given: Option<PathBuf>,
    by_default: Option<PathBuf>,
    scenario_folder: PathBuf,
    /// By folder and reader: one folder may hold several data sets.
    read: Mutex<BTreeMap<String, Arc<dyn Any + Send + Sync>>>,
}

/// A file that was read, and the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileDigest {
    /// Name of the file, without its folder.
    pub name: String,
    /// SHA-256 in hex: of the file's bytes, of those of a packed file unpacked, or of what a
    /// folder holds.
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
        let from_environment = std::env::var_os("BYZSIM_DATA").filter(|d| !d.is_empty());
        Library {
            given: folder,
            by_default: from_environment.map(PathBuf::from),
            scenario_folder: scenario_folder.into(),
            read: Mutex::default(),
        }
    }

    /// Takes this data folder where neither `--data` nor the scenario nor `BYZSIM_DATA` names one.
    pub fn by_default(mut self, folder: Option<PathBuf>) -> Library {
        self.by_default = self.by_default.or(folder);
        self
    }

    /// The data folders of `--data`, and of `BYZSIM_DATA` or what stands for it.
    pub fn folders(&self) -> (Option<&Path>, Option<&Path>) {
        (self.given.as_deref(), self.by_default.as_deref())
    }

    /// The data folder: `--data`, else `task.data` of the scenario, else `BYZSIM_DATA`.
    pub fn folder(&self, in_scenario: Option<&str>) -> Option<PathBuf> {
        let from_scenario = || in_scenario.map(|d| self.scenario_folder.join(d));
        let given = self.given.clone().or_else(from_scenario);
        given.or_else(|| self.by_default.clone())
    }

    /// Where a path of the scenario leads.
    pub fn beside_scenario(&self, path: &str) -> PathBuf {
        self.scenario_folder.join(path)
    }

    /// The data set of a name, which `read` reads the first time. The name says which files, and
    /// how they are read.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn get<T: Any + Send + Sync>(
        &self,
        name: String,
        read: impl FnOnce() -> Result<T, DataError>,
    ) -> Result<Arc<T>, DataError> {
        // A reader that panicked left nothing behind, so the map is sound all the same.
        let mut sets = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = sets.get(&name).and_then(|d| d.clone().downcast::<T>().ok()) {
            return Ok(data);
        }
        let data = Arc::new(read()?);
        sets.insert(name, data.clone());
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn each_data_set_is_read_once() {
        let library = Library::new(None, "");
        let reads = Cell::new(0);
        for _ in 0..2 {
            for name in ["one", "two"] {
                let read = || {
                    reads.set(reads.get() + 1);
                    Ok(name)
                };
                let found = library.get(name.to_owned(), read).expect("a data set");
                assert_eq!(*found, name);
            }
        }
        assert_eq!(reads.get(), 2);
    }

    #[test]
    fn what_could_not_be_read_is_tried_again() {
        let library = Library::new(None, "");
        let malformed = || {
            Err(DataError::Unexpected {
                path: "a".to_owned(),
                message: "wrong".to_owned(),
            })
        };
        assert!(library.get::<u8>("a".to_owned(), malformed).is_err());
        assert_eq!(*library.get("a".to_owned(), || Ok(7u8)).expect("now"), 7);
    }
}
