//! Which program computes.

use super::Summary;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::OnceLock;
use xxhash_rust::xxh3::Xxh3;

/// The simulator and its version.
const SIMULATOR: &str = concat!("byzsim ", env!("CARGO_PKG_VERSION"));

/// What an executable is called that cannot be read.
const UNKNOWN: &str = "unknown";

static PROGRAM: OnceLock<String> = OnceLock::new();

/// A program as it was built: what it computes can be another thing in another build of the same
/// name and version, with its plug-ins above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build<'a> {
    /// Name and version, `byzsim 0.1.0`; a program with plug-ins has its own before those.
    pub program: &'a str,
    /// Hash of the program's file, 16 hex digits.
    pub executable: &'a str,
}

impl Build<'static> {
    /// That of this process.
    pub fn here() -> Build<'static> {
        Build {
            program: PROGRAM.get_or_init(|| SIMULATOR.to_owned()),
            executable: executable(),
        }
    }

    /// Gives this process's program its own name and version, once and before anything is run.
    /// Returns what the program is called from then on.
    pub(crate) fn name(name: &str, version: &str) -> &'static str {
        PROGRAM.get_or_init(|| match (name, version) {
            ("byzsim", _) => SIMULATOR.to_owned(),
            (name, "") => format!("{name} ({SIMULATOR})"),
            (name, version) => format!("{name} {version} ({SIMULATOR})"),
        })
    }
}

impl<'a> Build<'a> {
    /// That of the program that ran a run; `None` where its summary does not say so.
    pub fn of(summary: &'a Summary) -> Option<Build<'a>> {
        Some(Build {
            program: summary.text(&["program"])?,
            // Older versions have not written it.
            executable: summary.text(&["executable"]).unwrap_or(UNKNOWN),
        })
    }

    /// Whether it is this process's, as far as can be known.
    pub fn is_here(&self) -> bool {
        *self == Build::here() && self.executable != UNKNOWN
    }
}

impl std::fmt::Display for Build<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, build {}", self.program, self.executable)
    }
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
        hash().map_or_else(|_| UNKNOWN.to_owned(), |hash| format!("{hash:016x}"))
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
