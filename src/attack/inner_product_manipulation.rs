//! Inner product manipulation: against the honest mean.
//!
//! Source: C. Xie, O. Koyejo, I. Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner
//! Product Manipulation", UAI 2019. The payload is −ε μ of the honest models known. Published code
//! has ε of 0.1, 1, 2 and 10, so that it has no default here.
//!
//! Needs `neighbors`. Costs O(|H| d) in an iteration; one payload for all victims.

use super::moments::mean;
use super::per_iteration::PerIteration;
use super::{AnyForger, Attack, Forger, Knowledge, Models};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `inner-product-manipulation`.
#[derive(Clone, Debug)]
pub struct InnerProductManipulation {
    epsilon: f64,
}

impl InnerProductManipulation {
    /// The value of `kind`.
    pub const NAME: &str = "inner-product-manipulation";
    /// What it is.
    pub const ABOUT: &str = "Sends −ε times the mean of the honest models known (Xie et al. 2019)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        InnerProductManipulation {
            epsilon: keys
                .key("epsilon", "How far against the mean, in means")
                .symbol("ε")
                .above(0.0)
                .at_most(f64::from(f32::MAX))
                .required(),
        }
    }
}

impl Attack for InnerProductManipulation {
    fn knowledge(&self) -> Knowledge {
        Knowledge::Neighbors
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Listening(Box::new(Opposite {
            epsilon: self.epsilon,
            mean: PerIteration::default(),
        }))
    }
}

struct Opposite {
    epsilon: f64,
    mean: PerIteration<Vec<f64>>,
}

impl Forger<Models<'_>> for Opposite {
    fn forge(&mut self, sight: Models<'_>, payload: &mut Vec<f32>) {
        let mean = self
            .mean
            .at(sight.own.iteration, |mu| mean(sight.honest, mu));
        payload.extend(mean.iter().map(|mu| (-self.epsilon * mu) as f32));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack};
    use super::*;

    #[test]
    fn it_sends_the_mean_turned_round() {
        let mut scene = Scene::default();
        scene.honest(1, &[1.0, -4.0]).honest(2, &[3.0, 2.0]);
        let settings = "kind = \"inner-product-manipulation\"\nepsilon = 0.5";
        let mut forger = attack(settings).forger(AgentId(0));
        assert!(!forger.is_by_victim());
        assert_eq!(scene.payload(&mut forger), [-1.0, 0.5]);
        // The next iteration has another mean.
        scene.next_iteration().honest(1, &[5.0, -2.0]);
        assert_eq!(scene.payload(&mut forger), [-2.0, 0.0]);
    }
}
