//! How models became better: the paper's figures for these runs.

use super::super::figure::{Axis, Content, Curves, Figure, Series};
use super::super::history::{Along, History};
use super::super::study::{Case, Study};
use super::{file_name, told};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A quantity that is drawn over time.
struct Quantity {
    /// As columns begin with it.
    column: &'static str,
    title: &'static str,
    axis: &'static str,
    is_log: bool,
    /// Whether it is drawn for each group too.
    by_group: bool,
}

const QUANTITIES: [Quantity; 5] = [
    Quantity {
        column: "loss",
        title: "Loss",
        axis: "loss",
        is_log: true,
        by_group: true,
    },
    Quantity {
        column: "accuracy",
        title: "Accuracy on test data",
        axis: "accuracy",
        is_log: false,
        by_group: true,
    },
    Quantity {
        column: "test_loss",
        title: "Loss on test data",
        axis: "loss on test data",
        is_log: true,
        by_group: false,
    },
    Quantity {
        column: "regret",
        title: "Regret",
        axis: "regret",
        is_log: true,
        by_group: false,
    },
    Quantity {
        column: "deviation",
        title: "Distance from the optimum",
        axis: "‖θ − θ*‖",
        is_log: true,
        by_group: false,
    },
];

/// More groups are not drawn one by one.
const MOST_GROUPS: usize = 8;

/// How many times its first value, or its last where that is more, a curve may rise within the
/// figure: what diverges would press all others to the bottom.
const ROOM_ABOVE: f64 = 100.0;

/// How many powers of ten a figure spans at most.
const DECADES: i32 = 10;

/// The figures of a case.
pub(super) fn figures(
    study: &Study<'_>,
    number: usize,
    case: &Case<'_>,
    history: &History,
) -> Vec<Figure> {
    let of = |quantity: &Quantity| quantity.figures(study, number, case, history);
    QUANTITIES.iter().flat_map(of).collect()
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
        if seeds > 1 {
            let title = format!("{}: confidence over seeds", self.title);
            let caption = format!(
                "Mean over agents; the band is the 95 % confidence interval of its mean over {seeds} \
                 seeds (Student's t)."
            );
            let lines = all
                .iter()
                .map(|(s, along)| confidence(along, &study.series[*s], *s));
            figures.push(figure(
                "confidence".to_owned(),
                title,
                caption,
                lines.collect(),
            ));
        }
        let caption = format!("Mean over the normal agents; the band reaches {range}.");
        figures.insert(
            0,
            figure(String::new(), self.title.to_owned(), caption, lines(all)),
        );
        let groups = history.groups();
        if self.by_group && (2..=MOST_GROUPS).contains(&groups.len()) {
            for group in groups {
                let of_group = lines(history.along(&group, columns));
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

/// From the least to the greatest value that a logarithmic axis shows.
fn range(all: &[(usize, Along)]) -> Option<[f64; 2]> {
    let shown = |x: &f64| x.is_finite() && *x > 0.0;
    let values = |of: fn(&Along) -> &Vec<f64>| {
        all.iter()
            .flat_map(move |(_, a)| of(a).iter().copied())
            .filter(shown)
    };
    let least = values(|a| &a.least).fold(f64::INFINITY, f64::min);
    let greatest = values(|a| &a.greatest).fold(0.0, f64::max);
    let ends = all
        .iter()
        .flat_map(|(_, a)| [a.mean.first(), a.mean.last()])
        .flatten();
    let mut ends: Vec<f64> = ends.copied().filter(shown).collect();
    ends.sort_by(f64::total_cmp);
    // The greatest end may be that of a curve that diverges; the first of all curves are alike.
    let usual = ends.get(ends.len() / 2)?;
    let high = greatest.min(usual * ROOM_ABOVE).max(least);
    let low = least.max(high * 10f64.powi(-DECADES));
    (low.is_finite() && high > low).then_some([low, high])
}

/// A line of means over runs, with the confidence interval of the mean.
fn confidence(along: &Along, label: &str, color: usize) -> Series {
    let mut band = [Vec::new(), Vec::new()];
    for means in &along.of_runs {
        let [low, high] = interval(means);
        band[0].push(low);
        band[1].push(high);
    }
    Series {
        label: label.to_owned(),
        color,
        x: along.moments.clone(),
        y: along.mean.clone(),
        band: Some(band),
        has_points: false,
    }
}

/// The 95 % confidence interval of the mean of what these are drawn from; NaN for a single one.
fn interval(values: &[f64]) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let t = StudentsT::new(0.0, 1.0, count - 1.0).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
    [mean - t * error, mean + t * error]
}

/// When attacks begin that wait.
fn marks(case: &Case<'_>, history: &History) -> Vec<(f64, String)> {
    let attacks = case
        .results
        .scenario
        .get("attack")
        .and_then(toml::Value::as_array);
    let mark = |attack: &toml::Value| {
        let begins = attack.get("active")?.get("from_iteration")?.as_integer()?;
        let name = attack.get("name").or(attack.get("kind"))?.as_str()?;
        let begins = u64::try_from(begins).ok().filter(|&begins| begins > 0)?;
        Some((history.moment_of(begins)?, format!("{name} begins")))
    };
    attacks.into_iter().flatten().filter_map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_students_t() {
        // t(0.975; 4) = 2.776445, s = √2.5, n = 5.
        let [low, high] = interval(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!(
            (low - 1.036757).abs() < 1e-5 && (high - 4.963243).abs() < 1e-5,
            "{low} {high}"
        );
        assert!(interval(&[1.0])[0].is_nan());
    }
}
