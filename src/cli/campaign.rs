//! What `run` and `resume` do: run a campaign, and tell what it came to.

use super::errors::{Refusal, complain};
use super::list::Format;
use super::progress::Progress;
use super::report::{self, page_in};
use super::results::results;
use super::results_json::results_json;
use super::{FAILED, INTERRUPTED, Plugins, text};
use crate::campaign::{Campaign, CampaignError, CampaignOptions, Ended, Kept, PointOutcome, Share};
use crate::scenario::{Plan, ScenarioFile};
use clap::Args;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let interrupt = Arc::new(AtomicBool::new(false));
        let flag = interrupt.clone();
        // A second interruption ends the program at once. Without a handler the first does.
        let _ = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(INTERRUPTED));
            }
        });

        let Plugins {
            catalogues,
            observers,
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
            checkpoint_every: self.checkpoint_every,
            threads: self.threads.map(usize::from),
            jobs: self.jobs.map(usize::from),
            share: asked.share,
            observers: &all_observers,
            interrupt,
        };
        let ended = campaign.run(&options, |outlook| progress.begin(outlook));
        progress.end();
        let ended = match ended {
            Ok(ended) => ended,
            Err(error @ CampaignError::Interrupted) => {
                complain(&error.to_string());
                return INTERRUPTED;
            }
            Err(error) => return self.refuse(error.into()),
        };
        // Of tasks that share a campaign, the last one tells what it came to.
        let is_last = asked.share.is_none() || ended.is_over();
        let mut unwritten = ended.unwritten.as_ref().map(ToString::to_string);
        let mut page = None;
        // Together: the report is made of the points.
        if unwritten.is_none() && is_last {
            let path = page_in(&folder);
            match report::write(std::slice::from_ref(&folder), &path) {
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
                    text::print(&results(&campaign.file, &ended.points, width));
                }
                text::print(&format!("\nResults are in {}", folder.display()));
                if let Some(page) = page {
                    text::print(&format!("Report is in {}", page.display()));
                }
            }
            Format::Text => {}
        }
        // What comes last is what is read first: the errors.
        tell_failures(&campaign.file, &ended, unwritten)
    }
}

/// Tells what went wrong, and gives the exit status. A failed run is worse news than an
/// interrupted one.
fn tell_failures(file: &ScenarioFile, ended: &Ended, unwritten: Option<String>) -> u8 {
    let (mut failed, mut lasting, mut passing) = (false, false, false);
    let (mut interrupted, mut not_begun, mut running) = (false, 0, 0);
    for ((id, outcome), point) in ended.points.iter().zip(&file.points) {
        match outcome {
            PointOutcome::Done(_) | PointOutcome::Found(_) | PointOutcome::Elsewhere(_) => {}
            PointOutcome::NotBegun | PointOutcome::FoundLess(_) => not_begun += 1,
            PointOutcome::Running => running += 1,
            PointOutcome::Failed(_) | PointOutcome::FoundFailed(_) => {
                if outcome.status() == "interrupted" {
                    interrupted = true;
                } else {
                    failed = true;
                    *(if outcome.is_lasting() {
                        &mut lasting
                    } else {
                        &mut passing
                    }) = true;
                }
                let run = text::run(id, &point.settings);
                complain(&format!("{run}: {}", outcome.error().unwrap_or_default()));
            }
        }
    }
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
    if running > 0 {
        let skipped = points_were(running);
        text::note(&format!(
            "{skipped} skipped: another process is running them."
        ));
    }
    if interrupted || passing {
        text::note("What was recorded is readable; the same command runs what is not done.");
    }
    if lasting {
        text::note("With --retry-failed, points that failed are run again.");
    }
    match (failed, interrupted) {
        (true, _) => FAILED,
        (false, true) => INTERRUPTED,
        (false, false) => 0,
    }
}
