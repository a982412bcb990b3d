//! What is run when a campaign goes on.

use super::bench::{Bench, RING, STALLS, mark, marked, remove};
use super::reading::{self, Table};
use byzsim::actors::{self, RunOptions};
use byzsim::data::Library;
use byzsim::record::RunError;
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[test]
fn failed_points_stop_no_others_and_are_run_again_only_when_asked() {
    let bench = Bench::new(&format!("{RING}{STALLS}"));
    let ended = bench.run(&[]).with_status(1);
    ended.tells(&["stalls in iteration 0", "With --retry-failed"]);
    let expected = ["done", "done", "failed", "failed"];
    assert_eq!(bench.statuses(), expected);

    mark(&bench.results());
    for command in [
        &["run", "scenario.toml", "--out", "out"][..],
        &["resume", "out"],
    ] {
        let ended = bench.told(command).with_status(1);
        ended.tells(&[
            "2 done, skipped; 2 failed before, skipped; 0 to run",
            "2 runs: the run stalls in iteration 0",
            "(link.drop = 0.999, seed = 1) run",
            "(link.drop = 0.999, seed = 2) With",
            "With --retry-failed",
        ]);
        assert!(ended.stdout.contains("failed"), "{}", ended.stdout);
        assert_eq!(marked(&bench.results()), 4, "nothing was run");
        assert_eq!(bench.statuses(), expected);
    }
    let json = bench.told(&["resume", "out", "--format", "json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["points"][2]["status"], "failed");
    let error = json["points"][2]["error"].as_str().unwrap();
    assert!(error.contains("stalls in iteration 0"), "{error}");
    let page = fs::read_to_string(bench.results().join("report.html")).unwrap();
    assert!(page.contains("2 failed"), "the report tells");

    let ended = bench.told(&["resume", "out", "--retry-failed"]);
    let ended = ended.with_status(1);
    ended.tells(&["2 done, skipped; 2 to run"]);
    assert!(!ended.stderr.contains("--retry"), "{}", ended.stderr);
    assert_eq!(marked(&bench.results()), 4, "what is not ours stays");
    assert_eq!(bench.statuses(), expected);
}

#[test]
fn more_recording_runs_again_what_lacks_it_and_comes_to_the_same() {
    let bench = Bench::new(&format!("{RING}[sweep]\nseed = [1, 2, 3]\n"));
    bench.run(&[]).with_status(0);
    let first = bench.fingerprints();
    let traced = |bench: &Bench| {
        let runs = reading::runs(&bench.results());
        let has = |run: &&std::path::PathBuf| run.join("messages.parquet").is_file();
        runs.iter().filter(has).count()
    };

    mark(&bench.results());
    let trace = ["--set", "record.trace=true"];
    let ended = bench.run(&trace).with_status(0);
    ended.tells(&["3 to run, 3 of them again to record more"]);
    assert_eq!((traced(&bench), marked(&bench.results())), (3, 3));
    assert_eq!(bench.fingerprints(), first);
    let scenario = fs::read_to_string(bench.results().join("scenario.toml")).unwrap();
    assert!(scenario.contains("trace = true"), "{scenario}");

    // Less is there already, and more where it was asked for.
    mark(&bench.results());
    let ended = bench.run(&[]).with_status(0);
    ended.tells(&["3 done, skipped; 0 to run"]);
    remove(&reading::runs(&bench.results())[..1]);
    bench.run(&[]).with_status(0);
    assert_eq!((traced(&bench), marked(&bench.results())), (2, 2));
    let ended = bench.run(&trace).with_status(0);
    ended.tells(&["2 done, skipped; 1 to run, 1 of them again to record more"]);
    assert_eq!((traced(&bench), marked(&bench.results())), (3, 2));
    assert_eq!(bench.fingerprints(), first);
}

#[test]
fn what_is_run_again_to_record_more_records_also_what_it_had() {
    let bench = Bench::new(RING);
    let recorded = |more: &[&str], told: &str| {
        let more: Vec<&str> = more.iter().flat_map(|set| ["--set", set]).collect();
        bench.run(&more).with_status(0).tells(&[told]);
        reading::summary(&reading::runs(&bench.results())[0])["record"].clone()
    };
    bench
        .run(&["--set", "record.trace=true", "--set", "record.every_ms=5"])
        .with_status(0);
    let both = recorded(
        &["record.weights=\"all\""],
        "1 of them again to record more",
    );
    assert_eq!(
        (&both["trace"], &both["weights"], &both["every_ms"]),
        (&true.into(), &"all".into(), &5.0.into())
    );
    let run = &reading::runs(&bench.results())[0];
    assert!(run.join("messages.parquet").is_file());
    for less in [
        &[][..],
        &["record.every_iterations=4"],
        &["record.every_ms=10"],
    ] {
        assert_eq!(recorded(less, "1 done, skipped; 0 to run"), both);
    }
    let other = recorded(&["record.steady_from=3"], "1 of them again");
    assert_eq!(
        (&other["steady_from"], &other["trace"]),
        (&3.into(), &true.into())
    );
}

#[test]
fn a_done_run_without_its_tables_is_run_again() {
    let bench = Bench::new(&format!("{RING}[sweep]\nseed = [1, 2]\n"));
    bench.run(&[]).with_status(0);
    let first = bench.fingerprints();
    let rounds = reading::runs(&bench.results())[0].join("rounds.parquet");
    fs::remove_file(&rounds).unwrap();
    let told = bench.told(&["status", "out"]).with_status(0).stdout;
    assert!(told.contains("1 failed"), "{told}");
    let ended = bench.told(&["resume", "out"]).with_status(0);
    ended.tells(&["1 done, skipped; 1 to run"]);
    assert!(rounds.is_file());
    assert_eq!(bench.fingerprints(), first);
}

#[test]
fn a_checkpoint_that_is_lost_begins_anew() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let first = bench.fingerprints();
    let run = &reading::runs(&bench.results())[0];
    fs::remove_file(run.join("summary.json")).unwrap();
    fs::write(run.join("checkpoint"), "damaged").unwrap();
    bench.told(&["resume", "out"]).with_status(0);
    assert_eq!(bench.fingerprints(), first);
    assert!(!run.join("checkpoint").exists());
}

/// Interrupts a scenario's only run as soon as it has begun, in this program instead of that one.
fn interrupt_here(bench: &Bench, run: &Path) {
    let catalogues = Catalogues::default();
    let file = ScenarioFile::open(&bench.path("scenario.toml"), &[], &catalogues).unwrap();
    let library = Library::new(None, &file.folder);
    let plan = Plan::draw(&file, &file.points[0], &library, &catalogues).unwrap();
    let options = RunOptions {
        folder: Some(run.to_owned()),
        interrupt: Arc::new(AtomicBool::new(true)),
        ..RunOptions::default()
    };
    let error = actors::run(plan.into(), options).unwrap_err();
    assert!(matches!(error, RunError::Interrupted { .. }), "{error}");
}

#[test]
fn a_checkpoint_of_another_program_is_refused_until_it_is_given_up() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let first = bench.fingerprints();
    let run = &reading::runs(&bench.results())[0];
    interrupt_here(&bench, run);
    let ended = bench.told(&["resume", "out"]).with_status(1);
    ended.tells(&[
        "cannot go on from",
        "written by another program",
        "With --retry-failed, runs begin anew",
    ]);
    assert!(
        !ended.stderr.contains("the same command"),
        "{}",
        ended.stderr
    );
    let ended = bench.told(&["resume", "out", "--retry-failed"]);
    let ended = ended.with_status(0);
    assert!(!ended.stderr.contains("--retry"), "{}", ended.stderr);
    assert_eq!(bench.fingerprints(), first);
}

