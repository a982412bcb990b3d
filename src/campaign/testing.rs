//! Sweeps and outcomes for tests that need no runs.

use super::PointOutcome;
use crate::record::{RunError, Summary};
use crate::scenario::{Catalogues, RunId, ScenarioFile, Setting};
use serde_json::Value;

/// A scenario with this `[sweep]`.
pub(crate) fn sweep(text: &str) -> ScenarioFile {
    let text = format!("[task]\nkind = \"target-localization\"\n[sweep]\n{text}");
    let catalogues = Catalogues::default();
    let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues);
    file.unwrap_or_else(|error| panic!("{error}"))
}

/// An outcome for every point by its settings; the runs are called `rule = loss, seed = 3`.
pub(crate) fn outcomes(
    file: &ScenarioFile,
    of: impl Fn(&[Setting]) -> PointOutcome,
) -> Vec<(RunId, PointOutcome)> {
    let points = file.points.iter().map(|point| &point.settings);
    let run = |settings: &Vec<Setting>| {
        let one = |s: &Setting| format!("{} = {}", s.key, s.value);
        let name = settings.iter().map(one).collect::<Vec<_>>().join(", ");
        (RunId::invented(&name), of(settings))
    };
    points.map(run).collect()
}

/// The value of a swept key, as text.
pub(crate) fn value(settings: &[Setting], key: &str) -> String {
    let found = settings.iter().find(|s| s.key == key);
    found
        .unwrap_or_else(|| panic!("no `{key}`"))
        .value
        .to_string()
}

/// A run with this summary.
pub(crate) fn done(summary: Value) -> PointOutcome {
    PointOutcome::Done(Summary::from_json(summary))
}

/// A run that did not come to its end.
pub(crate) fn failed() -> PointOutcome {
    PointOutcome::Failed(RunError::Accounting("one is missing".to_owned()))
}
