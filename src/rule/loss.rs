//! The paper's rule: weights ∝ 1/φ of accumulated losses on the agent's own data, equation (9),
//! and without those that do worse than the agent itself, equation (10).

use super::accumulated::{Accumulated, invert, normalize};
use super::{Combination, Combiner, InitialValue, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept, keep};
use crate::settings::{Choice, Chosen, Keys, Schedule};

/// The rule `loss`. Costs one loss per model present, O(|N_k| (d_x + d_y)) per sample of the
/// batch, beside the sum.
#[derive(Clone, Debug)]
pub struct Loss {
    forgetting: Schedule,
    initial: f64,
    filter: bool,
    baseline: Baseline,
    unseen: Unseen,
    age_discount: f64,
}

/// What is subtracted from φ in the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Baseline {
    /// Nothing.
    #[default]
    Zero,
    /// The accumulated loss of the agent's own combined model (paper §5.1).
    Own,
}

impl Choice for Baseline {
    const NAMES: &'static [(&'static str, Self)] = &[("zero", Self::Zero), ("own", Self::Own)];
}

/// What becomes of φ of a neighbor whose model is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Unseen {
    /// Nothing.
    #[default]
    Keep,
    /// It goes back toward the initial value at the rate of forgetting.
    Decay,
    /// It is the initial value again.
    Reset,
}

impl Choice for Unseen {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("keep", Self::Keep),
        ("decay", Self::Decay),
        ("reset", Self::Reset),
    ];
}

impl Loss {
    /// The value of `rule.kind`.
    pub const NAME: &str = "loss";
    /// What it is.
    pub const ABOUT: &str =
        "Weights inverse to the accumulated loss on the own data; the paper's rule (9), (10)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let forgetting = keys
            .key(
                "forgetting",
                "How fast φ forgets: φ ← (1−ν) φ + ν ℓ; 1 is the batch loss alone",
            )
            .symbol("ν")
            .above(0.0)
            .at_most(1.0)
            .default(Schedule::constant(0.1), "paper §4");
        let initial = keys
            .key("initial", "φ before the first model")
            .symbol("φ_0")
            .at_least(0.0)
            .default(10.0, "paper §4");
        let filter = keys
            .key(
                "filter",
                "Whether only neighbors with φ_lk ≤ φ_kk get weight: rule (10), else (9)",
            )
            .default(true, "paper (10)");
        let Chosen(baseline) = keys
            .key(
                "baseline",
                "What is subtracted from φ in the weights: nothing, or the own risk",
            )
            .default(Chosen(Baseline::Zero), "paper (9); own: §5.1");
        let Chosen(unseen) = keys
            .key(
                "unseen",
                "What becomes of φ of a neighbor whose model is missing: it stays, \
                 goes back toward φ_0, φ ← (1−ν) φ + ν φ_0, or is φ_0 again",
            )
            .default(Chosen(Unseen::Keep), "the paper's rule");
        let age_discount = keys
            .key(
                "age_discount",
                "Factor on a weight for every iteration that the model is old",
            )
            .symbol("γ")
            .above(0.0)
            .at_most(1.0)
            .default(1.0, "the paper's rule");
        Loss {
            forgetting,
            initial,
            filter,
            baseline,
            unseen,
            age_discount,
        }
    }
}

impl Rule for Loss {
    fn combiner(&self, _: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Memory {
            accumulated: Accumulated::new(self.initial),
            own_risk: self.initial,
            rule: self.clone(),
        })
    }

    fn forgetting(&self, iteration: u64) -> Option<f64> {
        Some(self.forgetting.at(iteration))
    }

    fn initial_value(&self) -> Option<InitialValue> {
        Some(InitialValue {
            key: "initial",
            of: "φ",
            value: self.initial,
            forgetting: self.forgetting,
        })
    }
}

struct Memory {
    rule: Loss,
    accumulated: Accumulated,
    /// φ of the agent's own combined model, where the baseline needs it.
    own_risk: f64,
}

impl Memory {
    /// The accumulated loss of θ_{k,i−1}, with the same memory as φ.
    fn own_risk(&mut self, hood: &mut Neighborhood<'_>, forgetting: f64) -> f64 {
        let loss = hood.objective.loss(hood.previous);
        if loss.is_finite() {
            self.own_risk = (1.0 - forgetting) * self.own_risk + forgetting * loss;
        }
        self.own_risk
    }

    /// What missing models do to φ.
    fn miss(&mut self, absent: &[usize], forgetting: f64) {
        for &slot in absent {
            match self.rule.unseen {
                Unseen::Keep => {}
                Unseen::Decay => self.accumulated.decay(slot, forgetting),
                Unseen::Reset => self.accumulated.reset(slot),
            }
        }
    }
}

impl Combiner for Memory {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let forgetting = self.rule.forgetting.at(hood.iteration);
        self.miss(hood.absent, forgetting);
        for (index, candidate) in hood.candidates.iter().enumerate() {
            out.losses[index] = hood.loss(index);
            out.accumulated[index] =
                self.accumulated
                    .observe(candidate.slot, out.losses[index], forgetting);
        }
        if !hood.own_loss.is_finite() {
            return Outcome::Own;
        }
        let baseline = match self.rule.baseline {
            Baseline::Zero => 0.0,
            Baseline::Own => self.own_risk(hood, forgetting),
        };
        let bound = if self.rule.filter {
            out.accumulated[hood.own]
        } else {
            f64::INFINITY
        };
        for (weight, (loss, &accumulated)) in out
            .weights
            .iter_mut()
            .zip(out.losses.iter().zip(&out.accumulated))
        {
            let accepted = loss.is_finite() && accumulated <= bound;
            *weight = if accepted {
                accumulated - baseline
            } else {
                f64::NAN
            };
        }
        invert(&mut out.weights);
        for (weight, candidate) in out.weights.iter_mut().zip(hood.candidates) {
            *weight *= self.rule.age_discount.powf(candidate.age as f64);
        }
        // The own model is always accepted and never old, so the sum is above 0.
        normalize(&mut out.weights);
        Outcome::Weighted
    }

    fn accumulated(&self, slot: usize) -> Option<f64> {
        Some(self.accumulated.get(slot))
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.accumulated.keep(book)?;
        keep!(book: self.own_risk)
    }
}
