//! The texts of "Human Activity Recognition Using Smartphones".

use super::mutate::table;
use super::program::{fuzz, run};
use rand::RngExt;
use std::fs;

#[test]
fn activities() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "epochs = 1\n[task]\nkind = \"activity-recognition\"\nbatch = 2\n";
    fs::write(folder.path().join("a.toml"), scenario).unwrap();
    let row = |seed: usize| {
        let features =
            (0..561).map(|j| format!("{:.3e}", ((seed * 31 + j) % 200) as f64 / 100.0 - 1.0));
        features.collect::<Vec<_>>().join(" ")
    };
    let rows = 90;
    let lines =
        |line: &dyn Fn(usize) -> String| (0..rows).map(|i| line(i) + "\n").collect::<String>();
    let files = [
        ("X", lines(&row)),
        ("y", lines(&|i| (i % 6 + 1).to_string())),
        ("subject", lines(&|i| (i % 30 + 1).to_string())),
    ];
    let at = |split: &str, what: &str| {
        folder
            .path()
            .join(format!("har/UCI HAR Dataset/{split}/{what}_{split}.txt"))
    };
    let write_all = || {
        for split in ["train", "test"] {
            fs::create_dir_all(at(split, "X").parent().unwrap()).unwrap();
            for (what, text) in &files {
                fs::write(at(split, what), text).unwrap();
            }
        }
    };
    write_all();
    assert_eq!(
        run(
            folder.path(),
            &["check", "a.toml", "--time", "0", "--data", "."]
        ),
        0
    );
    fuzz("activities", |stream| {
        let (what, text) = &files[stream.random_range(0..files.len())];
        let split = ["train", "test"][stream.random_range(0..2)];
        let path = at(split, what);
        fs::write(&path, table(stream, text, ' ')).unwrap();
        let status = run(
            folder.path(),
            &["check", "a.toml", "--time", "0", "--data", "."],
        );
        fs::write(&path, text).unwrap();
        status
    });
}
