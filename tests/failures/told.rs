//! How what goes wrong is told: as JSON where programs read it, in color where people do.

use super::bench::{Bench, RING, program};
use serde_json::{Value, json};

super::tests![
    failed_runs_are_told_in_one_json_document,
    mistakes_are_told_in_json_with_their_places,
    other_errors_are_told_in_json_without_a_place,
    quiet_leaves_the_json_that_was_asked_for,
    colors_are_for_terminals,
];

const TASK: &str = "[task]\nkind = \"target-localization\"\n";

/// What was printed on standard output, all of which is one JSON document.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in: {text}"))
}

fn failed_runs_are_told_in_one_json_document() {
    let sweep = "[task]\nkind = \"fragile\"\n[sweep]\n\"task.at\" = [1000, 5]\n";
    let bench = Bench::new(&format!("{RING}[rule]\nkind = \"average\"\n{sweep}"));
    let ended = bench.run(&["--format", "json"]).with_status(1);
    ended.tells(&["agent 4 panicked in iteration 5"]);
    let told = document(&ended.stdout);
    assert_eq!(told["results"], "out");
    assert_eq!(told["report"], "out/report.html");
    let points = told["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    assert_eq!(points[0]["settings"], json!({"task.at": 1000}));
    assert_eq!(points[0]["status"], "done");
    assert_eq!(points[0]["iterations"], 40);
    assert!(points[0]["steady"]["loss"]["mean"].is_f64());
    assert_eq!(points[1]["status"], "failed");
    let error = points[1]["error"].as_str().unwrap();
    assert!(error.contains("agent 4 panicked"), "{error}");
    for point in points {
        let run = point["id"].as_str().unwrap();
        assert!(bench.results().join("runs").join(run).is_dir(), "{run}");
    }
}

fn mistakes_are_told_in_json_with_their_places() {
    let bench = Bench::new(&format!("{RING}{TASK}flavor = 1\n[rule]\nkind = \"los\"\n"));
    for command in ["check", "run"] {
        let mut program = program();
        program.current_dir(bench.path("."));
        program.args([command, "scenario.toml", "--format", "json"]);
        program.args(["--set", "seed=-1"]);
        let ended = bench.end(program).with_status(2);
        // People are told on standard error all the same.
        assert_eq!(ended.errors().len(), 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("3 mistakes"), "{}", ended.stderr);
        let told = document(&ended.stdout);
        let errors = told["errors"].as_array().unwrap();
        let place = |error: &Value| {
            let number = |key: &str| error[key].as_u64().unwrap();
            let file = error["file"].as_str().unwrap().to_owned();
            (file, number("line"), number("column"))
        };
        let places: Vec<_> = errors.iter().map(place).collect();
        let file = || "scenario.toml".to_owned();
        let expected = [(file(), 7, 1), (file(), 9, 8), ("--set".to_owned(), 1, 6)];
        assert_eq!(places, expected);
        assert_eq!(errors[1]["offending"], "\"los\"");
        assert_eq!(errors[1]["message"], "unknown rule `los`");
        let help = errors[1]["help"].as_str().unwrap();
        assert!(help.starts_with("did you mean `loss`?"), "{help}");
    }
    assert!(!bench.results().exists(), "nothing was run");
}

fn other_errors_are_told_in_json_without_a_place() {
    let bench = Bench::new(&format!("{RING}{TASK}"));
    bench.run(&[]).with_status(0);
    let ended = bench
        .run(&["--set", "seed=2", "--format", "json"])
        .with_status(2);
    ended.tells(&["another scenario"]);
    let told = document(&ended.stdout);
    assert_eq!(told["errors"][0]["file"], Value::Null);
    let help = told["errors"][0]["help"].as_str().unwrap();
    assert!(help.contains("--force"), "{help}");
}

fn quiet_leaves_the_json_that_was_asked_for() {
    let bench = Bench::new(&format!("{RING}{TASK}"));
    let ended = bench.run(&["--quiet", "--format", "json"]).with_status(0);
    assert_eq!(document(&ended.stdout)["points"][0]["status"], "done");
    assert_eq!(ended.stderr, "");
    let ended = bench.run(&["--quiet"]).with_status(0);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("", ""));
}

fn colors_are_for_terminals() {
    let bench = Bench::new(&format!("{RING}{TASK}flavor = 1\n"));
    let told = |variables: &[(&str, &str)]| {
        let mut command = bench.command(&[]);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        bench.end(command).with_status(2).stderr
    };
    let plain = told(&[]);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let forced = told(&[("CLICOLOR_FORCE", "1")]);
    assert!(forced.contains("\u{1b}["), "{forced}");
    assert_eq!(told(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
}
