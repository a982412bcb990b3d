//! Rules against attacks: where a sweep has both, what each rule comes to under each attack, and its
//! worst case.

use super::PointOutcome;
use crate::scenario::{Point, RunId, ScenarioFile};

/// The matrix of a sweep over rules and attacks.
pub struct Matrix {
    /// What its cells are means of, over all points with their rule and attack.
    pub measure: Measure,
    /// Labels of the rules, in the order of the sweep.
    pub rules: Vec<String>,
    /// Labels of the attacks.
    pub attacks: Vec<String>,
    /// By rule, then by attack; `None` where no point has come to its end.
    pub cells: Vec<Vec<Option<f64>>>,
}

/// What points are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Accuracy on test data at the end, where there is such.
    Accuracy,
    /// Regret in the steady state, where optima are known.
    Regret,
    /// Loss in the steady state.
    Loss,
}

impl Measure {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Accuracy => "accuracy at the end",
            Measure::Regret => "regret in the steady state",
            Measure::Loss => "loss in the steady state",
        }
    }

    fn path(self) -> [&'static str; 3] {
        match self {
            Measure::Accuracy => ["final", "accuracy", "mean"],
            Measure::Regret => ["steady", "regret", "mean"],
            Measure::Loss => ["steady", "loss", "mean"],
        }
    }

    /// Whether `a` is worse than `b`.
    fn is_worse(self, a: f64, b: f64) -> bool {
        match self {
            Measure::Accuracy => a < b,
            Measure::Regret | Measure::Loss => a > b,
        }
    }
}

impl Matrix {
    /// The matrix of a sweep with several rules and several attacks, if it is one.
    pub fn new(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Option<Matrix> {
        let rules = labels(file, "rule")?;
        let attacks = labels(file, "attack")?;
        let has = |measure: &Measure| {
            let summaries = outcomes.iter().filter_map(|(_, o)| o.summary());
            summaries
                .into_iter()
                .any(|s| s.number(&measure.path()).is_some())
        };
        let measures = [Measure::Accuracy, Measure::Regret, Measure::Loss];
        let measure = measures.into_iter().find(has)?;
        let cell = |rule: &String, attack: &String| {
            let points = file.points.iter().zip(outcomes);
            let here = points.filter(|(point, _)| {
                label(point, "rule").as_ref() == Some(rule)
                    && label(point, "attack").as_ref() == Some(attack)
            });
            let numbers = here.filter_map(|(_, (_, o))| o.summary()?.number(&measure.path()));
            let (sum, count) = numbers.fold((0.0, 0), |(sum, n), x| (sum + x, n + 1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let row = |rule| attacks.iter().map(|attack| cell(rule, attack)).collect();
        Some(Matrix {
            measure,
            cells: rules.iter().map(row).collect(),
            rules,
            attacks,
        })
    }

    /// The attack under which a rule does worst, and what it comes to.
    pub fn worst(&self, rule: usize) -> Option<(&str, f64)> {
        let cells = self.attacks.iter().zip(&self.cells[rule]);
        let known = cells.filter_map(|(attack, cell)| Some((&**attack, (*cell)?)));
        known.reduce(
            |worst, other| match self.measure.is_worse(other.1, worst.1) {
                true => other,
                false => worst,
            },
        )
    }
}

/// The label that a swept table has at a point.
fn label(point: &Point, key: &str) -> Option<String> {
    let found = point.settings.iter().find(|s| s.key == key);
    found.map(|setting| setting.value.to_string())
}

/// The labels of a swept table in their order, if there are several.
fn labels(file: &ScenarioFile, key: &str) -> Option<Vec<String>> {
    let mut labels = Vec::new();
    for point in &file.points {
        let label = label(point, key)?;
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    (labels.len() > 1).then_some(labels)
}
