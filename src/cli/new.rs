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
        let path = toml_file(&self.name)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let catalogues = &plugins.catalogues;
        let (scenario, own) = starter(&self.task, &name, catalogues)
            .ok_or_else(|| format!("there is no task `{}`", self.task))?;
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
        if let Some(file) = folder.ancestors().find(|above| above.is_file()) {
            let file = file.display();
            return Err(format!(
                "{file} is a file, and no folder: choose a name beside it"
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

/// The path of a scenario that is called by a path with or without `.toml`.
fn toml_file(name: &Path) -> Result<PathBuf, String> {
    let shown = name.to_string_lossy();
    if shown.chars().any(char::is_control) {
        let shown = name.display().to_string();
        return Err(format!(
            "{shown:?} holds a control character: write a name of letters, such as first"
        ));
    }
    let last = shown.rsplit(std::path::is_separator).next();
    let is_folder = matches!(last, None | Some("" | "." | ".."));
    if is_folder {
        let example = name.join("first");
        return Err(format!(
            "\"{shown}\" names no file: write a name in the folder, such as {}",
            example.display()
        ));
    }
    let mut path = name.to_owned();
    if path.extension().is_none_or(|extension| extension != "toml") {
        path.as_mut_os_string().push(".toml");
    }
    Ok(path)
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    // What has a zero byte is no file's name, and no command's.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into)
}

/// Tells what to do with a new scenario.
fn tell_next(path: &Path) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let results = Path::new("results").join(text::file_name(&name));
    print(&format!(
        "{} is written, with its schema for editors beside it. Next:\n",
        path.display()
    ));
    let (program, path) = (quoted(&program()), path.display().to_string());
    // A name that begins with a dash is no option.
    let path = match path.starts_with('-') {
        true => quoted(&format!("./{path}")),
        false => quoted(&path),
    };
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
