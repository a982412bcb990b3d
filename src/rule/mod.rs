//! The combine step (3): θ_k = Σ a_lk ψ_l over the models present, the agent's own included.
//!
//! A [`Rule`] is a rule's settings; [`Rule::combiner`] gives each agent its own [`Combiner`] with
//! whatever the rule remembers. A combiner either sets a weight for each model present, and
//! the engine adds them up, or makes a model itself.
//!
//! Robust aggregators make one; what they have in common is in [`aggregator`].
//!
//! To add a rule: a file with a struct that implements [`Rule`], and a line in [`catalogue`].

pub mod aggregator;
pub mod pre_aggregation;

mod accumulated;
mod average;
mod balance;
mod distance;
mod given;
mod initial_value;
mod loss;
mod metropolis;
mod nearest;
mod no_cooperation;
mod own_share;
pub(crate) mod pairwise;
mod removal;
mod resilient_diffusion_f;
mod selected;
mod self_centered_clipping;
mod squared;
mod subsets;
mod tolerated;
mod ubar;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_loss;
#[cfg(test)]
mod tests_of_resilient_diffusion;
#[cfg(test)]
mod tests_of_weights;

pub use average::Average;
pub use balance::Balance;
pub use distance::Distance;
pub use given::Given;
pub use initial_value::InitialValue;
pub use loss::Loss;
pub use metropolis::Metropolis;
pub use no_cooperation::NoCooperation;
pub use resilient_diffusion_f::ResilientDiffusionF;
pub use self_centered_clipping::SelfCenteredClipping;
pub use tolerated::{Precondition, Tolerance};
pub use ubar::Ubar;

use crate::checkpoint::{Book, Kept};
use crate::rng::Key;
use crate::settings::{Catalogue, kind};
use crate::task::Objective;
use crate::units::AgentId;
use aggregator::{
    Buffers, CenteredClipping, Centerpoint, CoordinateMedian, GeometricMedian, Krum,
    MeanAroundMedian, MinimumDiameterAverage, MultiKrum, NearestToOwn, Robust, TrimmedMean,
};
use std::fmt::Debug;

/// The rules that come with the simulator.
pub fn catalogue() -> Catalogue<dyn Rule> {
    Catalogue::new(
        "rule",
        vec![
            kind!(Loss),
            kind!(NoCooperation),
            kind!(Average),
            kind!(Metropolis),
            kind!(Distance),
            kind!(ResilientDiffusionF),
            kind!(Ubar),
            kind!(Balance),
            kind!(SelfCenteredClipping),
            kind!(Robust<CoordinateMedian>),
            kind!(Robust<TrimmedMean>),
            kind!(Robust<MeanAroundMedian>),
            kind!(Robust<GeometricMedian>),
            kind!(Robust<CenteredClipping>),
            kind!(Robust<Centerpoint>),
            kind!(Robust<Krum>),
            kind!(Robust<MultiKrum>),
            kind!(Robust<MinimumDiameterAverage>),
            kind!(Robust<NearestToOwn>),
        ],
    )
}

/// A kind of rule with its parameters.
pub trait Rule: Debug + Send + Sync {
    /// What one agent of the rule remembers, before its first iteration.
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner>;

    /// Whether the rule can work where an agent stands when all its neighbors' models are present.
    ///
    /// # Errors
    /// The key that does not fit the neighborhood.
    fn check(&self, _place: &Place<'_>) -> Result<(), Misfit> {
        Ok(())
    }

    /// f: how many Byzantine models the rule withstands where an agent stands when all its neighbors'
    /// models are present; `None` in rules that are told no such number.
    fn withstands(&self, _place: &Place<'_>) -> Option<usize> {
        None
    }

    /// Every number of Byzantine models that the rule is set to withstand where an agent stands:
    /// [`Rule::withstands`], and what parts of the rule have of their own.
    fn tolerated(&self, place: &Place<'_>) -> Vec<Tolerated> {
        let own = self.withstands(place).map(|f| Tolerated {
            key: "f".to_owned(),
            f: Some(f),
        });
        own.into_iter().collect()
    }

