//! Softmax regression with bias: a linear layer and cross-entropy, the model of activity
//! recognition.
//!
//! The parameters are one vector of `f32`, in the order of PyTorch's `nn.Linear`: weights of shape
//! `[classes × features]`, row-major, then biases `[classes]`. A logit is the product of a row and
//! a class's weights, added up in eight lanes (so that its bits are the same on every processor;
//! see `lanes.rs`), and the bias, added last. From the logits on, plain `f64`.

use super::Evaluation;
use super::lanes::{Instructions, Lanes, append, combine, lanes_of, products};
use rand::{Rng, RngExt};

/// Labeled rows, gathered and widened once for all models that are tried on them.
#[derive(Clone, Debug)]
pub struct Batch {
    features: usize,
    rows: Vec<Lanes>,
    labels: Vec<u32>,
}

impl Batch {
    /// An empty batch of rows with that many features, with room for `capacity` of them.
    ///
    /// # Panics
    /// Without features.
    pub fn new(features: usize, capacity: usize) -> Batch {
        assert!(features > 0, "a row has at least one feature");
        Batch {
            features,
            rows: Vec::with_capacity(capacity * lanes_of(features)),
            labels: Vec::with_capacity(capacity),
        }
    }

    /// Takes all rows out; the room stays.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.labels.clear();
    }

    /// Adds a row, shape `[features]`, and its class, from 0.
    ///
    /// # Panics
    /// If the row has another shape.
    pub fn push(&mut self, row: &[f32], label: u32) {
        assert_eq!(row.len(), self.features, "features of a row");
        append(row, &mut self.rows);
        self.labels.push(label);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The model, with room for what it computes on the way. Every batch that it is given must have rows of its number
/// of features, labels below its number of classes, and at least one row; every model, shape `[d]`.
/// It panics otherwise.
#[derive(Clone, Debug)]
pub struct Softmax {
    features: usize,
    classes: usize,
    instructions: Instructions,
    logits: Vec<f64>,
    errors: Vec<f64>,
}

impl Softmax {
    /// A model of that many features and classes.
    pub fn new(features: usize, classes: usize) -> Softmax {
        Softmax {
            features,
            classes,
            instructions: Instructions::best(),
            logits: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Number of parameters d = classes · (features + 1).
    pub fn dimension(&self) -> usize {
        self.classes * (self.features + 1)
    }

    /// Initial parameters, shape `[d]`: weights and biases uniform in ±1/√features.
    pub fn initial(&self, stream: &mut impl Rng) -> Vec<f32> {
        let bound = 1.0 / (self.features as f64).sqrt();
        let draw = |_| (bound * stream.random_range(-1.0..1.0)) as f32;
        (0..self.dimension()).map(draw).collect()
    }

    /// Mean cross-entropy per row, in nats.
    pub fn loss(&mut self, model: &[f32], batch: &Batch) -> f64 {
        self.fill_logits(model, batch);
        let mut sum = 0.0;
        for (logits, &label) in self.logits.chunks_exact(self.classes).zip(&batch.labels) {
            let (max, normalizer) = normalizer(logits);
            sum += (max - logits[label as usize]) + normalizer.ln();
        }
        sum / batch.len() as f64
    }

    /// Gradient of [`Softmax::loss`] with respect to the model, into `gradient`, shape `[d]`.
    pub fn gradient(&mut self, model: &[f32], batch: &Batch, gradient: &mut [f64]) {
        assert_eq!(gradient.len(), self.dimension(), "dimension of a gradient");
        self.fill_logits(model, batch);
        // The derivatives of the mean loss with respect to the logits, shape `[classes × batch]`.
        let rows = batch.len();
        self.errors.resize(rows * self.classes, 0.0);
        for (row, logits) in self.logits.chunks_exact(self.classes).enumerate() {
            let (max, sum) = normalizer(logits);
            for (class, logit) in logits.iter().enumerate() {
                let target = f64::from(u8::from(class == batch.labels[row] as usize));
                let error = (logit - max).exp() / sum - target;
                self.errors[class * rows + row] = error / rows as f64;
            }
        }
        let (weights, biases) = gradient.split_at_mut(self.classes * self.features);
        combine(
            self.instructions,
            &batch.rows,
            &self.errors,
            self.features,
            weights,
        );
        for (bias, errors) in biases.iter_mut().zip(self.errors.chunks_exact(rows)) {
            *bias = errors.iter().sum();
        }
    }

    /// Mean cross-entropy per row, in nats, and the share of rows whose label has the greatest logit,
    /// the lowest class where several have.
    pub fn evaluate(&mut self, model: &[f32], batch: &Batch) -> Evaluation {
        let loss = self.loss(model, batch);
        let rows = self.logits.chunks_exact(self.classes).zip(&batch.labels);
        let right = rows.filter(|(logits, label)| greatest(logits) == **label as usize);
        Evaluation {
            loss,
            accuracy: right.count() as f64 / batch.len() as f64,
        }
    }

    /// The predicted class of every row: that of the greatest logit, the lowest where several have
    /// it.
    pub fn predictions(&mut self, model: &[f32], batch: &Batch) -> Vec<usize> {
        self.fill_logits(model, batch);
        self.logits
            .chunks_exact(self.classes)
            .map(greatest)
            .collect()
    }

    /// Computes the logits, shape `[batch × classes]`.
    fn fill_logits(&mut self, model: &[f32], batch: &Batch) {
        assert_eq!(model.len(), self.dimension(), "dimension of a model");
        assert_eq!(batch.features, self.features, "features of a batch");
        assert!(!batch.is_empty(), "a batch has at least one row");
        let (weights, biases) = model.split_at(self.classes * self.features);
        self.logits.resize(batch.len() * self.classes, 0.0);
        products(
            self.instructions,
            &batch.rows,
            weights,
            self.features,
            &mut self.logits,
        );
        for logits in self.logits.chunks_exact_mut(self.classes) {
            for (logit, &bias) in logits.iter_mut().zip(biases) {
                *logit += f64::from(bias);
            }
        }
    }
}

/// The greatest logit m and Σ exp(logit − m), which is between 1 and the number of classes.
fn normalizer(logits: &[f64]) -> (f64, f64) {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for logit in logits {
        sum += (logit - max).exp();
    }
    (max, sum)
}

/// The lowest index of the greatest.
fn greatest(logits: &[f64]) -> usize {
    let better = |best, class| {
        if logits[class] > logits[best] {
            class
        } else {
            best
        }
    };
    (1..logits.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose, Stream};

    fn stream() -> Stream {
        Key::new(7, Purpose::Batch).stream()
    }

    fn batch(features: usize, rows: usize, classes: u32, stream: &mut Stream) -> Batch {
        let mut batch = Batch::new(features, rows);
        for _ in 0..rows {
            let row: Vec<f32> = (0..features)
                .map(|_| stream.random_range(-1.0..1.0))
                .collect();
            batch.push(&row, stream.random_range(0..classes));
        }
        batch
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let mut stream = stream();
        for (features, rows, classes) in [(1, 1, 2), (11, 4, 3), (16, 10, 6)] {
            let batch = batch(features, rows, classes as u32, &mut stream);
            let mut softmax = Softmax::new(features, classes);
            let model = softmax.initial(&mut stream);
            let mut gradient = vec![f64::NAN; softmax.dimension()];
            softmax.gradient(&model, &batch, &mut gradient);
            for (at, &slope) in gradient.iter().enumerate() {
                let mut around = |step: f32| {
                    let mut model = model.clone();
                    model[at] += step;
                    (f64::from(model[at]), softmax.loss(&model, &batch))
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
        let batch = batch(561, 10, 6, &mut stream);
        let mut softmax = Softmax::new(561, 6);
        let model = softmax.initial(&mut stream);
        let results = Instructions::available().into_iter().map(|instructions| {
            softmax.instructions = instructions;
            let mut gradient = vec![0.0; softmax.dimension()];
            softmax.gradient(&model, &batch, &mut gradient);
            let bits: Vec<u64> = gradient.iter().map(|g| g.to_bits()).collect();
            (softmax.loss(&model, &batch).to_bits(), bits)
        });
        let results: Vec<_> = results.collect();
        assert!(results.iter().all(|r| *r == results[0]));
    }

    #[test]
    fn the_bias_comes_after_the_weights() {
        let mut batch = Batch::new(2, 1);
        batch.push(&[1.0, 2.0], 1);
        let mut softmax = Softmax::new(2, 2);
        // Logits 1·1 + 2·10 + 0.5 = 21.5 and 1·3 + 2·9 + 1.5 = 22.5.
        let loss = softmax.loss(&[1.0, 10.0, 3.0, 9.0, 0.5, 1.5], &batch);
        assert!((loss - (1.0 + (-1.0f64).exp()).ln()).abs() < 1e-15);
    }

    #[test]
    fn a_tie_goes_to_the_lowest_class() {
        let mut batch = Batch::new(1, 2);
        batch.push(&[1.0], 0);
        batch.push(&[1.0], 1);
        let found = Softmax::new(1, 3).evaluate(&[0.0; 6], &batch);
        assert_eq!(found.accuracy, 0.5);
        assert_eq!(Softmax::new(1, 3).predictions(&[0.0; 6], &batch), [0, 0]);
        assert!((found.loss - 3.0f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn huge_models_have_a_huge_loss_and_no_overflow_on_the_way() {
        let mut batch = Batch::new(2, 1);
        batch.push(&[1.0, 1.0], 0);
        let loss = Softmax::new(2, 2).loss(
            &[-f32::MAX, -f32::MAX, f32::MAX, f32::MAX, 0.0, 0.0],
            &batch,
        );
        assert_eq!(loss, 4.0 * f64::from(f32::MAX));
    }
}
