//! Wrong scenarios are refused, all mistakes at once, each with its place, the offending text and
//! what would be right.
//!
//! `tests/wrong` holds one mistake per file, named for it, and a few files with several. A first
//! line `# --set key=value` gives the command line's part. The whole messages are snapshots.

use byzsim::campaign::Campaign;
use byzsim::scenario::{Catalogues, ScenarioError, ScenarioFile};
use byzsim::settings::WrongSettings;
use std::path::{Path, PathBuf};

const FOLDER: &str = "tests/wrong";

/// Reads a scenario and draws all its points, as `byzsim check` does.
fn check(shown: &str, text: &str, assignments: &[String]) -> Result<(), ScenarioError> {
    let catalogues = Catalogues::default();
    let folder = PathBuf::from(FOLDER);
    let file = ScenarioFile::parse(shown, text, "test", folder, assignments, &catalogues)?;
    Ok(Campaign::new(file, None, catalogues).plans(drop)?)
}

/// All wrong files by name, with what is wrong.
fn mistakes() -> Vec<(String, WrongSettings)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let read: Vec<(String, Option<WrongSettings>)> =
        paths.iter().map(|path| (stem(path), wrong(path))).collect();
    let is_legal =
        |(name, wrong): &(String, Option<WrongSettings>)| wrong.is_none().then(|| name.clone());
    let legal: Vec<String> = read.iter().filter_map(is_legal).collect();
    assert!(legal.is_empty(), "not refused: {legal:?}");
    let wrong = |(name, wrong): (String, Option<WrongSettings>)| Some((name, wrong?));
    read.into_iter().filter_map(wrong).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// What is wrong with a file; `None` if nothing is.
fn wrong(path: &Path) -> Option<WrongSettings> {
    let text = std::fs::read_to_string(path).unwrap();
    let set = text.lines().next().and_then(|l| l.strip_prefix("# --set "));
    let assignments: Vec<String> = set.map(str::to_owned).into_iter().collect();
    match check(&format!("{}.toml", stem(path)), &text, &assignments) {
        Err(ScenarioError::Wrong(wrong)) => Some(wrong),
        Err(other) => panic!("{}: {other}", path.display()),
        Ok(()) => None,
    }
}

#[test]
fn messages_are_what_they_were() {
    for (name, wrong) in mistakes() {
        insta::with_settings!({
            snapshot_path => "wrong/messages",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(name, wrong) });
    }
}

#[test]
fn every_message_has_its_place_the_offending_text_and_what_is_right() {
    let all = mistakes();
    assert!(all.len() >= 200);
    for (name, WrongSettings { mistakes, .. }) in all {
        let path = format!("{FOLDER}/{name}.toml");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!mistakes.is_empty(), "{name}");
        let several = name.starts_with("several") || name.starts_with("duplicate");
        assert!(several || mistakes.len() == 1, "{name}: {mistakes:?}");
        for mistake in mistakes {
            let shown = mistake.to_string();
            let (line, column) = (mistake.line, mistake.column);
            // Where it says it is, the text has what it calls wrong.
            let source = match &*mistake.file {
                "--set" => {
                    let argument = &text.lines().next().unwrap()["# --set ".len()..];
                    assert!(
                        shown.contains(&format!(" | --set {argument}\n")),
                        "{name}: {shown}"
                    );
                    argument.to_owned()
                }
                file => {
                    let place = format!("--> {file}:{line}:{column}\n");
                    assert!(shown.contains(&place), "{name}: {shown}");
                    text.lines().nth(line - 1).unwrap_or_default().to_owned()
                }
            };
            let offending = mistake.offending.lines().next().unwrap_or_default();
            let rest: String = source.chars().skip(column - 1).collect();
            assert!(rest.starts_with(offending), "{name}: {shown}");
            assert!(
                !offending.is_empty() || name.starts_with("blank-file"),
                "{name}: {shown}"
            );
            assert!(mistake.message.len() > 8, "{name}: {shown}");
            let remedies = [
                "write ",
                "add ",
                "remove ",
                "did you mean ",
                "here: ",
                "name ",
                "define ",
                "let ",
                "lower ",
                "choose ",
                "put ",
                "at most ",
                "less than ",
                "is even",
                "make ",
                "shorten ",
                "correct ",
                "say ",
                "an agent can be in one",
            ];
            let help = &mistake.help;
            assert!(remedies.iter().any(|r| help.contains(r)), "{name}: {shown}");
        }
    }
}

#[test]
fn an_assignment_without_equals_is_refused_with_the_rest() {
    let text = "[task]\nkind = \"target-localisation\"\n";
    let error = check("a.toml", text, &["rule.forgetting".to_owned()]).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    error: unknown task `target-localisation`
     --> a.toml:2:8
      |
    2 | kind = "target-localisation"
      |        ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `target-localization`? task kinds here:
              target-localization, activity-recognition, digit-classification,
              linear-regression, classification, regression

    error: `rule.forgetting` has no `=`
     |
     | --set rule.forgetting
     |       ^^^^^^^^^^^^^^^
     |
     = help: write --set key=value, such as --set rule.forgetting=0.05
    "#);
}
