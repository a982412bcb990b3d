//! Many runs: the points of a sweep, side by side on the cores, into one results folder.

mod alone;
mod folder;
mod kept;
mod ledger;
mod lock;
mod matrix;
mod outcome;
mod outlook;
mod points;
mod status;
#[cfg(test)]
pub(crate) mod testing;
mod workload;

pub use alone::AboveAlone;
pub use folder::FolderError;
pub use kept::Kept;
pub use matrix::{Cell, Matrix, Measure};
pub use outcome::{Failure, PointOutcome};
pub use outlook::{Outlook, Pending};
pub use status::{PointStatus, Status};
pub use workload::Share;

use crate::actors::{self, RunOptions};
use crate::data::Library;
use crate::record::{Observer, Panic, RunError};
use crate::scenario::{Catalogues, Plan, RunId, ScenarioFile};
use crate::settings::WrongSettings;
use crate::units::SimTime;
use folder::{Before, Begin};
use ledger::Ledger;
use lock::{Attempt, LOCK_FILE, Lock, Sharing};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use workload::{Size, share_out};

/// A scenario with the data that it reads and the folder that it writes.
pub struct Campaign {
    /// The scenario and its points.
    pub file: ScenarioFile,
    library: Library,
    catalogues: Catalogues,
}

/// How to run a campaign, as opposed to what.
pub struct CampaignOptions<'a> {
    /// Folder of the results.
    pub folder: PathBuf,
    /// Whether a folder of another scenario is emptied of its results first.
    pub force: bool,
    /// Whether points are run again that failed for reasons of their own: a panic, a stall.
    pub retry_failed: bool,
    /// Iterations from one checkpoint of a run to the next; `None` writes one only where a run is
    /// interrupted.
    pub checkpoint_every: Option<NonZeroU64>,
    /// Threads in all; `None` takes the processors that the process may use, and fewer where a
    /// network is too small for them. No result depends on it.
    pub threads: Option<usize>,
    /// Points side by side; `None` chooses by the size of the network.
    pub jobs: Option<usize>,
    /// Which part of the campaign is this process's; `None` is all of it, alone.
    pub share: Option<Share>,
    /// Makes the observers of each run.
    pub observers: &'a (dyn Fn(&Plan) -> Vec<Box<dyn Observer>> + Sync),
    /// Set to true from anywhere, ends the campaign with the iterations that are being run.
    pub interrupt: Arc<AtomicBool>,
}

impl Default for CampaignOptions<'_> {
    /// Everything alone, into the folder at hand, without observers.
    fn default() -> Self {
        CampaignOptions {
            folder: PathBuf::from("."),
            force: false,
            retry_failed: false,
            checkpoint_every: None,
            threads: None,
            jobs: None,
            share: None,
            observers: &|_| Vec::new(),
            interrupt: Arc::default(),
        }
    }
}

/// Why a campaign could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The scenario is wrong, or its data is missing.
    #[error(transparent)]
    Wrong(#[from] WrongSettings),
    /// The results folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It was told to end before the first run began.
    #[error("interrupted before the first run began")]
    Interrupted,
}

/// What a campaign came to.
pub struct Ended {
    /// What became of the points, in their order.
    pub points: Vec<(RunId, PointOutcome)>,
    /// Why `points.parquet` could not be written.
    pub unwritten: Option<RunError>,
}

impl Ended {
    /// Whether all points have come to an end, good or bad, other tasks' too.
    pub fn is_over(&self) -> bool {
        self.points.iter().all(|(_, outcome)| outcome.is_over())
    }
}

/// Points that fail and bring no new mistake, after which the others are not drawn: each may read a
/// large data set that is malformed.
const MOST_ALIKE: usize = 20;

/// A run, and the points that it is of: they may differ in keys that their own kind has not, and
/// the first of them says what is recorded.
struct Run {
    size: Size,
    points: Vec<usize>,
    /// How this process is to run it, if it is.
    begin: Option<Begin>,
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

    /// Draws the plan of a point.
    ///
    /// # Errors
    /// What is wrong with the scenario, or its data.
    pub fn plan(&self, point: usize) -> Result<Plan, WrongSettings> {
        Plan::draw(
            &self.file,
            &self.file.points[point],
            &self.library,
            &self.catalogues,
        )
    }

