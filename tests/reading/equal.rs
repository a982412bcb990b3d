//! Whether two runs are equal: all rows and columns that are not about wall-clock time.

use super::{Table, files, summary};
use parquet::record::Field;
use serde_json::Value;
use std::path::Path;

/// What in a summary is about the machine and the wall.
const WALL: [&str; 8] = [
    "checksum",
    "files",
    "machine",
    "threads",
    "wall_s",
    "models_per_s",
    "peak_memory_bytes",
    "program",
];

/// What differs between two runs' folders, if anything does.
pub fn difference(one: &Path, other: &Path) -> Option<String> {
    let names = files(one);
    if names != files(other) {
        return Some(format!("{names:?} and {:?}", files(other)));
    }
    let read = |folder: &Path, name| std::fs::read(folder.join(name)).expect("a file");
    names.iter().find_map(|name| {
        if read(one, name) == read(other, name) {
            return None;
        }
        let differs = match name.rsplit_once('.') {
            Some((table, "parquet")) => {
                let [mut one, mut other] = [one, other].map(|folder| Table::read(folder, table));
                for table in [&mut one, &mut other] {
                    if table.has("clock") {
                        *table = table.only("clock", "simulated");
                    }
                    if table.has("wall_us") {
                        *table = table.without(&["wall_us"]);
                    }
                }
                !are_equal(&one, &other)
            }
            Some(("summary", _)) => counted(one) != counted(other),
            // Begins with times on the wall.
            _ if name.starts_with("latency.wall") => false,
            // Says who had the folder.
            _ if name == ".lock" => false,
            _ => true,
        };
        differs.then(|| name.clone())
    })
}

fn are_equal(one: &Table, other: &Table) -> bool {
    let rows = || one.rows.iter().flatten().zip(other.rows.iter().flatten());
    one.columns == other.columns
        && one.rows.len() == other.rows.len()
        && rows().all(|(one, other)| is_same(one, other))
}

/// To the bit: models in traces may have parameters that are no number.
fn is_same(one: &Field, other: &Field) -> bool {
    match (one, other) {
        (Field::Float(x), Field::Float(y)) => x.to_bits() == y.to_bits(),
        (Field::Double(x), Field::Double(y)) => x.to_bits() == y.to_bits(),
        (Field::ListInternal(x), Field::ListInternal(y)) => {
            let mut both = x.elements().iter().zip(y.elements());
            x.len() == y.len() && both.all(|(x, y)| is_same(x, y))
        }
        _ => one == other,
    }
}

/// A summary without what is about the wall.
fn counted(run: &Path) -> Value {
    let mut summary = summary(run);
    let entries = summary.as_object_mut().expect("an object");
    entries.retain(|name, _| !WALL.contains(&&**name));
    let latency = entries["latency"].as_object_mut().expect("an object");
    latency.retain(|name, _| !name.ends_with("_us"));
    summary
}
