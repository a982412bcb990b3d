//! Tests of shares and epochs on rows that can be told apart.

use super::*;
use crate::data::{Inputs, Shape, Targets};
use crate::model::SoftmaxSettings;

/// Agents with that many training rows and batches of 10; row r has the one feature r.
fn world(rows: &[u32]) -> Arc<Supervised> {
    let total: u32 = rows.iter().sum();
    let numbers = (0..total).map(|row| row as f32).collect();
    let targets = Targets::Classes {
        labels: (0..total).map(|row| row % 2).collect(),
        classes: 2,
    };
    let examples = Examples::new(Shape::Flat(1), Inputs::Numbers(numbers), targets);
    let examples = Arc::new(examples);
    let mut first = 0;
    let shares = rows.iter().map(|&count| {
        let of = |rows| Rows {
            examples: examples.clone(),
            rows,
        };
        first += count;
        Share {
            group: 0,
            train: of((first - count..first).collect()),
            test: of(vec![first - 1]),
            batch: 10,
            mirror: 0.0,
        }
    });
    let shares = shares.collect();
    let world = Supervised::new(
        Arc::new(SoftmaxSettings),
        shares,
        Origin::Generated("rows"),
        5,
    );
    Arc::new(world.expect("classes"))
}

fn student(world: &Arc<Supervised>, agent: u32) -> Student {
    Student {
        model: world.build(&world.shares[agent as usize].train),
        test: None,
        order: Vec::new(),
        epoch: None,
        drawn: 0,
        is_flipped: false,
        world: world.clone(),
        agent: AgentId(agent),
    }
}

fn drawn(student: &mut Student, step: u64) -> Vec<u32> {
    let rows = student.turn_to(step);
    student.order[rows].to_vec()
}

#[test]
fn the_agent_with_the_fewest_batches_ends_an_epoch() {
    assert_eq!(world(&[100, 40, 70]).iterations_per_epoch, 4);
    // Its last batch may be smaller.
    let world = world(&[100, 41]);
    assert_eq!(world.iterations_per_epoch, 5);
    let mut student = student(&world, 1);
    let sizes: Vec<usize> = (0..6).map(|s| drawn(&mut student, s).len()).collect();
    assert_eq!(sizes, [10, 10, 10, 10, 1, 10]);
}

#[test]
fn batches_do_not_depend_on_what_was_drawn_before() {
    let world = world(&[40, 55]);
    let mut student = student(&world, 1);
    let steps = 0..3 * world.iterations_per_epoch;
    let forward: Vec<_> = steps.clone().map(|s| drawn(&mut student, s)).collect();
    let mut backward: Vec<_> = steps.rev().map(|s| drawn(&mut student, s)).collect();
    backward.reverse();
    assert_eq!(forward, backward);
}

#[test]
fn an_epoch_shows_no_row_twice_and_the_next_has_another_order() {
    let world = world(&[50, 55]);
    let mut student = student(&world, 1);
    let mut epoch = |e: u64| -> Vec<u32> {
        (e * 5..(e + 1) * 5)
            .flat_map(|step| drawn(&mut student, step))
            .collect()
    };
    let (mut first, second) = (epoch(0), epoch(1));
    assert_ne!(first, second);
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 50);
    assert!(first.iter().all(|row| (50..105).contains(row)));
}

#[test]
fn the_loss_is_that_of_the_batch_drawn() {
    let world = world(&[40]);
    let parameters = [0.1, -0.2, 0.3, 0.0];
    let mut student = student(&world, 0);
    let rows = drawn(&mut student, 6);
    let mut model = world.build(&world.shares[0].train);
    model.gather(&world.shares[0].train.examples, &rows);
    let expected = model.loss(&parameters);
    student.draw(1);
    assert_ne!(student.loss(&parameters), expected);
    student.draw(6);
    assert_eq!(student.loss(&parameters), expected);
}

#[test]
fn the_loss_over_training_rows_is_that_of_an_epochs_batches_by_their_rows() {
    // More rows than are tried at once; the last batch has 3 of them.
    let world = world(&[40, 603]);
    for agent in [0, 1] {
        let mut student = student(&world, agent);
        let rows = world.shares[agent as usize].train.rows.len();
        let parameters = world.initial(AgentId(agent));
        let mut sum = 0.0;
        let mut seen = 0;
        for batch in 0..rows.div_ceil(10) {
            // Whole epochs of this agent alone.
            student
                .order
                .clone_from(&world.shares[agent as usize].train.rows);
            let part = batch * 10..(batch * 10 + 10).min(rows);
            seen += part.len();
            let count = part.len() as f64;
            student.gather(0, part);
            sum += count * student.loss(&parameters);
        }
        assert_eq!(seen, rows);
        student.draw(0);
        let before = student.loss(&parameters);
        // What an attacker draws with false labels makes no difference.
        student.flip_labels(true);
        let found = student.training_loss(&parameters).expect("rows");
        assert!(
            (found - sum / rows as f64).abs() <= 1e-12 * found,
            "{found}"
        );
        assert_eq!(student.loss(&parameters), before, "the batch is as it was");
    }
}

