//! How it is known that files are as they were written: sizes and checksums, in checkpoints and in
//! `summary.json`.

use super::files::{RESULTS, SUMMARY};
use super::summary::Summary;
use crate::{checksum, files};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::Xxh3;

/// What a file holds, in two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest {
    /// Its size \[bytes\].
    pub bytes: u64,
    /// XXH3 of its content, 64 bits.
    pub xxh3: u64,
}

impl Digest {
    /// That of a file, or of the `limit` first bytes of one, read from where it is.
    pub fn of(file: impl Read, limit: u64) -> io::Result<Digest> {
        let (digest, _) = Digest::with_sum(file, limit)?;
        Ok(digest)
    }

    /// The same with a sum that more can be added to.
    pub fn with_sum(file: impl Read, limit: u64) -> io::Result<(Digest, Xxh3)> {
        let mut file = file.take(limit);
        let (mut bytes, mut sum) = (0, Xxh3::new());
        let mut buffer = vec![0; 1 << 17];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    bytes += read as u64;
                    sum.update(&buffer[..read]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let xxh3 = sum.digest();
        Ok((Digest { bytes, xxh3 }, sum))
    }

    fn json(self) -> Value {
        json!({"bytes": self.bytes, "xxh3": format!("{:016x}", self.xxh3)})
    }

    fn from_json(json: &Value) -> Option<Digest> {
        let xxh3 = u64::from_str_radix(json["xxh3"].as_str()?, 16).ok()?;
        let bytes = json["bytes"].as_u64()?;
        Some(Digest { bytes, xxh3 })
    }

    /// What is wrong with a file that should have this.
    fn misses(self, path: &Path, with_sum: bool) -> Result<(), String> {
        let file = files::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "it is missing".to_owned(),
            _ => error.to_string(),
        })?;
        let size = file.metadata().map_err(|error| error.to_string())?.len();
        if size != self.bytes {
            return Err(format!("it has {size} bytes of {}", self.bytes));
        }
        if with_sum && Digest::of(file, u64::MAX).map_err(|error| error.to_string())? != self {
            return Err(checksum::CHANGED.to_owned());
        }
        Ok(())
    }
}

/// The keys of `summary.json` that say what the files hold, its own checksum among them.
pub(super) const KEYS: [&str; 2] = [FILES, "checksum"];

/// The key of the files' digests in `summary.json`.
const FILES: &str = "files";

/// The text of `summary.json`: a summary with the digests of the run's files, and its own checksum.
pub(super) fn sealed(mut summary: Value, files: Map<String, Value>) -> String {
    summary[FILES] = files.into();
    checksum::sealed_json(summary)
}

/// Waits until all files of a run are on the disk, then their names. What they hold, by name.
pub(super) fn seal(folder: &Path) -> io::Result<Map<String, Value>> {
    let mut digests = Map::new();
    for name in RESULTS {
        let path = folder.join(name);
        let file = match files::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            file => file?,
        };
        files::sync(&file, &path)?;
        digests.insert(name.to_owned(), Digest::of(file, u64::MAX)?.json());
    }
    files::sync_folder(&folder.join("network"))?;
    files::sync_folder(folder)?;
    Ok(digests)
}

/// How closely the files of a done run are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Their sizes.
    Sizes,
    /// Their sizes, and checksums of the first GiB that the process reads: what takes a second or two.
    Quick,
    /// Sizes and checksums of all.
    All,
}

/// Bytes that may still be read to check them quickly.
static QUICK: AtomicU64 = AtomicU64::new(1 << 30);

impl Care {
    fn reads(self, bytes: u64) -> bool {
        let take = |left: u64| left.checked_sub(bytes);
        match self {
            Care::Sizes => false,
            Care::Quick => QUICK
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .is_ok(),
            Care::All => true,
        }
    }
}

/// What is found of a run's end in its folder.
pub enum Found {
    /// No summary.
    Nothing,
    /// A summary, and of a done run files that are as the summary says.
    Whole(Summary),
    /// Something is damaged.
    Damaged {
        /// What, in a sentence.
        what: String,
        /// The summary, if that is whole.
        summary: Option<Summary>,
    },
}

impl Found {
    /// Looks in a run's folder.
    pub fn of(run: &Path, care: Care) -> Found {
        let damaged = |name: &str, why: &str, summary| Found::Damaged {
            what: format!("{} is damaged: {why}", run.join(name).display()),
            summary,
        };
        let text = match files::read_to_string(&run.join(SUMMARY)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
            Err(error) => return damaged(SUMMARY, &error.to_string(), None),
            Ok(text) => text,
        };
        let json: Value = match serde_json::from_str(&text) {
            Err(error) => return damaged(SUMMARY, &error.to_string(), None),
            Ok(json) => json,
        };
        // An older version has kept neither.
        let is_whole = checksum::json_holds(&text, &json).unwrap_or(json.get(FILES).is_none());
        if !is_whole {
            return damaged(SUMMARY, checksum::CHANGED, None);
        }
        let digests = json[FILES].as_object().cloned();
        let summary = Summary::from_json(json).found_in(run);
        if summary.status() != "done" {
            return Found::Whole(summary);
        }
        let wrong = match &digests {
            Some(digests) => RESULTS.into_iter().find_map(|name| {
                let path = run.join(name);
                let wrong = match digests.get(name) {
                    Some(digest) => match Digest::from_json(digest) {
                        Some(digest) => digest.misses(&path, care.reads(digest.bytes)),
                        None => Err("its checksum cannot be read".to_owned()),
                    },
                    None if path.symlink_metadata().is_ok() => {
                        Err("it is no file of this run".to_owned())
                    }
                    None => Ok(()),
                };
                wrong.err().map(|why| (name, why))
            }),
            // An older version has not kept what its files hold.
            None => (!run.join("rounds.parquet").is_file())
                .then(|| ("rounds.parquet", "it is missing".to_owned())),
        };
        match wrong {
            Some((name, why)) => damaged(name, &why, Some(summary)),
            None => Found::Whole(summary),
        }
    }
}
