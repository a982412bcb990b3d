//! `checkpoint`: from where a run can go on that was interrupted, or killed.
//!
//! A line that says what it is, then pieces, each after its length in bytes: JSON that says of what,
//! and by what program on what processor it was written, the recorder's state, and the others'; then a
//! checksum of all before it. It is replaced as a whole, so that there is always one whole checkpoint
//! from the first on.

use super::RunError;
use super::build::Build;
use super::files::CHECKPOINT;
use super::machine::Machine;
use crate::checkpoint::Torn;
use crate::files;
use crate::scenario::Plan;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

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
            program: Build::here().program.to_owned(),
            executable: Build::here().executable.to_owned(),
            simd: Machine::here().simd.to_owned(),
            record: format!("{:?}", plan.record),
        }
    }

    /// Whether what it says of the program and the processor is so here.
    fn fits(&self, here: &Header) -> Result<(), String> {
        let build = Build {
            program: &self.program,
            executable: &self.executable,
        };
        if !build.is_here() {
            return Err(format!(
                "it was written by another program ({}, executable {}), and this one is {}, {}",
                self.program, self.executable, here.program, here.executable
            ));
        }
        if self.simd != here.simd {
            return Err(format!(
                "it was written on a processor with {}, and this one with {} would go on with \
                 other bits",
                self.simd, here.simd
            ));
        }
        Ok(())
    }
}

impl Checkpoint {
    /// The checkpoint of a plan's run in its folder, if there is one. One of another run is none, nor
    /// is one that was written under other settings of `[record]`: there are other tables now.
    ///
    /// # Errors
    /// One that is damaged, of another program or from another kind of processor.
    pub fn find(folder: &Path, plan: &Plan) -> Result<Option<Checkpoint>, RunError> {
        let path = folder.join(CHECKPOINT);
        let file = match files::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| refuse(&path, error.to_string()))?,
        };
        let here = Header::of(plan);
        match parse(file) {
            Err(error) if tells_of_damage(&error) => Err(lost(&path, "it is damaged".to_owned())),
            // Another time it may be read.
            Err(error) => Err(refuse(&path, error.to_string())),
            Ok((header, mut pieces)) => {
                header.fits(&here).map_err(|reason| refuse(&path, reason))?;
                if header != here {
                    return Ok(None);
                }
                let others = pieces.split_off(1.min(pieces.len()));
                Ok(Some(Checkpoint {
                    recorded: pieces.pop().unwrap_or_default(),
                    others,
                }))
            }
        }
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
            // The names of the blocks that it speaks of.
            files::sync_folder(folder)?;
            files::replace(&path, |file| {
                let mut file = Summed {
                    file: BufWriter::new(&*file),
                    sum: Xxh3::new(),
                };
                file.put(TITLE.as_bytes())?;
                file.piece(header.as_bytes())?;
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
        let path = folder.join(CHECKPOINT);
        match &torn {
            Torn::File { error, .. } if !tells_of_damage(error) => refuse(&path, torn.to_string()),
            _ => lost(&path, torn.to_string()),
        }
    }
}

/// Whether a file is not what was written, or is gone, rather than out of reach for now.
fn tells_of_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData
            | ErrorKind::InvalidInput
            | ErrorKind::UnexpectedEof
            | ErrorKind::NotFound
    )
}

/// It is another's.
fn refuse(path: &Path, reason: String) -> RunError {
    RunError::Checkpoint {
        path: path.to_owned(),
        reason: format!(
            "{reason}; without that file the run begins anew, and --retry-failed removes it"
        ),
        is_lost: false,
    }
}

fn lost(path: &Path, reason: String) -> RunError {
    RunError::Checkpoint {
        path: path.to_owned(),
        reason,
        is_lost: true,
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

    /// Writes the sum.
    fn end(mut self) -> io::Result<()> {
        let sum = self.sum.digest();
        self.file.write_all(&sum.to_le_bytes())?;
        self.file.flush()
    }
}

/// A file that is summed up while it is read.
struct Checked {
    file: BufReader<File>,
    sum: Xxh3,
    /// Bytes before the sum that were not read yet.
    left: u64,
}

impl Checked {
    fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(ErrorKind::InvalidData)?;
        let length = usize::try_from(length).map_err(|_| ErrorKind::InvalidData)?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<u64> {
        let bytes = self.take(8)?;
        let bytes = bytes.try_into().map_err(|_| ErrorKind::InvalidData)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// The header and the pieces.
fn parse(file: File) -> io::Result<(Header, Vec<Vec<u8>>)> {
    let length = file.metadata()?.len();
    let mut file = Checked {
        file: BufReader::new(file),
        sum: Xxh3::new(),
        left: length.checked_sub(8).ok_or(ErrorKind::InvalidData)?,
    };
    let title = file.take(TITLE.len() as u64)?;
    if title != TITLE.as_bytes() {
        let is_other = title.starts_with(&TITLE.as_bytes()[..TITLE.len() - 2]);
        return Err(match is_other {
            true => io::Error::other("another version has written it, in another form"),
            false => ErrorKind::InvalidData.into(),
        });
    }
    let header = file.number()?;
    let header = file.take(header)?;
    let mut pieces = Vec::new();
    while file.left > 0 {
        let length = file.number()?;
        pieces.push(file.take(length)?);
    }
    let mut sum = [0; 8];
    file.file.read_exact(&mut sum)?;
    if file.sum.digest() != u64::from_le_bytes(sum) {
        return Err(ErrorKind::InvalidData.into());
    }
    let header = serde_json::from_slice(&header)?;
    Ok((header, pieces))
}
