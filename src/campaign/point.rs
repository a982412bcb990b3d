//! One run of a campaign: from what is found in its folder to its end.

use super::folder::{Before, Begin};
use super::lock::{Attempt, Lock, Sharing};
use super::todo::Run;
use super::{Campaign, CampaignOptions, PointOutcome, run_folder};
use crate::actors::{self, RunOptions};
use crate::files;
use crate::record::{self, Care, Panic, RunError, Summary};
use crate::scenario::{Plan, Record};
use crate::units::SimTime;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Campaign {
    /// Runs a run to its end, unless somebody else has its lock: then it is still `Running`.
    pub(super) fn run_point(
        &self,
        run: &Run,
        threads: usize,
        options: &CampaignOptions<'_>,
    ) -> PointOutcome {
        let folder = run_folder(&options.folder, &run.size.id);
        let unusable = |error| {
            PointOutcome::Failed(RunError::Write {
                path: folder.clone(),
                error,
            })
        };
        let locked = files::make_folder(&folder).and_then(|()| Lock::take(&folder, Sharing::Alone));
        let _lock = match locked {
            Ok(Attempt::Taken(lock)) => lock,
            Ok(Attempt::Held(_)) => return PointOutcome::Running,
            Err(error) => return unusable(error),
        };
        let point = run.points[0];
        let asked = &self.file.points[point].outline.record;
        let before = Before::of(&folder, Care::All);
        let record = before.record(asked);
        // Another process may have run it since.
        let (outcome, begin) = before.look(asked, options.again());
        if begin.is_none() {
            return outcome;
        }
        if begin == Some(Begin::Anew)
            && let Err(error) = record::begin_anew(&folder)
        {
            return PointOutcome::Failed(error);
        }
        let outcome = match self.try_point(point, &record, &folder, threads, options) {
            // Nobody could go on from it, or whoever could is not asked.
            Err(RunError::Checkpoint { is_lost, .. }) if is_lost || options.retry_failed => {
                let anew = record::begin_anew(&folder);
                anew.and_then(|()| self.try_point(point, &record, &folder, threads, options))
            }
            outcome => outcome,
        };
        outcome.map_or_else(PointOutcome::Failed, PointOutcome::Done)
    }

    /// Runs a point that records this. A panic, also while the plan or an observer is made, stops
    /// this point alone.
    fn try_point(
        &self,
        point: usize,
        record: &Record,
        folder: &Path,
        threads: usize,
        options: &CampaignOptions<'_>,
    ) -> Result<Summary, RunError> {
        let body = || {
            let plan = Plan::draw_recording(
                &self.file,
                &self.file.points[point],
                Some(record),
                &self.library,
                &self.catalogues,
            );
            let plan = Arc::new(plan.map_err(|error| RunError::Write {
                // It was drawn a moment ago: a file has changed since.
                path: folder.to_owned(),
                error: std::io::Error::other(error.to_string()),
            })?);
            let run = RunOptions {
                threads,
                folder: Some(folder.to_owned()),
                observers: (options.observers)(&plan),
                interrupt: options.interrupt.clone(),
                checkpoint_every: options.checkpoint_every,
            };
            // A panic of the run is caught inside.
            options.running.fetch_add(1, Ordering::SeqCst);
            let ended = actors::run(plan, run);
            options.running.fetch_sub(1, Ordering::SeqCst);
            ended
        };
        catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
            Err(RunError::Panic(Panic {
                who: "the start of the run".to_owned(),
                iteration: 0,
                at: SimTime::ZERO,
                message: Panic::message(&*payload),
            }))
        })
    }
}

/// Removes what a process has left beside a finished run that was killed in the moment between its
/// summary and this. What stays only takes room.
pub(super) fn tidy(folder: &Path) {
    if !record::has_checkpoint(folder) {
        return;
    }
    // Whoever has it may have begun it anew.
    if let Ok(Attempt::Taken(_lock)) = Lock::take(folder, Sharing::Alone)
        && matches!(
            Before::of(folder, Care::Sizes).outcome(),
            PointOutcome::Found(_)
        )
    {
        let _ = record::tidy(folder);
    }
}
