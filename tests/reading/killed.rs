//! What a run leaves that is killed.

use byzsim::record::{Observer, Seen};
use std::path::{Path, PathBuf};

/// Copies a run's folder as it is when it has seen an iteration: what is left of a run that is
/// killed then.
pub struct Copier {
    pub after: u64,
    pub from: PathBuf,
    pub to: PathBuf,
}

impl Observer for Copier {
    fn see(&mut self, seen: &Seen<'_>) {
        if seen.round.iteration == self.after {
            copy(&self.from, &self.to);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}
