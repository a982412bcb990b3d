//! A linear layer with bias: softmax regression under cross-entropy, linear regression under the
//! squared error.
//!
//! The parameters are one vector of `f32`, in the order of PyTorch's `nn.Linear`: weights of shape
//! `[outputs × features]`, row-major, then biases `[outputs]`. An output is the product of a row
//! and its weights, added up in eight lanes (so that its bits are the same on every processor; see
//! `lanes.rs`), and the bias, added last. From there on, plain `f64`.

use super::lanes::{Instructions, Lanes, append, combine, lanes_of, numbers, products};
use super::{Architecture, LeastSquares, Misfit, Model, Outputs, uniform};
use crate::data::{Examples, Shape, Targets};
use crate::rng::Stream;
use crate::settings::Keys;

/// Softmax regression, the model of the paper's activity recognition.
#[derive(Clone, Debug)]
pub struct SoftmaxSettings;

impl SoftmaxSettings {
    /// The value of `model.kind`.
    pub const NAME: &str = "softmax";
    /// What it is.
    pub const ABOUT: &str = "A linear layer with bias under cross-entropy; for classes";

    /// It has no keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        SoftmaxSettings
    }
}

impl Architecture for SoftmaxSettings {
    fn build(&self, shape: Shape, targets: &Targets) -> Result<Box<dyn Model>, Misfit> {
        match targets {
            Targets::Classes { .. } => Ok(Box::new(Linear::new(shape.features(), targets))),
            Targets::Values { .. } => Err(Misfit {
                key: "kind",
                message: "softmax predicts classes, and the targets are numbers".to_owned(),
                help: "write kind = \"linear\" or \"mlp\"".to_owned(),
            }),
        }
    }
}

/// Linear regression under the squared error.
#[derive(Clone, Debug)]
pub struct LinearSettings;

impl LinearSettings {
    /// The value of `model.kind`.
    pub const NAME: &str = "linear";
    /// What it is.
    pub const ABOUT: &str = "A linear layer with bias under the squared error; for values";

    /// It has no keys.
    pub fn read(_: &mut Keys<'_>) -> Self {
        LinearSettings
    }
}

impl Architecture for LinearSettings {
    fn build(&self, shape: Shape, targets: &Targets) -> Result<Box<dyn Model>, Misfit> {
        match targets {
            Targets::Values { .. } => Ok(Box::new(Linear::new(shape.features(), targets))),
            Targets::Classes { .. } => Err(Misfit {
                key: "kind",
                message: "linear predicts numbers, and the targets are classes".to_owned(),
                help: "write kind = \"softmax\", \"mlp\" or \"cnn\"".to_owned(),
            }),
        }
    }
}

/// A linear layer with bias.
#[derive(Clone, Debug)]
pub struct Linear {
    features: usize,
    instructions: Instructions,
    /// The rows, widened once for all models that are tried on them.
    rows: Vec<Lanes>,
    targets: Targets,
    input: Vec<f32>,
    /// Shape `[rows × outputs]`.
    outputs: Vec<f64>,
    /// Derivatives of the mean loss with respect to the outputs, shape `[outputs × rows]`.
    slopes: Vec<f64>,
}

impl Linear {
    /// A layer for that many features, and targets like these, of which only the kind counts.
    ///
    /// # Panics
    /// Without features.
    pub fn new(features: usize, targets: &Targets) -> Linear {
        assert!(features > 0, "a row has at least one feature");
        Linear {
            features,
            instructions: Instructions::best(),
            rows: Vec::new(),
            targets: targets.none(),
            input: vec![0.0; features],
            outputs: Vec::new(),
            slopes: Vec::new(),
        }
    }

    /// Computes the outputs.
    fn apply(&mut self, parameters: &[f32]) {
        assert_eq!(parameters.len(), self.dimension(), "dimension of a model");
        assert!(!self.targets.is_empty(), "a batch has at least one row");
        let count = self.targets.outputs();
        let (weights, biases) = parameters.split_at(count * self.features);
        self.outputs.resize(self.targets.len() * count, 0.0);
        products(
            self.instructions,
            &self.rows,
            weights,
            self.features,
            &mut self.outputs,
        );
        for outputs in self.outputs.chunks_exact_mut(count) {
            for (output, &bias) in outputs.iter_mut().zip(biases) {
                *output += f64::from(bias);
            }
        }
    }
}

impl Model for Linear {
    /// outputs · (features + 1).
    fn dimension(&self) -> usize {
        self.targets.outputs() * (self.features + 1)
    }

    /// Weights and biases uniform in ±1/√features.
    fn initial(&self, stream: &mut Stream) -> Vec<f32> {
        uniform(self.dimension(), self.features, stream).collect()
    }

    fn bytes(&self, rows: usize) -> usize {
        let row = lanes_of(self.features) * size_of::<Lanes>();
        rows * (row + 2 * self.targets.outputs() * size_of::<f64>())
    }

    fn gather(&mut self, examples: &Examples, rows: &[u32]) {
        assert_eq!(examples.shape().features(), self.features, "features");
        self.targets.gather(examples.targets(), rows);
        self.rows.clear();
        self.rows.reserve(rows.len() * lanes_of(self.features));
        for &row in rows {
            examples.read(row, &mut self.input);
            append(&self.input, &mut self.rows);
        }
    }

    fn flip_labels(&mut self) {
        self.targets.flip();
    }

