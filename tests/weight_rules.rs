//! Weight rules in whole runs: settings under which one rule is another.

mod shipped;
mod timed;

use timed::fingerprint;

const ATTACKED: &str = "
[task]
kind = 'target-localization'
[topology]
kind = 'complete'
agents = 12
[[attack]]
agents = [1, 6, 7]
kind = 'uniform'
low = 15.0
high = 16.0
";

/// 60 iterations under a rule.
fn under(rule: &str) -> String {
    format!("iterations = 60\n{ATTACKED}[rule]\n{rule}\n")
}

/// Looking back over 100 samples draws other batches in between: it must not show.
#[test]
fn resilient_diffusion_that_removes_nobody_is_the_distance_rule() {
    let distance = fingerprint(&under("kind = 'distance'"));
    let same = "kind = 'resilient-diffusion-f'\nforgetting = 0.1\ninitial = 10\nf = ";
    assert_eq!(fingerprint(&under(&format!("{same}0"))), distance);
    assert_ne!(fingerprint(&under(&format!("{same}1"))), distance);
}

/// Three steps before each exchange draw a batch of one sample each, and all count: 60 × 3 in the run.
#[test]
fn resilient_diffusion_looks_back_over_all_steps_of_several_per_exchange() {
    let with = |samples: u64| {
        let rule = format!("kind = 'resilient-diffusion-f'\nf = 5\nsamples = {samples}");
        let steps = "[learner]\nsteps_per_exchange = 3\n";
        fingerprint(&format!("{}{steps}", under(&rule)))
    };
    let all = with(180);
    assert_eq!(with(1_000_000), all);
    assert_ne!(with(60), all);
}

/// So many are tolerated that nobody is left to cooperate with, nobody is near enough, or the own
/// share is all.
#[test]
fn rules_that_trust_nobody_are_no_cooperation() {
    let alone = fingerprint(&under("kind = 'no-cooperation'"));
    for rule in [
        "kind = 'resilient-diffusion-f'\nf = 11",
        "kind = 'balance'\ngamma = 1e-30",
        "kind = 'ubar'\nown_share = 1",
    ] {
        assert_eq!(fingerprint(&under(rule)), alone, "{rule}");
    }
}

#[test]
fn gossip_that_clips_nobody_is_metropolis() {
    let metropolis = fingerprint(&under("kind = 'metropolis'"));
    let under_radius = |radius: &str| {
        let rule = format!("kind = 'self-centered-clipping'\nradius = {radius}");
        fingerprint(&under(&rule))
    };
    assert_eq!(under_radius("1e30"), metropolis);
    assert_eq!(under_radius("'adaptive'\nf = 0"), metropolis);
    assert_ne!(under_radius("1"), metropolis);
}
