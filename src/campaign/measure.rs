//! What points are judged by: one order for everything that compares them.

use crate::record::Summary;

/// What points are judged by, the first of them that there is.
///
/// Regret first: it is against a known optimum, without noise. Then what test data say. Losses in the
/// steady state are on the batches that have chosen the weights, and so too low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Regret in the steady state, where optima are known.
    Regret,
    /// Accuracy on test data at the end, where classes are predicted.
    Accuracy,
    /// Loss on test data at the end.
    TestLoss,
    /// Loss in the steady state, on the batches of the iterations.
    Loss,
}

impl Measure {
    /// All of them, the one first by which points are judged rather than by others.
    pub const ALL: [Measure; 4] = [
        Measure::Regret,
        Measure::Accuracy,
        Measure::TestLoss,
        Measure::Loss,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Regret => "regret in the steady state",
            Measure::Accuracy => "accuracy at the end",
            Measure::TestLoss => "loss on test data at the end",
            Measure::Loss => "loss in the steady state",
        }
    }

    /// The same in the heads of tables.
    pub fn short_name(self) -> &'static str {
        match self {
            Measure::Regret => "steady regret",
            Measure::Accuracy => "accuracy",
            Measure::TestLoss => "test loss",
            Measure::Loss => "steady loss",
        }
    }

    /// What its column is called in files, or how the name begins.
    pub fn column(self) -> &'static str {
        match self {
            Measure::Regret => "steady_regret",
            Measure::Accuracy => "final_accuracy",
            Measure::TestLoss => "final_test_loss",
            Measure::Loss => "steady_loss",
        }
    }

    /// That of points with these summaries: the first that any of them has.
    pub fn of<'a>(summaries: impl Iterator<Item = &'a Summary> + Clone) -> Option<Measure> {
        let has = |measure: &Measure| {
            let mut summaries = summaries.clone();
            summaries.any(|s| s.number(&measure.path()).is_some())
        };
        Measure::ALL.into_iter().find(has)
    }

    /// Where summaries have it.
    pub fn path(self) -> [&'static str; 3] {
        match self {
            Measure::Regret => ["steady", "regret", "mean"],
            Measure::Accuracy => ["final", "accuracy", "mean"],
            Measure::TestLoss => ["final", "test_loss", "mean"],
            Measure::Loss => ["steady", "loss", "mean"],
        }
    }

    /// Whether `a` is worse than `b`.
    pub fn is_worse(self, a: f64, b: f64) -> bool {
        match self {
            Measure::Accuracy => a < b,
            Measure::Regret | Measure::TestLoss | Measure::Loss => a > b,
        }
    }
}
