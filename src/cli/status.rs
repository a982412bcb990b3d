//! `byzsim status`.

use super::errors::Refusal;
use super::list::Format;
use super::resume::open;
use super::table::in_one_line;
use super::text::{self, paragraph, settings_json, width_of};
use super::{Plugins, program};
use crate::campaign::{Campaign, Kept, PointOutcome, PointStatus, Status};

use crate::scenario::ScenarioFile;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Tell how far a campaign is, also while it is running
#[derive(Args)]
pub(super) struct HowFar {
    /// Folder of the results
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What points can be, in the order in which it is told.
const STATUSES: [&str; 5] = ["done", "failed", "interrupted", "running", "not begun"];

/// Failed points that are told one by one.
const MOST_FAILED: usize = 20;

impl HowFar {
    pub fn main(self, plugins: Plugins) -> u8 {
        let read = || -> Result<(Campaign, Status), Refusal> {
            let file = open(&self.folder, &plugins.catalogues)?;
            let kept = Kept::read(&self.folder);
            let campaign = Campaign::new(file, kept.data, plugins.catalogues)
                .with_default_data(kept.default_data);
            let status = Status::read(&campaign, &self.folder)?;
            Ok((campaign, status))
        };
        match read() {
            Ok((campaign, status)) => {
                match self.format {
                    Format::Text => text::print(&in_words(&campaign.file, &status, &self.folder)),
                    Format::Json => {
                        let told = in_json(&campaign.file, &status, &self.folder);
                        text::print(&format!("{told:#}"));
                    }
                }
                0
            }
            Err(refusal) => refusal.tell(self.format, ""),
        }
    }
}

fn count(status: &Status, word: &str) -> usize {
    let points = status.points.iter();
    points.filter(|p| p.outcome.status() == word).count()
}

/// Whether it is done, and to be run again to record more.
fn has_less(point: &PointStatus) -> bool {
    matches!(point.outcome, PointOutcome::FoundLess(_))
}

fn in_words(file: &ScenarioFile, status: &Status, folder: &Path) -> String {
    let all = status.points.len();
    let plural = if all == 1 { "" } else { "s" };
    let now = if status.is_running {
        ", running now"
    } else {
        ""
    };
    let mut lines = vec![format!("{}: {all} point{plural}{now}", file.name)];
    let width = all.to_string().len();
    for word in STATUSES {
        let points = count(status, word);
        let checkpoints = status.points.iter().filter(|p| p.has_checkpoint);
        let checkpoints = checkpoints.filter(|p| p.outcome.status() == word).count();
        let mut told = match checkpoints {
            0 => String::new(),
            many => format!(", {many} with a checkpoint"),
        };
        let of_word = status.points.iter().filter(|p| p.outcome.status() == word);
        let iterations: Vec<u64> = of_word.filter_map(|p| p.iterations).collect();
        match (iterations.iter().min(), iterations.iter().max()) {
            (Some(least), Some(most)) if least < most => {
                told += &format!(", after {least} to {most} iterations");
            }
            (Some(all), _) => told += &format!(", after {all} iterations"),
            _ => {}
        }
        let less = status.points.iter().filter(|p| has_less(p)).count();
        if word == "done" && less > 0 {
            told += &format!(", {less} of them with less recorded than asked");
        }
        let old = status
            .points
            .iter()
            .filter(|p| p.outcome.other_build().is_some());
        let old = old.count();
        if word == "done" && old > 0 {
            told += &format!(", {old} of them by another build of the program");
        }
        if points > 0 {
            lines.push(format!("  {points:width$} {word}{told}"));
        }
    }
    let failed = status.points.iter().zip(&file.points);
    let failed = failed.filter(|(point, _)| point.outcome.status() == "failed");
    for (found, point) in failed.clone().take(MOST_FAILED) {
        let run = text::run(&found.id, &point.settings);
        let why = found.outcome.error().unwrap_or_default();
        let told = in_one_line(&format!("failed: {run}: {why}"));
        lines.push(paragraph(&told, width_of(&std::io::stdout())));
    }
    let more = failed.clone().count().saturating_sub(MOST_FAILED);
    if more > 0 {
        lines.push(format!("{more} more failed, told by --format json"));
    }
    let has_lasting = failed.clone().any(|(found, _)| found.outcome.is_lasting());
    let is_settled =
        |p: &PointStatus| matches!(p.outcome, PointOutcome::Found(_)) || p.outcome.is_lasting();
    if !status.is_running {
        let folder = folder.display().to_string();
        // A name that no shell can be told is told as it is.
        let quoted = shlex::try_quote(&folder).map_or_else(|_| folder.clone(), Into::into);
        let (program, folder) = (program(), quoted);
        if !status.points.iter().all(is_settled) {
            lines.push(format!("`{program} resume {folder}` runs what is not done"));
        }
        if has_lasting {
            let command = format!("{program} resume {folder} --retry-failed");
            lines.push(format!("`{command}` runs again what failed"));
        }
    }
    lines.join("\n")
}

fn in_json(file: &ScenarioFile, status: &Status, folder: &Path) -> Value {
    let counts = STATUSES.map(|word| (word.replace(' ', "_"), json!(count(status, word))));
    let points = status
        .points
        .iter()
        .zip(&file.points)
        .map(|(found, point)| {
            json!({
                "id": found.id,
                "status": found.outcome.status(),
                "settings": settings_json(&point.settings),
                "checkpoint": found.has_checkpoint,
                "iterations": found.iterations,
                "recorded_less": has_less(found),
                "other_build": found.outcome.other_build().map(|build| build.to_string()),
                "error": found.outcome.error(),
            })
        });
    json!({
        "scenario": file.name,
        "results": folder.display().to_string(),
        "running": status.is_running,
        "counts": Map::from_iter(counts),
        "points": points.collect::<Vec<Value>>(),
    })
}
