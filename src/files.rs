//! Opening files that a user names: regular files only, so that no reader waits for a pipe or
//! reads a device for ever.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Opens a regular file to read it.
///
/// # Errors
/// Those of the system, and [`ErrorKind::InvalidInput`] for a folder, a pipe, a socket or a
/// device, whose kind the message names. Symbolic links are followed.
pub fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a pipe waits for a writer otherwise; on a regular file the flag has no effect.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    match other_than_regular(&file)? {
        None => Ok(file),
        Some(what) => Err(Error::new(
            ErrorKind::InvalidInput,
            format!("{what}, where a regular file is needed"),
        )),
    }
}

/// All bytes of a regular file. Errors are those of [`open`] and of reading.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut file = open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))
        .map_err(|_| Error::from(ErrorKind::OutOfMemory))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a regular file in UTF-8. Errors are those of [`read`].
pub fn read_to_string(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// What the file is, in words, unless it is a regular file.
fn other_than_regular(file: &File) -> Result<Option<&'static str>> {
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(None);
    }
    if kind.is_dir() {
        return Ok(Some("it is a folder"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let special = [
            (kind.is_fifo(), "it is a pipe"),
            (kind.is_socket(), "it is a socket"),
            (
                kind.is_char_device() || kind.is_block_device(),
                "it is a device",
            ),
        ];
        if let Some((_, what)) = special.into_iter().find(|(is, _)| *is) {
            return Ok(Some(what));
        }
    }
    Ok(Some("it is no regular file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "text").unwrap();
        assert_eq!(read_to_string(&path).unwrap(), "text");
        let missing = read(&folder.path().join("b")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn folders_pipes_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (path, what) in [
            (folder.path(), "folder"),
            (&pipe, "pipe"),
            (Path::new("/dev/zero"), "device"),
        ] {
            let error = read(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
