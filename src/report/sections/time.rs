//! What took how long in simulated time.

use super::super::figure::{Axis, Content, Curves, Figure, Series};
use super::super::history::History;
use super::super::percentiles::{Percentiles, histograms};
use super::super::study::{Case, Study};
use super::super::{Block, Cell, ReportError, Section, Table};
use super::{chosen_cases, chosen_series, file_name, heads, labels, shared, told};
use crate::record::Summary;
use crate::units::short;
use std::collections::BTreeMap;

/// Histograms of simulated time: the name in summaries, the heading, and the label of the axis.
const HISTOGRAMS: [(&str, &str, &str); 6] = [
    ("round_ms", "How long iterations take", "duration [ms]"),
    (
        "agent_round_ms",
        "From an agent's combination to its next",
        "duration [ms]",
    ),
    ("delivery_ms", "From sending to arrival", "duration [ms]"),
    (
        "wait_ms",
        "Waiting after the own computation",
        "duration [ms]",
    ),
    ("age_ms", "Age of the models used", "age [ms]"),
    (
        "age_iterations",
        "Age of the models used, in iterations",
        "age [iterations]",
    ),
];

/// Columns of the table, with what is to be said of them.
const STATISTICS: [(&str, &str); 8] = [
    ("values", "how many, over all repetitions"),
    ("min", ""),
    ("mean", ""),
    ("p50", "median"),
    ("p90", ""),
    ("p99", ""),
    (
        "p99.9",
        "of fewer than 1,000 values it is next to the greatest, or the greatest",
    ),
    ("max", ""),
];

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
    blocks.extend(table(study)?.map(Block::Table));
    Ok((!blocks.is_empty()).then(|| Section {
        heading: "Simulated time".to_owned(),
        blocks,
    }))
}

