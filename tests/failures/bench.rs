//! Runs this program as `byzsim` with plug-ins, and tells how it ended.

use super::reading;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The variable that makes this program act as `byzsim`.
pub const ACT: &str = "BYZSIM_TEST_ACT";

/// A program that runs longer hangs. Nothing here takes more than a second by itself.
const HANGS: Duration = Duration::from_secs(60);

/// Ten agents in a ring learn the task that fails; what is appended decides how.
pub const RING: &str = "iterations = 40\n[topology]\nkind = \"ring\"\nagents = 10\n";

/// A folder with a scenario and its results.
pub struct Bench {
    folder: TempDir,
}

/// How a program ended.
pub struct Ended {
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Bench {
    pub fn new(scenario: &str) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bench = Bench { folder };
        bench.write("scenario.toml", scenario);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    pub fn results(&self) -> PathBuf {
        self.path("out")
    }

    /// The folder of the only run.
    pub fn run_folder(&self) -> PathBuf {
        reading::only_run(&self.results())
    }

    /// The program with the arguments of a run, and `more` of them.
    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path());
        command
            .args(["run", "scenario.toml", "--out", "out"])
            .args(more);
        command
    }

    /// Runs the scenario to its end.
    pub fn run(&self, more: &[&str]) -> Ended {
        self.end(self.command(more))
    }

    /// Starts a program; what it prints goes to files here.
    pub fn start(&self, command: &mut Command) -> Child {
        let file = |name| File::create(self.path(name)).expect("a file");
        command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"));
        command.spawn().expect("this program starts")
    }

    /// Runs a program to its end.
    pub fn end(&self, mut command: Command) -> Ended {
        let begun = Instant::now();
        let child = self.start(&mut command);
        self.await_end(child, begun)
    }

    pub fn await_end(&self, mut child: Child, begun: Instant) -> Ended {
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            if begun.elapsed() > HANGS {
                child.kill().expect("a child");
                panic!("it hangs; it has printed:\n{}", self.printed("stderr"));
            }
            pause();
        };
        Ended {
            status,
            took: begun.elapsed(),
            stdout: self.printed("stdout"),
            stderr: self.printed("stderr"),
        }
    }

    /// What the program has printed so far.
    pub fn printed(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("what was printed")
    }
}

/// This program, to act as `byzsim`.
pub fn program() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(ACT, "1").env_remove("BYZSIM_DATA");
    command.env_remove("RUST_BACKTRACE");
    command
}

/// Waits until something has happened, which is seen by looking again and again.
pub fn await_that(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < HANGS, "{what} does not happen");
        pause();
    }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

impl Ended {
    /// The lines that begin with `error:`.
    pub fn errors(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|l| l.starts_with("error:"))
            .collect()
    }

    /// The exit status; `None` where a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Checks the exit status.
    #[track_caller]
    pub fn with_status(self, code: i32) -> Ended {
        let Ended {
            status,
            stdout,
            stderr,
            ..
        } = &self;
        assert_eq!(status.code(), Some(code), "{status}\n{stdout}\n{stderr}");
        self
    }

    /// Checks that exactly one error was told, which holds all of `parts`.
    #[track_caller]
    pub fn tells(&self, parts: &[&str]) {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "{}", self.stderr);
        for part in parts {
            assert!(errors[0].contains(part), "no `{part}` in: {}", errors[0]);
        }
    }

    /// Checks that nothing but one error was printed, which holds all of `parts`, wherever its lines
    /// end.
    #[track_caller]
    pub fn tells_only(&self, parts: &[&str]) {
        assert_eq!(self.errors().len(), 1, "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        let words: Vec<&str> = self.stderr.split_whitespace().collect();
        let told = words.join(" ");
        for part in parts {
            assert!(told.contains(part), "no `{part}` in: {told}");
        }
        assert_eq!(self.stdout, "");
    }
}

/// Checks a run that ended early: its status, that its rounds can be read up to the last one
/// recorded, and that nothing was left that hides data.
#[track_caller]
pub fn is_readable(run: &Path, status: &str, iterations: usize) {
    assert_eq!(reading::summary(run)["status"], status);
    assert_eq!(reading::summary(run)["iterations"], iterations);
    let rounds = reading::Table::read(run, "rounds").only("group", "all");
    let expected: Vec<f64> = (0..iterations).map(|i| i as f64).collect();
    assert_eq!(rounds.all("iteration"), expected);
    assert!(rounds.all("loss_mean").iter().all(|x| x.is_finite()));
    let files = reading::files(run);
    let is_hidden = |f: &&String| f.contains(".tmp") || f.contains(".part-");
    assert_eq!(files.iter().find(is_hidden), None, "{files:?}");
}
