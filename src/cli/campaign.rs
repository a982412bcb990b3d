//! What `run` and `resume` do: run a campaign, and tell what it came to.

use super::errors::{Refusal, complain};
use super::interruption::Interruption;
use super::list::Format;
use super::progress::Progress;
use super::report::{self, page_in};
use super::results::results;
use super::results_json::results_json;
use super::{FAILED, INTERRUPTED, Plugins, panics, text};
use crate::campaign::{
    Campaign, CampaignError, CampaignOptions, Ended, Kept, PointOutcome, Share, by_turns,
};
use crate::record::RunError;
use crate::scenario::{Plan, ScenarioFile};
use clap::Args;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// How to run a campaign, whichever command does.
#[derive(Args)]
pub(super) struct How {
    /// Folder of the data sets [default: task.data, else the variable BYZSIM_DATA]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Threads in all; no result depends on it [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Points side by side [default: by the size of the network]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write a checkpoint of every run every N iterations [default: where it is interrupted]
    #[arg(long, value_name = "N")]
    pub checkpoint_every: Option<NonZeroU64>,
    /// Run again, from the start, what failed before with a panic or a stall
    #[arg(long)]
    pub retry_failed: bool,
    /// Run even where more memory is forecast than this process may use
    #[arg(long)]
    pub anyway: bool,
    /// Print nothing but errors, and what --format json asks for
    #[arg(long, short)]
    pub quiet: bool,
    /// How to print the results; mistakes, too
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What to run, and where.
pub(super) struct Asked {
    pub file: ScenarioFile,
    pub folder: PathBuf,
    pub force: bool,
    pub share: Option<Share>,
    /// Whether the folder is all that was named.
    pub resumes: bool,
    /// The data folder where nothing else names one.
    pub default_data: Option<PathBuf>,
}

impl How {
    /// Tells why nothing was run.
    pub fn refuse(&self, refusal: Refusal) -> u8 {
        refusal.tell(self.format, "; nothing was run")
    }

    /// Takes over what the folder keeps where the command line says nothing.
    pub fn keep(&mut self, kept: &Kept) {
        self.data = self.data.take().or_else(|| kept.data.clone());
        self.checkpoint_every = self.checkpoint_every.or(kept.checkpoint_every);
    }

