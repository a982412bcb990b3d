//! The points of a report by what is varied: what is compared, under which circumstances, and what
//! is only repeated.
//!
//! Swept rules are compared: they are the *series* of figures. Seeds are repetitions of one thing.
//! Everything else that is swept makes *cases*, each with figures of its own; so do several folders.

use super::results::{Point, Results};
use crate::scenario::{Setting, SettingValue};
use std::path::PathBuf;

/// What is reported on.
pub struct Study<'a> {
    /// The folders.
    pub results: &'a [Results],
    /// What the series are values of; empty where there is only one series.
    pub series_key: String,
    /// Names of the series: its number is its color.
    pub series: Vec<String>,
    /// The cases, in the order of the points.
    pub cases: Vec<Case<'a>>,
}

/// Points that differ in their series and in what is repeated only.
pub struct Case<'a> {
    /// The folder.
    pub results: &'a Results,
    /// The settings that make the case; with several folders, the folder first.
    pub settings: Vec<Setting>,
    /// By series: its points, one for each repetition.
    pub points: Vec<Vec<&'a Point>>,
}

/// Keys whose values are repetitions of the same thing.
fn is_repetition(key: &str) -> bool {
    key == "seed" || key.starts_with("seeds.")
}

/// Keys that rather than others are compared.
const COMPARED: [&str; 2] = ["rule", "rule.kind"];

impl<'a> Study<'a> {
    /// Orders the points of these results.
    pub fn new(results: &'a [Results]) -> Study<'a> {
        let series_key = series_key(results);
        let mut study = Study {
            results,
            series: Vec::new(),
            cases: Vec::new(),
            series_key: series_key.unwrap_or_default(),
        };
        for folder in results {
            for point in &folder.points {
                study.add(folder, point);
            }
        }
        // Cases that came first do not know of later series.
        let count = study.series.len();
        for case in &mut study.cases {
            case.points.resize_with(count, Vec::new);
        }
        study
    }

    fn add(&mut self, results: &'a Results, point: &'a Point) {
        let own = point.settings.iter().find(|s| s.key == self.series_key);
        let name = own.map_or_else(|| results.name.clone(), |s| s.value.to_string());
        // Without anything to compare, all are one series.
        let series = match self.series.iter().position(|known| *known == name) {
            Some(known) => known,
            None if self.series_key.is_empty() && !self.series.is_empty() => 0,
            None => {
                self.series.push(name);
                self.series.len() - 1
            }
        };
        let is_of_case = |s: &&Setting| s.key != self.series_key && !is_repetition(&s.key);
        let mut settings: Vec<Setting> = Vec::new();
        if self.results.len() > 1 {
            settings.push(Setting {
                key: "results".to_owned(),
                value: SettingValue::Text(results.folder.display().to_string()),
            });
        }
        settings.extend(point.settings.iter().filter(is_of_case).cloned());
        let is_same =
            |case: &Case<'_>| std::ptr::eq(case.results, results) && case.settings == settings;
        let at = self.cases.iter().position(is_same).unwrap_or_else(|| {
            self.cases.push(Case {
                results,
                settings,
                points: Vec::new(),
            });
            self.cases.len() - 1
        });
        let points = &mut self.cases[at].points;
        points.resize_with(points.len().max(series + 1), Vec::new);
        points[series].push(point);
    }

    /// The points of all cases.
    pub fn points(&self) -> impl Iterator<Item = &'a Point> {
        self.results.iter().flat_map(|results| &results.points)
    }

    /// The keys that make cases.
    pub fn case_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for setting in self.cases.iter().flat_map(|case| &case.settings) {
            if !keys.contains(&setting.key) {
                keys.push(setting.key.clone());
            }
        }
        keys
    }
}

impl<'a> Case<'a> {
    /// What it is called: `link.drop = 0.3, attack = far`; empty where there is only one.
    pub fn name(&self) -> String {
        let one = |s: &Setting| format!("{} = {}", s.key, s.value);
        self.settings.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The points of a series that came to their end.
    pub fn done(&self, series: usize) -> impl Iterator<Item = &'a Point> {
        let points = self.points.get(series).into_iter().flatten().copied();
        points.filter(|point| point.summary.is_some())
    }

    /// For each series with a point that came to its end: its number and the first such point.
    pub fn firsts(&self) -> Vec<(usize, &'a Point)> {
        let first = |series| Some((series, self.done(series).next()?));
        (0..self.points.len()).filter_map(first).collect()
    }

    /// A number of the summary by its path, of all points of a series that have it.
    pub fn numbers(&self, series: usize, path: &[&str]) -> Vec<f64> {
        let number = |point: &Point| point.summary.as_ref()?.number(path);
        self.done(series).filter_map(number).collect()
    }
}

impl Point {
    /// One of the tables in its folder.
    pub fn table(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.parquet"))
    }
}

/// The key whose values are compared: the rule, or else a key with names for values, or else none.
fn series_key(results: &[Results]) -> Option<String> {
    let settings = || {
        results
            .iter()
            .flat_map(|r| &r.points)
            .flat_map(|p| &p.settings)
    };
    let varies = |key: &str| {
        let mut values = settings().filter(|s| s.key == key).map(|s| &s.value);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let compared = COMPARED.into_iter().find(|key| varies(key));
    let is_named = |s: &&Setting| matches!(s.value, SettingValue::Text(_));
    let named = || {
        settings()
            .filter(is_named)
            .map(|s| &*s.key)
            .find(|key| varies(key))
    };
    // A rule of its own label is a better name than the scenario's.
    let single = || {
        COMPARED
            .into_iter()
            .find(|key| settings().any(|s| s.key == *key))
    };
    let key = compared.or_else(named).or_else(single)?;
    Some(key.to_owned())
}
