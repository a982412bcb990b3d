//! Result files against their definitions: every number that follows from others is computed anew.

mod asked;
mod compared;
mod edges;
mod guide;
mod numbers;
#[path = "../reading/mod.rs"]
mod reading;
mod tables;

use byzsim::actors::{RunOptions, run};
use byzsim::data::Library;
use byzsim::record::Summary;
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use reading::Table;
use std::sync::Arc;
use tempfile::TempDir;

/// Twelve agents of which two attack from iteration 5 on.
const ATTACKED: &str = r#"
iterations = 40
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
"#;

/// A run with its folder.
struct Ran {
    folder: TempDir,
    summary: Summary,
    plan: Arc<Plan>,
}

impl Ran {
    fn table(&self, name: &str) -> Table {
        Table::read(self.folder.path(), name)
    }

    /// A number of the summary that must be there.
    fn number(&self, path: &[&str]) -> f64 {
        self.summary
            .number(path)
            .unwrap_or_else(|| panic!("no {path:?}"))
    }
}

fn ran_with(scenario: &str, assignments: &[&str], threads: usize) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let catalogues = Catalogues::default();
    let assignments: Vec<String> = assignments.iter().map(|a| (*a).to_owned()).collect();
    let place = folder.path().to_owned();
    let file = ScenarioFile::parse(
        "test.toml",
        scenario,
        "test",
        place,
        &assignments,
        &catalogues,
    );
    let file = file.unwrap_or_else(|error| panic!("{error}"));
    let library = Library::new(None, "");
    let plan = Arc::new(Plan::draw(&file, &file.points[0], &library, &catalogues).unwrap());
    let options = RunOptions {
        threads,
        folder: Some(folder.path().to_owned()),
        ..RunOptions::default()
    };
    let summary = run(plan.clone(), options).unwrap();
    Ran {
        folder,
        summary,
        plan,
    }
}

fn ran(scenario: &str, assignments: &[&str]) -> Ran {
    ran_with(scenario, assignments, 1)
}

fn is_close(a: f64, b: f64) -> bool {
    // Sums of a dozen numbers in another order: far below a part in 10^12.
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

const QUANTITIES: [&str; 6] = [
    "loss",
    "adapted_loss",
    "test_loss",
    "accuracy",
    "regret",
    "deviation",
];