    /// Draws the plans of all points in their order, and shows them to `see` one by one.
    ///
    /// # Errors
    /// What is wrong with any of them, all at once. Nothing is shown from the first mistake on.
    pub fn plans(&self, see: impl FnMut(Plan)) -> Result<(), WrongSettings> {
        let never = AtomicBool::new(false);
        self.plans_until(&never, see).map(|_| ())
    }

    /// The same until `interrupt` is true: whether all plans were drawn.
    fn plans_until(
        &self,
        interrupt: &AtomicBool,
        mut see: impl FnMut(Plan),
    ) -> Result<bool, WrongSettings> {
        let mut wrong = WrongSettings::default();
        let mut alike = 0;
        for point in 0..self.file.points.len() {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match self.plan(point) {
                Ok(plan) if wrong.is_empty() => see(plan),
                Ok(_) => {}
                Err(more) => alike = if wrong.merge(more) { 0 } else { alike + 1 },
            }
            if alike > MOST_ALIKE {
                wrong.unseen_points = self.file.points.len() - point - 1;
                break;
            }
        }
        if wrong.is_empty() {
            Ok(true)
        } else {
            Err(wrong)
        }
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
        // Before the plans, which may take long.
        let had_lock = options.folder.join(LOCK_FILE).is_file();
        let early = had_lock.then(|| lock(options)).transpose()?;
        let mut sizes = Vec::new();
        if !self.plans_until(&options.interrupt, |plan| sizes.push(Size::of(&plan)))? {
            return Err(CampaignError::Interrupted);
        }
        let lock = match early {
            Some(lock) => lock,
            None => lock(options)?,
        };
        let ids: Vec<RunId> = sizes.iter().map(|size| size.id.clone()).collect();
        self.claim(options, &ids)?;
        let (runs, outcomes) = self.look(sizes, options);
        let pending: Vec<usize> = (0..runs.len())
            .filter(|&r| runs[r].begin.is_some())
            .collect();
        let pending = self.taking_turns(pending, &runs);
        let (jobs, threads) = share_out(
            options.threads,
            options.jobs,
            pending.iter().map(|&r| &runs[r].size),
        );
        let count = |is_so: fn(&PointOutcome) -> bool| outcomes.iter().filter(|o| is_so(o)).count();
        let waiting: usize = pending.iter().map(|&r| runs[r].points.len()).sum();
        let skipped = |r: &&Run| r.begin.is_none();
        let skipped = runs.iter().filter(skipped).flat_map(|run| &run.points);
        let has_failed = |&&p: &&usize| matches!(outcomes[p], PointOutcome::FoundFailed(_));
        outlook(Outlook {
            found: count(|o| matches!(o, PointOutcome::Found(_))),
            failed: skipped.filter(has_failed).count(),
            elsewhere: count(|o| matches!(o, PointOutcome::Elsewhere(_))),
            same: waiting - pending.len(),
            less: count(|o| matches!(o, PointOutcome::FoundLess(_))),
            pending: pending.iter().map(|&r| self.pending(&runs[r])).collect(),
            jobs,
            is_locked: lock.holds(),
        });
        let outcomes = ids.into_iter().zip(outcomes).collect();
        let is_shared = options.share.is_some();
        let ledger = Ledger::new(&self.file, &options.folder, is_shared, outcomes);
        ledger.write_if_due();

        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(&run) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                if options.interrupt.load(Ordering::Relaxed) {
                    break;
                }
                let run = &runs[run];
                ledger.note(&run.points, &PointOutcome::Running);
                ledger.note(&run.points, &self.run_point(run, threads, options));
                ledger.write_if_due();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
        let (points, unwritten) = ledger.close();
        Ok(Ended { points, unwritten })
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

    /// Looks in the folder what is to be done. The runs, in the order of their first points, and
    /// what is known of the points.
    fn look(
        &self,
        sizes: Vec<Size>,
        options: &CampaignOptions<'_>,
    ) -> (Vec<Run>, Vec<PointOutcome>) {
        let mut by_id = BTreeMap::new();
        let mut runs: Vec<Run> = Vec::new();
        let count = sizes.len();
        for (point, size) in sizes.into_iter().enumerate() {
            let run = *by_id.entry(size.id.clone()).or_insert(runs.len());
            if run == runs.len() {
                let (points, begin) = (Vec::new(), None);
                runs.push(Run {
                    size,
                    points,
                    begin,
                });
            }
            runs[run].points.push(point);
        }
        let own = options.share.map(|share| {
            let rule = |run: &Run| &*self.file.points[run.points[0]].scenario.rule.kind;
            share.of(runs.iter().map(rule))
        });
        let mut outcomes: Vec<PointOutcome> = Vec::new();
        outcomes.resize_with(count, || PointOutcome::NotBegun);
        for (index, run) in runs.iter_mut().enumerate() {
            let folder = run_folder(&options.folder, &run.size.id);
            let before = Before::of(&folder);
            let outcome = if own.as_ref().is_none_or(|own| own[index]) {
                let asked = &self.file.points[run.points[0]].scenario.record;
                let (outcome, begin) = before.look(asked, options.retry_failed);
                run.begin = begin;
                outcome
            } else {
                ledger::elsewhere(before.outcome(), &folder)
            };
            for &point in &run.points {
                outcomes[point] = outcome.again();
            }
        }
        (runs, outcomes)
    }

    /// Lets runs of different rules take turns, the first of each before the second of any: rules
    /// differ most in how long they take, so that the time left is known early.
    fn taking_turns(&self, mut pending: Vec<usize>, runs: &[Run]) -> Vec<usize> {
        let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
        let mut turn = BTreeMap::new();
        for &run in &pending {
            let rule = &self.file.points[runs[run].points[0]].scenario.rule.kind;
            let number = turns.entry(rule).or_default();
            turn.insert(run, *number);
            *number += 1;
        }
        pending.sort_by_key(|run| turn[run]);
        pending
    }

    fn pending(&self, run: &Run) -> Pending {
        Pending {
            id: run.size.id.clone(),
            rule: self.file.points[run.points[0]].scenario.rule.kind.clone(),
            iterations: run.size.iterations,
            work: run.size.work as f64,
        }
    }

    fn run_point(&self, run: &Run, threads: usize, options: &CampaignOptions<'_>) -> PointOutcome {
        let folder = run_folder(&options.folder, &run.size.id);
        let unusable = |error| {
            PointOutcome::Failed(RunError::Write {
                path: folder.clone(),
                error,
            })
        };
        let locked =
            std::fs::create_dir_all(&folder).and_then(|()| Lock::take(&folder, Sharing::Alone));
        let _lock = match locked {
            Ok(Attempt::Taken(lock)) => lock,
            Ok(Attempt::Held(_)) => return PointOutcome::Running,
            Err(error) => return unusable(error),
        };
        let point = run.points[0];
        let mut begin = run.begin;
        if options.share.is_some() {
            // Another task may have run it since.
            let asked = &self.file.points[point].scenario.record;
            let outcome;
            (outcome, begin) = Before::of(&folder).look(asked, options.retry_failed);
            if begin.is_none() {
                return outcome;
            }
        }
        if begin == Some(Begin::Anew)
            && let Err(error) = folder::clear(&folder)
        {
            return unusable(error);
        }
        // A panic while the plan or an observer is made stops this point alone.
        let body = || {
            let plan = Arc::new(self.plan(point).map_err(|error| RunError::Write {
                // It was drawn a moment ago: a file has changed since.
                path: folder.clone(),
                error: std::io::Error::other(error.to_string()),
            })?);
            let run = RunOptions {
                threads,
                folder: Some(folder.clone()),
                observers: (options.observers)(&plan),
                interrupt: options.interrupt.clone(),
                checkpoint_every: options.checkpoint_every,
            };
            actors::run(plan, run)
        };
        let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
            Err(RunError::Panic(Panic {
                who: "the start of the run".to_owned(),
                iteration: 0,
                at: SimTime::ZERO,
                message: Panic::message(&*payload),
            }))
        });
        outcome.map_or_else(PointOutcome::Failed, PointOutcome::Done)
    }
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
