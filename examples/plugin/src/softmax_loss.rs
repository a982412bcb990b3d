//! A rule: weights ∝ exp(−ℓ/T), so that twice the loss costs more than half of the weight.

use byzsim::checkpoint::{Book, Kept};
use byzsim::rule::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use byzsim::settings::Keys;

/// The rule `softmax-loss`. Costs one loss per model present.
#[derive(Clone, Debug)]
pub struct SoftmaxLoss {
    temperature: f64,
}

impl SoftmaxLoss {
    /// The value of `rule.kind`.
    pub const NAME: &str = "softmax-loss";
    /// What it is, for `list` and documentation.
    pub const ABOUT: &str = "Weights exp(−ℓ/T) of the losses on the own batch";

    /// Declares and reads its keys; what stands in the table beside them is an error.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        SoftmaxLoss {
            temperature: keys
                .key("temperature", "Loss by which a weight falls to 1/e")
                .symbol("T")
                .above(0.0)
                .default(1.0, "own choice"),
        }
    }
}

impl Rule for SoftmaxLoss {
    /// Each agent has a combiner of its own, which may remember things; this one has nothing to.
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(self.clone())
    }
}

impl Combiner for SoftmaxLoss {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        if !hood.own_loss.is_finite() {
            return Outcome::Own;
        }
        for index in 0..hood.candidates.len() {
            let loss = hood.loss(index);
            out.losses[index] = loss;
            // From the own loss on, so that exp does not overflow; a loss that is no number counts
            // for nothing.
            let weight = ((hood.own_loss - loss) / self.temperature).min(30.0).exp();
            out.weights[index] = if loss.is_finite() { weight } else { 0.0 };
        }
        let sum: f64 = out.weights.iter().sum();
        out.weights.iter_mut().for_each(|weight| *weight /= sum);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
