//! byzsim with a rule, an attack and a task of one's own: the whole program, its commands, checks,
//! results and `list` included, knows them beside its own.
//!
//! Each is a struct that declares its TOML keys in `read` and implements a trait. Nothing in byzsim
//! is touched.

mod mirror;
mod quadratic;
mod softmax_loss;

use byzsim::cli::Plugins;
use byzsim::settings::kind;
use mirror::Mirror;
use quadratic::Quadratic;
use softmax_loss::SoftmaxLoss;
use std::process::ExitCode;

/// What this program adds.
fn plugins() -> Plugins {
    let mut plugins = Plugins::default();
    plugins.catalogues.rules.add(kind!(SoftmaxLoss));
    plugins.catalogues.attacks.add(kind!(Mirror));
    plugins.catalogues.tasks.add(kind!(Quadratic));
    plugins
}

fn main() -> ExitCode {
    byzsim::cli::main(plugins())
}

#[cfg(test)]
mod tests {
    use super::*;
    use byzsim::scenario::ScenarioFile;

    /// What is wrong with the shipped scenario when one text in it takes the place of another.
    fn mistake(old: &str, new: &str) -> Option<String> {
        let text = include_str!("../scenario.toml");
        assert!(text.contains(old));
        let text = text.replace(old, new);
        let catalogues = plugins().catalogues;
        let file = ScenarioFile::parse("demo", &text, "demo", ".".into(), &[], &catalogues);
        file.err().map(|error| error.to_string())
    }

    #[test]
    fn keys_of_plugins_are_as_strictly_checked_as_all_others() {
        assert_eq!(mistake("reach", "reach"), None);
        for (old, new, help) in [
            ("temperature", "temprature", "did you mean `temperature`?"),
            ("reach = 3.0", "reach = -3.0", "write a number above 0"),
            ("spread = 0.1", "spread = \"wide\"", "write a number"),
            (
                "kind = \"mirror\"",
                "kind = \"miror\"",
                "did you mean `mirror`?",
            ),
        ] {
            let message = mistake(old, new).expect("a mistake");
            assert!(message.contains(help), "{message}");
        }
    }
}
