//! `byzsim resume`.

use super::Plugins;
use super::campaign::{Asked, How};
use super::errors::Refusal;
use super::mark::mark;
use crate::campaign::{Kept, Share};
use crate::scenario::{Catalogues, ScenarioFile};
use crate::{checksum, files};
use clap::Args;
use std::path::{Path, PathBuf};

/// Finish what `run` began: points that are begun go on from their checkpoints
#[derive(Args)]
pub(super) struct Resume {
    /// Folder of the results
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    how: How,
    /// Which of several tasks that share the campaign this is, from 0 on
    #[arg(long, value_name = "I", hide = true, requires = "tasks")]
    task: Option<u32>,
    /// How many tasks share the campaign
    #[arg(long, value_name = "N", hide = true, requires = "task", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: Option<u32>,
    /// File that is made when the first iteration has ended
    #[arg(long, value_name = "FILE", hide = true, requires = "task")]
    mark: Option<PathBuf>,
}

impl Resume {
    pub fn main(self, mut plugins: Plugins) -> u8 {
        plugins.observers.extend(self.mark.map(mark));
        let file = match open(&self.folder, &plugins.catalogues) {
            Ok(file) => file,
            Err(refusal) => return self.how.refuse(refusal),
        };
        let share = self.task.zip(self.tasks).map(|(task, tasks)| Share {
            task: task as usize,
            tasks: tasks as usize,
        });
        if let Some(Share { task, tasks }) = share.filter(|share| share.task >= share.tasks) {
            return self.how.refuse(Refusal::Other {
                message: format!("there is no task {task} of {tasks}"),
                help: format!("tasks are numbered from 0 to {}", tasks - 1),
            });
        }
        let kept = Kept::read(&self.folder);
        let mut how = self.how;
        how.keep(&kept);
        let asked = Asked {
            file,
            folder: self.folder,
            force: false,
            share,
            resumes: true,
            default_data: kept.default_data,
        };
        how.run(asked, plugins)
    }
}

/// The scenario of a results folder.
pub(super) fn open(folder: &Path, catalogues: &Catalogues) -> Result<ScenarioFile, Refusal> {
    let scenario = folder.join("scenario.toml");
    if !scenario.is_file() {
        return Err(Refusal::Other {
            message: format!("{} holds no campaign: no scenario.toml", folder.display()),
            help: "name a folder that `run` has written".to_owned(),
        });
    }
    let text = files::read(&scenario).unwrap_or_default();
    if checksum::toml_holds(&text) == Some(false) {
        return Err(Refusal::Other {
            message: format!("{} is damaged: {}", scenario.display(), checksum::CHANGED),
            help: format!(
                "run your scenario with `--out {}` once more: what is done stays",
                folder.display()
            ),
        });
    }
    Ok(ScenarioFile::open(&scenario, &[], catalogues)?)
}
