//! The results folder: whose it is, and what is in it already.

use super::outcome::{Failure, PointOutcome};
use crate::record::{self, Build, Care, Found, Summary, write_whole};
use crate::scenario::Record;
use crate::{checksum, files};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Why a results folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It has runs that this scenario has not.
    #[error(
        "{} holds results of another scenario: of {runs} run{} there, {own} {} to this one; {}",
        path.display(),
        if *runs == 1 { "" } else { "s" },
        if *own == 1 { "belongs" } else { "belong" },
        difference.as_ref().map_or_else(
            || "their data or their version of the program is another".to_owned(),
            |key| format!("the first setting that differs is `{key}`"),
        ),
    )]
    Taken {
        /// The folder.
        path: PathBuf,
        /// How many runs are there.
        runs: usize,
        /// How many of them are the scenario's.
        own: usize,
        /// The first setting that differs, where any does.
        difference: Option<String>,
    },
    /// Something stands there that no campaign has written.
    #[error(
        "{} has a file {name} that belongs to no results, and would be overwritten",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The file.
        name: &'static str,
    },
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

/// Makes the folder the scenario's own, where it is or has none but runs of it: a study that has
/// grown. `ids` are all runs that the scenario has, and say what belongs to it: settings may differ in
/// names and paths and in what is recorded. With `force`, other runs are removed.
pub(super) fn claim(
    folder: &Path,
    scenario: &str,
    ids: &BTreeSet<String>,
    force: bool,
) -> Result<(), FolderError> {
    for run in strangers(folder, scenario, ids, force)? {
        record::remove_run(&run).map_err(FolderError::at(&run))?;
    }
    // Their names are on the disk before anything is in them.
    let runs = folder.join("runs");
    files::make_folder(&runs).map_err(FolderError::at(&runs))?;
    let parent = folder.parent().unwrap_or(Path::new(""));
    for folder in [folder, parent] {
        files::sync_folder(folder).map_err(FolderError::at(folder))?;
    }
    let file = folder.join("scenario.toml");
    let sealed = checksum::sealed_toml(scenario);
    if files::read(&file).is_ok_and(|found| found == sealed.as_bytes()) {
        return Ok(());
    }
    // They speak of other points.
    for name in ["points.parquet", "report.html"] {
        let file = folder.join(name);
        files::remove(&file).map_err(FolderError::at(&file))?;
    }
    write_whole(&file, sealed.as_bytes()).map_err(FolderError::at(&file))
}

/// The runs in a folder that [`claim`] would remove. Nothing is changed.
pub(super) fn strangers(
    folder: &Path,
    scenario: &str,
    ids: &BTreeSet<String>,
    force: bool,
) -> Result<Vec<PathBuf>, FolderError> {
    refuse_foreign(folder)?;
    let runs = folder.join("runs");
    let (own, others): (Vec<PathBuf>, Vec<PathBuf>) = runs_in(&runs)?
        .into_iter()
        .partition(|run| ids.contains(&*run.file_name().unwrap_or_default().to_string_lossy()));
    if others.is_empty() || force {
        return Ok(others);
    }
    let found = files::read_to_string(&folder.join("scenario.toml")).unwrap_or_default();
    Err(FolderError::Taken {
        path: folder.to_owned(),
        runs: own.len() + others.len(),
        own: own.len(),
        difference: difference(&found, scenario),
    })
}

/// Refuses a folder whose files would be overwritten though no campaign has written them, such as
/// that of a user's own `scenario.toml`.
pub(super) fn refuse_foreign(folder: &Path) -> Result<(), FolderError> {
    if folder.join("runs").is_dir() || folder.join("campaign.json").is_file() {
        return Ok(());
    }
    let is_there = |name: &&str| folder.join(name).symlink_metadata().is_ok();
    let files = ["scenario.toml", "points.parquet", "report.html"];
    match files.into_iter().find(is_there) {
        None => Ok(()),
        Some(name) => Err(FolderError::Foreign {
            path: folder.to_owned(),
            name,
        }),
    }
}

/// The folders of runs, in the order of their names.
fn runs_in(runs: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let entries = match std::fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FolderError::at(runs))?,
    };
    // What has such a name and nothing of a run's in it is somebody else's, and stays.
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_id = name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit());
        is_id && record::is_run(path)
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: io::Result<Vec<PathBuf>> = paths.collect();
    let mut runs: Vec<_> = paths.map_err(FolderError::at(runs))?;
    runs.retain(is_run);
    runs.sort();
    Ok(runs)
}

