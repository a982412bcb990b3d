//! What a model and a combination cost, over the size of the neighborhood and of the model, with
//! fitted slopes. The paper promises that the weights of the loss rule cost O(|N_k| (d_x + d_y))
//! per agent and iteration: linear in both.
//!
//! Each figure is the fastest of several batches on one core: on a shared machine the fastest is
//! the least disturbed. `cargo bench` prints the tables; nothing here is a test.

use byzsim::data::{Examples, Inputs, Shape, Targets};
use byzsim::model::{Linear, Model};
use byzsim::rng::{Key, Purpose};
use byzsim::rule::{Candidate, Combination, Neighborhood, Place, Rule};
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
    fn batch_size(&self) -> usize {
        ROWS
    }
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

/// A rule as a scenario has it.
fn rule(settings: &str) -> Box<dyn Rule> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("bench", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (rule, _, _) = keys.run(|keys| byzsim::rule::catalogue().read(keys, None));
    rule.expect("a kind that there is")
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
            iteration: 99,
            step: 99,
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

    // All but the sum; `ubar` looks at 40 % of the losses, `resilient-diffusion-f` at ten batches.
    let rules = [
        ("average", ""),
        ("distance", ""),
        ("loss", ""),
        ("ubar", ""),
        ("balance", "gamma = 1"),
        ("self-centered-clipping", "radius = 1"),
        ("resilient-diffusion-f", "f = 1"),
    ];
    let rules = rules.map(|(name, more)| (name, rule(&format!("kind = \"{name}\"\n{more}"))));
    let header = |first: &str| {
        print!("{first:>10}");
        rules.iter().for_each(|(name, _)| print!(" {name:>22}"));
        println!();
    };
    let row = |first: usize, costs: &[f64]| {
        print!("{first:>10}");
        costs.iter().for_each(|cost| print!(" {cost:>22.0}"));
        println!();
    };
    let costs = |neighbors, features| -> Vec<f64> {
        let all = rules.iter();
        all.map(|(_, r)| combination(&**r, neighbors, features))
            .collect()
    };
    let fitted = |over: &str, sizes: &[f64], rows: &[Vec<f64>]| {
        for (at, (name, _)) in rules.iter().enumerate().skip(1) {
            let curve: Vec<(f64, f64)> = sizes
                .iter()
                .zip(rows)
                .map(|(x, row)| (*x, row[at]))
                .collect();
            println!("fitted exponent over {over}, {name}: {:.2}", slope(&curve));
        }
    };

    println!("weights of one combination, 8 neighbors, ns");
    header("d");
    let (mut sizes, mut rows) = (Vec::new(), Vec::new());
    for features in [128, 256, 512, 1024, 2048] {
        let d = CLASSES * (features + 1);
        sizes.push(d as f64);
        rows.push(costs(8, features));
        row(d, &rows[rows.len() - 1]);
    }
    fitted("d", &sizes, &rows);

    println!("\nweights of one combination, 561 features (d = 3372), ns");
    header("neighbors");
    let (mut sizes, mut rows) = (Vec::new(), Vec::new());
    for neighbors in [4, 8, 16, 32, 64, 128] {
        sizes.push((neighbors + 1) as f64);
        rows.push(costs(neighbors, 561));
        row(neighbors, &rows[rows.len() - 1]);
    }
    fitted("|N_k|", &sizes, &rows);

    println!("\nresilient-diffusion-f, one feature: what the subsets cost");
    println!(
        "{:>10} {:>6} {:>10} {:>12}",
        "neighbors", "f", "subsets", "µs"
    );
    for (neighbors, f, subsets) in [
        (10, 1, 10),
        (10, 3, 120),
        (20, 5, 15_504),
        (22, 11, 705_432),
        (40, 5, 658_008),
    ] {
        let settings = format!("kind = \"resilient-diffusion-f\"\nf = {f}\nsamples = 1");
        let us = combination(&*rule(&settings), neighbors, 1) / 1000.0;
        println!("{neighbors:>10} {f:>6} {subsets:>10} {us:>12.1}");
    }

    println!("\ntrimmed mean, the whole combination, µs");
    println!("{:>10} {:>12} {:>12}", "models", "d = 3,372", "d = 65,538");
    let rule = rule("kind = \"trimmed-mean\"\nf = { fraction = 0.25 }");
    for models in [5, 10, 16, 32, 64, 128] {
        let [small, large] =
            [561, 10_922].map(|features| combination(&*rule, models - 1, features) / 1000.0);
        println!("{models:>10} {small:>12.0} {large:>12.0}");
    }
}
