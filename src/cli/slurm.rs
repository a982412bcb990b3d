//! `byzsim run --slurm`: submits a campaign as a job array.

use super::campaign::{Asked, How};
use super::errors::Refusal;
use super::list::Format;
use super::text::{note, print};
use super::time_left::in_words;
use super::{Plugins, program};
use crate::campaign::slurm::{self, Job, SlurmError, Submitted};
use crate::campaign::{Campaign, CampaignError, CampaignOptions, Estimate, FolderError, Share};
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a campaign is given to Slurm.
#[derive(Args)]
#[command(next_help_heading = "On a cluster")]
pub(super) struct OnACluster {
    /// Submit the points as a job array of Slurm over the folder, which all nodes share, and return;
    /// --threads is the processors of each task
    #[arg(long)]
    pub slurm: bool,
    /// Tasks of the array [default: ten minutes or more for each, by a short sample here]
    #[arg(long, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: Option<u32>,
    /// Give sbatch an option, such as --sbatch-arg=--time=2:00:00; may be repeated
    #[arg(
        long,
        value_name = "ARG",
        requires = "slurm",
        allow_hyphen_values = true
    )]
    sbatch_arg: Vec<String>,
    /// Shell lines that come before the program in every task: modules, environments
    #[arg(long, value_name = "FILE", requires = "slurm")]
    prologue: Option<PathBuf>,
    /// Print the script, and the command that would submit it; write and submit nothing
    #[arg(long, requires = "slurm")]
    dry_run: bool,
}

/// A task is to take this long at least, so that queueing costs little beside it \[s\].
const LEAST_S: f64 = 600.0;

impl OnACluster {
    /// Submits what is not done of a campaign, and gives the exit status.
    pub fn main(&self, how: &How, asked: Asked, plugins: Plugins) -> u8 {
        let told = Told {
            format: how.format,
            is_quiet: how.quiet,
        };
        let submit = || {
            let folder = std::path::absolute(&asked.folder).map_err(FolderError::at(&asked.folder));
            let folder = folder.map_err(CampaignError::from)?;
            let campaign = Campaign::new(asked.file, how.data.clone(), plugins.catalogues)
                .with_default_data(asked.default_data);
            let options = CampaignOptions {
                folder,
                force: asked.force,
                retry_failed: how.retry_failed,
                checkpoint_every: how.checkpoint_every,
                threads: Some(how.threads.map_or(1, usize::from)),
                jobs: how.jobs.map(usize::from),
                ..CampaignOptions::default()
            };
            self.submit(&campaign, &options, &told)
        };
        match submit() {
            Ok(()) => 0,
            Err(refusal) => refusal.tell(how.format, "; nothing was submitted"),
        }
    }

    fn submit(
        &self,
        campaign: &Campaign,
        options: &CampaignOptions<'_>,
        told: &Told,
    ) -> Result<(), Refusal> {
        let prologue = self.prologue()?;
        let most = self.most_tasks()?;
        let mut job = Job {
            name: campaign.file.name.clone(),
            program: std::env::current_exe().map_err(|error| Refusal::Other {
                message: format!("cannot find this program's own file: {error}"),
                help: "start it by its path".to_owned(),
            })?,
            folder: options.folder.clone(),
            shares: 1,
            tasks: vec![0],
            processors: options.threads.unwrap_or(1),
            arguments: arguments(options),
            prologue,
        };
        // Before the folder is touched: what no script can hold.
        job.script()?;
        if !self.dry_run {
            refuse_beside_others(&options.folder)?;
        }
        let outlook = campaign.survey(options)?;
        if let Some(words) = outlook.in_words() {
            told.note(&words);
        }
        if outlook.pending.is_empty() {
            told.nothing(&options.folder);
            return Ok(());
        }
        job.shares = match self.tasks {
            Some(tasks) => tasks as usize,
            None => {
                let estimate = campaign.estimate(&outlook);
                let shares = estimate.as_ref().map(|estimate| estimate.tasks(LEAST_S));
                let shares = shares.unwrap_or(outlook.pending.len()).min(most);
                told.note(&in_tasks(estimate.as_ref(), shares));
                shares
            }
        };
        let turns = outlook.pending.iter().map(|run| run.turn % job.shares);
        job.tasks = turns.collect::<BTreeSet<usize>>().into_iter().collect();
        if self.dry_run {
            told.would(
                &job.script()?,
                &slurm::submit_command(&job, &self.sbatch_arg),
            );
            return Ok(());
        }
        if let Some(error) = campaign.prepare(options)?.unwritten {
            return Err(Refusal::Other {
                message: error.to_string(),
                help: "choose another folder with --out DIR".to_owned(),
            });
        }
        let array = slurm::submit(&job, &self.sbatch_arg)?;
        told.submitted(&job, &array);
        Ok(())
    }

