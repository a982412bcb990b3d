//! The three ways in which time passes, beside the oracle's.

use crate::oracle::compare::{Tally, check};

/// A network in which everyone has four neighbors, with the keys of a clock and more tables.
pub fn network(clock: &str, rest: &str) -> String {
    format!(
        "iterations = 60\n[task]\nkind = 'target-localization'\n\
         [topology]\nkind = 'regular'\nagents = 12\ndegree = 4\n[clock]\n{clock}\n{rest}"
    )
}

/// What a clock needs, by mode.
pub const SYNCHRONOUS: &str = "mode = 'synchronous'";
pub const DEADLINE: &str = "mode = 'deadline'\nperiod_ms = 50";
pub const ASYNCHRONOUS: &str = "mode = 'asynchronous'";
pub const MODES: [&str; 3] = [SYNCHRONOUS, DEADLINE, ASYNCHRONOUS];

/// Computing times that differ.
const UNEVEN: &str = "compute_ms = { kind = 'lognormal', median = 10, sigma = 0.5 }";

/// Delays of which some are longer than a period.
const SLOW: &str = "[link]\ndelay_ms = { kind = 'exponential', mean = 40 }";

fn deadline(keys: &str, rest: &str) -> Tally {
    check(&network(&format!("{DEADLINE}\n{keys}"), rest))
}

#[test]
fn every_mode_is_as_the_oracle_says() {
    for mode in MODES {
        let tally = check(&network(mode, ""));
        assert_eq!(tally.combined, 12 * 60, "{mode}");
        // All that is there in time is used where every model has a weight.
        let tally = check(&network(mode, "[rule]\nkind = 'average'"));
        assert_eq!(
            tally.traffic.delivered,
            tally.traffic.used + tally.traffic.late
        );
        let tally = check(&network(&format!("{mode}\n{UNEVEN}"), SLOW));
        assert!(tally.traffic.used > 0, "{mode}");
    }
}

#[test]
fn late_models_are_used_from_the_next_combination_on() {
    let tally = deadline("", SLOW);
    assert!(tally.traffic.late > 0 && tally.aged > 0, "{tally:?}");
    assert!(tally.missing > 0 && tally.held == 0, "{tally:?}");
}

#[test]
fn late_models_can_be_discarded() {
    let tally = deadline("late = 'discard'", SLOW);
    assert!(tally.traffic.late > 0 && tally.aged == 0, "{tally:?}");
    let tally = deadline("late = 'discard'\nmissing = 'hold'", SLOW);
    assert!(tally.held > 0 && tally.aged > 0, "{tally:?}");
}

#[test]
fn missing_models_can_be_held() {
    let tally = deadline("missing = 'hold'", SLOW);
    assert!(tally.held > 0 && tally.traffic.late > 0, "{tally:?}");
    let tally = deadline("missing = 'hold'\nmax_age_iterations = 2", SLOW);
    assert!(tally.held > 0 && tally.missing > 0, "{tally:?}");
}

#[test]
fn models_over_the_maximum_age_are_refused() {
    let tally = deadline("max_age_iterations = 1", SLOW);
    assert!(tally.traffic.expired > 0 && tally.aged > 0, "{tally:?}");
    let tally = deadline("max_age_iterations = 0", SLOW);
    assert!(tally.traffic.expired > 0 && tally.aged == 0, "{tally:?}");
}

#[test]
fn slow_agents_skip_ticks() {
    let slow = "[[clock.override]]\nagents = { every = 3 }\nspeed = 0.1\n\
                [[clock.override]]\nagents = [1, 3]\ncompute_ms = { kind = 'uniform', low = 20, high = 130 }";
    for rest in [slow.to_owned(), format!("{slow}\n{SLOW}")] {
        let tally = deadline("missing = 'hold'", &rest);
        assert!(tally.combined < 12 * 50 && tally.held > 0, "{tally:?}");
        assert!(tally.aged > 0, "{tally:?}");
    }
    for mode in [SYNCHRONOUS, ASYNCHRONOUS] {
        check(&network(mode, slow));
    }
}

#[test]
fn delays_cost_the_synchronous_rule_time() {
    let ideal = check(&network(SYNCHRONOUS, ""));
    let tally = check(&network(SYNCHRONOUS, SLOW));
    assert!(tally.end > 3 * ideal.end, "{tally:?}");
    assert_eq!((tally.missing, tally.traffic.late), (0, 0), "{tally:?}");
}

#[test]
fn a_quorum_does_not_wait_for_the_slowest() {
    for quorum in [0.0, 0.3, 0.5, 0.75] {
        let clock = format!("{SYNCHRONOUS}\nquorum = {quorum}\n{UNEVEN}");
        let tally = check(&network(&clock, SLOW));
        assert!(tally.missing > 0 && tally.traffic.late > 0, "{tally:?}");
        assert!(tally.traffic.in_flight > 0, "{tally:?}");
    }
}

