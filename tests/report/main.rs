//! Reports say what the files of a results folder say.

#[path = "../reading/mod.rs"]
mod reading;
#[path = "../scenario/mod.rs"]
mod scenario;

mod kept;
mod refused;
mod said;

use byzsim::campaign::{Campaign, CampaignOptions};
use byzsim::report::{Block, Cell, Content, Curves, Document, Figure, Table};
use byzsim::scenario::Catalogues;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Twelve agents, of which two attack, under three rules, with three seeds.
const SWEEP: &str = r#"
iterations = 30
[task]
kind = "target-localization"
[topology]
kind = "regular"
agents = 12
degree = 4
[[attack]]
name = "drift"
agents = [1, 6]
kind = "uniform"
low = 15.0
high = 16.0
active = { from_iteration = 5 }
[link]
delay_ms = { kind = "exponential", mean = 5 }
[sweep]
rule = { alone = { kind = "no-cooperation" }, mean = { kind = "average" }, loss = { kind = "loss" } }
seed = [1, 2, 3]
"#;

/// Runs a scenario into a folder of its own.
fn ran(text: &str, assignments: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), "small", text, assignments);
    folder
}

fn run_into(folder: &Path, name: &str, text: &str, assignments: &[&str]) {
    let file = scenario::read_at(name, text, Path::new("."), assignments).file;
    let campaign = Campaign::new(file, None, Catalogues::default());
    let options = CampaignOptions {
        folder: folder.to_owned(),
        threads: Some(2),
        jobs: Some(2),
        ..CampaignOptions::default()
    };
    let ended = campaign.run(&options, |_| ()).unwrap();
    assert!(ended.unwritten.is_none());
}

fn document(folders: &[&Path]) -> Document {
    let folders: Vec<PathBuf> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    byzsim::report::read(&folders).unwrap_or_else(|error| panic!("{error}"))
}

fn blocks(document: &Document) -> impl Iterator<Item = &Block> {
    document.sections.iter().flat_map(|section| &section.blocks)
}

fn figures(document: &Document) -> Vec<&Figure> {
    let all = blocks(document).flat_map(|block| match block {
        Block::Figures(figures) => &figures[..],
        _ => &[],
    });
    all.collect()
}

fn figure<'d>(document: &'d Document, name: &str) -> &'d Figure {
    let all = figures(document);
    let found = all.iter().find(|figure| figure.name == name);
    let names: Vec<&String> = all.iter().map(|figure| &figure.name).collect();
    found.unwrap_or_else(|| panic!("no figure `{name}` in {names:?}"))
}

fn curves<'d>(document: &'d Document, name: &str) -> &'d Curves {
    match &figure(document, name).content {
        Content::Curves(curves) => curves,
        other => panic!("{name} is {other:?}"),
    }
}

/// The first table under a heading.
fn table<'d>(document: &'d Document, heading: &str) -> &'d Table {
    let section = document.sections.iter().find(|s| s.heading == heading);
    let section = section.unwrap_or_else(|| panic!("no section `{heading}`"));
    let table = section.blocks.iter().find_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    table.unwrap_or_else(|| panic!("no table under `{heading}`"))
}

/// A column of a table by its header.
fn column(table: &Table, header: &str) -> Vec<Cell> {
    let found = table.columns.iter().position(|(name, _)| name == header);
    let index = found.unwrap_or_else(|| panic!("no column `{header}` in {:?}", table.columns));
    table.rows.iter().map(|row| row[index].clone()).collect()
}
