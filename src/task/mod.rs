//! What an agent learns: its data, its model, the loss of any model on its current batch.
//!
//! A [`Task`] is the settings of a case study; [`Task::load`] reads or generates the data and
//! gives a [`World`], shared by all agents; [`World::objective`] gives each agent its own
//! [`Objective`], a stream of batches. Parameters and data are `f32`, losses `f64`.
//!
//! To add a task: a file with a struct that implements [`Task`], and a line in [`catalogue`].

mod activity_recognition;
mod covariance;
mod digit_classification;
mod linear_regression;
mod own_data;
mod own_shares;
mod partition;
mod scales;
mod starter;
mod supervised;
mod target_localization;

pub use activity_recognition::ActivityRecognition;
pub use digit_classification::DigitClassification;
pub use linear_regression::{LinearRegression, Regressions};
pub use own_data::{Classification, OwnRowsTask, Regression};
pub use partition::Partition;
pub use starter::Starter;
pub use supervised::{Rows, Share, Supervised};
pub use target_localization::{Localization, Sensor, TargetLocalization};

use crate::data::{DataError, FileDigest, Library};
use crate::model::{Evaluation, LeastSquares};
use crate::settings::{Catalogue, kind};
use crate::topology::Graph;
use crate::units::AgentId;
use std::fmt::Debug;
use std::sync::Arc;

/// The tasks that come with the simulator.
pub fn catalogue() -> Catalogue<dyn Task> {
    Catalogue::new(
        "task",
        vec![
            kind!(TargetLocalization),
            kind!(ActivityRecognition),
            kind!(DigitClassification),
            kind!(LinearRegression),
            kind!(Classification),
            kind!(Regression),
        ],
    )
}

/// A kind of task with its parameters.
pub trait Task: Debug + Send + Sync {
    /// The settings that a scenario of this task has where it is silent, as TOML: its case study
    /// in the paper. The keys of a table with kinds are for the `kinds` that the table lists here,
    /// else for the `kind` that it names, else for the simulator's default: other kinds have
    /// defaults of their own.
    fn defaults(&self) -> &'static str {
        ""
    }

    /// What `byzsim new` says in a first scenario called `name` beside its kind: nothing, unless
    /// keys must be given, data is not at hand, or the case study takes longer than one wants to
    /// wait.
    fn starter(&self, name: &str) -> Starter {
        let _ = name;
        Starter::default()
    }

    /// Reads or generates the data for the agents of `graph`.
    ///
    /// # Errors
    /// Data files that are missing or malformed, more agents than the data has owners.
    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Arc<dyn World>, DataError>;
}

/// The seeds that a task may draw from.
#[derive(Clone, Copy, Debug)]
pub struct TaskSeeds {
    /// Seed of the network: positions, where the topology has none.
    pub topology: u64,
    /// Seed of everything about data, initial parameters included.
    pub data: u64,
}

/// The data of all agents.
pub trait World: Send + Sync {
    /// Number of parameters d of a model.
    fn dimension(&self) -> usize;

    /// An agent's task group; agents in one group share a task. Nobody but the statistics knows.
    fn group(&self, agent: AgentId) -> u32;

    /// Where an agent stands, in tasks that know places.
    fn position(&self, agent: AgentId) -> Option<[f64; 2]> {
        let _ = agent;
        None
    }

    /// The agent's parameters before the first iteration, shape `[d]`.
    fn initial(&self, agent: AgentId) -> Vec<f32>;

    /// Iterations in an epoch, in tasks that have epochs.
    fn iterations_per_epoch(&self) -> Option<u64> {
        None
    }

    /// Whether [`Objective::evaluate`] gives something.
    fn has_test_set(&self) -> bool {
        false
    }

    /// The number C of classes of the labels, in tasks that have labels.
    fn classes(&self) -> Option<usize> {
        None
    }

    /// The data files that were read; they are part of a run's identity.
    fn files(&self) -> &[FileDigest] {
        &[]
    }

    /// What an agent is called in the user's own file, where it has a name there.
    fn agent_name(&self, agent: AgentId) -> Option<&str> {
        let _ = agent;
        None
    }

    /// How much work an agent's iteration is beside those of the others: what threads share out.
    fn work(&self, agent: AgentId) -> u64 {
        let _ = agent;
        1
    }

    /// Memory of the data and of what agents need to learn from them, parameters not counted
    /// \[bytes\], about.
    fn bytes(&self) -> usize {
        0
    }

    /// What was read or made and how it is shared out, in a line; what a user would want to see
    /// before a run.
    fn summary(&self) -> Option<String> {
        None
    }

    /// What stands in the place of published data, where a generator was asked for it: every result
    /// says so.
    fn generated(&self) -> Option<&str> {
        None
    }

    /// An agent's own stream of batches.
    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective>;
}

/// Task groups are numbered below this.
pub const MOST_GROUPS: u32 = 1 << 20;

/// From here on, steps are none that a run has, which has at most 10¹⁸ of them: a rule that wants
/// a batch that no agent learns from and no attacker sees draws that of `FRESH` + its step.
pub const FRESH: u64 = 1 << 62;

/// One agent's data stream ξ_k and its loss ℓ(·; ξ_k).
pub trait Objective: Send {
    /// Draws the batch of a step. Steps count from 0 over the whole run; the batch of a step does
    /// not depend on what was drawn before. Steps from [`FRESH`] on are none of the run's: they have
    /// batches of the same kind, independent of all that is learned from.
    fn draw(&mut self, step: u64);

    /// From the next draw on, whether labels y are C − 1 − y; nothing in tasks without labels.
    fn flip_labels(&mut self, _flipped: bool) {}

    /// How many samples the current batch has.
    fn batch_size(&self) -> usize {
        1
    }

    /// ℓ: mean loss per sample of any model on the current batch. The model is well-formed
    /// (shape `[d]`, finite); the loss may still overflow.
    fn loss(&mut self, model: &[f32]) -> f64;

    /// ∇: the direction that the adapt step descends, at `model` on the current batch; both have
    /// shape `[d]`.
    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]);

    /// The current batch as numbers, where [`Objective::loss`] is a mean of squared residuals of a
    /// linear map of the model: what is sought on such a batch can be computed, where others have
    /// to search.
    fn least_squares(&self) -> Option<LeastSquares> {
        None
    }

    /// Mean loss per sample over all that the agent learns from, with true labels, where that is a
    /// finite number of rows; `None` where data never repeats. A row that batches have mirrored with
    /// some probability counts by its expected loss. The current batch stays as it is.
    fn training_loss(&mut self, model: &[f32]) -> Option<f64> {
        let _ = model;
        None
    }

    /// Quality on the agent's test set, where there is one.
    fn evaluate(&mut self, model: &[f32]) -> Option<Evaluation> {
        let _ = model;
        None
    }

    /// The class predicted for each row of the agent's test set, in a fixed order, where classes
    /// are what a model predicts.
    fn predictions(&mut self, model: &[f32]) -> Option<Vec<usize>> {
        let _ = model;
        None
    }

    /// r(model) − r(θ*), where risk and optimum are known.
    fn regret(&self, model: &[f32]) -> Option<f64> {
        let _ = model;
        None
    }

    /// ‖model − θ*‖, where the optimum is known.
    fn deviation(&self, model: &[f32]) -> Option<f64> {
        let _ = model;
        None
    }
}
