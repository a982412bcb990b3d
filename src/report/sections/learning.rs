//! How models became better: the paper's figures for these runs.

use super::super::figure::{Axis, Content, Curves, Figure, Series};
use super::super::history::{Along, History};
use super::super::study::{Case, Study};
use super::attacks::marks;
use super::{file_name, told};
use crate::campaign::{self, Measure, ratio_confidence};

/// A quantity that is drawn over time.
struct Quantity {
    /// As columns begin with it.
    column: &'static str,
    title: &'static str,
    axis: &'static str,
    is_log: bool,
    /// Whether it is drawn for each group too, and with its confidence over seeds.
    is_main: bool,
}

const QUANTITIES: [Quantity; 5] = [
    Quantity {
        column: "loss",
        title: "Loss",
        axis: "loss",
        is_log: true,
        is_main: true,
    },
    Quantity {
        column: "accuracy",
        title: "Accuracy on test data",
        axis: "accuracy",
        is_log: false,
        is_main: true,
    },
    Quantity {
        column: "test_loss",
        title: "Loss on test data",
        axis: "loss on test data",
        is_log: true,
        is_main: false,
    },
    Quantity {
        column: "regret",
        title: "Regret",
        axis: "regret",
        is_log: true,
        is_main: false,
    },
    Quantity {
        column: "deviation",
        title: "Distance from the optimum",
        axis: "‖θ − θ*‖",
        is_log: true,
        is_main: false,
    },
];

/// More groups are not drawn one by one.
const MOST_GROUPS: usize = 8;

/// Of more cases no groups are drawn.
const MOST_CASES: usize = 2;

/// How many times the usual first or last value a curve may rise within a figure: what diverges
/// would press all others to the bottom.
const MOST_RISE: f64 = 100.0;

/// How many times the greatest mean, and part of the least, a logarithmic axis reaches.
const ROOM: f64 = 3.0;

/// How many powers of ten a figure spans at most.
const DECADES: i32 = 10;

/// The figures of a case: first those of what points are judged by.
pub(super) fn figures(
    study: &Study<'_>,
    number: usize,
    case: &Case<'_>,
    history: &History,
) -> Vec<Figure> {
    let judge = study.measure().map(|measure| match measure {
        Measure::Regret => "regret",
        Measure::Accuracy => "accuracy",
        Measure::TestLoss => "test_loss",
        Measure::Loss => "loss",
    });
    let mut quantities = QUANTITIES;
    for quantity in &mut quantities {
        quantity.is_main |= Some(quantity.column) == judge;
    }
    quantities.sort_by_key(|quantity| Some(quantity.column) != judge);
    let of = |quantity: &Quantity| quantity.figures(study, number, case, history);
    quantities.iter().flat_map(of).collect()
}

