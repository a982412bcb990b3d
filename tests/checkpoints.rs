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