    /// Whether its combiners give weights. One that makes models itself ([`Outcome::Model`]) gives
    /// none, also where it keeps the own model: then nobody knows what weight a neighbor has.
    fn has_weights(&self) -> bool {
        true
    }

    /// ν of an iteration, where [`Combiner::accumulated`] is of losses on the agent's own batches;
    /// `None` in rules that remember something else, such as distances, or nothing.
    fn forgetting(&self, _iteration: u64) -> Option<f64> {
        None
    }

    /// What the rule remembers of a neighbor before its first model, where it forgets that little by
    /// little; `None` in rules that remember nothing.
    fn initial_value(&self) -> Option<InitialValue> {
        None
    }
}

/// How many Byzantine models a part of a rule withstands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerated {
    /// Its key, dotted where it is inside others; numbers index lists.
    pub key: String,
    /// The number; `None` where not even 0 meets the rule's condition on the neighborhood, so that
    /// the agent keeps its own model.
    pub f: Option<usize>,
}

/// Why a rule's settings do not fit a neighborhood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misfit {
    /// The key at fault, dotted where it is inside others; numbers index lists.
    pub key: String,
    /// What is wrong; it names the agent and its neighborhood.
    pub message: String,
    /// The largest number that the key could be in this neighborhood; absent where none fits.
    pub largest: Option<u64>,
    /// A value of the key that fits every neighborhood, as TOML, if there is one.
    pub fits_all: Option<&'static str>,
}

impl Misfit {
    /// The same of a table inside the rule's.
    fn inside(self, table: &str) -> Misfit {
        Misfit {
            key: format!("{table}.{}", self.key),
            ..self
        }
    }
}

/// Where an agent stands in the network, and by which numbers, *slots*, its rule knows the others.
///
/// In a network that never changes, the slots are the positions of the agent and its neighbors in
/// ascending order. In one that changes, whoever becomes a neighbor for the first time gets the
/// next free slot, and keeps it for the run.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The agent.
    pub agent: AgentId,
    /// Whose models it receives, in ascending order, itself not among them.
    pub neighbors: &'a [AgentId],
    /// The slot of each of those.
    pub slots: &'a [usize],
    /// The agent's own slot.
    pub own_slot: usize,
    /// How many neighbors each of those has.
    pub neighbor_degrees: &'a [usize],
    /// Number of parameters d.
    pub dimension: usize,
    /// How many iterations T the run has.
    pub iterations: u64,
    /// Key of the random streams that the agent's rule may draw from, one at each count.
    pub key: Key,
}

/// A model that takes part in a combination.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Whose it is: its slot at this agent, see [`Place`].
    pub slot: usize,
    /// ψ_l, shape `[d]`, finite.
    pub model: &'a [f32],
    /// How many iterations old it is; 0 when in time, and for the own model.
    pub age: u64,
}

/// All that an agent can look at when it combines.
pub struct Neighborhood<'a> {
    /// Number of the iteration, from 0.
    pub iteration: u64,
    /// The step of the current batch: [`Objective::draw`] of earlier ones looks back. Whoever draws
    /// another batch draws this one again before it returns.
    pub step: u64,
    /// The models present, in ascending order of their agents, the agent's own among them.
    pub candidates: &'a [Candidate<'a>],
    /// Which candidate is the agent's own ψ_k.
    pub own: usize,
    /// Slots of neighbors of this iteration whose model is missing, in ascending order of the
    /// agents.
    pub absent: &'a [usize],
    /// θ_{k,i−1}: the agent's combined model of the iteration before.
    pub previous: &'a [f32],
    /// ℓ(ψ_k; ξ_k): loss of its own candidate on the current batch.
    pub own_loss: f64,
    /// μ of this iteration.
    pub step_size: f64,
    /// The current batch.
    pub objective: &'a mut dyn Objective,
}

