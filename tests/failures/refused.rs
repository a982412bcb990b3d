//! What is refused: malformed payloads by agents, and what cannot be run or written by the
//! program, in one clear message.

use super::bench::{Bench, RING, program};
use super::plugins::{FULL_FOLDER, OBSERVERS};
use super::reading::{self, Table};
use std::process::Command;

super::tests![
    malformed_payloads_are_refused_and_counted,
    a_missing_data_folder_is_told_where_the_scenario_asks_for_it,
    a_folder_that_cannot_be_written_is_told_with_a_way_out,
    a_folder_of_another_scenario_is_left_alone_without_force,
    a_wrong_command_line_ends_with_status_2,
    a_wrong_scenario_ends_with_status_2,
    a_mistake_in_a_tasks_own_settings_is_shown_at_the_task,
    what_cannot_be_printed_is_told,
    only_a_name_that_is_near_is_suggested,
    mistakes_of_the_text_say_that_more_may_follow,
    a_table_that_cannot_be_written_is_told_and_the_rest_is_saved,
    a_limit_on_file_sizes_is_told,
];

fn localization(more: &str) -> String {
    format!("{RING}[task]\nkind = \"target-localization\"\n{more}")
}

fn malformed_payloads_are_refused_and_counted() {
    for kind in [
        "\"non-finite\"\nshare = 0.5",
        "\"wrong-length\"\nshare = 0.5",
        "\"empty\"",
    ] {
        for rule in ["average", "loss"] {
            let rule = format!("[rule]\nkind = \"{rule}\"\n");
            let attack = format!("[[attack]]\nagents = [3, 6]\nkind = {kind}\n");
            let bench = Bench::new(&localization(&format!("{rule}{attack}")));
            bench.run(&[]).with_status(0);
            let run = bench.run_folder();
            let summary = reading::summary(&run);
            let messages = |name: &str| summary["messages"][name].as_u64().unwrap();
            // Each of 10 agents sends to 2 neighbors in each of 40 iterations, 2 of them malformed.
            assert_eq!(messages("sent"), 800);
            assert_eq!(messages("malformed"), 160);
            assert_eq!(messages("delivered"), 640);
            let ends = ["dropped", "in_flight", "malformed", "expired", "delivered"];
            let ended: u64 = ends.iter().map(|end| messages(end)).sum();
            assert_eq!(messages("sent") + messages("duplicated"), ended);
            let agents = Table::read(&run, "agents");
            assert!(agents.all("loss").iter().all(|loss| loss.is_finite()));
            let beside = agents.only("agent", "2");
            assert!(beside.all("missing").iter().all(|&missing| missing == 1.0));
            let used = beside.all("models_used");
            // The filter gives some of them no weight.
            let is_right = |used: &f64| *used == 1.0 || rule.contains("loss") && *used == 0.0;
            assert!(used.iter().all(is_right), "{used:?}");
        }
    }
}

fn a_missing_data_folder_is_told_where_the_scenario_asks_for_it() {
    let bench = Bench::new("epochs = 1\n[task]\nkind = \"activity-recognition\"");
    let layout = "UCI HAR Dataset";
    bench.run(&[]).with_status(2).tells_only(&[
        "scenario.toml:3:8",
        "BYZSIM_DATA",
        "--data",
        layout,
    ]);
    std::fs::create_dir(bench.path("empty")).unwrap();
    let mut command = bench.command(&[]);
    command.env("BYZSIM_DATA", bench.path("empty"));
    let ended = bench.end(command).with_status(2);
    ended.tells_only(&["empty", "is missing", layout]);
    bench
        .run(&["--data", "nowhere"])
        .with_status(2)
        .tells_only(&["nowhere", layout]);
    assert!(!bench.results().exists(), "nothing was run");
}

fn a_folder_that_cannot_be_written_is_told_with_a_way_out() {
    let bench = Bench::new(&localization(""));
    bench.write("file", "not a folder");
    // As root, permissions do not help: these folders nobody can make.
    for folder in ["file/out", "/proc/out"] {
        let mut command = program();
        command.current_dir(bench.path("."));
        command.args(["run", "scenario.toml", "--out", folder]);
        bench
            .end(command)
            .with_status(2)
            .tells_only(&[folder, "--out"]);
    }
}

fn a_folder_of_another_scenario_is_left_alone_without_force() {
    let bench = Bench::new(&localization(""));
    bench.run(&[]).with_status(0);
    let first = bench.run_folder();
    let before = reading::files(&bench.results());
    bench.write(
        "scenario.toml",
        &localization("[rule]\nkind = \"average\"\n"),
    );
    bench
        .run(&[])
        .with_status(2)
        .tells_only(&["out", "another scenario", "--force"]);
    assert_eq!(reading::files(&bench.results()), before);
    bench.run(&["--force"]).with_status(0);
    assert_ne!(bench.run_folder(), first);
}

