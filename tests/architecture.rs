//! The structure of the sources, as `src/lib.rs` tells it.

use std::fs;
use std::path::{Path, PathBuf};

/// The parts from the ground up: a part uses only parts that stand before it.
const PARTS: [&str; 23] = [
    "units",
    "files",
    "checkpoint",
    "kernel",
    "rng",
    "delimited",
    "settings",
    "distribution",
    "topology",
    "learner",
    "data",
    "model",
    "task",
    "rule",
    "attack",
    "link",
    "fault",
    "scenario",
    "record",
    "actors",
    "campaign",
    "report",
    "cli",
];

/// Where a part stands.
fn floor(part: &str) -> Option<usize> {
    PARTS.iter().position(|p| *p == part)
}

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8 source");
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    assert!(files.len() > 50, "the sources were found");
    files
}

/// The part that a file belongs to; none for `lib.rs` and `main.rs`.
fn part(path: &Path) -> Option<usize> {
    let relative = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let first = relative
        .expect("below src")
        .components()
        .next()
        .expect("a name");
    let name = Path::new(first.as_os_str())
        .file_stem()
        .expect("a name")
        .to_string_lossy();
    floor(&name)
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn parts_use_only_parts_below_them() {
    for (path, text) in sources() {
        let Some(own) = part(&path) else { continue };
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if let Some(used) = floor(&name) {
                    assert!(
                        used <= own,
                        "{}: {} is above {}",
                        path.display(),
                        name,
                        PARTS[own]
                    );
                }
            }
        }
    }
}

#[test]
fn only_actors_know_actix() {
    for (path, text) in sources() {
        let knows = code(&text).any(|line| line.contains("actix"));
        assert!(
            !knows || part(&path) == floor("actors"),
            "{} names actix",
            path.display()
        );
    }
}

#[test]
fn pure_parts_use_no_threads_and_no_clock() {
    // Looks edges up and never iterates.
    let looks_up = ["regular.rs"];
    for (path, text) in sources() {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_pure = |p| Some(p) < floor("record") && Some(p) != floor("data");
        if !part(&path).is_some_and(is_pure) {
            continue;
        }
        for forbidden in ["std::thread", "Instant", "SystemTime", "HashMap", "HashSet"] {
            if forbidden == "HashMap" && looks_up.contains(&name.as_str()) {
                continue;
            }
            let found = code(&text).any(|line| line.contains(forbidden));
            assert!(!found, "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        assert!(
            text.starts_with("//!"),
            "{} opens without a word",
            path.display()
        );
    }
}

#[test]
fn spelling_is_american() {
    for (path, text) in sources() {
        // What the standard calls an attribute is not ours to spell.
        let text = text.to_lowercase().replace("aria-labelledby", "");
        for british in [
            "neighbour",
            "colour",
            "behaviour",
            "labelled",
            "optimise",
            "minimis",
            "centre",
        ] {
            assert!(!text.contains(british), "{} has {british}", path.display());
        }
    }
}

#[test]
fn every_shipped_scenario_is_right_and_says_what_it_asks() {
    use byzsim::scenario::{Catalogues, ScenarioFile};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut found = 0;
    for entry in fs::read_dir(folder).expect("scenarios") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("UTF-8");
        assert!(
            text.starts_with("# "),
            "{} opens without its question",
            path.display()
        );
        if let Err(error) = ScenarioFile::open(&path, &[], &Catalogues::default()) {
            panic!("{error}");
        }
        found += 1;
    }
    assert!(found >= 7, "the shipped scenarios were found");
}