    fn outputs(&mut self, parameters: &[f32]) -> Outputs<'_> {
        self.apply(parameters);
        Outputs {
            values: &self.outputs,
            targets: &self.targets,
        }
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        let Targets::Values { values, .. } = &self.targets else {
            return None;
        };
        let mut inputs = Vec::with_capacity(self.targets.len() * (self.features + 1));
        for row in self.rows.chunks_exact(lanes_of(self.features)) {
            inputs.extend(numbers(row).take(self.features));
            inputs.push(1.0);
        }
        Some(LeastSquares {
            inputs,
            outputs: values.iter().map(|&y| f64::from(y)).collect(),
            samples: self.targets.len(),
        })
    }

    fn gradient(&mut self, parameters: &[f32], gradient: &mut [f64]) {
        assert_eq!(gradient.len(), self.dimension(), "dimension of a gradient");
        self.apply(parameters);
        let (rows, count) = (self.targets.len(), self.targets.outputs());
        self.slopes.resize(rows * count, 0.0);
        for (row, outputs) in self.outputs.chunks_exact_mut(count).enumerate() {
            self.targets.differentiate(row, outputs);
            for (at, slope) in outputs.iter().enumerate() {
                self.slopes[at * rows + row] = slope / rows as f64;
            }
        }
        let (weights, biases) = gradient.split_at_mut(count * self.features);
        combine(
            self.instructions,
            &self.rows,
            &self.slopes,
            self.features,
            weights,
        );
        for (bias, slopes) in biases.iter_mut().zip(self.slopes.chunks_exact(rows)) {
            *bias = slopes.iter().sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Inputs;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    fn stream() -> Stream {
        Key::new(7, Purpose::Batch).stream()
    }

    fn examples(features: usize, numbers: Vec<f32>, targets: Targets) -> Examples {
        Examples::new(Shape::Flat(features), Inputs::Numbers(numbers), targets)
    }

    fn classes(labels: &[u32], classes: usize) -> Targets {
        Targets::Classes {
            labels: labels.to_vec(),
            classes,
        }
    }

    /// A layer that has seen made-up rows.
    fn layer(features: usize, targets: Targets, stream: &mut Stream) -> Linear {
        let rows = targets.len();
        let draw = |_| stream.random_range(-1.0..1.0);
        let numbers = (0..rows * features).map(draw).collect();
        let mut layer = Linear::new(features, &targets);
        let all: Vec<u32> = (0..rows as u32).collect();
        layer.gather(&examples(features, numbers, targets), &all);
        layer
    }

    fn labels(rows: usize, classes: u32, stream: &mut Stream) -> Vec<u32> {
        (0..rows).map(|_| stream.random_range(0..classes)).collect()
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let mut stream = stream();
        let mut layers = Vec::new();
        for (features, rows, count) in [(1, 1, 2), (11, 4, 3), (16, 10, 6)] {
            let labels = labels(rows, count as u32, &mut stream);
            layers.push(layer(features, classes(&labels, count), &mut stream));
            let draw = |_| stream.random_range(-1.0..1.0);
            let values = (0..rows * count).map(draw).collect();
            let targets = Targets::Values {
                values,
                outputs: count,
            };
            layers.push(layer(features, targets, &mut stream));
        }
        for mut layer in layers {
            let parameters = layer.initial(&mut stream);
            let mut gradient = vec![f64::NAN; layer.dimension()];
            layer.gradient(&parameters, &mut gradient);
            for (at, &slope) in gradient.iter().enumerate() {
                let mut around = |step: f32| {
                    let mut moved = parameters.clone();
                    moved[at] += step;
                    (f64::from(moved[at]), layer.loss(&moved))
                };
                let ((left, below), (right, above)) = (around(-1e-3), around(1e-3));
                let difference = (above - below) / (right - left);
                // The third derivative is at most 1, the steps are 10⁻³.
                assert!(
                    (difference - slope).abs() < 1e-6,
                    "{at}: {difference} {slope}"
                );
            }
        }
    }

    #[test]
    fn all_instructions_give_one_loss_and_one_gradient() {
        let mut stream = stream();
        let labels = labels(10, 6, &mut stream);
        let mut layer = layer(561, classes(&labels, 6), &mut stream);
        let parameters = layer.initial(&mut stream);
        let results = Instructions::available().into_iter().map(|instructions| {
            layer.instructions = instructions;
            let mut gradient = vec![0.0; layer.dimension()];
            layer.gradient(&parameters, &mut gradient);
            let bits: Vec<u64> = gradient.iter().map(|g| g.to_bits()).collect();
            (layer.loss(&parameters).to_bits(), bits)
        });
        let results: Vec<_> = results.collect();
        assert!(results.iter().all(|r| *r == results[0]));
    }

    #[test]
    fn the_bias_comes_after_the_weights() {
        let targets = classes(&[1], 2);
        let mut layer = Linear::new(2, &targets);
        layer.gather(&examples(2, vec![1.0, 2.0], targets), &[0]);
        // Logits 1·1 + 2·10 + 0.5 = 21.5 and 1·3 + 2·9 + 1.5 = 22.5.
        let loss = layer.loss(&[1.0, 10.0, 3.0, 9.0, 0.5, 1.5]);
        assert!((loss - (1.0 + (-1.0f64).exp()).ln()).abs() < 1e-15);
    }

    #[test]
    fn huge_models_have_a_huge_loss_and_no_overflow_on_the_way() {
        let targets = classes(&[0], 2);
        let mut layer = Linear::new(2, &targets);
        layer.gather(&examples(2, vec![1.0, 1.0], targets), &[0]);
        let loss = layer.loss(&[-f32::MAX, -f32::MAX, f32::MAX, f32::MAX, 0.0, 0.0]);
        assert_eq!(loss, 4.0 * f64::from(f32::MAX));
    }
}
