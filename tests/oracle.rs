//! Runs against an oracle: plain sequential loops over time and everyone's models, without actors.
//!
//! Every parameter of every agent in every iteration is compared bit by bit, and so are losses, φ,
//! weights, ages, moments and the counts of messages. Each test says that what it is about has
//! happened. Rules and learners are here; clocks, links, faults and attacks have files of their
//! own.
//!
//! That bits agree is no accident: parameters are `f32`, everything else is `f64` and rounded
//! once, and the order of every sum is documented.

#[path = "oracle/in_time.rs"]
mod in_time;
#[path = "oracle/on_links.rs"]
mod on_links;
#[path = "oracle/mod.rs"]
mod oracle;
#[path = "oracle/slips.rs"]
mod slips;
#[path = "oracle/under_attack.rs"]
mod under_attack;
#[path = "oracle/under_faults.rs"]
mod under_faults;
#[path = "oracle/under_timing.rs"]
mod under_timing;

use oracle::compare::{Tally, check, check_in, difference};
use oracle::slip::Slip;

/// The paper's attack on target localization.
const UNIFORM: &str = "
[[attack]]
agents = { random = 20 }
kind = 'uniform'
low = 15.0
high = 16.0
";

/// Target localization with the paper's 100 agents; defaults are the paper's.
fn localization(rest: &str) -> String {
    format!("iterations = 200\n[task]\nkind = 'target-localization'\n{rest}")
}

/// Two epochs of activity recognition, agents that are all neighbors, ten of them Byzantine.
fn activity(rest: &str) -> String {
    let attack = "[[attack]]\nagents = { random = 10 }\nkind = 'uniform'\nlow = 0.0\nhigh = 0.1\n";
    format!(
        "epochs = 2\n[task]\nkind = 'activity-recognition'\nsource = 'generated'\n{attack}{rest}"
    )
}

/// Target localization under the paper's attack with the keys of a rule.
fn under(rule: &str) -> Tally {
    check(&localization(&format!("{UNIFORM}\n[rule]\n{rule}")))
}

#[test]
fn without_cooperation_everyone_learns_alone() {
    let tally = under("kind = 'no-cooperation'");
    assert_eq!(tally.accepted, 0);
}

#[test]
fn average_is_as_the_oracle_says() {
    under("kind = 'average'");
}

#[test]
fn metropolis_is_as_the_oracle_says() {
    under("kind = 'metropolis'");
}

#[test]
fn distance_is_as_the_oracle_says() {
    under("kind = 'distance'");
    under("kind = 'distance'\nforgetting = 0.5\ninitial = 0.0");
}

#[test]
fn distance_one_step_ahead_is_as_the_oracle_says() {
    under("kind = 'distance'\nreference = 'one-step-ahead'");
    under("kind = 'distance'\nreference = 'one-step-ahead'\npower = 3");
}

#[test]
fn distance_in_other_norms_is_as_the_oracle_says() {
    under("kind = 'distance'\npower = 1");
    under("kind = 'distance'\npower = 3.0");
}

#[test]
fn the_papers_rule_is_as_the_oracle_says() {
    let tally = under("kind = 'loss'");
    assert!(tally.accepted > 0 && tally.rejected > 0, "{tally:?}");
}

#[test]
fn loss_without_the_filter_is_as_the_oracle_says() {
    let tally = under("filter = false");
    assert_eq!(tally.rejected, 0);
}

#[test]
fn loss_above_the_own_risk_is_as_the_oracle_says() {
    under("baseline = 'own'");
    under("baseline = 'own'\nfilter = false");
    under("baseline = 'own'\nforgetting = 0.5\ninitial = 0.0\n[learner]\nsteps_per_exchange = 2");
}

#[test]
fn judging_by_a_fresh_batch_is_as_the_oracle_says() {
    let tally = under("judge = 'fresh'");
    assert!(tally.accepted > 0 && tally.rejected > 0, "{tally:?}");
    under("judge = 'fresh'\nfilter = false\nbaseline = 'own'");
    under("judge = 'fresh'\n[learner]\nsteps_per_exchange = 3\nadapt_probability = 0.5");
}

