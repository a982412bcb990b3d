//! What became of all messages.

use super::super::figure::{Axis, Bars, Content, Figure};
use super::super::study::Study;
use super::super::{Block, Cell, Section, Table};
use super::{heads, labels};

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
const ENDS: [&str; 5] = ["delivered", "dropped", "expired", "malformed", "in_flight"];

/// Cases and series whose shares are drawn.
const MOST_BARS: usize = 24;

pub(super) fn section(study: &Study<'_>) -> Option<Section> {
    let mut columns = heads(study);
    columns.extend(COUNTS.map(|(name, about)| (name.replace('_', " "), about.to_owned())));
    let mut rows = Vec::new();
    let mut bars: Vec<(String, Vec<f64>)> = Vec::new();
    for case in &study.cases {
        for (series, _) in case.firsts() {
            let total = |name: &str| {
                case.numbers(series, &["messages", name])
                    .iter()
                    .sum::<f64>()
            };
            let mut row = labels(study, case, series);
            let name: Vec<String> = row.iter().map(ToString::to_string).collect();
            row.extend(COUNTS.map(|(name, _)| Cell::Number(total(name))));
            rows.push(row);
            let all: f64 = ENDS.map(total).iter().sum();
            if all > 0.0 {
                bars.push((name.join(", "), ENDS.map(|end| total(end) / all).to_vec()));
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Table(Table {
        caption: "Messages of all repetitions together: sent + duplicated = delivered + dropped + \
                  expired + malformed + in flight."
            .to_owned(),
        columns,
        rows,
        is_sortable: true,
    })];
    // Where everything arrives there is nothing to see.
    let are_all_delivered = bars.iter().all(|(_, parts)| parts[0] == 1.0);
    // Alike for all series of a case, mostly: links do not know of rules.
    bars.dedup_by(|a, b| a.1 == b.1);
    if !are_all_delivered {
        bars.truncate(MOST_BARS);
        let alternative = bars.iter().map(|(name, parts)| {
            let shares = ENDS.iter().zip(parts).filter(|(_, share)| **share > 0.0);
            let share = |(end, share): (&&str, &f64)| {
                format!("{:.1} % {}", 100.0 * share, end.replace('_', " "))
            };
            format!(
                "{name}: {}",
                shares.map(share).collect::<Vec<_>>().join(", ")
            )
        });
        let alternative = alternative.collect::<Vec<_>>().join("; ");
        blocks.push(Block::Figures(vec![Figure {
            name: "messages".to_owned(),
            title: "What became of messages".to_owned(),
            caption:
                "Shares of all copies; where several rules have the same, the first stands for \
                      them."
                    .to_owned(),
            alternative,
            content: Content::Bars(Bars {
                axis: Axis {
                    label: "share of copies".to_owned(),
                    range: Some([0.0, 1.0]),
                    ..Axis::default()
                },
                parts: ENDS.map(|end| end.replace('_', " ")).to_vec(),
                bars,
            }),
        }]));
    }
    Some(Section {
        heading: "Messages".to_owned(),
        blocks,
    })
}
