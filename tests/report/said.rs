//! What figures and tables show is what was recorded.

use super::reading::{self, Table, runs, summary};
use super::{SWEEP, column, curves, document, figure, figures, ran, run_into, table};
use byzsim::report::{Block, Cell, Content, page};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The runs of a folder by a swept value, in the order of another one.
fn by(folder: &Path, key: &str, then: &str) -> BTreeMap<String, Vec<PathBuf>> {
    let mut all: Vec<(String, String, PathBuf)> = runs(folder)
        .into_iter()
        .map(|run| {
            let settings = &summary(&run)["settings"];
            let text = |key: &str| settings[key].to_string().trim_matches('"').to_owned();
            (text(key), text(then), run)
        })
        .collect();
    all.sort();
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (label, _, run) in all {
        found.entry(label).or_default().push(run);
    }
    found
}

/// A column of `rounds.parquet` for all normal agents, or a group of them.
fn rounds(run: &Path, group: &str, name: &str) -> Vec<f64> {
    Table::read(run, "rounds").only("group", group).all(name)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn is_close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

#[test]
fn curves_are_means_over_seeds_with_the_range_over_agents_and_seeds() {
    let folder = ran(SWEEP, &[]);
    let report = document(&[folder.path()]);
    let runs = by(folder.path(), "rule", "seed");
    for (name, group) in [("loss", "all"), ("loss-group-2", "2"), ("regret", "all")] {
        let quantity = name.split('-').next().unwrap();
        let shown = curves(&report, name);
        let labels: Vec<&str> = shown.series.iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["alone", "mean", "loss"]);
        for series in &shown.series {
            let of_seeds = |ending: &str| -> Vec<Vec<f64>> {
                let column = format!("{quantity}_{ending}");
                runs[&series.label]
                    .iter()
                    .map(|run| rounds(run, group, &column))
                    .collect()
            };
            let (means, least, greatest) = (of_seeds("mean"), of_seeds("min"), of_seeds("max"));
            let band = series.band.as_ref().unwrap();
            assert_eq!(series.x, (0..30).map(f64::from).collect::<Vec<_>>());
            for i in 0..30 {
                let at = |of_seeds: &[Vec<f64>]| -> Vec<f64> {
                    of_seeds.iter().map(|column| column[i]).collect()
                };
                assert!(is_close(series.y[i], mean(&at(&means))), "{name} {i}");
                assert_eq!(
                    band[0][i],
                    at(&least).into_iter().fold(f64::INFINITY, f64::min)
                );
                assert_eq!(band[1][i], at(&greatest).into_iter().fold(0.0, f64::max));
            }
        }
    }
    assert_eq!(
        curves(&report, "loss").marks,
        [(5.0, "drift begins".to_owned())]
    );
}

#[test]
fn confidence_over_seeds_holds_the_mean() {
    let folder = ran(SWEEP, &[]);
    let report = document(&[folder.path()]);
    for series in &curves(&report, "loss-confidence").series {
        let [low, high] = series.band.as_ref().unwrap();
        for (i, y) in series.y.iter().enumerate() {
            assert!(
                0.0 < low[i] && low[i] <= *y && *y <= high[i],
                "{} {i}",
                series.label
            );
        }
    }
    let one = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[one.path()]);
    assert!(
        figures(&report)
            .iter()
            .all(|figure| !figure.name.contains("confidence"))
    );
}

