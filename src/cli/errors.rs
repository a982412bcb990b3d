//! How errors are told: in color and as wide as the terminal, or plainly into pipes; and as JSON,
//! for editors and other programs.

use super::list::Format;
use super::table::in_one_line;
use super::text::{note, print, width_of};
use super::{WRONG, program};
use crate::campaign::slurm::SlurmError;
use crate::campaign::{CampaignError, FolderError};
use crate::scenario::ScenarioError;
use crate::settings::{WrongSettings, nearest, wrapped};
use annotate_snippets::renderer::{DEFAULT_ERROR_STYLE, DEFAULT_HELP_STYLE};
use serde_json::{Value, json};
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

/// Why nothing was run.
pub(super) enum Refusal {
    /// Mistakes in the scenario or in `--set`.
    Wrong {
        /// The mistakes.
        wrong: WrongSettings,
        /// What was not looked at for them, in a sentence; empty where everything was.
        unseen: String,
    },
    /// Something else.
    Other {
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
}

impl From<WrongSettings> for Refusal {
    fn from(wrong: WrongSettings) -> Refusal {
        let unseen = match wrong.unseen_points {
            0 => String::new(),
            1 => "The last point was not looked at: more may follow.".to_owned(),
            many => format!("The last {many} points were not looked at: more may follow."),
        };
        Refusal::Wrong { wrong, unseen }
    }
}

impl From<ScenarioError> for Refusal {
    fn from(error: ScenarioError) -> Refusal {
        match error {
            ScenarioError::Wrong(wrong) => Refusal::Wrong {
                wrong,
                unseen: "Data and agents were not looked at yet: more may follow.".to_owned(),
            },
            ScenarioError::Unreadable { path, error } => Refusal::Other {
                message: format!("cannot read the scenario {}: {error}", path.display()),
                help: match meant(&path).filter(|_| error.kind() == ErrorKind::NotFound) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => format!("name a TOML file; `{} new NAME` writes one", program()),
                },
            },
        }
    }
}

impl From<SlurmError> for Refusal {
    fn from(error: SlurmError) -> Refusal {
        let help = match &error {
            SlurmError::NoBash(_) => {
                "the script is for bash: submit where it is installed".to_owned()
            }
            SlurmError::NotHere { .. } => format!(
                "it comes with Slurm: submit on a login node of the cluster; without --slurm, `{} run` \
                 runs the points here",
                program()
            ),
            SlurmError::Silent { .. } => {
                "submit on a login node of the cluster, when Slurm answers there".to_owned()
            }
            SlurmError::Argument { .. } => "leave it out".to_owned(),
            SlurmError::Unnumbered(_) => "`squeue --me` shows whether it waits or runs".to_owned(),
            SlurmError::Refused { .. } => {
                "--sbatch-arg=ARG gives sbatch what it asks for, such as --sbatch-arg=--account=NAME"
                    .to_owned()
            }
            SlurmError::Unwritable { .. } => "choose another folder or name".to_owned(),
            SlurmError::Prologue { .. } => {
                "--prologue names a file of lines for bash, such as `module load gcc`".to_owned()
            }
            SlurmError::Unusable { .. } => {
                "the folder has to be one that all nodes of the cluster share".to_owned()
            }
        };
        Refusal::Other {
            message: error.to_string(),
            help,
        }
    }
}

impl From<CampaignError> for Refusal {
    fn from(error: CampaignError) -> Refusal {
        match error {
            CampaignError::Wrong(wrong) => wrong.into(),
            CampaignError::Folder(error) => Refusal::Other {
                message: error.to_string(),
                help: match error {
                    FolderError::Taken { .. } => {
                        "choose another folder with --out DIR, or remove with --force what does not \
                         belong to this scenario"
                    }
                    FolderError::Foreign { .. } => {
                        "choose another folder with --out DIR, such as one that does not exist yet"
                    }
                    FolderError::InUse { .. } => {
                        "wait until it has ended, or stop it; `status` tells how far it is"
                    }
                    FolderError::Unusable { .. } => "choose another folder with --out DIR",
                }
                .to_owned(),
            },
            CampaignError::Threads(_) => Refusal::Other {
                message: error.to_string(),
                help: "let this process have more threads or memory (`ulimit -u`, `ulimit -v`); \
                       --threads N takes fewer"
                    .to_owned(),
            },
            CampaignError::TooLarge { .. } => Refusal::Other {
                message: error.to_string(),
                help: "make it smaller, take fewer --jobs, or run it with --anyway".to_owned(),
            },
            CampaignError::Interrupted => Refusal::Other {
                message: error.to_string(),
                help: "the same command begins again".to_owned(),
            },
        }
    }
}

