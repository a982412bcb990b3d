//! `byzsim new` writes scenarios that are right as they stand, and in every line that a user takes
//! the comment sign from.

use byzsim::data::Library;
use byzsim::scenario::{Catalogues, Plan, Point, SCHEMA_FILE, ScenarioFile, schema, starter};
use std::path::Path;
use std::process::{Command, Output};

fn byzsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_byzsim"))
        .current_dir(folder)
        .args(arguments)
        .env_remove("BYZSIM_DATA")
        .output()
        .unwrap()
}

fn told(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn a_new_scenario_of_every_task_passes_check_without_data_of_the_user_s() {
    let folder = tempfile::tempdir().unwrap();
    for task in Catalogues::default().tasks.names() {
        let new = byzsim(
            folder.path(),
            &["new", &format!("studies/{task}"), "--task", task],
        );
        assert!(new.status.success(), "{}", told(&new.stderr));
        let path = format!("studies/{task}.toml");
        for next in [
            format!("byzsim check {path} "),
            format!("byzsim run {path} "),
            format!("results/{task}/report.html"),
        ] {
            assert!(told(&new.stdout).contains(&next), "{}", told(&new.stdout));
        }
        let check = byzsim(folder.path(), &["check", &path]);
        assert!(check.status.success(), "{task}: {}", told(&check.stderr));
        assert!(
            told(&check.stdout).contains(": 9 points"),
            "{}",
            told(&check.stdout)
        );
        assert!(folder.path().join("studies").join(SCHEMA_FILE).is_file());
    }
}

#[test]
fn every_default_in_a_comment_is_legal_where_it_stands() {
    let catalogues = Catalogues::default();
    let validator = jsonschema::validator_for(&schema(&catalogues)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let library = Library::new(None, folder.path());
    let is_right = |text: &str| {
        let folder = folder.path().to_owned();
        let file = ScenarioFile::parse("new.toml", text, "new", folder, &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        // Points differ in nothing that a default has to fit but the rule: one for each is enough.
        let seeds = |point: &Point| file.scenario(point, &catalogues).seeds;
        let first = seeds(&file.points[0]);
        let of_seed = |point: &&Point| seeds(point) == first;
        for point in file.points.iter().filter(of_seed) {
            if let Err(error) = Plan::draw(&file, point, &library, &catalogues) {
                panic!("{error}");
            }
        }
        let document: toml::Table = text.parse().unwrap();
        let document = serde_json::to_value(document).unwrap();
        let mistake = validator.iter_errors(&document).next();
        assert!(mistake.is_none(), "{mistake:?}");
    };
    for task in catalogues.tasks.names() {
        let (text, own) = starter(task, "new", &catalogues).unwrap();
        for (name, text) in own.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        is_right(&text);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() < 105, "{task} has {} lines", lines.len());
        let mut settings = 0;
        let head = lines.iter().take_while(|line| !line.is_empty()).count();
        for (index, line) in lines.iter().enumerate().skip(head) {
            let Some(setting) = line.strip_prefix("# ").filter(|line| line.contains(" = ")) else {
                continue;
            };
            let mut lines = lines.clone();
            lines[index] = setting;
            is_right(&format!("{}\n", lines.join("\n")));
            settings += 1;
        }
        assert!(settings > 25, "{task} tells {settings} defaults");
    }
}

#[test]
fn nothing_is_written_over_without_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "mine").unwrap();
    let new = byzsim(folder.path(), &["new", "mine.toml"]);
    assert_eq!(new.status.code(), Some(2));
    let message = "error: mine.toml is there already: choose another name, or pass --force\n";
    assert_eq!(told(&new.stderr), message);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(!folder.path().join(SCHEMA_FILE).exists());

    assert!(
        byzsim(folder.path(), &["new", "mine", "--force"])
            .status
            .success()
    );
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("# Which rule")
    );
    std::fs::write(folder.path().join("rows.csv"), "mine").unwrap();
    let rows = byzsim(folder.path(), &["new", "rows", "--task", "regression"]);
    assert!(told(&rows.stderr).starts_with("error: rows.csv is there already"));
    assert!(!folder.path().join("rows.toml").exists());
}

#[test]
fn an_unknown_task_is_told_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let new = byzsim(folder.path(), &["new", "a", "--task", "clasification"]);
    assert_eq!(new.status.code(), Some(2));
    let message = told(&new.stderr);
    assert!(message.contains("'classification'"), "{message}");
    assert!(message.contains("target-localization"), "{message}");
}

#[test]
fn what_names_no_file_is_refused_with_what_would_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "mine").unwrap();
    for (name, right) in [
        ("studies/", "such as studies/first"),
        ("/", "such as /first"),
        (".", "such as ./first"),
        ("..", "such as ../first"),
        ("a\tb", "\"a\\tb\" holds a control character"),
        ("taken/x", "taken is a file, and no folder"),
    ] {
        let new = byzsim(folder.path(), &["new", name]);
        assert_eq!(new.status.code(), Some(2), "{name:?}");
        assert!(told(&new.stderr).contains(right), "{}", told(&new.stderr));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn commands_that_are_told_are_ready_for_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let new = byzsim(folder.path(), &["new", "Ann's study"]);
    let next = r#"byzsim check "Ann's study.toml" "#;
    assert!(told(&new.stdout).contains(next), "{}", told(&new.stdout));
}

#[cfg(unix)]
#[test]
fn completions_are_for_the_program_by_the_name_it_has() {
    let folder = tempfile::tempdir().unwrap();
    for (name, completed) in [("run-1.2", "run-1.2"), ("my sim", "byzsim")] {
        let program = folder.path().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_byzsim"), &program).unwrap();
        let script = Command::new(program).args(["completions", "bash"]).output();
        let script = told(&script.unwrap().stdout);
        let last = script
            .lines()
            .rev()
            .find(|line| line.contains("complete -F"));
        let last = last.expect("what is completed").trim();
        assert!(last.ends_with(&format!(" {completed}")), "{last}");
    }
}

#[test]
fn completions_of_bash_load_and_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let script = told(&byzsim(folder.path(), &["completions", "bash"]).stdout);
    std::fs::write(folder.path().join("byzsim.bash"), script).unwrap();
    let line = "source byzsim.bash; complete -p byzsim >/dev/null || exit 1
                COMP_WORDS=(byzsim sch); COMP_CWORD=1
                _byzsim byzsim sch byzsim; echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash")
        .args(["-c", line])
        .current_dir(folder.path())
        .output();
    assert_eq!(told(&bash.unwrap().stdout).trim(), "schema");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = byzsim(folder.path(), &["completions", shell]);
        assert!(told(&script.stdout).contains("schema"), "{shell}");
    }
}
