//! Dissensus: cancels what a victim learns from its honest neighbors.
//!
//! Source: L. He, S. P. Karimireddy, M. Jaggi, "Byzantine-Robust Decentralized Learning via
//! ClippedGossip", arXiv:2202.01545, 2022. Victim i gets
//!
//! ```text
//! x_i − ε Σ_{j∈H} w_ij (x_j − x_i) / Σ_{b∈B} w_ib
//! ```
//!
//! where x are the models ψ, H and B the victim's honest and Byzantine neighbors, and
//! w_ij = 1/(1 + max(deg_i, deg_j)) Metropolis weights. Under rule `metropolis`, if all of B send
//! this, ε = 1 leaves the victim where it was, and a greater ε drives it away from its neighbors.
//! Neighbors whose model is not known are in no sum.
//!
//! Needs `omniscient`. Costs O(|N_i| d) for each victim.

use super::{AnyForger, Attack, Forger, Knowledge, Neighbor, Network};
use crate::checkpoint::{Book, Kept};
use crate::kernel::add_weighted;
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `dissensus`.
#[derive(Clone, Debug)]
pub struct Dissensus {
    epsilon: f64,
}

impl Dissensus {
    /// The value of `kind`.
    pub const NAME: &str = "dissensus";
    /// What it is.
    pub const ABOUT: &str =
        "Cancels what a victim gets from its honest neighbors (He, Karimireddy, Jaggi 2022)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Dissensus {
            epsilon: keys
                .key(
                    "epsilon",
                    "How much of it is canceled; above 1, turned round",
                )
                .symbol("ε")
                .above(0.0)
                .at_most(f64::from(f32::MAX))
                .default(1.0, "cancels it under rule metropolis"),
        }
    }
}

impl Attack for Dissensus {
    fn knowledge(&self) -> Knowledge {
        Knowledge::Omniscient
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Omniscient(Box::new(Canceler {
            epsilon: self.epsilon,
            sum: Vec::new(),
        }))
    }
}

struct Canceler {
    epsilon: f64,
    /// The payload before it is rounded, shape `[d]`.
    sum: Vec<f64>,
}

impl Forger<Network<'_>> for Canceler {
    fn forge(&mut self, sight: Network<'_>, payload: &mut Vec<f32>) {
        let (own, _) = sight.victim();
        let degree = sight.neighbors.len();
        let weight = |l: &Neighbor| 1.0 / (1.0 + degree.max(l.degree) as f64);
        let byzantine = sight.neighbors.iter().filter(|l| l.is_byzantine);
        // The attacker is a neighbor, so the sum is above 0.
        let factor = self.epsilon / byzantine.map(weight).sum::<f64>();
        self.sum.clear();
        self.sum.extend(own.iter().map(|&x| f64::from(x)));
        for (neighbor, model) in sight.honest_neighbors() {
            let share = factor * weight(&neighbor);
            add_weighted(&mut self.sum, -share, model);
            add_weighted(&mut self.sum, share, own);
        }
        payload.extend(self.sum.iter().map(|&x| x as f32));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack};
    use super::*;

    /// Victim 2 with honest neighbors 1 and 5 of degrees 2 and 5, and attackers 0 and 7 of degrees
    /// 1 and 7: weights 1/5, 1/6, and 1/5, 1/8.
    fn scene() -> Scene {
        let mut scene = Scene::default();
        scene
            .honest(1, &[1.0, 2.0])
            .honest(2, &[0.5, -1.0])
            .honest(3, &[100.0, 100.0])
            .honest(5, &[-1.0, 4.0])
            .victim(2)
            .neighbor(0, 1, true)
            .neighbor(1, 2, false)
            .neighbor(5, 5, false)
            .neighbor(7, 7, true);
        scene
    }

    #[test]
    fn it_sends_the_victim_away_from_its_honest_neighbors() {
        let mut forger = attack("kind = \"dissensus\"\nepsilon = 2.0").forger(AgentId(0));
        let found = scene().payload(&mut forger);
        // (1/5·0.5 − 1/6·1.5) = −0.15 and (1/5·3 + 1/6·5) = 43/30, over 13/40, twice.
        let expected = [0.5 + 2.0 * 0.15 / 0.325, -1.0 - 2.0 * (43.0 / 30.0) / 0.325];
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-6,
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn by_default_a_victim_under_metropolis_weights_stays_where_it_is() {
        let mut forger = attack("kind = \"dissensus\"").forger(AgentId(0));
        let found = scene().payload(&mut forger);
        for (j, own) in [0.5, -1.0].into_iter().enumerate() {
            let honest = [([1.0, 2.0], 1.0 / 5.0), ([-1.0, 4.0], 1.0 / 6.0)];
            let honest = honest.map(|(x, weight): ([f64; 2], f64)| weight * (x[j] - own));
            let byzantine = (1.0 / 5.0 + 1.0 / 8.0) * (f64::from(found[j]) - own);
            let moved: f64 = honest.iter().sum::<f64>() + byzantine;
            // The payload is an f32.
            assert!(moved.abs() < 1e-6, "{moved}");
        }
    }

    #[test]
    fn neighbors_that_nobody_knows_anything_of_are_left_out() {
        let mut scene = scene();
        let mut forger = attack("kind = \"dissensus\"").forger(AgentId(0));
        scene.forget(5);
        let found = scene.payload(&mut forger);
        let expected = 0.5 - 0.1 / 0.325;
        assert!((f64::from(found[0]) - expected).abs() < 1e-6, "{found:?}");
    }
}
