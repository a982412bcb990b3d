//! A run of the program beside a run of the oracle.

use super::agents::Expected;
use super::mail::Traffic;
use super::run::{self, Told};
use super::slip::Slip;
use super::told::{self, Drawn, Heard, draw, hear};
use byzsim::record::Sample;
use byzsim::scenario::Plan;
use std::path::Path;

/// What happened in a run, so that a test can say that it was not about nothing.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Malformed models that arrived.
    pub malformed: u64,
    /// Neighbors without a model, over all combinations.
    pub missing: u64,
    /// Combinations, and those that could not be made.
    pub combined: u64,
    pub starved: u64,
    /// Models of others that had a weight, and that had none.
    pub accepted: u64,
    pub rejected: u64,
    /// Models of others that took part again, and that were of an earlier iteration.
    pub held: u64,
    pub aged: u64,
    /// Iterations of attackers whose attack was on, and off.
    pub attacking: u64,
    pub pausing: u64,
    /// Over the whole run.
    pub traffic: Traffic,
    /// Simulated end [µs].
    pub end: u64,
    /// Iterations in which somebody combined.
    pub rounds: u64,
    pub stalled: bool,
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
    let compared = compare(folder, text, Slip::None);
    compared.unwrap_or_else(|difference| panic!("{difference}\n\n{text}"))
}

/// The first difference between the program and an oracle that makes a mistake.
pub fn difference(text: &str, slip: Slip) -> Option<String> {
    compare(Path::new("."), text, slip).err()
}

fn compare(folder: &Path, text: &str, slip: Slip) -> Result<Tally, String> {
    // What was asked of the program beside the scenario: to tell of every model it combines.
    let recorded = format!("{text}\n[record]\nweights = \"all\"\n");
    match draw(folder, &recorded) {
        Drawn::Plan(plan) => {
            let heard = hear(&plan, 2, None);
            compare_runs(text, &plan, folder, &heard, slip)
        }
        Drawn::Stall(_) => compare_refusal(folder, text, slip),
        Drawn::Late(late) => Err(late),
    }
}

/// What is refused because it would stall stalls here, too.
pub fn compare_refusal(folder: &Path, text: &str, slip: Slip) -> Result<Tally, String> {
    // With an end and agents that stay up, the scenario can be drawn for the oracle, which looks for
    // data and the network there and reads faults for itself.
    let mut drawn: toml::Table = text.parse().expect("TOML");
    drawn.insert("until_ms".into(), 1000.0.into());
    drawn.remove("fault");
    let plan = match draw(folder, &drawn.to_string()) {
        Drawn::Plan(plan) => plan,
        Drawn::Stall(why) | Drawn::Late(why) => return Err(format!("within 1 s: {why}")),
    };
    match run::run(text, &plan, folder, slip).stall {
        Some(_) => Ok(Tally {
            stalled: true,
            ..Tally::default()
        }),
        None => Err("the program refuses it as a stall".to_owned()),
    }
}

/// Compares what a run of a plan told with what it should have.
pub fn compare_runs(
    text: &str,
    plan: &Plan,
    folder: &Path,
    heard: &Heard,
    slip: Slip,
) -> Result<Tally, String> {
    let told = run::run(text, plan, folder, slip);
    let mut tally = Tally {
        stalled: told.stall.is_some(),
        traffic: told.traffic.clone(),
        end: told.end,
        rounds: told.rounds.len() as u64,
        ..Tally::default()
    };
    // A stall ends the run in the middle of an iteration, of which nothing need be told.
    let complete = |i: u64| told.stall.is_none() || heard.rounds.contains_key(&i);
    for (&i, expected) in told.rounds.iter().filter(|(i, _)| complete(**i)) {
        let samples = heard.rounds.get(&i).map_or(&[][..], |all| all);
        let who = |all: &mut dyn Iterator<Item = usize>| all.collect::<Vec<_>>();
        let program = who(&mut samples.iter().map(|s| s.agent.index()));
        let oracle = who(&mut expected.iter().map(|e| e.agent));
        if program != oracle {
            return Err(format!(
                "iteration {i}: agents {program:?} combined, should be {oracle:?}"
            ));
        }
        for (sample, expected) in samples.iter().zip(expected) {
            let k = expected.agent;
            let at = |difference| format!("agent {k}, iteration {i}: {difference}");
            let byzantine = plan.roles[k].is_byzantine();
            compare_agent(sample, expected, byzantine).map_err(at)?;
            tally.add(expected, byzantine);
        }
    }
    let more = |i: &&u64| !told.rounds.contains_key(i) && !heard.rounds[i].is_empty();
    if let Some(i) = heard.rounds.keys().find(more) {
        return Err(format!("iteration {i} should not be"));
    }
    match (&heard.stall, &told.stall) {
        (None, None) => compare_totals(&told, heard)?,
        (Some(_), Some(_)) => {}
        (Some(stall), None) => return Err(format!("the program stalls: {stall}")),
        (None, Some(stall)) => return Err(format!("the program should stall: {stall}")),
    }
    Ok(tally)
}

/// Bit by bit. A NaN is as good as another: which one comes out is the processor's choice.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// A loss that is no number is told as infinite: NaN would say that nobody looked.
fn or_infinite(loss: f64) -> f64 {
    if loss.is_nan() { f64::INFINITY } else { loss }
}

