//! What `pre` promises to the aggregator after it: how many models there are, and what f fits them.

use crate::rule::tests::{Seat, combine, mistakes, read};
use crate::rule::*;

const PAIRS: &str = "pre = [{ kind = 'bucketing', size = 2 }]";

#[test]
fn f_has_to_fit_what_buckets_leave_of_a_full_neighborhood() {
    let check = |f: &str, pre: &str, neighbors| {
        let rule = read(&format!("kind = 'trimmed-mean'\nf = {f}\n{pre}")).expect("a rule");
        rule.check(&Seat::among(neighbors).place())
    };
    // Nine models make five pairs, the last one of a single model.
    assert_eq!(check("2", PAIRS, 8), Ok(()));
    let misfit = check("3", PAIRS, 8).expect_err("a misfit");
    assert_eq!(
        misfit.message,
        "f = 3 does not fit agent 0: 2f < n is needed, and `pre` makes n = 5 of the 9 models of \
         its neighborhood (itself and agents 1, 2, 3, 4, 5, 6, 7, 8)"
    );
    assert_eq!((&misfit.key[..], misfit.largest), ("f", Some(2)));
    // A fraction is one of the neighborhood: each Byzantine model may spoil a bucket.
    assert_eq!(check("{ fraction = 0.3 }", PAIRS, 8), Ok(()));
    let misfit = check("{ fraction = 0.4 }", PAIRS, 8).expect_err("a misfit");
    assert!(
        misfit
            .message
            .starts_with("f = 3, 0.4 of the neighborhood, does not fit")
    );
    assert_eq!(check("'largest'", PAIRS, 8), Ok(()));
    // One after the other: 9, 5, 2.
    let twice = "pre = [{ kind = 'bucketing', size = 2 }, { kind = 'bucketing', size = 3 }]";
    assert_eq!(check("0", twice, 8), Ok(()));
    assert_eq!(check("1", twice, 8).expect_err("a misfit").largest, Some(0));
}

#[test]
fn too_few_are_counted_after_the_buckets() {
    let outcome = |keys: &str, present: usize| {
        let rule = read(&format!("kind = 'trimmed-mean'\n{keys}\n{PAIRS}")).expect("a rule");
        let models: Vec<_> = (0..present).map(|l| (l, 1.0, 0)).collect();
        let mut combiner = rule.combiner(&Seat::among(8).place());
        let (outcome, out) = combine(&mut *combiner, &models, &[]);
        (outcome, out.starved)
    };
    assert_eq!(outcome("f = 2", 9), (Outcome::Model, false));
    assert_eq!(outcome("f = 2", 8), (Outcome::Own, true));
    let shrink = "f = 2\ntoo_few = 'shrink-f'";
    assert_eq!(outcome(shrink, 8), (Outcome::Model, true));
    assert_eq!(outcome("f = 'largest'", 9), (Outcome::Model, false));
    assert_eq!(outcome("f = 'largest'", 6), (Outcome::Own, true));
}

#[test]
fn norm_clipping_leaves_the_own_model_and_near_ones_and_draws_in_the_others() {
    let clipping = "pre = [{ kind = 'norm-clipping', radius = 2.0 }]";
    let rule = read(&format!("kind = 'trimmed-mean'\nf = 0\n{clipping}")).expect("a rule");
    let mut combiner = rule.combiner(&Seat::among(3).place());
    // 1, 2.5, 3 and −1 of them stay.
    let present = [(0, 1.0, 0), (1, 2.5, 0), (2, 9.0, 0), (3, -1e30, 0)];
    let (_, out) = combine(&mut *combiner, &present, &[]);
    assert_eq!(out.model, [(1.0 + 2.5 + 3.0 - 1.0) / 4.0]);
}

#[test]
fn wrong_settings_of_pre_are_told_with_what_is_right() {
    let shown = |pre: &str| mistakes(&format!("kind = 'coordinate-median'\npre = {pre}"));
    let kinds = crate::rule::pre_aggregation::catalogue()
        .names()
        .join("\" | \"");
    assert_eq!(
        [
            shown("[{ kind = 'bucketing' }]"),
            shown("[{ kind = 'bucketing', size = 0 }]"),
            shown("[{ kind = 'bucketing', radius = 1.0 }]"),
            shown("[{ kind = 'norm-clipping', radius = 0 }]"),
            shown("[{ size = 2 }]"),
            shown("{ kind = 'bucketing', size = 2 }"),
        ]
        .concat(),
        [
            "2:8: `rule.pre[0]` lacks the key `size`; add `size = …`: a whole number at least 1"
                .to_owned(),
            "2:37: `size` in `rule.pre[0]` cannot be 0; write a whole number at least 1".to_owned(),
            "2:8: `rule.pre[0]` lacks the key `size`; add `size = …`: a whole number at least 1"
                .to_owned(),
            "2:30: unknown key `radius` in `rule.pre[0]`; remove it, or write \
             kind = \"norm-clipping\"; keys here: kind, size"
                .to_owned(),
            "2:43: `radius` in `rule.pre[0]` cannot be 0; write a number above 0".to_owned(),
            format!("2:8: `rule.pre[0]` lacks the key `kind`; add `kind = …`: \"{kinds}\""),
            "2:7: `pre` in `rule` takes a list of tables, and this is a table; \
             write [[rule.pre]] and keys under it"
                .to_owned(),
        ]
    );
}
