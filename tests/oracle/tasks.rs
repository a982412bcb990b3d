//! The tasks: draws, losses and gradients from the formulas of the paper.
//!
//! From the program come only the data (sensors; rows of features; optima and noise) and the
//! random streams.

use byzsim::data::{Library, Targets};
use byzsim::rng::{Key, Purpose, Stream, shuffle};
use byzsim::scenario::Plan;
use byzsim::settings::{Keys, Problems, Sources, Span, Table, Value};
use byzsim::task::{
    ActivityRecognition, LinearRegression, Regressions, Rows, Sensor, Share, TargetLocalization,
    TaskSeeds, World,
};
use byzsim::units::AgentId;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// What an agent learns.
pub trait Task {
    /// Number of parameters.
    fn dimension(&self) -> usize;
    /// Iterations of an epoch, if there are epochs.
    fn iterations_per_epoch(&self) -> Option<u64> {
        None
    }
    /// θ before the first iteration.
    fn initial(&self, agent: usize) -> Vec<f32>;
    /// Makes the batch of a step an agent's current one.
    fn draw(&mut self, agent: usize, step: u64);
    /// ℓ(model; the agent's current batch).
    fn loss(&self, agent: usize, model: &[f32]) -> f64;
    /// Gradient of what the adapt step descends, at `model`.
    fn gradient(&self, agent: usize, model: &[f32]) -> Vec<f64>;
}

/// The task of a scenario, with the data that the program draws for the plan.
pub fn task(text: &str, plan: &Plan) -> Box<dyn Task> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("scenario", text);
    let document = Table::parse(&sources, source, &mut problems);
    let Some(Value::Table(mut keys)) = document.get("task").map(|node| node.value.clone()) else {
        panic!("a scenario has a task");
    };
    let kind = keys.remove("kind").expect("a kind").node.value;
    let written = text.parse::<toml::Table>().expect("TOML")["task"].clone();
    let keys = Keys::new("task", Span::default(), Some(&keys), &mut problems);
    let seeds = TaskSeeds {
        topology: plan.seeds.topology,
        data: plan.seeds.data,
    };
    let seed = seeds.data;
    match kind {
        Value::String(kind) if kind == "target-localization" => {
            let world = keys.run(TargetLocalization::read).0;
            let sensors = world.world(&plan.graph, seeds).sensors;
            let current = vec![Measurement::default(); sensors.len()];
            Box::new(Localization {
                sensors,
                current,
                seed,
            })
        }
        Value::String(kind) if kind == "linear-regression" => {
            let world = keys.run(LinearRegression::read).0;
            let world = world.world(&plan.graph, seeds);
            Box::new(Regression::new(&written, &world, plan))
        }
        _ => {
            let task = keys.run(ActivityRecognition::read).0;
            let world = task.world(&plan.graph, seeds, &Library::new(None, "."));
            let world = world.expect("generated data");
            Box::new(Activity {
                rows: world.shares().iter().map(training_rows).collect(),
                current: vec![Vec::new(); plan.graph.agents()],
                seed,
            })
        }
    }
}

/// The rows that an agent learns from, in the order that every epoch permutes anew.
fn training_rows(share: &Share) -> Vec<(Vec<f32>, usize)> {
    let Rows { examples, rows } = &share.train;
    let Targets::Classes { labels, .. } = examples.targets() else {
        panic!("activities are classes");
    };
    let read = |&row: &u32| {
        let mut input = vec![0.0; FEATURES];
        examples.read(row, &mut input);
        (input, labels[row as usize] as usize)
    };
    rows.iter().map(read).collect()
}

fn stream(seed: u64, purpose: Purpose, agent: usize, counter: u64) -> Stream {
    let key = Key::new(seed, purpose).of(AgentId(agent as u32));
    key.at(counter).stream()
}

struct Localization {
    sensors: Vec<Sensor>,
    current: Vec<Measurement>,
    seed: u64,
}

#[derive(Clone, Default)]
struct Measurement {
    u: [f64; 2],
    d: f64,
}

impl Task for Localization {
    fn dimension(&self) -> usize {
        2
    }

    /// U[0, 1)².
    fn initial(&self, agent: usize) -> Vec<f32> {
        let mut stream = stream(self.seed, Purpose::Initial, agent, 0);
        vec![stream.random(), stream.random()]
    }

    /// `u = unit(θ* − x) + v_u`, `d = uᵀ(θ* − x) + v_d`: the noise of the direction is drawn first,
    /// and is one number for both coordinates.
    fn draw(&mut self, agent: usize, step: u64) {
        let sensor = &self.sensors[agent];
        let mut stream = stream(self.seed, Purpose::Batch, agent, step);
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let v_u = sensor.direction_std * normal();
        let v_d = sensor.distance_std * normal();
        let way = [0, 1].map(|c| sensor.target[c] - sensor.position[c]);
        let length = way[0].hypot(way[1]);
        let u = way.map(|c| c / length + v_u);
        let d = u[0] * way[0] + u[1] * way[1] + v_d;
        self.current[agent] = Measurement { u, d };
    }

