//! Points held against each other, also where models have diverged.

use super::reading::{self, Table};
use byzsim::campaign::{Campaign, CampaignOptions, Matrix, PointOutcome};
use byzsim::scenario::{Catalogues, RunId, ScenarioFile};
use std::path::Path;
use std::process::Command;

/// Attackers that send numbers so great that the first step from their average overflows.
const DIVERGING: &str = r#"
iterations = 20
learner.step_size = 0.05
[task]
kind = "linear-regression"
[topology]
kind = "complete"
agents = 6
[sweep]
seed = [1, 2]
[sweep.rule]
average = { kind = "average" }
alone = { kind = "no-cooperation" }
[sweep.attack]
none = []
huge = [{ agents = [1, 2, 3, 4], kind = "constant", value = 3.4e38 }]
"#;

fn campaign(folder: &Path) -> (ScenarioFile, Vec<(RunId, PointOutcome)>) {
    let catalogues = Catalogues::default();
    let parse = || {
        let file = ScenarioFile::parse("test", DIVERGING, "test", "".into(), &[], &catalogues);
        file.unwrap_or_else(|error| panic!("{error}"))
    };
    let campaign = Campaign::new(parse(), None, Catalogues::default());
    let options = CampaignOptions {
        folder: folder.to_owned(),
        threads: Some(1),
        ..CampaignOptions::default()
    };
    let ended = campaign.run(&options, |_| {}).unwrap();
    assert!(ended.unwritten.is_none());
    (parse(), ended.points)
}

#[test]
fn what_diverged_is_infinite_in_every_file_and_after_reading_it_again() {
    let folder = tempfile::tempdir().unwrap();
    campaign(folder.path());
    // The runs are found this time: everything is read back from their summaries.
    let (file, outcomes) = campaign(folder.path());
    let found = |(_, outcome): &(RunId, PointOutcome)| matches!(outcome, PointOutcome::Found(_));
    assert!(outcomes.iter().all(found));

    let mut diverged = 0;
    for (point, (id, outcome)) in file.points.iter().zip(&outcomes) {
        let labels: Vec<String> = point.settings.iter().map(|s| s.value.to_string()).collect();
        let diverges = labels[1..] == ["average", "huge"];
        diverged += usize::from(diverges);
        let run = folder.path().join("runs").join(id.to_string());
        let summary = reading::summary(&run);
        let rounds = Table::read(&run, "rounds").only("group", "all");
        for part in ["final", "steady"] {
            for quantity in ["loss", "regret"] {
                let told = outcome.summary().unwrap().number(&[part, quantity, "mean"]);
                let told = told.unwrap_or_else(|| panic!("{labels:?}: no {part} {quantity}"));
                assert_eq!(
                    told.is_infinite(),
                    diverges,
                    "{labels:?}: {part} {quantity}"
                );
                let written = &summary[part][quantity]["mean"];
                assert_eq!(written == "inf", diverges, "{labels:?}: {written}");
            }
        }
        let last = *rounds.all("loss_mean").last().unwrap();
        assert_eq!(last == f64::INFINITY, diverges, "{labels:?}: {last}");
    }
    assert_eq!(diverged, 2);

    let matrix = Matrix::new(&file, &outcomes).unwrap();
    assert_eq!(matrix.worst(0), Some(("huge", f64::INFINITY)));
    assert!(matrix.worst(1).unwrap().1.is_finite());
}

#[test]
fn points_are_above_their_twins_by_the_difference_of_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    campaign(folder.path());
    let points = Table::read(folder.path(), "points");
    let text = |column: &str| points.texts(column);
    let (ids, twins) = (text("id"), text("alone"));
    let (rules, attacks, seeds) = (text("rule"), text("attack"), text("seed"));
    let pairs = [
        ("steady_loss_above_alone", "steady_loss_mean"),
        ("steady_regret_above_alone", "steady_regret_mean"),
    ];
    let mut infinite = 0;
    for row in 0..ids.len() {
        let twin = ids.iter().position(|id| *id == twins[row]);
        assert_eq!(twin.is_some(), rules[row] == "average");
        for (difference, quantity) in pairs {
            let all = points.all(quantity);
            let expected = twin.map(|twin| all[row] - all[twin]);
            assert_eq!(points.numbers(difference)[row], expected);
            infinite += usize::from(expected == Some(f64::INFINITY));
        }
        let Some(twin) = twin else { continue };
        assert_eq!(rules[twin], "alone");
        assert_eq!((&attacks[row], &seeds[row]), (&attacks[twin], &seeds[twin]));
    }
    assert_eq!(infinite, 4, "two seeds, two quantities");
    assert!(points.is_null("final_accuracy_above_alone"));
}

#[test]
fn the_program_tells_what_diverged() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("diverging.toml");
    std::fs::write(&scenario, DIVERGING).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_byzsim"));
    program.arg("run").arg(&scenario);
    program.arg("--out").arg(folder.path().join("results"));
    let output = program.output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let words = |line: &'_ str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = text.lines().map(words).collect();
    let line = |starts: &str| {
        let found = lines.iter().find(|line| line.starts_with(starts));
        found.unwrap_or_else(|| panic!("no line `{starts}` in\n{text}"))
    };
    // The mean over both seeds.
    let row = line("average huge");
    assert!(row.starts_with("average huge ∞ "), "{text}");
    // The column before the seconds is the difference from the twin.
    assert!(row.rsplit(' ').nth(1) == Some("+∞"), "{text}");
    let matrix = lines.iter().filter(|line| line.starts_with("average"));
    assert!(
        matrix.into_iter().any(|row| row.ends_with(" ∞ ∞ (huge)")),
        "{text}"
    );
}