#[test]
fn schedules_fall_as_the_oracle_says() {
    let schedule = "{ kind = 'decay', initial = 0.9, rate = 0.05 }";
    under(&format!("forgetting = {schedule}"));
    under(&format!(
        "kind = 'distance'\nforgetting = {schedule}\n\
         [learner]\nstep_size = {{ kind = 'decay', initial = 0.4, rate = 0.01 }}"
    ));
}

#[test]
fn forgetting_everything_leaves_the_batch_loss_alone() {
    under("forgetting = 1.0\ninitial = 0.0");
}

#[test]
fn agents_can_differ_in_rule_and_learner() {
    under(
        "
[[rule.override]]
agents = { every = 4 }
kind = 'distance'
power = 3

[[rule.override]]
agents = { every = 4, from = 1 }
forgetting = 0.03
filter = false

[[rule.override]]
agents = { range = [90, 99] }
kind = 'metropolis'

[[rule.override]]
agents = [2, 6]
kind = 'average'

[learner]
steps_per_exchange = 3
step_size = 0.05

[[learner.override]]
agents = { every = 3 }
adapt_probability = 0.3

[[learner.override]]
agents = [7, 8]
step_size = { kind = 'decay', initial = 0.3, rate = 0.1 }
steps_per_exchange = 1
",
    );
}

#[test]
fn adam_is_as_the_oracle_says() {
    let adam = "[learner]\noptimizer = 'adam'";
    under(adam);
    under(&format!("{adam}\nbeta1 = 0\nbeta2 = 0.5\nepsilon = 0.1"));
    // A rule that looks one step ahead does so by the plain gradient, as the paper writes it.
    under(&format!(
        "kind = 'distance'\nreference = 'one-step-ahead'\n{adam}"
    ));
    check(&activity(adam));
}

#[test]
fn adam_counts_the_steps_that_were_done() {
    under(
        "
[learner]
optimizer = 'adam'
steps_per_exchange = 2
step_size = { kind = 'decay', initial = 0.3, rate = 0.1 }
[[learner.override]]
agents = { every = 2 }
adapt_probability = 0.3
[[learner.override]]
agents = { every = 3 }
optimizer = 'sgd'
[[learner.override]]
agents = { every = 5 }
optimizer = 'adam'
beta1 = 0.5
",
    );
}

#[test]
fn several_steps_and_skipped_ones_draw_the_batches_that_the_oracle_says() {
    let learner = "
[learner]
steps_per_exchange = 3
[[learner.override]]
agents = { every = 2 }
adapt_probability = 0.3
";
    under(learner);
    under(&format!(
        "kind = 'distance'\nreference = 'one-step-ahead'\n{learner}"
    ));
}

#[test]
fn seeds_by_purpose_are_those_of_the_streams() {
    check(&localization(&format!(
        "{UNIFORM}\n[seeds]\ntopology = 11\ndata = 12\nattackers = 13"
    )));
}

#[test]
fn one_normal_agent_among_attackers_is_as_the_oracle_says() {
    let attack = "[[attack]]\nagents = { random = 99 }\nkind = 'uniform'\nlow = 15.0\nhigh = 16.0";
    check(&localization(attack));
}

#[test]
fn other_networks_are_as_the_oracle_says() {
    // The degrees of a star differ most, which metropolis weights show.
    let star = "[topology]\nkind = 'star'\nagents = 12\n[rule]\nkind = 'metropolis'\n\
                [[attack]]\nagents = [0, 4]\nkind = 'empty'\nvictims = { every = 3 }";
    check(&localization(star));
    let ring =
        "[topology]\nkind = 'ring'\nagents = 9\n[[attack]]\nagents = [3]\nkind = 'sign-flip'";
    check(&localization(ring));
}

#[test]
fn one_way_edges_are_as_the_oracle_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let edge = |k: u32| format!("{k},{}\n{},{k}\n", (k + 1) % 12, (k * k + 3) % 12);
    let edges: String = (0..12).map(edge).collect();
    std::fs::write(folder.path().join("edges.csv"), edges).expect("written");
    let text = "[topology]\nkind = 'file'\npath = 'edges.csv'\ndirected = true\n\
                [[attack]]\nagents = [2, 7]\nkind = 'wrong-length'\nshare = 0.5\n[rule]\n";
    for rule in ["loss", "metropolis"] {
        let tally = check_in(
            folder.path(),
            &localization(&format!("{text}kind = '{rule}'")),
        );
        assert!(tally.malformed > 0);
    }
}

