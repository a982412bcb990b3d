//! Many runs: the points of a sweep, side by side on the cores, into one results folder.

mod alone;
mod folder;
mod matrix;
mod outlook;
mod points;
#[cfg(test)]
pub(crate) mod testing;

pub use alone::AboveAlone;
pub use folder::FolderError;
pub use matrix::{Cell, Matrix, Measure};
pub use outlook::{Outlook, Pending};

use crate::actors::{self, RunOptions};
use crate::data::Library;
use crate::record::{Observer, Panic, RunError, Summary};
use crate::scenario::{Catalogues, Plan, RunId, ScenarioFile};
use crate::settings::WrongSettings;
use crate::units::SimTime;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Threads in all; `None` takes the processors that the process may use, and fewer where a
    /// network is too small for them. No result depends on it.
    pub threads: Option<usize>,
    /// Points side by side; `None` chooses by the size of the network.
    pub jobs: Option<usize>,
    /// Makes the observers of each run.
    pub observers: &'a (dyn Fn(&Plan) -> Vec<Box<dyn Observer>> + Sync),
    /// Set to true from anywhere, ends the campaign with the iterations that are being run.
    pub interrupt: Arc<AtomicBool>,
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
}

/// What became of a point.
pub enum PointOutcome {
    /// It was run now.
    Done(Summary),
    /// It had been run before, with the same settings and data.
    Found(Summary),
    /// It failed, or was interrupted.
    Failed(RunError),
    /// It was not begun, since the campaign was interrupted.
    NotBegun,
}

impl PointOutcome {
    /// What the run came to, if it came to its end.
    pub fn summary(&self) -> Option<&Summary> {
        match self {
            PointOutcome::Done(summary) | PointOutcome::Found(summary) => Some(summary),
            PointOutcome::Failed(_) | PointOutcome::NotBegun => None,
        }
    }

    /// In one word: `done`, `failed`, `interrupted` or `not begun`.
    pub fn status(&self) -> &'static str {
        match self {
            PointOutcome::Done(_) | PointOutcome::Found(_) => "done",
            PointOutcome::Failed(RunError::Interrupted { .. }) => "interrupted",
            PointOutcome::Failed(_) => "failed",
            PointOutcome::NotBegun => "not begun",
        }
    }

    /// The same for another point of the same run.
    fn again(&self) -> PointOutcome {
        match self {
            PointOutcome::Done(summary) => PointOutcome::Done(summary.clone()),
            PointOutcome::Found(summary) => PointOutcome::Found(summary.clone()),
            PointOutcome::Failed(error) => PointOutcome::Failed(error.again()),
            PointOutcome::NotBegun => PointOutcome::NotBegun,
        }
    }
}

/// Points that fail and bring no new mistake, after which the others are not drawn: each may read a
/// large data set that is malformed.
const MOST_ALIKE: usize = 20;

/// A network of this many agents has the machine to itself.
const LARGE: usize = 10_000;

