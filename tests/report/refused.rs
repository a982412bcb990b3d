//! What a report cannot be made of, and what it can be made of all the same.

use super::{SWEEP, blocks, document, figures, ran};
use byzsim::record::{Column, Kind, Row, Table};
use byzsim::report::{Block, Document, ReportError, page, read, write_page};
use std::fs;
use std::path::Path;

#[test]
fn a_folder_without_results_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = read(&[folder.path().to_owned()]).unwrap_err();
    assert!(matches!(error, ReportError::NoResults(_)));
    assert!(error.to_string().contains("`run`"), "{error}");
    let gone = folder.path().join("gone");
    assert!(matches!(read(&[gone]), Err(ReportError::NoResults(_))));
}

#[test]
fn a_run_that_was_cut_off_is_to_be_run_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("scenario.toml"), "iterations = 1").unwrap();
    let error = read(&[folder.path().to_owned()]).unwrap_err();
    assert!(matches!(error, ReportError::CutOff(_)));
    let message = error.to_string();
    assert!(
        message.contains("cut off") && message.contains("again"),
        "{message}"
    );
}

#[test]
fn a_page_goes_into_a_folder_that_is_made_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let document = Document {
        title: "nothing".to_owned(),
        damaged: Vec::new(),
        sections: Vec::new(),
    };
    let made = folder.path().join("new/reports/page.html");
    write_page(&document, &made).unwrap();
    assert!(made.is_file());
    let inside_a_file = made.join("page.html");
    let error = write_page(&document, &inside_a_file)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("cannot write {}: ", made.display())),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_named() {
    for name in [
        "rounds.parquet",
        "summary.json",
        "latency.run.hlog",
        "network/agents.parquet",
    ] {
        let folder = ran(SWEEP, &["sweep.seed=[1]"]);
        let run = super::reading::runs(folder.path()).remove(0);
        fs::write(run.join(name), "Tag=x,0.0,1.0,nonsense").unwrap();
        let of_damaged = || read(&[folder.path().to_owned()]).unwrap();
        let report = of_damaged();
        assert!(report.damaged[0].contains(name), "{:?}", report.damaged);
        assert!(page(&report).contains("1 damaged"));
        fs::remove_file(run.join(name)).unwrap();
        let report = of_damaged();
        assert!(report.damaged[0].contains(name), "{:?}", report.damaged);
    }
}

/// Makes a run one of an older version, which did not keep what its files hold.
fn unseal(run: &Path) {
    let mut summary = super::reading::summary(run);
    let entries = summary.as_object_mut().unwrap();
    entries.retain(|key, _| !["files", "checksum"].contains(&&**key));
    fs::write(run.join("summary.json"), summary.to_string()).unwrap();
}

#[test]
fn a_damaged_file_of_an_older_version_is_named() {
    for name in [
        "rounds.parquet",
        "latency.run.hlog",
        "network/agents.parquet",
    ] {
        let folder = ran(SWEEP, &["sweep.seed=[1]"]);
        let run = super::reading::runs(folder.path()).remove(0);
        unseal(&run);
        fs::write(run.join(name), "Tag=x,0.0,1.0,nonsense").unwrap();
        let error = read(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("resume"), "{error}");
    }
}

#[test]
fn a_run_without_weights_and_agents_has_a_report() {
    let sparse = [
        "record.agents='none'",
        "record.weights='none'",
        "sweep.seed=[1]",
    ];
    let folder = ran(SWEEP, &sparse);
    let report = document(&[folder.path()]);
    assert!(
        figures(&report)
            .iter()
            .all(|figure| !figure.name.starts_with("weights"))
    );
    assert!(figures(&report).iter().any(|figure| figure.name == "loss"));
}

#[test]
fn a_single_run_of_a_single_agent_has_a_report() {
    let folder = ran(
        "iterations = 1\n[task]\nkind = 'target-localization'\n[topology]\nkind = 'ring'\nagents = 1\n",
        &[],
    );
    let report = document(&[folder.path()]);
    assert!(page(&report).contains("agent"));
    assert_eq!(report.title, "small");
}

#[test]
fn what_diverges_is_told_as_infinite() {
    let scenario = SWEEP.replace(
        "high = 16.0",
        "high = 16.0\n[[attack]]\nagents = [2]\nkind = 'constant'\nvalue = 3.0e38",
    );
    let folder = ran(&scenario, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let page = page(&report);
    assert!(page.contains('∞'));
    for svg in page.split("<svg").skip(1) {
        let svg = svg.split("</svg>").next().unwrap();
        let drawn = svg.split("</desc>").last().unwrap();
        assert!(
            !drawn.contains("NaN") && !drawn.contains("\"inf"),
            "coordinates are finite"
        );
    }
}

#[test]
fn the_resolved_scenario_stands_in_the_report() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let report = document(&[folder.path()]);
    let listed = blocks(&report).find_map(|block| match block {
        Block::Listing(_, text) => Some(text.clone()),
        _ => None,
    });
    let written = fs::read_to_string(folder.path().join("scenario.toml")).unwrap();
    let (checksum, scenario) = written.split_once('\n').unwrap();
    assert!(checksum.starts_with("# checksum "));
    assert_eq!(listed.unwrap(), scenario);
}

#[test]
fn agents_that_do_not_exist_are_damage() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let run = super::reading::runs(folder.path()).remove(0);
    unseal(&run);
    let columns = ["agent", "other"].map(|name| Column::new(name, Kind::Integer, "", ""));
    let mut table = Table::create(&run, "relationship", Vec::new(), columns.into()).unwrap();
    let fill = |row: &mut Row<'_>| {
        row.int(1u32).int(12u32);
    };
    table.row(fill).unwrap();
    table.finish().unwrap();
    let error = read(&[folder.path().to_owned()]).unwrap_err().to_string();
    assert!(
        error.contains("relationship.parquet") && error.contains("below 12"),
        "{error}"
    );
}
