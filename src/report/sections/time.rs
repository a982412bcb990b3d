//! What took how long in simulated time.

use super::super::figure::{Axis, Content, Curves, Figure, Series};
use super::super::history::History;
use super::super::percentiles::{Percentiles, percentiles};
use super::super::study::Study;
use super::super::{Block, Cell, ReportError, Section, Table};
use super::{chosen_cases, file_name, heads, labels, told};
use crate::units::short;
use std::collections::BTreeMap;

/// Histograms of simulated time: the tag in the log, the heading, the label of the axis, and how
/// many of the counted units make one of the axis.
const HISTOGRAMS: [(&str, &str, &str, f64); 5] = [
    (
        "round_ms",
        "How long iterations take",
        "duration [ms]",
        1000.0,
    ),
    (
        "delivery_ms",
        "From sending to arrival",
        "duration [ms]",
        1000.0,
    ),
    (
        "wait_ms",
        "Waiting after the own computation",
        "duration [ms]",
        1000.0,
    ),
    ("age_ms", "Age of the models used", "age [ms]", 1000.0),
    (
        "age_iterations",
        "Age of the models used, in iterations",
        "age [iterations]",
        1.0,
    ),
];

/// Columns of the table.
const STATISTICS: [&str; 6] = ["min", "mean", "p50", "p90", "p99", "max"];

/// The section; `rounds` are the figures of round durations over time.
pub(super) fn section(
    study: &Study<'_>,
    rounds: Vec<Figure>,
) -> Result<Option<Section>, ReportError> {
    let mut figures = percentile_figures(study)?;
    figures.extend(rounds);
    let mut blocks = Vec::new();
    if !figures.is_empty() {
        blocks.push(Block::Figures(figures));
    }
    blocks.extend(table(study).map(Block::Table));
    Ok((!blocks.is_empty()).then(|| Section {
        heading: "Simulated time".to_owned(),
        blocks,
    }))
}

/// How long iterations took over time, where it varies.
pub(super) fn rounds(study: &Study<'_>, number: usize, history: &History) -> Option<Figure> {
    let mut series: Vec<Series> = Vec::new();
    for (index, along) in history.along("all", ["round_ms"; 3]) {
        let line = History::line(along, &study.series[index], index);
        // Rules mostly do not change what takes how long.
        if series.iter().all(|known| known.y != line.y) {
            series.push(line);
        }
    }
    let is_constant = |line: &Series| line.y.windows(2).all(|pair| pair[0] == pair[1]);
    if series.iter().all(is_constant) {
        return None;
    }
    if let [only] = &mut series[..] {
        only.label = "all".to_owned();
    }
    let title = "Duration of iterations";
    Some(Figure {
        name: file_name(&["round-ms"], number, study),
        title: title.to_owned(),
        caption: "Mean over repetitions; the band reaches from the least to the greatest."
            .to_owned(),
        alternative: told(&series, title, &history.axis().label),
        content: Content::Curves(Curves {
            x: history.axis(),
            y: Axis {
                label: "duration [ms]".to_owned(),
                ..Axis::default()
            },
            series,
            marks: Vec::new(),
        }),
    })
}