#[test]
fn an_agent_that_overflows_keeps_its_own_model() {
    // A step size of 3 doubles the distance from the target in every step; without cooperation
    // nothing holds the agent back, and 2¹²⁸ is no `f32`.
    let tally = under(
        "
[[rule.override]]
agents = { every = 10 }
kind = 'no-cooperation'
[learner]
[[learner.override]]
agents = { every = 10 }
step_size = 3.0
",
    );
    assert!(tally.starved > 0 && tally.malformed > 0, "{tally:?}");
}

#[test]
fn no_power_takes_a_distance_out_of_range() {
    // 3·10³⁸ to the tenth power is no `f64`, a payload of it is a well-formed model.
    let tally = check(&localization(
        "
[[attack]]
agents = { random = 20 }
kind = 'constant'
value = 3e38
active = { period_iterations = 4, on_iterations = 1 }
[rule]
kind = 'distance'
power = 10
",
    ));
    assert_eq!((tally.rejected, tally.starved), (0, 0), "{tally:?}");
}

#[test]
fn a_distance_that_is_not_finite_leaves_no_trace() {
    // A step size that throws an agent so far that one step ahead is nowhere.
    let tally = check(&localization(
        "
[rule]
kind = 'distance'
reference = 'one-step-ahead'
[learner]
[[learner.override]]
agents = { every = 20 }
step_size = 1e32
",
    ));
    assert!(tally.starved > 0, "{tally:?}");
}

#[test]
fn activity_recognition_under_the_papers_rule_is_as_the_oracle_says() {
    let tally = check(&activity(""));
    assert!(tally.accepted > 0 && tally.rejected > 0, "{tally:?}");
}

#[test]
fn activity_recognition_under_distance_is_as_the_oracle_says() {
    // Three steps per iteration, so that six epochs' permutations are drawn.
    check(&activity(
        "[rule]\nkind = 'distance'\n[learner]\nsteps_per_exchange = 3",
    ));
}

/// Linear regression among 20 agents, with the keys of the task.
fn regression(task: &str) -> Tally {
    let attack = "[[attack]]\nagents = { random = 5 }\nkind = 'uniform'\nlow = 2.0\nhigh = 3.0";
    let network = "[topology]\nkind = 'complete'\nagents = 20\n[rule]\nforgetting = 0.5";
    check(&format!(
        "iterations = 150\n[task]\nkind = 'linear-regression'\n{task}\n{network}\n{attack}"
    ))
}

#[test]
fn linear_regression_is_as_the_oracle_says() {
    let tally = regression("");
    assert!(tally.accepted > 0 && tally.rejected > 0, "{tally:?}");
    regression("dimension = 1\nnoise = { low = 0.1, high = 0.9 }\ninitial_std = 3");
    regression("dimension = 21\nbatch = 7\ngroups = 5\ndistance = 0.5");
}

#[test]
fn linear_regression_with_other_covariances_is_as_the_oracle_says() {
    regression("covariance = 0.3");
    regression("dimension = 3\nbatch = 2\ngroups = 1\ncovariance = [0.5, 1, 2]");
    regression(
        "dimension = 3\nbatch = 3\ncovariance = [[2, 0.5, -1], [0.5, 1, 0.25], [-1, 0.25, 3]]",
    );
}

#[test]
fn the_oracle_sees_one_bit() {
    let text = localization(UNIFORM);
    for (slip, what) in [(Slip::WeightUp, "weight"), (Slip::ParameterUp, "θ[0]")] {
        let found = difference(&text, slip).expect("a difference");
        assert!(found.starts_with("agent 3, iteration 10: "), "{found}");
        assert!(found.contains(what), "{found}");
    }
}

#[test]
fn the_oracle_tells_at_most_from_less() {
    // With so small a ν every loss is rounded away beside φ_0 = 10: all φ are equal for ever, and
    // rule (10) accepts everyone. With < in the place of ≤ it would accept nobody.
    let text = localization(&format!("{UNIFORM}\n[rule]\nforgetting = 1e-20"));
    let tally = check(&text);
    assert_eq!(tally.rejected, 0);
    let found = difference(&text, Slip::StrictFilter).expect("a difference");
    assert!(found.contains("the weight of"), "{found}");
}
