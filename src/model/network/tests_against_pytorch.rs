//! The paper's CNN against PyTorch's values in `tests/conformance/cnn.json`, computed in `f64`; its
//! note says how parameters, pixels and labels are made.
//!
//! Single precision cannot tell which of two pixels is greater, or whether a sum is above 0, where
//! they differ by less than its rounding. Such a choice moves a slope from one pixel to another,
//! and with it entries of the gradient by more than any rounding would. So an entry may be outside
//! the tolerance for this reason alone: computed in `f64` with the choices that were made, it is
//! inside; and each choice that differs from that of `f64` is checked to be such a near tie.

use super::*;
use crate::data::{Inputs, Shape};
use crate::learner::{Adam, Learner, Method};
use crate::settings::Schedule;
use serde_json::Value;

/// How far apart two sums of products may be in `f64` and be taken for equal in `f32`, relative to
/// the sum of the products' sizes: 2⁻²⁴ for each of some hundred additions, at worst.
const NEAR: f64 = 1e-5;

const BATCH: usize = 8;
/// Channels and side of each layer's images, the last those of the dense layers' input.
const IMAGES: [(usize, usize); 4] = [(1, 28), (32, 14), (64, 7), (64, 3)];
const CLASSES: usize = 10;

struct Reference {
    values: Value,
    network: Network,
    parameters: Vec<f32>,
    pixels: Vec<f32>,
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|x| x.as_f64().expect("a number")).collect()
}

impl Reference {
    fn new() -> Reference {
        let text = include_str!("../../../tests/conformance/cnn.json");
        let values: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(values["batch"], BATCH);
        let shape = Shape::Image {
            channels: 1,
            height: 28,
            width: 28,
        };
        let targets = Targets::Classes {
            labels: (0..BATCH as u32).map(|b| (3 * b + 1) % 10).collect(),
            classes: CLASSES,
        };
        let pixel = |i: usize| (0.5 + 0.5 * (78.233 * (i + 1) as f64).sin()) as f32;
        let pixels: Vec<f32> = (0..BATCH * 784).map(pixel).collect();
        let mut network = Cnn::paper().network(shape, &targets).expect("images");
        let rows: Vec<u32> = (0..BATCH as u32).collect();
        let inputs = Inputs::Numbers(pixels.clone());
        network.gather(&Examples::new(shape, inputs, targets), &rows);
        let mut reference = Reference {
            parameters: Vec::new(),
            values,
            network,
            pixels,
        };
        for (name, place) in reference.places() {
            let fan_in = reference.values["fan_in"][name.as_str()].as_f64();
            let scale = 1.7 / fan_in.expect("a number").sqrt();
            assert_eq!(place.start, reference.parameters.len());
            let parameter = |i: usize| ((12.9898 * (i + 1) as f64).sin() * scale) as f32;
            reference.parameters.extend(place.map(parameter));
        }
        assert_eq!(reference.parameters.len(), reference.network.dimension());
        reference
    }

    /// The tensors by name.
    fn places(&self) -> Vec<(String, Range<usize>)> {
        let layout = self.values["layout"].as_array().expect("a list");
        let place = |entry: &Value| {
            let offset = entry["offset"].as_u64().expect("a number") as usize;
            let count: f64 = numbers(&entry["shape"]).iter().product();
            let name = entry["name"].as_str().expect("a name").to_owned();
            (name, offset..offset + count as usize)
        };
        layout.iter().map(place).collect()
    }

    fn list(&self, key: &str) -> Vec<f64> {
        numbers(&self.values[key])
    }

    /// The entries of a vector that the file has values of.
    fn chosen<T: Copy + Into<f64>>(&self, all: &[T]) -> Vec<f64> {
        let indices = self.list("indices");
        indices
            .into_iter()
            .map(|i| all[i as usize].into())
            .collect()
    }

