//! Locks on folders: one campaign in a results folder at a time, one run in a run's.
//!
//! They are the operating system's, on a file `.lock` that stays: whatever ends a process, its locks
//! end with it.

use crate::files;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The file in a folder that is locked.
pub(super) const LOCK_FILE: &str = ".lock";

/// Whoever looks whether a lock is held takes it for a moment.
const LOOKS: Duration = Duration::from_millis(200);

/// Writing a table or a report takes less, unless whoever does has hung up.
const WRITES: Duration = Duration::from_secs(5);

/// With whom a lock is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// With nobody.
    Alone,
    /// With the other tasks of a campaign.
    Tasks,
}

/// A folder that is locked until this is dropped.
pub(super) struct Lock {
    file: Option<File>,
}

/// How an attempt to lock a folder ended.
pub(super) enum Attempt {
    /// It is locked.
    Taken(Lock),
    /// Somebody else has locked it: who, as they said.
    Held(String),
}

impl Lock {
    /// Locks a folder, which is there.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn take(folder: &Path, sharing: Sharing) -> io::Result<Attempt> {
        let mut file = files::open_to_write(&folder.join(LOCK_FILE), true)?;
        let begun = Instant::now();
        loop {
            let attempt = match sharing {
                Sharing::Alone => file.try_lock(),
                Sharing::Tasks => file.try_lock_shared(),
            };
            match attempt {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOOKS => {
                    std::thread::sleep(LOOKS / 20);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // Who it is only helps to find them.
                    let _ = (&mut file).take(200).read_to_string(&mut holder);
                    return Ok(Attempt::Held(match holder.trim() {
                        "" => "another process".to_owned(),
                        holder => holder.to_owned(),
                    }));
                }
                Err(TryLockError::Error(error)) if knows_no_locks(&error) => {
                    return Ok(Attempt::Taken(Lock { file: None }));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        let host = gethostname::gethostname();
        let process = std::process::id();
        let holder = format!("process {process} on {}\n", host.to_string_lossy());
        // Without it the lock holds all the same.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()));
        Ok(Attempt::Taken(Lock { file: Some(file) }))
    }

    /// Waits for the turn to write what tasks of a campaign write in a results folder: its table of
    /// points, its report. `None` where somebody else has it for long.
    pub fn to_write(folder: &Path) -> Option<Lock> {
        let begun = Instant::now();
        let file = files::open_to_write(&folder.join(".points.lock"), true).ok();
        loop {
            match file.as_ref().map(File::try_lock) {
                Some(Ok(())) => return Some(Lock { file }),
                Some(Err(TryLockError::WouldBlock)) if begun.elapsed() < WRITES => {
                    std::thread::sleep(LOOKS / 20);
                }
                Some(Err(TryLockError::WouldBlock)) => return None,
                // There are no locks, or it cannot be written to anyway.
                None | Some(Err(TryLockError::Error(_))) => return Some(Lock { file: None }),
            }
        }
    }

    /// Whether somebody has locked a folder.
    pub fn is_held(folder: &Path) -> bool {
        let path = folder.join(LOCK_FILE);
        // Some file systems lock only what can be written; others may only read it.
        let file = files::open_to_write(&path, false).or_else(|_| files::open(&path));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Whether the file system knows locks: where it does not, nothing is locked.
    pub fn holds(&self) -> bool {
        self.file.is_some()
    }
}

/// Whether this is what a file system without locks says.
fn knows_no_locks(error: &io::Error) -> bool {
    // ENOLCK is what network file systems say whose server has none.
    const ENOLCK: i32 = 37;
    error.kind() == ErrorKind::Unsupported
        || cfg!(target_os = "linux") && error.raw_os_error() == Some(ENOLCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(folder: &Path, sharing: Sharing) -> Result<Lock, String> {
        match Lock::take(folder, sharing).expect("a folder") {
            Attempt::Taken(lock) => Ok(lock),
            Attempt::Held(holder) => Err(holder),
        }
    }

    #[test]
    fn one_alone_or_tasks_together() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let alone = lock(folder, Sharing::Alone).unwrap();
        assert!(alone.holds());
        assert!(Lock::is_held(folder));
        let own = format!("process {} on ", std::process::id());
        for sharing in [Sharing::Alone, Sharing::Tasks] {
            let holder = lock(folder, sharing).err().expect("a holder");
            assert!(holder.starts_with(&own), "{holder}");
        }
        drop(alone);
        assert!(!Lock::is_held(folder));
        let tasks = [Sharing::Tasks; 2].map(|task| lock(folder, task).unwrap());
        assert!(lock(folder, Sharing::Alone).is_err());
        assert!(Lock::is_held(folder));
        drop(tasks);
        assert!(lock(folder, Sharing::Alone).is_ok());
    }
}
