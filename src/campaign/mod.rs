//! Many runs: the points of a sweep, side by side on the cores, into one results folder.

mod allowance;
mod alone;
mod confidence;
mod estimate;
mod folder;
mod judged;
mod kept;
mod ledger;
mod lock;
mod matrix;
mod measure;
mod needs;
mod options;
mod outcome;
mod outlook;
mod plans;
mod point;
mod points;
pub mod slurm;
mod starved;
mod status;
mod survey;
#[cfg(test)]
pub(crate) mod testing;
mod threads;
mod todo;
mod workload;

pub use allowance::Allowance;
pub use alone::AboveAlone;
pub use confidence::{as_ratio, confidence, ratio_confidence};
pub use estimate::Estimate;
pub use folder::FolderError;
pub use judged::{Judged, Over};
pub use kept::Kept;
pub use matrix::{Cell, Matrix};
pub use measure::Measure;
pub use needs::{InAll, Needs, SideBySide};
pub use options::{CampaignError, CampaignOptions, Ended};
pub use outcome::{Failure, PointOutcome};
pub use outlook::{Outlook, Pending};
pub use starved::Starved;
pub use status::{PointStatus, Status};
pub use workload::{Share, Size};

use crate::data::Library;
use crate::scenario::{Catalogues, RunId, ScenarioFile};
use ledger::Ledger;
use lock::{Attempt, LOCK_FILE, Lock, Sharing};
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};
use todo::Run;
use workload::share_out;

/// A scenario with the data that it reads and the folder that it writes.
pub struct Campaign {
    /// The scenario and its points.
    pub file: ScenarioFile,
    library: Library,
    catalogues: Catalogues,
}

/// Before a run is tried again that somebody else has.
const PAUSE: Duration = Duration::from_secs(1);

/// Times that a run is tried again that somebody else has who is no task of the campaign.
const MOST_ATTEMPTS: u32 = 3;

/// A campaign whose folder is taken.
struct Begun {
    lock: Lock,
    /// In the order of their first points.
    runs: Vec<Run>,
    /// What is known of the points.
    outcomes: Vec<(RunId, PointOutcome)>,
}

/// Refuses runs that need more memory than this process may use.
fn refuse_too_large(
    pending: &[&Run],
    (jobs, threads): (usize, usize),
    options: &CampaignOptions<'_>,
) -> Result<(), CampaignError> {
    let how = SideBySide {
        jobs,
        threads: jobs * threads,
        checkpoints: options.checkpoint_every.is_some(),
    };
    let in_all = Needs::in_all(pending.iter().map(|run| &run.size.needs), how);
    match Allowance::of_this_process() {
        Some(allowance) if in_all.memory > allowance.bytes => {
            Err(CampaignError::TooLarge { in_all, allowance })
        }
        _ => Ok(()),
    }
}

impl Campaign {
    /// A campaign of a scenario. `data` is the data folder from the command line.
    pub fn new(file: ScenarioFile, data: Option<PathBuf>, catalogues: Catalogues) -> Campaign {
        let library = Library::new(data, &file.folder);
        Campaign {
            file,
            library,
            catalogues,
        }
    }

    /// Takes this data folder where neither the command line nor the scenario nor `BYZSIM_DATA`
    /// names one.
    pub fn with_default_data(self, folder: Option<PathBuf>) -> Campaign {
        Campaign {
            library: self.library.by_default(folder),
            ..self
        }
    }

