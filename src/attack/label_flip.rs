//! Label flipping: an honest agent with false labels.
//!
//! Source: B. Biggio, B. Nelson, P. Laskov, "Support Vector Machines Under Adversarial Label Noise",
//! ACML 2011, and, with labels C − 1 − y in federated learning, M. Fang, X. Cao, J. Jia, N. Gong,
//! "Local Model Poisoning Attacks to Byzantine-Robust Federated Learning", USENIX Security 2020.
//! While the attack is on, the agent trains on labels C − 1 − y and sends what comes of it.
//!
//! Needs `none`, and a task with classes. Costs no more than an honest agent.

use super::{AnyForger, Attack, Forger, OwnState};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;

/// The attack `label-flip`.
#[derive(Clone, Debug)]
pub struct LabelFlip;

impl LabelFlip {
    /// The value of `kind`.
    pub const NAME: &str = "label-flip";
    /// What it is.
    pub const ABOUT: &str = "Trains honestly on labels C − 1 − y (Fang et al. 2020)";

    /// Declares and reads its keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        LabelFlip
    }
}

impl Attack for LabelFlip {
    fn flips_labels(&self) -> bool {
        true
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for LabelFlip {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        payload.extend_from_slice(sight.honest);
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
    fn it_sends_its_own_model_which_learned_from_flipped_labels() {
        let attack = attack("kind = \"label-flip\"");
        assert!(attack.flips_labels());
        let mut scene = Scene::default();
        scene.own(&[1.0, 2.0]).honest(1, &[5.0, 6.0]);
        assert_eq!(scene.payload(&mut attack.forger(AgentId(0))), [1.0, 2.0]);
    }
}
