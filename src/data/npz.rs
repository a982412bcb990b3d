//! NPZ files, as `numpy.savez` and `numpy.savez_compressed` write them: a ZIP file whose entries
//! are arrays, the array `x` in `x.npy`.

use super::npy::Npy;
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// An NPZ file in memory.
pub(crate) struct Npz<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Npz<'a> {
    /// # Errors
    /// No ZIP file.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Npz<'a>, ZipError> {
        ZipArchive::new(Cursor::new(bytes)).map(Npz)
    }

    /// Names of the arrays.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.0.file_names();
        names.map(|entry| entry.strip_suffix(".npy").unwrap_or(entry))
    }

    /// Whether there is an array of that name.
    pub(crate) fn has(&self, array: &str) -> bool {
        self.0.index_for_name(&format!("{array}.npy")).is_some()
    }

    /// The array of that name.
    ///
    /// # Errors
    /// What is wrong with it, as a clause about the array.
    pub(crate) fn array(&mut self, array: &str) -> Result<Npy, String> {
        read(self.0.by_name(&format!("{array}.npy")))
    }

    /// The first array.
    ///
    /// # Errors
    /// What is wrong with it, as a clause about the array.
    pub(crate) fn first(&mut self) -> Result<Npy, String> {
        read(self.0.by_index(0))
    }
}

fn read(entry: Result<impl Read, ZipError>) -> Result<Npy, String> {
    let entry = entry.map_err(|error| format!("cannot be read: {error}"))?;
    Npy::read(entry)
}
