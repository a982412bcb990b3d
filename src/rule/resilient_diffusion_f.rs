//! Distance weights without the f neighbors whose removal leaves the least estimated cost:
//! R-DLMSAW.

use super::accumulated::{Accumulated, inverse, normalize};
use super::removal::{Part, Search};
use super::subsets::{is_searchable, largest_searchable};
use super::tolerated::{F, who};
use super::{Combination, Combiner, InitialValue, Misfit, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::kernel;
use crate::settings::{Keys, Schedule};

/// The rule `resilient-diffusion-f`. Weights are ∝ γ⁻²_lk, where γ² is the φ of the
/// [distance](super::Distance) rule: γ² ← (1−ν) γ² + ν ‖θ_{k,i−1} − ψ_l‖². J_l is the mean loss of
/// ψ_l over the agent's last samples: over its last batches that together have at least `samples`
/// of them, or as many as there were. The batches are those of the agent's steps of the run, of which
/// there may be several between two exchanges, and also of the steps that it skipped or that passed
/// while it was down: what a step draws does not depend on whether it was taken. Of the neighbors present, never the agent itself, those f are
/// removed without which
///
/// Σ_{l≠k} J_l γ⁻⁴_lk / (Σ_l γ⁻²_lk)²
///
/// is least, where the second sum has the agent itself; the first in lexicographic order where
/// several are. With at most f neighbors present there is no cooperation.
///
/// A J_l that is not finite is larger than any other: such neighbors are removed first, as the f or
/// part of them, and all of them where they are more than f. Where the agent's own loss is not
/// finite, it keeps its own model.
///
/// γ² is 0 before the first model, as in the authors' program: with ν = 0.01 a larger value outlives
/// runs of hundreds of iterations, in which it makes all weights alike. So every γ² begins with
/// ν ‖θ−ψ‖² of the first model. A neighbor whose first model comes late thus has up to 1/ν times the
/// weight of neighbors at the same distance that have been there all the time, for about 1/ν
/// iterations.
///
/// f counts neighbors. `f = "largest"` is all of them but one, or the most with at most 10⁶ subsets.
/// More than 10⁶ subsets are refused before the run. A neighborhood that grows beyond that later, in
/// a network that changes, is searched with the largest f that its size allows, and counts as
/// starved.
///
/// O(|N_k| (d + `samples` (d_x + d_y))) and two steps for each of the subsets.
///
/// Li, Abbas, Koutsoukos, "Resilient distributed diffusion in networks with adversaries", IEEE
/// Transactions on Signal and Information Processing over Networks, 2020.
#[derive(Clone, Debug)]
pub struct ResilientDiffusionF {
    f: F,
    samples: u64,
    forgetting: Schedule,
    initial: f64,
}

/// Where the defaults come from.
const SOURCE: &str = "Li, Abbas, Koutsoukos 2020";

impl ResilientDiffusionF {
    /// The value of `rule.kind`.
    pub const NAME: &str = "resilient-diffusion-f";
    /// What it is.
    pub const ABOUT: &str =
        "Distance weights without the f neighbors that cost most; R-DLMSAW, Li et al. 2020";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let f = keys
            .key(
                "f",
                "How many Byzantine neighbors it withstands; \"largest\": all but one, \
                 or the most with at most 10⁶ subsets",
            )
            .symbol("f")
            .required();
        let samples = keys
            .key("samples", "Over how many of the last samples J is the mean")
            .at_least(1.0)
            .default(100, SOURCE);
        let forgetting = keys
            .key(
                "forgetting",
                "How fast γ² forgets: γ² ← (1−ν) γ² + ν ‖θ−ψ‖²",
            )
            .symbol("ν")
            .above(0.0)
            .at_most(1.0)
            .default(Schedule::constant(0.01), SOURCE);
        let initial = keys
            .key("initial", "γ² before the first model")
            .symbol("φ_0")
            .at_least(0.0)
            .default(0.0, "the authors' program");
        ResilientDiffusionF {
            f,
            samples,
            forgetting,
            initial,
        }
    }

    /// f in the full neighborhood.
    fn f(&self, place: &Place<'_>) -> usize {
        let neighbors = place.neighbors.len();
        let largest = largest_searchable(neighbors);
        self.f.at(neighbors + 1, Some(largest))
    }
}

