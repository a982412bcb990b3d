//! A panic in any part ends the run, not the program's other runs, and never hangs it.

use super::bench::{Bench, Ended, RING, is_readable};
use super::plugins::OBSERVERS;
use super::reading;

super::tests![
    a_panic_in_a_task_names_agent_iteration_and_time_on_any_number_of_threads,
    a_broken_rule_prints_one_error_and_one_backtrace,
    a_panic_in_a_rule_names_agent_iteration_and_time,
    a_panic_in_an_attack_names_the_attacker_and_the_attack,
    a_panic_in_the_recorder_names_iteration_and_time,
    a_part_that_cannot_be_made_is_named,
    a_task_that_cannot_be_loaded_ends_the_program,
    a_task_without_parameters_is_refused,
    an_observer_that_cannot_be_made_stops_its_run,
    other_points_go_on,
    a_failed_run_is_run_again_when_asked,
];

const AVERAGE: &str = "[rule]\nkind = \"average\"\n";

fn attacked(keys: &str) -> String {
    format!(
        "{RING}[task]\nkind = \"fragile\"\n{AVERAGE}[[attack]]\nname = \"moles\"\nagents = [4]\nkind = \"fragile\"\n{keys}"
    )
}

fn one_failure_leads_to_no_others(ended: &Ended) {
    let panics = ended.stderr.matches("panicked at").count();
    assert_eq!(panics, 1, "{}", ended.stderr);
}

fn a_panic_in_a_task_names_agent_iteration_and_time_on_any_number_of_threads() {
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(&format!(
            "{RING}{AVERAGE}[task]\nkind = \"fragile\"\nat = 17"
        ));
        // One point gets all threads where the number of points side by side is said.
        let ended = bench
            .run(&["--threads", threads, "--jobs", "1"])
            .with_status(1);
        println!("{threads} threads: ended after {:?}", ended.took);
        // An iteration takes 10 ms of computing and 1 µs on the way.
        ended.tells(&[
            "agent 4 panicked in iteration 17 at 170.017 ms",
            "the trap was sprung",
        ]);
        is_readable(&bench.run_folder(), "failed", 17);
        one_failure_leads_to_no_others(&ended);
    }
}

fn a_broken_rule_prints_one_error_and_one_backtrace() {
    let rule = "[rule]\nkind = \"fragile\"\nall = true\nat = 17\n[sweep]\nseed = [1, 2, 3]\n";
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(&format!("{RING}[task]\nkind = \"fragile\"\n{rule}"));
        let ended = bench.run(&["--threads", threads]).with_status(1);
        let errors = ended.errors();
        assert!(errors.len() <= 3, "{}", ended.stderr);
        for error in errors {
            assert!(
                error.contains("panicked in iteration 17 at 170.017 ms"),
                "{error}"
            );
        }
        one_failure_leads_to_no_others(&ended);
        assert!(ended.stderr.contains("plugins.rs"), "{}", ended.stderr);
        let calls = ended.stderr.matches("Combiner>::combine").count();
        assert!(calls <= 1, "{}", ended.stderr);
    }
    let bench = Bench::new(&format!("{RING}[task]\nkind = \"fragile\"\n{rule}"));
    let mut command = bench.command(&[]);
    command.env("RUST_BACKTRACE", "0");
    let ended = bench.end(command).with_status(1);
    assert!(!ended.stderr.contains("plugins.rs"), "{}", ended.stderr);
}

fn a_panic_in_a_rule_names_agent_iteration_and_time() {
    let rule = "[task]\nkind = \"fragile\"\n[rule]\nkind = \"fragile\"\nat = 17\n";
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(&format!("{RING}{rule}"));
        let ended = bench
            .run(&["--threads", threads, "--jobs", "1"])
            .with_status(1);
        ended.tells(&[
            "agent 4 panicked in iteration 17 at 170.017 ms",
            "the trap was sprung",
        ]);
        is_readable(&bench.run_folder(), "failed", 17);
        one_failure_leads_to_no_others(&ended);
    }
}

fn a_panic_in_an_attack_names_the_attacker_and_the_attack() {
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(&attacked("at = 9"));
        let ended = bench
            .run(&["--threads", threads, "--jobs", "1"])
            .with_status(1);
        ended.tells(&["attacker 4 (moles) panicked in iteration 9 at 90.009 ms"]);
        is_readable(&bench.run_folder(), "failed", 9);
        one_failure_leads_to_no_others(&ended);
    }
}

