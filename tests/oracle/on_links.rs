//! What links do, beside the oracle's, in every mode.

use crate::in_time::{ASYNCHRONOUS, DEADLINE, MODES, SYNCHRONOUS, network};
use crate::oracle::compare::{Tally, check, check_in};

/// Runs the same links under every mode.
fn in_every_mode(link: &str, assert: impl Fn(&Tally) -> bool) {
    for mode in MODES {
        let tally = check(&network(mode, link));
        assert!(assert(&tally), "{mode}\n{link}\n{tally:?}");
    }
}

#[test]
fn every_distribution_of_delays_is_as_the_oracle_says() {
    for delay in [
        "12.5",
        "{ kind = 'constant', value = 3, offset = 1.0005 }",
        "{ kind = 'uniform', low = 1, high = 60 }",
        "{ kind = 'normal', mean = 5, std = 20 }",
        "{ kind = 'exponential', mean = 20, offset = 1, cap = 70 }",
        "{ kind = 'lognormal', median = 20, sigma = 0.8 }",
        "{ kind = 'pareto', scale = 5, shape = 1.5, cap = 100 }",
    ] {
        in_every_mode(&format!("[link]\ndelay_ms = {delay}"), |tally| {
            tally.traffic.used > 0
        });
    }
}

#[test]
fn delays_from_a_file_come_at_random_or_one_after_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let times: String = (0..37).map(|n| format!("{}.5\n", n * n % 61)).collect();
    std::fs::write(folder.path().join("times.csv"), times).expect("written");
    for mode in MODES {
        for order in ["random", "sequence"] {
            let times = format!("{{ kind = 'empirical', path = 'times.csv', order = '{order}' }}");
            let text = network(
                &format!(
                    "{mode}\ncompute_ms = {{ kind = 'empirical', path = 'times.csv', order = '{order}', offset = 1 }}"
                ),
                &format!("[link]\ndelay_ms = {times}"),
            );
            let tally = check_in(folder.path(), &text);
            assert!(tally.traffic.used > 0, "{mode} {tally:?}");
        }
    }
}

#[test]
fn lost_models_are_lost_in_every_mode() {
    in_every_mode("[link]\ndrop = 0.2\ndelay_ms = 7", |tally| {
        tally.traffic.dropped.link > 0 && tally.traffic.used > 0
    });
    in_every_mode("[link]\ndrop = 1.0", |tally| {
        tally.traffic.used == 0 && tally.traffic.dropped.link == tally.traffic.sent
    });
}

#[test]
fn losses_come_in_bursts() {
    let burst = "[link]\nburst = { enter = 0.1, leave = 0.3, drop_good = 0.02, drop_bad = 0.8 }";
    in_every_mode(burst, |tally| tally.traffic.dropped.burst > 0);
    in_every_mode(&format!("{burst}\ndrop = 0.1\nduplicate = 0.2"), |tally| {
        tally.traffic.dropped.burst > 0 && tally.traffic.dropped.link > 0
    });
    let never = "[link]\nburst = { enter = 0.0, leave = 0.0, drop_good = 0.0, drop_bad = 1.0 }";
    in_every_mode(never, |tally| tally.traffic.dropped.burst == 0);
}

#[test]
fn duplicates_have_a_way_of_their_own() {
    let twice = "[link]\nduplicate = 0.4\ndelay_ms = { kind = 'exponential', mean = 25 }";
    in_every_mode(twice, |tally| tally.traffic.duplicated > 0);
    in_every_mode(&format!("{twice}\ndrop = 0.3"), |tally| {
        tally.traffic.duplicated > 0 && tally.traffic.dropped.link > 0
    });
    let again = format!("{twice}\ndrop = 0.4\nretransmit_ms = 15");
    let tally = check(&network(SYNCHRONOUS, &again));
    assert!(
        tally.traffic.retransmitted > 0 && tally.missing == 0,
        "{tally:?}"
    );
}

#[test]
fn models_queue_in_the_uplink() {
    // 1250 bytes over 1 Mbit/s take 10 ms, four neighbors 40.
    let narrow = "[link]\nuplink_mbps = 1\nmodel_bytes = 1250";
    in_every_mode(narrow, |tally| {
        tally.traffic.bytes == 1250 * tally.traffic.sent
    });
    // Below that, the queue grows for ever.
    let tally = check(&network(
        DEADLINE,
        "[link]\nuplink_mbps = 0.5\nmodel_bytes = 1250",
    ));
    assert!(
        tally.traffic.late > 0 && tally.traffic.in_flight > 0,
        "{tally:?}"
    );
    in_every_mode(
        "[link]\nuplink_mbps = 0.004\ndelay_ms = { kind = 'uniform', low = 0, high = 9 }\n\
         drop = 0.2\nduplicate = 0.2",
        |tally| tally.traffic.duplicated > 0,
    );
    let again = "[link]\nuplink_mbps = 1\nmodel_bytes = 1250\ndrop = 0.3\nretransmit_ms = 12";
    let tally = check(&network(SYNCHRONOUS, again));
    assert!(tally.traffic.retransmitted > 0, "{tally:?}");
}

