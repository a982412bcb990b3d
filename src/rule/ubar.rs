//! The nearest neighbors, and of those the ones whose loss is no worse than the agent's own.

use super::own_share::OwnShare;
use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::kernel;
use crate::settings::Keys;

/// The rule `ubar`. Of the n neighbors whose models are present the ⌊ρ n⌋ nearest to the own model
/// are looked at, at least one. Those among them are accepted whose loss on the agent's batch is at
/// most its own, or else the one with the least loss: α own + (1−α) mean of the accepted. Ties go to
/// the lower number.
///
/// A loss that is not finite is never accepted: where all are such, and where the agent's own is, it
/// keeps its own model.
///
/// O(|N_k| d) for the distances, and ρ|N_k| losses.
///
/// Guo, Zhang, Yu, Xie, Ma, Xiang, Liu, "Byzantine-resilient decentralized stochastic gradient
/// descent", IEEE Transactions on Circuits and Systems for Video Technology, 2022 (arXiv:2002.08569,
/// 2020).
#[derive(Clone, Debug)]
pub struct Ubar {
    keep_fraction: f64,
    own_share: OwnShare,
}

/// Where the defaults come from.
const SOURCE: &str = "Guo et al. 2022";

impl Ubar {
    /// The value of `rule.kind`.
    pub const NAME: &str = "ubar";
    /// What it is.
    pub const ABOUT: &str =
        "The own model and the mean of near neighbors that do no worse on the batch; Guo et al.";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let keep_fraction = keys
            .key(
                "keep_fraction",
                "Share of the neighbors, the nearest, whose loss is looked at; at least one",
            )
            .symbol("ρ")
            .above(0.0)
            .at_most(1.0)
            .default(0.4, SOURCE);
        Ubar {
            keep_fraction,
            own_share: OwnShare::read(keys, SOURCE),
        }
    }

    /// How many of so many neighbors are looked at.
    fn near(&self, neighbors: usize) -> usize {
        // A product that should be whole may fall short of it by a rounding error.
        let share = (self.keep_fraction * neighbors as f64 + 1e-9) as usize;
        share.max(1).min(neighbors)
    }
}

impl Rule for Ubar {
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Choosing {
            rule: self.clone(),
            nearest: Vec::new(),
            accepted: Vec::new(),
        })
    }
}

/// Buffers.
struct Choosing {
    rule: Ubar,
    /// ‖ψ_l − ψ_k‖² of the neighbors, with their candidates.
    nearest: Vec<(f64, usize)>,
    accepted: Vec<usize>,
}

impl Combiner for Choosing {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        out.losses[hood.own] = hood.own_loss;
        if !hood.own_loss.is_finite() {
            return Outcome::Own;
        }
        let own = hood.candidates[hood.own].model;
        let others = (0..hood.candidates.len()).filter(|&l| l != hood.own);
        self.nearest.clear();
        self.nearest
            .extend(others.map(|l| (kernel::squared_distance(own, hood.candidates[l].model), l)));
        // By distance, then by number.
        self.nearest
            .sort_unstable_by(|(a, l), (b, m)| a.total_cmp(b).then(l.cmp(m)));
        self.nearest.truncate(self.rule.near(self.nearest.len()));
        for &(_, l) in &self.nearest {
            out.losses[l] = hood.loss(l);
        }

        let near = self.nearest.iter().map(|&(_, l)| l);
        self.accepted.clear();
        self.accepted
            .extend(near.clone().filter(|&l| out.losses[l] <= hood.own_loss));
        if self.accepted.is_empty() {
            let finite = near.filter(|&l| out.losses[l].is_finite());
            let best = finite.min_by(|&l, &m| {
                let by_loss = out.losses[l].total_cmp(&out.losses[m]);
                by_loss.then(l.cmp(&m))
            });
            self.accepted.extend(best);
        }
        self.rule
            .own_share
            .spread(hood.own, &self.accepted, &mut out.weights);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