/// The first setting in which two resolved scenarios differ, of those that decide what is computed.
fn difference(found: &str, scenario: &str) -> Option<String> {
    let computes = |text: &str| -> Option<toml::Table> {
        let mut table: toml::Table = text.parse().ok()?;
        table.retain(|key, _| !matches!(key, "name" | "record"));
        Some(table)
    };
    differing(&computes(scenario)?, &computes(found)?)
}

fn differing(one: &toml::Table, other: &toml::Table) -> Option<String> {
    let keys = one.keys().chain(other.keys());
    keys.into_iter().find_map(|key| {
        // What stands for a key with dots in it is quoted, as in the file.
        let name = match key.contains('.') {
            true => format!("\"{key}\""),
            false => key.clone(),
        };
        match (one.get(key), other.get(key)) {
            (Some(toml::Value::Table(one)), Some(toml::Value::Table(other))) => {
                differing(one, other).map(|below| format!("{name}.{below}"))
            }
            (one, other) => (one != other).then_some(name),
        }
    })
}

/// What an earlier process left of a run.
pub(super) enum Before {
    /// It was not begun.
    Nothing,
    /// Its process was killed.
    CutOff,
    /// What it has left is not what was written.
    Damaged {
        /// What is wrong, in a sentence.
        what: String,
        /// Its summary, if that is whole.
        summary: Option<Summary>,
    },
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

/// Which runs are run again that have come to an end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Again {
    /// Those that failed for reasons of their own.
    pub failed: bool,
    /// Those of another build of the program.
    pub rebuilt: bool,
}

impl Again {
    /// Whether a run is run again since another build ran it.
    fn is_due(self, summary: &Summary) -> bool {
        self.rebuilt && Build::of(summary).is_some_and(|build| !build.is_here())
    }
}

impl Before {
    /// What is in a run's folder.
    pub fn of(run: &Path, care: Care) -> Before {
        match Found::of(run, care) {
            Found::Whole(summary) => Before::Ended(summary),
            // It tells of the run's end, which the checkpoint is from before.
            Found::Damaged { summary: None, .. } if record::has_checkpoint(run) => Before::CutOff,
            Found::Damaged { what, summary } => Before::Damaged { what, summary },
            // The network is written first.
            Found::Nothing if run.join("network").is_dir() => Before::CutOff,
            Found::Nothing => Before::Nothing,
        }
    }

    /// What became of the run, as long as it is not run now.
    pub fn outcome(self) -> PointOutcome {
        match self {
            Before::Nothing => PointOutcome::NotBegun,
            Before::CutOff => PointOutcome::FoundFailed(Failure::cut_off()),
            Before::Damaged { what, .. } => PointOutcome::FoundFailed(Failure::damage(what)),
            Before::Ended(summary) if summary.status() == "done" => PointOutcome::Found(summary),
            Before::Ended(summary) => PointOutcome::FoundFailed(Failure::of(&summary)),
        }
    }

    /// What became of the run, as long as it is not run now, and whether it is to be, when this is
    /// asked to be recorded.
    pub fn look(self, asked: &Record, again: Again) -> (PointOutcome, Option<Begin>) {
        let begin = self.begin(asked, again);
        let outcome = match (self.outcome(), begin) {
            (PointOutcome::Found(summary), Some(_)) if again.is_due(&summary) => {
                PointOutcome::FoundOld(summary)
            }
            (PointOutcome::Found(summary), Some(_)) => PointOutcome::FoundLess(summary),
            (outcome, _) => outcome,
        };
        (outcome, begin)
    }

    /// Whether to run it now, when this is asked to be recorded.
    fn begin(&self, asked: &Record, again: Again) -> Option<Begin> {
        let summary = match self {
            Before::Ended(summary) => summary,
            Before::Damaged { .. } => return Some(Begin::Anew),
            Before::Nothing | Before::CutOff => return Some(Begin::Again),
        };
        if again.is_due(summary) {
            return Some(Begin::Anew);
        }
        let recorded = self.recorded();
        let has_all = recorded.as_ref().is_some_and(|r| r.covers(asked));
        if summary.status() == "done" {
            return (!has_all).then_some(Begin::Anew);
        }
        let failure = Failure::of(summary);
        match &*failure.kind {
            // What it has recorded is gone on with.
            "interruption" if has_all => Some(Begin::Again),
            // On a full disk, less may be asked for.
            "write" if recorded.is_some_and(|r| r.settings == asked.settings) => Some(Begin::Again),
            _ if failure.is_lasting() && !again.failed => None,
            _ => Some(Begin::Anew),
        }
    }

