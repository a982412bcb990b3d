//! The program `byzsim`: see [`byzsim::cli`].

use byzsim::cli::{Plugins, main as byzsim};
use std::process::ExitCode;

fn main() -> ExitCode {
    byzsim(Plugins::default())
}
