//! `byzsim run`.

use super::errors::{Refusal, complain};
use super::list::Format;
use super::progress::Progress;
use super::report::{self, page_in};
use super::results::results;
use super::results_json::results_json;
use super::{FAILED, INTERRUPTED, Plugins, text};
use crate::campaign::{Campaign, CampaignOptions, PointOutcome};
use crate::record::RunError;
use crate::scenario::{Plan, RunId, ScenarioFile};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Run a scenario: every point of its sweep that is not done yet
#[derive(Args)]
pub(super) struct Run {
    /// The scenario, a TOML file
    scenario: PathBuf,
    /// Folder of the results [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Override a key, such as --set rule.forgetting=0.05; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder of the data sets [default: task.data, else the variable BYZSIM_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads in all; no result depends on it [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Points side by side [default: by the size of the network]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Replace results of another scenario in the folder
    #[arg(long)]
    force: bool,
    /// Print nothing but errors, and what --format json asks for
    #[arg(long, short)]
    quiet: bool,
    /// How to print the results; mistakes, too
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Run {
    pub fn main(self, plugins: Plugins) -> u8 {
        let refuse = |refusal: Refusal| refusal.tell(self.format, "; nothing was run");
        let file = match ScenarioFile::open(&self.scenario, &self.set, &plugins.catalogues) {
            Ok(file) => file,
            Err(error) => return refuse(error.into()),
        };
        let folder = self
            .out
            .clone()
            .unwrap_or_else(|| PathBuf::from("results").join(text::file_name(&file.name)));
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
        let campaign = Campaign::new(file, self.data, catalogues);
        let progress = Progress::new(self.quiet);
        let all_observers = |plan: &Plan| {
            let mut all: Vec<_> = observers.iter().map(|make| make(plan)).collect();
            all.extend(progress.observer(plan));
            all
        };
        let options = CampaignOptions {
            folder: folder.clone(),
            force: self.force,
            threads: self.threads.map(usize::from),
            jobs: self.jobs.map(usize::from),
            observers: &all_observers,
            interrupt,
        };
        let outcomes = campaign.run(&options, |outlook| progress.begin(outlook));
        progress.end();
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => return refuse(error.into()),
        };
        // Together: the report is made of the points.
        let unwritten = campaign
            .write_points(&folder, &outcomes)
            .map_err(|error| error.to_string());
        let unwritten = unwritten.and_then(|()| {
            report::write(std::slice::from_ref(&folder), &page_in(&folder))
                .map_err(|error| error.to_string())
        });
        match self.format {
            Format::Json => {
                let page = page_in(&folder);
                let page = unwritten.is_ok().then_some(&*page);
                let told = results_json(&campaign.file, &outcomes, &folder, page);
                text::print(&format!("{told:#}"));
            }
            Format::Text if !self.quiet => {
                let width = text::width_of(&std::io::stdout());
                text::print(&results(&campaign.file, &outcomes, width));
                text::print(&format!("\nResults are in {}", folder.display()));
                if unwritten.is_ok() {
                    text::print(&format!("Report is in {}", page_in(&folder).display()));
                }
            }
            Format::Text => {}
        }
        // What comes last is what is read first: the errors.
        tell_failures(&campaign.file, &outcomes, unwritten.err())
    }
}

/// Tells what went wrong, and gives the exit status. A failed run is worse news than an
/// interrupted one.
fn tell_failures(
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
    unwritten: Option<String>,
) -> u8 {
    let mut failed = false;
    let mut interrupted = false;
    let mut not_begun = 0;
    for ((id, outcome), point) in outcomes.iter().zip(&file.points) {
        match outcome {
            PointOutcome::Done(_) | PointOutcome::Found(_) => continue,
            PointOutcome::NotBegun => not_begun += 1,
            PointOutcome::Failed(error) => {
                let is_interruption = matches!(error, RunError::Interrupted { .. });
                interrupted |= is_interruption;
                failed |= !is_interruption;
                let point = match text::settings(&point.settings) {
                    settings if settings.is_empty() => settings,
                    settings => format!(" ({settings})"),
                };
                complain(&format!("run {id}{point}: {error}"));
            }
        }
    }
    if let Some(error) = unwritten {
        failed = true;
        complain(&error);
    }
    if not_begun > 0 {
        interrupted = true;
        let points = if not_begun == 1 {
            "point was"
        } else {
            "points were"
        };
        complain(&format!("{not_begun} {points} not begun"));
    }
    if interrupted {
        text::note("What was recorded is readable; the same command runs what is not done.");
    }
    match (failed, interrupted) {
        (true, _) => FAILED,
        (false, true) => INTERRUPTED,
        (false, false) => 0,
    }
}
