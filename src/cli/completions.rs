//! `byzsim completions`: what a shell needs to complete command lines.

use super::{Arguments, program};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions of a shell, as in: source <(byzsim completions bash)
#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn main(self) -> u8 {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            program(),
            &mut script,
        );
        // Scripts are made of text.
        super::text::print(String::from_utf8_lossy(&script).trim_end());
        0
    }
}
