//! Attacks that send at the wrong moment, beside the oracle's.

use crate::in_time::{ASYNCHRONOUS, DEADLINE, MODES, SYNCHRONOUS, network};
use crate::oracle::compare::{Tally, check};

const LINK: &str = "[link]\ndelay_ms = { kind = 'exponential', mean = 10 }\n";

/// Three attackers with a payload of their own and these keys.
fn attack(keys: &str) -> String {
    format!("[[attack]]\nagents = [1, 4, 6]\nkind = 'uniform'\nlow = 15.0\nhigh = 16.0\n{keys}\n")
}

fn in_every_mode(keys: &str, assert: impl Fn(&Tally) -> bool) {
    for rest in ["", "uplink_mbps = 1\nmodel_bytes = 625\n"] {
        for mode in MODES {
            let tally = check(&network(mode, &format!("{LINK}{rest}{}", attack(keys))));
            assert!(tally.attacking > 0, "{mode}\n{keys}\n{tally:?}");
            assert!(assert(&tally), "{mode}\n{keys}\n{tally:?}");
        }
    }
}

#[test]
fn silence_is_as_the_oracle_says() {
    let honest = check(&network(SYNCHRONOUS, LINK)).traffic.sent;
    let tally = check(&network(
        SYNCHRONOUS,
        &format!("{LINK}{}", attack("timing = { kind = 'silent' }")),
    ));
    assert_eq!(tally.traffic.sent, honest / 12 * 9);
    in_every_mode(
        "timing = { kind = 'silent' }\nvictims = { every = 2 }",
        |tally| tally.traffic.sent < honest,
    );
}

#[test]
fn delayed_models_are_as_the_oracle_says() {
    for ms in ["0.5", "30", "75.5"] {
        in_every_mode(&format!("timing = {{ kind = 'delay', ms = {ms} }}"), |_| {
            true
        });
    }
    let keys = "timing = { kind = 'delay', ms = 120 }\nvictims = { every = 2 }\n\
                active = { from_ms = 100.0, to_ms = 400.0 }";
    in_every_mode(keys, |tally| tally.pausing > 0);
    let rest = format!("{LINK}{}", attack("timing = { kind = 'delay', ms = 60 }"));
    assert!(check(&network(DEADLINE, &rest)).traffic.late > 0);
    let quorum = format!("{SYNCHRONOUS}\nquorum = 0.5");
    assert!(check(&network(&quorum, &rest)).traffic.late > 0);
}

#[test]
fn replayed_models_are_as_the_oracle_says() {
    for age in [1, 5, 100] {
        let keys = format!("timing = {{ kind = 'replay', age_iterations = {age} }}");
        in_every_mode(&keys, |_| true);
        let honest = format!("{LINK}{}", attack(&keys).replace("uniform", "scale"));
        let honest = honest.replace("low = 15.0\nhigh = 16.0", "factor = 1.0");
        for mode in MODES {
            check(&network(mode, &honest));
        }
    }
    let keys = "timing = { kind = 'replay', age_iterations = 3 }\nper_victim = true\n\
                active = { period_iterations = 5, on_iterations = 2 }\n\
                victims = { range = [0, 7] }";
    in_every_mode(keys, |tally| tally.pausing > 0);
}

#[test]
fn floods_are_as_the_oracle_says() {
    in_every_mode("timing = { kind = 'flood', copies = 5 }", |tally| {
        tally.traffic.dropped.flood_bound == 0
    });
    in_every_mode("timing = { kind = 'flood', copies = 40 }", |tally| {
        tally.traffic.dropped.flood_bound > 0
    });
    let keys = "timing = { kind = 'flood', copies = 9 }\nper_victim = true";
    for mode in MODES {
        let bound = format!(
            "{LINK}flood_bound = 3\ndrop = 0.3\nduplicate = 0.2\n{}",
            attack(keys)
        );
        let tally = check(&network(mode, &bound));
        assert!(tally.traffic.dropped.flood_bound > 0, "{tally:?}");
        assert!(tally.traffic.duplicated > 0, "{tally:?}");
    }
    let again = format!("{LINK}drop = 0.3\nretransmit_ms = 9\n{}", attack(keys));
    let tally = check(&network(SYNCHRONOUS, &again));
    assert!(tally.traffic.retransmitted > 0, "{tally:?}");
}

#[test]
fn malformed_models_flood_queues_too() {
    for kind in ["kind = 'empty'", "kind = 'non-finite'\nshare = 1.0"] {
        let attack = format!(
            "[[attack]]\nagents = [1, 4]\n{kind}\ntiming = {{ kind = 'flood', copies = 4 }}\n"
        );
        for mode in MODES {
            for link in [LINK, "[link]\ndownlink_mbps = 0.02\nduplicate = 0.1\n"] {
                let tally = check(&network(mode, &format!("{link}{attack}")));
                assert!(tally.malformed > 0, "{mode} {tally:?}");
            }
        }
    }
}

#[test]
fn models_that_leave_just_before_the_deadline_are_as_the_oracle_says() {
    for margin in ["0.0", "5", "39.999", "40", "60"] {
        for link in ["", LINK, "[link]\nuplink_mbps = 1\nmodel_bytes = 625\n"] {
            let keys =
                format!("timing = {{ kind = 'just-before-deadline', margin_ms = {margin} }}");
            let tally = check(&network(DEADLINE, &format!("{link}{}", attack(&keys))));
            assert!(tally.attacking > 0, "{tally:?}");
        }
    }
    let keys = "timing = { kind = 'just-before-deadline', margin_ms = 1 }";
    let tally = check(&network(DEADLINE, &format!("{LINK}{}", attack(keys))));
    assert!(tally.traffic.late > 0, "{tally:?}");
}

#[test]
fn attacks_begin_and_end_at_moments_in_every_mode() {
    for mode in MODES {
        let keys = "active = { from_ms = 100.0, to_ms = 250.0 }";
        let tally = check(&network(mode, &format!("{LINK}{}", attack(keys))));
        assert!(tally.attacking > 0 && tally.pausing > 0, "{mode} {tally:?}");
    }
    // The instant of an asynchronous iteration is its end.
    let keys = "active = { from_ms = 100.0, to_ms = 250.0 }";
    let tally = check(&network(ASYNCHRONOUS, &attack(keys)));
    assert_eq!(tally.attacking, 3 * 15);
}