    /// Runs a campaign, and gives the exit status.
    pub fn run(self, asked: Asked, plugins: Plugins) -> u8 {
        let interruption = Interruption::of_process();
        interruption.quiet.store(self.quiet, Ordering::Relaxed);
        let Plugins {
            catalogues,
            observers,
            ..
        } = plugins;
        let folder = asked.folder;
        let campaign = Campaign::new(asked.file, self.data.clone(), catalogues)
            .with_default_data(asked.default_data);
        let progress = Progress::new(self.quiet);
        let all_observers = |plan: &Plan| {
            let mut all: Vec<_> = observers.iter().map(|make| make(plan)).collect();
            all.extend(progress.observer(plan));
            all
        };
        let options = CampaignOptions {
            folder: folder.clone(),
            force: asked.force,
            retry_failed: self.retry_failed,
            anyway: self.anyway,
            checkpoint_every: self.checkpoint_every,
            threads: self.threads.map(usize::from),
            jobs: self.jobs.map(usize::from),
            share: asked.share,
            observers: &all_observers,
            interrupt: interruption.flag.clone(),
            running: interruption.running.clone(),
        };
        let ended = campaign.run(&options, |outlook| {
            interruption.is_campaign.store(true, Ordering::SeqCst);
            progress.begin(outlook);
        });
        interruption.is_campaign.store(false, Ordering::SeqCst);
        progress.end();
        let ended = match ended {
            Ok(ended) => ended,
            Err(error @ CampaignError::Interrupted) => {
                let _ = self.refuse(error.into());
                return INTERRUPTED;
            }
            Err(error @ (CampaignError::Threads(_) | CampaignError::TooLarge { .. })) => {
                let _ = self.refuse(error.into());
                return FAILED;
            }
            Err(error) if asked.resumes => return self.refuse(Refusal::of_resume(error)),
            Err(error) => return self.refuse(error.into()),
        };
        // Of tasks that share a campaign, the last one tells what it came to.
        let is_last = asked.share.is_none() || ended.is_over();
        let mut unwritten = ended.unwritten.as_ref().map(ToString::to_string);
        let mut page = None;
        // Together: the report is made of the points.
        if unwritten.is_none() && is_last {
            let path = page_in(&folder);
            let write = || report::write(std::slice::from_ref(&folder), &path);
            // Of tasks that end together, each may see that all is done.
            let written = match asked.share {
                None => write(),
                Some(_) => by_turns(&folder, || match is_newer(&path, &points_in(&folder)) {
                    true => Ok(()),
                    false => write(),
                }),
            };
            match written {
                Ok(()) => page = Some(path),
                Err(error) => unwritten = Some(error.to_string()),
            }
        }
        match self.format {
            Format::Json => {
                let told = results_json(&campaign.file, &ended.points, &folder, page.as_deref());
                text::print(&format!("{told:#}"));
            }
            Format::Text if !self.quiet => {
                if is_last {
                    let width = text::width_of(&std::io::stdout());
                    text::print(&results(&campaign.file, &ended.points, &folder, width));
                }
                text::print(&format!("\nResults are in {}", folder.display()));
                if let Some(page) = page {
                    text::print(&format!("Report is in {}", page.display()));
                }
            }
            Format::Text => {}
        }
        // What comes last is what is read first: the errors.
        let status = tell_failures(&campaign.file, &ended, unwritten, &options);
        if !folder.join("scenario.toml").is_file() {
            let folder = folder.display();
            complain(&format!(
                "{folder} is gone: the folder was moved while it was written to"
            ));
            return FAILED;
        }
        status
    }
}

/// The table of points of a results folder.
fn points_in(folder: &Path) -> PathBuf {
    folder.join("points.parquet")
}

/// Whether a file was written after another one.
fn is_newer(file: &Path, than: &Path) -> bool {
    let written = |file: &Path| file.metadata().and_then(|found| found.modified()).ok();
    written(file).is_some_and(|file| written(than).is_some_and(|than| file >= than))
}

/// Runs of one failure that are told one by one.
const MOST_ALIKE: usize = 3;

/// Tells what went wrong, and gives the exit status. A failed run is worse news than an
/// interrupted one.
fn tell_failures(
    file: &ScenarioFile,
    ended: &Ended,
    unwritten: Option<String>,
    options: &CampaignOptions<'_>,
) -> u8 {
    let (mut failed, mut lasting, mut passing, mut refused) = (false, false, false, false);
    let (mut interrupted, mut not_begun, mut running) = (false, 0, 0);
    let (mut less, mut old) = (0, 0);
    // By what is told of them, in the order of the first of each.
    let mut alike: Vec<(String, Vec<String>)> = Vec::new();
    for ((id, outcome), point) in ended.points.iter().zip(&file.points) {
        match outcome {
            PointOutcome::Done(_) | PointOutcome::Found(_) | PointOutcome::Elsewhere { .. } => {}
            PointOutcome::NotBegun => not_begun += 1,
            PointOutcome::FoundLess(_) => less += 1,
            PointOutcome::FoundOld(_) => old += 1,
            PointOutcome::Running => running += 1,
            PointOutcome::Failed(_) | PointOutcome::FoundFailed(_) => {
                let is_refused =
                    matches!(outcome, PointOutcome::Failed(RunError::Checkpoint { .. }));
                if outcome.status() == "interrupted" {
                    interrupted = true;
                } else {
                    failed = true;
                    lasting |= outcome.is_lasting();
                    refused |= is_refused;
                    passing |= !outcome.is_lasting() && !is_refused;
                }
                let run = text::run(id, &point.settings);
                let why = outcome.error().unwrap_or_default();
                match alike.iter_mut().find(|(told, _)| *told == why) {
                    Some((_, runs)) => runs.push(run),
                    None => alike.push((why, vec![run])),
                }
            }
        }
    }
    for (why, runs) in alike {
        complain(&in_common(&why, &runs));
    }
    panics::print();
    if let Some(error) = unwritten {
        failed = true;
        complain(&error);
    }
    let points_were = |count: usize| match count {
        1 => "1 point was".to_owned(),
        many => format!("{many} points were"),
    };
    if not_begun > 0 {
        interrupted = true;
        complain(&format!("{} not begun", points_were(not_begun)));
    }
    if less > 0 {
        interrupted = true;
        let points = points_were(less);
        complain(&format!("{points} not run again to record more"));
    }
    if old > 0 {
        interrupted = true;
        let points = points_were(old);
        complain(&format!(
            "{points} not run again with this build of the program"
        ));
    }
    if running > 0 {
        match options.share {
            Some(_) => interrupted = true,
            None => failed = true,
        }
        let points = points_were(running);
        complain(&format!(
            "{points} not run: locked by another process, or by one whose lock has outlived it"
        ));
    }
    if interrupted || passing {
        text::note("What was recorded is readable; the same command runs what is not done.");
    }
    if refused && !options.retry_failed {
        text::note("With --retry-failed, runs begin anew that cannot go on from a checkpoint.");
    }
    if lasting && !options.retry_failed {
        text::note("With --retry-failed, points that failed are run again.");
    }
    match (failed, interrupted) {
        (true, _) => FAILED,
        (false, true) => INTERRUPTED,
        (false, false) => 0,
    }
}

/// What is to be told of runs that failed alike.
fn in_common(why: &str, runs: &[String]) -> String {
    if let [run] = runs {
        return format!("{run}: {why}");
    }
    let mut told = format!("{} runs: {why}", runs.len());
    for run in runs.iter().take(MOST_ALIKE) {
        told += &format!("\n{run}");
    }
    match runs.len().saturating_sub(MOST_ALIKE) {
        0 => {}
        more => told += &format!("\nand {more} more"),
    }
    told
}