#[test]
fn tables_hold_the_numbers_of_summaries() {
    let folder = ran(SWEEP, &[]);
    let report = document(&[folder.path()]);
    let runs = by(folder.path(), "rule", "seed");
    let compared = table(&report, "What it came to");
    let rules = column(compared, "rule");
    let losses = column(compared, "steady loss");
    assert_eq!(
        rules,
        ["alone", "mean", "loss"].map(|rule| Cell::Text(rule.to_owned()))
    );
    for (rule, loss) in rules.iter().zip(&losses) {
        let Cell::Number(loss) = loss else {
            panic!("{loss:?}")
        };
        let of_run = |run: &PathBuf| summary(run)["steady"]["loss"]["mean"].as_f64().unwrap();
        let of_seeds: Vec<f64> = runs[&rule.to_string()].iter().map(of_run).collect();
        assert!(is_close(*loss, mean(&of_seeds)), "{rule}");
    }
    assert_eq!(column(compared, "runs"), vec![Cell::Number(3.0); 3]);
    for (loss, interval) in losses.iter().zip(column(compared, "steady loss, 95 %")) {
        let (Cell::Number(loss), Cell::Range(low, high)) = (loss, &interval) else {
            panic!("{loss:?} {interval:?}")
        };
        assert!(
            low < loss && is_close(low + high, 2.0 * loss),
            "{interval:?}"
        );
    }
    // All rules send alike, so that they have one row; it is of the values of all seeds.
    let times = table(&report, "Simulated time");
    let quantities = column(times, "quantity");
    let deliveries = Cell::Text("delivery_ms".to_owned());
    let row = quantities.iter().position(|q| *q == deliveries).unwrap();
    let of_runs = |part: &str| -> Vec<f64> {
        let of = |run: &PathBuf| summary(run)["latency"]["delivery_ms"][part].as_f64();
        runs["loss"].iter().map(|run| of(run).unwrap()).collect()
    };
    let told = |name: &str| column(times, name)[row].clone();
    let most = of_runs("max").into_iter().fold(0.0, f64::max);
    assert_eq!(told("values"), Cell::Number(of_runs("count").iter().sum()));
    assert_eq!(told("max"), Cell::Number(most));
    let Cell::Number(p999) = told("p99.9") else {
        panic!()
    };
    // The greatest seed's is beyond it, the least seed's is not.
    assert!(of_runs("p999").iter().any(|p| *p >= p999));
    assert!(of_runs("p999").iter().any(|p| *p <= p999));

    let points = table(&report, "Points");
    assert_eq!(points.rows.len(), 9);
    let ids = column(points, "id");
    for (id, fingerprint) in ids.iter().zip(column(points, "fingerprint")) {
        let found = summary(&folder.path().join("runs").join(id.to_string()));
        assert_eq!(
            fingerprint,
            Cell::Text(found["fingerprint"].as_str().unwrap().to_owned())
        );
    }
    let above = column(points, "steady loss above alone");
    assert_eq!(
        above.iter().filter(|cell| **cell == Cell::Missing).count(),
        3,
        "those alone"
    );

    let sent: f64 = reading::runs(folder.path())
        .iter()
        .map(|run| summary(run)["messages"]["sent"].as_f64().unwrap())
        .sum();
    let told = column(table(&report, "Messages"), "sent");
    let told = told
        .iter()
        .map(|cell| if let Cell::Number(x) = cell { *x } else { 0.0 });
    assert_eq!(told.sum::<f64>(), sent);
}

#[test]
fn heat_maps_show_the_weights_of_the_last_iteration_byzantine_senders_last() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let run = &by(folder.path(), "rule", "seed")["loss"][0];
    let Content::Cells(cells) = &figure(&report, "weights-2-loss").content else {
        panic!()
    };
    assert_eq!(cells.rows.len(), 10);
    assert_eq!(cells.columns[10..], ["Byz. 1", "Byz. 6"]);
    assert_eq!(cells.column_breaks.last(), Some(&10));
    let weights = Table::read(run, "weights");
    let (receivers, senders) = (weights.texts("receiver"), weights.texts("sender"));
    let mut shown = 0;
    for (row, weight) in weights.all("weight").into_iter().enumerate() {
        let to = cells
            .rows
            .iter()
            .position(|name| *name == receivers[row])
            .unwrap();
        let is_sender = |name: &String| name.trim_start_matches("Byz. ") == senders[row];
        let from = cells.columns.iter().position(is_sender).unwrap();
        assert_eq!(cells.values[to * 12 + from], weight);
        shown += 1;
    }
    assert_eq!(cells.values.iter().filter(|x| !x.is_nan()).count(), shown);
    for row in cells.values.chunks(12) {
        let sum: f64 = row.iter().filter(|x| !x.is_nan()).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}

