//! What `run --slurm` submits and tells, and how tasks end, with stand-ins for Slurm's commands; `tests/slurm/run` is the
//! same on a real one.

#![cfg(unix)]

mod task;

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Six points that take no time.
const SCENARIO: &str = r#"
iterations = 5
[task]
kind = "target-localization"
[topology]
kind = "complete"
agents = 6
[sweep]
rule = { alone = { kind = "no-cooperation" }, loss = { kind = "loss" } }
seed = [1, 2, 3]
"#;

/// Says how large arrays may be, and takes down what else it is asked for.
const SCONTROL: &str = r#"
if [ "$1" = show ]; then echo "MaxArraySize            = 4"; else echo "$*" >>"$BENCH/requeued"; fi"#;

/// Takes down its arguments.
const SBATCH: &str = r#"printf '%s\n' "$@" >"$BENCH/submitted"; echo 12"#;

/// Runs the tasks one after the other, here and now.
const SBATCH_AT_ONCE: &str = r#"
for script; do :; done
for SLURM_ARRAY_TASK_ID in 0 1 2; do
    export SLURM_ARRAY_TASK_ID SLURM_ARRAY_JOB_ID=12 SLURM_CPUS_PER_TASK=1
    bash "$script" >>"$BENCH/log" 2>&1 || exit
done
echo 12"#;

/// Knows no job.
const SQUEUE: &str = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1";

