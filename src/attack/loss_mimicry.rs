//! Mimicry of a loss: as bad a model as a victim under the paper's rule does not shut out.
//!
//! Rule (10) of the paper gives weight to whoever does no worse on the victim's own data than the
//! victim itself, φ_ak ≤ φ_kk. The attacker walks from the victim's ψ toward `target` as far as
//! that allows: w(t) = ψ_k + t (target − ψ_k), rounded to `f32`, is allowed where
//!
//! ```text
//! (1 − ν) φ_ak + ν ℓ(w) ≤ (1 − ν) φ_kk + ν ℓ(ψ_k)
//! ```
//!
//! with ℓ the loss on the victim's current batch and φ as it is before the combination; where its
//! rule has no φ, ℓ(w) ≤ ℓ(ψ_k). First t = 1 is tried, and then [0, 1] is halved `steps` times: what
//! is sent is allowed, and what is 2^−steps farther is not. Where not even t = 0 is allowed, since φ
//! remembers worse models of the attacker, it sends ψ_k: nothing regains trust faster without
//! knowing a better model than the victim's. What φ means under other rules than `loss` it does not
//! ask.
//!
//! Source: made for this simulator, to show the limit of rule (10).
//!
//! Needs `victim-data`. Costs steps + 2 losses on the batch for each victim.

use super::dimensions::{fits, target};
use super::{AnyForger, Attack, Forger, Knowledge, Memory, Stage, Unfit, VictimData};
use crate::checkpoint::{Book, Kept};
use crate::settings::{Keys, Numbers};
use crate::units::AgentId;

/// The attack `loss-mimicry`.
#[derive(Clone, Debug)]
pub struct LossMimicry {
    target: Numbers,
    steps: u32,
}

impl LossMimicry {
    /// The value of `kind`.
    pub const NAME: &str = "loss-mimicry";
    /// What it is.
    pub const ABOUT: &str =
        "As far toward a target as the victim's own loss allows: the limit of rule (10)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        LossMimicry {
            target: target(keys),
            steps: keys
                .key("steps", "How often the way to the target is halved")
                .at_least(1.0)
                .at_most(50.0)
                .default(20, "a millionth of the way"),
        }
    }
}

impl Attack for LossMimicry {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        fits("target", &self.target, stage)
    }

    fn knowledge(&self) -> Knowledge {
        Knowledge::VictimData
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::VictimData(Box::new(self.clone()))
    }
}

impl LossMimicry {
    /// w(t) into `model`.
    fn place(&self, own: &[f32], t: f64, model: &mut Vec<f32>) {
        model.clear();
        model.extend(own.iter().enumerate().map(|(j, &x)| {
            let x = f64::from(x);
            (x + t * (self.target.at(j) - x)) as f32
        }));
    }
}

/// Whether the victim accepts a model of this loss beside its own.
fn accepts(memory: Memory, own_loss: f64, loss: f64) -> bool {
    let is_no_worse = match (memory.attacker, memory.own, memory.forgetting) {
        (Some(attacker), Some(own), Some(nu)) => {
            // As the rule writes it, so that both round alike.
            (1.0 - nu) * attacker + nu * loss <= (1.0 - nu) * own + nu * own_loss
        }
        _ => loss <= own_loss,
    };
    // No rule gives weight to a loss that is not finite.
    loss.is_finite() && is_no_worse
}

impl Forger<VictimData<'_>> for LossMimicry {
    fn forge(&mut self, mut sight: VictimData<'_>, payload: &mut Vec<f32>) {
        let (own, _) = sight.network.victim();
        let own_loss = sight.batch.loss(own);
        let mut is_accepted =
            |model: &[f32]| accepts(sight.memory, own_loss, sight.batch.loss(model));
        self.place(own, 1.0, payload);
        if is_accepted(payload) {
            return;
        }
        let (mut accepted, mut refused) = (0.0, 1.0);
        for _ in 0..self.steps {
            let middle = (accepted + refused) / 2.0;
            self.place(own, middle, payload);
            if is_accepted(payload) {
                accepted = middle;
            } else {
                refused = middle;
            }
        }
        self.place(own, accepted, payload);
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack};
    use super::*;

    const SETTINGS: &str = "kind = \"loss-mimicry\"\ntarget = [4.0, 0.0]\nsteps = 30";

    /// Victim 1 at (1, 0); the loss is the square of the first coordinate.
    fn scene() -> Scene {
        let mut scene = Scene::default();
        scene.honest(1, &[1.0, 0.0]).victim(1);
        scene.loss(|model| f64::from(model[0]).powi(2));
        scene
    }

    fn payload(scene: &Scene) -> f64 {
        let payload = scene.payload(&mut attack(SETTINGS).forger(AgentId(0)));
        assert_eq!(payload[1], 0.0);
        f64::from(payload[0])
    }

    #[test]
    fn it_goes_as_far_as_the_victims_rule_allows() {
        let mut scene = scene();
        // 0.9·1 + 0.1·x² ≤ 0.9·2 + 0.1·1: x² ≤ 10, x ≤ 3.1623.
        scene.memory(Some(2.0), Some(1.0), Some(0.1));
        let found = payload(&scene);
        assert!(found <= 10.0_f64.sqrt(), "{found}");
        // An f32 beside the bound.
        assert!(found > 10.0_f64.sqrt() - 1e-6, "{found}");
        // Far more trust: all the way.
        scene.memory(Some(100.0), Some(0.0), Some(0.1));
        assert_eq!(payload(&scene), 4.0);
    }

    #[test]
    fn where_it_has_no_trust_left_it_sends_the_victims_own_model() {
        let mut scene = scene();
        scene.memory(Some(2.0), Some(50.0), Some(0.1));
        assert_eq!(payload(&scene), 1.0);
    }

    #[test]
    fn without_memory_the_loss_on_the_batch_decides() {
        let mut scene = scene();
        scene.loss(|model| (f64::from(model[0]) - 1.5).powi(2));
        for (own, attacker, nu) in [(None, None, None), (Some(9.0), Some(0.0), None)] {
            scene.memory(own, attacker, nu);
            // (x − 1.5)² ≤ 0.25.
            assert!((payload(&scene) - 2.0).abs() < 1e-6);
        }
    }

    #[test]
    fn losses_that_overflow_are_not_accepted() {
        let mut scene = scene();
        scene.memory(Some(f64::MAX), Some(0.0), Some(0.1));
        scene.loss(|model| if model[0] > 2.0 { f64::INFINITY } else { 0.0 });
        let found = payload(&scene);
        assert!((found - 2.0).abs() < 1e-6, "{found}");
        scene.loss(|_| f64::NAN);
        assert_eq!(payload(&scene), 1.0);
    }
}
