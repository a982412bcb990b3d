//! Scenarios and the text files that they name.

use super::mutate::{any, settings, table};
use super::program::{accepts, fuzz, run};
use super::scenarios::texts;
use std::fs;

#[test]
fn scenarios() {
    let texts = texts();
    let folder = tempfile::tempdir().unwrap();
    fuzz("scenarios", |stream| {
        let seed: &String = any(stream, &texts);
        let text = settings(stream, seed, '=');
        fs::write(folder.path().join("a.toml"), text).unwrap();
        run(folder.path(), &["check", "a.toml", "--time", "0"])
    });
}

/// Reads a damaged file with a scenario that names it `file`.
fn file_of(reader: &str, seeds: &[(&str, char)], scenarios: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    // The others are for other errors.
    fs::write(folder.path().join("a.toml"), scenarios[0]).unwrap();
    fs::write(folder.path().join("file.csv"), seeds[0].0).unwrap();
    accepts(folder.path(), &["check", "a.toml", "--time", "0"]);
    fuzz(reader, |stream| {
        let (seed, separator) = *any(stream, seeds);
        let scenario = any(stream, scenarios);
        fs::write(folder.path().join("a.toml"), scenario).unwrap();
        fs::write(
            folder.path().join("file.csv"),
            table(stream, seed, separator),
        )
        .unwrap();
        let command = *any(stream, &["check", "check", "check", "run"]);
        let more: &[&str] = match command {
            "check" => &["--time", "0"],
            _ => &["--force", "--quiet", "--threads", "1"],
        };
        run(folder.path(), &[&[command, "a.toml"], more].concat())
    });
}

const RING: &str =
    "iterations = 2\n[task]\nkind = \"target-localization\"\n[topology]\nagents = 6\nkind = ";

#[test]
fn edges() {
    let scenario = |more: &str| {
        format!("{RING}\"file\"\npath = \"file.csv\"\n{more}").replace("agents = 6\n", "")
    };
    let (plain, directed) = (scenario(""), scenario("directed = true\n"));
    file_of(
        "edges",
        &[
            ("a,b\n0,1\n1,2\n2,3\n3,4\n4,5\n5,0\n", ','),
            (
                "source\ttarget\tweight\n0\t1\t0.5\n1\t2\t1\n2\t0\t2\n",
                '\t',
            ),
            (
                "a,b,from_ms,to_ms\n0,1,50,\n1,2,0,95\n0,2,0,50\n3,0,,\n",
                ',',
            ),
            ("% MatrixMarket\n0 1\n1 2\n2 0\n", ' '),
        ],
        &[&plain, &directed],
    );
}

#[test]
fn samples() {
    let ring = format!("{RING}\"ring\"\n");
    let delay =
        format!("{ring}[link]\ndelay_ms = {{ kind = \"empirical\", path = \"file.csv\" }}\n");
    let chosen = delay.replace(" }", ", column = \"rtt\", scale = 0.5 }");
    let compute =
        format!("{ring}[clock]\ncompute_ms = {{ kind = \"empirical\", path = \"file.csv\" }}\n");
    file_of(
        "samples",
        &[
            ("1\n2.5\n3\n7\n", ','),
            ("rtt_ms\n10.5\n11\n12.25\n", ','),
            ("time,rtt\n0,12.5\n1,13\n2,11\n", ','),
            ("a;b\n1;2\n3;4\n", ';'),
        ],
        &[&delay, &compute, &chosen, &chosen],
    );
}

#[test]
fn rows() {
    let of = |kind: &str, more: &str| {
        format!(
            "epochs = 1\n[task]\nkind = \"{kind}\"\nbatch = 1\npath = \"file.csv\"\n{more}[topology]\nkind = \"ring\"\nagents = 3\n"
        )
    };
    let scenarios = [
        of("classification", ""),
        of("regression", ""),
        of("classification", "missing = \"drop\"\nstandardize = true\n"),
        of("regression", "missing = \"mean\"\nstandardize = true\n"),
    ];
    file_of(
        "rows",
        &[
            (include_str!("corpus/agents.csv"), ','),
            (include_str!("corpus/texts.csv"), ';'),
            (include_str!("corpus/plain.csv"), '\t'),
        ],
        &scenarios.each_ref().map(String::as_str),
    );
}
