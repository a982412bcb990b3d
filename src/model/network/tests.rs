//! Networks against the obvious computation in `f64`, and its slopes.

use super::*;
use crate::data::{Inputs, Shape};
use crate::model::Architecture;
use crate::rng::{Key, Purpose};
use rand::RngExt;

fn stream(counter: u64) -> Stream {
    Key::new(11, Purpose::Batch).at(counter).stream()
}

/// What a layer of the obvious network does.
#[derive(Clone, Copy)]
enum Step {
    /// 3×3 filters, rectified and pooled.
    Filters(usize),
    /// A dense layer of that width, perhaps rectified.
    Dense(usize, bool),
}

/// Outputs for one row, pixel by pixel.
fn obvious(steps: &[Step], parameters: &[f64], shape: [usize; 3], row: &[f64]) -> Vec<f64> {
    let [mut channels, mut height, mut width] = shape;
    let mut x = row.to_vec();
    let mut rest = parameters;
    for step in steps {
        let fan_in = match step {
            Step::Filters(_) => channels * 9,
            Step::Dense(..) => x.len(),
        };
        let (Step::Filters(count) | Step::Dense(count, _)) = *step;
        let (weights, others) = rest.split_at(count * fan_in);
        let (biases, others) = others.split_at(count);
        rest = others;
        let weights = weights.chunks_exact(fan_in).zip(biases);
        x = match step {
            Step::Filters(_) => {
                let at = |c: usize, y: usize, x_: usize| {
                    let inside = (1..=height).contains(&y) && (1..=width).contains(&x_);
                    if inside {
                        x[(c * height + y - 1) * width + x_ - 1]
                    } else {
                        0.0
                    }
                };
                let seen = |(weights, bias): (&[f64], &f64), y: usize, x: usize| -> f64 {
                    let number = |n: usize| at(n / 9, y + n / 3 % 3, x + n % 3);
                    bias + (0..fan_in).map(|n| weights[n] * number(n)).sum::<f64>()
                };
                let pooled = |filter, y: usize, x: usize| {
                    let four = [(0, 0), (0, 1), (1, 0), (1, 1)];
                    let seen = four.map(|(dy, dx)| seen(filter, 2 * y + dy, 2 * x + dx));
                    seen.into_iter().fold(0.0, f64::max)
                };
                let pixels = |filter| {
                    let pixel = move |n| pooled(filter, n / (width / 2), n % (width / 2));
                    (0..height / 2 * (width / 2)).map(pixel)
                };
                let next = weights.flat_map(pixels).collect();
                (channels, height, width) = (count, height / 2, width / 2);
                next
            }
            Step::Dense(_, rectified) => weights
                .map(|(weights, bias)| {
                    let product: f64 = weights.iter().zip(&x).map(|(w, x)| w * x).sum();
                    let output = product + bias;
                    if *rectified { output.max(0.0) } else { output }
                })
                .collect(),
        };
    }
    x
}

/// A network, the obvious one, and made-up rows.
struct Case {
    network: Box<dyn Model>,
    steps: Vec<Step>,
    shape: [usize; 3],
    rows: Vec<Vec<f64>>,
    targets: Targets,
}

