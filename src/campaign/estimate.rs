//! How long a campaign will take on this machine, from a short sample of each of its rules.
//!
//! The sample is the beginning of the largest point of a rule, and the other points of the rule cost
//! as much per parameter that they combine. It is as wrong as the machine of the sample differs from
//! that of the runs, and where later iterations cost more than the first, such as under an attack
//! that begins late; runs that end early take less.

use super::{Campaign, Outlook, Pending};
use crate::actors::{self, RunOptions};
use crate::record::{Observer, Seen};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the runs of a campaign will take.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Each with its turn when they are dealt out to tasks \[s\].
    pub seconds: Vec<(usize, f64)>,
    /// How many of them side by side.
    pub jobs: usize,
    /// Processors of each.
    pub threads: usize,
}

/// How long a rule is looked at, beside the iteration that it is in then.
const SAMPLE: Duration = Duration::from_millis(400);

impl Campaign {
    /// Estimates how long the runs of an outlook take, in about half a second per rule, or two
    /// iterations. `None` where no sample could be run.
    pub fn estimate(&self, outlook: &Outlook) -> Option<Estimate> {
        let mut largest: BTreeMap<&str, &Pending> = BTreeMap::new();
        for run in &outlook.pending {
            let of_rule = largest.entry(&run.rule).or_insert(run);
            if total(run) > total(of_rule) {
                *of_rule = run;
            }
        }
        let sampled = largest.into_iter().filter_map(|(rule, run)| {
            let per_iteration = self.sample(run.point, outlook.threads)?;
            Some((rule, per_iteration / run.work))
        });
        let costs: BTreeMap<&str, f64> = sampled.collect();
        // A rule that could not be sampled costs what the dearest does.
        let dearest = costs.values().copied().reduce(f64::max)?;
        let cost = |run: &Pending| costs.get(run.rule.as_str()).unwrap_or(&dearest);
        let runs = outlook.pending.iter();
        Some(Estimate {
            seconds: runs.map(|run| (run.turn, total(run) * cost(run))).collect(),
            jobs: outlook.jobs,
            threads: outlook.threads,
        })
    }

    /// Seconds per iteration of a run that is begun and given up.
    fn sample(&self, point: usize, threads: usize) -> Option<f64> {
        let interrupt = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopwatch = Stopwatch {
            interrupt: interrupt.clone(),
            begun: Instant::now(),
            seen: seen.clone(),
        };
        let body = || {
            let plan = self.plan(point).ok()?;
            let options = RunOptions {
                threads,
                observers: vec![Box::new(stopwatch)],
                interrupt,
                ..RunOptions::default()
            };
            // It ends in an interruption, and what else it may end in, the campaign will tell.
            let _ = actors::run(Arc::new(plan), options);
            Some(())
        };
        catch_unwind(AssertUnwindSafe(body)).ok()??;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen[..] {
            [] => None,
            [only] => Some(only),
            // Without the start of the run.
            [first, .., last] => Some((last - first) / (seen.len() - 1) as f64),
        }
    }
}

/// Work of all iterations of a run.
fn total(run: &Pending) -> f64 {
    run.iterations as f64 * run.work
}

/// Notes when iterations end, and gives the run up when it has seen enough.
struct Stopwatch {
    interrupt: Arc<AtomicBool>,
    begun: Instant,
    /// Since then \[s\].
    seen: Arc<Mutex<Vec<f64>>>,
}

impl Observer for Stopwatch {
    fn see(&mut self, _: &Seen<'_>) {
        let passed = self.begun.elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(passed.as_secs_f64());
        if seen.len() > 1 && passed > SAMPLE {
            self.interrupt.store(true, Ordering::Relaxed);
        }
    }
}

impl Estimate {
    /// What runs cost beside each other where none was sampled: by their size alone. Each with its turn.
    pub fn by_size(outlook: &Outlook) -> Vec<(usize, f64)> {
        let runs = outlook.pending.iter();
        runs.map(|run| (run.turn, total(run))).collect()
    }

    /// Of all runs, as if one ran after the other \[s\].
    pub fn in_all(&self) -> f64 {
        self.seconds.iter().map(|(_, seconds)| seconds).sum()
    }

    /// As many tasks as have `least` seconds of computing each, and at least one.
    pub fn tasks(&self, least: f64) -> usize {
        let tasks = self.in_all() / self.jobs as f64 / least;
        (tasks as usize).clamp(1, self.seconds.len().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(seconds: &[f64], jobs: usize) -> Estimate {
        let seconds = seconds.iter().copied().enumerate().collect();
        Estimate {
            seconds,
            jobs,
            threads: 1,
        }
    }

    #[test]
    fn tasks_have_the_least_that_is_asked_for_unless_there_is_less() {
        assert_eq!(estimate(&[300.0; 10], 1).tasks(600.0), 5);
        assert_eq!(estimate(&[300.0; 11], 1).tasks(600.0), 5);
        assert_eq!(estimate(&[300.0; 10], 2).tasks(600.0), 2);
        assert_eq!(estimate(&[1.0; 10], 1).tasks(600.0), 1);
        assert_eq!(estimate(&[3000.0; 10], 1).tasks(600.0), 10);
        assert_eq!(estimate(&[], 1).tasks(600.0), 1);
    }
}
