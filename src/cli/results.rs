//! What `run` tells at its end.

use super::final_table::final_table;
use super::latencies::latencies;
use super::matrix::matrix;
use super::rows::Rows;
use super::text::paragraph;
use crate::campaign::{Judged, Matrix, PointOutcome, Starved};
use crate::record::{Build, LONGEST_SILENCE, RUN_LOG, Summary};
use crate::scenario::{Point, RunId, ScenarioFile, Setting, SettingValue};
use crate::units::{SimTime, short};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows that are told one by one where there is a matrix of them.
const MOST_ROWS: usize = 24;

/// What a campaign told: a row per point or means over seeds, rules against attacks, below what took
/// how long in simulated time, and last what a reader might not expect.
pub(super) fn results(
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
    folder: &Path,
    width: usize,
) -> String {
    let settings = file.points.iter().map(|point| &point.settings[..]);
    let found = outcomes.iter().map(|(_, outcome)| outcome.summary());
    let judged = Judged::new(file, outcomes);
    let matrix = Matrix::of(settings.zip(found), &judged).map(|found| matrix(&found, width));
    let mut parts = match matrix {
        None => vec![final_table(file, outcomes, &judged, width)],
        Some(matrix) if Rows::of(file).rows.len() <= MOST_ROWS => {
            vec![final_table(file, outcomes, &judged, width), matrix]
        }
        Some(matrix) => {
            let many = outcomes.len();
            vec![
                matrix,
                format!("{many} points, a row each in points.parquet"),
            ]
        }
    };
    let summaries: Vec<_> = outcomes.iter().map(|(_, o)| o.summary()).collect();
    let log = |point: usize| {
        let run = folder.join("runs").join(outcomes[point].0.to_string());
        run.join(RUN_LOG)
    };
    parts.extend(latencies(file, &summaries, log, width));
    let notes = notes(file, &summaries);
    if !notes.is_empty() {
        let notes: Vec<String> = notes.iter().map(|note| paragraph(note, width)).collect();
        parts.push(notes.join("\n"));
    }
    parts.join("\n\n")
}

/// What a reader might not expect of the points that have come to their end.
pub(super) fn notes(file: &ScenarioFile, summaries: &[Option<&Summary>]) -> Vec<String> {
    let mut notes = Vec::new();
    let done = || summaries.iter().flatten();
    notes.extend(starved(file, summaries));
    let ended = file.points.iter().zip(summaries);
    let ended: Vec<_> = ended.filter_map(|(p, s)| Some((p, (*s)?))).collect();
    // Elsewhere the end is known before, and this an error.
    let never = |ended: &(&Point, &Summary)| never_began(ended.0, ended.1);
    for what in ended.iter().flat_map(never) {
        if !notes.contains(&what) {
            notes.push(what);
        }
    }
    notes.extend(thinned(&ended));
    notes.extend(builds(summaries));
    notes.extend(other_columns(file, summaries));
    if let Some(what) = done().find_map(|s| s.generated()) {
        notes.push(format!("Data: {what}"));
    }
    notes
}

