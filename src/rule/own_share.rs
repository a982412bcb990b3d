//! A share of the weight for the own model, the rest shared out evenly among the neighbors that a
//! rule has accepted.

use crate::settings::Keys;

/// The setting `own_share`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnShare(f64);

impl OwnShare {
    /// Declares and reads `own_share`; `source` says where its default, a half, comes from.
    pub(super) fn read(keys: &mut Keys<'_>, source: &'static str) -> OwnShare {
        let share = keys
            .key(
                "own_share",
                "Weight of the own model; the neighbors accepted share the rest evenly",
            )
            .symbol("α")
            .at_least(0.0)
            .at_most(1.0)
            .default(0.5, source);
        OwnShare(share)
    }

    /// Sets the weights, which are 0: α for the own model, (1−α)/|accepted| for each neighbor
    /// accepted; everything for the own model where nobody is.
    pub(super) fn spread(self, own: usize, accepted: &[usize], weights: &mut [f64]) {
        let each = (1.0 - self.0) / accepted.len() as f64;
        for &candidate in accepted {
            weights[candidate] = each;
        }
        weights[own] = if accepted.is_empty() { 1.0 } else { self.0 };
    }
}