/// Parameters that all agents of a smaller run combine in an iteration, beside a fixed cost per
/// model: below this, threads cost more than they give.
const WORTH_THREADS: usize = 100_000;

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
    pub fn plans(&self, mut see: impl FnMut(Plan)) -> Result<(), WrongSettings> {
        let mut wrong = WrongSettings::default();
        let mut alike = 0;
        for point in 0..self.file.points.len() {
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
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Runs all points that are not done. Before the first begins, every point is checked and
    /// `outlook` hears what is to be done. The outcomes are in the order of the points.
    ///
    /// # Errors
    /// A scenario that is wrong or a folder that cannot be used: then nothing was run. Runs that
    /// fail do not stop the others.
    pub fn run(
        &self,
        options: &CampaignOptions<'_>,
        outlook: impl FnOnce(Outlook),
    ) -> Result<Vec<(RunId, PointOutcome)>, CampaignError> {
        let mut sizes = Vec::new();
        self.plans(|plan| sizes.push(Size::of(&plan)))?;
        let ids: BTreeSet<String> = sizes.iter().map(|size| size.id.to_string()).collect();
        folder::claim(&options.folder, &self.file.resolved(), &ids, options.force)?;
        let run_folder = |id: &RunId| options.folder.join("runs").join(id.to_string());
        let mut outcomes: Vec<(RunId, PointOutcome)> = Vec::new();
        let mut pending = Vec::new();
        let mut same = BTreeMap::new();
        for (point, size) in sizes.iter().enumerate() {
            let outcome = match folder::finished(&run_folder(&size.id)) {
                Some(summary) => PointOutcome::Found(summary),
                None => {
                    // Points may differ in keys that their own kind has not: one run is enough.
                    let points: &mut Vec<usize> = same.entry(&size.id).or_default();
                    points.push(point);
                    if points.len() == 1 {
                        pending.push(point);
                    }
                    PointOutcome::NotBegun
                }
            };
            outcomes.push((size.id.clone(), outcome));
        }
        self.take_turns(&mut pending);
        let (jobs, threads) = share_out(options, pending.iter().map(|&p| &sizes[p]));
        let found = outcomes
            .iter()
            .filter(|(_, outcome)| outcome.summary().is_some());
        let found = found.count();
        outlook(Outlook {
            found,
            same: outcomes.len() - found - pending.len(),
            pending: pending
                .iter()
                .map(|&p| self.pending(p, &sizes[p]))
                .collect(),
            jobs,
        });

        let next = AtomicUsize::new(0);
        let finished = Mutex::new(Vec::new());
        let work = || {
            while let Some(&point) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                if options.interrupt.load(Ordering::Relaxed) {
                    break;
                }
                let outcome =
                    self.run_point(point, threads, &run_folder(&sizes[point].id), options);
                let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
                finished.push((point, outcome));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
        for (point, outcome) in finished
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            for &same in &same[&sizes[point].id] {
                outcomes[same].1 = outcome.again();
            }
        }
        Ok(outcomes)
    }

    /// Lets points of different rules take turns, the first of each before the second of any: rules
    /// differ most in how long they take, so that the time left is known early.
    fn take_turns(&self, points: &mut [usize]) {
        let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
        let mut turn = BTreeMap::new();
        for &point in &*points {
            let of_rule = turns.entry(&self.file.points[point].scenario.rule.kind);
            let number = of_rule.or_default();
            turn.insert(point, *number);
            *number += 1;
        }
        points.sort_by_key(|point| turn[point]);
    }

    fn pending(&self, point: usize, size: &Size) -> Pending {
        Pending {
            id: size.id.clone(),
            rule: self.file.points[point].scenario.rule.kind.clone(),
            iterations: size.iterations,
            work: size.work as f64,
        }
    }

    /// Writes `points.parquet`. [`Campaign::run`] leaves this to its caller, who has the outcomes
    /// even if the file cannot be written.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write_points(
        &self,
        folder: &Path,
        outcomes: &[(RunId, PointOutcome)],
    ) -> Result<(), RunError> {
        points::write(folder, &self.file, outcomes)
    }

    fn run_point(
        &self,
        point: usize,
        threads: usize,
        folder: &Path,
        options: &CampaignOptions<'_>,
    ) -> PointOutcome {
        // A panic while the plan or an observer is made stops this point alone.
        let body = || {
            let plan = Arc::new(self.plan(point).map_err(|error| RunError::Write {
                // It was drawn a moment ago: a file has changed since.
                path: folder.to_owned(),
                error: std::io::Error::other(error.to_string()),
            })?);
            let run = RunOptions {
                threads,
                folder: Some(folder.to_owned()),
                observers: (options.observers)(&plan),
                interrupt: options.interrupt.clone(),
                checkpoint_every: None,
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

/// What decides how a point is run.
struct Size {
    id: RunId,
    iterations: u64,
    agents: usize,
    /// Parameters combined per iteration, and a fixed cost per model.
    work: usize,
}

impl Size {
    fn of(plan: &Plan) -> Size {
        let receives = |k| plan.graph.receives_from(k).len() + 1;
        let models: usize = plan.graph.ids().map(receives).sum();
        Size {
            id: plan.id.clone(),
            iterations: plan.iterations,
            agents: plan.graph.agents(),
            work: models * (plan.world.dimension() + 50),
        }
    }
}

/// Points side by side, and threads for each: small networks run best on one thread each, with
/// points side by side; large ones on all threads, one after the other.
fn share_out<'a>(
    options: &CampaignOptions<'_>,
    sizes: impl Iterator<Item = &'a Size> + Clone,
) -> (usize, usize) {
    let points = sizes.clone().count().max(1);
    let available = || std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = options.threads.unwrap_or_else(available).max(1);
    let large = sizes.clone().any(|size| size.agents >= LARGE);
    let side_by_side = if large { 1 } else { threads };
    let jobs = options.jobs.unwrap_or(side_by_side);
    let jobs = jobs.min(threads).clamp(1, points);
    let worth = sizes.into_iter().any(|size| size.work >= WORTH_THREADS);
    let asked = options.threads.is_some() || options.jobs.is_some();
    let each = if worth || asked { threads / jobs } else { 1 };
    (jobs, each)
}