/// Which rules starved most, and what was done instead.
fn starved(file: &ScenarioFile, summaries: &[Option<&Summary>]) -> Option<String> {
    let of_point = |summary: &Option<&Summary>| Starved::of(summary.iter().copied());
    let all: Vec<Option<Starved>> = summaries.iter().map(of_point).collect();
    let share = |point: usize| all[point].map_or(0.0, |starved| starved.share);
    let most = (0..all.len()).map(share).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let rule = |point: &Point| {
        let label = point.settings.iter().find(|s| COMPARED.contains(&&*s.key));
        label.map_or(point.outline.rule.clone(), |s| s.value.to_string())
    };
    let mut rules: Vec<String> = Vec::new();
    for (point, _) in file
        .points
        .iter()
        .zip(0..)
        .filter(|(_, at)| share(*at) > 0.0)
    {
        let rule = rule(point);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let mut instead = Vec::new();
    if all.iter().flatten().any(|starved| starved.kept_own) {
        instead.push("kept their own model (as with too_few = \"own\")");
    }
    if all.iter().flatten().any(|starved| starved.made_do) {
        instead.push("made do with those present (too_few = \"shrink-f\": with a lower f)");
    }
    let instead = match instead.join(", or ") {
        told if told.is_empty() => told,
        told => format!("; agents then {told}"),
    };
    Some(format!(
        "Starved: at a point, {} % of combinations had too few models for their rule{instead} \
         (steady_starved in points.parquet). Rules: {}.",
        short(100.0 * most),
        rules.join(", ")
    ))
}

/// Keys whose labels name rules.
const COMPARED: [&str; 2] = ["rule", "rule.kind"];

/// Which points other builds of the program have run.
fn builds(summaries: &[Option<&Summary>]) -> Option<String> {
    let mut others: BTreeMap<Build<'_>, usize> = BTreeMap::new();
    let builds = summaries.iter().flatten().filter_map(|s| Build::of(s));
    for build in builds.filter(|build| !build.is_here()) {
        *others.entry(build).or_default() += 1;
    }
    if others.is_empty() {
        return None;
    }
    let of = |(build, count): (&Build<'_>, &usize)| format!("{count} by {build}");
    let told: Vec<String> = others.iter().map(of).collect();
    let (all, here) = (summaries.len(), Build::here());
    Some(format!(
        "Of {all} points, other builds of the program have run these: {}. This is {here}; `run … \
         --force` runs them again.",
        told.join(", ")
    ))
}

/// Which swept keys the tables of earlier runs have otherwise than those of later ones.
fn other_columns(file: &ScenarioFile, summaries: &[Option<&Summary>]) -> Option<String> {
    let is_alike = |setting: &Setting, found: &Value| match setting.value {
        SettingValue::Integer(_) => found.is_i64(),
        SettingValue::Number(_) => found.is_f64(),
        SettingValue::Flag(_) => found.is_boolean(),
        SettingValue::Text(_) => found.is_string(),
    };
    let mut keys: Vec<&str> = Vec::new();
    let mut points = 0;
    for (point, summary) in file.points.iter().zip(summaries) {
        let found = summary.map(|summary| summary.json()["settings"].take());
        let Some(found) = found.filter(Value::is_object) else {
            continue;
        };
        let differs = |s: &&Setting| !is_alike(s, &found[&*s.key]);
        let before = keys.len();
        let differing: Vec<&Setting> = point.settings.iter().filter(differs).collect();
        points += usize::from(!differing.is_empty());
        let new = differing.iter().map(|s| &*s.key);
        keys.extend(
            new.filter(|key| !keys[..before].contains(key))
                .collect::<Vec<_>>(),
        );
    }
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    (points > 0).then(|| {
        format!(
            "The sweep has grown: in the tables of {points} of {} points, run earlier, the columns \
             {} have another type or are missing. points.parquet has one type for all.",
            file.points.len(),
            keys.join(", ")
        )
    })
}

/// Timelines that have no row for most of their moments.
fn thinned(ended: &[(&Point, &Summary)]) -> Option<String> {
    let left_out = |(_, summary): &&(&Point, &Summary)| {
        summary
            .number(&["moments_left_out"])
            .is_some_and(|count| count > 0.0)
    };
    let count = ended.iter().filter(left_out).count();
    let (point, _) = ended.iter().find(left_out)?;
    let every = point.outline.record.every_ms?;
    let of = if count == ended.len() {
        String::new()
    } else {
        format!(" of {count} points")
    };
    Some(format!(
        "timeline.parquet{of} has no row for most moments: record.every_ms = {every} is so short that \
         nothing happens for more than {LONGEST_SILENCE} of them, and one row stands for these."
    ))
}

/// What of a point begins after its end.
fn never_began(point: &Point, summary: &Summary) -> Vec<String> {
    let iterations = summary.number(&["iterations"]).unwrap_or(f64::INFINITY);
    let simulated = summary.number(&["simulated_ms"]).unwrap_or(f64::INFINITY);
    let is_late = |(iteration, at): (u64, SimTime)| {
        iteration as f64 >= iterations || at > SimTime::ZERO && at.ms() >= simulated
    };
    let outline = &point.outline;
    let mut told = Vec::new();
    for (name, _) in outline
        .attacks
        .iter()
        .filter(|(_, begins)| is_late(*begins))
    {
        told.push(format!(
            "The attack `{name}` never began at a point: the run was over before."
        ));
    }
    let steady = outline.record.steady_from;
    if steady.is_some_and(|from| is_late((from, SimTime::ZERO))) {
        told.push("At a point, the run was over before its steady state began.".to_owned());
    }
    told
}
