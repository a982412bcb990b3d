//! NPZ files, as `numpy.savez` and `numpy.savez_compressed` write them: a ZIP file whose entries
//! are arrays, the array `x` in `x.npy`.

use super::npy::Npy;
use crate::delimited::shown;
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// An NPZ file in memory.
pub(crate) struct Npz<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Npz<'a> {
    /// # Errors
    /// Why it is no NPZ file: no ZIP file, or one in which a name is there twice, of which the ZIP
    /// reader keeps one.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Npz<'a>, String> {
        if bytes.starts_with(b"\x93NUMPY") {
            return Err("it is an NPY file of one array: write it with `numpy.savez`".to_owned());
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let start = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
        let mut seen = BTreeSet::new();
        for name in entries(bytes.get(start..).unwrap_or_default()) {
            if !seen.insert(name) {
                let name = shown(&String::from_utf8_lossy(name));
                return Err(format!("it has two entries `{name}`: leave one out"));
            }
        }
        Ok(Npz(archive))
    }

    /// Names of the entries: those of arrays without their ending.
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
        let entry = self.0.by_name(&format!("{array}.npy"));
        let entry = entry.map_err(|error| format!("cannot be read: {error}"))?;
        let (packed, unpacked) = (entry.compressed_size(), entry.size());
        if unpacked > MOST_UNPACKED.max(packed.saturating_mul(MOST_EXPANSION)) {
            return Err(format!(
                "is to be {} MB, and is packed in {} kB: no data is packed as tightly",
                unpacked >> 20,
                packed.div_ceil(1 << 10)
            ));
        }
        // What is there beyond the size that the archive tells is none of the array's.
        Npy::read(entry.take(unpacked))
    }
}

/// How many times as large as its packed bytes an array may be, and the size that any may have
/// \[bytes\]: a file that is made to fill the memory is packed a thousandfold.
const MOST_EXPANSION: u64 = 200;
const MOST_UNPACKED: u64 = 64 << 20;

/// The names in a ZIP file's central directory.
fn entries(mut directory: &[u8]) -> impl Iterator<Item = &[u8]> {
    /// Bytes of an entry before its name, which hold the lengths of what follows.
    const HEAD: usize = 46;
    std::iter::from_fn(move || {
        let (head, rest) = directory.split_at_checked(HEAD)?;
        let length = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let name = rest.get(..length(28))?;
        directory = rest.get(length(28) + length(30) + length(32)..)?;
        head.starts_with(b"PK\x01\x02").then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    /// An archive with an array of so many zero bytes.
    fn zeros(count: usize) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("x.npy", SimpleFileOptions::default())
            .unwrap();
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count},), }}\n");
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.write_all(&vec![0; count]).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn what_is_packed_a_thousandfold_is_read_as_long_as_it_is_small() {
        let small = zeros(1 << 20);
        assert!(Npz::open(&small).unwrap().array("x").is_ok());
        let large = zeros(MOST_UNPACKED as usize + 1);
        assert!(large.len() < 1 << 20);
        let told = Npz::open(&large).unwrap().array("x").unwrap_err();
        assert!(told.contains("no data is packed as tightly"), "{told}");
    }
}
