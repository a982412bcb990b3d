//! A hundred random scenarios over the whole space, each against the oracle and against what must
//! hold in every run.
//!
//! The seed of the generator is fixed, so that everyone tests the same. `BYZSIM_RANDOM_CASES=1000`
//! and `BYZSIM_RANDOM_SEED=7` ask for more and for others. A failing scenario is made smaller
//! before it is shown.

#[path = "random/features.rs"]
mod features;
#[path = "reading/killed.rs"]
mod killed;
#[path = "oracle/mod.rs"]
mod oracle;
mod reading;
#[path = "random/spec.rs"]
mod spec;
#[path = "random/text.rs"]
mod text;
#[path = "random/trace.rs"]
mod trace;

use byzsim::actors::{RunOptions, run};
use byzsim::scenario::{Catalogues, Plan, ScenarioFile, schema};
use features::Features;
use killed::Copier;
use oracle::compare::{Tally, compare_refusal, compare_runs};
use oracle::slip::Slip;
use oracle::told::{Drawn, draw, hear};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use reading::equal::difference;
use spec::{Spec, spec};
use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use text::Written;

/// How many scenarios there are, and the generator's seed.
const CASES: &str = "BYZSIM_RANDOM_CASES";
const SEED: &str = "BYZSIM_RANDOM_SEED";

#[test]
fn random_scenarios_are_as_the_oracle_says() {
    let asked_for = [CASES, SEED].map(|name| std::env::var(name).ok());
    let number = |asked: &Option<String>, default: u64| {
        let asked = asked.as_ref();
        asked.map_or(default, |text| text.parse().expect("a number"))
    };
    let cases = number(&asked_for[0], 100);
    let features = RefCell::new(Features::default());
    let outcome = runner(cases, number(&asked_for[1], 1)).run(&spec(), |spec| {
        let tried = try_out(&spec).map_err(TestCaseError::fail)?;
        tried.count(&mut features.borrow_mut());
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let features = features.into_inner();
    let lacking = features.lacking(cases);
    println!("{}\ntoo seldom: {lacking:#?}", features.report());
    // Others than those that everyone tests may happen to lack something.
    assert!(lacking.is_empty() || asked_for != [None, None]);
}

/// Whatever the program reads, editors that have its schema do not underline.
#[test]
fn random_scenarios_that_are_read_are_valid() {
    let catalogues = Catalogues::default();
    let validator = jsonschema::validator_for(&schema(&catalogues)).expect("a schema");
    let read = Cell::new(0);
    let outcome = runner(1000, 2).run(&spec(), |spec| {
        let Written { text, .. } = spec.write();
        let Ok(file) = ScenarioFile::parse("a", &text, "a", ".".into(), &[], &catalogues) else {
            return Ok(());
        };
        read.set(read.get() + 1);
        for text in [text, file.resolved()] {
            let document: toml::Table = text.parse().expect("TOML");
            let document = serde_json::to_value(document).expect("plain values");
            if let Some(mistake) = validator.iter_errors(&document).next() {
                let place = mistake.instance_path();
                return Err(TestCaseError::fail(format!("{place}: {mistake}\n{text}")));
            }
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(read.get() > 500, "{} are read", read.get());
}

/// Draws so many scenarios.
fn runner(cases: u64, seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: cases as u32,
        max_shrink_iters: 500,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// What came of a scenario.
struct Tried {
    text: String,
    tally: Tally,
    /// Mistakes of the oracle that it shows.
    told: Vec<Slip>,
    /// Combinations that were made again from a trace.
    combined: usize,
}

/// Runs a scenario in all ways and looks at all that it tells.
fn try_out(spec: &Spec) -> Result<Tried, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let Written { text, files } = spec.write();
    for (name, content) in &files {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    let recorded = format!("{text}\n[record]\nweights = 'all'\ntrace = true\n");
    let plan = match draw(folder.path(), &recorded) {
        Drawn::Plan(plan) => plan,
        // How long it is shows only when it is drawn.
        Drawn::Late(_) => return try_out(&spec.without_spans()),
        Drawn::Stall(_) => {
            let tally = compare_refusal(folder.path(), &text, Slip::None)?;
            return Ok(Tried {
                text,
                tally,
                told: Vec::new(),
                combined: 0,
            });
        }
    };
    let results = folder.path().join("results");
    std::fs::create_dir(&results).expect("a folder");
    let heard = hear(&plan, 2, Some(results.clone()));
    let compare = |slip| compare_runs(&text, &plan, folder.path(), &heard, slip);
    let tally = compare(Slip::None)?;
    for threads in [1, 8] {
        let again = hear(&plan, threads, None);
        if again.fingerprint != heard.fingerprint || again.stall != heard.stall {
            return Err(format!("{threads} threads give another run than 2"));
        }
    }
    if heard.stall.is_none() {
        go_on(&plan, folder.path(), &results)?;
    }
    let combined = match &heard.summary {
        Some(summary) => trace::check(&results, summary, &plan, &tally.traffic)?,
        None => 0,
    };
    let told = Slip::ALL.into_iter().filter(|&slip| compare(slip).is_err());
    Ok(Tried {
        told: told.collect(),
        text,
        tally,
        combined,
    })
}

/// Runs a scenario once more, kills it at an iteration, and lets it go on from its checkpoint.
fn go_on(plan: &Arc<Plan>, folder: &Path, undisturbed: &Path) -> Result<(), String> {
    let (begun, killed) = (folder.join("begun"), folder.join("killed"));
    let copier = Copier {
        after: plan.iterations / 2,
        from: begun.clone(),
        to: killed.clone(),
    };
    let options = RunOptions {
        threads: 2,
        folder: Some(begun),
        observers: vec![Box::new(copier)],
        checkpoint_every: NonZeroU64::new(2),
        ..RunOptions::default()
    };
    run(plan.clone(), options).map_err(|error| error.to_string())?;
    if !killed.exists() {
        return Ok(());
    }
    let options = RunOptions {
        folder: Some(killed.clone()),
        ..RunOptions::default()
    };
    run(plan.clone(), options).map_err(|error| error.to_string())?;
    match difference(undisturbed, &killed) {
        None => Ok(()),
        Some(file) => Err(format!("{file} differs after it went on from a checkpoint")),
    }
}

impl Tried {
    fn count(&self, features: &mut Features) {
        features.add_settings(&self.text);
        for slip in &self.told {
            features.add(&format!("tells {slip:?}"));
        }
        let tally = &self.tally;
        let traffic = &tally.traffic;
        for (feature, count) in [
            ("combined from a trace", self.combined as u64),
            ("stalled", u64::from(tally.stalled)),
            ("late", traffic.late),
            ("expired", traffic.expired),
            ("held", tally.held),
            ("aged", tally.aged),
            ("missing", tally.missing),
            ("starved", tally.starved),
            ("malformed", traffic.malformed),
            ("duplicated", traffic.duplicated),
            ("retransmitted", traffic.retransmitted),
            ("in flight", traffic.in_flight),
            ("dropped by link", traffic.dropped.link),
            ("dropped by burst", traffic.dropped.burst),
            ("dropped by partition", traffic.dropped.partition),
            ("dropped by receiver-down", traffic.dropped.receiver_down),
            ("dropped by flood-bound", traffic.dropped.flood_bound),
        ] {
            if count > 0 {
                features.add(feature);
            }
        }
    }
}
