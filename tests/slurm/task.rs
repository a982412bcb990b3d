//! How the script of a task goes on when its program ends, with stand-ins for that and for `scontrol`.

use byzsim::campaign::slurm::{Given, Job};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// What comes of a task whose program does this, given the file of the mark and the folder, after this
/// prologue.
fn task(program: &str, prologue: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    stand_in(
        &path("program"),
        &format!("folder=$2; for mark; do :; done\n{program}"),
    );
    stand_in(
        &path("scontrol"),
        &format!("echo \"$*\" >'{}'", path("requeued").display()),
    );
    for name in ["runs/a", "slurm"] {
        fs::create_dir_all(path(name)).expect("a folder");
    }
    let job = Job {
        name: "x".to_owned(),
        program: path("program"),
        folder: folder.path().to_owned(),
        shares: 4,
        tasks: vec![3],
        at_once: None,
        processors: 1,
        jobs: None,
        given: Given::default(),
        anyway: false,
        prologue: prologue.to_owned(),
    };
    let script = job.script().expect("a script");
    let installed = std::env::var("PATH").expect("a path");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("PATH", format!("{}:{installed}", folder.path().display()))
        .env("SLURM_ARRAY_JOB_ID", "12")
        .env("SLURM_ARRAY_TASK_ID", "3")
        .env("SLURM_CPUS_PER_TASK", "1")
        .output()
        .expect("bash");
    let left = fs::read_dir(path("slurm")).expect("a folder");
    assert_eq!(left.count(), 0, "the mark is left");
    Ended {
        status: output.status.code(),
        requeued: fs::read_to_string(path("requeued")).ok(),
        output,
    }
}

struct Ended {
    status: Option<i32>,
    requeued: Option<String>,
    output: Output,
}

impl Ended {
    #[track_caller]
    fn is(&self, status: i32, is_requeued: bool) {
        let requeued = is_requeued.then(|| "requeue 12_3\n".to_owned());
        let ended = (self.status, &self.requeued);
        assert_eq!(ended, (Some(status), &requeued), "{:?}", self.output);
    }

    fn log(&self) -> String {
        let bytes = [&self.output.stdout[..], &self.output.stderr].concat();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

fn stand_in(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/bash\n{body}\n")).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its own file");
}

/// The program of a task that reaches its limit, and then does this.
fn at_the_limit(then: &str) -> String {
    format!("trap '{then}' TERM\nkill -USR1 $PPID\nwhile :; do sleep 0.01; done")
}

/// An iteration has ended, long ago.
const ITERATION: &str = r#"touch --date=@1 "$mark""#;

/// What was computed is kept.
const CHECKPOINT: &str = r#"touch "$folder/runs/a/checkpoint""#;

#[test]
fn a_task_that_got_somewhere_by_its_limit_is_requeued() {
    // Interrupted, killed before it could tell, and with failed points beside.
    for status in [130, 143, 1] {
        let ends = format!("{ITERATION}; {CHECKPOINT}; exit {status}");
        task(&at_the_limit(&ends), "").is(status, true);
    }
    let ends = format!("{ITERATION}; touch \"$folder/runs/a/summary.json\"; exit 130");
    task(&at_the_limit(&ends), "").is(130, true);
}

#[test]
fn a_task_that_got_nowhere_by_its_limit_is_not_requeued() {
    for so_far in [
        // It took all the time to start.
        "true",     // It took all the time to start, and kept that.
        CHECKPOINT, // An iteration that ended is lost with a later one that did not.
        ITERATION,
    ] {
        let ended = task(&at_the_limit(&format!("{so_far}; exit 130")), "");
        ended.is(1, false);
        let why =
            "the time limit leaves no time to get anywhere: raise --time or send the signal later";
        assert!(ended.log().contains(why), "{}", ended.log());
    }
}

#[test]
fn a_task_that_ends_of_itself_is_never_requeued() {
    for status in [0, 1, 130, 143] {
        let program = format!("{ITERATION}; {CHECKPOINT}; exit {status}");
        task(&program, "").is(status, false);
    }
    let ends = format!("{ITERATION}; {CHECKPOINT}; exit 0");
    task(&at_the_limit(&ends), "").is(0, false);
}

#[test]
fn a_prologue_has_variables_and_options_of_its_own() {
    let prologue = "set -eu\nlimit=8 program=7 signaled=6 status=5\ntrap '' TERM USR1\n";
    let ends = format!("{ITERATION}; {CHECKPOINT}; exit 130");
    task(&at_the_limit(&ends), prologue).is(130, true);
    task("exit 0", prologue).is(0, false);
    // Not the last line, and without `set -e`.
    task("exit 0", "false\nexport A=1").is(0, false);
}

#[test]
fn where_the_prologue_fails_the_program_does_not_begin() {
    let ended = task("echo begun", "true\nfalse");
    ended.is(1, false);
    assert!(
        ended
            .log()
            .contains("task 3, the prologue failed with status 1")
    );
    assert!(!ended.log().contains("begun"));
    let ended = task("echo begun", "set -e\n(exit 3)\ntrue");
    ended.is(3, false);
    assert!(!ended.log().contains("begun"));
}