/// Percentile curves of the first run of each series in each case, without those that are alike.
fn percentile_figures(study: &Study<'_>) -> Result<Vec<Figure>, ReportError> {
    let mut curves: BTreeMap<&str, Vec<(String, Percentiles)>> = BTreeMap::new();
    for (_, case) in chosen_cases(study) {
        let firsts = case.firsts();
        let mut of_case: BTreeMap<&str, Vec<(String, Percentiles)>> = BTreeMap::new();
        for (series, point) in firsts {
            let mut logged = percentiles(&point.folder.join("latency.hlog"))?;
            for (tag, ..) in HISTOGRAMS {
                let of_tag = of_case.entry(tag).or_default();
                if let Some(found) = logged.remove(tag)
                    && of_tag.iter().all(|(_, known)| *known != found)
                {
                    of_tag.push((study.series[series].clone(), found));
                }
            }
        }
        for (tag, found) in of_case {
            let is_one = found.len() == 1;
            for (series, found) in found {
                let name = match (case.name(), is_one) {
                    (name, true) if name.is_empty() => "all".to_owned(),
                    (name, true) => name,
                    (name, false) if name.is_empty() => series,
                    (name, false) => format!("{name}, {series}"),
                };
                curves.entry(tag).or_default().push((name, found));
            }
        }
    }
    let figure = |(tag, title, axis, unit): (&str, &str, &str, f64)| {
        let curves = curves.get(tag)?;
        if curves.iter().all(|(_, curve)| curve.is_constant) {
            return None;
        }
        let mut color = 0..;
        let line = |(name, curve): &(String, Percentiles)| Series {
            label: name.clone(),
            color: color.next().unwrap_or(0),
            x: curve.rarity.clone(),
            y: curve
                .values
                .iter()
                .map(|&value| value as f64 / unit)
                .collect(),
            band: None,
            has_points: false,
        };
        let series: Vec<Series> = curves.iter().map(line).collect();
        let most = series
            .iter()
            .filter_map(|s| s.x.last())
            .fold(1.0, |a: f64, b| a.max(*b));
        let least = series
            .iter()
            .flat_map(|s| &s.y)
            .copied()
            .fold(f64::INFINITY, f64::min);
        let greatest = series
            .iter()
            .flat_map(|s| &s.y)
            .copied()
            .fold(0.0, f64::max);
        Some(Figure {
            name: format!("percentiles-{}", tag.replace('_', "-")),
            title: title.to_owned(),
            caption: "How many percent of values are at most so great; of one run each.".to_owned(),
            alternative: words(&series, axis),
            content: Content::Curves(Curves {
                x: Axis {
                    label: "percentile".to_owned(),
                    is_log: true,
                    range: None,
                    ticks: ticks(most),
                },
                y: Axis {
                    label: axis.to_owned(),
                    is_log: least > 0.0 && greatest > 100.0 * least,
                    ..Axis::default()
                },
                series,
                marks: Vec::new(),
            }),
        })
    };
    Ok(HISTOGRAMS.into_iter().filter_map(figure).collect())
}

/// Percentiles up to the rarest, by 1/(1 − p).
fn ticks(most: f64) -> Vec<(f64, String)> {
    let mut ticks = vec![(1.0, "0 %".to_owned()), (2.0, "50 %".to_owned())];
    let mut rarity = 10.0;
    while rarity <= most && ticks.len() < 12 {
        let nines = ticks.len() - 1;
        let percent = match nines {
            1 => "90 %".to_owned(),
            2 => "99 %".to_owned(),
            _ => format!("99.{} %", "9".repeat(nines - 2)),
        };
        ticks.push((rarity, percent));
        rarity *= 10.0;
    }
    ticks
}

fn words(series: &[Series], axis: &str) -> String {
    let at = |series: &Series, rarity: f64| {
        let found = series.x.iter().position(|&x| x >= rarity * (1.0 - 1e-9));
        found.map_or_else(|| "–".to_owned(), |at| short(series.y[at]))
    };
    let line = |series: &Series| {
        format!(
            "{}: median {}, 90 % at most {}, 99 % at most {}, greatest {}",
            series.label,
            at(series, 2.0),
            at(series, 10.0),
            at(series, 100.0),
            series
                .y
                .last()
                .copied()
                .map_or_else(|| "–".to_owned(), short),
        )
    };
    let lines: Vec<String> = series.iter().map(line).collect();
    format!("{axis}. {}.", lines.join("; "))
}

/// Statistics of the first run of each series, a row for each quantity that exists.
fn table(study: &Study<'_>) -> Option<Table> {
    let mut columns = heads(study);
    let about = "quantity and unit, as in latency.parquet".to_owned();
    columns.push(("quantity".to_owned(), about));
    columns.extend(STATISTICS.map(|name| (name.to_owned(), String::new())));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for case in &study.cases {
        for (series, point) in case.firsts() {
            for (tag, ..) in HISTOGRAMS {
                let number = |statistic| {
                    let number = point.summary.as_ref()?.number(&["latency", tag, statistic]);
                    number.map(Cell::Number)
                };
                let values = STATISTICS.map(number);
                if values.iter().all(Option::is_none) {
                    continue;
                }
                let mut row = labels(study, case, series);
                row.push(Cell::Text(tag.to_owned()));
                row.extend(values.map(|value| value.unwrap_or(Cell::Missing)));
                rows.push(row);
            }
        }
    }
    (!rows.is_empty()).then(|| Table {
        caption: "Durations and ages in simulated time, of the first run of each.".to_owned(),
        columns,
        rows,
        is_sortable: true,
    })
}