    /// The choices of the last forward pass, layer by layer, `[outputs × rows]` each.
    fn choices(&self) -> Vec<Vec<u8>> {
        let layers = self.network.layers.iter();
        layers
            .filter_map(|l| l.choices())
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// Mean loss and gradient in `f64` at some parameters, with those choices.
    fn with_choices(&self, parameters: &[f64], choices: &[Vec<u8>]) -> (f64, Vec<f64>) {
        let mut loss = 0.0;
        let mut gradient = vec![0.0; parameters.len()];
        for row in 0..BATCH {
            let pixels = &self.pixels[row * 784..][..784];
            let pixels = pixels.iter().map(|&x| x.into()).collect();
            loss += self.one_row(row, pixels, parameters, choices, &mut gradient);
        }
        (loss / BATCH as f64, gradient)
    }

    /// Loss of a row; its part of the gradient is added to `gradient`.
    fn one_row(
        &self,
        row: usize,
        pixels: Vec<f64>,
        parameters: &[f64],
        choices: &[Vec<u8>],
        gradient: &mut [f64],
    ) -> f64 {
        let places: Vec<Range<usize>> = self.places().into_iter().map(|(_, p)| p).collect();
        let mut inputs = vec![pixels];
        for (layer, choices) in choices.iter().enumerate() {
            let filters = Filters::new(layer, parameters, &places);
            let pool =
                |pool: usize| filters.pooled(&inputs[layer], pool, choices[pool * BATCH + row]);
            let outputs = (0..choices.len() / BATCH).map(pool).collect();
            inputs.push(outputs);
        }
        let [weights, biases, last_weights, last_biases] = [6, 7, 8, 9].map(|t| &places[t]);
        let dense = |weights: &Range<usize>, biases: &Range<usize>, inputs: &[f64]| -> Vec<f64> {
            let rows = parameters[weights.clone()].chunks_exact(inputs.len());
            let product = |(row, bias): (&[f64], &f64)| {
                bias + row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>()
            };
            rows.zip(&parameters[biases.clone()]).map(product).collect()
        };
        let mut hidden = dense(weights, biases, &inputs[3]);
        hidden.iter_mut().for_each(|x| *x = x.max(0.0));
        let mut slopes = dense(last_weights, last_biases, &hidden);
        let targets = &self.network.targets;
        let loss = targets.loss(row, &slopes);
        targets.differentiate(row, &mut slopes);
        slopes.iter_mut().for_each(|x| *x /= BATCH as f64);
        let mut back =
            |weights: &Range<usize>, biases: &Range<usize>, inputs: &[f64], slopes: &[f64]| {
                let mut before = vec![0.0; inputs.len()];
                for (output, slope) in slopes.iter().enumerate() {
                    gradient[biases.start + output] += slope;
                    for (input, x) in inputs.iter().enumerate() {
                        let weight = weights.start + output * inputs.len() + input;
                        gradient[weight] += slope * x;
                        before[input] += slope * parameters[weight];
                    }
                }
                before
            };
        let mut slopes = back(last_weights, last_biases, &hidden, &slopes);
        for (slope, x) in slopes.iter_mut().zip(&hidden) {
            *slope = if *x > 0.0 { *slope } else { 0.0 };
        }
        let mut slopes = back(weights, biases, &inputs[3], &slopes);
        for (layer, choices) in choices.iter().enumerate().rev() {
            let filters = Filters::new(layer, parameters, &places);
            let mut before = vec![0.0; inputs[layer].len()];
            for (pool, slope) in slopes.iter().enumerate() {
                let choice = choices[pool * BATCH + row];
                if choice < 4 {
                    let filter = filters.filter(pool);
                    gradient[filters.biases.start + filter] += slope;
                    let patch = filters.images.0 * 9;
                    for (number, pixel) in filters.patch(pool, choice) {
                        let weight = filters.weights.start + filter * patch + number;
                        gradient[weight] += slope * inputs[layer][pixel];
                        before[pixel] += slope * parameters[weight];
                    }
                }
            }
            slopes = before;
        }
        loss
    }
}

/// A convolutional layer at single pixels.
struct Filters<'a> {
    images: (usize, usize),
    parameters: &'a [f64],
    weights: Range<usize>,
    biases: Range<usize>,
}

