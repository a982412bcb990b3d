//! `points.parquet`: one row per point, with the swept keys and the summary's numbers.

use super::alone::AboveAlone;
use super::{Judged, Measure, PointOutcome};
use crate::record::{Build, Column, Kind, RunError, Summary, Table};
use crate::scenario::{RunId, ScenarioFile, SettingValue};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes the table in the place of the one that is there, which can be read until then.
pub(super) fn write(
    folder: &Path,
    file: &ScenarioFile,
    outcomes: &[(RunId, PointOutcome)],
) -> Result<(), RunError> {
    // Points may differ in what they have: the columns are all that any point has.
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut in_order: Vec<&str> = Vec::new();
    let summaries = outcomes.iter().filter_map(|(_, outcome)| outcome.summary());
    for (name, _) in summaries.flat_map(Summary::numbers) {
        names.entry(name).or_insert_with(|| {
            in_order.push(name);
            in_order.len() - 1
        });
    }
    let mut columns = vec![
        Column::new("id", Kind::Text, "", "name of the run's folder"),
        Column::new(
            "status",
            Kind::Text,
            "",
            "done, failed, interrupted, running or not begun",
        ),
        Column::new("error", Kind::Text, "", "why it did not come to its end").or_null(),
        Column::new(
            "fingerprint",
            Kind::Text,
            "",
            "hash of every combined model",
        )
        .or_null(),
        Column::new(
            "data",
            Kind::Text,
            "",
            "what stands in the place of published data, if something does",
        )
        .or_null(),
    ];
    columns.push(
        Column::new(
            "build",
            Kind::Text,
            "",
            "hash of the file of the program that ran it",
        )
        .or_null(),
    );
    for setting in &file.points[0].settings {
        columns.push(Column::new(
            setting.key.clone(),
            kind_of(&setting.value),
            "",
            "swept setting",
        ));
    }
    for name in &in_order {
        // Such as `iterations`, which can be swept and end early.
        let is_taken = columns.iter().any(|c| c.name == *name);
        let prefix = if is_taken { "summary_" } else { "" };
        let name = format!("{prefix}{name}");
        columns.push(Column::new(name, Kind::Number, "", "of summary.json"));
    }
    let judged = Judged::new(file, outcomes);
    if judged.has_attacks {
        columns.push(Column::new(
            "common_agents",
            Kind::Integer,
            "agents",
            "agents that are normal under every attack, all else but the rule being equal; null where \
             runs have not kept what single agents came to",
        ).or_null());
        for measure in Measure::ALL {
            let name = format!("{}_common", measure.column());
            let about = format!(
                "{}, mean over these agents; over the point's own normal agents where their number is \
                 null",
                measure.name()
            );
            columns.push(Column::new(name, Kind::Number, "", about));
        }
    }
    let above = AboveAlone::judged(file, outcomes, &judged);
    let compares = above.iter().any(Option::is_some);
    if compares {
        let twin = "run without cooperation and with the same draws";
        columns.push(Column::new("alone", Kind::Text, "", twin).or_null());
        for name in AboveAlone::COLUMNS {
            let about = "its own minus that of the run `alone`, over the agents that are normal under \
                         every attack of the sweep, all else but the rule being equal";
            columns.push(Column::new(name, Kind::Number, "", about));
        }
    }
    let mut numbers = vec![f64::NAN; in_order.len()];
    let mut table = Table::create(folder, "points", Vec::new(), columns)?.durable();
    for (index, (id, outcome)) in outcomes.iter().enumerate() {
        table.row(|row| {
            row.text(id.to_string().as_str()).text(outcome.status());
            row.text(outcome.error().as_deref());
            row.text(outcome.summary().map(|s| s.fingerprint()));
            row.text(outcome.summary().and_then(|s| s.generated()));
            let build = outcome.summary().and_then(Build::of);
            row.text(build.map(|build| build.executable));
            for setting in &file.points[index].settings {
                match &setting.value {
                    SettingValue::Integer(i) => row.int(u64::try_from(*i).ok()),
                    SettingValue::Number(x) => row.float(*x),
                    SettingValue::Flag(b) => row.flag(*b),
                    SettingValue::Text(text) => row.text(text.as_str()),
                };
            }
            numbers.fill(f64::NAN);
            for (name, x) in outcome.summary().into_iter().flat_map(Summary::numbers) {
                numbers[names[name]] = x;
            }
            for &x in &numbers {
                row.float(x);
            }
            if judged.has_attacks {
                row.int(judged.agents(index));
                for measure in Measure::ALL {
                    row.float(judged.number(index, measure));
                }
            }
            if compares {
                let above = above[index].as_ref();
                row.text(above.map(|above| above.twin.to_string()).as_deref());
                let differences = above.map_or([None; 4], AboveAlone::to_array);
                for difference in differences {
                    row.float(difference);
                }
            }
        })?;
    }
    table.finish()?;
    Ok(())
}

/// The kind of column that holds all values of a swept key: they are of one type.
fn kind_of(value: &SettingValue) -> Kind {
    match value {
        SettingValue::Integer(_) => Kind::Integer,
        SettingValue::Number(_) => Kind::Number,
        SettingValue::Flag(_) => Kind::Flag,
        SettingValue::Text(_) => Kind::Text,
    }
}
