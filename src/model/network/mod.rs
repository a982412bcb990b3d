//! Feed-forward networks: convolutional layers, then dense ones, under cross-entropy or the squared
//! error.
//!
//! Rows go through the network in groups, side by side: every activation is a matrix of shape
//! `[features × group]`, in which the numbers of one feature lie together for all rows. So pixels
//! are copied, rectified and pooled as whole runs of numbers, and a dense layer is one matrix
//! product. Products are ndarray's, whose bits depend on the instructions of the processor but on
//! nothing else. Arithmetic is `f32`, from the outputs on `f64`.
//!
//! Parameters are read where they lie, layer by layer, weights before biases, in the order of
//! PyTorch's modules.

mod cnn;
mod convolution;
mod dense;
mod matrix;
mod mlp;
mod patches;
mod pool;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_against_pytorch;

pub use cnn::Cnn;
pub use mlp::Mlp;

use super::{Misfit, Model, Outputs, uniform};
use crate::data::{Examples, Targets};
use crate::rng::Stream;
use std::ops::Range;

/// Rows that go through the network side by side. As many make long runs of numbers and patches
/// that stay in the second-level cache.
const GROUP: usize = 32;

/// Parameters that a network may have, and numbers of one layer's output: 400 MB of them.
const MOST: usize = 100_000_000;

/// A layer. All of its slices are of one group of rows, `[features × group]`.
trait Layer: Send {
    /// Numbers of an input.
    fn inputs(&self) -> usize;
    /// Numbers of an output.
    fn outputs(&self) -> usize;
    /// Numbers that an output depends on, the bound of initial parameters.
    fn fan_in(&self) -> usize;
    /// Number of weights; there are as many biases as [`Layer::biases`].
    fn weights(&self) -> usize;
    /// Number of biases.
    fn biases(&self) -> usize;

    /// Numbers of `f32` that it keeps for itself.
    fn room(&self) -> usize {
        0
    }

    /// Computes outputs from inputs.
    fn forward(&mut self, parameters: &[f32], inputs: &[f32], outputs: &mut [f32]);

    /// From the derivatives with respect to the outputs, adds those with respect to the parameters
    /// to `gradient`, and puts those with respect to the inputs into `input_slopes`, if somebody
    /// asks. The last call of [`Layer::forward`] had the same parameters and inputs, and gave
    /// `outputs`. It may use `output_slopes` as room.
    fn backward(
        &mut self,
        parameters: &[f32],
        inputs: &[f32],
        outputs: &[f32],
        output_slopes: &mut [f32],
        gradient: &mut [f32],
        input_slopes: Option<&mut [f32]>,
    );

    /// Which pixels were chosen from pools, `[outputs × group]`.
    #[cfg(test)]
    fn choices(&self) -> Option<&[u8]> {
        None
    }
}

/// A network with the rows that it is tried on.
pub struct Network {
    layers: Vec<Box<dyn Layer>>,
    /// Where each layer's parameters are.
    places: Vec<Range<usize>>,
    targets: Targets,
    /// The inputs of all groups, one after the other, each `[features × group]`.
    inputs: Vec<f32>,
    /// The outputs of all layers for one group.
    activations: Vec<Vec<f32>>,
    /// Derivatives of the loss with respect to those.
    slopes: Vec<Vec<f32>>,
    gradient: Vec<f32>,
    input: Vec<f32>,
    /// Shape `[rows × outputs]`.
    outputs: Vec<f64>,
}

impl Network {
    /// A network of layers that fit each other, for targets like these, of which only the kind
    /// counts.
    ///
    /// # Errors
    /// More parameters, or numbers on the way, than many agents have memory for.
    fn new(layers: Vec<Box<dyn Layer>>, targets: &Targets) -> Result<Network, Misfit> {
        let mut places = Vec::new();
        let mut end = 0;
        for layer in &layers {
            let start = end;
            end += layer.weights() + layer.biases();
            places.push(start..end);
            if end > MOST || layer.outputs() > MOST {
                return Err(Misfit {
                    key: "hidden",
                    message: format!(
                        "the network has more than {MOST} parameters, or numbers in a layer"
                    ),
                    help: "let it have fewer or narrower layers".to_owned(),
                });
            }
        }
        Ok(Network {
            activations: Vec::new(),
            slopes: Vec::new(),
            gradient: Vec::new(),
            input: vec![0.0; layers[0].inputs()],
            inputs: Vec::new(),
            outputs: Vec::new(),
            targets: targets.none(),
            places,
            layers,
        })
    }

    /// Room for the outputs of all layers for one group.
    fn rooms(&self) -> Vec<Vec<f32>> {
        let layers = self.layers.iter();
        layers.map(|l| vec![0.0; l.outputs() * GROUP]).collect()
    }