impl Filters<'_> {
    fn new<'a>(layer: usize, parameters: &'a [f64], places: &[Range<usize>]) -> Filters<'a> {
        Filters {
            images: IMAGES[layer],
            parameters,
            weights: places[2 * layer].clone(),
            biases: places[2 * layer + 1].clone(),
        }
    }

    fn filter(&self, pool: usize) -> usize {
        let side = self.images.1 / 2;
        pool / (side * side)
    }

    /// The numbers of a patch inside the image, and which input each is.
    fn patch(&self, pool: usize, choice: u8) -> impl Iterator<Item = (usize, usize)> {
        let (channels, side) = self.images;
        let (y, x) = (pool / (side / 2) % (side / 2), pool % (side / 2));
        let (y, x) = (
            2 * y + usize::from(choice) / 2,
            2 * x + usize::from(choice) % 2,
        );
        (0..channels * 9).filter_map(move |number| {
            let y = (y + number / 3 % 3).checked_sub(1).filter(|&y| y < side)?;
            let x = (x + number % 3).checked_sub(1).filter(|&x| x < side)?;
            Some((number, (number / 9 * side + y) * side + x))
        })
    }

    /// What the filter sees there, and the sum of sizes that it is made of.
    fn seen(&self, inputs: &[f64], pool: usize, choice: u8) -> (f64, f64) {
        let (channels, _) = self.images;
        let filter = self.filter(pool);
        let bias = self.parameters[self.biases.start + filter];
        let (mut sum, mut size) = (bias, bias.abs());
        for (number, pixel) in self.patch(pool, choice) {
            let weight = self.weights.start + filter * channels * 9 + number;
            let product = self.parameters[weight] * inputs[pixel];
            sum += product;
            size += product.abs();
        }
        (sum, size)
    }

    /// The pooled number with a choice, which `f64` would have made too, or nearly so.
    fn pooled(&self, inputs: &[f64], pool: usize, choice: u8) -> f64 {
        let four = [0, 1, 2, 3].map(|choice| self.seen(inputs, pool, choice));
        let best = four
            .iter()
            .fold(f64::NEG_INFINITY, |best, (sum, _)| best.max(*sum));
        let near = NEAR * four.iter().fold(0.0f64, |all, (_, size)| all.max(*size));
        let Some((chosen, _)) = four.get(usize::from(choice)) else {
            assert!(best <= near, "{best} was rectified");
            return 0.0;
        };
        assert!(
            *chosen >= best - near && *chosen > -near,
            "{chosen} of {four:?}"
        );
        *chosen
    }
}

/// Every value is as expected, or, outside for the reason above, what `f64` gives with the choices
/// that were made; how many are outside.
fn assert_close(
    what: &str,
    found: &[f64],
    expected: &[f64],
    with_choices: &[f64],
    bound: impl Fn(f64) -> f64,
) -> usize {
    assert!(found.len() == expected.len() && found.len() == with_choices.len());
    let mut outside = 0;
    for (at, found) in found.iter().enumerate() {
        let is_close = |expected: f64| (found - expected).abs() <= bound(expected);
        if is_close(expected[at]) {
            continue;
        }
        let (expected, other) = (expected[at], with_choices[at]);
        assert!(
            is_close(other),
            "{what} {at}: {found}, not {expected} or {other}"
        );
        println!("{what} {at}: {found}, not {expected}: a choice at a near tie");
        outside += 1;
    }
    outside
}