    /// How points share the process that runs all of them, of as many threads and jobs as are asked
    /// for.
    pub fn side_by_side<'a>(
        sizes: impl Iterator<Item = &'a Size> + Clone,
        threads: Option<usize>,
        jobs: Option<usize>,
    ) -> SideBySide {
        let (jobs, threads) = share_out(threads, jobs, sizes);
        SideBySide {
            jobs,
            threads: jobs * threads,
            checkpoints: false,
        }
    }

    /// Makes the folder ready without running anything: every point is checked, and
    /// `points.parquet` says what is done of them. Failed runs, and those of another build,
    /// that are to be run again are as if they had not begun.
    ///
    /// # Errors
    /// A scenario that is wrong or a folder that cannot be used.
    pub fn prepare(&self, options: &CampaignOptions<'_>) -> Result<Ended, CampaignError> {
        let mut begun = self.begin(options)?;
        self.reset_ended(&mut begun, options)?;
        Ok(self.ledger(options, begun.outcomes).close())
    }

    /// Runs all points that are not done. Before the first begins, every point is checked and
    /// `outlook` hears what is to be done. From then on `points.parquet` has a row for every point.
    ///
    /// # Errors
    /// A scenario that is wrong or a folder that cannot be used: then nothing was run. Runs that
    /// fail do not stop the others.
    pub fn run(
        &self,
        options: &CampaignOptions<'_>,
        outlook: impl FnOnce(Outlook),
    ) -> Result<Ended, CampaignError> {
        let Begun {
            lock,
            runs,
            outcomes,
        } = self.begin(options)?;
        let pending = self.pending(&runs);
        let sizes = pending.iter().map(|run| &run.size);
        let wanted = share_out(options.threads, options.jobs, sizes);
        let (jobs, threads) = match pending.is_empty() {
            true => wanted,
            false => threads::startable(wanted.0, wanted.1).map_err(CampaignError::Threads)?,
        };
        if !options.anyway {
            refuse_too_large(&pending, (jobs, threads), options)?;
        }
        outlook(self.outlook(&pending, &outcomes, (jobs, threads), lock.holds()));
        let ledger = self.ledger(options, outcomes);
        let queue: VecDeque<(&Run, u32)> = pending.iter().map(|run| (*run, 0)).collect();
        let queue = Mutex::new(queue);
        let queue = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        let is_interrupted = || options.interrupt.load(Ordering::Relaxed);
        let next = || queue().pop_front().filter(|_| !is_interrupted());
        let work = || {
            while let Some((run, attempts)) = next() {
                if attempts == 0 {
                    ledger.note(&run.points, &PointOutcome::Running);
                } else if !pause(is_interrupted) {
                    break;
                }
                let outcome = self.run_point(run, threads, options);
                let is_held = matches!(outcome, PointOutcome::Running);
                // In a campaign that is not shared, nobody can be at it who will end.
                if is_held && (options.share.is_some() || attempts < MOST_ATTEMPTS) {
                    queue().push_back((run, attempts + 1));
                } else {
                    ledger.note(&run.points, &outcome);
                }
            }
        };
        std::thread::scope(|scope| {
            // They could all be started a moment ago; another process may have taken them since.
            // Without its thread the table is written at the end alone, and without other workers
            // this thread runs all points.
            let _ = Builder::new().spawn_scoped(scope, || ledger.keep());
            let start = |_| Builder::new().spawn_scoped(scope, work).ok();
            let workers: Vec<_> = (1..jobs).filter_map(start).collect();
            let own = catch_unwind(AssertUnwindSafe(work));
            // One that panicked is told of when all are back.
            let mut ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
            ended.push(own);
            ledger.end();
            if let Some(payload) = ended.into_iter().find_map(Result::err) {
                resume_unwind(payload);
            }
        });
        options.running.fetch_add(1, Ordering::SeqCst);
        let ended = ledger.close();
        options.running.fetch_sub(1, Ordering::SeqCst);
        Ok(ended)
    }

    /// Checks every point, takes the folder, and looks what is to be done.
    fn begin(&self, options: &CampaignOptions<'_>) -> Result<Begun, CampaignError> {
        folder::refuse_foreign(&options.folder)?;
        // Before the plans, which may take long.
        let had_lock = options.folder.join(LOCK_FILE).is_file();
        let early = had_lock.then(|| lock(options)).transpose()?;
        let sizes = self.sizes(options)?;
        let lock = match early {
            Some(lock) => lock,
            None => lock(options)?,
        };
        let ids: Vec<RunId> = sizes.iter().map(|size| size.id.clone()).collect();
        self.claim(options, &ids)?;
        let (runs, outcomes) = self.look(sizes, options);
        let outcomes: Vec<_> = ids.into_iter().zip(outcomes).collect();
        for run in &runs {
            let is_own = options.share.is_none_or(|share| share.has(run.turn));
            let outcome = &outcomes[run.points[0]].1;
            if is_own && matches!(outcome, PointOutcome::Found(_)) {
                point::tidy(&run_folder(&options.folder, &run.size.id));
            }
        }
        Ok(Begun {
            lock,
            runs,
            outcomes,
        })
    }

    /// Draws the points that are to be run here, to know how large they are; and all of them unless
    /// their ids stand in the folder.
    fn sizes(&self, options: &CampaignOptions<'_>) -> Result<Vec<Size>, CampaignError> {
        if let Some(share) = options.share
            && let Some(sizes) = self.sizes_of_share(share, options)
        {
            return Ok(sizes);
        }
        let mut sizes = Vec::new();
        if !self.plans_until(&options.interrupt, |plan| sizes.push(Size::of(&plan)))? {
            return Err(CampaignError::Interrupted);
        }
        Ok(sizes)
    }

    /// The sizes of a task's own points. `None` where the ids of all are not known, or data has
    /// changed since.
    fn sizes_of_share(&self, share: Share, options: &CampaignOptions<'_>) -> Option<Vec<Size>> {
        let ids = Kept::read(&options.folder).runs;
        let ids: Vec<RunId> = ids.iter().filter_map(|id| RunId::read(id)).collect();
        if ids.len() != self.file.points.len() {
            return None;
        }
        let turns = self.turns(&ids);
        let mut seen = BTreeSet::new();
        let of_point = |(point, (id, turn)): (usize, (&RunId, usize))| {
            if !seen.insert(id.clone()) || !share.has(turn) {
                return Some(Size::unknown(id));
            }
            // Whoever draws all of them is told, too.
            if options.interrupt.load(Ordering::Relaxed) {
                return None;
            }
            let plan = self.plan(point).ok()?;
            (plan.id == *id).then(|| Size::of(&plan))
        };
        ids.iter().zip(turns).enumerate().map(of_point).collect()
    }

    fn ledger<'a>(
        &'a self,
        options: &'a CampaignOptions<'_>,
        outcomes: Vec<(RunId, PointOutcome)>,
    ) -> Ledger<'a> {
        let is_shared = options.share.is_some();
        Ledger::new(&self.file, &options.folder, is_shared, outcomes)
    }

    /// Makes the folder this campaign's, and keeps there what it takes to go on.
    fn claim(&self, options: &CampaignOptions<'_>, ids: &[RunId]) -> Result<(), FolderError> {
        let runs: Vec<String> = ids.iter().map(RunId::to_string).collect();
        let folder = &options.folder;
        let known: BTreeSet<String> = runs.iter().cloned().collect();
        folder::claim(folder, &self.file.resolved(), &known, options.force)?;
        if options.share.is_some() {
            // Tasks go on with what is kept already.
            return Ok(());
        }
        let (data, default_data) = self.library.folders();
        let kept = |folder: &Path| {
            let folder = std::path::absolute(folder).ok();
            // JSON is Unicode.
            folder.filter(|folder| folder.to_str().is_some())
        };
        let kept = Kept {
            checkpoint_every: options.checkpoint_every,
            data: data.and_then(kept),
            default_data: default_data.and_then(kept),
            runs,
        };
        kept.write(folder)
    }
}

