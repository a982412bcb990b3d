//! The mean of each coordinate without its f lowest and f highest values.

use super::sorted::{by_coordinate, mean};
use super::tolerated::{Precondition, Tolerance};
use super::{Combination, Combiner, Misfit, Neighborhood, Outcome, Place, Rule};
use crate::settings::Keys;

/// The rule `trimmed-mean`; O(|N_k| log² |N_k| d). The own model is one of those that are trimmed.
/// The values that stay are added up in `f64` in ascending order.
///
/// Yin, Chen, Ramchandran, Bartlett, "Byzantine-robust distributed learning: towards optimal
/// statistical rates", 2018.
#[derive(Clone, Debug)]
pub struct TrimmedMean {
    tolerance: Tolerance,
}

impl TrimmedMean {
    /// The value of `rule.kind`.
    pub const NAME: &str = "trimmed-mean";
    /// What it is.
    pub const ABOUT: &str =
        "The mean of each coordinate without its f lowest and f highest values; 2f < n";

    const NEEDS: Precondition = Precondition {
        says: "2f < n",
        largest: |models| models.checked_sub(1).map(|others| others / 2),
    };

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        TrimmedMean {
            tolerance: Tolerance::read(keys, Self::NEEDS),
        }
    }
}

impl Rule for TrimmedMean {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Trimming {
            f: self.tolerance.at(place),
            rule: self.clone(),
        })
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Misfit> {
        self.tolerance.check(place)
    }
}

struct Trimming {
    rule: TrimmedMean,
    /// In the full neighborhood.
    f: usize,
}

impl Combiner for Trimming {
    fn rewire(&mut self, place: &Place<'_>) {
        self.f = self.rule.tolerance.at(place);
    }

    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let present = hood.candidates.len();
        let Some(f) = self.rule.tolerance.among(self.f, present, out) else {
            return Outcome::Own;
        };
        let trimmed = |rows: &[_]| mean(&rows[f..present - f]);
        by_coordinate(hood.candidates, trimmed, &mut out.model);
        Outcome::Model
    }
}
