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
    let mut plugins = Plugins::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
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

    /// What the schema of this program's scenarios finds wrong.
    fn invalid(text: &str) -> Option<String> {
        let schema = byzsim::scenario::schema(&plugins().catalogues);
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let document: toml::Table = text.parse().expect("TOML");
        let document = serde_json::to_value(document).expect("plain values");
        validator
            .iter_errors(&document)
            .next()
            .map(|e| e.to_string())
    }

    #[test]
    fn the_schema_and_new_scenarios_know_plugins() {
        let shipped = include_str!("../scenario.toml");
        assert_eq!(invalid(shipped), None);
        let misspelled = shipped.replace("temperature", "temprature");
        assert!(
            invalid(&misspelled)
                .expect("a mistake")
                .contains("temprature")
        );
        let new = byzsim::scenario::starter("quadratic", "new", &plugins().catalogues);
        let (text, _) = new.expect("a task of this name");
        assert!(text.contains("kind = \"quadratic\"") && text.contains("# spread = "));
        assert_eq!(invalid(&text), None);
        let catalogues = plugins().catalogues;
        let file = ScenarioFile::parse("new", &text, "new", ".".into(), &[], &catalogues);
        assert!(file.is_ok());
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
