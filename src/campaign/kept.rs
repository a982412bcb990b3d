//! `campaign.json`: what goes on with a campaign needs, and its scenario does not say.

use super::FolderError;
use crate::record::write_whole;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// How a campaign was run, kept in its results folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Iterations from one checkpoint of a run to the next, if it was asked for.
    pub checkpoint_every: Option<NonZeroU64>,
    /// The data folder that was given, absolute.
    pub data: Option<PathBuf>,
    /// The one that is taken where the scenario names none, absolute.
    pub default_data: Option<PathBuf>,
    /// Ids of the points' runs, in the order of the points.
    pub runs: Vec<String>,
}

impl Kept {
    fn file(folder: &Path) -> PathBuf {
        folder.join("campaign.json")
    }

    /// What a folder keeps; nothing where the file is missing or of no use.
    pub fn read(folder: &Path) -> Kept {
        let text = crate::files::read_to_string(&Kept::file(folder)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes it, unless it stands there.
    pub(super) fn write(&self, folder: &Path) -> Result<(), FolderError> {
        let path = Kept::file(folder);
        if path.is_file() && Kept::read(folder) == *self {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        write_whole(&path, format!("{text}\n").as_bytes()).map_err(FolderError::at(&path))
    }
}
