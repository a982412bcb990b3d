//! What `linear-regression` draws is what its settings say.

use super::*;
use crate::settings::{Problems, Sources, Span, Table};

const SEEDS: TaskSeeds = TaskSeeds {
    topology: 1,
    data: 2,
};

fn world(text: &str, agents: usize) -> Arc<Regressions> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("test", text);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("task", Span::default(), Some(&table), &mut problems);
    let (task, _, _) = keys.run(LinearRegression::read);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(task.world(&Graph::undirected(agents, vec![]), SEEDS))
}

fn samples(world: &Arc<Regressions>, agent: u32) -> Samples {
    let agent = AgentId(agent);
    let (batch, dimension) = (world.task.batch, world.task.dimension);
    Samples {
        world: world.clone(),
        agent,
        key: Key::new(SEEDS.data, Purpose::Batch).of(agent),
        x: vec![0.0; batch * dimension],
        y: vec![0.0; batch],
        drawn: vec![0.0; 2 * dimension],
    }
}

#[test]
fn any_two_optima_have_the_distance_that_was_asked_for() {
    for (dimension, groups) in [(2, 2), (10, 4), (60, 60), (1000, 3)] {
        let text = format!("dimension = {dimension}\ngroups = {groups}\ndistance = 3.5");
        let world = world(&text, 100);
        assert_eq!(world.optima.len(), groups);
        for (a, one) in world.optima.iter().enumerate() {
            for other in &world.optima[..a] {
                let apart = one.iter().zip(other).map(|(x, y)| (x - y).powi(2));
                let apart = apart.sum::<f64>().sqrt();
                assert!((apart - 3.5).abs() < 1e-12, "{dimension} {groups}: {apart}");
            }
        }
    }
}

#[test]
fn groups_are_consecutive_blocks_and_every_group_has_an_agent() {
    let groups = |agents: usize| {
        let world = world("", agents);
        let ids = (0..agents).map(AgentId::from_index);
        ids.map(|k| world.group(k)).collect::<Vec<u32>>()
    };
    assert_eq!(groups(8), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(groups(3), [0, 1, 2]);
    assert_eq!(groups(1), [0]);
}

#[test]
fn a_range_of_noise_is_drawn_for_each_agent() {
    let ranged = world("noise = { low = 0.5, high = 1.5 }", 1000)
        .noise
        .clone();
    assert!(ranged.iter().all(|n| (0.5..1.5).contains(n)));
    let mean = ranged.iter().sum::<f64>() / 1000.0;
    // Its standard error is 0.29/√1000 = 0.009.
    assert!((mean - 1.0).abs() < 0.04, "{mean}");
    assert!(world("noise = 0.3", 5).noise.iter().all(|&n| n == 0.3));
}

#[test]
fn batches_do_not_depend_on_what_was_drawn_before() {
    let world = world("batch = 3\ndimension = 7", 2);
    let mut one = samples(&world, 1);
    let mut other = samples(&world, 1);
    (0..5).for_each(|step| one.draw(step));
    other.draw(4);
    assert_eq!((&one.x, &one.y), (&other.x, &other.y));
    let mut stranger = samples(&world, 0);
    stranger.draw(4);
    assert_ne!(one.x, stranger.x);
}

#[test]
fn features_and_noise_have_the_moments_that_were_asked_for() {
    let full = "[[4.0, 1.2, -0.8], [1.2, 1.0, 0.0], [-0.8, 0.0, 2.0]]";
    let rows = [[4.0, 1.2, -0.8], [1.2, 1.0, 0.0], [-0.8, 0.0, 2.0]];
    let each = [[4.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]];
    let one = [[2.5, 0.0, 0.0], [0.0, 2.5, 0.0], [0.0, 0.0, 2.5]];
    for (covariance, expected) in [(full, rows), ("[4, 1, 2]", each), ("2.5", one)] {
        let text = format!("dimension = 3\nbatch = 100000\nnoise = 0.7\ncovariance = {covariance}");
        let world = world(&text, 1);
        let mut samples = samples(&world, 0);
        samples.draw(0);
        let mut moments = [[0.0; 3]; 3];
        let (mut noise, mut skew) = (0.0, 0.0);
        for (x, y) in samples.rows() {
            for i in 0..3 {
                (0..3).for_each(|j| moments[i][j] += f64::from(x[i]) * f64::from(x[j]) / 1e5);
            }
            let optimum = &world.optima[0];
            let expected: f64 = x.iter().zip(optimum).map(|(&x, o)| f64::from(x) * o).sum();
            noise += (y - expected).powi(2) / 1e5;
            skew += (y - expected) * f64::from(x[0]) / 1e5;
        }
        for i in 0..3 {
            for j in 0..3 {
                // An entry's standard error is at most √2·4/√10⁵ = 0.018.
                let (found, right) = (moments[i][j], expected[i][j]);
                assert!(
                    (found - right).abs() < 0.07,
                    "{covariance}: {found} {right}"
                );
            }
        }
        assert!((noise - 0.49).abs() < 0.01, "{noise}");
        assert!(skew.abs() < 0.02, "{skew}");
    }
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    let world = world("batch = 4\ndimension = 5\ncovariance = [1, 2, 3, 4, 5]", 1);
    let mut samples = samples(&world, 0);
    samples.draw(3);
    let model = [0.5_f32, -1.0, 2.0, 0.25, 4.0];
    let mut gradient = [0.0; 5];
    samples.gradient(&model, &mut gradient);
    for j in 0..5 {
        let mut at = |shift: f32| {
            let mut moved = model;
            moved[j] += shift;
            samples.loss(&moved)
        };
        // Of a square the central difference is exact; the shift is a power of 2.
        let slope = at(0.125) - at(-0.125);
        let error = (slope / 0.25 - gradient[j]).abs();
        assert!(error < 1e-9 * gradient[j].abs().max(1.0), "{j}: {error}");
    }
}

#[test]
fn regret_is_what_the_risk_exceeds_the_noise_by() {
    let text = "dimension = 2\nbatch = 1000000\nnoise = 0.5\ncovariance = [[2, 1], [1, 3]]";
    let world = world(text, 1);
    let mut samples = samples(&world, 0);
    let at_optimum: Vec<f32> = world.optima[0].iter().map(|&x| x as f32).collect();
    let model = [at_optimum[0] + 1.0, at_optimum[1] - 2.0];
    let regret = samples.regret(&model).unwrap();
    // (1, −2) Σ (1, −2)ᵀ = 2 − 4 + 12, but for the rounding of the model.
    assert!((regret - 10.0).abs() < 1e-5, "{regret}");
    assert!((samples.deviation(&model).unwrap() - 5_f64.sqrt()).abs() < 1e-6);
    assert!(samples.regret(&at_optimum).unwrap() < 1e-12);
    samples.draw(0);
    let risk = samples.loss(&model);
    // A squared error of variance 10.25 has standard error √2·10.25/1000.
    assert!((risk - 10.25).abs() < 0.06, "{risk}");
}