fn a_panic_in_the_recorder_names_iteration_and_time() {
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(&format!("{RING}{AVERAGE}[task]\nkind = \"fragile\""));
        let mut command = bench.command(&["--threads", threads, "--jobs", "1"]);
        command.env(OBSERVERS, "panics");
        let ended = bench.end(command).with_status(1);
        ended.tells(&[
            "the recorder panicked in iteration 12 at 120.012 ms",
            "seen enough",
        ]);
        // What it had seen when it failed had been recorded.
        is_readable(&bench.run_folder(), "failed", 13);
    }
}

fn a_part_that_cannot_be_made_is_named() {
    let task = format!("{RING}{AVERAGE}[task]\nkind = \"fragile\"\nwhen_made = true");
    let rule = "[task]\nkind = \"fragile\"\n[rule]\nkind = \"fragile\"\nwhen_made = true\n";
    for (scenario, who) in [
        (task, "agent 4"),
        (format!("{RING}{rule}"), "agent 4"),
        (attacked("when_made = true"), "attacker 4 (moles)"),
    ] {
        for threads in ["1", "2", "8"] {
            let bench = Bench::new(&scenario);
            let ended = bench
                .run(&["--threads", threads, "--jobs", "1"])
                .with_status(1);
            ended.tells(&[who, "panicked in iteration 0 at 0 ms", "cannot be made"]);
            is_readable(&bench.run_folder(), "failed", 0);
        }
    }
}

fn a_task_that_cannot_be_loaded_ends_the_program() {
    let bench = Bench::new(&format!(
        "{RING}[task]\nkind = \"fragile\"\nwhen_loaded = true"
    ));
    let ended = bench.run(&[]).with_status(1);
    ended.tells(&["cannot be loaded"]);
    assert!(!bench.results().exists(), "nothing was run");
}

fn a_task_without_parameters_is_refused() {
    let bench = Bench::new(&format!("{RING}[task]\nkind = \"fragile\"\ndimension = 0"));
    let ended = bench.run(&[]).with_status(2);
    ended.tells(&["the task has models of no parameters"]);
    assert!(!bench.results().exists(), "nothing was run");
}

fn an_observer_that_cannot_be_made_stops_its_run() {
    let bench = Bench::new(&format!("{RING}[task]\nkind = \"fragile\""));
    let mut command = bench.command(&[]);
    command.env(OBSERVERS, "cannot-be-made");
    bench
        .end(command)
        .with_status(1)
        .tells(&["no such observer"]);
}

fn other_points_go_on() {
    let sweep = "[sweep]\n\"task.at\" = [1000, 5, 2000, 7, 3000]\n";
    let bench = Bench::new(&format!(
        "{RING}{AVERAGE}[task]\nkind = \"fragile\"\n{sweep}"
    ));
    let ended = bench.run(&["--threads", "2"]).with_status(1);
    let errors = ended.errors();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("(task.at = 5): agent 4 panicked in iteration 5"));
    assert!(errors[1].contains("(task.at = 7): agent 4 panicked in iteration 7"));
    assert_eq!(
        ended.stdout.matches("failed").count(),
        2,
        "{}",
        ended.stdout
    );
    let points = reading::Table::read(&bench.results(), "points");
    assert_eq!(
        points.texts("status"),
        ["done", "failed", "done", "failed", "done"]
    );
    for run in reading::runs(&bench.results()) {
        let summary = reading::summary(&run);
        let iterations = match summary["settings"]["task.at"].as_u64().unwrap() {
            at @ 0..40 => at,
            _ => 40,
        };
        let status = if iterations < 40 { "failed" } else { "done" };
        is_readable(&run, status, iterations as usize);
    }
}

fn a_failed_run_is_run_again_when_asked() {
    let sweep = "[sweep]\n\"task.at\" = [1000, 5]\n";
    let bench = Bench::new(&format!(
        "{RING}{AVERAGE}[task]\nkind = \"fragile\"\n{sweep}"
    ));
    bench.run(&[]).with_status(1);
    let ended = bench.run(&["--retry-failed"]).with_status(1);
    assert!(
        ended.stderr.contains("1 done, skipped; 1 to run"),
        "{}",
        ended.stderr
    );
    ended.tells(&["agent 4 panicked in iteration 5"]);
}
