//! A folder with a scenario, and `byzsim` at work in it.

use super::reading::{self, Table};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A program that runs longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Ten agents in a ring for 40 iterations.
pub const RING: &str = "iterations = 40\n[topology]\nkind = \"ring\"\nagents = 10\n\
                        [task]\nkind = \"target-localization\"\n";

/// Two points, the second of which would never end.
pub const ENDLESS: &str = "[sweep]\niterations = [10, 1000000000, 20]\n";

/// Two seeds without loss, and two that stall at once.
pub const STALLS: &str = "[link]\nretransmit_ms = 5\nretransmit_limit = 3\n\
                          [sweep]\n\"link.drop\" = [0.0, 0.999]\nseed = [1, 2]\n";

pub struct Bench {
    folder: TempDir,
}

/// How a program ended.
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new(scenario: &str) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bench = Bench { folder };
        fs::write(bench.path("scenario.toml"), scenario).expect("a file");
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn results(&self) -> PathBuf {
        self.path("out")
    }

    /// The program in the folder.
    pub fn byzsim(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byzsim"));
        command.current_dir(self.folder.path()).args(arguments);
        command.env_remove("BYZSIM_DATA").stdin(Stdio::null());
        command
    }

    /// `run` to its end.
    pub fn run(&self, more: &[&str]) -> Ended {
        let run = ["run", "scenario.toml", "--out", "out", "--threads", "1"];
        self.told(&[&run, more].concat())
    }

    /// A command to its end.
    pub fn told(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.byzsim(arguments).output().expect("the program"))
    }

    /// A command that goes on; nobody reads what it says.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.byzsim(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().expect("the program"))
    }

    /// The same; what it tells goes into the file `told`.
    pub fn start_telling(&self, command: &mut Command) -> Running {
        let told = fs::File::create(self.path("told")).expect("a file");
        command.stdout(Stdio::null()).stderr(told);
        Running(command.spawn().expect("the program"))
    }

    /// What `points.parquet` says of the points.
    pub fn statuses(&self) -> Vec<String> {
        Table::read(&self.results(), "points").texts("status")
    }

    /// The fingerprints of all runs.
    pub fn fingerprints(&self) -> Vec<String> {
        let runs = reading::runs(&self.results());
        let of = |run: &PathBuf| reading::summary(run)["fingerprint"].to_string();
        runs.iter().map(of).collect()
    }

    /// What all files of the results hold, but the report.
    pub fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let files = reading::files(&self.results()).into_iter();
        files
            .filter(|name| name != "report.html" && !name.ends_with(".lock"))
            .map(|name| {
                (
                    name.clone(),
                    fs::read(self.results().join(name)).expect("a file"),
                )
            })
            .collect()
    }
}

impl Ended {
    fn of(output: Output) -> Ended {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Checks the exit status.
    #[track_caller]
    pub fn with_status(self, code: i32) -> Ended {
        assert_eq!(self.status, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that standard error has all of `parts`, wherever its lines end.
    #[track_caller]
    pub fn tells(&self, parts: &[&str]) {
        let told: Vec<&str> = self.stderr.split_whitespace().collect();
        let told = told.join(" ");
        for part in parts {
            assert!(told.contains(part), "no `{part}` in: {told}");
        }
    }
}

/// A program that runs, and is killed when the test is over.
pub struct Running(Child);

impl Running {
    /// Sends a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("a shell").success());
    }

    /// Waits for its end. Its exit status; `None` where a signal ended it.
    pub fn end(mut self) -> Option<i32> {
        let mut status = None;
        await_that("the end of the program", || {
            status = self.0.try_wait().expect("a child");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something has happened, which is seen by looking again and again.
pub fn await_that(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < HANGS, "{what} does not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The table of points, as soon as there is one.
pub fn await_statuses(bench: &Bench, expected: &[&str]) {
    let table = bench.results().join("points.parquet");
    await_that("the table", || table.is_file());
    await_that(&format!("{expected:?}"), || bench.statuses() == expected);
}

/// Locks a file as another process would, until it is dropped.
pub fn hold(path: &Path) -> fs::File {
    let file = fs::File::create(path).expect("a file");
    file.lock().expect("a lock");
    file
}

/// Removes the runs, so that they are to be done again.
pub fn remove(runs: &[PathBuf]) {
    for run in runs {
        fs::remove_dir_all(run).expect("a run");
    }
}

/// The runs in a folder that are marked by [`mark`], still.
pub fn marked(results: &Path) -> usize {
    let runs = reading::runs(results);
    runs.iter().filter(|run| run.join("mark").is_file()).count()
}

/// Makes a summary that a test has changed one without checksums, as older versions wrote them.
pub fn unseal(run: &Path) {
    let mut summary = reading::summary(run);
    let entries = summary.as_object_mut().expect("a summary");
    entries.retain(|key, _| !["files", "checksum"].contains(&&**key));
    fs::write(run.join("summary.json"), summary.to_string()).expect("a file");
}

/// Marks all runs: one that begins anew loses its mark.
pub fn mark(results: &Path) {
    for run in reading::runs(results) {
        fs::write(run.join("mark"), "").expect("a file");
    }
}
