//! What `run` tells at its end, as JSON.

use super::results::notes;
use super::rows::{Row, Rows, ends};
use super::text::settings_json;
use crate::campaign::{AboveAlone, Cell, Judged, Matrix, Measure, PointOutcome, confidence};
use crate::record::Summary;
use crate::scenario::{RunId, ScenarioFile};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The parts of a summary that are told.
const PARTS: [&str; 11] = [
    "program",
    "executable",
    "fingerprint",
    "iterations",
    "final",
    "steady",
    "filter",
    "messages",
    "simulated_ms",
    "wall_s",
    "models_per_s",
];

/// The points of a campaign in their order, and where their tables and their report are, if that
/// could be written.
pub(super) fn results_json(
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
    folder: &Path,
    report: Option<&Path>,
) -> Value {
    let judged = Judged::new(file, outcomes);
    let above = AboveAlone::judged(file, outcomes, &judged);
    let points = file.points.iter().zip(outcomes).zip(above);
    let points = points.map(|((point, (id, outcome)), above)| {
        let mut told = json!({
            "id": id.to_string(),
            "status": outcome.status(),
            "settings": settings_json(&point.settings),
        });
        if let Some(error) = outcome.error() {
            told["error"] = error.into();
        }
        if let Some(summary) = outcome.summary() {
            let mut json = summary.json();
            for part in PARTS {
                told[part] = json[part].take();
            }
        }
        if let Some(above) = above {
            let named = AboveAlone::COLUMNS.into_iter().zip(above.to_array());
            let named: Map<String, Value> = named
                .map(|(name, x)| (name.to_owned(), number(x)))
                .collect();
            told["alone"] = above.twin.to_string().into();
            told["above_alone"] = named.into();
            told["above_alone_agents"] = above.agents.into();
        }
        told
    });
    let points: Vec<Value> = points.collect();
    let summaries: Vec<_> = outcomes.iter().map(|(_, o)| o.summary()).collect();
    let settings = file.points.iter().map(|point| &point.settings[..]);
    let matrix = Matrix::of(settings.zip(summaries.iter().copied()), &judged);
    json!({
        "scenario": file.name,
        "results": folder.display().to_string(),
        "report": report.map(|page| page.display().to_string()),
        "judged_by": judged.measure.map(Measure::column),
        "points": points,
        "rows": rows_json(file, outcomes),
        "matrix": matrix.as_ref().map(matrix_json),
        "notes": notes(file, &summaries),
    })
}

