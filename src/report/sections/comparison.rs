//! What the runs came to: means over repetitions, along what is varied, and rules against attacks.

use super::super::figure::{Axis, Cells, Content, Curves, Figure, Series};
use super::super::study::{Case, Study};
use super::super::{Block, Cell, Point, Results, Section, Table};
use super::numbers::COMPARED;
use super::starving::Starving;
use super::{CHOSEN_CASES, CHOSEN_SERIES, chosen, heads, labels, mean, plain_name, range, told};
use crate::campaign::{Judged, Matrix, Measure, as_ratio, confidence};
use crate::scenario::{Setting, SettingValue};
use crate::units::short;

/// What spans a greater ratio has a logarithmic axis.
const LOG_FROM: f64 = 30.0;

pub(super) fn section(study: &Study<'_>) -> Option<Section> {
    let mut blocks = Vec::new();
    let mut figures: Vec<Figure> = study
        .results
        .iter()
        .enumerate()
        .filter_map(matrix)
        .collect();
    figures.extend(along_keys(study));
    if !figures.is_empty() {
        blocks.push(Block::Figures(figures));
    }
    blocks.extend(table(study).map(Block::Table));
    let heading = "What it came to".to_owned();
    (!blocks.is_empty()).then_some(Section { heading, blocks })
}

/// A row for each series of each case.
fn table(study: &Study<'_>) -> Option<Table> {
    let of_all = |path: &[&str]| {
        let cases = study.cases.iter();
        let mut series = cases.flat_map(|case| (0..case.points.len()).map(move |s| (case, s)));
        series.any(|(case, series)| !case.numbers(series, path).is_empty())
    };
    let numbers: Vec<_> = COMPARED
        .iter()
        .filter(|(_, _, path)| of_all(path))
        .collect();
    let repeats = study
        .cases
        .iter()
        .flat_map(|case| &case.points)
        .any(|points| points.len() > 1);
    // Of all others a range would be too much to look at.
    let judge = study.measure();
    let has_range = |measure: &Measure| *measure != Measure::TestLoss || judge == Some(*measure);
    let measures: Vec<Measure> = Measure::ALL.into_iter().filter(has_range).collect();
    let is_measure = |path: &[&str]| measures.iter().any(|measure| measure.path() == path);
    let mut columns = heads(study);
    columns.push(("runs".to_owned(), "that came to their end".to_owned()));
    for (name, about, path) in &numbers {
        columns.push(((*name).to_owned(), (*about).to_owned()));
        if repeats && is_measure(path) {
            columns.push((
                format!("{name}, range"),
                "least and greatest of the repetitions".to_owned(),
            ));
            columns.push((
                format!("{name}, 95 %"),
                "95 % confidence interval of the mean over repetitions (Student's t), from three on"
                    .to_owned(),
            ));
        }
    }
    let starved = Starving::of(study);
    columns.extend(
        starved
            .as_ref()
            .map(Starving::columns)
            .into_iter()
            .flatten(),
    );
    let alone = above_alone(study);
    columns.extend(alone.iter().map(|name| {
        let about = "mean difference from the run without cooperation and with the same draws, over the \
                     agents that are normal under every attack of the sweep";
        (
            name.replace("_above_alone", " vs. alone").replace('_', " "),
            about.to_owned(),
        )
    }));
    let mut rows = Vec::new();
    for case in &study.cases {
        for (series, points) in case
            .points
            .iter()
            .enumerate()
            .filter(|(_, p)| !p.is_empty())
        {
            let mut row = labels(study, case, &study.series[series]);
            let done = case.done(series).count();
            row.push(match done == points.len() {
                true => Cell::Number(done as f64),
                false => Cell::Text(format!("{done} of {}", points.len())),
            });
            for (_, _, path) in &numbers {
                let values = case.numbers(series, path);
                row.push(match values.is_empty() {
                    true => Cell::Missing,
                    false => Cell::Number(mean(&values)),
                });
                if repeats && is_measure(path) {
                    row.push(range(&values));
                    row.push(confidence(&values).map_or(Cell::Missing, |[a, b]| Cell::Range(a, b)));
                }
            }
            if let Some(starved) = &starved {
                starved.add_cells(case.done(series), &mut row);
            }
            for name in &alone {
                let of = |point: &Point| point.above(name);
                let differences: Vec<f64> = case.done(series).filter_map(of).collect();
                row.push(match differences.is_empty() {
                    true => Cell::Missing,
                    false => Cell::Number(mean(&differences)),
                });
            }
            rows.push(row);
        }
    }
    let caption = match repeats {
        true => {
            "Means over the repetitions, with the least and the greatest of them, and from three on the 95 % \
             confidence interval of the mean."
        }
        false => "A row for each run.",
    };
    let judge = judge.map_or(String::new(), |m| format!(" Judged by: {}.", m.name()));
    let caption = format!("{caption}{judge}{}{}", agents(study), steady_state(study));
    (!rows.is_empty()).then_some(Table {
        caption,
        columns,
        rows,
        is_sortable: true,
    })
}

