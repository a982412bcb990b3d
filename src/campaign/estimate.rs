//! How long a campaign will take on this machine, from a short sample of each of its rules.
//!
//! The sample is the beginning of the largest point of a rule, and the other points of the rule cost
//! as much per parameter that they combine. It is as wrong as the machine of the sample differs from
//! that of the runs, and where later iterations cost more than the first, such as under an attack
//! that begins late; runs that end early take less.

use super::{Campaign, Outlook, Pending};
use crate::actors::{self, RunOptions};
use crate::record::{Observer, Seen};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
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
        let how = (outlook.jobs, outlook.threads);
        self.estimate_of(&outlook.pending, how, SAMPLE, None)
    }

    /// Estimates how long runs take, of which so many are side by side on so many threads each, and takes
    /// no longer than `within`. `None` where no sample came to the end of an iteration by then.
    pub fn estimate_within(
        &self,
        runs: &[Pending],
        how: (usize, usize),
        within: Duration,
    ) -> Option<Estimate> {
        let rules: BTreeSet<&str> = runs.iter().map(|run| &*run.rule).collect();
        let each = within / (rules.len().max(1) as u32);
        self.estimate_of(runs, how, each.min(SAMPLE), Some(each))
    }

    /// With a sample of each rule that takes `enough`, and is given up after `most`.
    fn estimate_of(
        &self,
        runs: &[Pending],
        (jobs, threads): (usize, usize),
        enough: Duration,
        most: Option<Duration>,
    ) -> Option<Estimate> {
        let mut largest: BTreeMap<&str, &Pending> = BTreeMap::new();
        for run in runs {
            let of_rule = largest.entry(&run.rule).or_insert(run);
            if total(run) > total(of_rule) {
                *of_rule = run;
            }
        }
        let sampled = largest.into_iter().filter_map(|(rule, run)| {
            let per_iteration = self.sample(run.point, threads, enough, most)?;
            Some((rule, per_iteration / run.work))
        });
        let costs: BTreeMap<&str, f64> = sampled.collect();
        // A rule that could not be sampled costs what the dearest does.
        let dearest = costs.values().copied().reduce(f64::max)?;
        let cost = |run: &Pending| costs.get(run.rule.as_str()).unwrap_or(&dearest);
        let seconds = runs.iter().map(|run| (run.turn, total(run) * cost(run)));
        Some(Estimate {
            seconds: seconds.collect(),
            jobs,
            threads,
        })
    }

    /// Seconds per iteration of a run that is begun and given up: after `enough`, or after `most` wherever
    /// it is then.
    fn sample(
        &self,
        point: usize,
        threads: usize,
        enough: Duration,
        most: Option<Duration>,
    ) -> Option<f64> {
        let interrupt = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopwatch = Stopwatch {
            interrupt: interrupt.clone(),
            begun: Instant::now(),
            enough,
            seen: seen.clone(),
        };
        let (over, is_over) = channel::<()>();
        if let Some(most) = most {
            let interrupt = interrupt.clone();
            let give_up = move || {
                if is_over.recv_timeout(most).is_err() {
                    interrupt.store(true, Ordering::Relaxed);
                }
            };
            std::thread::Builder::new().spawn(give_up).ok()?;
        }
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
        let ran = catch_unwind(AssertUnwindSafe(body));
        // Where it waits no longer, there is nobody to hear it.
        let _ = over.send(());
        ran.ok()??;
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
    enough: Duration,
    /// Since then \[s\].
    seen: Arc<Mutex<Vec<f64>>>,
}

impl Observer for Stopwatch {
    fn see(&mut self, _: &Seen<'_>) {
        let passed = self.begun.elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(passed.as_secs_f64());
        if seen.len() > 1 && passed > self.enough {
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

    /// Until all are done, `jobs` of them side by side \[s\].
    pub fn wall(&self) -> f64 {
        let longest = self.seconds.iter().map(|(_, seconds)| *seconds);
        longest.fold(self.in_all() / self.jobs.max(1) as f64, f64::max)
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
