//! Scenarios in simulated time, run in a line each, and the statistics that they are measured by.
#![allow(dead_code, reason = "each test program uses a part")]

use crate::shipped::{Study, run_on, watch};
use byzsim::record::{Seen, Summary};
use byzsim::scenario::Plan;
use std::sync::Arc;

/// The plan of a scenario without a sweep.
pub fn plan(text: &str) -> Arc<Plan> {
    Study::written("timed", text).plan(0)
}

/// What a scenario comes to.
pub fn summary(text: &str) -> Summary {
    run_on(&plan(text), 1)
}

/// The fingerprint of a scenario's run.
pub fn fingerprint(text: &str) -> String {
    summary(text).fingerprint().to_owned()
}

/// How long each iteration of a run took [µs].
pub fn rounds(text: &str) -> Vec<u64> {
    let look = |rounds: &mut Vec<u64>, seen: &Seen<'_>| {
        rounds.push((seen.round.end - seen.round.start).us());
    };
    watch(&plan(text), Vec::new(), look).1
}

/// Microseconds as milliseconds.
pub fn ms(us: &[u64]) -> Vec<f64> {
    us.iter().map(|&us| us as f64 / 1000.0).collect()
}

/// Standard errors by which a mean of a fixed seed may be off: less than one seed in 15,000 is
/// further off, so that a failure is not chance.
pub const ERRORS: f64 = 4.0;

/// Checks the mean of independent values against that of their distribution, whose standard
/// deviation is known.
#[track_caller]
pub fn has_mean(what: &str, values: &[f64], (mean, deviation): (f64, f64)) {
    let found = values.iter().sum::<f64>() / values.len() as f64;
    let allowed = ERRORS * deviation / (values.len() as f64).sqrt();
    println!("{what}: {found:.4}, {mean:.4} ± {allowed:.4} expected");
    assert!(
        (found - mean).abs() <= allowed,
        "{what}: {found}, not {mean}"
    );
}

/// Checks how often something happened in independent trials. `correlation` is by how much the
/// variance of a sum of trials is larger where they are not independent; 1 where they are.
#[track_caller]
pub fn has_share(what: &str, (times, trials): (usize, usize), share: f64, correlation: f64) {
    let found = times as f64 / trials as f64;
    let variance = share * (1.0 - share) * correlation / trials as f64;
    let allowed = ERRORS * variance.sqrt();
    println!("{what}: {found:.4} of {trials}, {share:.4} ± {allowed:.4} expected");
    assert!(
        (found - share).abs() <= allowed,
        "{what}: {found}, not {share}"
    );
}

/// Checks that independent values have a continuous distribution: Kolmogorov's and Smirnov's test,
/// in which a fixed seed fails by chance once in a thousand. `rounding` is by how much the values'
/// own distribution may be off.
#[track_caller]
pub fn is_distributed(what: &str, values: &[f64], cdf: impl Fn(f64) -> f64, rounding: f64) {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(i, &x): (usize, &f64)| {
        let (p, i) = (cdf(x), i as f64);
        (p - i / n).max((i + 1.0) / n - p)
    };
    let found = values.iter().enumerate().map(distance).fold(0.0, f64::max);
    let allowed = 1.95 / n.sqrt() + rounding;
    println!("{what}: {found:.4} apart, at most {allowed:.4}");
    assert!(found <= allowed, "{what}: {found} apart");
}

/// P(N ≤ z) of a standard normal N.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}