/// Over which agents rows are, where attacks are compared.
fn agents(study: &Study<'_>) -> &'static str {
    let is_attack = |key: &String| key == "attack";
    match study.case_keys().iter().any(is_attack) || study.compared.starts_with("attack") {
        true => {
            " Each row is over the agents that are normal in it; differences from the run without \
             cooperation are over those that are normal under every attack."
        }
        false => "",
    }
}

/// The differences from a run without cooperation that any point has.
fn above_alone(study: &Study<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, difference) in study.points().flat_map(|point| &point.above_alone) {
        if !difference.is_nan() && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Which iterations the steady state has, where it is the same for all points.
fn steady_state(study: &Study<'_>) -> String {
    let summaries = || study.points().filter_map(|point| point.summary.as_ref());
    let only = |path: &[&str]| {
        let mut all = summaries().filter_map(|summary| summary.number(path));
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    };
    match (only(&["steady", "from_iteration"]), only(&["iterations"])) {
        (Some(from), Some(end)) => {
            format!(" The steady state: iterations {from} to {}.", end - 1.0)
        }
        _ => String::new(),
    }
}

/// Rules against attacks, where a sweep has both.
fn matrix((number, results): (usize, &Results)) -> Option<Figure> {
    let points = results
        .points
        .iter()
        .map(|p| (&p.settings[..], p.summary.as_ref()));
    let matrix = Matrix::of(points.clone(), &Judged::of(points))?;
    let worst = |rule: usize| matrix.worst(rule);
    let mut values = Vec::new();
    let mut told = Vec::new();
    for (rule, name) in matrix.rules.iter().enumerate() {
        values.extend(
            matrix.cells[rule]
                .iter()
                .map(|cell| cell.mean.unwrap_or(f64::NAN)),
        );
        values.push(worst(rule).map_or(f64::NAN, |(_, value)| value));
        if let Some((attack, value)) = worst(rule) {
            told.push(format!("{name}: {} under {attack}", short(value)));
        }
    }
    let mut columns = matrix.attacks.clone();
    let attacks = columns.len();
    columns.push("worst".to_owned());
    let is_partial = matrix.cells.iter().flatten().any(|cell| cell.is_partial);
    let partial = if is_partial {
        " Points that failed or were not run are missing."
    } else {
        ""
    };
    let is_log = matrix.measure != Measure::Accuracy;
    let agents = match matrix.over.agents_told() {
        told if told.is_empty() => told,
        told => format!(", {told}"),
    };
    let notes: Vec<String> = matrix
        .over
        .notes()
        .iter()
        .map(|n| format!(" {n}"))
        .collect();
    Some(Figure {
        name: match number {
            0 => "matrix".to_owned(),
            later => format!("matrix-{}", later + 1),
        },
        title: "Rules against attacks".to_owned(),
        caption: format!(
            "{}, means over points{agents}; the worst case of each rule at the right.{partial}{}",
            matrix.measure.name(),
            notes.concat()
        ),
        alternative: format!(
            "Worst cases, {}. {}.",
            matrix.measure.name(),
            told.join("; ")
        ),
        content: Content::Cells(Cells {
            row_label: "rule".to_owned(),
            column_label: "attack".to_owned(),
            rows: matrix.rules.clone(),
            columns,
            values,
            scale: Axis {
                label: matrix.measure.name().to_owned(),
                is_log,
                ..Axis::default()
            },
            row_breaks: Vec::new(),
            column_breaks: vec![attacks],
            has_numbers: true,
        }),
    })
}

/// A case by its value of a key.
type At<'s, 'a> = (f64, &'s Case<'a>);

/// The measure along each key that takes several numbers.
fn along_keys(study: &Study<'_>) -> Vec<Figure> {
    let Some(measure) = study.measure() else {
        return Vec::new();
    };
    let mut figures = Vec::new();
    for key in study.case_keys() {
        let mut rest: Vec<(Vec<Setting>, Vec<At<'_, '_>>)> = Vec::new();
        for case in &study.cases {
            let Some(at) = case.settings.iter().position(|s| s.key == key) else {
                continue;
            };
            let Some(x) = number(&case.settings[at].value) else {
                continue;
            };
            let mut others = case.settings.clone();
            others.remove(at);
            match rest.iter_mut().find(|(known, _)| *known == others) {
                Some((_, along)) => along.push((x, case)),
                None => rest.push((others, vec![(x, case)])),
            }
        }
        rest.retain(|(_, along)| along.len() > 1);
        for (number, (others, mut along)) in chosen(rest, CHOSEN_CASES).into_iter().enumerate() {
            along.sort_by(|a, b| a.0.total_cmp(&b.0));
            figures.push(along_key(study, measure, &key, number, &others, &along));
        }
    }
    figures.extend(along_series(study, measure));
    figures
}

/// The measure along what is compared, where that is numbers: a line for each case.
fn along_series(study: &Study<'_>, measure: Measure) -> Option<Figure> {
    let x: Option<Vec<f64>> = study.series.iter().map(|name| name.parse().ok()).collect();
    let x = x.filter(|x| x.len() > 2 && x.is_sorted())?;
    let line = |(color, case): (usize, &Case<'_>)| {
        let known = x.iter().enumerate().filter_map(|(series, x)| {
            let values = case.numbers(series, &measure.path());
            (!values.is_empty()).then_some((*x, values))
        });
        let name = match case.name() {
            name if name.is_empty() => "all".to_owned(),
            name => name,
        };
        line(name, color, known.collect())
    };
    let cases = chosen(study.cases.iter().enumerate().collect(), CHOSEN_SERIES);
    let series: Vec<Series> = cases.into_iter().filter_map(line).collect();
    Some(along(study.compared.as_str(), measure, 0, "", series))
}

/// The means of several values each along a key, with the band from the least to the greatest and
/// the 95 % intervals of the means.
fn line(label: String, color: usize, known: Vec<(f64, Vec<f64>)>) -> Option<Series> {
    let ends = |fold: fn(f64, f64) -> f64| {
        let end = |(_, values): &(f64, Vec<f64>)| values.iter().copied().fold(values[0], fold);
        known.iter().map(end).collect::<Vec<f64>>()
    };
    let has_band = known.iter().any(|(_, values)| values.len() > 1);
    let intervals: Vec<Option<[f64; 2]>> = known.iter().map(|(_, v)| confidence(v)).collect();
    let line = Series {
        label,
        color,
        x: known.iter().map(|(x, _)| *x).collect(),
        y: known.iter().map(|(_, values)| mean(values)).collect(),
        band: has_band.then(|| [ends(f64::min), ends(f64::max)]),
        interval: intervals.iter().any(Option::is_some).then(|| {
            [0, 1].map(|end| {
                let ends = intervals.iter().map(|i| i.map_or(f64::NAN, |i| i[end]));
                ends.collect()
            })
        }),
        has_points: true,
    };
    (!known.is_empty()).then_some(line)
}

fn number(value: &SettingValue) -> Option<f64> {
    match *value {
        SettingValue::Integer(i) => Some(i as f64),
        SettingValue::Number(x) => Some(x),
        SettingValue::Flag(_) | SettingValue::Text(_) => None,
    }
}

fn along_key(
    study: &Study<'_>,
    measure: Measure,
    key: &str,
    number: usize,
    others: &[Setting],
    cases: &[(f64, &Case<'_>)],
) -> Figure {
    let of_series = |series: usize| {
        let known = cases.iter().filter_map(|(x, case)| {
            let values = case.numbers(series, &measure.path());
            (!values.is_empty()).then_some((*x, values))
        });
        line(study.series[series].clone(), series, known.collect())
    };
    let series = (0..study.series.len()).filter_map(of_series).collect();
    let under: Vec<String> = others
        .iter()
        .map(|s| format!(", {} = {}", s.key, s.value))
        .collect();
    along(key, measure, number, &under.concat(), series)
}

/// The figure of a measure along a key.
fn along(
    key: &str,
    measure: Measure,
    number: usize,
    under: &str,
    mut series: Vec<Series>,
) -> Figure {
    let spans = |values: &mut dyn Iterator<Item = f64>| {
        let (mut least, mut greatest) = (f64::INFINITY, 0.0f64);
        for x in values {
            (least, greatest) = (least.min(x), greatest.max(x));
        }
        least > 0.0 && greatest > LOG_FROM * least
    };
    let is_accuracy = measure == Measure::Accuracy;
    let is_log = !is_accuracy && spans(&mut series.iter().flat_map(|s| s.y.iter().copied()));
    if is_log {
        for [low, high] in series.iter_mut().filter_map(|s| s.interval.as_mut()) {
            for (low, high) in low.iter_mut().zip(high) {
                [*low, *high] = as_ratio([*low, *high]);
            }
        }
    }
    Figure {
        name: plain_name(&["along", key, &(number + 1).to_string()]),
        title: format!("{} by {key}{under}", capitalized(measure.name())),
        caption: along_caption(&series, is_log),
        alternative: told(&series, measure.name(), key),
        content: Content::Curves(Curves {
            x: Axis {
                label: key.to_owned(),
                is_log: spans(&mut series.iter().flat_map(|s| s.x.iter().copied())),
                ..Axis::default()
            },
            y: Axis {
                label: measure.name().to_owned(),
                is_log,
                range: is_accuracy.then_some([0.0, 1.0]),
                ..Axis::default()
            },
            series,
            marks: Vec::new(),
        }),
    }
}

fn along_caption(series: &[Series], is_log: bool) -> String {
    let band = "Mean over repetitions; the band reaches from the least to the greatest";
    let how = if is_log {
        ", as a factor above and below"
    } else {
        ""
    };
    match series.iter().any(|s| s.interval.is_some()) {
        true => format!(
            "{band}, bars over the 95 % confidence interval of the mean{how} (Student's t), from three \
             repetitions on."
        ),
        false => format!("{band}."),
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