#[test]
fn resume_goes_on_from_any_folder_with_the_data_of_the_first_time() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/");
    let bench = Bench::new(&fs::read_to_string(format!("{shipped}own-data.toml")).unwrap());
    fs::copy(format!("{shipped}own-data.csv"), bench.path("own-data.csv")).unwrap();
    fs::create_dir(bench.path("data")).unwrap();
    let more = [
        "--set",
        "epochs=2",
        "--data",
        "data",
        "--checkpoint-every",
        "7",
    ];
    bench.run(&more).with_status(0);
    let (first, kept) = (bench.fingerprints(), bench.results().join("campaign.json"));
    let kept_before = fs::read_to_string(&kept).unwrap();
    let json: Value = serde_json::from_str(&kept_before).unwrap();
    assert_eq!(json["checkpoint_every"], 7);
    assert_eq!(
        json["data"],
        bench.path("data").canonicalize().unwrap().to_str().unwrap()
    );

    // The same command without them goes on as it began.
    bench.run(&["--set", "epochs=2"]).with_status(0);
    assert_eq!(fs::read_to_string(&kept).unwrap(), kept_before);

    remove(&reading::runs(&bench.results())[3..5]);
    let elsewhere = tempfile::tempdir().unwrap();
    let results = bench.results();
    let mut resume = bench.byzsim(&["resume", results.to_str().unwrap()]);
    let ended = resume.current_dir(elsewhere.path()).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}");
    assert!(told.contains("13 done, skipped; 2 to run"), "{told}");
    assert_eq!(bench.fingerprints(), first);
    assert_eq!(fs::read_to_string(kept).unwrap(), kept_before);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn resume_of_a_finished_folder_changes_nothing() {
    let bench = Bench::new(&format!("{RING}[sweep]\nseed = [1, 2]\n"));
    bench.run(&[]).with_status(0);
    let before = bench.contents();
    let ended = bench.told(&["resume", "out"]).with_status(0);
    ended.tells(&["2 done, skipped; 0 to run"]);
    assert!(
        bench.contents() == before,
        "the same files with the same bytes"
    );
    assert_eq!(Table::read(&bench.results(), "points").rows.len(), 2);
}

#[test]
fn resume_and_status_need_a_folder_of_results() {
    let bench = Bench::new(RING);
    for command in ["resume", "status"] {
        let ended = bench.told(&[command, "nowhere"]).with_status(2);
        ended.tells(&[
            "nowhere holds no campaign",
            "a folder that `run` has written",
        ]);
        assert!(!bench.path("nowhere").exists(), "nothing was made");
    }
}

/// A timeline that is finer than a thousandth of what passes between events is thinned, and it is said.
#[test]
fn a_timeline_that_is_thinned_is_reported() {
    let clock = "[clock]\nmode = \"asynchronous\"\ncompute_ms = 1000\n[record]\nevery_ms = ";
    for (every, is_thinned) in [("0.5", true), ("2", false)] {
        let bench = Bench::new(&format!("{RING}{clock}{every}\n"));
        let checked = bench
            .told(&["check", "scenario.toml", "--time", "0"])
            .stdout;
        let ran = bench.run(&[]).with_status(0);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for (text, what) in [
            (checked, "moments at which nothing happens"),
            (said, "has no row for most"),
        ] {
            let text: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(
                text.join(" ").contains(what),
                is_thinned,
                "{every}: {text:?}"
            );
        }
    }
}
