//! The paper's rule: weights ∝ 1/φ of accumulated losses on the agent's own data, equation (9),
//! and without those that do worse than the agent itself, equation (10).
//!
//! # Which batch judges
//!
//! With `judge = "current"`, the paper's, models are judged on the batch that ψ_k was learned from,
//! which exists before the models come: an attacker that knows it can send a model that does well on
//! this batch and nowhere else (see the attack `loss-mimicry`). With `judge = "fresh"` all models, the
//! own one included, are judged on a batch that is drawn when the models have come. No agent learns
//! from it and no attacker sees it, so that a loss on it is an unbiased estimate of the risk, for ψ_k
//! too, which on its own batch looks better than it is. It costs one more batch in an iteration, the
//! current one drawn again after it, and one loss more, that of ψ_k. On finite data it is a random
//! batch of the agent's own training rows, most of which the agent has learned from before: it is
//! fresh for the others alone. It does not protect against models that do no worse in the mean and
//! lie elsewhere (directions in which the agent's data say little), against models that do worse by
//! less than φ can tell over some 1/ν batches, or against an attacker that is trusted until it
//! changes its mind.
//!
//! # Baseline
//!
//! With `baseline = "own"` (paper §5.1) the weights are ∝ (φ_lk − r_k)⁻¹, with r_k the accumulated
//! loss of the agent's own combined models, each on the batch of the iteration that it was combined
//! in, or with `judge = "fresh"` on the fresh batch: θ_{k,i−1} has not seen the batch that ψ_k was
//! learned from, and would look worse beside it than it is. A difference that is small or negative
//! would give all weight to one model. So it is at least a tenth of φ_lk: the baseline makes no weight
//! more than ten times that of equation (9), and weights fall with φ whatever the baseline is. How
//! often this floor acts is in the summary, `filter.floored`, the share of the models with weight
//! that are on it. In an agent's first combination there is no combined model yet: the baseline is 0,
//! and r_k begins as φ_kk.

use super::accumulated::{Accumulated, invert, normalize};
use super::{Combination, Combiner, InitialValue, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept, keep};
use crate::settings::{Choice, Chosen, Keys, Schedule};
use crate::task::FRESH;

/// φ_lk − r_k is taken to be at least this share of φ_lk.
const FLOOR: f64 = 0.1;

/// The rule `loss`. Costs one loss per neighbor's model present, O(|N_k| (d_x + d_y)) per sample of
/// the batch, beside the sum; with a baseline or a fresh batch one batch and one loss more each.
#[derive(Clone, Debug)]
pub struct Loss {
    forgetting: Schedule,
    initial: f64,
    filter: bool,
    judge: Judge,
    baseline: Baseline,
    unseen: Unseen,
    age_discount: f64,
}

/// The batch that models are judged on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Judge {
    /// The one that ψ_k was learned from.
    #[default]
    Current,
    /// One drawn after the models have come.
    Fresh,
}

impl Choice for Judge {
    const NAMES: &'static [(&'static str, Self)] =
        &[("current", Self::Current), ("fresh", Self::Fresh)];
}

/// What is subtracted from φ in the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Baseline {
    /// Nothing.
    #[default]
    Zero,
    /// The accumulated loss of the agent's own combined models (paper §5.1).
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
            .default(Schedule::constant(0.1), "paper appendix B");
        let initial = keys
            .key("initial", "φ before the first model")
            .symbol("φ_0")
            .at_least(0.0)
            .default(10.0, "paper appendix B");
        let filter = keys
            .key(
                "filter",
                "Whether only neighbors with φ_lk ≤ φ_kk get weight: rule (10), else (9)",
            )
            .default(true, "paper (10)");
        let Chosen(judge) = keys
            .key(
                "judge",
                "Whether models are judged on the batch that trained the own model, or on a fresh \
                 one, drawn after they arrived, that no attacker has seen",
            )
            .default(Chosen(Judge::Current), "the paper's rule");
        let Chosen(baseline) = keys
            .key(
                "baseline",
                "What is subtracted from φ in the weights, down to a tenth of φ: nothing, or the \
                 accumulated loss of the own combined models",
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
            judge,
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
            combined: None,
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
    /// What the baseline needs, from the first combination on.
    combined: Option<Combined>,
}

/// What is known of the agent's own combined models.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Combined {
    /// r_k, with the same memory as φ.
    risk: f64,
    /// The step of the batch that the last one was combined on.
    step: u64,
}

impl Memory {
    /// ℓ(ψ_l) of all models present, the own one too, into `losses`, on the batch that judges; and
    /// ℓ(θ_{k,i−1}), where the baseline needs it. The current batch is the current one again in the
    /// end.
    fn judge(&self, hood: &mut Neighborhood<'_>, losses: &mut [f64]) -> Option<f64> {
        let combined = self.combined.as_ref();
        match self.rule.judge {
            Judge::Current => {
                for (index, loss) in losses.iter_mut().enumerate() {
                    *loss = hood.loss(index);
                }
                combined.map(|combined| {
                    hood.objective.draw(combined.step);
                    let loss = hood.objective.loss(hood.previous);
                    hood.objective.draw(hood.step);
                    loss
                })
            }
            Judge::Fresh => {
                hood.objective.draw(FRESH + hood.step);
                for (loss, candidate) in losses.iter_mut().zip(hood.candidates) {
                    *loss = hood.objective.loss(candidate.model);
                }
                let previous = combined.map(|_| hood.objective.loss(hood.previous));
                hood.objective.draw(hood.step);
                previous
            }
        }
    }

    /// r_k of an agent whose last combined model has this loss, and whose own model has this φ.
    fn baseline(&mut self, loss: Option<f64>, own: f64, forgetting: f64, step: u64) -> f64 {
        if self.rule.baseline == Baseline::Zero {
            return 0.0;
        }
        let Some((combined, loss)) = self.combined.as_mut().zip(loss) else {
            self.combined = Some(Combined { risk: own, step });
            return 0.0;
        };
        if loss.is_finite() {
            combined.risk = (1.0 - forgetting) * combined.risk + forgetting * loss;
        }
        combined.step = step;
        combined.risk
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
        let previous = self.judge(hood, &mut out.losses);
        for (index, candidate) in hood.candidates.iter().enumerate() {
            out.accumulated[index] =
                self.accumulated
                    .observe(candidate.slot, out.losses[index], forgetting);
        }
        let own = out.accumulated[hood.own];
        let baseline = self.baseline(previous, own, forgetting, hood.step);
        if !out.losses[hood.own].is_finite() {
            return Outcome::Own;
        }
        let bound = if self.rule.filter { own } else { f64::INFINITY };
        let mut floored = 0;
        for (weight, (loss, &accumulated)) in out
            .weights
            .iter_mut()
            .zip(out.losses.iter().zip(&out.accumulated))
        {
            let (above, floor) = (accumulated - baseline, FLOOR * accumulated);
            let accepted = loss.is_finite() && accumulated <= bound;
            floored += u32::from(accepted && above < floor);
            *weight = if accepted { above.max(floor) } else { f64::NAN };
        }
        if self.rule.baseline == Baseline::Own {
            out.floored = Some(floored);
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
        keep!(book: self.combined)
    }
}