    /// `(d + uᵀx − uᵀw)²`, as `(d + uᵀ(x − w))²`: the nearly equal numbers are subtracted first.
    fn loss(&self, agent: usize, w: &[f32]) -> f64 {
        let Measurement { u, d } = &self.current[agent];
        let x = self.sensors[agent].position;
        let miss = d + u[0] * (x[0] - f64::from(w[0])) + u[1] * (x[1] - f64::from(w[1]));
        miss * miss
    }

    /// `θ − q` with the measured point `q = x + d·u`.
    fn gradient(&self, agent: usize, theta: &[f32]) -> Vec<f64> {
        let Measurement { u, d } = &self.current[agent];
        let x = self.sensors[agent].position;
        let q = [x[0] + d * u[0], x[1] + d * u[1]];
        vec![f64::from(theta[0]) - q[0], f64::from(theta[1]) - q[1]]
    }
}

struct Regression {
    /// L with Σ = LLᵀ, by rows.
    factor: Vec<Vec<f64>>,
    batch: usize,
    initial_std: f64,
    /// θ* and σ of each agent.
    truths: Vec<(Vec<f64>, f64)>,
    /// Each agent's current batch: x and y.
    current: Vec<Vec<(Vec<f32>, f64)>>,
    seed: u64,
}

impl Regression {
    fn new(task: &toml::Value, world: &Regressions, plan: &Plan) -> Regression {
        let number = |key: &str, default: f64| match task.get(key) {
            Some(toml::Value::Integer(i)) => *i as f64,
            Some(value) => value.as_float().expect("a number"),
            None => default,
        };
        let truth = |k: AgentId| {
            let optimum = &world.optima[world.group(k) as usize];
            (optimum.clone(), world.noise[k.index()])
        };
        Regression {
            factor: factor(task.get("covariance"), number("dimension", 10.0) as usize),
            batch: number("batch", 1.0) as usize,
            initial_std: number("initial_std", 1.0),
            truths: plan.graph.ids().map(truth).collect(),
            current: vec![Vec::new(); plan.graph.agents()],
            seed: plan.seeds.data,
        }
    }

    /// y − xᵀw, products of `f32` added in eight lanes.
    fn miss((x, y): &(Vec<f32>, f64), w: &[f32]) -> f64 {
        let products = x.iter().zip(w);
        y - in_lanes(products.map(|(&x, &w)| f64::from(x) * f64::from(w)))
    }
}

/// L of Σ: row by row, `L_ij = (Σ_ij − Σ_k L_ik L_jk)/L_jj` and the root of that on the diagonal.
fn factor(covariance: Option<&toml::Value>, d: usize) -> Vec<Vec<f64>> {
    let number = |value: &toml::Value| match value {
        toml::Value::Integer(i) => *i as f64,
        value => value.as_float().expect("a number"),
    };
    let entry = |i: usize, j: usize| match covariance {
        Some(toml::Value::Array(all)) => match &all[i] {
            toml::Value::Array(row) => number(&row[j]),
            variance if i == j => number(variance),
            _ => 0.0,
        },
        Some(variance) if i == j => number(variance),
        None if i == j => 1.0,
        _ => 0.0,
    };
    let mut l = vec![vec![0.0; d]; d];
    for i in 0..d {
        for j in 0..=i {
            let products = l[i].iter().zip(&l[j]).take(j);
            let rest = products.fold(entry(i, j), |rest, (a, b)| rest - a * b);
            l[i][j] = if i == j { rest.sqrt() } else { rest / l[j][j] };
        }
    }
    l
}

impl Task for Regression {
    fn dimension(&self) -> usize {
        self.factor.len()
    }

    /// N(0, initial_std²).
    fn initial(&self, agent: usize) -> Vec<f32> {
        let mut stream = stream(self.seed, Purpose::Initial, agent, 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let draw = |_| (self.initial_std * normal()) as f32;
        (0..self.dimension()).map(draw).collect()
    }

    /// `x = Lz`, rounded to `f32`, and `y = xᵀθ* + σv`: for each sample z is drawn first, then v.
    fn draw(&mut self, agent: usize, step: u64) {
        let mut stream = stream(self.seed, Purpose::Batch, agent, step);
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let (optimum, noise) = &self.truths[agent];
        let sample = |_| {
            let z: Vec<f64> = self.factor.iter().map(|_| normal()).collect();
            let of_row =
                |row: &Vec<f64>| row.iter().zip(&z).map(|(l, z)| l * z).sum::<f64>() as f32;
            let x: Vec<f32> = self.factor.iter().map(of_row).collect();
            let clean: f64 = x.iter().zip(optimum).map(|(&x, o)| f64::from(x) * o).sum();
            let y = clean + noise * normal();
            (x, y)
        };
        self.current[agent] = (0..self.batch).map(sample).collect();
    }

    /// Mean of `(y − xᵀw)²`.
    fn loss(&self, agent: usize, w: &[f32]) -> f64 {
        let squares = self.current[agent].iter();
        let squares = squares.map(|sample| Regression::miss(sample, w).powi(2));
        squares.sum::<f64>() / self.batch as f64
    }

    /// Mean of `2x(xᵀw − y)`, sample by sample.
    fn gradient(&self, agent: usize, w: &[f32]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.dimension()];
        for sample in &self.current[agent] {
            let error = 2.0 * -Regression::miss(sample, w) / self.batch as f64;
            for (slope, &x) in gradient.iter_mut().zip(&sample.0) {
                *slope += error * f64::from(x);
            }
        }
        gradient
    }
}

