//! Small scenarios, read, drawn and run in a line each.
#![allow(dead_code)] // Every test program uses a part of it.

use byzsim::campaign::{Campaign, CampaignOptions};
use byzsim::data::Library;
use byzsim::record::Summary;
use byzsim::scenario::{Catalogues, Plan, Role, ScenarioFile};
use std::path::Path;

/// What a small scenario needs.
pub const TABLES: &str = r#"
[task]
kind = "target-localization"
[topology]
kind = "ring"
agents = 12
"#;

/// A small scenario, which ends within `[topology]`.
pub const SMALL: &str = r#"
iterations = 4
[task]
kind = "target-localization"
[topology]
kind = "ring"
agents = 12
"#;

/// An attack with a name.
pub const ATTACK: &str = r#"
[[attack]]
name = "noise"
agents = [3, 4]
kind = "uniform"
low = 15.0
high = 16.0
"#;

/// Three rules under their labels.
pub const RULES: &str = r#"
[sweep]
rule = { alone = { kind = "no-cooperation" }, mean = { kind = "average" }, loss = { kind = "loss" } }
"#;

pub fn text(parts: &[&str]) -> String {
    parts.concat()
}

/// A scenario file as it was read.
pub struct Read {
    pub file: ScenarioFile,
}

pub fn read(text: &str) -> Read {
    read_with(text, &[])
}

pub fn read_with(text: &str, assignments: &[&str]) -> Read {
    read_at("small", text, Path::new("."), assignments)
}

/// A text under a name, with a folder where its paths start.
pub fn read_at(name: &str, text: &str, folder: &Path, assignments: &[&str]) -> Read {
    let assignments: Vec<String> = assignments.iter().map(|&a| a.to_owned()).collect();
    let catalogues = Catalogues::default();
    let folder = folder.to_owned();
    let file = ScenarioFile::parse(name, text, name, folder, &assignments, &catalogues);
    let file = file.unwrap_or_else(|e| panic!("{e}\n\n{assignments:?}\n{text}"));
    Read { file }
}

impl Read {
    /// `rule=loss seed=1` for each point.
    pub fn settings(&self) -> Vec<String> {
        let point = |p: &byzsim::scenario::Point| {
            let all = p.settings.iter();
            let all: Vec<String> = all.map(|s| format!("{}={}", s.key, s.value)).collect();
            all.join(" ")
        };
        self.file.points.iter().map(point).collect()
    }

    /// What a dotted path resolves to at each point; empty where it is absent.
    pub fn values(&self, path: &str) -> Vec<String> {
        let catalogues = Catalogues::default();
        let value = |p: &byzsim::scenario::Point| {
            let mut value = toml::Value::from(self.file.scenario(p, &catalogues).resolved);
            for element in path.split('.') {
                let inner = match element.parse::<usize>() {
                    Ok(index) => value.get(index).cloned(),
                    Err(_) => value.get(element).cloned(),
                };
                value = inner?;
            }
            Some(value.to_string())
        };
        let points = self.file.points.iter();
        points.map(|p| value(p).unwrap_or_default()).collect()
    }

    /// The plan of each point.
    pub fn plans(&self) -> Vec<Plan> {
        let library = Library::new(None, &self.file.folder);
        let catalogues = Catalogues::default();
        let plan = |point| Plan::draw(&self.file, point, &library, &catalogues);
        let plans = self.file.points.iter().map(plan);
        plans.map(|p| p.unwrap_or_else(|e| panic!("{e}"))).collect()
    }

    /// The run id of each point.
    pub fn ids(&self) -> Vec<String> {
        self.plans().iter().map(|p| p.id.to_string()).collect()
    }

    /// How many attackers each point has.
    pub fn byzantine(&self) -> Vec<usize> {
        self.plans().iter().map(Plan::byzantine).collect()
    }

    /// The attackers of each attack at the first point.
    pub fn attackers(&self) -> Vec<Vec<u32>> {
        let plan = self.plans().remove(0);
        let of = |attack| {
            let is_own =
                |k: &byzsim::units::AgentId| plan.roles[k.index()] == Role::Byzantine(attack);
            plan.graph.ids().filter(is_own).map(|k| k.0).collect()
        };
        (0..plan.attacks.len()).map(of).collect()
    }
}

/// Runs all points on two threads. Returns their summaries and the number of runs there were.
pub fn run(file: ScenarioFile) -> (Vec<Summary>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let options = CampaignOptions {
        folder: folder.path().to_owned(),
        threads: Some(2),
        jobs: Some(2),
        ..CampaignOptions::default()
    };
    let campaign = Campaign::new(file, None, Catalogues::default());
    let ended = campaign.run(&options, |_| ()).unwrap();
    let summary = |(id, outcome): &(byzsim::scenario::RunId, byzsim::campaign::PointOutcome)| {
        let summary = outcome.summary().cloned();
        summary.unwrap_or_else(|| panic!("{id} has not come to its end"))
    };
    let summaries = ended.points.iter().map(summary).collect();
    let runs = std::fs::read_dir(folder.path().join("runs")).unwrap();
    (summaries, runs.count())
}
