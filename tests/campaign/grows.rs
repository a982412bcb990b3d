//! Whose runs a folder may hold: a study grows, and nobody else's files are touched.

use super::bench::{Bench, RING, mark, marked, unseal};
use super::reading;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn seeds(seeds: &str) -> String {
    format!("{RING}[sweep]\nseed = {seeds}\n")
}

/// Ten agents with two seeds, done; then the scenario has other seeds.
fn with_other_seeds(first: &str, then: &str) -> Bench {
    let bench = Bench::new(&seeds(first));
    bench.run(&[]).with_status(0);
    mark(&bench.results());
    fs::write(bench.path("scenario.toml"), seeds(then)).unwrap();
    bench
}

#[test]
fn seeds_that_are_added_are_run_and_the_others_stay() {
    let bench = with_other_seeds("[1, 2]", "[3, 2, 1]");
    let ended = bench.run(&[]).with_status(0);
    ended.tells(&["2 done, skipped; 1 to run"]);
    assert_eq!(marked(&bench.results()), 2);
    assert_eq!(bench.statuses(), ["done"; 3]);
    let ended = bench.told(&["resume", "out"]).with_status(0);
    ended.tells(&["3 done, skipped; 0 to run"]);
    let told = bench.told(&["status", "out"]).with_status(0).stdout;
    assert!(told.contains("3 done"), "{told}");
}

#[test]
fn seeds_that_are_taken_away_are_removed_only_when_asked() {
    let bench = with_other_seeds("[1, 2, 3]", "[2, 4]");
    let before = bench.contents();
    bench.run(&[]).with_status(2).tells(&[
        "out holds results of another scenario",
        "of 3 runs there, 1 belongs to this one",
        "`sweep.seed`",
        "--out DIR",
        "--force",
    ]);
    assert!(bench.contents() == before, "nothing was changed");
    let ended = bench.run(&["--force"]).with_status(0);
    ended.tells(&["1 done, skipped; 1 to run"]);
    // The marks, which byzsim has not written, stay.
    assert_eq!(marked(&bench.results()), 3);
    let mut runs = reading::runs(&bench.results());
    runs.retain(|run| run.join("summary.json").is_file());
    assert_eq!(runs.len(), 2);
    assert_eq!(bench.statuses(), ["done"; 2]);
}

#[test]
fn points_of_another_build_are_kept_and_told_until_asked() {
    let bench = Bench::new(&seeds("[1, 2]"));
    bench.run(&[]).with_status(0);
    let fingerprints = bench.fingerprints();
    let run = reading::runs(&bench.results()).remove(0);
    let executable = |run: &Path| reading::summary(run)["executable"].clone();
    let own = executable(&run);
    // As if this run were that of a program before it was changed.
    let summary = fs::read_to_string(run.join("summary.json")).unwrap();
    let own_text = own.as_str().unwrap();
    let other = summary.replace(own_text, "00000000deadbeef").replace(
        reading::summary(&run)["fingerprint"].as_str().unwrap(),
        "0123456789abcdef",
    );
    fs::write(run.join("summary.json"), other).unwrap();
    unseal(&run);
    mark(&bench.results());
    let ended = bench.run(&[]).with_status(0);
    ended.tells(&[
        "2 done, skipped, 1 of them by another build of the program: `run … --force` runs them",
    ]);
    for shown in ["00000000deadbeef", own_text, "--force"] {
        assert!(words(&ended.stdout).contains(shown), "{}", ended.stdout);
    }
    assert_eq!(marked(&bench.results()), 2);
    let json = bench.run(&["--format", "json"]).with_status(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["notes"].to_string().contains("00000000deadbeef"));
    let status = bench.told(&["status", "out"]).with_status(0).stdout;
    assert!(status.contains("1 of them by another build"), "{status}");
    let page = fs::read_to_string(bench.results().join("report.html")).unwrap();
    assert!(page.contains("2 builds"));

    let ended = bench.run(&["--force"]).with_status(0);
    ended.tells(&["1 done, skipped; 1 to run, 1 of them again with this build"]);
    assert_eq!(bench.fingerprints(), fingerprints);
    assert_eq!(executable(&run), own);
    let ended = bench.run(&["--force"]).with_status(0);
    ended.tells(&["2 done, skipped; 0 to run"]);
    assert!(!ended.stdout.contains("build"), "{}", ended.stdout);
}

/// A text whose lines are wrapped, in one.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The types of a column in all tables of a campaign that have it.
fn types(results: &Path, column: &str) -> BTreeSet<String> {
    let tables = reading::files(results).into_iter();
    let tables = tables.filter_map(|name| Some(name.strip_suffix(".parquet")?.to_owned()));
    let of_table = |name: String| {
        let found = reading::physical_type(results, &name, column);
        format!(
            "{}",
            found.unwrap_or_else(|| panic!("{name} has no {column}"))
        )
    };
    tables.map(of_table).collect()
}

