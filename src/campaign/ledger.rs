//! What is known of all points while a campaign runs, and `points.parquet`, which tells it at any
//! moment.

use super::folder::Before;
use super::lock::Lock;
use super::outcome::PointOutcome;
use super::{points, run_folder};
use crate::record::RunError;
use crate::scenario::{RunId, ScenarioFile};
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The next writing of the table begins no sooner than so many times as long as the last one took:
/// it takes 2 % of the time at most.
const PAUSE: u32 = 50;

/// The points of a campaign with what became of them.
pub(super) struct Ledger<'a> {
    file: &'a ScenarioFile,
    folder: &'a Path,
    /// Whether others run points of the same campaign.
    is_shared: bool,
    state: Mutex<State>,
}

struct State {
    outcomes: Vec<(RunId, PointOutcome)>,
    /// When the table may be written again.
    next: Instant,
}

impl<'a> Ledger<'a> {
    pub fn new(
        file: &'a ScenarioFile,
        folder: &'a Path,
        is_shared: bool,
        outcomes: Vec<(RunId, PointOutcome)>,
    ) -> Ledger<'a> {
        let next = Instant::now();
        Ledger {
            file,
            folder,
            is_shared,
            state: Mutex::new(State { outcomes, next }),
        }
    }

    /// Notes what became of points that are the same run.
    pub fn note(&self, points: &[usize], outcome: &PointOutcome) {
        let mut state = self.state();
        for &point in points {
            state.outcomes[point].1 = outcome.again();
        }
    }

    /// Writes the table, unless it was written a moment ago. What cannot be written now may be
    /// later: the last time tells.
    pub fn write_if_due(&self) {
        let mut state = self.state();
        if Instant::now() >= state.next {
            let _ = self.write_now(&mut state);
        }
    }

    /// Writes the table for the last time. What became of the points, and why the table could not
    /// be written.
    pub fn close(self) -> (Vec<(RunId, PointOutcome)>, Option<RunError>) {
        let unwritten = self.write_now(&mut self.state()).err();
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        (state.outcomes, unwritten)
    }

    fn write_now(&self, state: &mut State) -> Result<(), RunError> {
        let begun = Instant::now();
        // Who comes later knows more, so nobody else may write between looking and writing.
        let _lock = self.is_shared.then(|| self.lock());
        if self.is_shared {
            self.look(&mut state.outcomes);
        }
        let written = points::write(self.folder, self.file, &state.outcomes);
        state.next = Instant::now() + (begun.elapsed() * PAUSE).max(Duration::from_millis(1));
        written
    }

    /// Looks what others have done since.
    fn look(&self, outcomes: &mut [(RunId, PointOutcome)]) {
        for (id, outcome) in outcomes {
            if !matches!(outcome, PointOutcome::Elsewhere(_)) {
                continue;
            }
            let run = run_folder(self.folder, id);
            *outcome = elsewhere(Before::of(&run).outcome(), &run);
        }
    }

    /// Holds until it is dropped, or not at all where the file system knows no locks.
    fn lock(&self) -> Option<File> {
        let file = File::create(self.folder.join(".points.lock")).ok()?;
        file.lock().ok()?;
        Some(file)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left one outcome or another, all of them true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is found of a run that another task is to run.
pub(super) fn elsewhere(found: PointOutcome, run: &Path) -> PointOutcome {
    match found {
        PointOutcome::Found(summary) | PointOutcome::FoundLess(summary) => {
            PointOutcome::Found(summary)
        }
        _ if Lock::is_held(run) => PointOutcome::Elsewhere("running"),
        found => PointOutcome::Elsewhere(found.status()),
    }
}
