//! Whose runs a folder may hold: a study grows, and nobody else's files are touched.

use super::bench::{Bench, RING, mark, marked};
use super::reading;
use std::fs;

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
    assert_eq!(marked(&bench.results()), 1);
    assert_eq!(reading::runs(&bench.results()).len(), 2);
    assert_eq!(bench.statuses(), ["done"; 2]);
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
