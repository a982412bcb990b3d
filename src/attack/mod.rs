//! What a Byzantine agent sends to whom, and when.
//!
//! An [`Attack`] is an attack's settings; [`Attack::forger`] gives each attacker its own
//! [`Forger`], which makes the payloads. An attacker keeps up the state of the honest agent that
//! it would be; all it is handed is a [`Sight`]. What it makes may have any length and any values:
//! receivers refuse what is malformed.
//!
//! To add an attack: a file with a struct that implements [`Attack`], and a line in [`catalogue`].

mod active;
mod add_noise;
mod constant;
mod file;
mod gaussian;
mod malformed;
mod scale;
mod sign_flip;
mod timing;
mod uniform;

pub use active::Active;
pub use add_noise::AddNoise;
pub use constant::Constant;
pub use file::File;
pub use gaussian::Gaussian;
pub use malformed::{Empty, NonFinite, WrongLength};
pub use scale::Scale;
pub use sign_flip::SignFlip;
pub use timing::Timing;
pub use uniform::Uniform;

use crate::rng::{Key, Stream};
use crate::settings::{Catalogue, kind};
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

    /// One attacker's own forger.
    fn forger(&self, attacker: AgentId) -> Box<dyn Forger>;
}

/// What an attack is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Number of parameters d.
    pub dimension: usize,
    /// How many iterations there are.
    pub iterations: u64,
    /// Where relative paths start: the scenario file's folder.
    pub folder: &'a Path,
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

/// What an attacker knows when it makes a payload, at the knowledge level `none`: its own honest
/// state and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Number of the iteration, from 0.
    pub iteration: u64,
    /// The attacker.
    pub attacker: AgentId,
    /// For whom the payload is; `None` where one payload goes to all victims.
    pub victim: Option<AgentId>,
    /// ψ, shape `[d]`: the model that it would send if it were honest.
    pub honest: &'a [f32],
    /// Key of the attackers' random streams.
    pub key: Key,
}

impl Sight<'_> {
    /// Random numbers for this attacker, iteration and victim.
    pub fn stream(&self) -> Stream {
        self.stream_at(self.iteration)
    }

    /// Random numbers that are the same in every iteration.
    pub fn lasting_stream(&self) -> Stream {
        self.stream_at(u64::MAX)
    }

    fn stream_at(&self, counter: u64) -> Stream {
        let key = self.key.of(self.attacker).at(counter);
        self.victim
            .map_or(key, |victim| key.toward(victim))
            .stream()
    }
}

/// One attacker's maker of payloads, with whatever it remembers.
pub trait Forger: Send {
    /// Makes a payload. `payload` comes empty.
    fn forge(&mut self, sight: &Sight<'_>, payload: &mut Vec<f32>);
}
