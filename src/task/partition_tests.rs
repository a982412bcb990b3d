//! Tests of partitions.

use super::*;
use proptest::prelude::*;

/// Whether shares are disjoint and have all rows.
fn is_whole(shares: &[Vec<u32>], rows: usize) -> bool {
    let mut all = shares.concat();
    all.sort_unstable();
    all == (0..rows as u32).collect::<Vec<_>>()
}

/// So many rows of each of some classes, mixed.
fn labels(rows: usize, classes: usize) -> Vec<u32> {
    (0..rows).map(|row| (row * 7 % classes) as u32).collect()
}

/// Rows of a class that each agent has.
fn of_class(shares: &[Vec<u32>], labels: &[u32], class: u32) -> Vec<usize> {
    let count = |share: &Vec<u32>| {
        let own = share.iter().filter(|&&row| labels[row as usize] == class);
        own.count()
    };
    shares.iter().map(count).collect()
}

proptest! {
    #[test]
    fn equal_shares_are_disjoint_whole_and_equal(
        rows in 0usize..500, agents in 1usize..40, seed in any::<u64>(),
    ) {
        let shares = iid(rows, agents, seed);
        prop_assert!(is_whole(&shares, rows) && shares.len() == agents);
        let sizes: Vec<usize> = shares.iter().map(Vec::len).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        prop_assert_eq!(&shares, &iid(rows, agents, seed));
    }

    #[test]
    fn dirichlet_shares_are_disjoint_whole_and_large_enough(
        rows in 1usize..500,
        classes in 1usize..6,
        agents in 1usize..20,
        exponent in -3.0..6.0,
        least in 0usize..10,
        seed in any::<u64>(),
    ) {
        let labels = labels(rows, classes);
        let alpha = 10f64.powf(exponent);
        let draw = || dirichlet(&labels, classes, agents, alpha, least, seed);
        match draw() {
            Ok(shares) => {
                prop_assert!(is_whole(&shares, rows) && shares.len() == agents);
                prop_assert!(shares.iter().all(|share| share.len() >= least));
            }
            Err(TooFew::Rows) => prop_assert!(least * agents > rows),
            Err(TooFew::Draws { best, alpha: better }) => {
                prop_assert!(best < least && least * agents <= rows);
                // What is recommended does.
                let better = better.map(|a| dirichlet(&labels, classes, agents, a, least, seed));
                prop_assert!(better.is_none_or(|shares| shares.is_ok()));
                prop_assert!(dirichlet(&labels, classes, agents, alpha, best, seed).is_ok());
            }
        }
        prop_assert_eq!(draw(), draw());
    }

    #[test]
    fn rows_go_to_whom_they_belong_to(owners in prop::collection::vec(0u32..9, 0..100)) {
        let shares = by_agent(&owners, 9);
        prop_assert!(is_whole(&shares, owners.len()));
        for (agent, share) in (0..).zip(&shares) {
            prop_assert!(share.iter().all(|&row| owners[row as usize] == agent));
            prop_assert!(share.is_sorted());
        }
    }

    #[test]
    fn a_share_for_test_is_rounded_up(rows in 0usize..10_000, percent in 0usize..=100) {
        // In whole numbers: ⌈rows · percent / 100⌉.
        let expected = (rows * percent).div_ceil(100);
        prop_assert_eq!(test_rows(rows, percent as f64 / 100.0), expected);
    }
}

#[test]
fn another_seed_gives_other_shares() {
    assert_ne!(iid(100, 5, 1), iid(100, 5, 2));
    let labels = labels(100, 2);
    let draw = |seed| dirichlet(&labels, 2, 5, 1.0, 0, seed).expect("no least");
    assert_ne!(draw(1), draw(2));
}

#[test]
fn rows_are_dealt_out_in_random_order() {
    let shares = iid(100, 2, 3);
    let low = shares[0].iter().filter(|&&row| row < 50).count();
    // 25 on average; a standard deviation is 2.5.
    assert!((13..=37).contains(&low), "{low}");
}

#[test]
fn a_large_alpha_gives_nearly_equal_shares_of_every_class() {
    let labels = labels(3000, 3);
    let shares = dirichlet(&labels, 3, 10, 1e5, 0, 1).expect("no least");
    for class in 0..3 {
        for count in of_class(&shares, &labels, class) {
            // 100 rows; a proportion's standard deviation is 0.3 of them, and ends are rounded.
            assert!((97..=103).contains(&count), "{count}");
        }
    }
}

#[test]
fn a_small_alpha_gives_a_class_to_few_agents() {
    let labels = labels(3000, 3);
    for alpha in [ALPHAS[0], 0.05] {
        let shares = dirichlet(&labels, 3, 10, alpha, 0, 1).expect("no least");
        for class in 0..3 {
            let mut counts = of_class(&shares, &labels, class);
            counts.sort_unstable();
            // Half of the agents have nearly all.
            assert!(
                counts[5..].iter().sum::<usize>() > 950,
                "{alpha}: {counts:?}"
            );
        }
    }
}

/// A proportion of Dirichlet(α, …, α) over n agents has mean 1/n and variance
/// (1/n)(1 − 1/n)/(nα + 1).
#[test]
fn proportions_have_mean_and_variance_of_the_distribution() {
    for alpha in [0.1, 0.5, 1.0, 3.0] {
        let (agents, rows, draws) = (4, 1_000_000, 4000);
        let proportion = |draw| {
            let key = Key::new(5, Purpose::Split).at(draw);
            sizes(rows, agents, alpha, key)[1] as f64 / rows as f64
        };
        let all: Vec<f64> = (0..draws).map(proportion).collect();
        let mean = all.iter().sum::<f64>() / draws as f64;
        let variance = all.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / draws as f64;
        let expected = 0.25 * 0.75 / (4.0 * alpha + 1.0);
        // Five standard errors: of the mean, and of the variance of a kurtosis up to 8.
        let error = (expected / draws as f64).sqrt();
        assert!((mean - 0.25).abs() < 5.0 * error, "{alpha}: {mean}");
        let error = expected * (7.0 / draws as f64).sqrt();
        assert!(
            (variance - expected).abs() < 5.0 * error,
            "{alpha}: {variance} {expected}"
        );
    }
}
