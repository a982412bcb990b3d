//! What robust aggregators cost: a whole combination, most of 64 models of 65,536 parameters, as one
//! agent on one core makes it, among honest models alone, with 12 far away, and with 12 equal
//! ones.
//!
//! Each figure is the fastest of several: on a shared machine the fastest is the least disturbed.
//! `cargo bench --bench aggregators` prints the table; nothing here is a test.

use byzsim::rng::{Key, Purpose};
use byzsim::rule::{Candidate, Combination, Neighborhood, Place, Rule};
use byzsim::scenario::Catalogues;
use byzsim::settings::{Keys, Problems, Sources, Span, Table};
use byzsim::task::Objective;
use byzsim::units::AgentId;
use rand_distr::{Distribution, StandardNormal};
use std::hint::black_box;
use std::time::Instant;

const OUTLIERS: usize = 12;

/// Settings, number of models, number of parameters.
const RULES: [(&str, usize, usize); 19] = [
    ("kind = 'coordinate-median'", 64, 65_536),
    ("kind = 'trimmed-mean'\nf = 12", 64, 65_536),
    ("kind = 'mean-around-median'\nf = 12", 64, 65_536),
    ("kind = 'geometric-median'", 64, 65_536),
    ("kind = 'geometric-median'", 512, 3_372),
    ("kind = 'centered-clipping'\nradius = 300", 64, 65_536),
    ("kind = 'centerpoint'", 64, 2),
    ("kind = 'centerpoint'", 256, 2),
    ("kind = 'centerpoint'", 64, 3),
    ("kind = 'centerpoint'", 64, 8),
    ("kind = 'krum'\nf = 20", 80, 65_536),
    ("kind = 'multi-krum'\nf = 20", 80, 65_536),
    ("kind = 'multi-krum'\nf = 39", 196, 4_096),
    ("kind = 'minimum-diameter-average'\nf = 10", 22, 65_536),
    ("kind = 'minimum-diameter-average'\nf = 3", 182, 4_096),
    ("kind = 'nearest-to-own'\nf = 20", 80, 65_536),
    (
        "kind = 'nearest-to-own'\nf = 39\npre = [{ kind = 'nearest-neighbor-mixing', f = 39 }]",
        196,
        4_096,
    ),
    (
        "kind = 'coordinate-median'\npre = [{ kind = 'bucketing', size = 2 }]",
        64,
        65_536,
    ),
    (
        "kind = 'coordinate-median'\npre = [{ kind = 'norm-clipping', radius = 300 }]",
        64,
        65_536,
    ),
];

/// No rule here looks at the data.
struct Unseen;

impl Objective for Unseen {
    fn draw(&mut self, _: u64) {}
    fn loss(&mut self, _: &[f32]) -> f64 {
        0.0
    }
    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {}
}

fn rule(settings: &str) -> Box<dyn Rule> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("bench", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (rule, _, _) = keys.run(|keys| Catalogues::default().rules.read(keys, None));
    rule.unwrap_or_else(|| panic!("{}", problems.into_error(&sources)))
}

/// Standard normal models, the last `outliers` of them ten times as wide and off by 50, or all of
/// these equal.
fn models(n: usize, dimension: usize, outliers: usize, are_equal: bool) -> Vec<Vec<f32>> {
    let mut stream = Key::new(1, Purpose::Generated).stream();
    let mut model = |l: usize| {
        let far = l >= n - outliers;
        let place = |x: f32| if far { 10.0 * x + 50.0 } else { x };
        (0..dimension)
            .map(|_| place(StandardNormal.sample(&mut stream)))
            .collect()
    };
    let mut models: Vec<Vec<f32>> = (0..n).map(&mut model).collect();
    if are_equal {
        let last = models[n - 1].clone();
        models[n - outliers..].fill(last);
    }
    models
}

/// Milliseconds of one combination: the fastest within half a second, of three at least.
fn combination(settings: &str, models: &[Vec<f32>]) -> f64 {
    let neighbors = models.len() - 1;
    let ids: Vec<AgentId> = (1..=neighbors).map(AgentId::from_index).collect();
    let slots: Vec<usize> = (1..=neighbors).collect();
    let place = Place {
        agent: AgentId(0),
        neighbors: &ids,
        slots: &slots,
        own_slot: 0,
        neighbor_degrees: &vec![neighbors; neighbors],
        dimension: models[0].len(),
        iterations: 100,
        key: Key::new(1, Purpose::Rule),
    };
    let mut combiner = rule(settings).combiner(&place);
    let candidates: Vec<Candidate<'_>> = models
        .iter()
        .enumerate()
        .map(|(slot, model)| Candidate {
            slot,
            model,
            age: 0,
        })
        .collect();
    let mut out = Combination::default();
    let mut fastest = f64::INFINITY;
    let begun = Instant::now();
    let mut calls = 0;
    while calls < 3 || begun.elapsed().as_millis() < 500 {
        out.reset(candidates.len());
        let mut hood = Neighborhood {
            iteration: 0,
            step: 0,
            candidates: &candidates,
            own: 0,
            absent: &[],
            previous: &models[0],
            own_loss: 0.0,
            step_size: 0.1,
            objective: &mut Unseen,
        };
        let begun = Instant::now();
        black_box(combiner.combine(&mut hood, &mut out));
        fastest = fastest.min(begun.elapsed().as_secs_f64() * 1000.0);
        calls += 1;
    }
    fastest
}

fn main() {
    println!("one combination, ms");
    println!(
        "{:<66} {:>6} {:>7} {:>10} {:>12} {:>12}",
        "rule", "models", "d", "honest", "12 far away", "12 equal"
    );
    for (settings, n, d) in RULES {
        let cases = [(0, false), (OUTLIERS, false), (OUTLIERS, true)];
        let [honest, far, equal] =
            cases.map(|(f, are_equal)| combination(settings, &models(n, d, f, are_equal)));
        let name = settings.replace('\n', ", ").replace("kind = ", "");
        println!("{name:<66} {n:>6} {d:>7} {honest:>10.2} {far:>12.2} {equal:>12.2}");
    }
}
