//! The commands, as a library: a program with rules, attacks or tasks of its own is
//! `fn main() -> ExitCode { byzsim::cli::main(plugins) }`.

mod campaign;
mod check;
mod completions;
mod errors;
mod essentials;
mod final_table;
mod forecast;
mod interruption;
mod latencies;
mod limits;
mod list;
mod load;
mod mark;
mod matrix;
mod new;
mod notes;
mod panics;
mod progress;
mod report;
mod results;
mod results_json;
mod resume;
mod rows;
mod run;
mod schema;
mod slurm;
mod status;
mod table;
mod text;
mod time_left;

use crate::record::{Build, Observer, Panic};
use crate::scenario::{Catalogues, Plan};
use clap::builder::PossibleValuesParser;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use interruption::Interruption;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Exit status where a run failed.
const FAILED: u8 = 1;
/// Exit status where the scenario or the command line is wrong.
const WRONG: u8 = 2;
/// Exit status after an interruption.
const INTERRUPTED: u8 = 130;

/// What a user of the library adds to the program.
#[derive(Default)]
pub struct Plugins {
    /// Name and version of the program that has them; without, it is called as its file is.
    pub program: Option<(String, String)>,
    /// The kinds that scenarios can name.
    pub catalogues: Catalogues,
    /// Observers that every run gets, beside the progress.
    pub observers: Vec<MakeObserver>,
}

impl Plugins {
    /// None yet, of a program with a name and a version of its own: results say which program made
    /// them.
    ///
    /// ```
    /// use byzsim::cli::Plugins;
    ///
    /// let plugins = Plugins::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    /// ```
    pub fn of(name: &str, version: &str) -> Plugins {
        Plugins {
            program: Some((name.to_owned(), version.to_owned())),
            ..Plugins::default()
        }
    }
}

/// Makes an observer for a run.
pub type MakeObserver = Box<dyn Fn(&Plan) -> Box<dyn Observer> + Send + Sync>;

/// Simulates Byzantine-resilient distributed multi-task learning: agents as actors, reproducible
/// to the bit.
#[derive(Parser)]
#[command(name = "byzsim", max_term_width = text::WIDTH)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    /// The command line's description, with the kinds that there are.
    fn command_with(catalogues: &Catalogues) -> clap::Command {
        let tasks = PossibleValuesParser::new(catalogues.tasks.names());
        let task = |task: Arg| task.value_parser(tasks);
        let program = Build::here().program;
        let (name, version) = program.split_once(' ').unwrap_or((program, ""));
        let command = Arguments::command().name(name).version(version);
        command.mut_subcommand("new", |new| new.mut_arg("task", task))
    }

    /// Reads the command line.
    fn of(catalogues: &Catalogues) -> Result<Arguments, clap::Error> {
        let mut command = Arguments::command_with(catalogues);
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Resume(resume::Resume),
    Status(status::HowFar),
    Check(check::Check),
    List(list::List),
    Report(report::Report),
    New(new::New),
    Schema(schema::Schema),
    Completions(completions::Completions),
}

/// What the program is called: a crate with plug-ins gives it a name of its own.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&called).file_name();
    let name = name.map_or("byzsim".into(), |name| name.to_string_lossy());
    let suffix = std::env::consts::EXE_SUFFIX;
    name.strip_suffix(suffix).unwrap_or(&name).to_owned()
}

/// The program: reads the command line and does what it says.
pub fn main(plugins: Plugins) -> ExitCode {
    limits::install();
    panics::install();
    Interruption::install();
    match &plugins.program {
        Some((name, version)) => Build::name(name, version),
        None => Build::name(&program(), ""),
    };
    let code = match Arguments::of(&plugins.catalogues) {
        Err(error) => {
            // Nowhere to tell where even this cannot be printed.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(WRONG)
        }
        Ok(arguments) => {
            let body = || match arguments.command {
                Command::Run(run) => run.main(plugins),
                Command::Resume(resume) => resume.main(plugins),
                Command::Status(how_far) => how_far.main(plugins),
                Command::Check(check) => check.main(plugins),
                Command::List(list) => list.main(&plugins),
                Command::Report(report) => report.main(),
                Command::New(new) => new.main(&plugins),
                Command::Schema(schema) => schema.main(&plugins),
                Command::Completions(completions) => completions.main(&plugins),
            };
            // Runs tell of their panics themselves: this one came before or after them.
            catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
                errors::complain(&format!("panic: {}", Panic::message(&*payload)));
                panics::print();
                FAILED
            })
        }
    };
    let code = match text::unprinted() {
        Some(error) => {
            errors::complain(&format!("cannot write to standard output: {error}"));
            if code == 0 { FAILED } else { code }
        }
        None => code,
    };
    ExitCode::from(code)
}