impl Case {
    fn new(steps: &[Step], shape: [usize; 3], rows: usize, classes: bool) -> Case {
        let mut stream = stream(rows as u64);
        let mut filters = Vec::new();
        let mut widths = Vec::new();
        for step in steps {
            match step {
                Step::Filters(count) => filters.push(*count as u32),
                Step::Dense(count, _) => widths.push(*count as u32),
            }
        }
        let outputs = widths.pop().expect("a last layer") as usize;
        let targets = if classes {
            Targets::Classes {
                labels: (0..rows)
                    .map(|_| stream.random_range(0..outputs as u32))
                    .collect(),
                classes: outputs,
            }
        } else {
            Targets::Values {
                values: (0..rows * outputs).map(|_| stream.random()).collect(),
                outputs,
            }
        };
        let [channels, height, width] = shape;
        let image = Shape::Image {
            channels,
            height,
            width,
        };
        let settings: Box<dyn Architecture> = if filters.is_empty() {
            Box::new(Mlp { hidden: widths })
        } else {
            Box::new(Cnn {
                channels: filters,
                hidden: widths,
            })
        };
        let draw = |_| stream.random_range(-1.0f32..1.0);
        let numbers: Vec<f32> = (0..rows * image.features()).map(draw).collect();
        let wide = numbers.chunks_exact(image.features());
        let wide = wide.map(|row| row.iter().map(|&x| x.into()).collect());
        let wide = wide.collect();
        let examples = Examples::new(image, Inputs::Numbers(numbers), targets.clone());
        let mut network = settings.build(image, &targets).expect("images");
        let all: Vec<u32> = (0..rows as u32).collect();
        network.gather(&examples, &all);
        Case {
            network,
            steps: steps.to_vec(),
            shape,
            rows: wide,
            targets,
        }
    }

    fn initial(&self) -> Vec<f32> {
        self.network.initial(&mut stream(77))
    }

    fn obvious_outputs(&self, parameters: &[f64]) -> Vec<f64> {
        let rows = self.rows.iter();
        rows.flat_map(|row| obvious(&self.steps, parameters, self.shape, row))
            .collect()
    }

    fn obvious_loss(&self, parameters: &[f64]) -> f64 {
        let outputs = Outputs {
            values: &self.obvious_outputs(parameters),
            targets: &self.targets,
        };
        outputs.loss()
    }
}

fn wide(parameters: &[f32]) -> Vec<f64> {
    parameters.iter().map(|&x| x.into()).collect()
}

/// Every kind of layer, alone and in company, with rows in one group and in several, images with
/// odd sides, and bands of one pair of rows and of several.
fn cases() -> Vec<Case> {
    use Step::{Dense, Filters};
    vec![
        Case::new(&[Dense(3, false)], [1, 1, 5], 4, true),
        Case::new(&[Dense(6, true), Dense(2, false)], [1, 1, 5], 1, false),
        Case::new(
            &[Dense(7, true), Dense(4, true), Dense(3, false)],
            [1, 2, 3],
            40,
            true,
        ),
        Case::new(&[Filters(3), Dense(4, false)], [1, 2, 2], 3, true),
        Case::new(&[Filters(2), Dense(3, false)], [2, 5, 7], 33, true),
        Case::new(
            &[Filters(3), Filters(4), Dense(5, true), Dense(3, false)],
            [1, 7, 6],
            5,
            false,
        ),
        Case::new(
            &[Filters(2), Filters(3), Dense(3, false)],
            [2, 12, 20],
            35,
            true,
        ),
    ]
}

