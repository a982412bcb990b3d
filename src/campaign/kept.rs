//! `campaign.json`: what goes on with a campaign needs, and its scenario does not say.

use super::FolderError;
use crate::checksum;
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

    /// What a folder keeps; nothing where the file is missing or damaged.
    pub fn read(folder: &Path) -> Kept {
        let read = || -> Option<Kept> {
            let text = crate::files::read_to_string(&Kept::file(folder)).ok()?;
            let json = serde_json::from_str(&text).ok()?;
            // One of an earlier version has no checksum.
            let is_whole = checksum::json_holds(&text, &json).unwrap_or(true);
            serde_json::from_value(json).ok().filter(|_| is_whole)
        };
        read().unwrap_or_default()
    }

    /// Writes it, unless it stands there.
    pub(super) fn write(&self, folder: &Path) -> Result<(), FolderError> {
        let path = Kept::file(folder);
        if path.is_file() && Kept::read(folder) == *self {
            return Ok(());
        }
        let json = serde_json::to_value(self).expect("numbers, texts, and folders in Unicode");
        write_whole(&path, checksum::sealed_json(json).as_bytes()).map_err(FolderError::at(&path))
    }
}
