//! The files of a run's folder: written whole or not at all, and removed where they are of an
//! earlier attempt.

use super::RunError;
use crate::files::{self, temporary};
use std::fs::DirEntry;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What a run's summary is called.
pub(crate) const SUMMARY: &str = "summary.json";

/// What its checkpoint is called.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The files of all that a run may record, below its folder. Whatever else is there is somebody
/// else's.
pub(super) const RESULTS: [&str; 13] = [
    "agents.parquet",
    "latency.hlog",
    "latency.parquet",
    super::histograms::RUN_LOG,
    "latency.wall.hlog",
    "messages.parquet",
    "models.parquet",
    "network/agents.parquet",
    "network/edges.parquet",
    "relationship.parquet",
    "rounds.parquet",
    "timeline.parquet",
    "weights.parquet",
];

/// Writes a file that appears whole or not at all, and is on the disk then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::replace(path, |file| file.write_all(bytes))
}

/// Removes what an earlier attempt has left in a run's folder, the summary first: it stands for all
/// the rest. Whatever else is there stays: the folder need not be the run's alone.
pub(super) fn clear(folder: &Path) -> Result<(), RunError> {
    forget_end(folder)?;
    for name in [SUMMARY, CHECKPOINT].into_iter().chain(RESULTS) {
        let path = folder.join(name);
        remove(&path)?;
        remove(&temporary(&path))?;
    }
    remove_all(folder, is_block)
}

/// Removes the summary of an earlier attempt, from the disk too: the tables that it is about go next.
pub(super) fn forget_end(folder: &Path) -> Result<(), RunError> {
    let path = folder.join(SUMMARY);
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let removed = files::remove(&path).and_then(|()| files::sync_folder(folder));
    removed.map_err(|error| RunError::Write { path, error })
}

/// Whether a file is a block of one of a run's tables.
fn is_block(name: &str) -> bool {
    let is_ours = |table| RESULTS.contains(&&*format!("{table}.parquet"));
    block_of(name).is_some_and(|(table, _)| is_ours(table))
}

/// Whether a folder, which is no symbolic link, has files of a run: of those that a run may have, one at
/// least names this program. Others may have files of these names, too.
pub(crate) fn is_run(folder: &Path) -> bool {
    let is_folder = folder.symlink_metadata().is_ok_and(|found| found.is_dir());
    let of_run = [SUMMARY, CHECKPOINT].into_iter().chain(RESULTS);
    let is_ours = |name: &str| names_program(&folder.join(name));
    is_folder
        && (of_run.into_iter().any(is_ours)
            || entries(folder).is_ok_and(|entries| {
                let names = entries.iter().map(DirEntry::file_name);
                let mut names = names.map(|name| name.to_string_lossy().into_owned());
                names.any(|name| is_block(&name) && is_ours(&name))
            }))
}

/// Whether a file says that this program wrote it: at its beginning or, as tables do, at its end.
fn names_program(path: &Path) -> bool {
    const PART: u64 = 1 << 16;
    let holds = |bytes: &[u8]| {
        [&b"byzsim"[..], b"\"program\""]
            .iter()
            .any(|name| bytes.windows(name.len()).any(|part| part == *name))
    };
    let read = || -> io::Result<bool> {
        let mut file = files::open(path)?;
        let size = file.metadata()?.len();
        let (mut first, mut last) = (Vec::new(), Vec::new());
        (&mut file).take(PART).read_to_end(&mut first)?;
        file.seek(SeekFrom::Start(size.saturating_sub(PART)))?;
        file.take(PART).read_to_end(&mut last)?;
        Ok(holds(&first) || holds(&last))
    };
    read().unwrap_or(false)
}

/// Removes a run, and its folder unless something else is in it.
pub(crate) fn remove_run(folder: &Path) -> io::Result<()> {
    clear(folder).map_err(|error| match error {
        RunError::Write { error, .. } => error,
        error => io::Error::other(error),
    })?;
    files::remove(&folder.join(".lock"))?;
    for folder in [&folder.join("network"), folder] {
        match std::fs::remove_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            removed => removed?,
        }
    }
    Ok(())
}

/// Lets the run in a folder begin anew the next time, from wherever it is.
///
/// # Errors
/// A file that cannot be removed.
pub fn begin_anew(folder: &Path) -> Result<(), RunError> {
    remove(&folder.join(CHECKPOINT))
}

/// Whether there is a checkpoint in a run's folder. The run goes on from it, unless it is to record
/// something else.
pub fn has_checkpoint(folder: &Path) -> bool {
    folder.join(CHECKPOINT).is_file()
}

/// Removes from the folder of a run that is over what only its going on would need: blocks, which stand
/// in whole tables now, and the checkpoint, which speaks of them.
///
/// # Errors
/// A folder that cannot be read, or a file that cannot be removed.
pub fn tidy(folder: &Path) -> Result<(), RunError> {
    remove_all(folder, is_block)?;
    remove(&temporary(&folder.join(CHECKPOINT)))?;
    // Last: it says that there may be something to tidy.
    remove(&folder.join(CHECKPOINT))
}

/// The name of a table's block.
pub(super) fn block(table: &str, number: usize) -> String {
    format!("{table}.part-{number:04}.parquet")
}

/// The table of a block, and its number.
pub(super) fn block_of(name: &str) -> Option<(&str, usize)> {
    let (table, number) = name.strip_suffix(".parquet")?.rsplit_once(".part-")?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    Some((table, number.parse().ok().filter(|_| is_number)?))
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, RunError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.and_then(Iterator::collect),
    };
    entries.map_err(|error| RunError::Write {
        path: folder.to_owned(),
        error,
    })
}

/// Removes what an earlier attempt has left in a folder and `which` chooses by its name.
fn remove_all(folder: &Path, which: impl Fn(&str) -> bool) -> Result<(), RunError> {
    for entry in entries(folder)? {
        if which(&entry.file_name().to_string_lossy()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), RunError> {
    files::remove(path).map_err(|error| RunError::Write {
        path: path.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names.iter().map(|n| n.to_string_lossy().into()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        for text in ["one", "another"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let failed = files::replace(&path, |_| Err(ErrorKind::StorageFull.into()));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another");
        assert_eq!(names(folder.path()), ["summary.json"]);
    }

    #[test]
    fn tidying_and_clearing_leave_what_is_not_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let all = [
            ".latency.hlog.tmp",
            ".lock",
            "checkpoint",
            "notes.txt",
            "others.parquet",
            "others.part-0000.parquet",
            "rounds.parquet",
            "rounds.part-0000.parquet",
            "rounds.part-mine.parquet",
            "summary.json",
        ];
        for name in all {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        tidy(folder.path()).unwrap();
        let left: Vec<_> = all
            .into_iter()
            .filter(|name| !["checkpoint", "rounds.part-0000.parquet"].contains(name))
            .collect();
        assert_eq!(names(folder.path()), left);
        clear(folder.path()).unwrap();
        let others = [
            ".lock",
            "notes.txt",
            "others.parquet",
            "others.part-0000.parquet",
            "rounds.part-mine.parquet",
        ];
        assert_eq!(names(folder.path()), others);
        tidy(&folder.path().join("nowhere")).unwrap();
    }
}
