//! What the folder tells of a campaign in progress, and who may be in it.

use super::bench::{Bench, ENDLESS, RING, STALLS, await_statuses, await_that, hold};
use super::reading;
use serde_json::Value;
use std::fs;

const RUN: [&str; 6] = ["run", "scenario.toml", "--out", "out", "--threads", "1"];

#[test]
fn every_point_has_a_row_at_any_moment() {
    let bench = Bench::new(&format!("{RING}{ENDLESS}"));
    let running = bench.start(&RUN);
    await_statuses(&bench, &["done", "running", "not begun"]);
    running.signal("TERM");
    assert_eq!(running.end(), Some(130));
    assert_eq!(bench.statuses(), ["done", "interrupted", "not begun"]);

    // What was interrupted is known as such before it goes on.
    let running = bench.start(&["resume", "out", "--threads", "1"]);
    await_statuses(&bench, &["done", "running", "not begun"]);
    running.signal("KILL");
    assert_eq!(running.end(), None);
    let told = bench.told(&["status", "out", "--format", "json"]);
    let told: Value = serde_json::from_str(&told.with_status(0).stdout).unwrap();
    let status = |point: usize| told["points"][point]["status"].as_str().unwrap();
    assert_eq!([0, 1, 2].map(status), ["done", "interrupted", "not begun"]);
    assert_eq!(told["running"], false);
}

#[test]
fn a_folder_is_one_process_s_until_that_has_ended() {
    let bench = Bench::new(&format!("{RING}{ENDLESS}"));
    let running = bench.start(&RUN);
    await_statuses(&bench, &["done", "running", "not begun"]);
    let resume = ["resume", "out"];
    let task = ["resume", "out", "--task", "0", "--tasks", "2"];
    for command in [&RUN[..], &resume[..], &task[..]] {
        let ended = bench.told(command).with_status(2);
        ended.tells(&[
            "out is in use by process",
            "wait until it has ended, or stop it",
        ]);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(bench.statuses(), ["done", "running", "not begun"]);
    let told = bench.told(&["status", "out"]).with_status(0);
    assert_eq!(
        told.stdout,
        "scenario: 3 points, running now\n  1 done\n  1 running\n  1 not begun\n"
    );

    // Whatever ends a process ends its lock.
    running.signal("KILL");
    assert_eq!(running.end(), None);
    // The table of the one that was killed says the same.
    fs::remove_file(bench.results().join("points.parquet")).unwrap();
    let running = bench.start(&RUN);
    await_statuses(&bench, &["done", "running", "not begun"]);
    running.signal("INT");
    assert_eq!(running.end(), Some(130));
}

#[test]
fn status_tells_what_is_done_what_failed_and_what_to_do() {
    let bench = Bench::new(&format!("{RING}{STALLS}"));
    bench.run(&[]).with_status(1);
    let runs = reading::runs(&bench.results());
    let is_done = |run: &&std::path::PathBuf| reading::summary(run)["status"] == "done";
    let done = runs.iter().find(is_done).unwrap();
    fs::remove_file(done.join("summary.json")).unwrap();
    fs::write(done.join("checkpoint"), "").unwrap();
    let told = bench.told(&["status", "out"]).with_status(0).stdout;
    let is_id = |word: &&str| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let ids: Vec<&str> = told.split(' ').filter(is_id).collect();
    assert_eq!(ids.len(), 2, "{told}");
    let told = ids
        .iter()
        .fold(told.clone(), |told, id| told.replace(id, "ID"));
    insta::assert_snapshot!(told, @"
    scenario: 4 points
      1 done
      2 failed
      1 interrupted, 1 with a checkpoint
    failed: run ID (link.drop = 0.999, seed = 1): the run stalls in
    iteration 0, which began at 0 ms of simulated time: agent 1 waits for the model
    of agent 0, which the link from 0 to 1 has lost 4 times, or brought while agent
    1 was down; allow more attempts with link.retransmit_limit, longer pauses with
    link.retransmit_ms, lose less, or let agents go on without a model: without
    link.retransmit_ms, or in deadline mode
    failed: run ID (link.drop = 0.999, seed = 2): the run stalls in
    iteration 0, which began at 0 ms of simulated time: agent 1 waits for the model
    of agent 0, which the link from 0 to 1 has lost 4 times, or brought while agent
    1 was down; allow more attempts with link.retransmit_limit, longer pauses with
    link.retransmit_ms, lose less, or let agents go on without a model: without
    link.retransmit_ms, or in deadline mode
    `byzsim resume out` runs what is not done
    `byzsim resume out --retry-failed` runs again what failed
    ");
}

/// Begins a task that is interrupted at its first run, and cannot write its last table then.
fn endless(shell: &str) -> (Bench, super::bench::Running, fs::File) {
    let bench = Bench::new(&format!("{RING}{ENDLESS}"));
    let running = bench.start(&RUN);
    await_statuses(&bench, &["done", "running", "not begun"]);
    running.signal("INT");
    assert_eq!(running.end(), Some(130));
    let program = bench.byzsim(&[]);
    let program = program.get_program().to_str().unwrap();
    let command = format!("{shell} exec '{program}' resume out --task 0 --tasks 1 --threads 1");
    let mut sh = std::process::Command::new("sh");
    sh.current_dir(bench.path("")).args(["-c", &command]);
    let running = bench.start_telling(&mut sh);
    await_statuses(&bench, &["done", "running", "not begun"]);
    let held = hold(&bench.results().join(".points.lock"));
    (bench, running, held)
}

fn await_told(bench: &Bench, line: &str) {
    let told = || fs::read_to_string(bench.path("told")).unwrap();
    await_that(line, || told().contains(line));
}

#[test]
fn the_first_interruption_is_told_at_once_and_the_second_ends_at_once() {
    let (bench, running, held) = endless("");
    running.signal("INT");
    await_told(&bench, "Interrupted: writing checkpoints");
    running.signal("INT");
    assert_eq!(running.end(), Some(130));
    await_told(&bench, "Ended at once.");
    drop(held);
    let told = bench.told(&["status", "out"]).with_status(0).stdout;
    assert!(!told.contains("running"), "{told}");
}

#[test]
fn what_outlives_its_terminal_is_not_ended_by_it() {
    let (bench, running, held) = endless("trap '' HUP;");
    running.signal("HUP");
    running.signal("INT");
    await_told(&bench, "Interrupted: writing checkpoints");
    drop(held);
    assert_eq!(running.end(), Some(130));
    let told = fs::read_to_string(bench.path("told")).unwrap();
    assert!(!told.contains("Ended at once"), "{told}");
}

#[test]
fn a_run_that_stays_locked_is_told_of() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let run = &reading::runs(&bench.results())[0];
    fs::remove_file(run.join("summary.json")).unwrap();
    let _held = hold(&run.join(".lock"));
    let ended = bench.told(&["resume", "out"]).with_status(1);
    ended.tells(&["1 point was not run: locked by another process"]);
}