    /// The lines before the program.
    fn prologue(&self) -> Result<String, Refusal> {
        let Some(path) = &self.prologue else {
            return Ok(String::new());
        };
        let text = std::fs::read_to_string(path).map_err(|error| SlurmError::Prologue {
            path: path.clone(),
            why: error.to_string(),
        })?;
        slurm::check_prologue(path, &text)?;
        Ok(text)
    }

    /// How many tasks the cluster takes, where that is no fewer than were asked for.
    fn most_tasks(&self) -> Result<usize, Refusal> {
        let most = match slurm::most_tasks() {
            // A script can be looked at anywhere.
            Err(_) if self.dry_run => slurm::MOST_TASKS,
            most => most?,
        };
        match self.tasks {
            Some(tasks) if tasks as usize > most => Err(Refusal::Other {
                message: format!("--tasks {tasks} is more than an array of this cluster can have"),
                help: format!(
                    "at most {most} (MaxArraySize); a task may have any number of points"
                ),
            }),
            _ => Ok(most),
        }
    }
}

/// Whoever submits twice would run everything twice.
fn refuse_beside_others(folder: &Path) -> Result<(), Refusal> {
    let Some(array) = slurm::queued(folder)? else {
        return Ok(());
    };
    Err(Refusal::Other {
        message: format!(
            "tasks of this folder wait or run already, as job {}",
            array.id
        ),
        help: format!(
            "`{}` shows them; `{}` ends them, and what they have done is kept",
            array.squeue(),
            array.scancel()
        ),
    })
}

/// What else a task is told, beside its number and its processors.
fn arguments(options: &CampaignOptions<'_>) -> Vec<String> {
    let jobs = options
        .jobs
        .map(|jobs| ["--jobs".to_owned(), jobs.to_string()]);
    let retry = options.retry_failed.then(|| "--retry-failed".to_owned());
    jobs.into_iter().flatten().chain(retry).collect()
}

/// How much there is to do, and how it was dealt out.
fn in_tasks(estimate: Option<&Estimate>, shares: usize) -> String {
    let tasks = match shares {
        1 => "one task".to_owned(),
        many => format!("{many} tasks"),
    };
    let Some(estimate) = estimate else {
        return format!("No run could be begun here to see how long it takes: {tasks}.");
    };
    let of_task = |task| {
        estimate.of_task(Share {
            task,
            tasks: shares,
        })
    };
    let longest = (0..shares).map(of_task);
    let longest = longest.fold(0.0, f64::max);
    let in_all = in_words(estimate.in_all() / estimate.jobs as f64);
    let longest = match shares {
        1 => String::new(),
        _ => format!(", the longest of about {}", in_words(longest)),
    };
    format!(
        "About {in_all} of computing, by a sample of each rule on this machine: {tasks}{longest}."
    )
}

/// What is told of a submission.
struct Told {
    format: Format,
    is_quiet: bool,
}

impl Told {
    /// On standard error, so that a script on standard output is one.
    fn note(&self, line: &str) {
        if !self.is_quiet {
            note(line);
        }
    }

    /// On standard output: JSON, or text that may be kept silent.
    fn tell(&self, json: serde_json::Value, text: &str) {
        match self.format {
            Format::Json => print(&format!("{json:#}")),
            Format::Text if !self.is_quiet => print(text),
            Format::Text => {}
        }
    }

    fn nothing(&self, folder: &Path) {
        let text = format!(
            "All points are done; nothing was submitted\nResults are in {}",
            folder.display()
        );
        self.tell(json!({"job": null, "folder": folder}), &text);
    }

    fn would(&self, script: &str, command: &[String]) {
        match self.format {
            Format::Json => print(&format!(
                "{:#}",
                json!({"script": script, "command": command})
            )),
            Format::Text => {
                print(script.trim_end());
                self.note(&format!(
                    "\nWould be submitted by: {}",
                    slurm::line(command)
                ));
            }
        }
    }

    fn submitted(&self, job: &Job, array: &Submitted) {
        let tasks = match job.tasks.len() {
            1 => "one task".to_owned(),
            many => format!("{many} tasks"),
        };
        let status = [
            program(),
            "status".to_owned(),
            job.folder.display().to_string(),
        ];
        let lines = [
            (slurm::line(&status), "how far it is"),
            (array.squeue(), "which tasks wait and run"),
            (array.scancel(), "ends it; what is done is kept"),
        ];
        let width = lines
            .iter()
            .map(|(command, _)| command.chars().count())
            .max();
        let width = width.unwrap_or_default();
        let lines = lines.map(|(command, means)| format!("\n  {command:width$}    # {means}"));
        let text = format!(
            "Submitted as job {}: {tasks}\nResults will be in {}\nLogs are in {}\n{}",
            array.id,
            job.folder.display(),
            job.logs().display(),
            lines.concat()
        );
        let json = json!({
            "job": array.id,
            "cluster": array.cluster,
            "tasks": job.tasks.len(),
            "folder": job.folder,
            "script": job.script_file(),
        });
        self.tell(json, &text);
    }
}
