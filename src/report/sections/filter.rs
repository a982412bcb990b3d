//! What rules did with Byzantine models, over time.

use super::super::figure::{Axis, Content, Curves, Figure};
use super::super::history::History;
use super::super::study::{Case, Study};
use super::attacks::marks;
use super::{file_name, told};

/// Columns of the history, with what they are.
const QUANTITIES: [(&str, &str, &str); 3] = [
    (
        "byzantine_weight",
        "Weight of Byzantine models",
        "The share of a normal agent's weight that Byzantine neighbors have, mean over agents. Rules that \
         give no weights have no line.",
    ),
    (
        "byzantine_accepted",
        "Byzantine models accepted",
        "The share of the Byzantine models at hand that got any weight.",
    ),
    (
        "honest_same_group_rejected",
        "Honest models of the own group rejected",
        "The share of the models of honest neighbors with the same task that got no weight.",
    ),
];

/// The figures of a case.
pub(super) fn figures(
    study: &Study<'_>,
    number: usize,
    case: &Case<'_>,
    history: &History,
) -> Vec<Figure> {
    let figure = |(column, title, about): (&'static str, &'static str, &'static str)| {
        let all = history.along("all", [column; 3]);
        let seeds = all.iter().map(|(_, along)| along.of_runs[0].len()).max()?;
        let line = |(s, along): (usize, _)| History::line(along, &study.series[s], s);
        let series: Vec<_> = all.into_iter().map(line).collect();
        let band = match seeds {
            1 => String::new(),
            _ => format!(" The band reaches from the least to the greatest of {seeds} seeds."),
        };
        Some(Figure {
            name: file_name(&[column], number, study),
            title: title.to_owned(),
            caption: format!("{about}{band}"),
            alternative: told(&series, title, &history.axis().label),
            content: Content::Curves(Curves {
                x: history.axis(),
                y: Axis {
                    label: "share".to_owned(),
                    range: Some([0.0, 1.0]),
                    ..Axis::default()
                },
                series,
                marks: marks(case, history),
            }),
        })
    };
    QUANTITIES.into_iter().filter_map(figure).collect()
}
