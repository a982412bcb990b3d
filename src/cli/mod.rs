//! The commands, as a library: a program with rules, attacks or tasks of its own is
//! `fn main() -> ExitCode { byzsim::cli::main(plugins) }`.

mod check;
mod errors;
mod final_table;
mod forecast;
mod latencies;
mod list;
mod matrix;
mod progress;
mod results;
mod results_json;
mod rows;
mod run;
mod table;
mod text;
mod time_left;

use crate::record::{Observer, Panic};
use crate::scenario::{Catalogues, Plan};
use clap::{Parser, Subcommand};
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
    /// The kinds that scenarios can name.
    pub catalogues: Catalogues,
    /// Observers that every run gets, beside the progress.
    pub observers: Vec<MakeObserver>,
}

/// Makes an observer for a run.
pub type MakeObserver = Box<dyn Fn(&Plan) -> Box<dyn Observer> + Send + Sync>;

/// Simulates Byzantine-resilient distributed multi-task learning: agents as actors, reproducible
/// to the bit.
#[derive(Parser)]
#[command(name = "byzsim", version, max_term_width = text::WIDTH)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Check(check::Check),
    List(list::List),
}

/// The program: reads the command line and does what it says.
pub fn main(plugins: Plugins) -> ExitCode {
    let code = match Arguments::try_parse() {
        Err(error) => {
            // Nowhere to tell where even this cannot be printed.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(WRONG)
        }
        Ok(arguments) => {
            let body = || match arguments.command {
                Command::Run(run) => run.main(plugins),
                Command::Check(check) => check.main(plugins),
                Command::List(list) => list.main(&plugins),
            };
            // Runs tell of their panics themselves: this one came before or after them.
            catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
                errors::complain(&format!("panic: {}", Panic::message(&*payload)));
                FAILED
            })
        }
    };
    ExitCode::from(code)
}