#[test]
fn outputs_are_those_of_the_obvious_computation() {
    for mut case in cases() {
        let parameters = case.initial();
        let expected = case.obvious_outputs(&wide(&parameters));
        let found = case.network.outputs(&parameters).values.to_vec();
        let scale = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        for (found, expected) in found.iter().zip(&expected) {
            // Sums of at most some hundred numbers of f32.
            assert!(
                (found - expected).abs() <= 1e-5 * scale,
                "{found} {expected}"
            );
        }
        let (loss, expected) = (
            case.network.loss(&parameters),
            case.obvious_loss(&wide(&parameters)),
        );
        assert!(
            (loss - expected).abs() <= 1e-5 * expected,
            "{loss} {expected}"
        );
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_obvious_loss() {
    for mut case in cases() {
        let parameters = case.initial();
        let mut gradient = vec![f64::NAN; parameters.len()];
        case.network.gradient(&parameters, &mut gradient);
        let scale = gradient.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        assert!(scale > 1e-3, "some slope");
        for (at, &slope) in gradient.iter().enumerate() {
            let around = |step: f64| {
                let mut moved = wide(&parameters);
                moved[at] += step;
                case.obvious_loss(&moved)
            };
            let difference = (around(1e-6) - around(-1e-6)) / 2e-6;
            // Products and sums of f32; the difference itself is good to 1e-9.
            assert!(
                (difference - slope).abs() <= 1e-4 * scale,
                "{at}: {difference} {slope} of {scale}"
            );
        }
    }
}

#[test]
fn a_loss_tells_of_a_model_that_overflows_on_the_way() {
    // Finite parameters of both signs, so large that sums overflow in the second layer.
    let mut case = Case::new(
        &[Step::Filters(2), Step::Filters(2), Step::Dense(3, false)],
        [1, 8, 8],
        5,
        true,
    );
    let mut parameters = case.initial();
    for parameter in &mut parameters {
        *parameter = 1e38 * parameter.signum();
    }
    assert!(!case.network.loss(&parameters).is_finite());
}

#[test]
fn a_smaller_batch_leaves_nothing_of_a_larger_one() {
    let mut large = Case::new(
        &[Step::Filters(2), Step::Dense(3, false)],
        [1, 4, 4],
        70,
        true,
    );
    let mut small = Case::new(
        &[Step::Filters(2), Step::Dense(3, false)],
        [1, 4, 4],
        5,
        true,
    );
    let parameters = small.initial();
    let expected = small.network.loss(&parameters);
    large.network.loss(&parameters);
    let numbers = small.rows.concat().iter().map(|&x| x as f32).collect();
    let image = Shape::Image {
        channels: 1,
        height: 4,
        width: 4,
    };
    let examples = Examples::new(image, Inputs::Numbers(numbers), small.targets.clone());
    large.network.gather(&examples, &[0, 1, 2, 3, 4]);
    assert_eq!(large.network.loss(&parameters), expected);
}

#[test]
fn images_that_cannot_be_halved_are_refused() {
    let cnn = Cnn {
        channels: vec![2, 2, 2],
        hidden: vec![],
    };
    let targets = Targets::Classes {
        labels: vec![],
        classes: 2,
    };
    let shape = Shape::Image {
        channels: 1,
        height: 7,
        width: 9,
    };
    let Err(misfit) = cnn.build(shape, &targets) else {
        panic!("1×2 pixels in the third layer");
    };
    assert_eq!(
        misfit.to_string(),
        "each convolutional layer halves the images, and those of shape [1, 7, 9] are 1×2 before \
         layer 3: give at most 2 layers"
    );
    let Err(misfit) = cnn.build(Shape::Flat(63), &targets) else {
        panic!("no images");
    };
    assert!(misfit.to_string().contains("an input has shape [63]"));
}

#[test]
fn a_network_too_large_for_memory_is_refused_before_it_takes_any() {
    let mlp = Mlp {
        hidden: vec![65_536, 65_536],
    };
    let targets = Targets::Classes {
        labels: vec![],
        classes: 2,
    };
    let Err(misfit) = mlp.build(Shape::Flat(10), &targets) else {
        panic!("4 billion parameters");
    };
    assert!(misfit.message.contains("more than 100000000 parameters"));
}

#[test]
fn the_papers_network_has_130890_parameters() {
    let shape = Shape::Image {
        channels: 1,
        height: 28,
        width: 28,
    };
    let targets = Targets::Classes {
        labels: vec![],
        classes: 10,
    };
    let network = Cnn::paper().build(shape, &targets).expect("images");
    assert_eq!(network.dimension(), 130_890);
    let initial = network.initial(&mut stream(1));
    // The first layer's are within 1/3, the last layer's within 1/√128.
    assert!(initial[..320].iter().all(|x| x.abs() <= 1.0 / 3.0));
    assert!(initial[..320].iter().any(|x| x.abs() > 0.3));
    let bound = 1.0 / 128f32.sqrt();
    assert!(initial[130_890 - 1290..].iter().all(|x| x.abs() <= bound));
}