#[test]
fn a_swept_key_has_one_type_in_all_tables_of_a_campaign() {
    let small = "iterations = 3\n[topology]\nkind = \"ring\"\nagents = 5\n\
                 [task]\nkind = \"target-localization\"\n[record]\ntrace = true\nevery_ms = 10\n";
    let sweep = |values: &str| format!("{small}[sweep]\n{values}\n");
    let only = |kind: &str| BTreeSet::from([kind.to_owned()]);
    for (key, values, kind) in [
        ("link.drop", "[0, 1]", "DOUBLE"),
        (
            "rule.f",
            "[0, \"largest\"]\nrule = { a = { kind = \"trimmed-mean\" } }",
            "BYTE_ARRAY",
        ),
        (
            "link.delay_ms",
            "[5, { kind = \"exponential\", mean = 5 }]",
            "BYTE_ARRAY",
        ),
        ("learner.steps_per_exchange", "[1, 2]", "INT64"),
    ] {
        let bench = Bench::new(&sweep(&format!("\"{key}\" = {values}")));
        bench.run(&[]).with_status(0);
        assert_eq!(types(&bench.results(), key), only(kind), "{key}");
    }
    // A study that grows keeps the type of a key that takes fractions.
    let bench = Bench::new(&sweep("\"link.drop\" = [0, 1]"));
    bench.run(&[]).with_status(0);
    fs::write(
        bench.path("scenario.toml"),
        sweep("\"link.drop\" = [0, 0.5, 1]"),
    )
    .unwrap();
    let ended = bench.run(&[]).with_status(0);
    ended.tells(&["2 done, skipped; 1 to run"]);
    assert!(!ended.stdout.contains("has grown"), "{}", ended.stdout);
    assert_eq!(types(&bench.results(), "link.drop"), only("DOUBLE"));
    // Elsewhere it is told.
    let bench = Bench::new(&sweep("\"link.delay_ms\" = [5, 6]"));
    bench.run(&[]).with_status(0);
    let grown = sweep("\"link.delay_ms\" = [5, 6, { kind = \"exponential\", mean = 5 }]");
    fs::write(bench.path("scenario.toml"), grown).unwrap();
    let told = words(&bench.run(&[]).with_status(0).stdout);
    assert!(
        told.contains("has grown: in the tables of 2 of 3 points"),
        "{told}"
    );
    assert!(told.contains("`link.delay_ms`"), "{told}");
}

#[test]
fn a_name_makes_no_other_scenario() {
    let bench = Bench::new(&seeds("[1, 2]"));
    bench.run(&[]).with_status(0);
    let named = format!("name = \"renamed\"\n{}", seeds("[1, 2]"));
    fs::write(bench.path("scenario.toml"), named).unwrap();
    let ended = bench.run(&[]).with_status(0);
    ended.tells(&["2 done, skipped; 0 to run"]);
    let told = bench.told(&["status", "out"]).with_status(0).stdout;
    assert!(told.starts_with("renamed: 2 points"), "{told}");
}

#[test]
fn files_of_others_are_never_overwritten() {
    for name in ["scenario.toml", "points.parquet"] {
        let bench = Bench::new(RING);
        fs::create_dir(bench.results()).unwrap();
        fs::write(bench.results().join(name), "mine").unwrap();
        for more in [&[][..], &["--force"]] {
            let ended = bench.run(more).with_status(2);
            ended.tells(&[
                &format!("out has a file {name} that belongs to no"),
                "--out",
            ]);
            assert!(!ended.stderr.contains("--force"), "{}", ended.stderr);
            assert_eq!(reading::files(&bench.results()), [name]);
            let found = fs::read_to_string(bench.results().join(name)).unwrap();
            assert_eq!(found, "mine");
        }
    }
    // Such as the scenario itself.
    let bench = Bench::new(RING);
    let run = ["run", "scenario.toml", "--out", ".", "--force"];
    bench.told(&run).with_status(2).tells(&["scenario.toml"]);
    assert_eq!(
        fs::read_to_string(bench.path("scenario.toml")).unwrap(),
        RING
    );
}

#[test]
fn resume_recommends_nothing_that_it_does_not_have() {
    let bench = Bench::new(&seeds("[1, 2]"));
    bench.run(&[]).with_status(0);
    fs::write(bench.results().join("scenario.toml"), seeds("[1, 3]")).unwrap();
    let ended = bench.told(&["resume", "out"]).with_status(2);
    ended.tells(&["of 2 runs there, 1 belongs", "restore them"]);
    for option in ["--out", "--force"] {
        assert!(!ended.stderr.contains(option), "{}", ended.stderr);
    }
}
