//! How many threads can be started here: the system may allow fewer than are wanted.

use crate::record::RunError;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

/// Threads beside those of the runs: one writes the table of points, and two are spare, for readers
/// of data files and a terminal's progress line.
const OTHERS: usize = 3;

/// The threads that a campaign takes: of each run, its worker and the threads of its actors.
fn all(jobs: usize, threads: usize) -> usize {
    OTHERS + jobs * (1 + threads)
}

/// Points side by side and threads of each, fewer than these where not as many can be started. No
/// result depends on them.
///
/// # Errors
/// Not even one point on one thread.
pub(super) fn startable(jobs: usize, threads: usize) -> Result<(usize, usize), RunError> {
    let wanted = all(jobs, threads);
    let (started, error) = started(wanted);
    let Some(error) = error else {
        return Ok((jobs, threads));
    };
    fitting(started, jobs, threads).ok_or(RunError::Threads {
        wanted: all(1, 1),
        error,
    })
}

/// The most of `jobs` and `threads` for which `started` threads are enough: points side by side
/// come first, since they use processors best.
fn fitting(started: usize, jobs: usize, threads: usize) -> Option<(usize, usize)> {
    let of_runs = started.checked_sub(OTHERS)?;
    let jobs = jobs.min(of_runs / 2);
    let threads = threads.min((of_runs / jobs.max(1)).saturating_sub(1));
    (jobs > 0 && threads > 0).then_some((jobs, threads))
}

/// How many of as many threads are there at once, and why not all.
fn started(wanted: usize) -> (usize, Option<io::Error>) {
    let mut waiting: Vec<(Sender<()>, JoinHandle<bool>)> = Vec::new();
    let mut error = None;
    for _ in 0..wanted {
        let (end, ended): (Sender<()>, Receiver<()>) = channel();
        // Ends when its sender is dropped.
        match Builder::new().spawn(move || ended.recv().is_err()) {
            Ok(thread) => waiting.push((end, thread)),
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
    }
    let count = waiting.len();
    for (end, thread) in waiting {
        drop(end);
        // A thread that only waits does not panic; joined, it counts no longer.
        let _ = thread.join();
    }
    (count, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_shared_out_as_far_as_it_goes() {
        assert_eq!(fitting(4, 8, 1), None);
        assert_eq!(fitting(5, 8, 1), Some((1, 1)));
        assert_eq!(fitting(6, 1, 8), Some((1, 2)));
        assert_eq!(fitting(9, 8, 1), Some((3, 1)));
        assert_eq!(fitting(9, 2, 8), Some((2, 2)));
        for started in 0..60 {
            for (jobs, threads) in [(1, 1), (1, 8), (8, 1), (4, 4)] {
                if let Some((j, t)) = fitting(started, jobs, threads) {
                    assert!(all(j, t) <= started && j <= jobs && t <= threads);
                }
            }
        }
    }

    #[test]
    fn here_a_few_can_be_started() {
        assert!(matches!(startable(2, 2), Ok((2, 2))));
    }
}
