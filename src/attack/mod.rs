//! What a Byzantine agent sends to whom, and when.
//!
//! An [`Attack`] is an attack's settings; [`Attack::forger`] gives each attacker its own
//! [`Forger`], which makes the payloads. An attacker keeps up the state of the honest agent that
//! it would be. What else it sees depends on its [`Knowledge`]: each level has a type of its own,
//! [`OwnState`], [`Models`], [`Network`] or [`VictimData`], which is all that a forger is handed.
//! What it makes may have any length and any values: receivers refuse what is malformed.
//!
//! To add an attack: a file with a struct that implements [`Attack`], and a line in [`catalogue`].

mod a_little_is_enough;
mod acceptance;
mod active;
mod add_noise;
mod constant;
mod dimensions;
mod dissensus;
mod file;
mod gaussian;
mod inner_product_manipulation;
mod knowledge;
mod krum_ballot;
mod label_flip;
mod local_model_poisoning;
mod loss_mimicry;
mod malformed;
mod mimic;
mod moments;
mod per_iteration;
mod quadratic;
mod scale;
mod search;
mod sight;
mod sign_flip;
mod state_estimate;
mod svd;
mod targeted_drift;
mod timing;
mod uniform;

pub use a_little_is_enough::ALittleIsEnough;
pub use active::Active;
pub use add_noise::AddNoise;
pub use constant::Constant;
pub use dissensus::Dissensus;
pub use file::File;
pub use gaussian::Gaussian;
pub use inner_product_manipulation::InnerProductManipulation;
pub use knowledge::Knowledge;
pub use label_flip::LabelFlip;
pub use local_model_poisoning::LocalModelPoisoning;
pub use loss_mimicry::LossMimicry;
pub use malformed::{Empty, NonFinite, WrongLength};
pub use mimic::Mimic;
pub use scale::Scale;
pub use sight::{
    AnyForger, Batch, Crowd, Forger, HonestModel, Memory, Models, Neighbor, Network, OwnState,
    VictimData,
};
pub use sign_flip::SignFlip;
pub use targeted_drift::TargetedDrift;
pub use timing::Timing;
pub use uniform::Uniform;

use crate::settings::{Catalogue, kind};
use crate::topology::Graph;
use crate::units::AgentId;
use std::fmt::Debug;
use std::path::Path;

/// The attacks that come with the simulator.
pub fn catalogue() -> Catalogue<dyn Attack> {
    Catalogue::new(
        "attack",
        vec![
            kind!(Uniform),
            kind!(Constant),
            kind!(Gaussian),
            kind!(AddNoise),
            kind!(Scale),
            kind!(SignFlip),
            kind!(File),
            kind!(NonFinite),
            kind!(WrongLength),
            kind!(Empty),
            kind!(TargetedDrift),
            kind!(ALittleIsEnough),
            kind!(InnerProductManipulation),
            kind!(LocalModelPoisoning),
            kind!(Dissensus),
            kind!(Mimic),
            kind!(LabelFlip),
            kind!(LossMimicry),
        ],
    )
}

/// A kind of attack with its parameters.
pub trait Attack: Debug + Send + Sync {
    /// Reads what the attack needs and checks it against the run, before the run.
    ///
    /// # Errors
    /// What does not fit, and what would.
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        let _ = stage;
        Ok(())
    }

    /// The least knowledge that it needs; a scenario that grants less is refused.
    fn knowledge(&self) -> Knowledge {
        Knowledge::None
    }

    /// Whether the attacker trains on false labels, C − 1 − y in the place of y, while the attack is
    /// on. Legal where a task has classes.
    fn flips_labels(&self) -> bool {
        false
    }

    /// A strength that no key sets, since it follows from how many models a victim combines; `None`
    /// in attacks without.
    fn strength(&self, _crowd: Crowd) -> Option<Strength> {
        None
    }

    /// One attacker's own forger. Forgers of different attackers may share nothing that changes: they
    /// would know of each other, and results would depend on who came first. It asks for no more than [`Attack::knowledge`].
    fn forger(&self, attacker: AgentId) -> AnyForger;
}

/// How strong an attack is against a victim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// The key that would set it.
    pub key: &'static str,
    /// Its value.
    pub value: f64,
    /// What the attack does where it is 0, as in "it sends the honest mean".
    pub at_zero: &'static str,
}

/// What an attack is checked against.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// Number of parameters d.
    pub dimension: usize,
    /// How many iterations there are.
    pub iterations: u64,
    /// Where relative paths start: the scenario file's folder.
    pub folder: &'a Path,
    /// What the scenario grants: at least what the attack needs.
    pub knowledge: Knowledge,
    /// The first network.
    pub graph: &'a Graph,
    /// For each agent, whether it is an attacker, of whatever attack.
    pub is_byzantine: &'a [bool],
    /// The attackers of this attack, in ascending order.
    pub attackers: &'a [AgentId],
    /// The classes of the task's labels, where it has labels.
    pub classes: Option<usize>,
}

/// Why an attack does not fit a run.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}; {help}")]
pub struct Unfit {
    /// The key at fault.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
