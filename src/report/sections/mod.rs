//! What a report says, section by section.

mod attacks;
mod comparison;
mod filter;
mod learning;
mod messages;
mod network;
mod numbers;
mod points;
mod ran;
mod starving;
mod time;
mod weights;

use super::document::Document;
use super::figure::{Figure, Series};
use super::history::History;
use super::study::{Case, Study};
use super::{Block, Cell, ReportError, Section};
use crate::scenario::{Setting, SettingValue};
use crate::units::short;

/// The report on a study.
///
/// # Errors
/// A file of its results that cannot be read.
pub(super) fn document(study: &Study<'_>) -> Result<Document, ReportError> {
    let names: Vec<&str> = study.results.iter().map(|r| &*r.name).collect();
    let over_time = OverTime::read(study)?;
    let starved = starving::Starving::of(study).map(|starving| starving.told(study));
    let filtered = starved.into_iter().chain(over_time.filter).collect();
    let sections = [
        Some(ran::section(study)),
        comparison::section(study),
        section("Learning", over_time.learning),
        network::section(study)?,
        weights::section(study)?,
        section("What filters did", filtered),
        time::section(study, over_time.rounds)?,
        messages::section(study),
        points::section(study),
    ];
    Ok(Document {
        title: names.join(", "),
        sections: sections.into_iter().flatten().collect(),
        damaged: study
            .results
            .iter()
            .flat_map(|r| r.damaged.clone())
            .collect(),
    })
}

fn section(heading: &str, blocks: Vec<Block>) -> Option<Section> {
    let heading = heading.to_owned();
    (!blocks.is_empty()).then_some(Section { heading, blocks })
}

/// All that is drawn from tables of what happened over time, which are read once.
#[derive(Default)]
struct OverTime {
    learning: Vec<Block>,
    filter: Vec<Block>,
    rounds: Vec<Figure>,
}

impl OverTime {
    fn read(study: &Study<'_>) -> Result<OverTime, ReportError> {
        let mut found = OverTime::default();
        let cases = chosen_cases(study);
        if cases.len() < study.cases.len() {
            found.learning.push(Block::Text(format!(
                "{} of {} cases are drawn, at equal distances; all are in the tables.",
                cases.len(),
                study.cases.len(),
            )));
        }
        for (number, case) in cases {
            let series = chosen_series(study, case);
            let history = History::read(case, &series)?;
            let name = (study.cases.len() > 1).then(|| case.name());
            let add = |blocks: &mut Vec<Block>, figures: Vec<Figure>| {
                if !figures.is_empty() {
                    blocks.extend(name.clone().map(Block::Heading));
                    blocks.push(Block::Figures(figures));
                }
            };
            add(
                &mut found.learning,
                learning::figures(study, number, case, &history),
            );
            add(
                &mut found.filter,
                filter::figures(study, number, case, &history),
            );
            found
                .rounds
                .extend(time::rounds(study, number, case, &history));
            let all = case.firsts().len();
            if series.len() < all {
                let text = format!("The {} best of {all} are drawn.", series.len());
                found.learning.push(Block::Text(text));
            }
        }
        Ok(found)
    }
}

/// Headers of the columns that say which case and series a row is of.
fn heads(study: &Study<'_>) -> Vec<(String, String)> {
    let keys = study.case_keys().into_iter();
    let all = keys.chain([study.compared.clone()]);
    all.map(|key| (key, String::new())).collect()
}

/// The cells under [`heads`].
fn labels(study: &Study<'_>, case: &Case<'_>, series: &str) -> Vec<Cell> {
    let keys = study.case_keys();
    let cells = keys.iter().map(|key| setting(&case.settings, key));
    cells.chain([Cell::Text(series.to_owned())]).collect()
}

/// What is the same for these series of a case is of: their names, or that it is of all.
fn shared(study: &Study<'_>, case: &Case<'_>, series: &[usize]) -> String {
    if series.len() > 1 && series.len() == case.firsts().len() {
        return "all".to_owned();
    }
    let names: Vec<&str> = series.iter().map(|&s| &*study.series[s]).collect();
    names.join(" = ")
}

