//! The results folder: whose it is, and what is in it already.

use super::outcome::{Failure, PointOutcome};
use crate::record::{Summary, write_whole};
use crate::scenario::Record;
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
    /// Another process is at it.
    #[error("{} is in use by {holder}", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who has locked it.
        holder: String,
    },
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
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
        let path = path.to_owned();
        |error| FolderError::Unusable { path, error }
    }
}

/// Makes the folder the scenario's own, or finds that it is, whatever is recorded of it. `ids` are
/// the runs that it is to hold: others come from data files or a version of the program that have
/// changed since.
pub(super) fn claim(
    folder: &Path,
    scenario: &str,
    ids: &BTreeSet<String>,
    force: bool,
) -> Result<(), FolderError> {
    let file = folder.join("scenario.toml");
    let runs = folder.join("runs");
    match holder(folder, scenario, ids, force)? {
        Holder::Same => return Ok(()),
        Holder::RecordsOtherwise | Holder::Nobody => {}
        Holder::Other => empty(folder)?,
    }
    std::fs::create_dir_all(&runs).map_err(FolderError::at(&runs))?;
    write_whole(&file, scenario.as_bytes()).map_err(FolderError::at(&file))
}

/// Whose results are in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The scenario's.
    Same,
    /// Those of a scenario that computes the same.
    RecordsOtherwise,
    /// Another's, which may be removed.
    Other,
    /// There are none.
    Nobody,
}

/// Finds whose a folder is, as [`claim`] does, and changes nothing.
pub(super) fn holder(
    folder: &Path,
    scenario: &str,
    ids: &BTreeSet<String>,
    force: bool,
) -> Result<Holder, FolderError> {
    let file = folder.join("scenario.toml");
    let is_free = || !holds_others(&folder.join("runs"), ids);
    match std::fs::read_to_string(&file) {
        Ok(found) if found == scenario && is_free() => Ok(Holder::Same),
        Ok(found) if computes(&found) == computes(scenario) && is_free() => {
            Ok(Holder::RecordsOtherwise)
        }
        Ok(_) if !force => Err(FolderError::Taken(folder.to_owned())),
        Ok(_) => Ok(Holder::Other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Holder::Nobody),
        Err(error) => Err(FolderError::at(&file)(error)),
    }
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
    for name in [
        "points.parquet",
        "report.html",
        "campaign.json",
        "scenario.toml",
    ] {
        let file = folder.join(name);
        gone(std::fs::remove_file(&file), &file)?;
    }
    Ok(())
}

/// What a resolved scenario computes: all of it but `[record]`, in its order, which is that of a
/// sweep's points. `None` where it is no TOML.
fn computes(scenario: &str) -> Option<String> {
    let mut table: toml::Table = scenario.parse().ok()?;
    table.remove("record");
    // Tables are equal in any order, and their TOML has an order of its own.
    Some(format!("{table:?}"))
}

/// What an earlier process left of a run.
pub(super) enum Before {
    /// It was not begun.
    Nothing,
    /// Its process was killed.
    CutOff,
    /// It has come to an end, good or bad.
    Ended(Summary),
}

/// How to run it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// From the last checkpoint, where there is one.
    Again,
    /// From the start.
    Anew,
}

impl Before {
    /// What is in a run's folder.
    pub fn of(run: &Path) -> Before {
        let summary = std::fs::read_to_string(run.join("summary.json"));
        let json = summary
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok());
        match json {
            Some(json) => Before::Ended(Summary::from_json(json)),
            // The network is written first.
            None if run.join("network").is_dir() => Before::CutOff,
            None => Before::Nothing,
        }
    }

    /// What became of the run, as long as it is not run now.
    pub fn outcome(self) -> PointOutcome {
        match self {
            Before::Nothing => PointOutcome::NotBegun,
            Before::CutOff => PointOutcome::FoundFailed(Failure::cut_off()),
            Before::Ended(summary) if summary.status() == "done" => PointOutcome::Found(summary),
            Before::Ended(summary) => PointOutcome::FoundFailed(Failure::of(&summary)),
        }
    }

    /// What became of the run, as long as it is not run now, and whether it is to be, when this is
    /// asked to be recorded.
    pub fn look(self, asked: &Record, retry_failed: bool) -> (PointOutcome, Option<Begin>) {
        let begin = self.begin(asked, retry_failed);
        match (self.outcome(), begin) {
            (PointOutcome::Found(summary), Some(_)) => (PointOutcome::FoundLess(summary), begin),
            (outcome, _) => (outcome, begin),
        }
    }

    /// Whether to run it now, when this is asked to be recorded.
    fn begin(&self, asked: &Record, retry_failed: bool) -> Option<Begin> {
        let Before::Ended(summary) = self else {
            return Some(Begin::Again);
        };
        let recorded = Record::from_json(&summary.json()["record"]);
        let is_same = recorded
            .as_ref()
            .is_some_and(|r| r.settings == asked.settings);
        if summary.status() == "done" {
            let has_all = recorded.is_some_and(|recorded| recorded.covers(asked));
            return (!has_all).then_some(Begin::Anew);
        }
        let failure = Failure::of(summary);
        match &*failure.kind {
            // What it has recorded is gone on with.
            "interruption" | "write" if is_same => Some(Begin::Again),
            _ if failure.is_lasting() && !retry_failed => None,
            _ => Some(Begin::Anew),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn begins(summary: Value, asked: Value, retry_failed: bool) -> Option<Begin> {
        let asked = Record::from_json(&asked).expect("what is asked for");
        Before::Ended(Summary::from_json(summary)).begin(&asked, retry_failed)
    }

    fn failed(kind: &str) -> Value {
        let error = json!({"kind": kind, "message": "why"});
        json!({"status": "failed", "error": error, "record": {}})
    }

    #[test]
    fn what_failed_for_good_is_run_again_only_when_asked() {
        for kind in ["panic", "stall", "accounting"] {
            assert_eq!(begins(failed(kind), json!({}), false), None);
            assert_eq!(begins(failed(kind), json!({}), true), Some(Begin::Anew));
        }
    }

    #[test]
    fn what_the_surroundings_ended_goes_on() {
        for kind in ["write", "interruption"] {
            assert_eq!(begins(failed(kind), json!({}), false), Some(Begin::Again));
            let traced = json!({"trace": true});
            assert_eq!(begins(failed(kind), traced, false), Some(Begin::Anew));
        }
        for kind in ["checkpoint", ""] {
            assert_eq!(begins(failed(kind), json!({}), false), Some(Begin::Anew));
        }
    }

    #[test]
    fn what_is_done_is_run_again_where_it_recorded_less() {
        let done = json!({"status": "done", "record": {"weights": "all"}});
        assert_eq!(begins(done.clone(), json!({}), true), None);
        let traced = json!({"trace": true});
        assert_eq!(begins(done, traced, false), Some(Begin::Anew));
        let older = json!({"status": "done"});
        assert_eq!(begins(older, json!({}), false), Some(Begin::Anew));
    }

    #[test]
    fn a_scenario_is_another_by_what_it_computes_in_which_order() {
        let of = |text: &str| computes(text).expect("TOML");
        let plain = "seed = 1\n[sweep]\na = [1]\nb = [2]\n";
        assert_eq!(of(plain), of(&format!("{plain}[record]\ntrace = true\n")));
        assert_ne!(of(plain), of("seed = 2\n[sweep]\na = [1]\nb = [2]\n"));
        assert_ne!(of(plain), of("seed = 1\n[sweep]\nb = [2]\na = [1]\n"));
    }
}
