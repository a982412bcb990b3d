//! How far Byzantine models can take an aggregator from the honest ones.

use crate::combined::{Mixed, cases, combined, distance, mixed, wide};
use proptest::prelude::*;

/// 2f < n.
fn minority(n: usize, _: usize) -> usize {
    (n - 1) / 2
}

/// The aggregated model, with `f` as many as are Byzantine where the rule is told.
fn aggregated(kind: &str, models: &Mixed) -> Vec<f32> {
    let (all, own) = models.all();
    let is_told = kind == "trimmed-mean" || kind == "mean-around-median";
    let f = if is_told {
        format!("f = {}\n", models.f())
    } else {
        String::new()
    };
    combined(&format!("kind = '{kind}'\n{f}"), &all, own)
}

/// Rounding to `f32` of what is computed from numbers of this size.
fn rounding(models: &Mixed) -> f64 {
    1e-6 * models.size()
}

/// (f, κ)-robustness: ‖F(x) − x̄‖² ≤ κ · the mean of ‖x_i − x̄‖² over the honest models. Allouah,
/// Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, "Fixing by mixing: a recipe for optimal Byzantine
/// ML under heterogeneity", 2023, table 1, with q = f/(n−2f).
fn kappa(kind: &str, f: f64, n: f64) -> f64 {
    let q = f / (n - 2.0 * f);
    match kind {
        "trimmed-mean" => 6.0 * q * (1.0 + q),
        "coordinate-median" | "geometric-median" => 4.0 * (1.0 + q).powi(2),
        other => unreachable!("{other} is not in the table"),
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn medians_and_trimmed_means_are_near_the_honest_mean(
        models in mixed(1..=24, 1..=12, minority),
    ) {
        let mean = models.mean();
        let squared = models.honest.iter().map(|x| distance(x, &mean).powi(2));
        let variance = squared.sum::<f64>() / models.honest.len() as f64;
        let n = models.honest.len() + models.f();
        for kind in ["trimmed-mean", "coordinate-median", "geometric-median"] {
            let most = (kappa(kind, models.f() as f64, n as f64) * variance).sqrt();
            let found = distance(&aggregated(kind, &models), &mean);
            prop_assert!(found <= most + rounding(&models), "{kind}: {found} > {most}");
        }
    }

    #[test]
    fn each_coordinate_of_a_median_and_a_trimmed_mean_lies_among_honest_ones(
        models in mixed(1..=24, 1..=12, minority),
    ) {
        let medians = aggregated("coordinate-median", &models);
        let trimmed = aggregated("trimmed-mean", &models);
        let around = aggregated("mean-around-median", &models);
        for j in 0..models.dimension() {
            let values = || models.honest.iter().map(|model| model[j]);
            let (low, high) = (
                values().fold(f32::INFINITY, f32::min),
                values().fold(f32::NEG_INFINITY, f32::max),
            );
            prop_assert!((low..=high).contains(&medians[j]));
            prop_assert!((low..=high).contains(&trimmed[j]));
            // Of the values around the median, none is farther from it than the honest ones.
            let apart = high - low;
            let slack = 1e-6 * models.size() as f32;
            prop_assert!((low - apart - slack..=high + apart + slack).contains(&around[j]));
        }
    }

    /// With a radius as large as the honest models are apart, no honest one is clipped in the first
    /// step: v − x̄ = (f/n)(ψ − x̄) + the Byzantine pulls, each at most τ/n.
    #[test]
    fn centered_clipping_goes_to_the_honest_mean_but_for_a_share_of_f_of_n(
        models in mixed(1..=24, 1..=12, minority),
    ) {
        let honest: Vec<Vec<f64>> = models.honest.iter().map(|x| wide(x)).collect();
        let apart = honest.iter().flat_map(|x| models.honest.iter().map(|y| distance(y, x)));
        let radius = apart.fold(1e-3, f64::max) * (1.0 + 1e-9);
        let (all, own) = models.all();
        let settings = |steps| {
            format!("kind = 'centered-clipping'\nradius = {radius}\niterations = {steps}")
        };
        let mean = models.mean();
        let share = models.f() as f64 / all.len() as f64;
        let most = share * (distance(&models.honest[0], &mean) + radius);
        let found = distance(&combined(&settings(1), &all, own), &mean);
        prop_assert!(found <= most + rounding(&models), "{found} > {most}");
        // However many steps, none is longer than the radius.
        let moved = distance(&combined(&settings(3), &all, own), &honest[0]);
        prop_assert!(moved <= 3.0 * radius + rounding(&models));
    }

    /// What norm clipping leaves is within the radius of the own model, and so is every mean of it.
    #[test]
    fn after_norm_clipping_nothing_is_farther_from_the_own_model_than_the_radius(
        models in mixed(1..=12, 1..=6, minority),
        radius in 0.01..10.0,
    ) {
        let (all, own) = models.all();
        let own_model = wide(&all[own]);
        let pre = format!("pre = [{{ kind = 'norm-clipping', radius = {radius} }}]");
        for rule in ["'trimmed-mean'\nf = 0", "'geometric-median'", "'centerpoint'"] {
            let settings = format!("kind = {rule}\n{pre}");
            let moved = distance(&combined(&settings, &all, own), &own_model);
            prop_assert!(moved <= radius + rounding(&models), "{rule}: {moved} > {radius}");
        }
    }
}