/// Models that are sent again or held back pass the uplink among those of later iterations.
#[test]
fn the_uplink_serves_by_departure_across_iterations() {
    let again = "drop = 0.4\nretransmit_ms = 37\n";
    let held = "[[attack]]\nagents = [1, 4, 6]\nkind = 'uniform'\nlow = 15.0\nhigh = 16.0\n\
                timing = { kind = 'delay', ms = 63.5 }\nvictims = { every = 2 }\n";
    for link in [
        "uplink_mbps = 1_000_000",
        "uplink_mbps = 0.02\nduplicate = 0.2",
        "uplink_mbps = 0.004\ndownlink_mbps = 0.02\ndelay_ms = 4",
    ] {
        let link = format!("[link]\n{link}\n");
        for quorum in [0.3, 0.75, 1.0] {
            let clock = format!("{SYNCHRONOUS}\nquorum = {quorum}");
            let tally = check(&network(&clock, &format!("{link}{again}")));
            assert!(tally.traffic.retransmitted > 0, "{tally:?}");
            assert!(tally.traffic.late > 0 || quorum == 1.0, "{tally:?}");
            check(&network(&clock, &format!("{link}{again}{held}")));
        }
        for mode in [DEADLINE, ASYNCHRONOUS] {
            check(&network(mode, &format!("{link}{held}")));
        }
        // Agents that compute for longer than a period send after the next tick.
        let slow = "[[clock.override]]\nagents = { every = 3 }\nspeed = 0.15\n";
        check(&network(DEADLINE, &format!("{link}{slow}{held}")));
    }
}

#[test]
fn what_waits_for_the_uplink_outlasts_networks_and_outages() {
    let link = "[link]\nuplink_mbps = 0.02\ndownlink_mbps = 0.05\ndrop = 0.4\nretransmit_ms = 37\n";
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.5");
    let text = format!(
        "iterations = 40\n[task]\nkind = 'target-localization'\n[topology]\n\
         kind = 'erdos-renyi'\nagents = 12\nprobability = 0.3\nredraw_every_iterations = 3\n\
         [clock]\n{clock}\n{link}"
    );
    let tally = check(&text);
    assert!(
        tally.traffic.retransmitted > 0 && tally.traffic.late > 0,
        "{tally:?}"
    );
    let down = "[[fault]]\nkind = 'churn'\nagents = { every = 3 }\nup_ms = 90\ndown_ms = 40\n\
                [[fault]]\nkind = 'crash'\nagents = [1, 2]\nfrom_iteration = 3\nto_iteration = 9\n";
    let tally = check(&network(&clock, &format!("{link}{down}")));
    assert!(tally.traffic.dropped.receiver_down > 0, "{tally:?}");
}

/// An uplink that takes no time changes nothing.
#[test]
fn an_uplink_without_limit_is_no_uplink() {
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.34");
    let link = "[link]\ndrop = 0.3\nretransmit_ms = 100\n";
    let without = check(&network(&clock, link));
    let with = check(&network(
        &clock,
        &format!("{link}uplink_mbps = 1_000_000\n"),
    ));
    assert_eq!(with.traffic, without.traffic);
    assert_eq!(with.end, without.end);
    assert!(with.traffic.late > 0, "{with:?}");
}

#[test]
fn a_burst_can_end_while_models_are_sent_again() {
    // In their bursts links lose everything.
    let burst = "[link]\nburst = { enter = 0.1, leave = 0.3, drop_good = 0.05, drop_bad = 1.0 }\n\
                 retransmit_ms = 20\n";
    let tally = check(&network(SYNCHRONOUS, burst));
    assert!(tally.traffic.dropped.burst > 0, "{tally:?}");
    assert_eq!((tally.missing, tally.rounds), (0, 60), "{tally:?}");
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.5");
    check(&network(
        &clock,
        &format!("{burst}uplink_mbps = 0.02\nduplicate = 0.3\n"),
    ));
    let limited = check(&network(
        SYNCHRONOUS,
        &format!("{burst}retransmit_limit = 3\n"),
    ));
    assert!(limited.stalled, "{limited:?}");
}

#[test]
fn models_queue_in_the_downlink() {
    let narrow = "[link]\ndownlink_mbps = 1\nmodel_bytes = 1250";
    in_every_mode(narrow, |tally| tally.traffic.used > 0);
    in_every_mode(
        "[link]\nuplink_mbps = 2\ndownlink_mbps = 0.8\nmodel_bytes = 1250\ndrop = 0.1\n\
         duplicate = 0.1\ndelay_ms = { kind = 'exponential', mean = 10 }",
        |tally| tally.traffic.used > 0 && tally.traffic.in_flight > 0,
    );
    let quorum = format!("{SYNCHRONOUS}\nquorum = 0.5");
    let tally = check(&network(&quorum, narrow));
    assert!(tally.traffic.late > 0 && tally.missing > 0, "{tally:?}");
}

