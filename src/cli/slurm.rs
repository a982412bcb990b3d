//! `byzsim run --slurm`: submits a campaign as a job array.

use super::campaign::{Asked, How};
use super::errors::{Refusal, complain};
use super::list::Format;
use super::text::{note, print};
use super::time_left::in_words;
use super::{FAILED, Plugins, program};
use crate::campaign::slurm::{self, Deal, Given, Job, SlurmError, Submitted};
use crate::campaign::{Campaign, CampaignError, CampaignOptions, Estimate, FolderError, Outlook};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How a campaign is given to Slurm.
#[derive(Args)]
#[command(next_help_heading = "On a cluster")]
pub(super) struct OnACluster {
    /// Submit the points as a job array of Slurm over the folder, which all nodes share, and return;
    /// --threads is the processors of each task, by default as many as --jobs
    #[arg(long)]
    pub slurm: bool,
    /// Tasks of the array at the most [default: ten minutes or more for each, by a short sample here]
    #[arg(long, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: Option<u32>,
    /// How many of them may run at a time [default: as many as the cluster lets]
    #[arg(long, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..))]
    at_once: Option<u32>,
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
                anyway: how.anyway,
                checkpoint_every: how.checkpoint_every,
                threads: Some(processors(how)?),
                jobs: how.jobs.map(usize::from),
                ..CampaignOptions::default()
            };
            self.submit(&campaign, &options, &told)
        };
        match submit() {
            Ok(status) => status,
            Err(refusal) => refusal.tell(how.format, "; nothing was submitted"),
        }
    }

    fn submit(
        &self,
        campaign: &Campaign,
        options: &CampaignOptions<'_>,
        told: &Told,
    ) -> Result<u8, Refusal> {
        let prologue = self.prologue()?;
        let given = Given::new(self.sbatch_arg.clone())?;
        let most = match slurm::most_tasks() {
            // A script can be looked at anywhere.
            Err(_) if self.dry_run => slurm::MOST_TASKS,
            most => most?,
        };
        let mut job = Job {
            name: campaign.file.name.clone(),
            program: std::env::current_exe().map_err(|error| Refusal::Other {
                message: format!("cannot find this program's own file: {error}"),
                help: "start it by its path".to_owned(),
            })?,
            folder: options.folder.clone(),
            shares: 1,
            tasks: vec![0],
            at_once: self.at_once.map(|tasks| tasks as usize),
            processors: options.threads.unwrap_or(1),
            jobs: options.jobs,
            anyway: options.anyway,
            given,
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
            return Ok(told.nothing(&outlook, &options.folder, self.dry_run));
        }
        let deal = self.deal(campaign, &outlook, most, told)?;
        (job.shares, job.tasks) = (deal.shares, deal.tasks);
        told.warn_of_the_limit(&job.given);
        if self.dry_run {
            told.would(&job.script()?, &slurm::submit_command(&job));
            return Ok(0);
        }
        if let Some(error) = campaign.prepare(options)?.unwritten {
            return Err(Refusal::Other {
                message: error.to_string(),
                help: "choose another folder with --out DIR".to_owned(),
            });
        }
        let (array, unkept) = slurm::submit(&job)?;
        told.submitted(&job, &array);
        if let Some(error) = unkept {
            note(&format!(
                "warning: {error}; submit nothing for this folder before job {} has ended",
                array.id
            ));
        }
        Ok(0)
    }

    /// Deals what is to be done out to tasks.
    fn deal(
        &self,
        campaign: &Campaign,
        outlook: &Outlook,
        most: usize,
        told: &Told,
    ) -> Result<Deal, Refusal> {
        let estimate = match self.tasks {
            Some(_) => None,
            None => campaign.estimate(outlook),
        };
        let costs = match &estimate {
            Some(estimate) => estimate.seconds.clone(),
            None => Estimate::by_size(outlook),
        };
        let tasks = match (self.tasks, &estimate) {
            (Some(tasks), _) => tasks as usize,
            (None, Some(estimate)) => estimate.tasks(LEAST_S).min(most),
            (None, None) => costs.len().min(most),
        };
        let deal = Deal::of(&costs, outlook.jobs, tasks, most).ok_or_else(|| Refusal::Other {
            message: format!("--tasks {tasks} is more than an array of this cluster can have"),
            help: format!("at most {most} (MaxArraySize); a task may have any number of points"),
        })?;
        if self.tasks.is_none() {
            told.note(&in_tasks(estimate.as_ref(), &deal));
        }
        Ok(deal)
    }

    /// The lines before the program.
    fn prologue(&self) -> Result<String, Refusal> {
        let Some(path) = &self.prologue else {
            return Ok(String::new());
        };
        let text = crate::files::read_to_string(path).map_err(|error| SlurmError::Prologue {
            path: path.clone(),
            why: error.to_string(),
        })?;
        slurm::check_prologue(path, &text)?;
        Ok(text)
    }
}