#[test]
fn relationships_are_those_that_were_recorded() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let run = &by(folder.path(), "rule", "seed")["alone"][0];
    let Content::Cells(cells) = &figure(&report, "relationship-0-alone").content else {
        panic!()
    };
    let recorded = Table::read(run, "relationship");
    assert_eq!(recorded.rows.len(), 100, "ten normal agents");
    assert_eq!(cells.values, recorded.all("relationship"));
    let trace: f64 = (0..10).map(|i| cells.values[i * 10 + i]).sum();
    assert!((trace - 1.0).abs() < 1e-9);
}

#[test]
fn networks_show_every_agent_and_every_link_once() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let Content::Network(network) = &figure(&report, "network").content else {
        panic!()
    };
    assert_eq!(network.nodes.len(), 12);
    assert_eq!(network.links.len(), 12 * 4 / 2);
    let byzantine = network.nodes.iter().filter(|node| node.is_byzantine);
    let byzantine: Vec<&str> = byzantine.map(|node| &*node.label).collect();
    assert!(byzantine[0].starts_with("agent 1,") && byzantine[1].starts_with("agent 6,"));
}

#[test]
fn percentile_curves_end_at_the_greatest_value() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let run = &by(folder.path(), "rule", "seed")["loss"][0];
    let summary = summary(run);
    for name in ["delivery_ms", "round_ms", "wait_ms"] {
        let shown = curves(&report, &format!("percentiles-{}", name.replace('_', "-")));
        // Links do not know of rules.
        assert_eq!(shown.series.len(), 1);
        let line = &shown.series[0];
        let of_summary = |part: &str| summary["latency"][name][part].as_f64().unwrap();
        let ninety = line.x.iter().position(|x| (x - 10.0).abs() < 1e-9).unwrap();
        // Histograms keep three digits.
        assert!(
            (line.y[ninety] / of_summary("p90") - 1.0).abs() < 2e-3,
            "{name}"
        );
        assert!(
            (line.y.last().unwrap() / of_summary("max") - 1.0).abs() < 2e-3,
            "{name}"
        );
        assert_eq!(*line.x.last().unwrap(), of_summary("count"));
    }
}

#[test]
fn a_sweep_over_numbers_is_drawn_along_them() {
    let folder = ran(
        SWEEP,
        &["sweep.seed=[1, 2, 3]", "sweep.link.drop=[0.0, 0.25, 0.5]"],
    );
    let report = document(&[folder.path()]);
    let shown = curves(&report, "along-link-drop-1");
    assert_eq!(shown.series.len(), 3);
    for series in &shown.series {
        assert_eq!(series.x, [0.0, 0.25, 0.5]);
        let [low, high] = series.band.as_ref().unwrap();
        assert!((0..3).all(|i| low[i] <= series.y[i] && series.y[i] <= high[i]));
        // Of three values t · s / √3 is at least 4.3 · range / √12, and at most 4.3 · range / 3.
        let [from, to] = series.interval.as_ref().unwrap();
        for i in 0..3 {
            let (range, half) = (high[i] - low[i], (to[i] - from[i]) / 2.0);
            assert!(from[i] <= series.y[i] && series.y[i] <= to[i]);
            assert!(shown.y.is_log || (1.24..1.44).contains(&(half / range)));
        }
    }
    // The bars of messages differ by case, not by rule.
    let Content::Bars(bars) = &figure(&report, "messages").content else {
        panic!()
    };
    assert_eq!(bars.bars.len(), 3);
    assert!(
        bars.bars[2].1[2] > 0.4,
        "half of them are dropped: {:?}",
        bars.bars[2]
    );
}

