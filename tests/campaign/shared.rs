//! Tasks that share a campaign.

use super::bench::{Bench, RING, await_that, hold, mark, marked, remove, unseal};
use super::reading;
use std::fs;

const SWEEP: &str = "[sweep]\nseed = { from = 1, count = 4 }\n\
                     [sweep.rule]\nloss = { kind = \"loss\" }\naverage = { kind = \"average\" }\n";

/// A campaign whose eight runs are to be done.
fn to_be_done() -> (Bench, Vec<String>) {
    let bench = Bench::new(&format!("{RING}{SWEEP}"));
    bench.run(&[]).with_status(0);
    let fingerprints = bench.fingerprints();
    remove(&reading::runs(&bench.results()));
    fs::remove_file(bench.results().join("report.html")).unwrap();
    (bench, fingerprints)
}

fn task(task: &str) -> [&str; 8] {
    [
        "resume",
        "out",
        "--task",
        task,
        "--tasks",
        "2",
        "--threads",
        "1",
    ]
}

#[test]
fn each_task_runs_its_share_and_the_last_tells_of_all() {
    let (bench, fingerprints) = to_be_done();
    let first = bench.told(&task("0")).with_status(0);
    first.tells(&["4 left to other tasks; 4 to run"]);
    let statuses = bench.statuses();
    let count = |word: &str| statuses.iter().filter(|status| *status == word).count();
    assert_eq!((count("done"), count("not begun")), (4, 4));
    assert!(!bench.results().join("report.html").exists());
    mark(&bench.results());

    let second = bench.told(&task("1")).with_status(0);
    second.tells(&["4 done, skipped; 4 to run"]);
    assert!(second.stdout.contains("steady loss"), "{}", second.stdout);
    assert_eq!(bench.statuses(), ["done"; 8]);
    assert!(bench.results().join("report.html").is_file());
    assert_eq!(marked(&bench.results()), 4, "what was done stays");
    assert_eq!(bench.fingerprints(), fingerprints);
}

#[test]
fn tasks_at_the_same_time_run_every_point_once() {
    let (bench, fingerprints) = to_be_done();
    let tasks = ["0", "1"].map(|number| bench.start(&task(number)));
    for running in tasks {
        assert_eq!(running.end(), Some(0));
    }
    assert_eq!(bench.statuses(), ["done"; 8]);
    assert_eq!(bench.fingerprints(), fingerprints);
    assert!(bench.results().join("report.html").is_file());
}

#[test]
fn there_is_no_task_beyond_the_last() {
    let (bench, _) = to_be_done();
    let ended = bench.told(&task("2")).with_status(2);
    ended.tells(&["there is no task 2 of 2", "from 0 to 1"]);
}

#[test]
fn a_run_that_somebody_has_is_waited_for() {
    let (bench, fingerprints) = to_be_done();
    // Its folder is there, and the run was not begun.
    let first = bench.told(&task("1")).with_status(0);
    first.tells(&["4 to run"]);
    let own = fs::read_to_string(bench.results().join("campaign.json")).unwrap();
    let own: serde_json::Value = serde_json::from_str(&own).unwrap();
    let is_own = |id: &&str| !bench.results().join("runs").join(id).exists();
    let ids = own["runs"].as_array().unwrap().iter();
    let id = ids.map(|id| id.as_str().unwrap()).find(is_own).unwrap();
    let run = bench.results().join("runs").join(id);
    fs::create_dir(&run).unwrap();
    let held = hold(&run.join(".lock"));
    let running = bench.start(&task("0"));
    let done = || bench.statuses().iter().filter(|s| *s == "done").count();
    await_that("all others", || done() == 7);
    assert!(!bench.results().join("report.html").exists());
    drop(held);
    assert_eq!(running.end(), Some(0));
    assert_eq!(bench.statuses(), ["done"; 8]);
    assert_eq!(bench.fingerprints(), fingerprints);
    assert!(bench.results().join("report.html").is_file());
}

#[test]
fn tasks_that_end_together_make_one_report() {
    let bench = Bench::new(&format!("{RING}{SWEEP}"));
    bench.run(&[]).with_status(0);
    for _ in 0..3 {
        fs::remove_file(bench.results().join("report.html")).unwrap();
        let tasks = ["0", "1", "0", "1"].map(|number| bench.start(&task(number)));
        for running in tasks {
            assert_eq!(running.end(), Some(0));
        }
        assert!(bench.results().join("report.html").is_file());
    }
}

#[test]
fn a_task_that_hangs_while_it_writes_holds_up_no_other() {
    let (bench, fingerprints) = to_be_done();
    let _held = hold(&bench.results().join(".points.lock"));
    for number in ["0", "1"] {
        bench.told(&task(number)).with_status(0);
    }
    assert_eq!(bench.statuses(), ["done"; 8]);
    assert_eq!(bench.fingerprints(), fingerprints);
}

#[test]
fn what_another_task_is_to_run_again_is_not_over() {
    let (bench, _) = to_be_done();
    bench.told(&task("1")).with_status(0);
    let others = reading::runs(&bench.results());
    let fails = |kind: &str| {
        for run in &others {
            let mut summary = reading::summary(run);
            summary["status"] = "failed".into();
            summary["error"] = serde_json::json!({"kind": kind, "message": "why"});
            fs::write(run.join("summary.json"), summary.to_string()).unwrap();
            unseal(run);
        }
    };
    fails("write");
    let ended = bench.told(&task("0")).with_status(0);
    ended.tells(&["4 left to other tasks; 4 to run"]);
    assert!(!bench.results().join("report.html").exists());
    fails("stall");
    bench.told(&task("0")).with_status(0);
    assert!(bench.results().join("report.html").is_file(), "that is all");
}