impl Neighborhood<'_> {
    /// ℓ(ψ_l; ξ_k): loss of a candidate on the agent's current batch.
    pub fn loss(&mut self, candidate: usize) -> f64 {
        if candidate == self.own {
            self.own_loss
        } else {
            self.objective.loss(self.candidates[candidate].model)
        }
    }
}

/// What a combiner found out about the models present, one entry per candidate.
#[derive(Clone, Debug, Default)]
pub struct Combination {
    /// a_lk: at least 0, with sum 1.
    pub weights: Vec<f64>,
    /// ℓ(ψ_l; ξ_k), or on the batch that the rule judges by; NaN where the rule did not look.
    pub losses: Vec<f64>,
    /// φ_lk; NaN in rules without.
    pub accumulated: Vec<f64>,
    /// The combined model, shape `[d]`, of a rule that makes it itself.
    pub model: Vec<f32>,
    /// Whether too few models were present for the rule's settings, or it could not keep what it
    /// promises of those. It may have made do with them.
    pub starved: bool,
    /// In rules whose weights have a floor under what they are inverse to: how many of the models
    /// with weight are on it.
    pub floored: Option<u32>,
    /// What robust aggregators work in.
    buffers: Buffers,
}

impl Combination {
    /// Empties it for a combination of `candidates` models.
    pub fn reset(&mut self, candidates: usize) {
        for list in [&mut self.weights, &mut self.losses, &mut self.accumulated] {
            list.clear();
        }
        self.weights.resize(candidates, 0.0);
        self.losses.resize(candidates, f64::NAN);
        self.accumulated.resize(candidates, f64::NAN);
        self.model.clear();
        self.starved = false;
        self.floored = None;
    }
}

impl Combination {
    /// What an outcome for so many candidates and parameters breaks of what is promised here.
    pub fn broken_promise(
        &self,
        outcome: Outcome,
        candidates: usize,
        dimension: usize,
    ) -> Option<String> {
        for list in [&self.weights, &self.losses, &self.accumulated] {
            if list.len() != candidates {
                let found = list.len();
                return Some(format!("gave {found} values for {candidates} models"));
            }
        }
        let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        match outcome {
            Outcome::Own => None,
            Outcome::Model => {
                let found = self.model.len();
                let message =
                    format!("made a model of {found} parameters in the place of {dimension}");
                (found != dimension).then_some(message)
            }
            Outcome::Weighted => {
                let sum: f64 = self.weights.iter().sum();
                if let Some(wrong) = self.weights.iter().find(|weight| !is_weight(weight)) {
                    return Some(format!("gave a weight of {wrong}"));
                }
                // Rounding leaves far less.
                let message = format!("gave weights with the sum {sum} in the place of 1");
                ((sum - 1.0).abs() > 1e-6).then_some(message)
            }
        }
    }
}

/// How a combination came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// θ_k is the weighted sum under [`Combination::weights`].
    Weighted,
    /// θ_k is [`Combination::model`].
    Model,
    /// θ_k is ψ_k: the rule could not combine.
    Own,
}

/// One agent's rule with its memory.
pub trait Combiner: Send {
    /// The network has changed: whose models can come from now on. Neighbors that were there
    /// before, at any time, keep their slots; new ones have slots never used before.
    fn rewire(&mut self, _place: &Place<'_>) {}

    /// Combines what is present. `out` was [reset](Combination::reset) for it.
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome;

    /// Keeps what it remembers from one iteration to the next, and no settings or buffers: a run
    /// that goes on from a checkpoint begins with a new one, which then reads this.
    ///
    /// # Errors
    /// Whatever the book says.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept;

    /// φ of whoever has a slot, as it is after the last combination; `None` in rules without.
    fn accumulated(&self, _slot: usize) -> Option<f64> {
        None
    }
}