#[test]
fn links_between_sets_differ() {
    let sets = "
[sets]
west = { range = [0, 4] }
east = { range = [5, 8] }
far = { random = 3 }
[link]
delay_ms = 2
drop = 0.05
uplink_mbps = 4
model_bytes = 1250
[[link.override]]
between = ['west', 'east']
delay_ms = { kind = 'lognormal', median = 30, sigma = 0.4 }
drop = 0.3
[[link.override]]
from = 'east'
to = 'far'
drop = 0.0
duplicate = 0.5
uplink_mbps = 0.5
[[link.override]]
from = [0, 1]
to = 'west'
delay_ms = 45
downlink_mbps = 1
[[link.override]]
between = ['far', 'far']
model_bytes = 5000
burst = { enter = 0.2, leave = 0.2, drop_good = 0, drop_bad = 0.9 }
";
    in_every_mode(sets, |tally| {
        let t = &tally.traffic;
        t.duplicated > 0 && t.dropped.link > 0 && t.bytes > 1250 * t.sent
    });
}

#[test]
fn a_network_is_drawn_anew_every_so_many_iterations() {
    for rule in ["loss", "distance", "metropolis"] {
        for mode in MODES {
            for topology in [
                "kind = 'erdos-renyi'\nagents = 12\nprobability = 0.3",
                "kind = 'geometric'\nagents = 14\nrange = 1.5\nmax_neighbors = 3",
            ] {
                let text = format!(
                    "iterations = 40\n[task]\nkind = 'target-localization'\n[topology]\n{topology}\n\
                     redraw_every_iterations = 7\n[rule]\nkind = '{rule}'\n[clock]\n{mode}\n\
                     [link]\ndelay_ms = {{ kind = 'exponential', mean = 20 }}\n"
                );
                assert!(check(&text).traffic.used > 0);
                let slow = "[[clock.override]]\nagents = [2, 5]\nspeed = 0.3";
                check(&format!("{text}\n{slow}"));
            }
        }
    }
}

#[test]
fn agents_can_send_to_some_neighbors_only() {
    for mode in MODES {
        let fan = |fanout: usize| {
            let text = network(mode, "[link]\ndrop = 0.1");
            check(&text.replace("degree = 4", &format!("degree = 4\nfanout = {fanout}")))
        };
        let (one, three, all) = (fan(1), fan(3), fan(9));
        assert!(one.traffic.sent * 3 == three.traffic.sent, "{mode}");
        assert!(all.traffic.sent == 4 * one.traffic.sent, "{mode}");
    }
    let text = network(&format!("{SYNCHRONOUS}\nquorum = 0.5"), "");
    let tally = check(&text.replace("degree = 4", "degree = 4\nfanout = 3"));
    assert!(tally.missing > 0, "{tally:?}");
}

#[test]
fn edges_come_and_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut edges = String::from("a,b,from_ms,to_ms\n");
    for k in 0..10 {
        let next = (k + 1) % 10;
        edges += &format!("{k},{next},{},{}\n", 60 * k, 60 * k + 400);
        edges += &format!("{k},{},0,200\n{k},{},500,900\n", (k + 3) % 10, (k + 3) % 10);
    }
    std::fs::write(folder.path().join("edges.csv"), edges).expect("written");
    for mode in MODES {
        for directed in [false, true] {
            for rule in ["loss", "metropolis"] {
                let text = format!(
                    "iterations = 40\n[task]\nkind = 'target-localization'\n[topology]\n\
                     kind = 'file'\npath = 'edges.csv'\ndirected = {directed}\n[rule]\n\
                     kind = '{rule}'\n[clock]\n{mode}\ncompute_ms = 30\n[link]\n\
                     delay_ms = {{ kind = 'exponential', mean = 30 }}\n"
                );
                let tally = check_in(folder.path(), &text);
                assert!(tally.traffic.used > 0, "{tally:?}");
            }
        }
    }
}

#[test]
fn neighbors_without_a_model_are_forgotten_or_not() {
    for mode in MODES {
        for unseen in ["keep", "decay", "reset"] {
            let rest = format!(
                "[rule]\nunseen = '{unseen}'\ninitial = 40.0\n[link]\ndrop = 0.4\n\
                 delay_ms = {{ kind = 'exponential', mean = 30 }}"
            );
            let tally = check(&network(mode, &rest));
            assert!(tally.traffic.dropped.link > 0, "{tally:?}");
        }
    }
    let tally = check(&network(
        DEADLINE,
        "[rule]\nunseen = 'reset'\n[link]\ndrop = 0.4",
    ));
    assert!(tally.missing > 0, "{tally:?}");
}

#[test]
fn old_models_can_count_less() {
    let slow = "delay_ms = { kind = 'exponential', mean = 40 }";
    for clock in [
        &format!("{DEADLINE}\nmissing = 'hold'"),
        DEADLINE,
        ASYNCHRONOUS,
    ] {
        for filter in [true, false] {
            let rest = format!("[rule]\nage_discount = 0.7\nfilter = {filter}\n[link]\n{slow}");
            let tally = check(&network(clock, &rest));
            assert!(tally.aged > 0, "{tally:?}");
        }
    }
}