/// A folder with a scenario, and with stand-ins.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Bench { folder };
        fs::create_dir(bench.path("bin")).expect("a folder");
        fs::write(bench.path("scenario.toml"), SCENARIO).expect("a file");
        for (name, body) in [
            ("scontrol", SCONTROL),
            ("sbatch", SBATCH),
            ("squeue", SQUEUE),
        ] {
            bench.stand_in(name, body);
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn stand_in(&self, name: &str, body: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/bash\n{body}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its own file");
    }

    /// Runs the program with stand-ins before all that is installed.
    fn run(&self, arguments: &[&str]) -> Output {
        let installed = std::env::var("PATH").expect("a path");
        self.run_with(
            arguments,
            &format!("{}:{installed}", self.path("bin").display()),
        )
    }

    fn run_with(&self, arguments: &[&str], path: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_byzsim"));
        program.args(["run", "scenario.toml", "--out", "it's the results"]);
        program.arg("--slurm").args(arguments);
        program.current_dir(self.folder.path());
        program.env("PATH", path).env("BENCH", self.folder.path());
        program.output().expect("the program")
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!self.path("submitted").exists(), "it was submitted");
        text(&output.stderr)
    }

    fn submission(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn a_submission_prepares_the_folder_and_tells_where_to_look() {
    let bench = Bench::new();
    let output = bench.run(&[
        "--tasks",
        "3",
        "--sbatch-arg=--time=1:00:00",
        "--sbatch-arg",
        "-pshort",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = bench.path("it's the results");
    let script = folder.join("slurm/job.sh");
    let told = text(&output.stdout);
    for line in [
        "Submitted as job 12: 3 tasks",
        "squeue --jobs=12",
        "scancel 12",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let arguments = format!(
        "--parsable\n--array=0-2\n--cpus-per-task=1\n--open-mode=append\n--requeue\n\
         --signal=B:USR1@120\n--time=1:00:00\n-pshort\n{}\n",
        script.display()
    );
    assert_eq!(bench.read("submitted"), arguments);
    let script = fs::read_to_string(script).expect("a script");
    // The script alone is the same array.
    for option in ["--array=0-2", "--requeue", "--time=1:00:00", "-pshort"] {
        assert!(
            script.contains(&format!("\n#SBATCH {option}\n")),
            "{script}"
        );
    }
    for name in ["scenario.toml", "points.parquet", "campaign.json"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
}

#[test]
fn tasks_run_their_shares_and_nothing_is_left() {
    let bench = Bench::new();
    bench.stand_in("sbatch", SBATCH_AT_ONCE);
    fs::write(
        bench.path("lines"),
        "set -e\nexport LINE=$((1 + 1))\necho \"line $LINE\"",
    )
    .expect("a file");
    let told = bench.submission(&["--tasks", "3", "--prologue", "lines"]);
    assert_eq!((&told["job"], &told["tasks"]), (&"12".into(), &3.into()));
    let log = bench.read("log");
    for (times, line) in [
        (3, "line 2"),
        (3, "2 to run"),
        (3, ", status 0"),
        (1, "Report is in"),
    ] {
        assert_eq!(log.matches(line).count(), times, "{line}: {log}");
    }
    assert!(bench.path("it's the results/report.html").is_file());
    // With nothing left, there is nothing to submit.
    bench.stand_in("sbatch", SBATCH);
    assert!(bench.submission(&["--tasks", "3"])["job"].is_null());
    assert!(!bench.path("submitted").exists());
    assert!(!bench.path("requeued").exists());
}

#[test]
fn only_what_is_left_is_in_the_array() {
    let bench = Bench::new();
    bench.stand_in("sbatch", SBATCH_AT_ONCE);
    bench.submission(&["--tasks", "3"]);
    // Of one of the six runs, nothing is known any more.
    let runs = fs::read_dir(bench.path("it's the results/runs")).expect("runs");
    let run = runs
        .map(|run| run.expect("a run").path())
        .min()
        .expect("six");
    fs::remove_dir_all(run).expect("its own folder");
    bench.stand_in("sbatch", SBATCH);
    let told = bench.submission(&["--tasks", "3", "--jobs", "2", "--threads", "4"]);
    assert_eq!(told["tasks"], 1);
    let script = bench.read("it's the results/slurm/job.sh");
    assert!(!script.contains("--array=0-2"), "{script}");
    assert!(script.contains("\n#SBATCH --cpus-per-task=4\n"), "{script}");
    assert!(script.contains(" --jobs 2 \\\n"), "{script}");
}

#[test]
fn few_seconds_of_computing_are_one_task() {
    let bench = Bench::new();
    let told = bench.run(&[]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let words = text(&told.stderr);
    assert!(
        words.contains("by a sample of each rule: one task."),
        "{words}"
    );
    assert!(
        bench
            .read("it's the results/slurm/job.sh")
            .contains("\n#SBATCH --array=0\n")
    );
}

#[test]
fn nobody_submits_a_folder_twice_at_a_time() {
    let bench = Bench::new();
    bench.submission(&[]);
    fs::remove_file(bench.path("submitted")).expect("a file");
    bench.stand_in(
        "squeue",
        r#"[ "$*" = "--noheader --jobs=12" ] && echo "12_0 main it PD""#,
    );
    let told = bench.refusal(&[]);
    assert!(
        told.contains("tasks of this folder wait or run already, as job 12"),
        "{told}"
    );
    // And afterwards it is free.
    bench.stand_in("squeue", "true");
    bench.submission(&[]);
}

#[test]
fn a_dry_run_prints_the_script_and_writes_nothing() {
    let bench = Bench::new();
    let output = bench.run(&["--tasks", "2", "--dry-run", "--sbatch-arg=--comment=a b"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (script, words) = (text(&output.stdout), text(&output.stderr));
    assert!(
        script.starts_with("#!/bin/bash\n") && script.ends_with("exit \"$byzsim_status\"\n"),
        "{script}"
    );
    assert!(
        words.contains("sbatch --parsable ") && words.contains(" '--comment=a b' \""),
        "{words}"
    );
    let entries = fs::read_dir(bench.folder.path()).expect("a folder");
    assert_eq!(entries.count(), 2, "the stand-ins and the scenario");
    // Anywhere: also where there is no Slurm.
    let elsewhere = bench.run_with(&["--tasks", "2", "--dry-run"], "");
    assert_eq!(elsewhere.status.code(), Some(0), "{elsewhere:?}");
}

#[test]
fn what_cannot_be_submitted_is_told_with_the_way_out() {
    let bench = Bench::new();
    let told = bench.refusal(&["--tasks", "5"]);
    assert!(
        told.contains("--tasks 5 is more than an array of this cluster can have"),
        "{told}"
    );
    assert!(told.contains("at most 4 (MaxArraySize)"), "{told}");
    let told = bench.refusal(&["--prologue", "absent"]);
    assert!(told.contains("absent: No such file"), "{told}");
    fs::write(bench.path("lines"), "if true; then\n").expect("a file");
    let told = bench.refusal(&["--prologue", "lines"]);
    assert!(told.contains("lines: bash: line 2: syntax error"), "{told}");
    bench.stand_in(
        "sbatch",
        "echo 'sbatch: error: Invalid account' >&2; exit 1",
    );
    let told = bench.refusal(&[]);
    assert!(
        told.contains("failed: sbatch: error: Invalid account"),
        "{told}"
    );
    assert!(told.contains("--sbatch-arg=--account=NAME"), "{told}");
    let output = bench.run_with(&[], "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("cannot run `scontrol`"),
        "{output:?}"
    );
}

/// Six points are done; what one of them left says that it failed.
fn with_a_failed_point() -> (Bench, PathBuf) {
    let bench = Bench::new();
    bench.stand_in("sbatch", SBATCH_AT_ONCE);
    bench.submission(&["--tasks", "3"]);
    let runs = fs::read_dir(bench.path("it's the results/runs")).expect("runs");
    let run = runs.map(|run| run.expect("a run").path()).min();
    let summary = run.expect("six").join("summary.json");
    let text = fs::read_to_string(&summary).expect("a summary");
    let mut told: Value = serde_json::from_str(&text).expect("JSON");
    told["status"] = "failed".into();
    told["error"] = json!({"kind": "panic", "message": "why"});
    // As an older version wrote it, which kept no checksums.
    let entries = told.as_object_mut().expect("an object");
    entries.retain(|key, _| !["files", "checksum"].contains(&&**key));
    fs::write(&summary, told.to_string()).expect("a file");
    bench.stand_in("sbatch", SBATCH);
    (bench, summary)
}

#[test]
fn failed_points_are_told_of_where_nothing_else_is_left() {
    let (bench, summary) = with_a_failed_point();
    let output = bench.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = text(&output.stderr);
    assert!(
        words.contains("1 point has failed; nothing was submitted")
            && words.contains("--retry-failed"),
        "{words}"
    );
    let output = bench.run(&["--dry-run"]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    let output = bench.run(&["--format", "json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&told["done"], &told["failed"]), (&5.into(), &1.into()));
    assert!(summary.is_file() && !bench.path("submitted").exists());
}

#[test]
fn failed_points_are_reset_once_and_tasks_need_no_telling() {
    let (bench, summary) = with_a_failed_point();
    let told = bench.submission(&["--retry-failed"]);
    assert_eq!(told["tasks"], 1);
    assert!(!summary.exists(), "the failure stays");
    let script = bench.read("it's the results/slurm/job.sh");
    assert!(!script.contains("--retry-failed"), "{script}");
}

#[test]
fn a_dry_run_of_what_is_done_prints_no_script() {
    let bench = Bench::new();
    bench.stand_in("sbatch", SBATCH_AT_ONCE);
    bench.submission(&["--tasks", "3"]);
    let output = bench.run(&["--dry-run"]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]));
    assert!(
        text(&output.stderr).contains("All points are done"),
        "{output:?}"
    );
}

#[test]
fn a_submission_is_told_even_where_its_number_cannot_be_kept() {
    let bench = Bench::new();
    bench.stand_in(
        "sbatch",
        r#"mkdir -p "$BENCH/it's the results/slurm/array/x"; echo 12"#,
    );
    let output = bench.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        text(&output.stdout).contains("Submitted as job 12"),
        "{output:?}"
    );
    assert!(
        text(&output.stderr).contains("before job 12 has ended"),
        "{output:?}"
    );
}

#[test]
fn a_task_has_the_processors_that_its_points_need() {
    let bench = Bench::new();
    bench.stand_in("scontrol", "echo MaxArraySize = 6");
    bench.submission(&["--jobs", "3", "--at-once", "2", "--tasks", "300"]);
    let script = bench.read("it's the results/slurm/job.sh");
    for line in ["--cpus-per-task=3", "--array=0-5%2"] {
        assert!(script.contains(&format!("\n#SBATCH {line}\n")), "{script}");
    }
    fs::remove_file(bench.path("submitted")).expect("a file");
    let told = bench.refusal(&["--jobs", "3", "--threads", "2"]);
    assert!(told.contains("--threads 3"), "{told}");
}

#[test]
fn options_that_break_the_array_are_refused_and_a_short_limit_is_warned_of() {
    let bench = Bench::new();
    for (option, way_out) in [
        ("--array=0-9", "--at-once"),
        ("--no-requeue", "by being requeued"),
        ("--signal=USR1@60", "--signal=B:USR1@SECONDS"),
    ] {
        let told = bench.refusal(&["--sbatch-arg", option]);
        assert!(told.contains(way_out), "{told}");
    }
    let words = |limit| text(&bench.run(&["--dry-run", "--sbatch-arg", limit]).stderr);
    assert!(words("--time=3").contains("of the 180 s of --time"));
    assert!(!words("--time=4").contains("warning"));
}

#[test]
fn options_of_submissions_are_refused_elsewhere() {
    for option in [
        "--tasks=2",
        "--at-once=2",
        "--sbatch-arg=-x",
        "--prologue=x",
        "--dry-run",
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_byzsim"));
        let output = program
            .args(["run", "scenario.toml", option])
            .output()
            .expect("the program");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output.stderr).contains("--slurm"), "{output:?}");
    }
}