/// Processors of a task: enough for the points that are to be run side by side.
fn processors(how: &How) -> Result<usize, Refusal> {
    match (how.threads, how.jobs) {
        (Some(threads), Some(jobs)) if jobs > threads => Err(Refusal::Other {
            message: format!(
                "--jobs {jobs} is more than the processors of a task, --threads {threads}"
            ),
            help: format!(
                "--threads {jobs} gives every task as many; without --threads it has them, too"
            ),
        }),
        (threads, jobs) => Ok(threads.or(jobs).map_or(1, usize::from)),
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

/// How much there is to do, and how it was dealt out.
fn in_tasks(estimate: Option<&Estimate>, deal: &Deal) -> String {
    let tasks = tasks(deal.tasks.len());
    let Some(estimate) = estimate else {
        return format!("No run could be begun here to see how long it takes: {tasks}.");
    };
    let processors = match estimate.threads {
        1 => "one processor like this machine's".to_owned(),
        many => format!("{many} processors like this machine's"),
    };
    let longest = match deal.tasks.len() {
        1 => String::new(),
        _ => format!(", the longest of about {}", in_words(deal.longest)),
    };
    format!(
        "About {} of computing on {processors}, by a sample of each rule: {tasks}{longest}.",
        in_words(estimate.in_all())
    )
}

fn tasks(count: usize) -> String {
    match count {
        1 => "one task".to_owned(),
        many => format!("{many} tasks"),
    }
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

    /// Tells that there is nothing to submit, and gives the exit status. Where a script is asked for,
    /// standard output is none.
    fn nothing(&self, outlook: &Outlook, folder: &Path, is_dry: bool) -> u8 {
        let (done, failed) = (outlook.found, outlook.failed);
        if self.format == Format::Json {
            let json = json!({"job": null, "folder": folder, "done": done, "failed": failed});
            print(&format!("{json:#}"));
        }
        if failed > 0 {
            let points = match failed {
                1 => "1 point has".to_owned(),
                many => format!("{many} points have"),
            };
            complain(&format!("{points} failed; nothing was submitted"));
            self.note("With --retry-failed, points that failed are run again.");
            return FAILED;
        }
        let text = format!(
            "All points are done; nothing was submitted\nResults are in {}",
            folder.display()
        );
        match self.format {
            Format::Text if !is_dry && !self.is_quiet => print(&text),
            Format::Text => self.note(&text),
            Format::Json => {}
        }
        0
    }

    fn warn_of_the_limit(&self, given: &Given) {
        let before = given.signal_before_s();
        let limit = given.time_limit_s();
        if let Some(limit) = limit.filter(|limit| *limit < 2 * u64::from(before)) {
            self.note(&format!(
                "warning: of the {limit} s of --time, a task may compute {} s at the most, and a minute \
                 less where Slurm is early: it is told to end {before} s before (--sbatch-arg=--signal=\
                 B:USR1@SECONDS)",
                limit.saturating_sub(before.into())
            ));
        }
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
        let tasks = tasks(job.tasks.len());
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
