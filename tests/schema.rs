//! The JSON Schema that editors read holds for every scenario that `check` accepts, and for few
//! others.

use byzsim::scenario::{Catalogues, SCHEMA_FILE, ScenarioFile, schema};
use jsonschema::Validator;
use std::path::{Path, PathBuf};

/// The scenarios in a folder, by path, with their texts.
fn scenarios(folder: &str) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema(&Catalogues::default())).expect("a schema")
}

/// What a schema finds wrong with a scenario.
fn mistakes(validator: &Validator, text: &str) -> Vec<String> {
    let document: toml::Table = text.parse().expect("TOML");
    let document = serde_json::to_value(document).unwrap();
    let mistakes = validator.iter_errors(&document);
    mistakes
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[test]
fn x() {
    let v = validator();
    for (path, text) in scenarios("tests/wrong") {
        let Ok(_) = text.parse::<toml::Table>() else {
            println!("NOTOML {}", path.display());
            continue;
        };
        let m = mistakes(&v, &text);
        if m.is_empty() {
            println!("PASSES {}", path.file_stem().unwrap().to_string_lossy());
        }
    }
}
