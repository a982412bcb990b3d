//! What a campaign of many short points costs, beside plain loops that run the same points on as
//! many cores and write no file: throughput, and how memory grows.
//!
//! `cargo bench --bench campaign` takes some minutes; a number after `--`, such as 50, takes so many
//! of the shortest points instead of 1,000, and fewer of the others in proportion. On a machine with
//! other work the ratio of CPU times tells more than that of wall times.

use byzsim::actors::{self, RunOptions};
use byzsim::campaign::{Campaign, CampaignOptions};
use byzsim::record::Observer;
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CORES: usize = 2;

/// 100 agents that look for targets, alone and with the loss rule.
fn campaign(points: usize, iterations: usize, record: &str) -> Campaign {
    let text = format!(
        r#"
        name = "short-points"
        iterations = {iterations}
        record = {record}
        [task]
        kind = "target-localization"
        [sweep]
        seed = {{ from = 1, count = {} }}
        rule = {{ alone = {{ kind = "no-cooperation" }}, loss = {{ kind = "loss" }} }}
        "#,
        points.div_ceil(2).max(1)
    );
    let catalogues = Catalogues::default();
    let file = ScenarioFile::parse("bench", &text, "bench", ".".into(), &[], &catalogues);
    let file = file.unwrap_or_else(|wrong| panic!("{wrong}"));
    Campaign::new(file, None, catalogues)
}

/// Wall and CPU seconds of some work.
fn measure(work: impl FnOnce()) -> [f64; 2] {
    let (begun, before) = (Instant::now(), cpu_seconds());
    work();
    [begun.elapsed().as_secs_f64(), cpu_seconds() - before]
}

/// What a file of the kernel tells of this process; nothing where there is no such file.
fn told(file: &str) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// CPU time of the process so far, in ticks of 1/100 s.
fn cpu_seconds() -> f64 {
    let told = told("/proc/self/stat");
    // The name before may have spaces.
    let rest = told.rsplit(')').next().unwrap_or_default();
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Megabytes that the process has in memory.
fn resident() -> f64 {
    let told = told("/proc/self/status");
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kilobytes.map_or(f64::NAN, |kilobytes: f64| kilobytes / 1024.0)
}

/// Runs all points in loops side by side, with a folder for each or none.
fn plain(campaign: &Campaign, folder: Option<PathBuf>) {
    let next = AtomicUsize::new(0);
    let run = || {
        loop {
            let point = next.fetch_add(1, Ordering::Relaxed);
            if point >= campaign.file.points.len() {
                break;
            }
            let plan = campaign.plan(point).expect("a right scenario");
            let options = RunOptions {
                folder: folder.as_ref().map(|folder| folder.join(point.to_string())),
                ..RunOptions::default()
            };
            actors::run(plan.into(), options).expect("a run that ends");
        }
    };
    std::thread::scope(|scope| (0..CORES).for_each(|_| drop(scope.spawn(run))));
}

/// Runs the campaign. Memory when a tenth of the points, half of them and all were begun, and at
/// the end.
fn whole(campaign: &Campaign, folder: PathBuf) -> [f64; 4] {
    let points = campaign.file.points.len();
    let begun = AtomicUsize::new(0);
    let memory = Mutex::new([f64::NAN; 4]);
    let look = |_: &Plan| -> Vec<Box<dyn Observer>> {
        let count = begun.fetch_add(1, Ordering::Relaxed) + 1;
        let moments = [points.div_ceil(10), points.div_ceil(2), points];
        for (at, _) in moments.iter().enumerate().filter(|(_, m)| **m == count) {
            memory.lock().expect("nobody panics with it")[at] = resident();
        }
        Vec::new()
    };
    let options = CampaignOptions {
        folder,
        threads: Some(CORES),
        jobs: Some(CORES),
        observers: &look,
        ..CampaignOptions::default()
    };
    let ended = campaign.run(&options, drop).expect("a campaign that ends");
    assert!(ended.points.iter().all(|(_, o)| o.status() == "done"));
    let mut memory = memory.into_inner().expect("nobody panics with it");
    memory[3] = resident();
    memory
}

/// Of the shortest points, unless told otherwise.
const MOST: usize = 1000;

fn main() {
    let told = std::env::args().skip(1).find_map(|n| n.parse().ok());
    let most: usize = told.unwrap_or(MOST);
    println!(
        "points on {CORES} cores: seconds, CPU seconds in brackets; of plain loops without files = 1"
    );
    println!(
        "{:<25} {:>14} {:>14} {:>14} {:>11}   MB after 10 %, 50 %, 100 %, at the end",
        "points × iterations", "plain", "with files", "campaign", "throughput"
    );
    for (record, recorded) in [("{}", "all"), ("{ agents = \"none\" }", "no agents")] {
        for (points, iterations) in [(MOST, 50), (300, 200), (80, 800)] {
            let campaign = campaign(points * most / MOST, iterations, record);
            let points = campaign.file.points.len();
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut memory = [0.0; 4];
            let without = measure(|| plain(&campaign, None));
            let with = measure(|| plain(&campaign, Some(folder.path().join("plain"))));
            let all = measure(|| memory = whole(&campaign, folder.path().join("campaign")));
            let both = |[wall, cpu]: [f64; 2]| format!("{wall:.2} ({cpu:.2})");
            println!(
                "{:<25} {:>14} {:>14} {:>14} {:>11}   {}",
                format!("{points} × {iterations}, {recorded}"),
                both(without),
                both(with),
                both(all),
                format!("{:.2} ({:.2})", without[0] / all[0], without[1] / all[1]),
                memory.map(|m| format!("{m:.0}")).join(", "),
            );
        }
    }
}
