//! `byzsim new`: a first scenario, with its schema beside it.

use super::errors::complain;
use super::schema::schema_text;
use super::text::print;
use super::{Plugins, WRONG, program, text};
use crate::scenario::{SCHEMA_FILE, starter};
use clap::Args;
use std::path::{Path, PathBuf};

/// Write a first scenario, with comments and ready to run
///
/// Beside it stands the schema of scenarios, with which editors complete, explain and check it, and
/// for tasks that learn from your own rows a file of some.
#[derive(Args)]
pub(super) struct New {
    /// Path of the scenario, with or without .toml
    name: PathBuf,
    /// What agents learn: see byzsim list tasks
    #[arg(long, value_name = "KIND", default_value = "target-localization")]
    task: String,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

impl New {
    pub fn main(self, plugins: &Plugins) -> u8 {
        match self.write(plugins) {
            Ok(path) => {
                tell_next(&path);
                0
            }
            Err(message) => {
                complain(&message);
                WRONG
            }
        }
    }

    /// Writes the files. Returns the scenario's path.
    fn write(&self, plugins: &Plugins) -> Result<PathBuf, String> {
        let mut path = self.name.clone();
        if path.extension().is_none_or(|extension| extension != "toml") {
            path.as_mut_os_string().push(".toml");
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let catalogues = &plugins.catalogues;
        let Some((scenario, own)) = starter(&self.task, &name, catalogues) else {
            let known = catalogues.tasks.names();
            let near = crate::settings::nearest(&self.task, &known);
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let (task, known) = (&self.task, known.join(", "));
            return Err(format!(
                "there is no task `{task}`: {near}tasks here: {known}"
            ));
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = |(name, text): (String, String)| (folder.join(name), text);
        let files = std::iter::once((path.clone(), scenario));
        let files: Vec<(PathBuf, String)> =
            files.chain(own.files.into_iter().map(beside)).collect();
        if let Some((there, _)) = files.iter().find(|(path, _)| path.exists() && !self.force) {
            let there = there.display();
            return Err(format!(
                "{there} is there already: choose another name, or pass --force"
            ));
        }
        let cannot = |path: &Path, error| format!("cannot write {}: {error}", path.display());
        std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
        for (path, text) in &files {
            std::fs::write(path, text).map_err(|error| cannot(path, error))?;
        }
        // It is the program's own: an older one would not know the newest keys.
        let schema = folder.join(SCHEMA_FILE);
        std::fs::write(&schema, format!("{}\n", schema_text(catalogues)))
            .map_err(|error| cannot(&schema, error))?;
        Ok(path)
    }
}

/// Tells what to do with a new scenario.
fn tell_next(path: &Path) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let results = Path::new("results").join(text::file_name(&name));
    let (program, path) = (program(), path.display());
    print(&format!(
        "{path} is written, with its schema for editors beside it. Next:\n"
    ));
    print(&format!("  {program} check {path}    # what it would run"));
    print(&format!(
        "  {program} run {path}      # into {}",
        results.display()
    ));
    print(&format!(
        "  then open {}",
        results.join("report.html").display()
    ));
}