/// The points that differ in seeds alone together, in the order of the final table: how many came to
/// their end, and of each measure the mean, the least and the most, and the 95 % confidence interval
/// of the mean, which fewer than three runs do not have.
fn rows_json(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Value {
    let Rows { keys, rows, .. } = Rows::of(file);
    let row_json = |row: &Row| {
        let settings = &file.points[row.points[0]].settings;
        let varied = settings.iter().filter(|s| keys.contains(&s.key)).cloned();
        let ids = row
            .points
            .iter()
            .map(|&point| outcomes[point].0.to_string());
        let done = row.points.iter().filter_map(|&p| outcomes[p].1.summary());
        let done: Vec<&Summary> = done.collect();
        let mut told = json!({
            "settings": settings_json(&varied.collect::<Vec<_>>()),
            "points": ids.collect::<Vec<_>>(),
            "done": done.len(),
        });
        for measure in Measure::ALL {
            let values = done.iter().filter_map(|s| s.number(&measure.path()));
            let values: Vec<f64> = values.collect();
            if let Some((least, most)) = ends(values.iter().copied()) {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                told[measure.column()] = json!({
                    "mean": number(Some(mean)),
                    "min": number(Some(least)),
                    "max": number(Some(most)),
                    "confidence_95": confidence(&values),
                });
            }
        }
        told
    };
    rows.iter().map(row_json).collect()
}

/// Rules against attacks: means by rule, then by attack, and over which agents they are.
fn matrix_json(matrix: &Matrix) -> Value {
    let row = |cells: &Vec<Cell>| -> Vec<Value> { cells.iter().map(|c| number(c.mean)).collect() };
    let worst = |rule: usize| {
        let worst = matrix.worst(rule);
        worst.map(|(attack, value)| json!({"attack": attack, "value": number(Some(value))}))
    };
    json!({
        "measure": matrix.measure.column(),
        "rules": matrix.rules,
        "attacks": matrix.attacks,
        "means": matrix.cells.iter().map(row).collect::<Vec<_>>(),
        "worst": (0..matrix.rules.len()).map(worst).collect::<Vec<_>>(),
        "agents": matrix.over.agents.map(|(least, most)| json!({"least": least, "most": most})),
        "notes": matrix.over.notes(),
    })
}

/// A number, infinite ones as summaries have them.
fn number(x: Option<f64>) -> Value {
    match x {
        Some(f64::INFINITY) => "inf".into(),
        Some(f64::NEG_INFINITY) => "-inf".into(),
        x => x.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::testing::{done, failed, outcomes, sweep, value};

    #[test]
    fn points_are_told_with_settings_status_and_what_they_came_to() {
        let file = sweep(
            "seed = [1]\n[sweep.rule]\nalone = { kind = \"no-cooperation\" }\n\
             average = { kind = \"average\" }\nloss = { kind = \"loss\" }",
        );
        let outcomes = outcomes(&file, |settings| match &*value(settings, "rule") {
            "alone" => done(json!({"steady": {"loss": {"mean": 0.5}}, "iterations": 10})),
            "average" => done(json!({"steady": {"loss": {"mean": "inf"}}, "data": "invented"})),
            _ => failed(),
        });
        let told = results_json(&file, &outcomes, Path::new("results/test"), None);
        insta::assert_snapshot!(format!("{told:#}"), @r#"
        {
          "scenario": "test",
          "results": "results/test",
          "report": null,
          "judged_by": "steady_loss",
          "points": [
            {
              "id": "seed = 1, rule = alone",
              "status": "done",
              "settings": {
                "seed": 1,
                "rule": "alone"
              },
              "program": null,
              "executable": null,
              "fingerprint": null,
              "iterations": 10,
              "final": null,
              "steady": {
                "loss": {
                  "mean": 0.5
                }
              },
              "filter": null,
              "messages": null,
              "simulated_ms": null,
              "wall_s": null,
              "models_per_s": null
            },
            {
              "id": "seed = 1, rule = average",
              "status": "done",
              "settings": {
                "seed": 1,
                "rule": "average"
              },
              "program": null,
              "executable": null,
              "fingerprint": null,
              "iterations": null,
              "final": null,
              "steady": {
                "loss": {
                  "mean": "inf"
                }
              },
              "filter": null,
              "messages": null,
              "simulated_ms": null,
              "wall_s": null,
              "models_per_s": null,
              "alone": "seed = 1, rule = alone",
              "above_alone": {
                "steady_loss_above_alone": "inf",
                "steady_regret_above_alone": null,
                "final_accuracy_above_alone": null,
                "final_test_loss_above_alone": null
              },
              "above_alone_agents": null
            },
            {
              "id": "seed = 1, rule = loss",
              "status": "failed",
              "settings": {
                "seed": 1,
                "rule": "loss"
              },
              "error": "message accounting does not add up: one is missing"
            }
          ],
          "rows": [
            {
              "settings": {
                "rule": "alone"
              },
              "points": [
                "seed = 1, rule = alone"
              ],
              "done": 1,
              "steady_loss": {
                "mean": 0.5,
                "min": 0.5,
                "max": 0.5,
                "confidence_95": null
              }
            },
            {
              "settings": {
                "rule": "average"
              },
              "points": [
                "seed = 1, rule = average"
              ],
              "done": 1,
              "steady_loss": {
                "mean": "inf",
                "min": "inf",
                "max": "inf",
                "confidence_95": null
              }
            },
            {
              "settings": {
                "rule": "loss"
              },
              "points": [
                "seed = 1, rule = loss"
              ],
              "done": 0
            }
          ],
          "matrix": null,
          "notes": [
            "Data: invented"
          ]
        }
        "#);
    }
}
