//! What is known of all points while a campaign runs, and `points.parquet`, which tells it at any
//! moment.

use super::folder::{Again, Before};
use super::lock::Lock;
use super::outcome::PointOutcome;
use super::{Ended, points, run_folder};
use crate::record::{Care, RunError};
use crate::scenario::{Record, RunId, ScenarioFile};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// After the table was written, it is not written for so many times as long as that took: it takes
/// 2 % of the time at most.
const PAUSE: u32 = 50;

/// The points of a campaign with what became of them.
pub(super) struct Ledger<'a> {
    file: &'a ScenarioFile,
    folder: &'a Path,
    /// Whether others run points of the same campaign.
    is_shared: bool,
    state: Mutex<State>,
    /// Something became of a point, or the campaign is over.
    news: Condvar,
}

struct State {
    outcomes: Vec<(RunId, PointOutcome)>,
    /// Whether the table tells less.
    is_ahead: bool,
    is_over: bool,
}

impl<'a> Ledger<'a> {
    pub fn new(
        file: &'a ScenarioFile,
        folder: &'a Path,
        is_shared: bool,
        outcomes: Vec<(RunId, PointOutcome)>,
    ) -> Ledger<'a> {
        let state = State {
            outcomes,
            is_ahead: true,
            is_over: false,
        };
        Ledger {
            file,
            folder,
            is_shared,
            state: Mutex::new(state),
            news: Condvar::new(),
        }
    }

    /// Notes what became of points that are the same run.
    pub fn note(&self, points: &[usize], outcome: &PointOutcome) {
        let mut state = self.state();
        for &point in points {
            state.outcomes[point].1 = outcome.again();
        }
        state.is_ahead = true;
        self.news.notify_all();
    }

    /// Notes that nothing will become of any point any more.
    pub fn end(&self) {
        self.state().is_over = true;
        self.news.notify_all();
    }

    /// Writes the table until the end, whenever there is something to tell. What cannot be written
    /// now may be later: the last time tells.
    pub fn keep(&self) {
        let mut state = self.state();
        while !state.is_over {
            let begun = Instant::now();
            if state.is_ahead {
                drop(state);
                let _ = self.write(false);
                state = self.state();
            }
            let pause = begun.elapsed() * PAUSE;
            let waits = |state: &mut State| !state.is_over;
            let waited = self.news.wait_timeout_while(state, pause, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let waits = |state: &mut State| !state.is_over && !state.is_ahead;
            let waited = self.news.wait_while(state, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes the table for the last time. What became of the points, and why the table could not
    /// be written.
    pub fn close(self) -> Ended {
        let unwritten = self.write(true).err();
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        Ended {
            points: state.outcomes,
            unwritten,
        }
    }

    /// Writes the table, unless another task does for long and it is not the last time.
    fn write(&self, is_last: bool) -> Result<(), RunError> {
        // Who comes later knows more, so nobody else may write between looking and writing. Before
        // the state is taken, which no run is to wait for.
        let lock = self.is_shared.then(|| Lock::to_write(self.folder));
        if matches!(lock, Some(None)) && !is_last {
            return Ok(());
        }
        let mut state = self.state();
        state.is_ahead = false;
        if self.is_shared {
            self.look(&mut state.outcomes);
        }
        points::write(self.folder, self.file, &state.outcomes)
    }

    /// Looks what others have done since.
    fn look(&self, outcomes: &mut [(RunId, PointOutcome)]) {
        // Of points that are the same run, the first says what is recorded.
        let mut records = BTreeMap::new();
        for ((id, outcome), point) in outcomes.iter_mut().zip(&self.file.points) {
            let asked = *records.entry(&*id).or_insert(&point.outline.record);
            if !matches!(outcome, PointOutcome::Elsewhere { .. }) {
                continue;
            }
            let run = run_folder(self.folder, id);
            *outcome = elsewhere(Before::of(&run, Care::Sizes), asked, &run);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left one outcome or another, all of them true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is found of a run that another task is to run.
pub(super) fn elsewhere(before: Before, asked: &Record, run: &Path) -> PointOutcome {
    // Whether that task was told to run again what failed, it alone knows.
    match before.look(asked, Again::default()) {
        (PointOutcome::Found(summary), _) => PointOutcome::Found(summary),
        _ if Lock::is_held(run) => PointOutcome::Elsewhere {
            status: "running",
            is_over: false,
        },
        (found, begin) => PointOutcome::Elsewhere {
            status: found.status(),
            is_over: begin.is_none(),
        },
    }
}
