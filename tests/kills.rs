//! A campaign whose processes are killed at 200 random moments comes to the results of one that
//! nobody has disturbed, in all clock modes, with no file half-written and nothing lost.
//!
//! Whoever holds a core decides what a moment hits; the moments themselves are drawn from a fixed
//! seed.
#![cfg(unix)]

mod reading;

use byzsim::rng::{Key, Purpose};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use parquet::file::reader::SerializedFileReader;
use rand::RngExt;
use reading::Table;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KILLS: usize = 200;

/// Points of all modes, each with models under way, an attack, and tables of several kinds.
const SCENARIO: &str = r#"
iterations = 300
[task]
kind = "target-localization"
[topology]
kind = "erdos-renyi"
agents = 40
probability = 0.2
[clock]
period_ms = 12
compute_ms = { kind = "lognormal", median = 9, sigma = 0.3 }
[link]
delay_ms = { kind = "exponential", mean = 4 }
drop = 0.05
[[attack]]
agents = { random = 5 }
kind = "uniform"
low = 15.0
high = 16.0
[record]
every_ms = 50
weights = { every = 20 }
[sweep]
"clock.mode" = ["synchronous", "deadline", "asynchronous"]
seed = [1, 2]
"#;

/// The longest that a process lives before it is killed: half as long as the whole takes, or so.
const LONGEST: Duration = Duration::from_millis(250);

fn program(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_byzsim"));
    command.args(arguments).arg("--quiet").process_group(0);
    command.stderr(Stdio::piped());
    command.spawn().expect("the program")
}

/// Waits for a program until a moment, and kills its whole process group then. Whether it came to
/// its end before.
fn ends_by(mut program: Child, moment: Instant) -> bool {
    loop {
        if let Some(status) = program.try_wait().expect("a child") {
            let output = program.wait_with_output().expect("a child");
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(status.success(), "{status}: {told}");
            return true;
        }
        if Instant::now() >= moment {
            let group = Pid::from_raw(program.id().try_into().expect("a number"));
            killpg(group, Signal::SIGKILL).expect("a child is there until it is waited for");
            program.wait().expect("a child");
            return false;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// All files that stand for results are whole; those of runs that were done `before` were looked at
/// then. Returns the summaries of runs that are done.
fn look_through(results: &Path, before: &BTreeMap<PathBuf, String>) -> BTreeMap<PathBuf, String> {
    let mut done: BTreeMap<PathBuf, String> = BTreeMap::new();
    let points = results.join("points.parquet");
    if points.exists() {
        let statuses = Table::read(results, "points");
        assert_eq!(statuses.rows.len(), 6, "points have a row each");
    }
    if !results.join("runs").exists() {
        return done;
    }
    for run in reading::runs(results) {
        let names = match before.contains_key(&run) {
            true => Vec::new(),
            false => reading::files(&run),
        };
        for name in names {
            let path = run.join(&name);
            let is_under_way = Path::new(&name).file_name().unwrap().as_encoded_bytes()[0] == b'.';
            if name.ends_with(".parquet") && !is_under_way {
                // What tells of all rows is at a file's end, and written last.
                let file = std::fs::File::open(&path).expect("a file");
                let whole = SerializedFileReader::new(file);
                whole.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            }
        }
        if run.join("summary.json").exists() {
            assert_eq!(reading::summary(&run)["status"], "done");
            let text = std::fs::read_to_string(run.join("summary.json")).expect("text");
            done.insert(run, text);
        }
    }
    done
}

fn assert_equal(undisturbed: &Path, disturbed: &Path) {
    let runs = reading::runs(undisturbed);
    assert_eq!(runs.len(), 6);
    for run in runs {
        let other = disturbed.join("runs").join(run.file_name().expect("a run"));
        let difference = reading::equal::difference(&run, &other);
        assert_eq!(difference, None, "{}", run.display());
    }
    let points = [undisturbed, disturbed].map(|results| {
        let points = Table::read(results, "points");
        let is_about_wall = |name: &&str| {
            ["wall_s", "models_per_s", "peak_memory_bytes", "threads"].contains(name)
                || name.contains("_us_")
        };
        let wall: Vec<&str> = points
            .columns
            .iter()
            .map(|c| &**c)
            .filter(is_about_wall)
            .collect();
        points.without(&wall)
    });
    assert_eq!(points[0].columns, points[1].columns);
    assert_eq!(points[0].rows, points[1].rows);
}

#[test]
fn kills_at_any_moment_show_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, SCENARIO).expect("written");
    let scenario = scenario.to_str().expect("UTF-8");
    let whole = folder.path().join("whole");
    let patience = Instant::now() + Duration::from_secs(600);
    let run = ["run", scenario, "--out", whole.to_str().expect("UTF-8")];
    assert!(ends_by(program(&run), patience));

    let mut stream = Key::new(1, Purpose::Epoch).stream();
    let mut kills = 0;
    for campaign in 0.. {
        let results = folder.path().join(campaign.to_string());
        let name = results.to_str().expect("UTF-8");
        let every = [1, 7, 50][campaign % 3].to_string();
        let run = ["run", scenario, "--out", name, "--checkpoint-every", &every];
        let mut done: BTreeMap<PathBuf, String> = BTreeMap::new();
        loop {
            let begun = results.join("campaign.json").exists();
            let process = match begun {
                true => program(&["resume", name]),
                false => program(&run),
            };
            let moment = Instant::now() + LONGEST.mul_f64(stream.random::<f64>());
            let is_over = ends_by(process, moment);
            let now = look_through(&results, &done);
            for (run, summary) in done {
                assert_eq!(now.get(&run), Some(&summary), "{} was done", run.display());
            }
            done = now;
            if is_over {
                break;
            }
            kills += 1;
        }
        assert_equal(&whole, &results);
        if kills >= KILLS {
            break;
        }
        std::fs::remove_dir_all(&results).expect("removed");
    }
}
