//! A run that goes on from a checkpoint is equal to one that was never disturbed: interrupted or
//! killed, in every clock mode, under every rule and attack, once or again and again.

#[path = "reading/killed.rs"]
mod killed;
mod reading;
mod shipped;

use byzsim::actors::{RunOptions, run};
use byzsim::record::{Observer, RunError, Seen};
use byzsim::scenario::Plan;
use killed::Copier;
use reading::equal::difference;
use shipped::{Study, side_by_side};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const MODES: [&[&str]; 3] = [
    &["clock.mode=synchronous"],
    &["clock.mode=deadline", "clock.period_ms=12"],
    &["clock.mode=asynchronous"],
];

/// Interrupts a run once it has seen an iteration.
struct Interrupter {
    after: u64,
    interrupt: Arc<AtomicBool>,
}

impl Observer for Interrupter {
    fn see(&mut self, seen: &Seen<'_>) {
        if seen.round.iteration >= self.after {
            self.interrupt.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs a plan in a folder, to its end.
fn finish(plan: &Arc<Plan>, folder: &Path, threads: usize) {
    let options = RunOptions {
        threads,
        folder: Some(folder.to_owned()),
        ..RunOptions::default()
    };
    if let Err(error) = run(plan.clone(), options) {
        panic!("{:?}: {error}", plan.settings);
    }
}

/// Runs a plan in a folder until an iteration or a little later. Says whether it was interrupted:
/// the end may have come first.
fn interrupt(plan: &Arc<Plan>, folder: &Path, after: u64, threads: usize) -> bool {
    let interrupt = Arc::new(AtomicBool::new(false));
    let observer = Interrupter {
        after,
        interrupt: interrupt.clone(),
    };
    let options = RunOptions {
        threads,
        folder: Some(folder.to_owned()),
        observers: vec![Box::new(observer)],
        interrupt,
        ..RunOptions::default()
    };
    match run(plan.clone(), options) {
        Ok(_) => false,
        Err(RunError::Interrupted { .. }) => {
            assert!(folder.join("checkpoint").exists());
            assert_eq!(reading::summary(folder)["status"], "interrupted");
            true
        }
        Err(error) => panic!("{:?}: {error}", plan.settings),
    }
}

/// Runs a plan with a checkpoint every few iterations, and returns what a kill after an iteration
/// leaves.
fn killed(plan: &Arc<Plan>, at: &Path, after: u64, every: u64) -> PathBuf {
    let (from, to) = (at.join("whole"), at.join("killed"));
    let observer = Copier {
        after,
        from: from.clone(),
        to: to.clone(),
    };
    let options = RunOptions {
        threads: 2,
        folder: Some(from),
        observers: vec![Box::new(observer)],
        checkpoint_every: NonZeroU64::new(every),
        ..RunOptions::default()
    };
    run(plan.clone(), options).unwrap_or_else(|error| panic!("{:?}: {error}", plan.settings));
    to
}

/// Interrupts a plan's run again and again, and lets it go on on other numbers of threads.
fn assert_interruptions_show_nowhere(plan: &Arc<Plan>, moments: &[u64]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (undisturbed, disturbed) = (folder.path().join("one"), folder.path().join("other"));
    finish(plan, &undisturbed, 1);
    let mut interruptions = 0;
    for (&after, threads) in moments.iter().zip([2, 1, 3].into_iter().cycle()) {
        interruptions += usize::from(interrupt(plan, &disturbed, after, threads));
    }
    assert!(interruptions > 0, "{:?}", plan.settings);
    finish(plan, &disturbed, 2);
    let difference = difference(&undisturbed, &disturbed);
    assert_eq!(difference, None, "{} {:?}", plan.name, plan.settings);
}

/// Kills a plan's run after an iteration, and lets it go on.
fn assert_kills_show_nowhere(plan: &Arc<Plan>, after: u64, every: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let killed = killed(plan, folder.path(), after, every);
    assert!(!killed.join("summary.json").exists());
    assert!(killed.join("checkpoint").exists());
    finish(plan, &killed, 1);
    let whole = folder.path().join("whole");
    assert_eq!(difference(&whole, &killed), None, "{:?}", plan.settings);
}

fn label(study: &Study, point: usize, key: &str) -> String {
    let settings = &study.file.points[point].settings;
    let found = settings.iter().find(|s| s.key == key);
    found.expect("a swept key").value.to_string()
}

#[test]
fn interruptions_show_nowhere_under_any_rule_and_any_attack() {
    for mode in MODES {
        let common = [
            "iterations=40",
            "sweep.seed=[1]",
            "link.delay_ms={kind='exponential',mean=6}",
            "record.weights={every=10}",
        ];
        let study = Study::open("worst-case-localization", &[&common[..], mode].concat());
        // The filtered rule under every attack, and every rule under one.
        let is_chosen = |p: &usize| {
            label(&study, *p, "rule") == "loss" || label(&study, *p, "attack") == "alie"
        };
        let chosen = (0..study.file.points.len()).filter(is_chosen);
        let plans: Vec<_> = chosen.map(|point| study.plan(point)).collect();
        assert!(plans.len() >= 30, "{} runs", plans.len());
        side_by_side(&plans, |plan| {
            assert_interruptions_show_nowhere(plan, &[3, 17]);
        });
    }
}

#[test]
fn kills_show_nowhere_under_links_and_faults_of_all_kinds() {
    for mode in MODES {
        let common = [
            "iterations=60",
            "rule=loss",
            "record.weights=all",
            "record.trace=true",
            "record.every_ms=3",
            "record.latency_every_iterations=7",
            "link.delay_ms={kind='exponential',mean=9}",
            "link.drop=0.1",
            "link.duplicate=0.1",
            "link.uplink_mbps=1",
            "link.downlink_mbps=2",
            "link.model_bytes=200",
            "link.burst={enter=0.1,leave=0.3}",
            "fault=[{kind='churn',agents={fraction=0.3},up_ms={kind='exponential',mean=100},\
             down_ms=40},{kind='partition',from_ms=100,to_ms=200,groups=[[0,1,2,3],[4,5,6,7]]}]",
            "clock.compute_ms={kind='lognormal',median=9,sigma=0.4}",
        ];
        let all = [&common[..], mode].concat();
        for more in [
            &[][..],
            &["topology={kind='erdos-renyi',agents=100,probability=0.1,redraw_every_iterations=5}"],
        ] {
            let study = Study::open("target-localization", &[&all[..], more].concat());
            let plan = study.plan(study.file.points.len() - 1);
            side_by_side(&[(20, 8), (33, 1), (58, 50)], |&(after, every)| {
                assert_kills_show_nowhere(&plan, after, every);
            });
        }
    }
}

#[test]
fn optimizers_and_false_labels_go_on_where_they_were() {
    for mode in MODES {
        let common = [
            "rule=loss",
            "task.source=generated",
            "task.train=64",
            "task.test=16",
            "task.batch=[16,32]",
            "task.model={kind='cnn',channels=[2,2,2],hidden=[8]}",
            "learner.optimizer=adam",
            "epochs=30",
            "attack=[{agents=[1,4],kind='label-flip'}]",
        ];
        let study = Study::open("digit-classification", &[&common[..], mode].concat());
        let plan = study.plan(0);
        assert_kills_show_nowhere(&plan, 20, 6);
    }
}

/// A small run that was interrupted, with its plan.
fn interrupted(folder: &Path, assignments: &[&str]) -> Arc<Plan> {
    let all = [&["rule=loss", "iterations=200"][..], assignments].concat();
    let plan = Study::open("target-localization", &all).plan(0);
    assert!(interrupt(&plan, folder, plan.iterations / 2, 1));
    plan
}

fn refusal(plan: &Arc<Plan>, folder: &Path) -> String {
    let options = RunOptions {
        folder: Some(folder.to_owned()),
        ..RunOptions::default()
    };
    match run(plan.clone(), options) {
        Err(error @ RunError::Checkpoint { .. }) => error.to_string(),
        other => panic!("{:?}", other.map(|summary| summary.json())),
    }
}

/// Changes what a checkpoint says of where it comes from, and makes its sum right again.
fn retouch(path: &Path, from: &str, to: &str) {
    let bytes = std::fs::read(path).expect("a checkpoint");
    let (content, _) = bytes.split_last_chunk::<8>().expect("a sum");
    let begin = 1 + content
        .iter()
        .position(|&byte| byte == b'\n')
        .expect("a title");
    let (length, rest) = content[begin..].split_first_chunk::<8>().expect("a length");
    let (header, rest) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = str::from_utf8(header).expect("text");
    assert!(header.contains(from), "{header}");
    let header = header.replace(from, to);
    let length = (header.len() as u64).to_le_bytes();
    let mut changed = [&content[..begin], &length, header.as_bytes(), rest].concat();
    let sum = xxhash_rust::xxh3::xxh3_64(&changed);
    changed.extend_from_slice(&sum.to_le_bytes());
    std::fs::write(path, changed).expect("written");
}

#[test]
fn checkpoints_that_cannot_be_gone_on_from_are_refused_and_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let plan = interrupted(&run, &["iterations=600"]);
    let checkpoint = run.join("checkpoint");
    let whole = std::fs::read(&checkpoint).expect("a checkpoint");
    let before = contents(&run);

    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&checkpoint, &whole[..length]).expect("written");
        let told = refusal(&plan, &run);
        assert!(told.contains("it is damaged"), "{told}");
        assert!(told.contains(checkpoint.to_str().expect("UTF-8")), "{told}");
    }
    std::fs::write(&checkpoint, &whole).expect("written");
    retouch(&checkpoint, r#""simd":""#, r#""simd":"abacus and "#);
    let told = refusal(&plan, &run);
    assert!(told.contains("a processor with abacus and "), "{told}");
    std::fs::write(&checkpoint, &whole).expect("written");
    retouch(&checkpoint, r#""executable":""#, r#""executable":"0"#);
    let told = refusal(&plan, &run);
    assert!(told.contains("written by another program"), "{told}");

    std::fs::write(&checkpoint, &whole).expect("written");
    let part = run.join("agents.part-0000.parquet");
    let block = std::fs::read(&part).expect("a block");
    std::fs::write(&part, &block[..block.len() / 2]).expect("written");
    let told = refusal(&plan, &run);
    assert!(told.contains("agents.part-0000.parquet"), "{told}");
    std::fs::write(&part, &block).expect("written");

    // All that was recorded is still there, and the run can go on, or begin anew.
    assert_eq!(contents(&run), before);
    std::fs::remove_file(&checkpoint).expect("removed");
    finish(&plan, &run, 1);
    let undisturbed = folder.path().join("undisturbed");
    finish(&plan, &undisturbed, 1);
    assert_eq!(difference(&undisturbed, &run), None);
}

/// All files of a run but the network's, with what is in them.
fn contents(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = reading::files(run).into_iter();
    let names = names.filter(|name| !name.starts_with("network/"));
    let read = |name: String| {
        let content = std::fs::read(run.join(&name)).expect("a file");
        (name, content)
    };
    names.map(read).collect()
}

#[test]
fn an_interruption_before_the_first_interval_leaves_no_log_to_be_mistaken() {
    let folder = tempfile::tempdir().expect("a folder");
    let assignments = [
        "rule=loss",
        "iterations=200",
        "record.latency_every_iterations=60",
        "link.delay_ms={kind='exponential',mean=6}",
    ];
    let plan = Study::open("target-localization", &assignments).plan(0);
    let [whole, begun, killed] = ["whole", "begun", "killed"].map(|name| folder.path().join(name));
    finish(&plan, &whole, 1);
    assert!(interrupt(&plan, &begun, 5, 1));
    assert!(begun.join("latency.hlog").exists());
    let copier = Copier {
        after: 150,
        from: begun.clone(),
        to: killed.clone(),
    };
    let options = RunOptions {
        folder: Some(begun),
        observers: vec![Box::new(copier)],
        checkpoint_every: NonZeroU64::new(100),
        ..RunOptions::default()
    };
    run(plan.clone(), options).expect("it goes on");
    finish(&plan, &killed, 1);
    assert_eq!(difference(&whole, &killed), None);
}

#[test]
fn an_interruption_while_nobody_takes_part_is_gone_on_from() {
    let assignments = [
        "rule=loss",
        "iterations=400000",
        "record.every_iterations=1000",
        "record.latency_every_iterations=1000",
        "fault=[{kind='crash',agents={fraction=1.0},from_iteration=10,to_iteration=399990}]",
    ];
    let plan = Study::open("target-localization", &assignments).plan(0);
    assert_interruptions_show_nowhere(&plan, &[2000, 100_000]);
}

#[test]
fn a_run_that_records_something_else_begins_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let (run, undisturbed) = (folder.path().join("run"), folder.path().join("undisturbed"));
    let plan = interrupted(&run, &[]);
    let more = ["rule=loss", "iterations=200", "record.trace=true"];
    let more = Study::open("target-localization", &more).plan(0);
    assert_eq!(more.id, plan.id);
    finish(&more, &run, 1);
    finish(&more, &undisturbed, 1);
    assert_eq!(difference(&undisturbed, &run), None);
}

/// Whatever a run has recorded is removed when it begins anew, and nothing else is.
#[test]
fn a_run_that_begins_anew_clears_what_it_had_recorded_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path();
    let everything = [
        "rule=loss",
        "iterations=20",
        "record.trace=true",
        "record.weights=all",
        "record.every_ms=5",
        "record.wall=true",
    ];
    finish(
        &Study::open("target-localization", &everything).plan(0),
        run,
        1,
    );
    let recorded = reading::files(run);
    assert!(recorded.len() >= 13, "{recorded:?}");
    std::fs::write(run.join("mine.parquet"), "mine").expect("written");

    let nothing = [
        "rule=loss",
        "iterations=20",
        "record.agents=none",
        "record.weights=none",
    ];
    finish(
        &Study::open("target-localization", &nothing).plan(0),
        run,
        1,
    );
    let left = reading::files(run);
    let expected = [
        "latency.hlog",
        "latency.parquet",
        "latency.run.hlog",
        "latency.wall.hlog",
        "mine.parquet",
        "network/agents.parquet",
        "network/edges.parquet",
        "rounds.parquet",
        "summary.json",
    ];
    assert_eq!(left, expected);
}

#[test]
fn tables_of_many_blocks_go_on_after_theirs() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = Study::open("target-localization", &["rule=loss", "iterations=300"]).plan(0);
    let killed = killed(&plan, folder.path(), 250, 20);
    assert!(killed.join("agents.part-0001.parquet").exists());
    finish(&plan, &killed, 1);
    assert_eq!(difference(&folder.path().join("whole"), &killed), None);
}
