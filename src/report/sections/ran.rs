//! What was run, and how it was set.

use super::super::study::Study;
use super::super::{Block, Point, Results, Section};
use crate::record::{Build, Summary};
use crate::units::short;
use std::collections::BTreeMap;
use toml::Value;

pub(super) fn section(study: &Study<'_>) -> Section {
    let mut blocks = Vec::new();
    for results in study.results {
        if study.results.len() > 1 {
            blocks.push(Block::Heading(results.folder.display().to_string()));
        }
        blocks.push(Block::Facts(facts(results)));
        blocks.extend(unfinished(results).map(Block::Text));
        let name = "Resolved scenario, with all defaults".to_owned();
        blocks.push(Block::Listing(name, results.text.clone()));
    }
    Section {
        heading: "What was run".to_owned(),
        blocks,
    }
}

fn facts(results: &Results) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, text: Option<String>| {
        facts.extend(text.map(|text| (name.to_owned(), text)));
    };
    let scenario = &results.scenario;
    let text = |table: &str, key: &str| scenario.get(table)?.get(key).map(shown);
    let summaries = || {
        results
            .points
            .iter()
            .filter_map(|point| point.summary.as_ref())
    };
    let done = summaries().count();
    fact("Scenario", Some(results.name.clone()));
    fact("Task", text("task", "kind"));
    fact(
        "Data",
        summaries().find_map(|s| s.generated()).map(str::to_owned),
    );
    fact("Agents", agents(results));
    fact(
        "Network",
        text("topology", "kind").map(|kind| match links(results) {
            Some(links) => format!("{kind}, {links} links"),
            None => kind,
        }),
    );
    fact("Rule", text("rule", "kind"));
    fact("Attacks", attacks(scenario));
    fact(
        "Who waits for whom",
        text("clock", "mode").map(|mode| synchrony(&mode, text("clock", "period_ms"))),
    );
    fact(
        "Computing",
        text("clock", "compute_ms").map(|time| format!("{time} ms")),
    );
    fact(
        "Delay of links",
        text("link", "delay_ms").map(|time| format!("{time} ms")),
    );
    fact(
        "Loss of links",
        text("link", "drop").filter(|drop| drop != "0.0"),
    );
    let faults = scenario.get("fault").and_then(Value::as_array);
    fact("Faults", faults.map(|faults| kinds(faults)));
    let iterations = summaries().filter_map(|s| s.number(&["iterations"]));
    fact("Iterations", span(iterations.collect()));
    for (key, values) in varied(results) {
        fact(&format!("Varied: {key}"), Some(values));
    }
    fact(
        "Points",
        Some(format!("{done} of {} done", results.points.len())),
    );
    fact(
        "Wall-clock time",
        Some(format!(
            "{} s for all runs together",
            short(seconds(results))
        )),
    );
    let machine = |s: &Summary| Some(s.json().pointer("/machine/cpu")?.as_str()?.to_owned());
    fact("Program", programs(summaries()));
    fact("Machine", summaries().next().and_then(machine));
    facts
}

/// The programs that ran the points, with their builds where there are several.
fn programs<'s>(summaries: impl Iterator<Item = &'s Summary>) -> Option<String> {
    let mut builds: BTreeMap<Build<'_>, usize> = BTreeMap::new();
    for build in summaries.filter_map(Build::of) {
        *builds.entry(build).or_default() += 1;
    }
    let of = |(build, count): (&Build<'_>, &usize)| format!("{build} ({count} points)");
    match builds.len() {
        0 => None,
        1 => builds.keys().next().map(|build| build.program.to_owned()),
        many => {
            let all: Vec<String> = builds.iter().map(of).collect();
            Some(format!("{many} builds: {}", all.join("; ")))
        }
    }
}

/// What all runs took; several points can be one run.
fn seconds(results: &Results) -> f64 {
    let of_point = |point: &Point| {
        Some((
            point.id.clone(),
            point.summary.as_ref()?.number(&["wall_s"])?,
        ))
    };
    let of_runs: BTreeMap<String, f64> = results.points.iter().filter_map(of_point).collect();
    of_runs.values().sum()
}

/// A value in words: a text without quotes, a table with its kind first.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Table(table) => {
            let rest = table.iter().filter(|(key, _)| *key != "kind");
            let rest: Vec<String> = rest.map(|(key, v)| format!("{key} {}", shown(v))).collect();
            let kind = table
                .get("kind")
                .map(|kind| format!("{} with ", shown(kind)));
            format!("{}{}", kind.unwrap_or_default(), rest.join(", "))
        }
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        plain => plain.to_string(),
    }
}