/// The value of a swept key as a cell.
fn setting(settings: &[Setting], key: &str) -> Cell {
    match settings.iter().find(|s| s.key == key).map(|s| &s.value) {
        None => Cell::Missing,
        Some(SettingValue::Integer(i)) => Cell::Number(*i as f64),
        Some(SettingValue::Number(x)) => Cell::Number(*x),
        Some(value) => Cell::Text(value.to_string()),
    }
}

/// Cases with figures of their own; of more, as many are taken at equal distances.
const CHOSEN_CASES: usize = 6;

/// Series in one figure; of more, the best are taken.
const CHOSEN_SERIES: usize = 10;

/// The cases that are drawn, with their numbers.
fn chosen_cases<'s, 'a>(study: &'s Study<'a>) -> Vec<(usize, &'s Case<'a>)> {
    chosen(study.cases.iter().enumerate().collect(), CHOSEN_CASES)
}

/// At most so many, at equal distances, the first and the last among them: where a key is varied,
/// they are its ends.
fn chosen<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let (many, count) = (all.len(), all.len().min(most));
    let is_chosen =
        |at: usize| count == many || (0..count).any(|i| at == i * (many - 1) / (count - 1).max(1));
    let kept = all.into_iter().enumerate().filter(|(at, _)| is_chosen(*at));
    kept.map(|(_, item)| item).collect()
}

/// The series of a case that are drawn, in their order.
fn chosen_series(study: &Study<'_>, case: &Case<'_>) -> Vec<usize> {
    let mut with_runs: Vec<usize> = case.firsts().iter().map(|(series, _)| *series).collect();
    let Some(measure) = study.measure() else {
        return with_runs;
    };
    let value = |series: &usize| mean(&case.numbers(*series, &measure.path()));
    with_runs.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        // What is not known comes last.
        let is_worse = |a: f64, b: f64| a.is_nan() || measure.is_worse(a, b);
        is_worse(a, b).cmp(&is_worse(b, a))
    });
    with_runs.truncate(CHOSEN_SERIES);
    with_runs.sort_unstable();
    with_runs
}

/// NaN of nothing.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// From the least to the greatest of some values; missing of fewer than two.
fn range(values: &[f64]) -> Cell {
    if values.len() < 2 {
        return Cell::Missing;
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    Cell::Range(
        least,
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// The name of a case's figure from its parts.
fn file_name(parts: &[&str], case: usize, study: &Study<'_>) -> String {
    let number = (study.cases.len() > 1).then(|| format!("case-{}", case + 1));
    let parts: Vec<&str> = parts.iter().copied().chain(number.as_deref()).collect();
    plain_name(&parts)
}

/// The name of a figure's file: letters, digits, `-`.
fn plain_name(parts: &[&str]) -> String {
    let legal = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts = parts.map(|part| part.chars().map(legal).collect::<String>());
    parts.collect::<Vec<_>>().join("-")
}

/// Lines in words: where each begins and ends.
fn told(series: &[Series], quantity: &str, time: &str) -> String {
    let line = |series: &Series| {
        let (from, to) = (series.x.first()?, series.x.last()?);
        let (first, last) = (series.y.first()?, series.y.last()?);
        let band = series
            .band
            .as_ref()
            .and_then(|[low, high]| Some((low.last()?, high.last()?)));
        let band = band.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high);
        let band = band.map_or(String::new(), |(low, high)| {
            format!(", there between {} and {}", short(*low), short(*high))
        });
        Some(format!(
            "{}: from {} at {} to {} at {}{band}",
            series.label,
            short(*first),
            short(*from),
            short(*last),
            short(*to),
        ))
    };
    let lines: Vec<String> = series.iter().filter_map(line).collect();
    format!("{quantity} over {time}. {}.", lines.join("; "))
}