/// How long iterations took over time, where it varies.
pub(super) fn rounds(
    study: &Study<'_>,
    number: usize,
    case: &Case<'_>,
    history: &History,
) -> Option<Figure> {
    // Rules mostly do not change what takes how long.
    let mut lines: Vec<(Vec<usize>, Series)> = Vec::new();
    for (series, along) in history.along("all", ["round_ms"; 3]) {
        let line = History::line(along, "", series);
        match lines
            .iter_mut()
            .find(|(_, known)| known.y == line.y && known.band == line.band)
        {
            Some((same, _)) => same.push(series),
            None => lines.push((vec![series], line)),
        }
    }
    let is_constant = |line: &Series| line.y.windows(2).all(|pair| pair[0] == pair[1]);
    if lines.iter().all(|(_, line)| is_constant(line)) {
        return None;
    }
    let named = |(same, line): (Vec<usize>, Series)| Series {
        label: shared(study, case, &same),
        ..line
    };
    let series: Vec<Series> = lines.into_iter().map(named).collect();
    let what = "Duration of iterations";
    Some(Figure {
        name: file_name(&["round-ms"], number, study),
        title: match case.name() {
            name if name.is_empty() => what.to_owned(),
            name => format!("{what}, {name}"),
        },
        caption: "Mean over repetitions; the band reaches from the least to the greatest."
            .to_owned(),
        alternative: told(&series, what, &history.axis().label),
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

/// The percentiles of a histogram in all runs of some series of a case, which are alike.
struct Curve {
    case: usize,
    series: Vec<usize>,
    /// How many of the units in which it is counted make one of the axis.
    unit: f64,
    percentiles: Percentiles,
}

/// Percentile curves, those that are alike as one.
fn percentile_figures(study: &Study<'_>) -> Result<Vec<Figure>, ReportError> {
    let mut curves: BTreeMap<&str, Vec<Curve>> = BTreeMap::new();
    for (number, case) in chosen_cases(study) {
        for series in chosen_series(study, case) {
            let logged = histograms(case.done(series))?;
            for (name, ..) in HISTOGRAMS {
                let Some((histogram, unit)) = logged.get(name) else {
                    continue;
                };
                let found = Percentiles::of(histogram);
                let known = curves.entry(name).or_default();
                let is_same = |c: &&mut Curve| c.case == number && c.percentiles == found;
                match known.iter_mut().find(is_same) {
                    Some(same) => same.series.push(series),
                    None => known.push(Curve {
                        case: number,
                        series: vec![series],
                        unit,
                        percentiles: found,
                    }),
                }
            }
        }
    }
    let of_name = |histogram: (&'static str, &str, &str)| {
        let curves = curves.get(histogram.0)?;
        let varies = curves.iter().any(|curve| !curve.percentiles.is_constant);
        varies.then(|| percentile_figure(study, histogram, curves))
    };
    Ok(HISTOGRAMS.into_iter().filter_map(of_name).collect())
}

fn percentile_figure(
    study: &Study<'_>,
    (name, title, axis): (&str, &str, &str),
    curves: &[Curve],
) -> Figure {
    let line = |(index, curve): (usize, &Curve)| {
        let case = &study.cases[curve.case];
        let of = shared(study, case, &curve.series);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for (&rarity, &value) in curve
            .percentiles
            .rarity
            .iter()
            .zip(&curve.percentiles.values)
        {
            let value = value as f64 / curve.unit;
            // There is nothing between whole iterations.
            if let Some(&before) = y.last().filter(|_| name == "age_iterations") {
                x.push(rarity);
                y.push(before);
            }
            x.push(rarity);
            y.push(value);
        }
        Series {
            label: match case.name() {
                name if name.is_empty() => of,
                name if of == "all" => name,
                name => format!("{name}, {of}"),
            },
            // Of several cases, a color for each line; else that of the series.
            color: match study.cases.len() {
                1 => curve.series[0],
                _ => index,
            },
            x,
            y,
            band: None,
            interval: None,
            has_points: false,
        }
    };
    let series: Vec<Series> = curves.iter().enumerate().map(line).collect();
    let most = series
        .iter()
        .filter_map(|s| s.x.last())
        .fold(1.0, |a: f64, b| a.max(*b));
    let values = || series.iter().flat_map(|s| &s.y).copied();
    let [least, greatest] = [
        values().fold(f64::INFINITY, f64::min),
        values().fold(0.0, f64::max),
    ];
    Figure {
        name: format!("percentiles-{}", name.replace('_', "-")),
        title: title.to_owned(),
        caption:
            "The value that so many percent of all do not exceed, over all repetitions together."
                .to_owned(),
        alternative: words(&series, axis),
        content: Content::Curves(Curves {
            x: Axis {
                label: "percentile p, at 1/(1 − p)".to_owned(),
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
    }
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
            "{}: median {}, 90 % at most {}, 99 % at most {}, 99.9 % at most {}, greatest {}",
            series.label,
            at(series, 2.0),
            at(series, 10.0),
            at(series, 100.0),
            at(series, 1000.0),
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

/// The statistics of all repetitions together, a row for each quantity that exists; series that are
/// alike have one.
fn table(study: &Study<'_>) -> Result<Option<Table>, ReportError> {
    let mut columns = heads(study);
    columns.push(("quantity".to_owned(), "as in latency.parquet".to_owned()));
    columns.extend(STATISTICS.map(|(name, about)| (name.to_owned(), about.to_owned())));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for case in &study.cases {
        let mut of_series = Vec::new();
        for (series, _) in case.firsts() {
            let runs = case.done(series).filter_map(|point| point.summary.as_ref());
            let runs: Vec<&Summary> = runs.collect();
            // A summary has all of its own run.
            let several = case.done(series).filter(|_| runs.len() > 1);
            of_series.push((series, histograms(several)?, runs));
        }
        for (name, ..) in HISTOGRAMS {
            let mut different: Vec<(Vec<usize>, [f64; STATISTICS.len()])> = Vec::new();
            for (series, histograms, runs) in &of_series {
                let Some(p) = histograms.percentiles(runs, name) else {
                    continue;
                };
                let values = [
                    p.count as f64,
                    p.min,
                    p.mean,
                    p.p50,
                    p.p90,
                    p.p99,
                    p.p999,
                    p.max,
                ];
                match different.iter_mut().find(|(_, known)| *known == values) {
                    Some((same, _)) => same.push(*series),
                    None => different.push((vec![*series], values)),
                }
            }
            for (same, values) in different {
                let mut row = labels(study, case, &shared(study, case, &same));
                row.push(Cell::Text(name.to_owned()));
                row.extend(values.map(Cell::Number));
                rows.push(row);
            }
        }
    }
    Ok((!rows.is_empty()).then(|| Table {
        caption: "Durations [ms] and ages in simulated time, over the values of all repetitions together."
            .to_owned(),
        columns,
        rows,
        is_sortable: true,
    }))
}