    /// What to record now where this is asked: no recording is lost that was there.
    pub fn record(&self, asked: &Record) -> Record {
        let keeps = |summary: &Summary| {
            let kind = Failure::of(summary).kind;
            summary.status() == "done" || kind == "interruption"
        };
        match (self, self.recorded()) {
            (
                Before::Ended(summary)
                | Before::Damaged {
                    summary: Some(summary),
                    ..
                },
                Some(recorded),
            ) if keeps(summary) => asked.along_with(&recorded),
            _ => asked.clone(),
        }
    }

    /// Iterations that were recorded, if it came to an end.
    pub fn iterations(&self) -> Option<u64> {
        match self {
            Before::Ended(summary) => summary.json()["iterations"].as_u64(),
            Before::Nothing | Before::CutOff | Before::Damaged { .. } => None,
        }
    }

    /// What it has recorded, if it came to an end.
    fn recorded(&self) -> Option<Record> {
        let (Before::Ended(summary)
        | Before::Damaged {
            summary: Some(summary),
            ..
        }) = self
        else {
            return None;
        };
        Record::from_json(&summary.json()["record"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn begins(summary: Value, asked: Value, failed: bool) -> Option<Begin> {
        let asked = Record::from_json(&asked).expect("what is asked for");
        let again = Again {
            failed,
            rebuilt: false,
        };
        Before::Ended(Summary::from_json(summary)).begin(&asked, again)
    }

    #[test]
    fn what_another_build_ended_is_run_again_only_when_asked() {
        let here = Build::here();
        let asked = Record::from_json(&json!({})).expect("nothing");
        let looks = |program: &str, executable: &str, status: &str, rebuilt: bool| {
            let error = json!({"kind": "panic", "message": "why"});
            let summary = json!({"program": program, "executable": executable,
                "status": status, "error": error, "record": {}});
            let again = Again {
                failed: false,
                rebuilt,
            };
            let before = Before::Ended(Summary::from_json(summary));
            let (outcome, begin) = before.look(&asked, again);
            (matches!(outcome, PointOutcome::FoundOld(_)), begin)
        };
        for status in ["done", "failed"] {
            for rebuilt in [false, true] {
                let kept = (false, None);
                assert_eq!(looks(here.program, here.executable, status, rebuilt), kept);
            }
            assert_eq!(looks(here.program, "1234", status, false), (false, None));
            let anew = (status == "done", Some(Begin::Anew));
            assert_eq!(looks(here.program, "1234", status, true), anew);
            assert_eq!(looks("mine 1.0", here.executable, status, true), anew);
        }
    }

    fn failed(kind: &str) -> Value {
        let error = json!({"kind": kind, "message": "why"});
        json!({"status": "failed", "error": error, "record": {}})
    }

    #[test]
    fn what_failed_for_good_is_run_again_only_when_asked() {
        for kind in [
            "panic",
            "stall",
            "end-of-time",
            "nothing-complete",
            "accounting",
        ] {
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
    fn what_is_run_again_records_what_was_recorded_too() {
        let record = |summary: Value, asked: Value| {
            let asked = Record::from_json(&asked).expect("what is asked for");
            Before::Ended(Summary::from_json(summary)).record(&asked)
        };
        let done = json!({"status": "done", "record": {"trace": true}});
        let both = record(done, json!({"weights": "all"}));
        assert!(both.trace && both.settings["weights"].as_str() == Some("all"));
        let mut full = failed("write");
        full["record"] = json!({"trace": true});
        assert!(!record(full, json!({})).trace, "less is asked for");
    }

    #[test]
    fn the_first_setting_that_differs_is_told_of_those_that_are_computed() {
        let plain = "name = \"a\"\nseed = 1\n[rule]\nkind = \"loss\"\n";
        let of = |other: &str| difference(plain, other);
        let recorded = plain.replace("\"a\"", "\"b\"") + "[record]\ntrace = true\n";
        assert_eq!(of(&recorded), None);
        assert_eq!(of(&plain.replace("loss", "average")).unwrap(), "rule.kind");
        let swept = format!("{plain}[sweep]\n\"link.drop\" = [0.0]\n");
        assert_eq!(of(&swept).unwrap(), "sweep");
        let more = swept.replace("0.0", "0.5");
        assert_eq!(difference(&swept, &more).unwrap(), "sweep.\"link.drop\"");
    }
}
