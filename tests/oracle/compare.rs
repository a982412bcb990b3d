//! A run of the program beside a run of the oracle.

use super::run::{Expected, Oracle, Slip};
use byzsim::actors::{RunOptions, run};
use byzsim::record::{Observer, Sample, Seen};
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use byzsim::task::Library;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

/// What happened in a run, so that a test can say that it was not about nothing.
#[derive(Debug, Default)]
pub struct Tally {
    /// Malformed models that arrived.
    pub malformed: u64,
    /// Neighbors without a model, over all combinations.
    pub missing: u64,
    /// Combinations that could not be made.
    pub starved: u64,
    /// Models of others that had a weight, and that had none.
    pub accepted: u64,
    pub rejected: u64,
    /// Iterations of attackers whose attack was on, and off.
    pub attacking: u64,
    pub pausing: u64,
}

struct Watch(Sender<Vec<Sample>>);

impl Observer for Watch {
    fn wants_models(&self) -> bool {
        true
    }

    fn see(&mut self, seen: &Seen<'_>) {
        // The other end stays until the run is over.
        self.0.send(seen.round.samples.clone()).expect("a listener");
    }
}

/// Runs a scenario on two threads and compares every number with the oracle's.
///
/// # Panics
/// If one differs.
pub fn check(text: &str) -> Tally {
    check_in(Path::new("."), text)
}

/// The same for a scenario that stands in `folder`.
pub fn check_in(folder: &Path, text: &str) -> Tally {
    compare(folder, text, Slip::None).unwrap_or_else(|difference| panic!("{difference}"))
}

/// The first difference between the program and an oracle that makes a mistake.
pub fn difference(text: &str, slip: Slip) -> Option<String> {
    compare(Path::new("."), text, slip).err()
}

fn compare(folder: &Path, text: &str, slip: Slip) -> Result<Tally, String> {
    // What was asked of the program beside the scenario: to tell of every model it combines.
    let recorded = format!("{text}\n[record]\nweights = \"all\"\n");
    let catalogues = Catalogues::default();
    let folder = folder.to_owned();
    let file = ScenarioFile::parse("test", &recorded, "test", folder.clone(), &[], &catalogues);
    let file = file.unwrap_or_else(|error| panic!("{error}"));
    let library = Library::new(None, ".");
    let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
    let plan = Arc::new(plan.unwrap_or_else(|error| panic!("{error}")));

    let (watch, rounds) = channel();
    let options = RunOptions {
        threads: 2,
        observers: vec![Box::new(Watch(watch))],
        ..RunOptions::default()
    };
    run(plan.clone(), options).unwrap_or_else(|error| panic!("{error}"));

    let mut oracle = Oracle::new(text, &plan, &folder, slip);
    let mut tally = Tally::default();
    let mut iterations = 0;
    for samples in rounds {
        let expected = oracle.step(iterations);
        assert_eq!(samples.len(), expected.len());
        for (k, (sample, expected)) in samples.iter().zip(&expected).enumerate() {
            assert_eq!(sample.agent.index(), k);
            let at = |difference| format!("agent {k}, iteration {iterations}: {difference}");
            let byzantine = plan.roles[k].is_byzantine();
            compare_agent(sample, expected, byzantine).map_err(at)?;
            tally.add(k, expected, &plan);
        }
        iterations += 1;
    }
    assert_eq!(iterations, plan.iterations);
    Ok(tally)
}

/// Bit by bit. A NaN is as good as another: which one comes out is the processor's choice.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// A loss that is no number is told as infinite: NaN would say that nobody looked.
fn told(loss: f64) -> f64 {
    if loss.is_nan() { f64::INFINITY } else { loss }
}

/// Of attackers, only what they send and would be is told: how well they would do is not.
fn compare_agent(sample: &Sample, expected: &Expected, byzantine: bool) -> Result<(), String> {
    let number = |what: &str, program: f64, oracle: f64| match same(program, oracle) {
        true => Ok(()),
        false => Err(format!("{what} is {program:?}, should be {oracle:?}")),
    };
    number("ℓ(ψ)", sample.adapted_loss, told(expected.adapted_loss))?;
    let rows = sample.weights.iter().zip(&expected.rows);
    for (row, expected) in rows {
        let from = expected.sender;
        number("a sender", f64::from(row.sender.0), from as f64)?;
        number(&format!("the loss of {from}"), row.loss, expected.loss)?;
        number(&format!("φ of {from}"), row.accumulated, expected.phi)?;
        number(
            &format!("the weight of {from}"),
            row.weight,
            expected.weight,
        )?;
    }
    let model = sample.model.as_ref().expect("the observer asked for it");
    // Widened to f64, different f32 stay different and equal ones equal.
    let parameters = model.values().iter().zip(&expected.model);
    for (j, (&program, &oracle)) in parameters.enumerate() {
        number(&format!("θ[{j}]"), program.into(), oracle.into())?;
    }
    if byzantine {
        number("ℓ(θ)", sample.loss, f64::NAN)?;
    } else {
        number("ℓ(θ)", sample.loss, told(expected.loss))?;
    }
    let rows = if byzantine { 0 } else { expected.rows.len() };
    let traffic = &sample.traffic;
    for (what, program, oracle) in [
        ("combined", sample.weights.len(), rows),
        ("parameters", model.values().len(), expected.model.len()),
        (
            "missing",
            sample.missing as usize,
            expected.missing as usize,
        ),
        ("starved", sample.starved.into(), expected.starved.into()),
        (
            "attacking",
            sample.attacking.into(),
            expected.attacking.into(),
        ),
        ("sent", traffic.sent as usize, expected.sent as usize),
        ("bytes", traffic.bytes as usize, expected.bytes as usize),
        (
            "delivered",
            traffic.delivered as usize,
            expected.delivered as usize,
        ),
        (
            "malformed",
            traffic.malformed as usize,
            expected.malformed as usize,
        ),
        (
            "used",
            traffic.used as usize,
            expected.rows.len().saturating_sub(1),
        ),
    ] {
        number(what, program as f64, oracle as f64)?;
    }
    Ok(())
}

impl Tally {
    fn add(&mut self, k: usize, expected: &Expected, plan: &Plan) {
        self.malformed += expected.malformed;
        self.missing += u64::from(expected.missing);
        self.starved += u64::from(expected.starved);
        for row in expected.rows.iter().filter(|row| row.sender != k) {
            self.accepted += u64::from(row.weight > 0.0);
            self.rejected += u64::from(row.weight == 0.0);
        }
        if plan.roles[k].is_byzantine() {
            self.attacking += u64::from(expected.attacking);
            self.pausing += u64::from(!expected.attacking);
        }
    }
}
