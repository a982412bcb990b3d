//! Few models, equal ones, one parameter, extreme numbers: where definitions coincide or say what
//! comes out.

use crate::combined::{cases, combined, combined_at, combined_or_own, distance, mixed, wide};
use proptest::prelude::*;

/// Kinds that make the middle of two models.
const MIDDLE: [&str; 8] = [
    "kind = 'coordinate-median'",
    "kind = 'trimmed-mean'\nf = 0",
    "kind = 'mean-around-median'\nf = 0",
    "kind = 'geometric-median'",
    "kind = 'centered-clipping'\nradius = 1e9",
    "kind = 'centerpoint'",
    "kind = 'minimum-diameter-average'\nf = 0",
    "kind = 'nearest-to-own'\nf = 0",
];

/// The same with what may come before them.
fn all_rules() -> Vec<String> {
    let pre = [
        "",
        "pre = [{ kind = 'bucketing', size = 2 }]",
        "pre = [{ kind = 'nearest-neighbor-mixing', f = 'largest' }]",
        "pre = [{ kind = 'norm-clipping', radius = 0.5 }, { kind = 'bucketing', size = 3 }]",
    ];
    let each = |rule: &str| pre.map(|pre| format!("{rule}\n{pre}"));
    let mut all: Vec<String> = MIDDLE.iter().flat_map(|rule| each(rule)).collect();
    for kind in [
        "trimmed-mean",
        "mean-around-median",
        "minimum-diameter-average",
        "nearest-to-own",
        "krum",
        "multi-krum",
    ] {
        all.extend(each(&format!("kind = '{kind}'\nf = 'largest'")));
    }
    all.push("kind = 'centered-clipping'\nradius = 1e-9\niterations = 4".to_owned());
    all
}

fn none(_: usize, _: usize) -> usize {
    0
}

#[test]
fn one_model_and_equal_ones_stay_as_they_are() {
    for d in [1, 2, 3, 8] {
        let model: Vec<f32> = (0..d).map(|j| (1.0 + j as f32).sqrt() - 2.0).collect();
        for n in [1, 2, 3, 4, 7] {
            for rule in all_rules() {
                let found = combined_or_own(&rule, &vec![model.clone(); n], n / 2);
                let apart = distance(&found, &wide(&model));
                assert!(apart < 1e-6, "{n} × {d}, {rule}: {found:?}");
            }
        }
    }
}

#[test]
fn two_models_meet_in_the_middle() {
    let models = [vec![1.0, -3.0, 5.0], vec![2.0, 1.0, -5.0]];
    for rule in MIDDLE {
        // Of two, none is the center of a plane.
        let most = if rule.contains("centerpoint") { 1 } else { 3 };
        for d in 1..=most {
            let models = [models[0][..d].to_vec(), models[1][..d].to_vec()];
            let middle = [1.5, -1.0, 0.0];
            let apart = distance(&combined(rule, &models, 0), &middle[..d]);
            assert!(apart < 1e-6, "{rule}, {d} parameters: off by {apart}");
        }
    }
}

/// Signs and sizes from the least to the largest that a parameter can have.
#[test]
fn no_finite_numbers_are_too_large_or_too_small() {
    let values = [f32::MAX, f32::MIN, 0.0, 1e-45, -1e-45, 1.0, 1e30, -1e-30];
    for d in [1, 2, 3, 8] {
        for n in [1, 2, 3, 5, 12] {
            let value = |l: usize, j: usize| values[(l * 5 + j * 3 + l * j) % values.len()];
            let model = |l| (0..d).map(|j| value(l, j)).collect();
            let models: Vec<Vec<f32>> = (0..n).map(model).collect();
            for rule in all_rules() {
                let found = combined_or_own(&rule, &models, n / 2);
                let is_finite = found.iter().all(|x| x.is_finite());
                assert!(is_finite, "{n} × {d}, {rule}: {found:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn with_one_parameter_all_medians_are_the_same(models in mixed(1..=20, 1..=1, |n, _| n / 2)) {
        let (all, own) = models.all();
        let median = wide(&combined("kind = 'coordinate-median'", &all, own));
        let largest = all.iter().fold(0.0, |m: f32, x| m.max(x[0].abs()));
        for rule in ["kind = 'geometric-median'", "kind = 'centerpoint'"] {
            let apart = distance(&combined(rule, &all, own), &median);
            prop_assert!(apart <= 1e-6 * f64::from(largest), "{rule}: {apart}");
        }
    }

    #[test]
    fn with_nothing_to_withstand_it_is_the_mean(models in mixed(1..=20, 1..=20, none)) {
        let (all, own) = models.all();
        for rule in [
            "kind = 'trimmed-mean'\nf = 0",
            "kind = 'mean-around-median'\nf = 0",
            "kind = 'minimum-diameter-average'\nf = 0",
            "kind = 'nearest-to-own'\nf = 0",
            "kind = 'trimmed-mean'\nf = 0\npre = [{ kind = 'nearest-neighbor-mixing', f = 0 }]",
            "kind = 'centered-clipping'\nradius = 1e6",
            // One bucket of all models.
            "kind = 'coordinate-median'\npre = [{ kind = 'bucketing', size = 20 }]",
        ] {
            let apart = distance(&combined(rule, &all, own), &models.mean());
            prop_assert!(apart <= 1e-6 * models.size(), "{rule}: {apart}");
        }
    }

    #[test]
    fn a_step_of_centered_clipping_is_the_mean_after_norm_clipping(
        models in mixed(1..=12, 1..=6, |n, _| n / 2),
        radius in 0.1..3.0,
    ) {
        let (all, own) = models.all();
        let pre = format!("pre = [{{ kind = 'norm-clipping', radius = {radius} }}]");
        let mean = combined(&format!("kind = 'trimmed-mean'\nf = 0\n{pre}"), &all, own);
        let step = format!("kind = 'centered-clipping'\nradius = {radius}");
        let apart = distance(&combined(&step, &all, own), &wide(&mean));
        prop_assert!(apart <= 1e-6 * models.size(), "{apart}");
    }

    /// The mean of the means of groups of equal size is the mean.
    #[test]
    fn buckets_hold_every_model_once_in_another_order_each_time(
        models in mixed(8..=8, 1..=4, none),
        iteration in 0..1000_u64,
    ) {
        let (all, own) = models.all();
        let of = |rule: &str, size: usize, iteration: u64| {
            let pre = format!("pre = [{{ kind = 'bucketing', size = {size} }}]");
            combined_at(iteration, &format!("kind = '{rule}\n{pre}"), &all, own)
        };
        let mean = "trimmed-mean'\nf = 0";
        for size in [2, 4] {
            let apart = distance(&of(mean, size, iteration), &models.mean());
            prop_assert!(apart <= 1e-6 * models.size(), "{apart}");
        }
        let median = "coordinate-median'";
        let first = of(median, 3, iteration);
        prop_assert_eq!(&first, &of(median, 3, iteration));
        let others = (1..6).map(|later| of(median, 3, iteration + later));
        prop_assert!(others.into_iter().any(|other| other != first));
    }
}
