//! Files that are not what they should be: pipes, links, damaged ones, and those of others.

use super::bench::{Bench, RING};
use super::reading::{self, equal};
use byzsim::rng::{Key, Purpose};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rand::RngExt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Makes a pipe in the place of a file.
fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifo(path, Mode::S_IRWXU).unwrap();
}

#[test]
fn pipes_and_devices_are_refused_at_once_by_every_reader_of_a_scenario() {
    let ring = |more: &str| RING.replace("[task]", &format!("{more}[task]"));
    let own = |more: &str| {
        format!("iterations = 2\n[topology]\nkind = \"ring\"\nagents = 3\n[task]\nkind = {more}\n")
    };
    let in_link = "[link]\ndelay_ms = { kind = \"empirical\", path = \"special.csv\" }\n";
    let payload = "[[attack]]\nagents = [1]\nkind = \"file\"\npath = \"payload.npz\"\n";
    let edges = RING.replace("kind = \"ring\"", "kind = \"file\"\npath = \"special.csv\"");
    let scenarios = [
        ("special.csv", edges),
        ("special.csv", ring(in_link)),
        ("payload.npz", ring(payload)),
        (
            "special.csv",
            own("\"classification\"\npath = \"special.csv\""),
        ),
        (
            "special.npz",
            own("\"classification\"\npath = \"special.npz\""),
        ),
    ];
    for (name, scenario) in scenarios {
        let bench = Bench::new(&scenario);
        for is_device in [false, true] {
            let path = bench.path(name);
            match is_device {
                false => pipe(&path),
                true => {
                    fs::remove_file(&path).unwrap();
                    symlink("/dev/zero", &path).unwrap();
                }
            }
            let ended = bench.told(&["check", "scenario.toml"]).with_status(2);
            let what = if is_device {
                "it is a device"
            } else {
                "it is a pipe"
            };
            ended.tells(&[what]);
        }
    }
    let bench = Bench::new(RING);
    pipe(&bench.path("scenario.toml"));
    for command in ["check", "run"] {
        let ended = bench.told(&[command, "scenario.toml"]).with_status(2);
        ended.tells(&["it is a pipe"]);
    }
}

#[test]
fn pipes_among_results_hang_nothing_and_resume_repairs_them() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let fingerprints = bench.fingerprints();
    let run = reading::only_run(&bench.results());
    for path in [
        run.join("summary.json"),
        run.join("rounds.parquet"),
        run.join("latency.hlog"),
        run.join("network/agents.parquet"),
        run.join("checkpoint"),
        bench.results().join("campaign.json"),
        bench.results().join("points.parquet"),
    ] {
        pipe(&path);
        bench.told(&["status", "out"]).with_status(0);
        bench.told(&["report", "out"]);
        bench.told(&["resume", "out"]).with_status(0);
        assert_eq!(bench.fingerprints(), fingerprints, "{}", path.display());
        bench.told(&["report", "out"]).with_status(0);
    }
    pipe(&run.join(".lock"));
    let ended = bench.told(&["resume", "out", "--retry-failed"]);
    assert!(ended.status.is_some());
    pipe(&bench.results().join("scenario.toml"));
    bench.told(&["resume", "out"]).with_status(2);
}

