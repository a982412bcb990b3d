//! What a model and a combination cost, over the size of the neighborhood and of the model, with
//! fitted slopes. The paper promises that the weights of the loss rule cost O(|N_k| (d_x + d_y))
//! per agent and iteration: linear in both.
//!
//! Each figure is the fastest of several batches on one core: on a shared machine the fastest is
//! the least disturbed. `cargo bench` prints the tables; nothing here is a test.

use byzsim::data::{Examples, Inputs, Shape, Targets};
use byzsim::model::{Linear, Model};
use byzsim::rng::{Key, Purpose};
use byzsim::rule::aggregator::{Robust, TrimmedMean};
use byzsim::rule::{Average, Candidate, Combination, Distance, Loss, Neighborhood, Place, Rule};
use byzsim::settings::{Keys, Problems, Sources, Span, Table};
use byzsim::task::Objective;
use byzsim::units::AgentId;
use std::hint::black_box;
use std::time::Instant;

const ROWS: usize = 10;
const CLASSES: usize = 6;

/// Softmax regression on one batch of made-up rows.
struct Made(Linear);

impl Made {
    fn new(features: usize) -> Made {
        let value = |at: usize| ((at / features * 31 + at % features * 7) as f32).sin();
        let targets = Targets::Classes {
            labels: (0..ROWS).map(|row| (row % CLASSES) as u32).collect(),
            classes: CLASSES,
        };
        let mut model = Linear::new(features, &targets);
        let inputs = Inputs::Numbers((0..ROWS * features).map(value).collect());
        let examples = Examples::new(Shape::Flat(features), inputs, targets);
        let rows: Vec<u32> = (0..ROWS as u32).collect();
        model.gather(&examples, &rows);
        Made(model)
    }
}

