//! What does not matter to an aggregator: the order of the models, their origin, their unit.

use crate::combined::{Mixed, cases, combined, distance, mixed, wide};
use proptest::prelude::*;

/// Kinds with their keys; lengths are in units of `{unit}`.
const RULES: [&str; 9] = [
    "kind = 'coordinate-median'",
    "kind = 'trimmed-mean'\nf = 1",
    "kind = 'mean-around-median'\nf = 1",
    "kind = 'geometric-median'",
    "kind = 'centered-clipping'\nradius = {unit}",
    "kind = 'centered-clipping'\nradius = {unit}\niterations = 5",
    "kind = 'centerpoint'",
    "kind = 'centerpoint'\nsamples = 3",
    "kind = 'geometric-median'\npre = [{ kind = 'norm-clipping', radius = {unit} }]",
];

fn with_unit(rule: &str, unit: f64) -> String {
    rule.replace("{unit}", &unit.to_string())
}

fn at_least_three(models: &Mixed) -> bool {
    models.honest.len() + models.f() >= 3
}

/// What roundings are relative to: the honest models, where the rule withstands the others; or
/// else also what comes out.
fn size(rule: &str, models: &Mixed, out: &[f64]) -> f64 {
    let n = models.honest.len() + models.f();
    let withstands = match rule {
        _ if rule.contains("f = 1") => 1,
        // Clipped, one far away moves it as far as any.
        _ if rule.contains("clipping") => n,
        _ if rule.contains("centerpoint") => n.div_ceil(models.dimension() + 1) - 1,
        _ => (n - 1) / 2,
    };
    match models.f() <= withstands {
        true => models.size(),
        false => out.iter().fold(models.size(), |m, x| m.max(x.abs())),
    }
}

/// One.
fn one(n: usize, _: usize) -> usize {
    usize::from(n > 2)
}

fn changed<'m>(models: &'m [Vec<f32>], change: impl Fn(f32) -> f32 + 'm) -> Vec<Vec<f32>> {
    let each = |model: &Vec<f32>| model.iter().map(|&x| change(x)).collect();
    models.iter().map(each).collect()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn the_order_of_the_models(
        models in mixed(3..=16, 1..=8, one).prop_filter("three", at_least_three),
        turn in 1_usize..16,
    ) {
        let (all, own) = models.all();
        let n = all.len();
        let mut turned = all.clone();
        turned.rotate_left(turn % n);
        let own_turned = (own + n - turn % n) % n;
        // And two others have changed places.
        let others: Vec<usize> = (0..n).filter(|l| *l != own_turned).collect();
        turned.swap(others[0], others[1]);
        for rule in RULES {
            let rule = with_unit(rule, 1.0);
            let straight = combined(&rule, &all, own);
            let turned = combined(&rule, &turned, own_turned);
            let apart = distance(&turned, &wide(&straight));
            let size = size(&rule, &models, &wide(&straight));
            prop_assert!(apart <= 1e-5 * size, "{rule}: {apart}");
        }
    }

    /// A power of two, and an offset that takes few bits from the models.
    #[test]
    fn origin_and_unit(
        models in mixed(3..=16, 1..=8, one).prop_filter("three", at_least_three),
        unit in prop::sample::select(vec![0.125_f32, 1.0, 64.0]),
        offset in prop::sample::select(vec![-2.0_f32, 0.0, 3.0]),
    ) {
        let (all, own) = models.all();
        let moved = changed(&all, |x| unit * (x + offset));
        for rule in RULES {
            let right = combined(&with_unit(rule, 1.0), &all, own);
            let right = wide(&changed(&[right], |x| unit * (x + offset))[0]);
            let found = combined(&with_unit(rule, f64::from(unit)), &moved, own);
            let apart = distance(&found, &right);
            let straight: Vec<f64> = right
                .iter()
                .map(|x| x / f64::from(unit) - f64::from(offset))
                .collect();
            let size = f64::from(unit) * (size(rule, &models, &straight) + 3.0);
            prop_assert!(apart <= 1e-5 * size, "{rule}: {apart}");
        }
    }
}