#[test]
fn rules_against_attacks_are_a_matrix() {
    let (head, rest) = SWEEP.split_once("[[attack]]").expect("an attack");
    let (_, rest) = rest.split_once("[link]").expect("links");
    let swept = format!("{head}[link]{rest}");
    let scenario = swept.replace("[sweep]", "[sweep]\nattack = { none = [], far = [{ agents = [2], kind = \"constant\", value = 50.0 }] }");
    let folder = ran(&scenario, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let Content::Cells(cells) = &figure(&report, "matrix").content else {
        panic!()
    };
    assert_eq!(cells.rows, ["alone", "mean", "loss"]);
    assert_eq!(cells.columns, ["none", "far", "worst"]);
    for row in cells.values.chunks(3) {
        assert_eq!(
            row[2],
            row[0].max(row[1]),
            "regret: the greatest is the worst"
        );
    }
}

#[test]
fn several_folders_stand_side_by_side() {
    let first = ran(SWEEP, &["sweep.seed=[1]"]);
    let second = tempfile::tempdir().unwrap();
    run_into(
        second.path(),
        "other",
        SWEEP,
        &["sweep.seed=[1]", "link.drop=0.5"],
    );
    let report = document(&[first.path(), second.path()]);
    assert_eq!(report.title, "small, other");
    let compared = table(&report, "What it came to");
    let of = ["alone", "mean", "loss"];
    let of_first = of.map(|rule| Cell::Text(format!("{rule}, small")));
    let of_second = of.map(|rule| Cell::Text(format!("{rule}, other")));
    assert_eq!(
        column(compared, "rule, results"),
        [of_first, of_second].concat()
    );
    // All in one figure.
    assert_eq!(curves(&report, "loss").series.len(), 6);
}

#[test]
fn what_has_few_numbers_is_compared_where_no_rule_is() {
    let scenario = SWEEP.replace("rule = {", "\"link.drop\" = [0.0, 0.25, 0.5]\nunused = {");
    let scenario: String = scenario
        .lines()
        .filter(|l| !l.starts_with("unused"))
        .map(|l| format!("{l}\n"))
        .collect();
    let folder = ran(&scenario, &["sweep.seed=[1, 2]"]);
    let report = document(&[folder.path()]);
    let labels: Vec<&str> = curves(&report, "loss")
        .series
        .iter()
        .map(|s| &*s.label)
        .collect();
    assert_eq!(labels, ["0", "0.25", "0.5"]);
    let shown = curves(&report, "along-link-drop-1");
    assert_eq!(shown.series[0].x, [0.0, 0.25, 0.5]);
}

#[test]
fn where_nobody_waits_everybody_is_in_the_heat_map_of_weights() {
    let modes = [
        "sweep.seed=[1]",
        "clock.mode=asynchronous",
        "clock.compute_ms={kind=\"uniform\",low=5,high=20}",
    ];
    let folder = ran(SWEEP, &modes);
    let report = document(&[folder.path()]);
    let Content::Cells(cells) = &figure(&report, "weights-2-loss").content else {
        panic!()
    };
    for row in cells.values.chunks(12) {
        let sum: f64 = row.iter().filter(|x| !x.is_nan()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{row:?}");
    }
    assert_eq!(curves(&report, "loss").x.label, "simulated time [s]");
}

#[test]
fn clock_modes_are_compared_by_iterations_where_one_has_no_timeline() {
    let (rest, _) = SWEEP.split_once("[sweep]").unwrap();
    let modes = r#""clock.mode" = ["synchronous", "asynchronous"]"#;
    let folder = ran(&format!("{rest}[sweep]\n{modes}"), &["rule.kind=loss"]);
    let report = document(&[folder.path()]);
    let shown = curves(&report, "loss");
    let labels: Vec<&str> = shown.series.iter().map(|s| &*s.label).collect();
    assert_eq!(labels, ["synchronous", "asynchronous"]);
    assert_eq!(shown.x.label, "iteration");
}

#[test]
fn groups_whose_agents_are_all_byzantine_for_one_seed_have_curves_of_the_others() {
    let scenario = SWEEP
        .replace("agents = [1, 6]", "agents = { random = 6 }")
        .replace("agents = 12\ndegree = 4", "agents = 8\ndegree = 4");
    let folder = ran(&scenario, &["sweep.seed={from=1,count=6}"]);
    let report = document(&[folder.path()]);
    let of_groups = figures(&report)
        .into_iter()
        .filter(|f| f.name.starts_with("loss-group"));
    let of_groups: Vec<_> = of_groups.collect();
    assert!(!of_groups.is_empty());
    for figure in of_groups {
        let shown = curves(&report, &figure.name);
        assert!(
            shown.series.iter().all(|s| s.x.len() == 30),
            "{}",
            figure.name
        );
    }
}

#[test]
fn a_swept_flag_is_told_as_yes_or_no() {
    let scenario = SWEEP.split("[sweep]").next().unwrap().to_owned()
        + "[rule]\nkind = 'loss'\n[sweep]\n'rule.filter' = [true, false]\n";
    let folder = ran(&scenario, &[]);
    let report = document(&[folder.path()]);
    let text = page(&report);
    assert!(text.contains("true") && text.contains("false"));
    // A number would have an axis of its own.
    let on_an_axis = |content: &Content| match content {
        Content::Curves(curves) => curves.x.label.contains("filter"),
        _ => false,
    };
    assert!(
        figures(&report)
            .iter()
            .all(|figure| !on_an_axis(&figure.content))
    );
}

#[test]
fn attacks_that_a_sweep_names_or_delays_begin_where_they_do() {
    let (head, rest) = SWEEP.split_once("[[attack]]").unwrap();
    let (_, rest) = rest.split_once("[link]").unwrap();
    let late = r#"attack = { none = [], late = [{ agents = [1], kind = "sign-flip", active = { from_iteration = 7 } }] }"#;
    let named = format!("{head}[link]{rest}{late}\n");
    let folder = ran(&named, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    assert_eq!(curves(&report, "loss-case-1").marks, []);
    let begins = |at: f64, name: &str| [(at, format!("{name} begins"))];
    assert_eq!(
        curves(&report, "loss-case-2").marks,
        begins(7.0, "sign-flip")
    );

    let delayed = [
        "sweep.seed=[1]",
        "sweep.attack.drift.active.from_iteration=[5, 9]",
    ];
    let folder = ran(SWEEP, &delayed);
    let report = document(&[folder.path()]);
    assert_eq!(curves(&report, "loss-case-1").marks, begins(5.0, "drift"));
    assert_eq!(curves(&report, "loss-case-2").marks, begins(9.0, "drift"));
}

#[test]
fn what_starved_is_told_by_row_with_what_was_done_instead() {
    let (head, _) = SWEEP.split_once("[sweep]").unwrap();
    let rules = r#"rule = { krum = { kind = "krum", f = 1 }, shrunk = { kind = "trimmed-mean", f = 2, too_few = "shrink-f" }, mean = { kind = "average" } }"#;
    let folder = ran(&format!("{head}[sweep]\n{rules}\n"), &["link.drop=0.3"]);
    let report = document(&[folder.path()]);
    let runs = by(folder.path(), "rule", "rule");
    for heading in ["What it came to", "Points"] {
        let shown = table(&report, heading);
        let cells = column(shown, "rule")
            .into_iter()
            .zip(column(shown, "starved"));
        for ((rule, share), instead) in cells.zip(column(shown, "instead")) {
            let rule = rule.to_string();
            let steady = &summary(&runs[&rule][0])["steady"];
            assert_eq!(share, Cell::Number(steady["starved"].as_f64().unwrap()));
            let text = |text: &str| Cell::Text(text.to_owned());
            let expected = match &*rule {
                "krum" => text("own"),
                "shrunk" => text("made do"),
                _ => Cell::Missing,
            };
            assert_eq!(
                (share == Cell::Number(0.0), instead),
                (rule == "mean", expected)
            );
        }
    }
    let filters = report
        .sections
        .iter()
        .find(|s| s.heading == "What filters did");
    let Some(Block::Text(told)) = filters.and_then(|section| section.blocks.first()) else {
        panic!("nothing is told of what starved");
    };
    for part in ["krum: ", "shrunk: ", "too_few = \"own\"", "lower f"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn what_points_are_judged_by_is_drawn_first() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let learning = report
        .sections
        .iter()
        .find(|s| s.heading == "Learning")
        .unwrap();
    let figures = learning.blocks.iter().find_map(|block| match block {
        Block::Figures(figures) => Some(figures),
        _ => None,
    });
    assert_eq!(figures.unwrap()[0].name, "regret");
    assert!(
        table(&report, "What it came to")
            .caption
            .contains("Judged by: regret")
    );
}