fn agents(results: &Results) -> Option<String> {
    let summaries = || {
        results
            .points
            .iter()
            .filter_map(|point| point.summary.as_ref())
    };
    let of = |what: &str| {
        span(
            summaries()
                .filter_map(|s| s.number(&["agents", what]))
                .collect(),
        )
    };
    Some(format!(
        "{}, of which {} Byzantine",
        of("total")?,
        of("byzantine")?
    ))
}

fn links(results: &Results) -> Option<String> {
    let summaries = results
        .points
        .iter()
        .filter_map(|point| point.summary.as_ref());
    span(summaries.filter_map(|s| s.number(&["edges"])).collect())
}

/// `500`, or `468 to 500`.
fn span(values: Vec<f64>) -> Option<String> {
    let least = values.iter().copied().reduce(f64::min)?;
    let greatest = values.iter().copied().reduce(f64::max)?;
    Some(match least == greatest {
        true => least.to_string(),
        false => format!("{least} to {greatest}"),
    })
}

fn attacks(scenario: &toml::Table) -> Option<String> {
    let attacks = scenario.get("attack")?.as_array()?;
    let one = |attack: &Value| {
        let kind = attack.get("kind").map(shown).unwrap_or_default();
        let agents = attack.get("agents").map(shown).unwrap_or_default();
        let name = attack
            .get("name")
            .map(|name| format!("{}: ", shown(name)))
            .unwrap_or_default();
        let active = attack.get("active").and_then(Value::as_table);
        let active = active.filter(|table| !table.is_empty());
        let active = active.map(|table| format!(", {}", shown(&Value::Table(table.clone()))));
        format!(
            "{name}{kind} by agents {agents}{}",
            active.unwrap_or_default()
        )
    };
    let all: Vec<String> = attacks.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn kinds(tables: &[Value]) -> String {
    let kind = |table: &Value| table.get("kind").map(shown).unwrap_or_default();
    tables.iter().map(kind).collect::<Vec<_>>().join(", ")
}

fn synchrony(mode: &str, period_ms: Option<String>) -> String {
    let means = match mode {
        "synchronous" => "everyone waits for its neighbors",
        "deadline" => "an iteration ends at its deadline, whatever has arrived",
        "asynchronous" => "nobody waits",
        _ => return mode.to_owned(),
    };
    let period = period_ms
        .map(|ms| format!(" every {ms} ms"))
        .unwrap_or_default();
    format!("{mode}{period}: {means}")
}

/// Swept keys with their values.
fn varied(results: &Results) -> Vec<(String, String)> {
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for setting in results.points.iter().flat_map(|point| &point.settings) {
        let value = setting.value.to_string();
        match keys.iter_mut().find(|(key, _)| *key == setting.key) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => keys.push((setting.key.clone(), vec![value])),
        }
    }
    let joined = |(key, values): (String, Vec<String>)| (key, values.join(", "));
    keys.into_iter().map(joined).collect()
}

/// What did not come to its end.
fn unfinished(results: &Results) -> Option<String> {
    let count = |status: &str| results.points.iter().filter(|p| p.status == status).count();
    let told = ["damaged", "failed", "interrupted", "running", "not begun"]
        .map(|status| (status, count(status)));
    let told = told.iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = told
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Not all points came to their end: {}. Figures are of those that did.",
            told.join(", ")
        )
    })
}