/// Waits before a run is tried again that somebody else has: false where that is interrupted.
fn pause(is_interrupted: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PAUSE {
        if is_interrupted() {
            return false;
        }
        std::thread::sleep(PAUSE / 20);
    }
    true
}

/// Writes into a results folder, as `write` does, while no other task of the campaign does: neither
/// its table of points nor its report. Waits for that, but not for ever.
pub fn by_turns<T>(folder: &Path, write: impl FnOnce() -> T) -> T {
    let _lock = Lock::to_write(folder);
    write()
}

/// Where a run's files are in a results folder.
fn run_folder(results: &Path, id: &impl std::fmt::Display) -> PathBuf {
    results.join("runs").join(id.to_string())
}

/// Locks the results folder, which is made if needed.
fn lock(options: &CampaignOptions<'_>) -> Result<Lock, FolderError> {
    let folder = &options.folder;
    let sharing = match options.share {
        Some(_) => Sharing::Tasks,
        None => Sharing::Alone,
    };
    let attempt = std::fs::create_dir_all(folder).and_then(|()| Lock::take(folder, sharing));
    match attempt.map_err(FolderError::at(folder))? {
        Attempt::Taken(lock) => Ok(lock),
        Attempt::Held(holder) => Err(FolderError::InUse {
            path: folder.clone(),
            holder,
        }),
    }
}