impl Rule for ResilientDiffusionF {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Memory {
            f: self.f(place),
            accumulated: Accumulated::new(self.initial),
            rule: self.clone(),
            others: Vec::new(),
            parts: Vec::new(),
            search: Search::default(),
        })
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Misfit> {
        let neighbors = place.neighbors.len();
        let f = self.f(place);
        if is_searchable(neighbors, f) {
            return Ok(());
        }
        Err(Misfit {
            key: "f".to_owned(),
            message: format!(
                "f = {f}{} does not fit agent {}: its {neighbors} neighbors have more than 10⁶ \
                 subsets of {f} to look through; its neighborhood is {}",
                self.f.in_words(),
                place.agent,
                who(place)
            ),
            largest: Some(largest_searchable(neighbors) as u64),
            fits_all: Some(F::LARGEST),
        })
    }

    fn withstands(&self, place: &Place<'_>) -> Option<usize> {
        Some(self.f(place))
    }

    fn initial_value(&self) -> Option<InitialValue> {
        Some(InitialValue {
            key: "initial",
            of: "γ²",
            value: self.initial,
            forgetting: self.forgetting,
        })
    }
}

struct Memory {
    rule: ResilientDiffusionF,
    /// In the full neighborhood.
    f: usize,
    /// γ².
    accumulated: Accumulated,
    /// Buffer: the neighbors present.
    others: Vec<Other>,
    /// Buffer: of those whose J is finite.
    parts: Vec<Part>,
    search: Search,
}

/// A neighbor.
#[derive(Clone, Copy)]
struct Other {
    candidate: usize,
    /// J_l.
    cost: f64,
}

impl Memory {
    /// γ² of everyone present, and γ⁻² as weights.
    fn observe(&mut self, hood: &Neighborhood<'_>, out: &mut Combination) {
        let forgetting = self.rule.forgetting.at(hood.iteration);
        for (index, candidate) in hood.candidates.iter().enumerate() {
            let distance = kernel::squared_distance(hood.previous, candidate.model);
            let accumulated = self
                .accumulated
                .observe(candidate.slot, distance, forgetting);
            out.accumulated[index] = accumulated;
            out.weights[index] = inverse(accumulated);
        }
    }

    /// J of all neighbors, and their losses on the current batch, which is drawn again at the end.
    fn costs(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) {
        for other in &mut self.others {
            out.losses[other.candidate] = hood.loss(other.candidate);
        }
        let objective = &mut *hood.objective;
        let mut samples = objective.batch_size();
        for other in &mut self.others {
            other.cost = samples as f64 * out.losses[other.candidate];
        }
        let mut step = hood.step;
        while (samples as u64) < self.rule.samples && step > 0 {
            step -= 1;
            objective.draw(step);
            let size = objective.batch_size();
            samples += size;
            for other in &mut self.others {
                let model = hood.candidates[other.candidate].model;
                other.cost += size as f64 * objective.loss(model);
            }
        }
        if step != hood.step {
            objective.draw(hood.step);
        }
        for other in &mut self.others {
            other.cost /= samples as f64;
        }
    }

    /// Takes the weights of f of the neighbors.
    fn remove(&mut self, f: usize, own: f64, weights: &mut [f64]) {
        let all = self.others.len();
        self.others.retain(|other| {
            if !other.cost.is_finite() {
                weights[other.candidate] = 0.0;
            }
            other.cost.is_finite()
        });
        let f = f.saturating_sub(all - self.others.len());
        self.parts.clear();
        self.parts.extend(self.others.iter().map(|other| {
            let weight = weights[other.candidate];
            Part {
                numerator: other.cost * weight * weight,
                denominator: weight,
            }
        }));
        for &removed in self.search.least(own, &self.parts, f) {
            weights[self.others[removed].candidate] = 0.0;
        }
    }
}

impl Combiner for Memory {
    fn rewire(&mut self, place: &Place<'_>) {
        self.f = self.rule.f(place);
    }

    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        self.observe(hood, out);
        out.losses[hood.own] = hood.own_loss;
        let others = (0..hood.candidates.len()).filter(|&l| l != hood.own);
        self.others.clear();
        self.others.extend(others.map(|candidate| Other {
            candidate,
            cost: f64::NAN,
        }));
        let neighbors = self.others.len();
        let too_few = self.f > 0 && neighbors <= self.f;
        if too_few || !hood.own_loss.is_finite() {
            return Outcome::Own;
        }
        let mut f = self.f;
        if !is_searchable(neighbors, f) {
            f = largest_searchable(neighbors);
            out.starved = true;
        }
        if neighbors > 0 {
            self.costs(hood, out);
            self.remove(f, out.weights[hood.own], &mut out.weights);
        }
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
