//! `byzsim run`.

use super::campaign::{Asked, How};
use super::slurm::OnACluster;
use super::{Plugins, text};
use crate::campaign::Kept;
use crate::scenario::ScenarioFile;
use clap::Args;
use std::path::PathBuf;

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
    /// Remove runs of other scenarios from the folder, and run those again that another build of
    /// the program has run
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    on_a_cluster: OnACluster,
}

impl Run {
    pub fn main(self, plugins: Plugins) -> u8 {
        let file = match ScenarioFile::open(&self.scenario, &self.set, &plugins.catalogues) {
            Ok(file) => file,
            Err(error) => return self.how.refuse(error.into()),
        };
        let by_name = || PathBuf::from("results").join(text::file_name(&file.name));
        let folder = self.out.unwrap_or_else(by_name);
        let mut how = self.how;
        if !self.force {
            // The same campaign goes on as it began.
            how.keep(&Kept::read(&folder));
        }
        let asked = Asked {
            folder,
            force: self.force,
            share: None,
            resumes: false,
            default_data: None,
            file,
        };
        if self.on_a_cluster.slurm {
            return self.on_a_cluster.main(&how, asked, plugins);
        }
        how.run(asked, plugins)
    }
}
