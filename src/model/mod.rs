//! What an agent fits to rows: models as functions of one flat vector of parameters.
//!
//! An [`Architecture`] is a model's settings; [`Architecture::build`] gives a [`Model`] for inputs
//! of a shape. Parameters stand in the order of PyTorch's modules, so that they can be compared
//! with, and taken from, programs that use it.
//!
//! To add a model: a file with a struct that implements [`Architecture`], and a line in
//! [`catalogue`].

mod head;
mod lanes;
mod least_squares;
mod linear;
mod network;

pub use head::{Outputs, Score};
pub use least_squares::LeastSquares;
pub use linear::{Linear, LinearSettings, SoftmaxSettings};
pub use network::{Cnn, Mlp};

use crate::data::{DataError, Examples, Shape, Targets};
use crate::rng::Stream;
use crate::settings::{Catalogue, kind};
use rand::RngExt;
use std::fmt::Debug;

/// The models that come with the simulator.
pub fn catalogue() -> Catalogue<dyn Architecture> {
    Catalogue::new(
        "model",
        vec![
            kind!(SoftmaxSettings),
            kind!(LinearSettings),
            kind!(Mlp),
            kind!(Cnn),
        ],
    )
}

/// A kind of model with its parameters.
pub trait Architecture: Debug + Send + Sync {
    /// The model for inputs of a shape and targets like `targets`, of which only the kind counts.
    ///
    /// # Errors
    /// What does not go together, and what would be right.
    fn build(&self, shape: Shape, targets: &Targets) -> Result<Box<dyn Model>, Misfit>;
}

/// Why a model cannot be fitted to some data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
pub struct Misfit {
    /// The model's key at fault: `kind` where it is the model itself.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl From<Misfit> for DataError {
    /// A mistake at a key of `[task] model`.
    fn from(misfit: Misfit) -> DataError {
        DataError::Unfit {
            key: vec!["task", "model", misfit.key],
            message: misfit.message,
            help: misfit.help,
        }
    }
}

/// A model, the rows that it is tried on, and room for what it computes on the way.
///
/// Parameters have shape `[d]`. Before anything but [`Model::dimension`], [`Model::initial`] and
/// [`Model::gather`], rows must have been gathered, at least one. Methods panic on other shapes.
pub trait Model: Send {
    /// Number of parameters d.
    fn dimension(&self) -> usize;

    /// Initial parameters, shape `[d]`.
    fn initial(&self, stream: &mut Stream) -> Vec<f32>;

    /// Memory that it takes, parameters not counted, when it is trained on that many rows
    /// \[bytes\], about.
    fn bytes(&self, rows: usize) -> usize;

    /// Takes rows in the place of those before; whatever all parameters that are tried on them
    /// have in common is computed here.
    fn gather(&mut self, examples: &Examples, rows: &[u32]);

    /// Replaces the labels y of the rows gathered by C − 1 − y; nothing where there are no classes.
    fn flip_labels(&mut self);

    /// What the model says of every row.
    fn outputs(&mut self, parameters: &[f32]) -> Outputs<'_>;

    /// Mean loss per row: cross-entropy in nats for classes, the mean squared error for values.
    fn loss(&mut self, parameters: &[f32]) -> f64 {
        self.outputs(parameters).loss()
    }

    /// The rows gathered as numbers, where [`Model::loss`] is a mean of squared residuals of a linear
    /// map of the parameters.
    fn least_squares(&self) -> Option<LeastSquares> {
        None
    }

    /// Gradient of [`Model::loss`], into `gradient`, shape `[d]`.
    fn gradient(&mut self, parameters: &[f32], gradient: &mut [f64]);
}

/// Quality of a model on a test set.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// Mean loss per row.
    pub loss: f64,
    /// Share of rows whose class was predicted, in [0, 1]; absent where nothing is classified.
    pub accuracy: Option<f64>,
}

/// Parameters uniform in ±1/√fan_in, PyTorch's default for linear and convolutional layers.
fn uniform(count: usize, fan_in: usize, stream: &mut Stream) -> impl Iterator<Item = f32> {
    let bound = 1.0 / (fan_in as f64).sqrt();
    (0..count).map(move |_| (bound * stream.random_range(-1.0..1.0)) as f32)
}
