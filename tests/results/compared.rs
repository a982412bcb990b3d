//! Points held against each other, also where models have diverged.

use super::is_close;
use super::reading::{self, Table};
use byzsim::campaign::{Campaign, CampaignOptions, Matrix, Measure, PointOutcome};
use byzsim::scenario::{Catalogues, RunId, ScenarioFile};
use std::collections::BTreeMap;
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
    campaign_of(DIVERGING, folder)
}

fn campaign_of(text: &str, folder: &Path) -> (ScenarioFile, Vec<(RunId, PointOutcome)>) {
    let catalogues = Catalogues::default();
    let parse = || {
        let file = ScenarioFile::parse("test", text, "test", "".into(), &[], &catalogues);
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
        ("steady_loss_above_alone", "steady_loss_common"),
        ("steady_regret_above_alone", "steady_regret_common"),
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
    // The last column, or the one before the seconds, is the difference from the twin.
    assert!(row.rsplit(' ').take(2).any(|cell| cell == "+∞"), "{text}");
    let matrix = lines.iter().filter(|line| line.starts_with("average"));
    assert!(
        matrix.into_iter().any(|row| row.ends_with(" ∞ ∞ (huge)")),
        "{text}"
    );
}

/// Other agents attack for each seed, and under each attack.
const DRAWN: &str = r#"
iterations = 20
[task]
kind = "target-localization"
[topology]
kind = "regular"
agents = 12
degree = 4
[sweep]
seed = [1, 2, 3]
[sweep.rule]
alone = { kind = "no-cooperation" }
average = { kind = "average" }
[sweep.attack]
none = []
some = [{ agents = { random = 3 }, kind = "uniform", low = 15.0, high = 16.0 }]
others = [{ agents = { every = 4, from = 1 }, kind = "sign-flip" }]
"#;

#[test]
fn rules_and_attacks_are_compared_over_the_agents_that_are_normal_under_each() {
    let folder = tempfile::tempdir().unwrap();
    let (file, outcomes) = campaign_of(DRAWN, folder.path());
    // By point: the regret of each agent in the steady state, from its rows.
    let of_run = |id: &RunId| {
        let run = folder.path().join("runs").join(id.to_string());
        let agents = Table::read(&run, "agents");
        let (ids, iterations) = (agents.all("agent"), agents.all("iteration"));
        let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for (row, regret) in agents.all("regret").into_iter().enumerate() {
            if iterations[row] >= 8.0 {
                let sum = sums.entry(ids[row] as u64).or_default();
                *sum = (sum.0 + regret, sum.1 + 1.0);
            }
        }
        let means = sums
            .into_iter()
            .map(|(agent, (sum, count))| (agent, sum / count));
        let means: BTreeMap<u64, f64> = means.collect();
        let network = Table::read(&run, "network/agents");
        for (agent, told) in (0..).zip(network.numbers("steady_regret")) {
            let expected = means.get(&agent).copied();
            assert_eq!(
                told.is_some(),
                expected.is_some(),
                "attackers come to nothing"
            );
            assert!(told.zip(expected).is_none_or(|(a, b)| is_close(a, b)));
        }
        means
    };
    let all: Vec<BTreeMap<u64, f64>> = outcomes.iter().map(|(id, _)| of_run(id)).collect();
    let labels: Vec<[String; 3]> = file
        .points
        .iter()
        .map(|point| {
            ["seed", "rule", "attack"].map(|key| {
                let found = point.settings.iter().find(|s| s.key == key);
                found.unwrap().value.to_string()
            })
        })
        .collect();
    let common = |seed: &str| -> Vec<u64> {
        let of_seed = || (0..all.len()).filter(|&p| labels[p][0] == seed);
        (0..12)
            .filter(|agent| of_seed().all(|p| all[p].contains_key(agent)))
            .collect()
    };
    let mean = |point: usize| {
        let agents = common(&labels[point][0]);
        let sum: f64 = agents.iter().map(|agent| all[point][agent]).sum();
        sum / agents.len() as f64
    };
    let matrix = Matrix::new(&file, &outcomes).unwrap();
    assert_eq!(matrix.measure, Measure::Regret);
    let counts: Vec<u64> = ["1", "2", "3"].map(|seed| common(seed).len() as u64).into();
    let ends = counts.iter().min().zip(counts.iter().max());
    assert_eq!(
        matrix.over.agents,
        ends.map(|(least, most)| (*least, *most))
    );
    for (rule, row) in matrix.rules.iter().zip(&matrix.cells) {
        for (attack, cell) in matrix.attacks.iter().zip(row) {
            let points =
                (0..all.len()).filter(|&p| labels[p][1..] == [rule.clone(), attack.clone()]);
            let means: Vec<f64> = points.map(mean).collect();
            let expected = means.iter().sum::<f64>() / 3.0;
            assert!(
                is_close(cell.mean.unwrap(), expected),
                "{rule} under {attack}"
            );
        }
    }
    // Alone, attackers make no difference to others.
    let alone = &matrix.cells[0];
    assert!(
        alone
            .iter()
            .all(|cell| is_close(cell.mean.unwrap(), alone[0].mean.unwrap()))
    );

    let points = Table::read(folder.path(), "points");
    for point in 0..all.len() {
        let agents = common(&labels[point][0]).len() as f64;
        assert_eq!(points.all("common_agents")[point], agents);
        assert!(is_close(
            points.all("steady_regret_common")[point],
            mean(point)
        ));
        let difference = points.numbers("steady_regret_above_alone")[point];
        assert_eq!(difference.is_some(), labels[point][1] == "average");
        let Some(difference) = difference else {
            continue;
        };
        let is_twin = |p: &usize| {
            labels[*p][1] == "alone"
                && (&labels[*p][0], &labels[*p][2]) == (&labels[point][0], &labels[point][2])
        };
        let twin = (0..all.len()).find(is_twin).unwrap();
        assert!((difference - (mean(point) - mean(twin))).abs() < 1e-9);
    }
}