#[test]
fn agents_begin_with_parameters_of_their_own() {
    let (few, many) = (world(&[10, 10]), world(&[10, 10, 10]));
    assert_eq!(few.initial(AgentId(1)), many.initial(AgentId(1)));
    assert_ne!(few.initial(AgentId(0)), few.initial(AgentId(1)));
}

#[test]
fn agents_with_data_of_different_shapes_are_refused() {
    let [mut shares, others] = [1, 2].map(|features| {
        let targets = Targets::Classes {
            labels: vec![0, 1],
            classes: 2,
        };
        let inputs = Inputs::Numbers(vec![0.0; 2 * features]);
        let examples = Arc::new(Examples::new(Shape::Flat(features), inputs, targets));
        let all = Rows {
            examples,
            rows: vec![0, 1],
        };
        vec![Share {
            group: 0,
            train: all.clone(),
            test: all,
            batch: 1,
            mirror: 0.0,
        }]
    });
    shares.extend(others);
    let origin = Origin::Generated("rows");
    let misfit = Supervised::new(Arc::new(SoftmaxSettings), shares, origin, 5);
    let message = misfit.expect_err("two shapes").to_string();
    assert!(
        message.contains("inputs of shape [1] and of shape [2]"),
        "{message}"
    );
}

#[test]
fn a_large_test_set_is_tried_in_parts() {
    let rows = TESTED_AT_ONCE as u32 + 100;
    let world = world(&[rows]);
    let mut world = Arc::into_inner(world).expect("the only one");
    world.shares[0].test.rows = (0..rows).collect();
    let world = Arc::new(world);
    let parameters = [0.0, 0.01, 3.0, 0.0];
    let mut model = world.build(&world.shares[0].test);
    model.gather(&world.shares[0].test.examples, &world.shares[0].test.rows);
    let expected = model.outputs(&parameters).score().evaluation();
    let mut objective = world.objective(AgentId(0));
    let found = objective.evaluate(&parameters).expect("a test set");
    assert_eq!(found.accuracy, expected.accuracy);
    // Sums of two parts, in another order.
    assert!((found.loss - expected.loss).abs() < 1e-12 * expected.loss);
    assert_eq!(
        objective.predictions(&parameters).map(|p| p.len()),
        Some(rows as usize)
    );
}

#[test]
fn evaluation_is_on_the_test_rows() {
    let world = world(&[10]);
    let mut objective = world.clone().objective(AgentId(0));
    // Class 1 from feature 8.5 on; the test row is row 9, of class 1.
    let parameters = [0.0, 1.0, 8.5, 0.0];
    assert_eq!(objective.predictions(&parameters), Some(vec![1]));
    let found = objective.evaluate(&parameters).expect("a test row");
    assert_eq!(found.accuracy, Some(1.0));
    let expected = (1.0 + (-0.5f64).exp()).ln();
    assert!((found.loss - expected).abs() < 1e-6);
}

#[test]
fn flipped_labels_are_those_of_training_batches_from_the_next_draw_on() {
    let world = world(&[40]);
    assert_eq!(world.classes(), Some(2));
    let parameters = [0.1, -0.2, 0.3, 0.0];
    // With two classes, to flip labels is to exchange the classes' parameters.
    let exchanged = [-0.2, 0.1, 0.0, 0.3];
    let mut objective = world.clone().objective(AgentId(0));
    objective.draw(2);
    let evaluation = objective.evaluate(&parameters);
    let (honest, flipped) = (objective.loss(&parameters), objective.loss(&exchanged));
    assert_ne!(honest, flipped);
    objective.flip_labels(true);
    assert_eq!(objective.loss(&parameters), honest);
    objective.draw(2);
    assert_eq!(objective.loss(&parameters), flipped);
    let mut slopes = [[0.0; 4]; 2];
    objective.gradient(&parameters, &mut slopes[0]);
    assert_eq!(objective.evaluate(&parameters), evaluation);
    objective.flip_labels(false);
    objective.draw(2);
    assert_eq!(objective.loss(&parameters), honest);
    objective.gradient(&exchanged, &mut slopes[1]);
    let [[a, b, c, d], exchanged] = slopes;
    assert_eq!([b, a, d, c], exchanged);
}
