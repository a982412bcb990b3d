//! What the trimmed mean promises, and with it `f` and `too_few` of every aggregator.

use crate::rule::tests::{Given, Seat, combine, mistakes, read};
use crate::rule::*;

/// What the trimmed mean of some of 0, 1, 4, 9, 16, … is in a neighborhood of `models`, with its
/// outcome and whether it was starved.
fn trimmed(keys: &str, models: u32, present: usize) -> (Outcome, Vec<f32>, bool) {
    let rule = read(&format!("kind = 'trimmed-mean'\n{keys}")).expect("a rule");
    let seat = Seat::among(models - 1);
    assert_eq!(rule.check(&seat.place()), Ok(()));
    let squares = (0..present).map(|l| (l, (l * l) as f32, 0));
    let squares: Vec<_> = squares.collect();
    let (outcome, out) = combine(&mut *rule.combiner(&seat.place()), &squares, &[]);
    (outcome, out.model, out.starved)
}

#[test]
fn a_trimmed_mean_leaves_out_f_on_either_side() {
    let model = |keys, models, present| match trimmed(keys, models, present) {
        (Outcome::Model, model, false) => model,
        other => panic!("{other:?}"),
    };
    // 0, 1, 4, 9, 16.
    assert_eq!(model("f = 0", 5, 5), [6.0]);
    assert_eq!(model("f = 1", 5, 5), [14.0 / 3.0]);
    assert_eq!(model("f = 2", 5, 5), [4.0]);
    assert_eq!(model("f = 'largest'", 5, 5), [4.0]);
    assert_eq!(model("f = 'largest'", 4, 4), [2.5]);
    assert_eq!(model("f = 'largest'", 1, 1), [0.0]);
    // n counts the models present, f is of the full neighborhood.
    assert_eq!(model("f = 1", 5, 4), [2.5]);
    assert_eq!(model("f = { fraction = 0.2 }", 5, 4), [2.5]);
    assert_eq!(model("f = { fraction = 0.2 }", 4, 4), [3.5]);
    assert_eq!(model("f = { fraction = 0.49 }", 5, 5), [4.0]);
    // 0.29·100 is a little less than 29 in floating point.
    assert_eq!(model("f = { fraction = 0.29 }", 100, 59), [29.0 * 29.0]);
}

#[test]
fn with_too_few_models_the_own_one_is_kept_or_f_shrinks_and_both_are_told() {
    let own = (Outcome::Own, vec![], true);
    let shrunk = |x: f32| (Outcome::Model, vec![x], true);
    assert_eq!(trimmed("f = 2", 5, 4), own);
    assert_eq!(trimmed("f = 'largest'\ntoo_few = 'own'", 5, 4), own);
    assert_eq!(trimmed("f = { fraction = 0.4 }", 5, 4), own);
    assert_eq!(trimmed("f = 2\ntoo_few = 'shrink-f'", 5, 4), shrunk(2.5));
    assert_eq!(trimmed("f = 2\ntoo_few = 'shrink-f'", 5, 3), shrunk(1.0));
    assert_eq!(
        trimmed("f = 'largest'\ntoo_few = 'shrink-f'", 9, 2),
        shrunk(0.5)
    );
    assert_eq!(trimmed("f = 2\ntoo_few = 'shrink-f'", 5, 1), shrunk(0.0));
}

#[test]
fn f_follows_the_neighborhood_of_a_network_that_changes() {
    let rule = read("kind = 'trimmed-mean'\nf = 'largest'").expect("a rule");
    let mut combiner = rule.combiner(&Seat::among(2).place());
    let present = [
        (0, 0.0, 0),
        (1, 1.0, 0),
        (2, 5.0, 0),
        (3, 9.0, 0),
        (4, 90.0, 0),
    ];
    let mut combined = |neighbors: u32| {
        combiner.rewire(&Seat::among(neighbors).place());
        combine(&mut *combiner, &present[..=neighbors as usize], &[])
            .1
            .model
    };
    assert_eq!(
        [combined(2), combined(4), combined(0)],
        [[1.0], [5.0], [0.0]]
    );
}