    /// The rows of each group.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.targets.len();
        assert!(rows > 0, "a batch has at least one row");
        let starts = (0..rows).step_by(GROUP);
        starts.map(move |start| start..(start + GROUP).min(rows))
    }

    /// Sends a group of rows through all layers; their outputs are gathered in `self.outputs`.
    fn forward(&mut self, parameters: &[f32], rows: &Range<usize>) {
        let features = self.layers[0].inputs();
        let mut inputs = &self.inputs[rows.start * features..rows.end * features];
        let group = rows.len();
        let layers = self.layers.iter_mut().zip(&self.places);
        for ((layer, place), room) in layers.zip(&mut self.activations) {
            let outputs = &mut room[..layer.outputs() * group];
            layer.forward(&parameters[place.clone()], inputs, outputs);
            inputs = outputs;
        }
        let count = self.targets.outputs();
        let all = &mut self.outputs[rows.start * count..rows.end * count];
        for (row, outputs) in all.chunks_exact_mut(count).enumerate() {
            for (at, output) in outputs.iter_mut().enumerate() {
                *output = inputs[at * group + row].into();
            }
        }
    }

    /// Adds a group's part of the gradient, after it went through all layers.
    fn backward(&mut self, parameters: &[f32], rows: &Range<usize>) {
        let group = rows.len();
        let count = self.targets.outputs();
        let last = self.layers.len() - 1;
        let all = &mut self.outputs[rows.start * count..rows.end * count];
        for (row, outputs) in all.chunks_exact_mut(count).enumerate() {
            self.targets.differentiate(rows.start + row, outputs);
            for (at, slope) in outputs.iter().enumerate() {
                let mean = slope / self.targets.len() as f64;
                self.slopes[last][at * group + row] = mean as f32;
            }
        }
        let features = self.layers[0].inputs();
        let first = &self.inputs[rows.start * features..rows.end * features];
        for at in (0..=last).rev() {
            let layer = &mut self.layers[at];
            let place = self.places[at].clone();
            let (before, after) = self.slopes.split_at_mut(at);
            let inputs = match at.checked_sub(1) {
                Some(below) => &self.activations[below][..layer.inputs() * group],
                None => first,
            };
            let input_slopes = before.last_mut();
            layer.backward(
                &parameters[place.clone()],
                inputs,
                &self.activations[at][..layer.outputs() * group],
                &mut after[0][..layer.outputs() * group],
                &mut self.gradient[place],
                input_slopes.map(|room| &mut room[..layer.inputs() * group]),
            );
        }
    }
}

impl Model for Network {
    fn dimension(&self) -> usize {
        self.places.last().map_or(0, |place| place.end)
    }

    /// Weights and biases uniform in ±1/√fan_in, layer by layer.
    fn initial(&self, stream: &mut Stream) -> Vec<f32> {
        let mut parameters = Vec::with_capacity(self.dimension());
        for layer in &self.layers {
            let count = layer.weights() + layer.biases();
            parameters.extend(uniform(count, layer.fan_in(), stream));
        }
        parameters
    }

    fn bytes(&self, rows: usize) -> usize {
        let layers = self.layers.iter();
        let rooms = layers.map(|l| 2 * l.outputs() * GROUP + l.room());
        let numbers = rooms.sum::<usize>() + rows * self.layers[0].inputs() + self.dimension();
        numbers * size_of::<f32>()
    }

    fn gather(&mut self, examples: &Examples, rows: &[u32]) {
        let features = self.layers[0].inputs();
        assert_eq!(examples.shape().features(), features, "features");
        if self.activations.is_empty() {
            self.activations = self.rooms();
        }
        self.targets.gather(examples.targets(), rows);
        self.outputs
            .resize(rows.len() * self.targets.outputs(), 0.0);
        self.inputs.resize(rows.len() * features, 0.0);
        let groups = self.inputs.chunks_mut(GROUP * features);
        for (rows, inputs) in rows.chunks(GROUP).zip(groups) {
            for (column, &row) in rows.iter().enumerate() {
                examples.read(row, &mut self.input);
                for (feature, &number) in self.input.iter().enumerate() {
                    inputs[feature * rows.len() + column] = number;
                }
            }
        }
    }

    fn flip_labels(&mut self) {
        self.targets.flip();
    }

    fn outputs(&mut self, parameters: &[f32]) -> Outputs<'_> {
        assert_eq!(parameters.len(), self.dimension(), "dimension of a model");
        for rows in self.groups() {
            self.forward(parameters, &rows);
        }
        Outputs {
            values: &self.outputs,
            targets: &self.targets,
        }
    }

    fn gradient(&mut self, parameters: &[f32], gradient: &mut [f64]) {
        assert_eq!(parameters.len(), self.dimension(), "dimension of a model");
        assert_eq!(gradient.len(), self.dimension(), "dimension of a gradient");
        if self.slopes.is_empty() {
            self.slopes = self.rooms();
        }
        self.gradient.clear();
        self.gradient.resize(self.dimension(), 0.0);
        for rows in self.groups() {
            self.forward(parameters, &rows);
            self.backward(parameters, &rows);
        }
        for (wide, &slope) in gradient.iter_mut().zip(&self.gradient) {
            *wide = slope.into();
        }
    }
}