fn a_wrong_command_line_ends_with_status_2() {
    let bench = Bench::new(&localization(""));
    for arguments in [
        &["walk"][..],
        &["run"],
        &["run", "scenario.toml", "--threads", "0"],
        &["run", "scenario.toml", "--sett", "seed=1"],
        &["run", "scenario.toml", "--set", "seed"],
        &["list", "nonsense"],
    ] {
        let mut command = program();
        command.current_dir(bench.path(".")).args(arguments);
        let ended = bench.end(command).with_status(2);
        assert_eq!(ended.errors().len(), 1, "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

fn a_wrong_scenario_ends_with_status_2() {
    let bench = Bench::new(&localization("[rule]\nkind = \"los\"\n"));
    let ended = bench.run(&[]).with_status(2);
    assert!(
        ended.stderr.contains("scenario.toml:8:8"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("loss"), "{}", ended.stderr);
    let mut command = program();
    command.args(["check", "nowhere.toml"]);
    bench
        .end(command)
        .with_status(2)
        .tells_only(&["nowhere.toml"]);
}

/// `/dev/full` is a disk without room.
/// The task's defaults name agents that a small network has not.
fn a_mistake_in_a_tasks_own_settings_is_shown_at_the_task() {
    let bench = Bench::new(
        "iterations = 2\n[task]\nkind = \"digit-classification\"\nsource = \"generated\"\n\
         [topology]\nkind = \"ring\"\nagents = 3\n",
    );
    let ended = bench.run(&[]).with_status(2);
    ended.tells(&["there is no agent 3"]);
    assert!(
        ended.stderr.contains("scenario.toml:3:8"),
        "{}",
        ended.stderr
    );
}

fn what_cannot_be_printed_is_told() {
    let bench = Bench::new(&localization(""));
    for arguments in ["schema", "list", "check scenario.toml"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = program();
        command
            .current_dir(bench.path("."))
            .args(arguments.split(' '))
            .stdout(full.expect("a device"));
        let ended = command.output().expect("this program starts");
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{arguments}: {stderr}");
        assert!(
            stderr.contains("cannot write to standard output"),
            "{stderr}"
        );
    }
}

fn only_a_name_that_is_near_is_suggested() {
    let bench = Bench::new(&localization(""));
    for (name, told) in [
        ("scenaro.toml", "did you mean scenario.toml?"),
        ("nofile.toml", "writes one"),
    ] {
        let mut command = program();
        command.current_dir(bench.path(".")).args(["run", name]);
        let ended = bench.end(command).with_status(2);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
}

fn mistakes_of_the_text_say_that_more_may_follow() {
    let bench = Bench::new(&localization("[rule]\nkind = \"los\"\n"));
    let ended = bench.run(&[]).with_status(2);
    assert!(ended.stderr.contains("more may follow"), "{}", ended.stderr);
    let fits_nobody =
        "[rule]\nkind = \"trimmed-mean\"\nf = 90\n[sweep]\nseed = { from = 1, count = 40 }\n";
    let bench = Bench::new(&localization(fits_nobody));
    let ended = bench.run(&[]).with_status(2);
    let unseen = "The last 18 points were not looked at";
    assert!(ended.stderr.contains(unseen), "{}", ended.stderr);
}

fn a_table_that_cannot_be_written_is_told_and_the_rest_is_saved() {
    let bench = Bench::new(&localization(""));
    let mut command = bench.command(&[]);
    command
        .env(OBSERVERS, "blocked")
        .env(FULL_FOLDER, bench.results());
    let ended = bench.end(command).with_status(1);
    ended.tells(&["rounds.parquet", "Is a directory"]);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let run = bench.run_folder();
    assert_eq!(reading::summary(&run)["status"], "failed");
    assert_eq!(Table::read(&run, "agents").rows.len(), 400);
    assert_eq!(
        Table::read(&bench.results(), "points").texts("status"),
        ["failed"]
    );
    let files = reading::files(&run);
    assert!(files.iter().all(|file| !file.contains(".tmp")), "{files:?}");
    // Once it can be written, the same command makes up for it.
    std::fs::remove_dir(run.join(".rounds.parquet.tmp")).expect("the folder");
    bench.run(&[]).with_status(0);
    assert_eq!(reading::summary(&run)["status"], "done");
    assert_eq!(
        Table::read(&run, "rounds").only("group", "all").rows.len(),
        40
    );
}

/// The shell's limit makes every larger file fail, the program's own among them, so that no disk
/// needs to be full. It counts in blocks of 512 bytes or of 1 kB.
fn a_limit_on_file_sizes_is_told() {
    let bench = Bench::new(&localization("[record]\nweights = \"all\"\n"));
    let byzsim = bench.command(&[]);
    let mut command = Command::new("sh");
    // The signal would end the program; ignored, writing fails as on a full disk.
    command
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"");
    command.arg(byzsim.get_program()).args(byzsim.get_args());
    command.current_dir(bench.path("."));
    command.envs(
        byzsim
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    let ended = bench.end(command).with_status(1);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let errors = ended.errors();
    assert!(errors[0].contains("cannot write"), "{}", errors[0]);
    assert!(errors[0].contains("too large"), "{}", errors[0]);
}
