//! What became of all messages.

use super::super::figure::{Axis, Bars, Content, Figure};
use super::super::study::{Case, Study};
use super::super::{Block, Cell, Section, Table};
use super::{heads, labels, shared};

/// Counts of the summary, with what they mean.
const COUNTS: [(&str, &str); 10] = [
    (
        "sent",
        "put on a link by an agent, each retransmission counting again",
    ),
    ("duplicated", "extra copies made by links"),
    ("delivered", "arrived, well-formed and young enough"),
    ("dropped", "lost on the way, or the receiver was down"),
    ("expired", "arrived older than the greatest age"),
    (
        "malformed",
        "arrived and refused: wrong length, or not finite",
    ),
    ("in_flight", "on the way at the end of the run"),
    (
        "late",
        "delivered after the combination of their own iteration",
    ),
    ("used", "part of a combination at least once"),
    ("bytes", "bytes put on links"),
];

/// Where every copy ends, one way or another.
const ENDS: [&str; 6] = [
    "in time",
    "late",
    "dropped",
    "expired",
    "malformed",
    "in flight",
];

/// Bars in the figure.
const MOST_BARS: usize = 24;

pub(super) fn section(study: &Study<'_>) -> Option<Section> {
    let mut columns = heads(study);
    columns.extend(COUNTS.map(|(name, about)| (name.replace('_', " "), about.to_owned())));
    let mut rows = Vec::new();
    let mut bars = Vec::new();
    for case in &study.cases {
        for (series, _) in case.firsts() {
            let mut row = labels(study, case, &study.series[series]);
            row.extend(COUNTS.map(|(name, _)| Cell::Number(total(case, series, name))));
            rows.push(row);
        }
        bars.extend(bars_of(study, case));
    }
    if rows.is_empty() {
        return None;
    }
    let mut blocks = Vec::new();
    // Where everything arrives in time there is nothing to see.
    if bars.iter().any(|(_, parts)| parts[0] < 1.0) {
        blocks.push(Block::Figures(vec![figure(bars)]));
    }
    blocks.push(Block::Table(Table {
        caption: "Messages of all repetitions together: sent + duplicated = delivered + dropped + \
                  expired + malformed + in flight."
            .to_owned(),
        columns,
        rows,
        is_sortable: true,
    }));
    super::section("Messages", blocks)
}

fn total(case: &Case<'_>, series: usize, name: &str) -> f64 {
    case.numbers(series, &["messages", name]).iter().sum()
}

/// The bars of a case: links mostly do not know of rules, and one stands for all.
fn bars_of(study: &Study<'_>, case: &Case<'_>) -> Vec<(String, Vec<f64>)> {
    let mut different: Vec<(Vec<usize>, Vec<f64>)> = Vec::new();
    for (series, _) in case.firsts() {
        let ends = ENDS.map(|end| match end {
            "in time" => total(case, series, "delivered") - total(case, series, "late"),
            end => total(case, series, &end.replace(' ', "_")),
        });
        let all: f64 = ends.iter().sum();
        let parts = ends.map(|end| end / all).to_vec();
        match different.iter_mut().find(|(_, known)| *known == parts) {
            // Nothing was sent.
            _ if all == 0.0 => {}
            Some((same, _)) => same.push(series),
            None => different.push((vec![series], parts)),
        }
    }
    let named = |(same, parts): (Vec<usize>, Vec<f64>)| {
        let name = match (case.name(), shared(study, case, &same)) {
            (case, of) if case.is_empty() => of,
            (case, of) if of == "all" => case,
            (case, of) => format!("{case}, {of}"),
        };
        (name, parts)
    };
    different.into_iter().map(named).collect()
}

fn figure(mut bars: Vec<(String, Vec<f64>)>) -> Figure {
    let all = bars.len();
    bars.truncate(MOST_BARS);
    let first = match all > MOST_BARS {
        true => format!(" The first {MOST_BARS} of {all} are drawn; all are in the table."),
        false => String::new(),
    };
    let words = bars.iter().map(|(name, parts)| {
        let shares = ENDS.iter().zip(parts).filter(|(_, share)| **share > 0.0);
        let shares = shares.map(|(end, share)| format!("{:.1} % {end}", 100.0 * share));
        format!("{name}: {}", shares.collect::<Vec<_>>().join(", "))
    });
    Figure {
        name: "messages".to_owned(),
        title: "What became of messages".to_owned(),
        caption: format!(
            "Shares of all copies; late ones came after the combination of their own iteration.\
             {first}"
        ),
        alternative: words.collect::<Vec<_>>().join("; "),
        content: Content::Bars(Bars {
            axis: Axis {
                label: "share of copies".to_owned(),
                range: Some([0.0, 1.0]),
                ..Axis::default()
            },
            parts: ENDS.map(str::to_owned).to_vec(),
            bars,
        }),
    }
}