#[test]
fn nothing_is_written_through_links() {
    let bench = Bench::new(RING);
    fs::create_dir_all(bench.path("out/runs")).unwrap();
    fs::write(bench.path("others"), "theirs").unwrap();
    let link = |name: &str| symlink(bench.path("others"), bench.path(name)).unwrap();
    link("out/.points.parquet.tmp");
    link("out/.campaign.json.tmp");
    link("out/.scenario.toml.tmp");
    link("out/.points.lock");
    bench.run(&[]).with_status(0);
    let run = reading::only_run(&bench.results());
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    fs::remove_dir_all(&run).unwrap();
    fs::create_dir_all(run.join("network")).unwrap();
    for name in [
        ".latency.hlog.tmp",
        ".latency.wall.hlog.tmp",
        ".rounds.parquet.tmp",
        ".summary.json.tmp",
        ".checkpoint.tmp",
        "network/.agents.parquet.tmp",
        "rounds.parquet",
        "summary.json",
    ] {
        link(&format!("out/runs/{id}/{name}"));
    }
    bench.run(&["--checkpoint-every", "10"]).with_status(0);
    assert_eq!(fs::read_to_string(bench.path("others")).unwrap(), "theirs");

    // Folders and locks that are links are refused.
    let refused = |at: PathBuf, what: &str| {
        fs::create_dir_all(bench.path("elsewhere")).unwrap();
        let aside = bench.path("aside");
        fs::rename(&at, &aside).unwrap();
        let target = if what == "folder" {
            "elsewhere"
        } else {
            "others"
        };
        symlink(bench.path(target), &at).unwrap();
        let mut ended = bench.run(&["--set", "record.agents='none'"]);
        if ended.status == Some(0) {
            ended = bench.run(&["--set", "record.trace=true"]);
        }
        assert!(matches!(ended.status, Some(1 | 2)), "{:?}", ended.status);
        ended.tells(&["symbolic link"]);
        fs::remove_file(&at).unwrap();
        fs::rename(&aside, &at).unwrap();
        assert!(reading::files(&bench.path("elsewhere")).is_empty());
    };
    let _ = fs::remove_file(run.join("summary.json"));
    refused(run.join(".lock"), "file");
    refused(run.join("network"), "folder");
    refused(run.clone(), "folder");
    refused(bench.results().join("runs"), "folder");
    refused(bench.results().join(".lock"), "file");
    assert_eq!(fs::read_to_string(bench.path("others")).unwrap(), "theirs");
}

#[test]
fn force_removes_nothing_of_others() {
    let bench = Bench::new(&format!("{RING}[sweep]\nseed = [1, 2]\n"));
    bench.run(&[]).with_status(0);
    let runs = reading::runs(&bench.results());
    let foreign = bench.results().join("runs/0123456789abcdef");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("mine.txt"), "mine").unwrap();
    // Of the same names as a run's, and by somebody else.
    let others = bench.results().join("runs/fedcba9876543210");
    fs::create_dir(&others).unwrap();
    for name in ["summary.json", "rounds.parquet", "checkpoint"] {
        fs::write(others.join(name), "mine").unwrap();
    }
    let mut own = Vec::new();
    for run in &runs {
        own.push(run.join("notes.txt"));
        own.push(run.join("network/notes.txt"));
    }
    own.iter().for_each(|path| fs::write(path, "mine").unwrap());
    bench.told(&["status", "out"]).with_status(0);
    bench.run(&[]).with_status(0).tells(&["2 done"]);
    fs::write(
        bench.path("scenario.toml"),
        format!("{RING}[sweep]\nseed = [3]\n"),
    )
    .unwrap();
    bench.run(&[]).with_status(2);
    bench.run(&["--force"]).with_status(0);
    let mine = ["summary.json", "rounds.parquet", "checkpoint"].map(|name| others.join(name));
    for path in own.iter().chain([&foreign.join("mine.txt")]).chain(&mine) {
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    }
    for run in &runs {
        assert_eq!(reading::files(run), ["network/notes.txt", "notes.txt"]);
    }
    bench.run(&[]).with_status(0).tells(&["1 done"]);
}

