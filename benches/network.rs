//! What the paper's CNN costs on one core: a forward pass, a training step, the loss of ten models
//! on one batch.

use byzsim::data::{Examples, Inputs, Shape, Targets};
use byzsim::learner::{Adam, Learner, Method};
use byzsim::model::{Architecture, Cnn};
use byzsim::rng::{Key, Purpose};
use byzsim::settings::Schedule;
use rand::RngExt;
use std::time::Instant;

const BATCH: usize = 64;

/// Multiply-adds of the layers for one image: of all pixels that are in a pool, 6×6 of 7×7 in the
/// third.
const MULTIPLY_ADDS: f64 =
    (32 * 9 * 784 + 64 * 288 * 196 + 64 * 576 * 36 + 576 * 128 + 1280) as f64;

fn milliseconds(repetitions: usize, mut work: impl FnMut()) -> [f64; 2] {
    let mut times: Vec<f64> = (0..repetitions)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    [times[0], times[repetitions / 2]]
}

fn main() {
    let mut stream = Key::new(1, Purpose::Batch).stream();
    let shape = Shape::Image {
        channels: 1,
        height: 28,
        width: 28,
    };
    let targets = Targets::Classes {
        labels: (0..BATCH as u32).map(|row| row % 10).collect(),
        classes: 10,
    };
    let numbers = (0..BATCH * shape.features())
        .map(|_| stream.random())
        .collect();
    let examples = Examples::new(shape, Inputs::Numbers(numbers), targets);
    let mut model = Cnn::paper()
        .build(shape, examples.targets())
        .expect("images");
    let rows: Vec<u32> = (0..BATCH as u32).collect();
    model.gather(&examples, &rows);
    let parameters: Vec<Vec<f32>> = (0..10).map(|_| model.initial(&mut stream)).collect();
    let mut gradient = vec![0.0; model.dimension()];

    let passes = BATCH as f64 * 2.0 * MULTIPLY_ADDS / 1e6;
    println!("the paper's CNN, batch {BATCH}, one core, least and median:");
    let [least, median] = milliseconds(100, || {
        std::hint::black_box(model.loss(&parameters[0]));
    });
    println!(
        "forward pass     {least:6.2} {median:6.2} ms, {:.0} GFLOP/s",
        passes / least
    );
    let learner = Learner {
        method: Method::Adam(Adam::default()),
        step_size: Schedule::constant(1e-3),
        steps_per_exchange: 1,
        adapt_probability: 1.0,
    };
    let mut optimizer = learner.optimizer(model.dimension());
    let mut trained = parameters[0].clone();
    let [least, median] = milliseconds(50, || {
        model.gradient(&trained, &mut gradient);
        optimizer.step(1e-3, &mut trained, &gradient);
    });
    // The gradient takes two products more of each layer but the first, which takes one.
    let first = BATCH as f64 * 2.0 * f64::from(32 * 9 * 784) / 1e6;
    println!(
        "training step    {least:6.2} {median:6.2} ms, {:.0} GFLOP/s",
        (3.0 * passes - first) / least
    );
    let [least, median] = milliseconds(20, || {
        for parameters in &parameters {
            std::hint::black_box(model.loss(parameters));
        }
    });
    println!("loss of 10       {least:6.2} {median:6.2} ms");
}