impl Quantity {
    fn figures(
        &self,
        study: &Study<'_>,
        number: usize,
        case: &Case<'_>,
        history: &History,
    ) -> Vec<Figure> {
        let column = |ending: &str| format!("{}_{ending}", self.column);
        let columns = ["mean", "min", "max"].map(column);
        let columns = [&*columns[0], &*columns[1], &*columns[2]];
        let all = history.along("all", columns);
        if all.is_empty() {
            return Vec::new();
        }
        let seeds = all
            .iter()
            .map(|(_, along)| along.of_runs[0].len())
            .max()
            .unwrap_or(0);
        let axis = self.axis(&all);
        let figure = |name: String, title: String, caption: String, series: Vec<Series>| Figure {
            name: file_name(&[self.column, &name], number, study),
            alternative: told(&series, self.axis, &history.axis().label),
            title,
            caption,
            content: Content::Curves(Curves {
                x: history.axis(),
                y: axis.clone(),
                series,
                marks: marks(case, history),
            }),
        };
        let range = match seeds {
            1 => "from the least to the greatest over agents".to_owned(),
            _ => format!("from the least to the greatest over agents and {seeds} seeds"),
        };
        let lines = |all: Vec<(usize, Along)>| -> Vec<Series> {
            let line = |(s, along): (usize, Along)| History::line(along, &study.series[s], s);
            all.into_iter().map(line).collect()
        };
        let mut figures = Vec::new();
        let lines_of =
            |(s, along): &(usize, Along)| confidence(along, &study.series[*s], *s, self.is_log);
        let known: Vec<Series> = all.iter().filter_map(lines_of).collect();
        if !known.is_empty() && self.is_main {
            let title = format!("{}: confidence over seeds", self.title);
            let how = if self.is_log {
                ", as a factor above and below"
            } else {
                ""
            };
            let caption = format!(
                "Mean over agents; the band is the 95 % confidence interval of the mean over {seeds} \
                 seeds{how} (Student's t)."
            );
            figures.push(figure("confidence".to_owned(), title, caption, known));
        }
        let batches = match self.column {
            "loss" => {
                " Losses are on the batches of the iterations, which have chosen the weights, so that they \
                 may lie below the noise."
            }
            _ => "",
        };
        let caption = format!("Mean over the normal agents; the band reaches {range}.{batches}");
        figures.insert(
            0,
            figure(String::new(), self.title.to_owned(), caption, lines(all)),
        );
        let groups = history.groups();
        // Of many cases there would be too much to look at.
        let few = study.cases.len() <= MOST_CASES && (2..=MOST_GROUPS).contains(&groups.len());
        if self.is_main && few {
            for group in groups {
                let of_group = lines(history.along(&group, columns));
                // By chance all its agents are Byzantine.
                if of_group.is_empty() {
                    continue;
                }
                let title = format!("{}, group {group}", self.title);
                let caption = format!(
                    "Mean over the normal agents of group {group}; the band reaches {range}."
                );
                figures.push(figure(format!("group-{group}"), title, caption, of_group));
            }
        }
        figures
    }

    /// The axis of the quantity, the same for all groups.
    fn axis(&self, all: &[(usize, Along)]) -> Axis {
        let range = if self.is_log {
            range(all)
        } else {
            Some([0.0, 1.0])
        };
        Axis {
            label: self.axis.to_owned(),
            is_log: self.is_log,
            range,
            ticks: Vec::new(),
        }
    }
}

/// From the least to the greatest value that a logarithmic axis shows. Means decide: bands go off it,
/// for the loss of the best of many agents is as good as 0 now and then.
fn range(all: &[(usize, Along)]) -> Option<[f64; 2]> {
    let shown = |x: &f64| x.is_finite() && *x > 0.0;
    let means = || {
        all.iter()
            .flat_map(|(_, along)| &along.mean)
            .copied()
            .filter(shown)
    };
    let least = means().fold(f64::INFINITY, f64::min);
    let greatest = means().fold(0.0, f64::max);
    let ends = all
        .iter()
        .flat_map(|(_, a)| [a.mean.first(), a.mean.last()])
        .flatten();
    let mut ends: Vec<f64> = ends.copied().filter(shown).collect();
    ends.sort_by(f64::total_cmp);
    // The greatest end may be that of a curve that diverges; the first of all curves are alike.
    let usual = ends.get(ends.len() / 2)?;
    let [low, high] = [least / ROOM, greatest.min(usual * MOST_RISE) * ROOM];
    Some([low.max(high * 10f64.powi(-DECADES)), high])
}

/// A line of means over runs, with the confidence interval of the mean; `None` where it is known
/// nowhere.
fn confidence(along: &Along, label: &str, color: usize, is_log: bool) -> Option<Series> {
    let interval = |means: &Vec<f64>| match is_log {
        true => ratio_confidence(means),
        false => campaign::confidence(means),
    };
    let intervals: Vec<Option<[f64; 2]>> = along.of_runs.iter().map(interval).collect();
    intervals.iter().any(Option::is_some).then(|| Series {
        label: label.to_owned(),
        color,
        x: along.moments.clone(),
        y: along.mean.clone(),
        band: Some([0, 1].map(|end| {
            let ends = intervals.iter().map(|i| i.map_or(f64::NAN, |i| i[end]));
            ends.collect()
        })),
        interval: None,
        has_points: false,
    })
}