#[test]
fn every_coordinate_is_trimmed_by_itself_whatever_the_order_of_the_models() {
    let dimension = 37;
    let value = |l: usize, j: usize| ((l * 7 + j * 5) % 11) as f32;
    let models: Vec<Vec<f32>> = (0..11)
        .map(|l| (0..dimension).map(|j| value(l, j)).collect())
        .collect();
    let rule = read("kind = 'trimmed-mean'\nf = 4").expect("a rule");
    for turn in 0..11 {
        let candidates: Vec<Candidate<'_>> = (0..11)
            .map(|slot| Candidate {
                slot,
                model: &models[(slot + turn) % 11],
                age: 0,
            })
            .collect();
        let mut out = Combination::default();
        out.reset(11);
        let mut hood = Neighborhood {
            iteration: 0,
            step: 0,
            candidates: &candidates,
            own: 0,
            absent: &[],
            previous: &models[0],
            own_loss: 0.0,
            step_size: 0.1,
            objective: &mut Given,
        };
        rule.combiner(&Seat::among(10).place())
            .combine(&mut hood, &mut out);
        // Each coordinate has the values 0 to 10: 4, 5, 6 stay.
        assert_eq!(out.model, vec![5.0; dimension]);
    }
}

#[test]
fn an_f_that_a_full_neighborhood_cannot_meet_is_refused() {
    let check = |keys: &str, seat: &Seat| {
        let rule = read(&format!("kind = 'trimmed-mean'\n{keys}")).expect("a rule");
        rule.check(&seat.place())
    };
    let refused = |keys: &str, seat: &Seat| {
        let misfit = check(keys, seat).expect_err("a misfit");
        assert_eq!(misfit.key, "f");
        (misfit.message, misfit.largest)
    };
    let four = Seat::new(5, 1, &[(3, 0, 1), (8, 2, 1), (9, 3, 1)]);
    assert_eq!(
        refused("f = 2", &four),
        (
            "f = 2 does not fit agent 5: 2f < n is needed, \
             and its neighborhood has n = 4 (itself and agents 3, 8, 9)"
                .to_owned(),
            Some(1)
        )
    );
    assert_eq!(
        refused("f = { fraction = 0.5 }", &four).0,
        "f = 2, 0.5 of the neighborhood, does not fit agent 5: 2f < n is needed, \
         and its neighborhood has n = 4 (itself and agents 3, 8, 9)"
    );
    let shown = |neighbors| refused("f = 10", &Seat::among(neighbors));
    assert_eq!(shown(0).1, Some(0));
    assert!(shown(0).0.ends_with("has n = 1 (nobody but itself)"));
    assert!(shown(1).0.ends_with("(itself and agent 1)"));
    assert!(shown(14).0.ends_with("9, 10, 11, 12 and 2 more)"));
    for fits in ["f = 1", "f = 'largest'", "f = { fraction = 0.49 }"] {
        assert_eq!(check(fits, &four), Ok(()), "{fits}");
    }
    // However few agents there are.
    let alone = Seat::among(0);
    for fits in ["f = 0", "f = 'largest'", "f = { fraction = 0.9 }"] {
        assert_eq!(check(fits, &alone), Ok(()), "{fits}");
    }
}

#[test]
fn wrong_settings_of_f_are_told_with_what_is_right() {
    let f = "write a whole number, { fraction = x } of the neighborhood, or \"largest\"";
    let shown = [
        mistakes("kind = 'trimmed-mean'\nf = 1.5"),
        mistakes("kind = 'trimmed-mean'\nf = 'most'"),
        mistakes("kind = 'trimmed-mean'\nf = -1"),
        mistakes("kind = 'trimmed-mean'\nf = { fraction = 1.5 }"),
        mistakes("kind = 'trimmed-mean'\nf = { share = 0.2 }"),
        mistakes("kind = 'trimmed-mean'\nf = 1\ntoo_few = 'shrink'"),
        mistakes("kind = 'trimmed-mean'"),
    ];
    assert_eq!(
        shown.concat(),
        [
            format!("2:5: `f` cannot be a number; {f}"),
            format!("2:5: `f` cannot be \"most\"; {f}"),
            "2:5: `f` cannot be -1; write a whole number, 0 or greater".to_owned(),
            "2:18: `fraction` in `f` cannot be 1.5; write a number in [0, 1]".to_owned(),
            "2:5: `f` lacks the key `fraction`; add `fraction = …`: a number in [0, 1]".to_owned(),
            "2:7: unknown key `share` in `f`; keys here: fraction".to_owned(),
            "3:11: `too_few` cannot be \"shrink\"; did you mean `shrink-f`? values here: own, shrink-f"
                .to_owned(),
            format!("1:1: `rule` lacks the key `f`; add `f = …`: {}", &f[6..]),
        ]
    );
}
