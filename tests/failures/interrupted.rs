//! An interruption leaves what was recorded, and the same command goes on from there.

use super::bench::{Bench, Ended, RING, await_that, is_readable, program};
use super::reading::{self, Table};
use std::process::{Child, Command};
use std::time::Instant;

super::tests![
    an_interruption_leaves_readable_tables_and_the_same_command_goes_on,
    the_first_signal_ends_a_check_at_once,
    the_first_signal_ends_what_only_draws,
];

/// Three points, the second of which would never end.
const ENDLESS: &str =
    "[task]\nkind = \"target-localization\"\n[sweep]\niterations = [10, 1000000000, 20]\n";

fn interrupt(bench: &Bench, child: Child) -> Ended {
    signal(bench, child, "INT")
}

fn signal(bench: &Bench, child: Child, name: &str) -> Ended {
    let begun = Instant::now();
    let pid = child.id();
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .status();
    assert!(sent.expect("a shell").success());
    let ended = bench.await_end(child, begun);
    println!("ended {:?} after the interruption", ended.took);
    ended
}

fn an_interruption_leaves_readable_tables_and_the_same_command_goes_on() {
    let bench = Bench::new(&format!("{RING}{ENDLESS}"));
    let arguments = ["--threads", "1"];
    let child = bench.start(&mut bench.command(&arguments));
    // The second point has begun when its network stands.
    let has_begun = || {
        let runs = bench.results().join("runs");
        runs.is_dir()
            && reading::files(&runs)
                .iter()
                .filter(|f| f.ends_with("edges.parquet"))
                .count()
                == 2
    };
    await_that("the second point", has_begun);
    let ended = interrupt(&bench, child).with_status(130);
    assert!(
        ended.stderr.contains("interrupted after"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("1 point was not begun"),
        "{}",
        ended.stderr
    );
    let points = Table::read(&bench.results(), "points");
    assert_eq!(points.texts("status"), ["done", "interrupted", "not begun"]);
    let mut statuses: Vec<String> = Vec::new();
    for run in reading::runs(&bench.results()) {
        let summary = reading::summary(&run);
        let iterations = summary["iterations"].as_u64().unwrap();
        assert!(iterations > 0);
        let status = summary["status"].as_str().unwrap();
        is_readable(&run, status, iterations as usize);
        statuses.push(status.to_owned());
    }
    statuses.sort();
    assert_eq!(statuses, ["done", "interrupted"]);

    let child = bench.start(&mut bench.command(&arguments));
    await_that("going on", || {
        bench
            .printed("stderr")
            .contains("1 done, skipped; 2 to run")
    });
    interrupt(&bench, child).with_status(130);
}

/// A scenario whose task is loading for an hour the `nth` time.
fn stuck(nth: u32) -> Bench {
    Bench::new(&format!(
        "{RING}[task]\nkind = \"fragile\"\nstuck_at_load = {nth}\n"
    ))
}

fn await_stuck(bench: &Bench) {
    await_that("loading", || bench.path("stuck").is_file());
}

fn the_first_signal_ends_a_check_at_once() {
    for name in ["INT", "TERM", "HUP"] {
        let bench = stuck(1);
        let mut check = program();
        check.current_dir(bench.path("."));
        let child = bench.start(check.args(["check", "scenario.toml"]));
        await_stuck(&bench);
        let ended = signal(&bench, child, name).with_status(130);
        assert_eq!(ended.stderr.trim(), "Interrupted.");
    }
}

/// Points are drawn to check them before anything is run, and once more when their turn comes.
fn the_first_signal_ends_what_only_draws() {
    for (nth, before) in [(1, true), (2, false)] {
        let bench = stuck(nth);
        let child = bench.start(&mut bench.command(&[]));
        await_stuck(&bench);
        signal(&bench, child, "TERM").with_status(130);
        assert_eq!(bench.results().join("points.parquet").is_file(), !before);
        std::fs::remove_file(bench.path("stuck")).expect("it was there");
        // What was locked by the process is free.
        let again = bench.start(&mut bench.command(&[]));
        await_stuck(&bench);
        signal(&bench, again, "INT").with_status(130);
    }
}
