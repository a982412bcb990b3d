//! What the paper proves, on the task where all that the proofs speak of is known: Theorem 1,
//! inequality (5) and Lemma 1, with and without Byzantine neighbors.
//!
//! Expectations are means over independent seeds. The seeds are fixed, so that a test gives the
//! same on every processor of a kind; what is left to chance is said at each comparison.

#[path = "theory/inverted.rs"]
mod inverted;
#[path = "theory/runs.rs"]
mod runs;
mod shipped;

use runs::{AGENTS, ALL_BUT_ONE, CLOSE, CONSTANT, FLIPPED, LONG, NO_ATTACK, ROUND, Runs, Stream};
use std::sync::LazyLock;

const ALONE: &str = "kind = 'no-cooperation'";
const FILTERED: &str = "kind = 'loss'\nforgetting = 0.5";
const LONG_MEMORY: &str = "kind = 'loss'\nforgetting = 0.05";
const NO_MEMORY: &str = "kind = 'loss'\nforgetting = 1.0";
const UNFILTERED: &str = "kind = 'loss'\nforgetting = 0.5\nfilter = false";
const INVERTED: &str = "kind = 'inverted'";

const NONE: [usize; 0] = [];

/// A stream's runs of the filtered rule: no attack, eight attackers of twenty, nineteen.
struct Filtered {
    stream: &'static Stream,
    by_attack: [Runs; 3],
}

static FILTERED_RUNS: LazyLock<[Filtered; 2]> = LazyLock::new(|| {
    [&ROUND, &LONG].map(|stream| Filtered {
        stream,
        by_attack: [NO_ATTACK, CONSTANT, ALL_BUT_ONE].map(|a| Runs::of(stream, FILTERED, a)),
    })
});

fn filtered() -> impl Iterator<Item = &'static Runs> {
    FILTERED_RUNS.iter().flat_map(|runs| &runs.by_attack)
}

// Theorem 1. An agent's limit regret has a standard error of some 7 % over ten seeds: a squared
// deviation in ten dimensions varies by √(2/10) of its mean, and 200 iterations hold about four
// memories 1/(μm) of it. The shares lie near 0.5 or below, so the bound is far enough to be asked
// for as it is.

#[test]
fn the_bound_of_theorem_1_is_within_three_times_the_regret_without_cooperation() {
    for stream in [&ROUND, &LONG] {
        let alone = Runs::of(stream, ALONE, NO_ATTACK);
        let share = alone.share();
        println!("alone: {share:.3} of the bound");
        assert!((1.0 / 3.0..=1.0).contains(&share), "{share}");
        assert_eq!(alone.above_the_bound(), []);
    }
}

#[test]
fn the_filtered_rule_holds_the_bound_of_theorem_1() {
    for runs in filtered() {
        println!("filtered: {:.3} of the bound", runs.share());
        assert_eq!(runs.above_the_bound(), []);
    }
    assert_eq!(Runs::of(&ROUND, FILTERED, FLIPPED).above_the_bound(), []);
}

/// The theorem takes φ for the risk, of which it is an estimate: by a batch alone, attackers close
/// to the optimum are often taken for better than the agent itself.
#[test]
fn close_attackers_need_a_longer_memory() {
    let long = Runs::of(&LONG, LONG_MEMORY, CLOSE);
    let short = Runs::of(&LONG, NO_MEMORY, CLOSE);
    println!("close: {:.3} and {:.3}", long.share(), short.share());
    assert_eq!(long.above_the_bound(), []);
    assert!(!short.above_the_bound().is_empty());
}

#[test]
fn with_all_neighbors_byzantine_an_agent_does_as_well_as_alone() {
    for Filtered { stream, by_attack } in &*FILTERED_RUNS {
        let alone = Runs::of(stream, ALONE, ALL_BUT_ONE);
        let [_, _, filtered] = by_attack;
        for (filtered, alone) in filtered.0.iter().zip(&alone.0) {
            let ([(_, filtered, _)], [(_, alone, _)]) = (&filtered.limits[..], &alone.limits[..])
            else {
                panic!("one normal agent");
            };
            let ratio = filtered / alone;
            // To the last bit, but for what a start among attackers has left by iteration 200.
            assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
        }
    }
}

#[test]
fn combining_by_the_filtered_rule_never_raises_the_mean_regret() {
    for runs in filtered() {
        println!("saved: {:.3e}", runs.saved());
        assert_eq!(runs.against_5(), NONE);
        assert!(runs.saved() >= 0.0);
    }
}

#[test]
fn weights_by_loss_do_at_least_as_well_as_neighbors_do_in_the_mean() {
    for stream in [&ROUND, &LONG] {
        for attack in [NO_ATTACK, CONSTANT] {
            let unfiltered = Runs::of(stream, UNFILTERED, attack);
            assert_eq!(unfiltered.against_lemma_1(), NONE);
            // The check of (5) sees what hurts: other tasks' models.
            assert!(unfiltered.against_5().len() > 300);
        }
    }
    for runs in filtered() {
        assert_eq!(runs.against_lemma_1(), NONE);
    }
}

/// The checks see a filter that is the wrong way round.
#[test]
fn an_inverted_filter_under_attack_breaks_what_is_promised() {
    for stream in [&ROUND, &LONG] {
        let inverted = Runs::of(stream, INVERTED, CONSTANT);
        println!("inverted: {:.3} of the bound", inverted.share());
        assert_eq!(inverted.above_the_bound().len(), AGENTS);
        assert!(inverted.against_5().len() > 300);
        assert!(!inverted.against_lemma_1().is_empty());
    }
}
