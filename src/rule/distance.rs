//! Weights ∝ 1/φ of accumulated squared distances to a reference, equation (4).

use super::accumulated::{Accumulated, invert, normalize};
use super::{Combination, Combiner, InitialValue, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::kernel;
use crate::settings::{Choice, Chosen, Keys, Schedule};

/// The rule `distance`; O(|N_k| d), plus a gradient where it looks one step ahead.
#[derive(Clone, Debug)]
pub struct Distance {
    forgetting: Schedule,
    initial: f64,
    power: f64,
    reference: Reference,
}

/// What θ̃_k distances are measured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reference {
    /// θ_{k,i−1}.
    #[default]
    Previous,
    /// ψ_k − μ∇ℓ(ψ_k). The paper prints a plus sign, which would climb.
    OneStepAhead,
}

impl Choice for Reference {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("previous", Self::Previous),
        ("one-step-ahead", Self::OneStepAhead),
    ];
}

impl Distance {
    /// The value of `rule.kind`.
    pub const NAME: &str = "distance";
    /// What it is.
    pub const ABOUT: &str = "Weights inverse to the accumulated squared distance; paper (4)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let forgetting = keys
            .key("forgetting", "How fast φ forgets: φ ← (1−ν) φ + ν ‖θ̃−ψ‖²")
            .symbol("ν")
            .above(0.0)
            .at_most(1.0)
            .default(Schedule::constant(0.1), "paper appendix B");
        let initial = keys
            .key("initial", "φ before the first model")
            .symbol("φ_0")
            .at_least(0.0)
            .default(10.0, "paper appendix B");
        let power = keys
            .key("power", "Which norm is squared: ℓp")
            .symbol("p")
            .at_least(1.0)
            .default(2.0, "paper (4)");
        let Chosen(reference) = keys
            .key(
                "reference",
                "What distances are measured from: the combined model of the \
                 iteration before, or the own model one gradient step ahead",
            )
            .default(Chosen(Reference::Previous), "paper (4)");
        Distance {
            forgetting,
            initial,
            power,
            reference,
        }
    }
}

impl Rule for Distance {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        let ahead = match self.reference {
            Reference::Previous => 0,
            Reference::OneStepAhead => place.dimension,
        };
        Box::new(Memory {
            accumulated: Accumulated::new(self.initial),
            rule: self.clone(),
            gradient: vec![0.0; ahead],
            ahead: vec![0.0; ahead],
        })
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
    rule: Distance,
    accumulated: Accumulated,
    gradient: Vec<f64>,
    ahead: Vec<f32>,
}

impl Combiner for Memory {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let forgetting = self.rule.forgetting.at(hood.iteration);
        let reference = match self.rule.reference {
            Reference::Previous => hood.previous,
            Reference::OneStepAhead => {
                let own = hood.candidates[hood.own].model;
                hood.objective.gradient(own, &mut self.gradient);
                for (ahead, (&own, slope)) in
                    self.ahead.iter_mut().zip(own.iter().zip(&self.gradient))
                {
                    *ahead = (f64::from(own) - hood.step_size * slope) as f32;
                }
                &self.ahead
            }
        };
        for (index, candidate) in hood.candidates.iter().enumerate() {
            let distance = squared_distance(reference, candidate.model, self.rule.power);
            let accumulated = self
                .accumulated
                .observe(candidate.slot, distance, forgetting);
            out.accumulated[index] = accumulated;
            out.weights[index] = if distance.is_finite() {
                accumulated
            } else {
                f64::NAN
            };
        }
        if out.weights[hood.own].is_nan() {
            return Outcome::Own;
        }
        invert(&mut out.weights);
        normalize(&mut out.weights);
        Outcome::Weighted
    }

    fn accumulated(&self, slot: usize) -> Option<f64> {
        Some(self.accumulated.get(slot))
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.accumulated.keep(book)
    }
}

/// ‖a − b‖_p².
fn squared_distance(a: &[f32], b: &[f32], power: f64) -> f64 {
    if power == 2.0 {
        return kernel::squared_distance(a, b);
    }
    let difference = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).abs();
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|pair| difference(pair).powf(power))
        .sum();
    if sum.is_normal() {
        return sum.powf(2.0 / power);
    }
    // High powers leave the range of f64: once more, in lengths of the largest difference.
    let largest = a.iter().zip(b).map(difference).fold(0.0, f64::max);
    if largest == 0.0 {
        // 0, or NaN where one of the points is nowhere.
        return sum;
    }
    let relative = |pair: (&f32, &f32)| (difference(pair) / largest).powf(power);
    let sum: f64 = a.iter().zip(b).map(relative).sum();
    (largest * sum.powf(1.0 / power)).powi(2)
}

#[cfg(test)]
mod tests {
    use super::squared_distance;

    #[test]
    fn a_point_that_is_nowhere_is_at_no_distance() {
        for power in [1.0, 2.0, 3.0, 500.0] {
            for nowhere in [f32::NAN, f32::INFINITY] {
                for other in [[0.0, 0.0], [1.0, 3e38], [nowhere, 0.0]] {
                    let distance = squared_distance(&[nowhere, nowhere], &other, power);
                    assert!(
                        !distance.is_finite(),
                        "{nowhere} {other:?} {power}: {distance}"
                    );
                }
            }
            assert_eq!(squared_distance(&[1.0, 2.0], &[1.0, 2.0], power), 0.0);
        }
    }
}