#[test]
fn logits_and_loss_are_pytorchs() {
    let mut reference = Reference::new();
    let rows = reference.values["logits"].as_array().expect("a list");
    let expected: Vec<f64> = rows.iter().flat_map(numbers).collect();
    let outputs = reference.network.outputs(&reference.parameters);
    for (found, expected) in outputs.values.iter().zip(&expected) {
        assert!(
            (found - expected).abs() <= 1e-4 * expected.abs(),
            "{found} {expected}"
        );
    }
    let expected = reference.values["loss"].as_f64().expect("a number");
    assert!((outputs.loss() - expected).abs() <= 1e-4 * expected);
}

#[test]
fn the_gradient_is_pytorchs() {
    let mut reference = Reference::new();
    let mut gradient = vec![0.0; reference.network.dimension()];
    reference
        .network
        .gradient(&reference.parameters, &mut gradient);
    let wide: Vec<f64> = reference.parameters.iter().map(|&x| x.into()).collect();
    let (_, with_choices) = reference.with_choices(&wide, &reference.choices());
    let outside = assert_close(
        "slope",
        &reference.chosen(&gradient),
        &reference.list("gradient"),
        &reference.chosen(&with_choices),
        |x| 1e-3 * x.abs(),
    );
    assert!(outside < 40, "{outside} of 400: near ties are rare");
    let norms = |gradient: &[f64]| -> Vec<f64> {
        let norm = |(_, place): (String, Range<usize>)| {
            gradient[place].iter().map(|g| g * g).sum::<f64>().sqrt()
        };
        reference.places().into_iter().map(norm).collect()
    };
    let names = reference.places().into_iter().map(|(name, _)| name);
    let expected = |name: String| reference.values["gradient_norms"][name].as_f64();
    let expected: Vec<f64> = names.map(|n| expected(n).expect("a number")).collect();
    let (found, other) = (norms(&gradient), norms(&with_choices));
    for (at, found) in found.iter().enumerate() {
        let is_close = |x: f64| (found - x).abs() <= 1e-3 * x;
        assert!(is_close(expected[at]) || is_close(other[at]), "tensor {at}");
    }
}

#[test]
fn adam_takes_pytorchs_steps() {
    let mut reference = Reference::new();
    let d = reference.network.dimension();
    let learner = Learner {
        method: Method::Adam(Adam::default()),
        step_size: Schedule::constant(1e-3),
        steps_per_exchange: 1,
        adapt_probability: 1.0,
    };
    let mut optimizer = learner.optimizer(d);
    let mut parameters = reference.parameters.clone();
    let mut gradient = vec![0.0; d];
    // The same in f64, with the choices that were made.
    let mut wide: Vec<f64> = parameters.iter().map(|&x| x.into()).collect();
    let (mut first, mut second) = (vec![0.0; d], vec![0.0; d]);
    let expected = reference.list("losses_of_the_next_five_steps");
    for step in 0..6 {
        reference.network.gradient(&parameters, &mut gradient);
        let choices = reference.choices();
        let (loss, slopes) = reference.with_choices(&wide, &choices);
        if step > 0 {
            let found = reference.network.loss(&parameters);
            assert_close("loss", &[found], &[expected[step - 1]], &[loss], |x| {
                1e-4 * x
            });
        }
        optimizer.step(1e-3, &mut parameters, &gradient);
        let t = step as i32 + 1;
        for (at, slope) in slopes.iter().enumerate() {
            first[at] = 0.9 * first[at] + 0.1 * slope;
            second[at] = 0.999 * second[at] + 0.001 * slope * slope;
            let mean: f64 = first[at] / (1.0 - 0.9f64.powi(t));
            let square: f64 = second[at] / (1.0 - 0.999f64.powi(t));
            wide[at] -= 1e-3 * mean / (square.sqrt() + 1e-8);
        }
        let key = match step {
            0 => "parameters_after_one_step",
            5 => "parameters_after_six_steps",
            _ => continue,
        };
        let (found, other) = (reference.chosen(&parameters), reference.chosen(&wide));
        let outside = assert_close(key, &found, &reference.list(key), &other, |_| 1e-4);
        assert!(outside < 100, "{outside} of 400: few hang on near ties");
    }
}
