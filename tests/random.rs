//! A hundred random scenarios over the whole space, each against the oracle and against what must
//! hold in every run.
//!
//! The seed of the generator is fixed, so that everyone tests the same. `BYZSIM_RANDOM_CASES=1000`
//! and `BYZSIM_RANDOM_SEED=7` ask for more and for others. A failing scenario is made smaller
//! before it is shown.

#[path = "random/features.rs"]
mod features;
#[path = "oracle/mod.rs"]
mod oracle;
mod reading;
#[path = "random/spec.rs"]
mod spec;
#[path = "random/text.rs"]
mod text;
#[path = "random/trace.rs"]
mod trace;

use features::Features;
use oracle::compare::{Tally, compare_drawn};
use oracle::told::{Drawn, draw, hear};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use spec::{Spec, spec};
use std::cell::RefCell;
use std::path::Path;

/// A number from the environment.
fn asked(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn random_scenarios_are_as_the_oracle_says() {
    let cases = asked("BYZSIM_RANDOM_CASES", 100);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&asked("BYZSIM_RANDOM_SEED", 1).to_le_bytes());
    let config = Config {
        cases: cases as u32,
        max_shrink_iters: 500,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let features = RefCell::new(Features::default());
    let outcome = TestRunner::new_with_rng(config, rng).run(&spec(), |spec| {
        let written = spec.write();
        let tally = try_out(&spec).map_err(TestCaseError::fail)?;
        count(&mut features.borrow_mut(), &written.text, &tally);
        Ok(())
    });
    let features = features.into_inner();
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    println!("{}", features.report());
    let lacking = features.lacking(cases);
    assert!(lacking.is_empty(), "too seldom: {lacking:#?}");
}

/// Runs a scenario in all ways and looks at all that it tells.
fn try_out(spec: &Spec) -> Result<Tally, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let written = spec.write();
    for (name, content) in &written.files {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    let text = format!(
        "{}\n[record]\nweights = 'all'\ntrace = true\n",
        written.text
    );
    let Drawn::Plan(plan) = draw(folder.path(), &text) else {
        return compare_drawn(folder.path(), &written.text, None);
    };
    let results = folder.path().join("results");
    std::fs::create_dir(&results).expect("a folder");
    let heard = hear(&plan, 2, Some(results.clone()));
    let tally = compare_drawn(folder.path(), &written.text, Some((&plan, &heard)))?;
    for threads in [1, 8] {
        let again = hear(&plan, threads, None);
        if again.fingerprint != heard.fingerprint || again.stall.is_some() != heard.stall.is_some()
        {
            return Err(format!("{threads} threads give another run than 2"));
        }
    }
    if let Some(summary) = &heard.summary {
        trace::check(Path::new(&results), summary, &plan)?;
    }
    Ok(tally)
}

fn count(features: &mut Features, text: &str, tally: &Tally) {
    features.add_settings(text);
    let traffic = &tally.traffic;
    for (feature, count) in [
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
