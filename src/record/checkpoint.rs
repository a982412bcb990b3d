//! `checkpoint`: from where a run can go on that was interrupted, or killed.
//!
//! A line that says what it is; a line of JSON that says of what, and by what program on what
//! processor it was written; then the recorder's state and the others' in pieces, each after its
//! length in bytes, and a checksum of all before it. It is replaced as a whole, so that there is
//! always one whole checkpoint from the first on.

use super::RunError;
use super::files::{CHECKPOINT, replace};
use super::machine::Machine;
use crate::checkpoint::Torn;
use crate::scenario::Plan;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The first line.
const TITLE: &str = "byzsim checkpoint 1\n";

/// Where a run stood.
pub struct Checkpoint {
    /// What was recorded.
    pub recorded: Vec<u8>,
    /// The state of all others, as they gave it.
    pub others: Vec<Vec<u8>>,
}

/// Of what it is, and who can go on from it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    point: String,
    program: String,
    /// Hash of the program's file: state has the form that its structs have there.
    executable: String,
    /// One binary gives one result on one kind of processor.
    simd: String,
    /// `[record]`, which tables depend on.
    record: String,
}

impl Header {
    fn of(plan: &Plan) -> Header {
        Header {
            point: plan.id.to_string(),
            program: concat!("byzsim ", env!("CARGO_PKG_VERSION")).to_owned(),
            executable: executable().to_owned(),
            simd: Machine::here().simd.to_owned(),
            record: format!("{:?}", plan.record),
        }
    }
}

impl Checkpoint {
    /// The checkpoint of a plan's run in its folder, if there is one. One that was written under
    /// other settings of `[record]` is none: there are other tables now.
    ///
    /// # Errors
    /// One that is damaged, of another program or from another kind of processor.
    pub fn find(folder: &Path, plan: &Plan) -> Result<Option<Checkpoint>, RunError> {
        let path = folder.join(CHECKPOINT);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refuse(&path, error.to_string())),
            Ok(bytes) => bytes,
        };
        let (header, pieces) =
            parse(&bytes).ok_or_else(|| refuse(&path, "it is damaged".to_owned()))?;
        let here = Header::of(plan);
        if (&header.program, &header.executable) != (&here.program, &here.executable) {
            let reason = format!(
                "it was written by another program ({}, executable {}), and this one is {}, {}",
                header.program, header.executable, here.program, here.executable
            );
            return Err(refuse(&path, reason));
        }
        if header.simd != here.simd {
            let reason = format!(
                "it was written on a processor with {}, and this one with {} would go on with \
                 other bits",
                header.simd, here.simd
            );
            return Err(refuse(&path, reason));
        }
        if header != here {
            return Ok(None);
        }
        let mut pieces = pieces.into_iter().map(<[u8]>::to_vec);
        Ok(Some(Checkpoint {
            recorded: pieces.next().unwrap_or_default(),
            others: pieces.collect(),
        }))
    }

    /// Replaces the checkpoint in a run's folder.
    pub(super) fn write(
        folder: &Path,
        plan: &Plan,
        recorded: &[u8],
        others: &[Vec<u8>],
    ) -> Result<(), RunError> {
        let path = folder.join(CHECKPOINT);
        let header = serde_json::to_string(&Header::of(plan)).map_err(io::Error::from);
        let written = header.and_then(|header| {
            replace(&path, |file| {
                let mut file = Summed {
                    file: BufWriter::new(&*file),
                    sum: Xxh3::new(),
                };
                file.put(TITLE.as_bytes())?;
                file.put(header.as_bytes())?;
                file.put(b"\n")?;
                file.piece(recorded)?;
                others.iter().try_for_each(|piece| file.piece(piece))?;
                file.end()
            })
        });
        written.map_err(|error| RunError::Write { path, error })
    }

    /// Why a run cannot go on from the checkpoint in its folder.
    pub fn refused(folder: Option<&Path>, torn: Torn) -> RunError {
        let folder = folder.map(Path::to_owned).unwrap_or_default();
        refuse(&folder.join(CHECKPOINT), torn.to_string())
    }
}

fn refuse(path: &Path, reason: String) -> RunError {
    RunError::Checkpoint {
        path: path.to_owned(),
        reason,
    }
}

/// A file whose content is summed up on the way.
struct Summed<'a> {
    file: BufWriter<&'a File>,
    sum: Xxh3,
}

impl Summed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.file.write_all(bytes)
    }

    fn piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(&(bytes.len() as u64).to_le_bytes())?;
        self.put(bytes)
    }

    /// Writes the sum, and waits until all of it is on the disk: what was there before is given up
    /// next.
    fn end(mut self) -> io::Result<()> {
        let sum = self.sum.digest();
        self.file.write_all(&sum.to_le_bytes())?;
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

/// The header and the pieces, if the bytes are a whole checkpoint.
fn parse(bytes: &[u8]) -> Option<(Header, Vec<&[u8]>)> {
    let (bytes, sum) = bytes.split_last_chunk::<8>()?;
    if xxh3_64(bytes) != u64::from_le_bytes(*sum) {
        return None;
    }
    let rest = bytes.strip_prefix(TITLE.as_bytes())?;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let header = serde_json::from_slice(&rest[..end]).ok()?;
    let mut rest = &rest[end + 1..];
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (piece, after) = after.split_at_checked(length)?;
        pieces.push(piece);
        rest = after;
    }
    Some((header, pieces))
}

/// Hash of the program's file.
fn executable() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let hash = || -> io::Result<u64> {
            let mut file = File::open(own_file()?)?;
            let (mut sum, mut buffer) = (Xxh3::new(), vec![0; 1 << 20]);
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(sum.digest()),
                    read => sum.update(&buffer[..read]),
                }
            }
        };
        hash().map_or_else(|_| "unknown".to_owned(), |hash| format!("{hash:016x}"))
    })
}

/// The program's file, also where another one has taken its place since it was started.
fn own_file() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        return Ok(link);
    }
    std::env::current_exe()
}
