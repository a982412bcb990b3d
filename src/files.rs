//! All that the program reads from disk and writes to it goes through here.
//!
//! What is read is a regular file, so that no reader waits for a pipe or reads a device without end.
//! What is written is new, and no symbolic link is followed on the way. A file that replaces another
//! is on the disk before it has its name, and the name is before anything relies on it.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::{Path, PathBuf};

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
    regular(options.open(path)?)
}

/// The same file, if it is a regular one.
fn regular(file: File) -> Result<File> {
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

/// Makes a new file to write. What an earlier process has left under the name goes first: a stale
/// temporary file, or a symbolic link, which is not followed.
///
/// # Errors
/// Those of the system; a folder of that name.
pub fn create(path: &Path) -> Result<File> {
    // A full disk, for tests.
    #[cfg(test)]
    if std::fs::read_link(path).is_ok_and(|target| target == Path::new("/dev/full")) {
        return OpenOptions::new().write(true).open(path);
    }
    remove(path)?;
    journal::note("create", path);
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a regular file to read and write it; it is made where there is none and `makes` it.
///
/// # Errors
/// Those of the system, and [`ErrorKind::InvalidInput`] for all but a regular file: symbolic links are
/// not followed.
pub fn open_to_write(path: &Path, makes: bool) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(makes).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK,
    );
    match options.open(path) {
        Err(_) if path.is_symlink() => Err(is_a_link("file")),
        file => regular(file?),
    }
}

/// Makes a folder in one that is there, unless it is there itself.
///
/// # Errors
/// Those of the system, and [`ErrorKind::InvalidInput`] where something else has the name, such as a
/// symbolic link: what is written below it would be written elsewhere.
pub fn make_folder(path: &Path) -> Result<()> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let kind = std::fs::symlink_metadata(path)?.file_type();
            match (kind.is_dir(), kind.is_symlink()) {
                (true, _) => Ok(()),
                (_, true) => Err(is_a_link("folder")),
                _ => Err(Error::new(
                    ErrorKind::InvalidInput,
                    "it is a file, where a folder is needed",
                )),
            }
        }
        made => made,
    }
}

fn is_a_link(needed: &str) -> Error {
    let what = format!("it is a symbolic link, where a {needed} is needed: remove the link");
    Error::new(ErrorKind::InvalidInput, what)
}

/// Removes a file, or a symbolic link itself, if it is there.
///
/// # Errors
/// Those of the system.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => {
            journal::note("remove", path);
            removed
        }
    }
}

/// Gives a file another name, whatever has that name.
///
/// # Errors
/// Those of the system.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    journal::note("rename", to);
    std::fs::rename(from, to)
}

/// Waits until what is in a file is on the disk.
///
/// # Errors
/// Those of the system.
pub fn sync(file: &File, path: &Path) -> Result<()> {
    journal::note("sync", path);
    file.sync_all()
}

/// Waits until the names in a folder are on the disk, where the file system can say so.
///
/// # Errors
/// Those of the system.
pub fn sync_folder(folder: &Path) -> Result<()> {
    journal::note("sync folder", folder);
    if !cfg!(unix) {
        return Ok(());
    }
    let here = Path::new(".");
    let folder = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    match File::open(folder)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Replaces a file as a whole by what `fill` writes: whatever ends the program or the machine, one or
/// the other is there. A process that ends on the way leaves a file with a dot before its name, which
/// the next one removes: of several at once, one at a time.
///
/// # Errors
/// Those of the system and of `fill`; what was there stays then.
pub fn replace(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let temporary = temporary(path);
    let written = || {
        let mut file = create(&temporary)?;
        fill(&mut file)?;
        sync(&file, &temporary)?;
        drop(file);
        let folder = path.parent().unwrap_or(Path::new(""));
        rename(&temporary, path)?;
        sync_folder(folder)
    };
    written().inspect_err(|_| {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
    })
}

/// Where a file is as long as it is not whole.
pub fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

/// What was done to files, in order, for tests of the order.
mod journal {
    #[cfg(not(test))]
    pub(super) fn note(_: &'static str, _: &std::path::Path) {}

    #[cfg(test)]
    pub(super) use watched::note;

    #[cfg(test)]
    pub(super) mod watched {
        use std::path::{Path, PathBuf};
        use std::sync::Mutex;

        /// Folders that are watched, and what was done below them.
        type Entries = Vec<(PathBuf, Vec<(&'static str, String)>)>;

        static WATCHED: Mutex<Entries> = Mutex::new(Vec::new());

        pub(in super::super) fn note(what: &'static str, path: &Path) {
            let mut watched = WATCHED.lock().expect("nothing panics while it is held");
            for (folder, done) in &mut *watched {
                if let Ok(below) = path.strip_prefix(&*folder) {
                    done.push((what, below.display().to_string()));
                }
            }
        }

        /// Has what is done below a folder written down from now on.
        pub(crate) fn watch(folder: &Path) {
            let mut watched = WATCHED.lock().expect("nothing panics while it is held");
            watched.push((folder.to_owned(), Vec::new()));
        }

        /// What was done below a watched folder.
        pub(crate) fn done(folder: &Path) -> Vec<(&'static str, String)> {
            let watched = WATCHED.lock().expect("nothing panics while it is held");
            let found = watched.iter().find(|(known, _)| known == folder);
            found.map(|(_, done)| done.clone()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
pub(crate) use journal::watched::{done, watch};

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
    fn nothing_is_written_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("others"), "theirs").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        for link in [".mine.tmp", "lock", "mine"] {
            std::os::unix::fs::symlink(at("others"), at(link)).unwrap();
        }
        std::os::unix::fs::symlink(at("folder"), at("link")).unwrap();
        replace(&at("mine"), |file| std::io::Write::write_all(file, b"new")).unwrap();
        assert_eq!(read_to_string(&at("mine")).unwrap(), "new");
        for error in [
            open_to_write(&at("lock"), true).unwrap_err(),
            make_folder(&at("link")).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("symbolic link"), "{error}");
        }
        assert_eq!(read_to_string(&at("others")).unwrap(), "theirs");
        make_folder(&at("folder")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(open_to_write(&at("pipe"), true).is_err());
    }

    #[test]
    fn a_file_is_on_the_disk_before_its_name_is() {
        let folder = tempfile::tempdir().unwrap();
        watch(folder.path());
        replace(&folder.path().join("a"), |_| Ok(())).unwrap();
        let expected = [
            ("create", ".a.tmp"),
            ("sync", ".a.tmp"),
            ("rename", "a"),
            ("sync folder", ""),
        ];
        assert_eq!(
            done(folder.path()),
            expected.map(|(what, at)| (what, at.to_owned()))
        );
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