impl Refusal {
    /// Why a campaign does not go on whose folder is all that was named.
    pub fn of_resume(error: CampaignError) -> Refusal {
        let help = match &error {
            CampaignError::Folder(FolderError::Taken { .. }) => {
                "its data or the program has changed since: restore them, or begin another folder \
                 with `run`"
            }
            CampaignError::Folder(FolderError::Foreign { .. }) => {
                "name a folder that `run` has written"
            }
            CampaignError::Folder(FolderError::Unusable { .. }) => {
                "the folder has to be readable and writable"
            }
            _ => return error.into(),
        };
        Refusal::Other {
            message: error.to_string(),
            help: help.to_owned(),
        }
    }
}

/// The scenario beside a path that is not there whose name most resembles it.
fn meant(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let here = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let files = std::fs::read_dir(here).ok()?.flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    // Without what all have in common, which would make any two short names alike.
    let stem = |name: &str| Some(name.strip_suffix(".toml")?.to_owned());
    let mut names: Vec<String> = names.filter_map(|name| stem(&name)).collect();
    names.sort();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let name = path.file_name()?.to_string_lossy();
    let near = nearest(name.strip_suffix(".toml").unwrap_or(&name), &known)?;
    Some(folder.join(format!("{near}.toml")).display().to_string())
}

impl Refusal {
    /// Tells what is wrong and gives the exit status. `consequence` ends the count of mistakes, as
    /// in `3 mistakes; nothing was run`.
    pub fn tell(&self, format: Format, consequence: &str) -> u8 {
        if format == Format::Json {
            print(&format!("{:#}", json!({ "errors": self.json() })));
        }
        let width = width_of(&std::io::stderr());
        match self {
            Refusal::Wrong { wrong, unseen } => {
                let count = wrong.mistakes.len();
                let plural = if count == 1 { "" } else { "s" };
                note(&wrong.styled(width));
                let more = if wrong.has_more { ", and more" } else { "" };
                note(&format!("\n{count} mistake{plural}{more}{consequence}"));
                if !unseen.is_empty() {
                    note(unseen);
                }
            }
            Refusal::Other { message, help } => {
                complain(message);
                let style = DEFAULT_HELP_STYLE;
                let help = wrapped(help, "  = help: ".len(), width).replace('\n', "\n          ");
                note(&format!("  = {style}help{style:#}: {help}"));
            }
        }
        WRONG
    }

    fn json(&self) -> Vec<Value> {
        match self {
            Refusal::Wrong { wrong, .. } => {
                let one = wrong.mistakes.iter().map(|mistake| {
                    json!({
                        "file": mistake.file,
                        "line": mistake.line,
                        "column": mistake.column,
                        "offending": mistake.offending,
                        "message": mistake.message,
                        "help": mistake.help,
                    })
                });
                one.collect()
            }
            Refusal::Other { message, help } => vec![json!({
                "file": null,
                "line": null,
                "column": null,
                "offending": null,
                "message": message,
                "help": help,
            })],
        }
    }
}

/// Tells of an error: to people in lines as wide as the terminal, into files and pipes in one, for
/// programs that look for it.
pub(super) fn complain(message: &str) {
    let style = DEFAULT_ERROR_STYLE;
    let lines = message.lines().map(in_one_line);
    let mut message = lines.collect::<Vec<_>>().join("\n");
    let stderr = std::io::stderr();
    if stderr.is_terminal() {
        let indent = "error: ".len();
        let wrapped = wrapped(&message, indent, width_of(&stderr));
        message = wrapped.replace('\n', &format!("\n{:indent$}", ""));
    }
    note(&format!("{style}error{style:#}: {message}"));
}