const FEATURES: usize = 561;
const CLASSES: usize = 6;
const BATCH: usize = 10;

struct Activity {
    /// Training rows of each agent with their classes.
    rows: Vec<Vec<(Vec<f32>, usize)>>,
    /// Which of them each agent's current batch has.
    current: Vec<Vec<usize>>,
    seed: u64,
}

impl Activity {
    /// Until the smallest training set is used up.
    fn per_epoch(&self) -> u64 {
        let smallest = self.rows.iter().map(Vec::len).min().expect("agents");
        smallest.div_ceil(BATCH) as u64
    }

    /// A row's logits: weights `[classes × features]`, then biases. Products of two `f32` are
    /// exact in `f64`; they are added in eight lanes, as documented, and the bias last.
    fn logits(row: &[f32], model: &[f32]) -> Vec<f64> {
        let (weights, biases) = model.split_at(CLASSES * FEATURES);
        let of_class = |(weights, bias): (&[f32], &f32)| {
            let products = row.iter().zip(weights);
            in_lanes(products.map(|(&x, &w)| f64::from(x) * f64::from(w))) + f64::from(*bias)
        };
        weights.chunks(FEATURES).zip(biases).map(of_class).collect()
    }
}

impl Task for Activity {
    fn dimension(&self) -> usize {
        CLASSES * FEATURES + CLASSES
    }

    fn iterations_per_epoch(&self) -> Option<u64> {
        Some(self.per_epoch())
    }

    /// U(±1/√561), weights and biases.
    fn initial(&self, agent: usize) -> Vec<f32> {
        let mut stream = stream(self.seed, Purpose::Initial, agent, 0);
        let bound = 1.0 / (FEATURES as f64).sqrt();
        let draw = |_| (bound * stream.random_range(-1.0..1.0)) as f32;
        (0..self.dimension()).map(draw).collect()
    }

    /// The next ten rows of the epoch's permutation.
    fn draw(&mut self, agent: usize, step: u64) {
        let per_epoch = self.per_epoch();
        let mut order: Vec<usize> = (0..self.rows[agent].len()).collect();
        let mut stream = stream(self.seed, Purpose::Epoch, agent, step / per_epoch);
        shuffle(&mut order, &mut stream);
        let start = (step % per_epoch) as usize * BATCH;
        let end = (start + BATCH).min(order.len());
        self.current[agent] = order[start..end].to_vec();
    }

    /// Mean over the rows of `ln Σ exp(logit) − logit of the class`, with the greatest logit taken
    /// out of the sum.
    fn loss(&self, agent: usize, model: &[f32]) -> f64 {
        let mut sum = 0.0;
        for &row in &self.current[agent] {
            let (x, class) = &self.rows[agent][row];
            let logits = Activity::logits(x, model);
            let (max, total) = exponentials(&logits);
            sum += (max - logits[*class]) + total.ln();
        }
        sum / self.current[agent].len() as f64
    }

    /// `(p − y)xᵀ`, mean over the rows in their order; for a bias, x is 1.
    fn gradient(&self, agent: usize, model: &[f32]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.dimension()];
        let rows = self.current[agent].len();
        for &row in &self.current[agent] {
            let (x, label) = &self.rows[agent][row];
            let logits = Activity::logits(x, model);
            let (max, total) = exponentials(&logits);
            for class in 0..CLASSES {
                let y = if class == *label { 1.0 } else { 0.0 };
                let error = ((logits[class] - max).exp() / total - y) / rows as f64;
                for (j, &x) in x.iter().enumerate() {
                    gradient[class * FEATURES + j] += error * f64::from(x);
                }
                gradient[CLASSES * FEATURES + class] += error;
            }
        }
        gradient
    }
}

/// The greatest logit, and Σ exp(logit − greatest).
fn exponentials(logits: &[f64]) -> (f64, f64) {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (max, logits.iter().map(|l| (l - max).exp()).sum())
}

/// Sum in the documented order: term j in lane j mod 8, then one fixed tree over the lanes.
pub fn in_lanes(terms: impl Iterator<Item = f64>) -> f64 {
    let mut l = [0.0; 8];
    for (j, term) in terms.enumerate() {
        l[j % 8] += term;
    }
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}
