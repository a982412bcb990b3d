//! The JSON Schema that editors read holds for every scenario that `check` accepts, and not for
//! misspelled keys, wrong types and values out of range.

mod wrong_but_valid;

use byzsim::scenario::{Catalogues, SCHEMA_FILE, ScenarioFile, schema};
use jsonschema::Validator;
use std::path::{Path, PathBuf};
use std::process::Command;
use wrong_but_valid::WRONG_BUT_VALID;

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

/// What a schema finds wrong with a text; `None` where it is not TOML.
fn mistakes(validator: &Validator, text: &str) -> Option<Vec<String>> {
    let document: toml::Table = text.parse().ok()?;
    let document = serde_json::to_value(document).unwrap();
    let mistakes = validator.iter_errors(&document);
    Some(
        mistakes
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect(),
    )
}

fn accepts(validator: &Validator, text: &str) {
    assert_eq!(mistakes(validator, text), Some(Vec::new()), "{text}");
}

#[test]
fn it_is_a_schema_of_draft_7() {
    let schema = schema(&Catalogues::default());
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    jsonschema::meta::validate(&schema).expect("a schema");
}

#[test]
fn the_committed_copy_is_what_the_program_prints() {
    let byzsim = Command::new(env!("CARGO_BIN_EXE_byzsim"))
        .arg("schema")
        .output()
        .unwrap();
    let printed = String::from_utf8(byzsim.stdout).unwrap();
    let path = Path::new("scenarios").join(SCHEMA_FILE);
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        printed == committed,
        "write it anew: cargo run --release -- schema > scenarios/{SCHEMA_FILE}"
    );
    let parsed: serde_json::Value = committed.parse().unwrap();
    assert_eq!(parsed, schema(&Catalogues::default()));
}

#[test]
fn shipped_scenarios_name_it_in_their_heads_and_are_valid_also_resolved() {
    let validator = validator();
    let catalogues = Catalogues::default();
    for (path, text) in scenarios("scenarios") {
        // Editors look for it among the comments before a first blank line.
        let head: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        let directive = format!("#:schema ./{SCHEMA_FILE}");
        assert_eq!(head.last(), Some(&&*directive), "{}", path.display());
        assert_eq!(text.lines().nth(head.len()), Some(""), "{}", path.display());
        accepts(&validator, &text);
        let file = ScenarioFile::open(&path, &[], &catalogues).unwrap();
        accepts(&validator, &file.resolved());
    }
}

#[test]
fn wrong_scenarios_are_not_valid_but_for_what_only_a_program_can_tell() {
    let validator = validator();
    let known: Vec<&str> = WRONG_BUT_VALID
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let mut valid = Vec::new();
    let mut invalid = 0;
    for (path, text) in scenarios("tests/wrong") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // What stands on the command line is in no file.
        let is_of_the_command_line = text.starts_with("# --set ");
        match mistakes(&validator, &text) {
            Some(mistakes) if mistakes.is_empty() && !is_of_the_command_line => valid.push(name),
            _ => invalid += 1,
        }
    }
    let unknown: Vec<&String> = valid
        .iter()
        .filter(|n| !known.contains(&n.as_str()))
        .collect();
    assert!(unknown.is_empty(), "wrong and yet valid: {unknown:?}");
    let gone: Vec<&&str> = known
        .iter()
        .filter(|n| !valid.iter().any(|v| v == **n))
        .collect();
    assert!(gone.is_empty(), "no longer valid: {gone:?}");
    assert!(invalid > 200, "{invalid}");
}

/// Scenarios in which a sweep gives tables what they lack, or lets keys of several kinds stand.
const COMPLETED_BY_SWEEPS: [&str; 10] = [
    "[sets]\nslow = [1]\n[sweep]\n\"sets.slow\" = [[1], { random = 3 }]",
    "[sweep]\nsets = { one = { x = [0] }, two = { x = [1, 2] } }",
    "[rule]\nfilter = false\npower = 3.0\n[sweep]\n\"rule.kind\" = [\"loss\", \"distance\"]",
    "[rule]\nkind = \"loss\"\npower = 3.0\n[sweep]\n\"rule.kind\" = [\"loss\", \"distance\"]",
    "[rule]\nkind = \"krum\"\n[sweep]\n\"rule.f\" = [1, 2]",
    "[rule]\nkind = \"krum\"\n[sweep]\nrule = { mean = { kind = \"average\" } }",
    "[clock]\nmode = \"deadline\"\n[sweep]\n\"clock.period_ms\" = [50, 100]",
    "[clock]\nquorum = 0.5\nperiod_ms = 9\n[sweep]\n\"clock.mode\" = [\"synchronous\", \"deadline\"]",
    "[[attack]]\nname = \"a\"\nkind = \"uniform\"\nlow = 1\nagents = {}\n[sweep]\n\
     \"attack.a.agents.random\" = [0, 5]\n\"attack.a.high\" = [2.0, 3.0]",
    "[link]\ndelay_ms = { mean = 3, median = 2, sigma = 1 }\n[sweep]\n\
     \"link.delay_ms.kind\" = [\"exponential\", \"lognormal\"]",
];

#[test]
fn what_a_sweep_completes_is_valid() {
    let validator = validator();
    for text in COMPLETED_BY_SWEEPS {
        let text = format!("[task]\nkind = \"target-localization\"\n{text}\n");
        let folder = PathBuf::from(".");
        let read = ScenarioFile::parse("a", &text, "a", folder, &[], &Catalogues::default());
        if let Err(error) = read {
            panic!("{error}");
        }
        accepts(&validator, &text);
    }
    let whole = "[sweep]\ntask = { a = { kind = \"target-localization\" } }\n";
    accepts(&validator, whole);
}

#[test]
fn a_mistake_is_told_where_it_is_and_not_twice_around_it() {
    let validator = validator();
    let task = "[task]\nkind = \"target-localization\"\n";
    for (text, told) in [
        ("[link]\ndrop = 2\n", "/link/drop: 2 is greater"),
        (
            "[rule]\nkind = \"krum\"\n",
            "/rule: \"f\" is a required property",
        ),
        (
            "[learner]\nstep_size = { kind = \"decay\", initial = -1, rate = 1 }\n",
            "/learner/step_size/initial: -1 is less than",
        ),
        (
            "[rule]\nkind = \"average\"\nforgetting = 0.1\n",
            "/rule: \"forgetting\" is not one of",
        ),
        (
            "[sweep]\nrule = { a = { kind = \"krum\" } }\n",
            "/sweep/rule/a: \"f\" is a required",
        ),
        (
            "[sweep]\n\"link.drop\" = [0.5, 2]\n",
            "/sweep/link.drop/1: 2 is greater",
        ),
    ] {
        let found = mistakes(&validator, &format!("{task}{text}")).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(told), "{found:?}");
    }
}
