//! A results folder, read back.

use super::ReportError;
use crate::checksum;
use crate::record::{Care, Columns, Found, Summary, Values};
use crate::scenario::{Setting, SettingValue};
use std::path::{Path, PathBuf};

/// The results of a scenario.
pub struct Results {
    /// Where they are.
    pub folder: PathBuf,
    /// The scenario's name.
    pub name: String,
    /// The resolved scenario, as it is written.
    pub text: String,
    /// The same, parsed.
    pub scenario: toml::Table,
    /// The points, in the order of the sweep.
    pub points: Vec<Point>,
    /// What is damaged of runs that are done, a sentence each.
    pub damaged: Vec<String>,
}

/// A point of a sweep and what became of it.
pub struct Point {
    /// The run's id.
    pub id: String,
    /// `done`, `damaged`, `failed`, `interrupted`, `running` or `not begun`.
    pub status: String,
    /// The swept keys and their values.
    pub settings: Vec<Setting>,
    /// What it came to, if it came to its end.
    pub summary: Option<Summary>,
    /// What it has above the run without cooperation and with the same draws: names of the columns
    /// of `points.parquet`, and differences.
    pub above_alone: Vec<(String, f64)>,
    /// The run's folder.
    pub folder: PathBuf,
}

impl Point {
    /// What it has above the run without cooperation, by the name of the column.
    pub fn above(&self, name: &str) -> Option<f64> {
        let found = self.above_alone.iter().find(|(known, _)| known == name);
        found
            .map(|(_, difference)| *difference)
            .filter(|x| !x.is_nan())
    }
}

impl Results {
    /// Reads a results folder.
    ///
    /// # Errors
    /// A folder that holds no results, or a file in it that cannot be read.
    pub fn read(folder: &Path) -> Result<Results, ReportError> {
        let scenario = folder.join("scenario.toml");
        let table = folder.join("points.parquet");
        if !scenario.is_file() {
            return Err(ReportError::NoResults(folder.to_owned()));
        }
        if !table.is_file() {
            return Err(ReportError::CutOff(folder.to_owned()));
        }
        let text =
            crate::files::read_to_string(&scenario).map_err(ReportError::unreadable(&scenario))?;
        if checksum::toml_holds(text.as_bytes()) == Some(false) {
            return Err(ReportError::ScenarioChanged(scenario));
        }
        let text = checksum::unsealed_toml(&text).to_owned();
        let parsed: toml::Table =
            text.parse()
                .map_err(|error: toml::de::Error| ReportError::Damaged {
                    path: scenario,
                    error: error.message().to_owned(),
                })?;
        let name = parsed.get("name").and_then(toml::Value::as_str);
        let table = Columns::read_sealed(&table, |_| true)?;
        let (ids, statuses) = (table.texts("id"), table.texts("status"));
        let is_swept = |(_, about): &&(String, String)| about == "swept setting";
        let swept: Vec<&String> = table
            .about
            .iter()
            .filter(is_swept)
            .map(|(n, _)| n)
            .collect();
        let above: Vec<(&String, Vec<f64>)> = table
            .about
            .iter()
            .filter(|(name, _)| name.ends_with("_above_alone"))
            .map(|(name, _)| (name, table.numbers(name)))
            .collect();
        let (mut points, mut damaged) = (Vec::new(), Vec::new());
        for (row, (id, status)) in ids.into_iter().zip(statuses).enumerate() {
            let settings = swept.iter().map(|&key| Setting {
                key: key.clone(),
                value: value(&table, key, row),
            });
            let folder = folder.join("runs").join(&id);
            let (mut status, mut summary) = (status, None);
            if status == "done" {
                match Found::of(&folder, Care::Quick) {
                    Found::Whole(found) => summary = Some(found),
                    Found::Damaged { what, .. } => damaged.push(what),
                    Found::Nothing => {
                        damaged.push(format!("{} has no summary.json", folder.display()));
                    }
                }
                if summary.is_none() {
                    "damaged".clone_into(&mut status);
                }
            }
            points.push(Point {
                id,
                status,
                settings: settings.collect(),
                summary,
                above_alone: above
                    .iter()
                    .map(|(n, all)| ((*n).clone(), all[row]))
                    .collect(),
                folder,
            });
        }
        Ok(Results {
            folder: folder.to_owned(),
            name: name.unwrap_or("without a name").to_owned(),
            text,
            scenario: parsed,
            points,
            damaged,
        })
    }
}

fn value(table: &Columns, key: &str, row: usize) -> SettingValue {
    let unknown = || SettingValue::Text(String::new());
    match table.get(key) {
        Some(Values::Numbers(numbers)) if table.integers.iter().any(|name| name == key) => {
            // Whole numbers up to 2⁵³ come back as they were.
            SettingValue::Integer(numbers[row] as i64)
        }
        Some(Values::Numbers(numbers)) => SettingValue::Number(numbers[row]),
        Some(Values::Flags(flags)) => flags[row].map_or(unknown(), SettingValue::Flag),
        Some(Values::Texts(texts)) => SettingValue::Text(texts[row].clone()),
        None => unknown(),
    }
}
