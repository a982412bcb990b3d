//! Files of results.

use super::mutate::{any, bytes, chance, settings};
use super::program::{fuzz, run};
use std::fs;
use std::path::{Path, PathBuf};

const SCENARIO: &str = "iterations = 6\n[task]\nkind = \"target-localization\"\n[topology]\nkind = \"ring\"\nagents = 4\n\
                        [record]\ntrace = true\nagents = \"all\"\n[sweep]\nseed = [1, 2]\n";

/// All files below a folder, by their paths, in order.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

/// A text without its checksum, so that what is read of it is damaged and not refused.
fn without_checksum(text: &str) -> String {
    let text = match text.strip_prefix("# checksum ") {
        Some(rest) => rest
            .split_once('\n')
            .map_or("", |(_, text)| text)
            .to_owned(),
        None => text.to_owned(),
    };
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(&text) else {
        return text;
    };
    if let Some(entries) = json.as_object_mut() {
        entries.retain(|key, _| !["files", "checksum"].contains(&&**key));
    }
    format!("{json:#}\n")
}

#[test]
fn results() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), SCENARIO).unwrap();
    let whole = [
        "run",
        "a.toml",
        "--out",
        "out",
        "--quiet",
        "--checkpoint-every",
        "2",
    ];
    assert_eq!(run(folder.path(), &whole), 0);
    let out = folder.path().join("out");
    let all = files(&out);
    fuzz("results", |stream| {
        let (path, seed) = any(stream, &all);
        let damaged = match std::str::from_utf8(seed) {
            Ok(text) if chance(stream, 0.8) => {
                let text = if chance(stream, 0.7) {
                    without_checksum(text)
                } else {
                    text.to_owned()
                };
                let between = if path.ends_with("scenario.toml") {
                    '='
                } else {
                    ':'
                };
                settings(stream, &text, between).into_bytes()
            }
            _ => bytes(stream, seed),
        };
        fs::write(path, damaged).unwrap();
        let command = *any(stream, &["status", "report", "resume"]);
        let quiet: &[&str] = if command == "resume" {
            &["--quiet"]
        } else {
            &[]
        };
        let status = run(folder.path(), &[&[command, "out"], quiet].concat());
        fs::remove_dir_all(&out).unwrap();
        for (path, seed) in &all {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, seed).unwrap();
        }
        status
    });
}

#[test]
fn checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = SCENARIO.replace("iterations = 6", "iterations = 4000");
    fs::write(
        folder.path().join("a.toml"),
        scenario.replace("seed = [1, 2]", "seed = [1]"),
    )
    .unwrap();
    // The trace alone fills the disk's quota of a file, so that the run ends with a checkpoint.
    let limited = format!(
        "ulimit -f 300 && exec '{}' run a.toml --out out --quiet --checkpoint-every 50",
        env!("CARGO_BIN_EXE_byzsim")
    );
    let mut shell = std::process::Command::new("bash");
    let ended = shell
        .args(["-c", &limited])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(
        ended.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let out = folder.path().join("out");
    let all = files(&out);
    let of_run: Vec<_> = all
        .iter()
        .filter(|(path, _)| {
            path.ends_with("checkpoint") || path.to_string_lossy().contains(".part-")
        })
        .collect();
    assert!(
        !of_run.is_empty(),
        "{:?}",
        all.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    fuzz("checkpoints", |stream| {
        let (path, seed) = *any(stream, &of_run);
        fs::write(path, bytes(stream, seed)).unwrap();
        let status = run(folder.path(), &["resume", "out", "--quiet"]);
        fs::remove_dir_all(&out).unwrap();
        for (path, seed) in &all {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, seed).unwrap();
        }
        status
    });
}
