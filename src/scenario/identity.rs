//! What a run is called: by what it computes.

use super::resolved::for_each_path;
use crate::data::FileDigest;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;

/// 16 hex digits over the resolved settings, the program's version and the SHA-256 of every data
/// file read; not over name, threads, paths or `[record]`. Equal names mean equal results.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(String);

impl RunId {
    pub(super) fn new(resolved: &toml::Table, folder: &Path, files: &[FileDigest]) -> RunId {
        let mut settings = resolved.clone();
        for key in ["name", "record"] {
            settings.remove(key);
        }
        if let Some(toml::Value::Table(task)) = settings.get_mut("task") {
            task.remove("data");
        }
        for_each_path(&mut settings, &|path| *path = content(&folder.join(&*path)));
        let mut files = files.to_vec();
        files.sort();
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(sorted(&settings).to_string());
        for file in files {
            hash.update(format!("\n{} {}", file.name, file.sha256));
        }
        let digest = hash.finalize();
        RunId(hex(&digest[..8]))
    }

    /// The id of a run as it was written down.
    pub(crate) fn read(text: &str) -> Option<RunId> {
        let is_id = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_id.then(|| RunId(text.to_owned()))
    }

    /// That of a run which is nowhere.
    #[cfg(test)]
    pub(crate) fn invented(name: &str) -> RunId {
        RunId(name.to_owned())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands for a file: its content.
fn content(path: &Path) -> String {
    // An unreadable file was refused when the plan was drawn.
    let bytes = crate::files::read(path).unwrap_or_default();
    format!("sha256:{}", hex(&Sha256::digest(&bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same with keys in alphabetical order: their order in the file means nothing.
fn sorted(table: &toml::Table) -> toml::Table {
    let mut entries: Vec<(String, toml::Value)> = table
        .iter()
        .map(|(key, value)| (key.clone(), sorted_value(value)))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

fn sorted_value(value: &toml::Value) -> toml::Value {
    match value {
        toml::Value::Table(inner) => sorted(inner).into(),
        toml::Value::Array(items) => items.iter().map(sorted_value).collect::<Vec<_>>().into(),
        plain => plain.clone(),
    }
}