/// All files of a folder but locks and the report, and their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let names = reading::files(folder).into_iter();
    names
        .filter(|name| !name.ends_with(".lock") && name != "report.html")
        // What the user asked for stands nowhere else.
        .filter(|name| name != "scenario.toml" && name != "campaign.json")
        .map(|name| {
            let path = folder.join(name);
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

fn flip(path: &Path, bytes: &[u8], bit: u64) {
    let mut bytes = bytes.to_vec();
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

#[test]
fn one_flipped_bit_of_a_done_run_is_found_and_repaired() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let run = reading::only_run(&bench.results());
    let whole = bench.path("whole");
    copy(&run, &whole);
    let mut stream = Key::new(5, Purpose::Generated).stream();
    for _ in 0..50 {
        let all = files(&run);
        let (path, bytes) = &all[stream.random_range(0..all.len())];
        flip(path, bytes, stream.random_range(0..bytes.len() as u64 * 8));
        let name = path.file_name().unwrap().to_str().unwrap();
        let told = bench.told(&["status", "out"]).with_status(0).stdout;
        assert!(
            told.contains("1 failed") && told.contains("damaged"),
            "{name}: {told}"
        );
        assert!(
            told.contains(name) && told.contains("resume out"),
            "{name}: {told}"
        );
        let ended = bench.told(&["report", "out"]).with_status(1);
        ended.tells(&[name, "`resume`"]);
        bench.told(&["resume", "out", "--quiet"]).with_status(0);
        assert_eq!(equal::difference(&whole, &run), None, "{name}");
    }
}

#[test]
fn one_flipped_bit_of_a_campaigns_own_files_is_found() {
    let bench = Bench::new(RING);
    bench.run(&[]).with_status(0);
    let whole = bench.path("whole");
    copy(&bench.results(), &whole);
    let mut stream = Key::new(7, Purpose::Generated).stream();
    let mut flipped = |name: &str| {
        let path = bench.results().join(name);
        let bytes = fs::read(&path).unwrap();
        flip(
            &path,
            &bytes,
            stream.random_range(0..bytes.len() as u64 * 8),
        );
    };
    for _ in 0..15 {
        flipped("points.parquet");
        let ended = bench.told(&["report", "out"]).with_status(1);
        ended.tells(&["points.parquet", "`resume`"]);
        bench.told(&["resume", "out", "--quiet"]).with_status(0);
        flipped("campaign.json");
        let status = bench.told(&["status", "out"]).with_status(0).stdout;
        assert!(status.contains("1 done"), "{status}");
        bench.told(&["resume", "out", "--quiet"]).with_status(0);
        assert_eq!(equal::difference(&whole, &bench.results()), None);
        // What the user asked for stands nowhere else.
        flipped("scenario.toml");
        for (command, status) in [("status", 2), ("resume", 2), ("report", 1)] {
            let ended = bench.told(&[command, "out"]).with_status(status);
            ended.tells(&["scenario.toml"]);
        }
        bench.run(&[]).with_status(0).tells(&["1 done"]);
        assert_eq!(equal::difference(&whole, &bench.results()), None);
    }
}

#[test]
fn one_flipped_bit_of_an_interrupted_run_shows_nowhere() {
    // So many agents that a block is full soon, and so long that the run is not over then.
    let scenario = RING
        .replace("iterations = 40", "iterations = 600")
        .replace("agents = 10", "agents = 400");
    let bench = Bench::new(&format!("{scenario}[record]\nagents = \"all\"\n"));
    bench.run(&[]).with_status(0);
    let run = reading::only_run(&bench.results());
    let whole = bench.path("whole");
    copy(&run, &whole);
    let interrupted = bench.path("interrupted");
    fs::remove_dir_all(&run).unwrap();
    let campaign = bench.start(&[
        "run",
        "scenario.toml",
        "--out",
        "out",
        "--threads",
        "1",
        "--checkpoint-every",
        "20",
    ]);
    let begun = std::time::Instant::now();
    let written = |name: &str| {
        let found = fs::metadata(run.join(name)).and_then(|found| found.modified());
        found.ok()
    };
    // A checkpoint that relies on a block.
    let block = "agents.part-0000.parquet";
    while written(block).is_none() || written("checkpoint") <= written(block) {
        assert!(begun.elapsed().as_secs() < 60, "there is no block");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    campaign.signal("TERM");
    assert_eq!(campaign.end(), Some(130));
    let blocks = reading::files(&run);
    assert!(
        blocks.iter().any(|name| name.contains(".part-")),
        "{blocks:?}"
    );
    copy(&run, &interrupted);
    let mut stream = Key::new(6, Purpose::Generated).stream();
    let all = files(&interrupted);
    for _ in 0..20 {
        let (path, bytes) = &all[stream.random_range(0..all.len())];
        fs::remove_dir_all(&run).unwrap();
        copy(&interrupted, &run);
        let path = run.join(path.strip_prefix(&interrupted).unwrap());
        flip(&path, bytes, stream.random_range(0..bytes.len() as u64 * 8));
        bench.told(&["resume", "out", "--quiet"]).with_status(0);
        assert_eq!(equal::difference(&whole, &run), None, "{}", path.display());
    }
}

fn copy(from: &Path, to: &Path) {
    for name in reading::files(from) {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&name), target).unwrap();
    }
}