#[test]
fn lost_models_are_missing_or_sent_again() {
    let tally = check(&network(SYNCHRONOUS, "[link]\ndrop = 0.3"));
    assert!(tally.missing > 0, "{tally:?}");
    assert_eq!(tally.missing, tally.traffic.dropped.link, "{tally:?}");
    let again = "[link]\ndrop = 0.3\nretransmit_ms = 5\ndelay_ms = 3";
    let tally = check(&network(SYNCHRONOUS, again));
    assert!(tally.traffic.retransmitted > 0, "{tally:?}");
    assert_eq!(tally.missing, 0, "{tally:?}");
    assert_eq!(tally.traffic.retransmitted, tally.traffic.dropped.link);
    // What is late is sent again, too.
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.5");
    let tally = check(&network(&clock, &format!("{again}\nuplink_mbps = 0.05")));
    assert!(
        tally.traffic.retransmitted > 0 && tally.traffic.late > 0,
        "{tally:?}"
    );
}

#[test]
fn models_that_are_lost_for_ever_stall_the_synchronous_rule() {
    let lost = "[link]\ndrop = 0.999999\nretransmit_ms = 1\nretransmit_limit = 3";
    assert!(check(&network(SYNCHRONOUS, lost)).stalled);
    let seldom = "[link]\ndrop = 0.3\nretransmit_ms = 1\nretransmit_limit = 4";
    let tally = check(&network(SYNCHRONOUS, seldom));
    assert!(tally.stalled && tally.rounds > 0, "{tally:?}");
}

#[test]
fn asynchronous_agents_use_the_newest_again_and_again_or_once() {
    let tally = check(&network(&format!("{ASYNCHRONOUS}\n{UNEVEN}"), SLOW));
    assert!(tally.held > 0 && tally.aged > 0, "{tally:?}");
    let once = format!("{ASYNCHRONOUS}\n{UNEVEN}\nmissing = 'skip'");
    let tally = check(&network(&once, SLOW));
    assert!(tally.held == 0 && tally.missing > 0, "{tally:?}");
    assert_eq!(tally.traffic.late, 0);
}

#[test]
fn asynchronous_agents_refuse_what_is_too_old() {
    for missing in ["hold", "skip"] {
        let clock = format!("{ASYNCHRONOUS}\n{UNEVEN}\nmissing = '{missing}'\nmax_age_ms = 30");
        let tally = check(&network(&clock, SLOW));
        assert!(tally.traffic.expired > 0 && tally.missing > 0, "{tally:?}");
    }
}

#[test]
fn the_lower_median_agent_ends_an_asynchronous_run() {
    let uneven = "[[clock.override]]\nagents = { range = [0, 4] }\nspeed = 3.0\n\
                  [[clock.override]]\nagents = { range = [5, 6] }\nspeed = 0.5";
    let tally = check(&network(ASYNCHRONOUS, uneven));
    assert!(tally.rounds > 60, "{tally:?}");
}

#[test]
fn nothing_ends_after_until() {
    // In the synchronous mode, an iteration of constant times takes 10.001 ms.
    for (mode, until, rounds, end) in [
        (SYNCHRONOUS, "100.009", 9, 90_009),
        (SYNCHRONOUS, "100.01", 10, 100_010),
        (DEADLINE, "500.0", 10, 500_000),
        (DEADLINE, "549.999", 10, 500_000),
        (ASYNCHRONOUS, "100.0", 10, 100_000),
        (ASYNCHRONOUS, "109.999", 10, 109_999),
    ] {
        let tally = check(&format!("until_ms = {until}\n{}", network(mode, "")));
        assert_eq!((tally.rounds, tally.end), (rounds, end), "{mode} {until}");
    }
    for mode in MODES {
        let tally = check(&format!("until_ms = 1234\n{}", network(mode, SLOW)));
        let waits = mode == SYNCHRONOUS;
        assert_eq!(tally.traffic.in_flight == 0, waits, "{mode} {tally:?}");
        assert!(
            tally.rounds > 1 && tally.end <= 1_234_000,
            "{mode} {tally:?}"
        );
    }
}

#[test]
fn an_iteration_that_is_cut_off_leaves_no_trace() {
    // What is late, waits in queues or is sent again is counted as of the iteration before.
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.5\n{UNEVEN}");
    let link =
        format!("{SLOW}\nuplink_mbps = 0.02\ndrop = 0.3\nretransmit_ms = 25\nduplicate = 0.2");
    for down in ["", "\ndownlink_mbps = 0.05"] {
        for until in [333, 555, 777] {
            let text = network(&clock, &format!("{link}{down}"));
            let tally = check(&format!("until_ms = {until}\n{text}"));
            assert!(tally.rounds > 0 && tally.end <= until * 1000, "{tally:?}");
            assert!(tally.traffic.in_flight > 0, "{tally:?}");
        }
    }
}
