//! The points of a report by what is varied: what is compared, under which circumstances, and what
//! is only repeated.
//!
//! Swept rules are compared: they are the *series* of figures, or else what else has few values.
//! Several folders are compared too: each has series of its own. Seeds are repetitions of one thing.
//! Everything else that is swept makes *cases*, each with figures of its own.

use super::results::{Point, Results};
use crate::campaign::Measure;
use crate::scenario::{Setting, SettingValue};
use std::path::PathBuf;

/// What is reported on.
pub struct Study<'a> {
    /// The folders.
    pub results: &'a [Results],
    /// What series are values of, for the head of a column.
    pub compared: String,
    /// Names of the series: its number is its color.
    pub series: Vec<String>,
    /// The cases, in the order of the points.
    pub cases: Vec<Case<'a>>,
    /// The swept key whose values are compared, if one is.
    series_key: Option<String>,
}

/// Points that differ in their series and in what is repeated only.
pub struct Case<'a> {
    /// The folder of the first of them.
    pub results: &'a Results,
    /// The settings that make the case.
    pub settings: Vec<Setting>,
    /// By series: its points, one for each repetition.
    pub points: Vec<Vec<&'a Point>>,
}

/// Keys whose values are repetitions of the same thing.
fn is_repetition(key: &str) -> bool {
    key == "seed" || key == "seeds" || key.starts_with("seeds.")
}

/// Keys that rather than others are compared.
const COMPARED: [&str; 2] = ["rule", "rule.kind"];

/// Numbers that are compared; of more, each makes a case, and figures go along them.
const MOST_NUMBERS: usize = 8;

impl<'a> Study<'a> {
    /// Orders the points of these results.
    pub fn new(results: &'a [Results]) -> Study<'a> {
        let series_key = series_key(results);
        let key = series_key.as_deref();
        let mut study = Study {
            results,
            compared: match (key, results.len() > 1) {
                (Some(key), false) => key.to_owned(),
                (Some(key), true) => format!("{key}, results"),
                (None, false) => "scenario".to_owned(),
                (None, true) => "results".to_owned(),
            },
            series: Vec::new(),
            cases: Vec::new(),
            series_key,
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
        let name = self.name_of(results, point);
        let known = self.series.iter().position(|known| *known == name);
        let series = known.unwrap_or_else(|| {
            self.series.push(name);
            self.series.len() - 1
        });
        let is_of_case =
            |s: &&Setting| Some(&s.key) != self.series_key.as_ref() && !is_repetition(&s.key);
        let settings: Vec<Setting> = point.settings.iter().filter(is_of_case).cloned().collect();
        let same = self.cases.iter().position(|case| case.settings == settings);
        let at = same.unwrap_or_else(|| {
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

    /// What the series of a point is called.
    fn name_of(&self, results: &Results, point: &Point) -> String {
        let own = self.series_key.as_ref().map(|key| {
            let swept = point.settings.iter().find(|s| s.key == *key);
            let swept = swept.map(|s| s.value.to_string());
            swept.unwrap_or_else(|| results.rule().unwrap_or("–").to_owned())
        });
        let is_one = |other: &Results| other.name == results.name;
        let folder = match self.results.iter().filter(|other| is_one(other)).count() {
            1 => results.name.clone(),
            _ => results.folder.display().to_string(),
        };
        match own {
            Some(own) if self.results.len() > 1 => format!("{own}, {folder}"),
            Some(own) => own,
            None => folder,
        }
    }

    /// The points of all cases.
    pub fn points(&self) -> impl Iterator<Item = &'a Point> {
        self.results.iter().flat_map(|results| &results.points)
    }

    /// What its points are judged by: that of all of them.
    pub fn measure(&self) -> Option<Measure> {
        let summaries = self.points().filter_map(|point| point.summary.as_ref());
        Measure::of(summaries.collect::<Vec<_>>().into_iter())
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

impl Results {
    /// The kind of the rule that the scenario has where it sweeps none.
    fn rule(&self) -> Option<&str> {
        self.scenario.get("rule")?.get("kind")?.as_str()
    }
}

/// The key whose values are compared: the rule, or else a key with names for values, or else the one
/// with the fewest numbers, or else none.
fn series_key(results: &[Results]) -> Option<String> {
    let points = results.iter().flat_map(|r| &r.points);
    let mut swept: Vec<(&str, Vec<&SettingValue>)> = Vec::new();
    for setting in points.flat_map(|p| &p.settings) {
        match swept.iter_mut().find(|(key, _)| *key == setting.key) {
            Some((_, values)) if values.contains(&&setting.value) => {}
            Some((_, values)) => values.push(&setting.value),
            None => swept.push((&setting.key, vec![&setting.value])),
        }
    }
    swept.retain(|(key, _)| !is_repetition(key));
    let is_compared = |(key, _): &&(&str, Vec<_>)| COMPARED.contains(key);
    let varies = |(_, values): &&(&str, Vec<&SettingValue>)| values.len() > 1;
    let is_named = |(_, values): &&(&str, Vec<&SettingValue>)| {
        values
            .iter()
            .all(|value| matches!(value, SettingValue::Text(_)))
    };
    let compared = || swept.iter().filter(is_compared).find(varies);
    let named = || swept.iter().filter(varies).find(is_named);
    let few = || {
        let few = swept
            .iter()
            .filter(varies)
            .filter(|(_, v)| v.len() <= MOST_NUMBERS);
        few.min_by_key(|(_, values)| values.len())
    };
    // A rule's own label is a better name than the scenario's.
    let single = || swept.iter().find(is_compared);
    let found = compared().or_else(named).or_else(few).or_else(single)?;
    Some(found.0.to_owned())
}
