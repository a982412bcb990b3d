//! What a victim under the paper's rule accepts on its current batch, φ included.

use super::{Batch, Memory};

/// A victim's filter, φ_ak ≤ φ_kk of rule (10), as a bound on the loss of what an attacker sends.
pub(super) struct Acceptance<'a> {
    batch: Batch<'a>,
    memory: Memory,
    /// ℓ(ψ_k).
    own_loss: f64,
}

impl<'a> Acceptance<'a> {
    /// Of a victim whose model is `own`, shape `[d]`.
    pub fn new(mut batch: Batch<'a>, memory: Memory, own: &[f32]) -> Acceptance<'a> {
        Acceptance {
            own_loss: batch.loss(own),
            batch,
            memory,
        }
    }

    /// Whether the victim accepts anything at all beside its own model.
    pub fn is_possible(&self) -> bool {
        self.own_loss.is_finite()
    }

    /// ℓ(ψ_k).
    pub fn own_loss(&self) -> f64 {
        self.own_loss
    }

    /// The victim's current batch.
    pub fn batch(&mut self) -> &mut Batch<'a> {
        &mut self.batch
    }

    /// The greatest loss that is accepted, but for rounding: [`Acceptance::takes`] decides. Below 0
    /// where φ remembers too much.
    pub fn bound(&self) -> f64 {
        match (
            self.memory.attacker,
            self.memory.own,
            self.memory.forgetting,
        ) {
            (Some(attacker), Some(own), Some(nu)) => {
                self.own_loss + (1.0 - nu) * (own - attacker) / nu
            }
            _ => self.own_loss,
        }
    }

    /// Whether a model of this loss is accepted.
    pub fn takes(&self, loss: f64) -> bool {
        let is_no_worse = match (
            self.memory.attacker,
            self.memory.own,
            self.memory.forgetting,
        ) {
            (Some(attacker), Some(own), Some(nu)) => {
                // As the rule writes it, so that both round alike.
                (1.0 - nu) * attacker + nu * loss <= (1.0 - nu) * own + nu * self.own_loss
            }
            _ => loss <= self.own_loss,
        };
        // No rule gives weight to a loss that is not finite.
        loss.is_finite() && is_no_worse
    }

    /// The loss of a model, shape `[d]`, if the model is finite and accepted.
    pub fn try_model(&mut self, model: &[f32]) -> Option<f64> {
        if !model.iter().all(|x| x.is_finite()) {
            return None;
        }
        let loss = self.batch.loss(model);
        self.takes(loss).then_some(loss)
    }
}