fn number(what: &str, program: f64, oracle: f64) -> Result<(), String> {
    match same(program, oracle) {
        true => Ok(()),
        false => Err(format!("{what} is {program:?}, should be {oracle:?}")),
    }
}

fn counts(all: &[(&str, u64, u64)]) -> Result<(), String> {
    let mut all = all.iter();
    all.try_for_each(|&(what, program, oracle)| number(what, program as f64, oracle as f64))
}

/// Of attackers, only what they send and would be is told: how well they would do is not.
fn compare_agent(sample: &Sample, expected: &Expected, byzantine: bool) -> Result<(), String> {
    let combined = sample.combined_at.us();
    counts(&[("the moment [µs]", combined, expected.combined)])?;
    counts(&[
        ("the start [µs]", sample.started_at.us(), expected.started),
        (
            "the end of computing [µs]",
            sample.adapted_at.us(),
            expected.adapted,
        ),
    ])?;
    number(
        "ℓ(ψ)",
        sample.adapted_loss,
        or_infinite(expected.adapted_loss),
    )?;
    let others = || {
        expected
            .rows
            .iter()
            .filter(|row| row.sender != expected.agent)
    };
    let rows = if byzantine { 0 } else { expected.rows.len() };
    counts(&[
        ("rows", sample.weights.len() as u64, rows as u64),
        ("missing", sample.missing.into(), expected.missing.into()),
        ("starved", sample.starved.into(), expected.starved.into()),
        (
            "attacking",
            sample.attacking.into(),
            expected.attacking.into(),
        ),
    ])?;
    for (row, expected) in sample.weights.iter().zip(&expected.rows) {
        let from = expected.sender;
        number("a sender", f64::from(row.sender.0), from as f64)?;
        let of = |what: &str| format!("{what} of {from}");
        counts(&[(&of("the age [µs]"), row.age.us(), expected.age_us)])?;
        counts(&[
            (
                &of("the age in iterations"),
                row.age_iterations,
                expected.age,
            ),
            (&of("holding"), row.held.into(), expected.held.into()),
        ])?;
        number(&of("the loss"), row.loss, expected.loss)?;
        number(&of("φ"), row.accumulated, expected.phi)?;
        number(&of("the weight"), row.weight, expected.weight)?;
    }
    let used = others().filter(|row| row.weight > 0.0).count() as u64;
    counts(&[("models used", sample.models_used.into(), used)])?;
    let most = |of: fn(&super::rules::Row) -> u64| others().map(of).max();
    let oldest = most(|row| row.age).zip(most(|row| row.age_us));
    let oldest = oldest.map(|(age, us)| [age, us]);
    if told::oldest(sample) != oldest {
        let program = told::oldest(sample);
        return Err(format!(
            "the greatest ages are {program:?}, should be {oldest:?}"
        ));
    }
    let model = sample.model.as_ref().expect("the observer asked for it");
    let parameters = model.values().len() as u64;
    counts(&[("parameters", parameters, expected.model.len() as u64)])?;
    // Widened to f64, different f32 stay different and equal ones equal.
    let parameters = model.values().iter().zip(&*expected.model);
    for (j, (&program, &oracle)) in parameters.enumerate() {
        number(&format!("θ[{j}]"), program.into(), oracle.into())?;
    }
    let loss = if byzantine {
        f64::NAN
    } else {
        or_infinite(expected.loss)
    };
    number("ℓ(θ)", sample.loss, loss)?;
    if let Some(oracle) = expected.counts {
        let program = &sample.traffic;
        counts(&[
            ("sent", program.sent, oracle.sent),
            ("bytes", program.bytes, oracle.bytes),
            ("delivered", program.delivered, oracle.delivered),
            ("malformed", program.malformed, oracle.malformed),
            ("used", program.used, used),
        ])?;
    }
    Ok(())
}

/// Compares what is told of the run as a whole.
fn compare_totals(told: &Told, heard: &Heard) -> Result<(), String> {
    let summary = heard.summary.as_ref().expect("a run that has ended");
    let messages = &summary["messages"];
    let oracle = &told.traffic;
    for (what, oracle) in [
        ("sent", oracle.sent),
        ("duplicated", oracle.duplicated),
        ("dropped", oracle.dropped.all()),
        ("expired", oracle.expired),
        ("malformed", oracle.malformed),
        ("delivered", oracle.delivered),
        ("in_flight", oracle.in_flight),
        ("late", oracle.late),
        ("used", oracle.used),
        ("bytes", oracle.bytes),
    ] {
        let program = messages[what].as_u64().expect("a count");
        counts(&[(what, program, oracle)])?;
    }
    let end = summary["simulated_ms"].as_f64().expect("a number");
    number("simulated_ms", end, told.end as f64 / 1000.0)
}

impl Tally {
    fn add(&mut self, expected: &Expected, byzantine: bool) {
        self.combined += 1;
        self.missing += u64::from(expected.missing);
        self.starved += u64::from(expected.starved);
        self.malformed = self.traffic.malformed;
        for row in expected
            .rows
            .iter()
            .filter(|row| row.sender != expected.agent)
        {
            self.accepted += u64::from(row.weight > 0.0);
            self.rejected += u64::from(row.weight == 0.0);
            self.held += u64::from(row.held);
            self.aged += u64::from(row.age > 0);
        }
        if byzantine {
            self.attacking += u64::from(expected.attacking);
            self.pausing += u64::from(!expected.attacking);
        }
    }
}
