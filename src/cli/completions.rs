//! `byzsim completions`: what a shell needs to complete command lines.

use super::{Arguments, Plugins, program};
use clap::Args;
use clap_complete::Shell;

/// Print the completions of a shell, as in: source <(byzsim completions bash)
#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn main(self, plugins: &Plugins) -> u8 {
        let mut script = Vec::new();
        let mut arguments = Arguments::command_with(&plugins.catalogues);
        // Functions of the scripts are named for the program, and shells have no other names.
        let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name = match program() {
            name if name.chars().all(is_legal) => name,
            _ => arguments.get_name().to_owned(),
        };
        clap_complete::generate(self.shell, &mut arguments, name, &mut script);
        // Scripts are made of text.
        super::text::print(String::from_utf8_lossy(&script).trim_end());
        0
    }
}