impl Objective for Made {
    fn draw(&mut self, _: u64) {}
    fn loss(&mut self, model: &[f32]) -> f64 {
        self.0.loss(model)
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {}
}

/// Nanoseconds of one call: the fastest of 15 batches of about 2 ms.
fn measure(mut call: impl FnMut()) -> f64 {
    let begun = Instant::now();
    call();
    let once = begun.elapsed().as_nanos().max(1);
    let calls = (2_000_000 / once).clamp(1, 100_000) as u32;
    let batch = |call: &mut dyn FnMut()| {
        let begun = Instant::now();
        (0..calls).for_each(|_| call());
        begun.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    (0..15)
        .map(|_| batch(&mut call))
        .fold(f64::INFINITY, f64::min)
}

/// Slope of log y over log x by least squares: 1 is linear.
fn slope(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let n = logs.len() as f64;
    let (mx, my) = (
        logs.iter().map(|p| p.0).sum::<f64>() / n,
        logs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let above: f64 = logs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    above / logs.iter().map(|(x, _)| (x - mx).powi(2)).sum::<f64>()
}

/// A rule with all its defaults.
fn default_rule<R: Rule>(read: fn(&mut Keys<'_>) -> R) -> R {
    let mut problems = Problems::default();
    Keys::new("rule", Span::default(), None, &mut problems)
        .run(read)
        .0
}

/// The trimmed mean that drops a quarter of the models on either side.
fn trimmed_mean() -> Robust<TrimmedMean> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("bench", "f = { fraction = 0.25 }");
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    keys.run(Robust::read).0
}

/// Nanoseconds of one combination: the weights, or the model of a rule that makes it itself.
fn combination(rule: &dyn Rule, neighbors: usize, features: usize) -> f64 {
    let dimension = CLASSES * (features + 1);
    let ids: Vec<AgentId> = (1..=neighbors).map(AgentId::from_index).collect();
    let slots: Vec<usize> = (1..=neighbors).collect();
    let degrees = vec![neighbors; neighbors];
    let place = Place {
        agent: AgentId(0),
        neighbors: &ids,
        slots: &slots,
        own_slot: 0,
        neighbor_degrees: &degrees,
        dimension,
        iterations: 100,
        key: Key::new(1, Purpose::Rule),
    };
    let mut combiner = rule.combiner(&place);
    let models: Vec<Vec<f32>> = (0..=neighbors)
        .map(|k| {
            (0..dimension)
                .map(|j| ((k * 13 + j) as f32).cos() * 0.1)
                .collect()
        })
        .collect();
    let candidates: Vec<Candidate<'_>> = models
        .iter()
        .enumerate()
        .map(|(slot, model)| Candidate {
            slot,
            model,
            age: 0,
        })
        .collect();
    let mut objective = Made::new(features);
    let own_loss = objective.loss(&models[0]);
    let mut out = Combination::default();
    measure(|| {
        out.reset(candidates.len());
        let mut hood = Neighborhood {
            iteration: 0,
            step: 0,
            candidates: &candidates,
            own: 0,
            absent: &[],
            previous: &models[0],
            own_loss,
            step_size: 0.1,
            objective: &mut objective,
        };
        black_box(combiner.combine(&mut hood, &mut out));
    })
}

fn main() {
    println!("loss of one model, softmax regression, batch {ROWS}, {CLASSES} classes");
    println!(
        "{:>10} {:>10} {:>12} {:>12}",
        "features", "d", "ns", "ns per d"
    );
    let mut points = Vec::new();
    for features in [64, 128, 256, 561, 1024, 2048] {
        let mut made = Made::new(features);
        let d = CLASSES * (features + 1);
        let model: Vec<f32> = (0..d).map(|j| (j as f32).cos() * 0.1).collect();
        let ns = measure(|| {
            black_box(made.loss(black_box(&model)));
        });
        println!("{features:>10} {d:>10} {ns:>12.0} {:>12.3}", ns / d as f64);
        points.push((d as f64, ns));
    }
    println!(
        "fitted exponent over d, from 1,542 on: {:.2}\n",
        slope(&points[2..])
    );

    println!("sum of weighted models, per model");
    println!("{:>10} {:>12} {:>12}", "d", "ns", "ns per d");
    let mut points = Vec::new();
    for d in [256, 1024, 3372, 16_384, 65_536] {
        let model: Vec<f32> = (0..d).map(|j| (j as f32).cos()).collect();
        let mut sum = vec![0.0; d];
        let ns = measure(|| byzsim::kernel::add_weighted(&mut sum, 0.1, black_box(&model)));
        println!("{d:>10} {ns:>12.0} {:>12.3}", ns / d as f64);
        points.push((d as f64, ns));
    }
    println!("fitted exponent over d: {:.2}\n", slope(&points));

    let rules: [(&str, Box<dyn Rule>); 3] = [
        ("average", Box::new(default_rule(Average::read))),
        ("distance", Box::new(default_rule(Distance::read))),
        ("loss", Box::new(default_rule(Loss::read))),
    ];
    println!("weights of one combination, 8 neighbors, ns");
    println!(
        "{:>10} {:>12} {:>12} {:>12}",
        "d", "average", "distance", "loss"
    );
    let mut curves = vec![Vec::new(); rules.len()];
    for features in [128, 256, 512, 1024, 2048] {
        let d = CLASSES * (features + 1);
        let costs: Vec<f64> = rules
            .iter()
            .map(|(_, r)| combination(&**r, 8, features))
            .collect();
        println!(
            "{d:>10} {:>12.0} {:>12.0} {:>12.0}",
            costs[0], costs[1], costs[2]
        );
        for (curve, cost) in curves.iter_mut().zip(costs) {
            curve.push((d as f64, cost));
        }
    }
    for ((name, _), curve) in rules.iter().zip(&curves).skip(1) {
        println!("fitted exponent over d, {name}: {:.2}", slope(curve));
    }

    println!("\nweights of one combination, 561 features (d = 3372), ns");
    println!(
        "{:>10} {:>12} {:>12} {:>12}",
        "neighbors", "average", "distance", "loss"
    );
    let sizes = [4, 8, 16, 32, 64, 128];
    let mut curves = vec![Vec::new(); rules.len()];
    for neighbors in sizes {
        let costs: Vec<f64> = rules
            .iter()
            .map(|(_, r)| combination(&**r, neighbors, 561))
            .collect();
        println!(
            "{neighbors:>10} {:>12.0} {:>12.0} {:>12.0}",
            costs[0], costs[1], costs[2]
        );
        for (curve, cost) in curves.iter_mut().zip(costs) {
            curve.push(((neighbors + 1) as f64, cost));
        }
    }
    for ((name, _), curve) in rules.iter().zip(&curves).skip(1) {
        println!("fitted exponent over |N_k|, {name}: {:.2}", slope(curve));
    }

    println!("\ntrimmed mean, the whole combination, µs");
    println!("{:>10} {:>12} {:>12}", "models", "d = 3,372", "d = 65,538");
    let rule = trimmed_mean();
    for models in [5, 10, 16, 32, 64, 128] {
        let [small, large] =
            [561, 10_922].map(|features| combination(&rule, models - 1, features) / 1000.0);
        println!("{models:>10} {small:>12.0} {large:>12.0}");
    }
}
