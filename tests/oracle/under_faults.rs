//! Agents that are down and networks that are cut, beside the oracle's.

use crate::in_time::{ASYNCHRONOUS, DEADLINE, MODES, SYNCHRONOUS, network};
use crate::oracle::compare::{Tally, check};

/// Links on which faults meet messages under way.
const LINK: &str = "[link]\ndelay_ms = { kind = 'exponential', mean = 15 }\n";

fn in_every_mode(faults: &str, assert: impl Fn(&Tally) -> bool) {
    for mode in MODES {
        let tally = check(&network(mode, &format!("{LINK}{faults}")));
        assert!(assert(&tally), "{mode}\n{faults}\n{tally:?}");
    }
}

/// Twelve agents that combine sixty times each would do so as often.
const ALL: u64 = 12 * 60;

#[test]
fn an_agent_that_is_down_takes_no_part() {
    let crash =
        |to: &str| format!("[[fault]]\nkind = 'crash'\nagents = [2, 3, 7]\nfrom_ms = 150.0\n{to}");
    in_every_mode(&crash("to_ms = 333.3"), |tally| {
        tally.combined < ALL && tally.traffic.dropped.receiver_down > 0
    });
    in_every_mode(&crash(""), |tally| {
        tally.combined < ALL && tally.traffic.dropped.receiver_down > 0
    });
}

#[test]
fn faults_can_be_by_iteration() {
    for mode in [SYNCHRONOUS, DEADLINE] {
        let faults = "[[fault]]\nkind = 'crash'\nagents = [2, 3, 7]\nfrom_iteration = 10\n\
                      to_iteration = 25\n[[fault]]\nkind = 'crash'\nagents = [1]\n\
                      from_iteration = 40\n[[fault]]\nkind = 'late-join'\nagents = [0, 5]\n\
                      to_iteration = 13\n";
        for clock in [mode.to_owned(), format!("{mode}\ncompute_ms = 49.99")] {
            let tally = check(&network(&clock, &format!("{LINK}{faults}")));
            // 3 · 15 + 20 + 2 · 13 iterations are not there.
            assert_eq!(tally.combined, ALL - 91, "{tally:?}");
        }
    }
    let quorum = format!("{SYNCHRONOUS}\nquorum = 0.5");
    let crash = "[[fault]]\nkind = 'crash'\nagents = { every = 2 }\nfrom_iteration = 10\n\
                 to_iteration = 12\n";
    let tally = check(&network(&quorum, &format!("{LINK}{crash}")));
    assert!(tally.traffic.dropped.receiver_down > 0, "{tally:?}");
}

#[test]
fn late_joiners_are_down_at_first() {
    let late = "[[fault]]\nkind = 'late-join'\nagents = { range = [0, 5] }\nto_ms = 200.0\n";
    in_every_mode(late, |tally| tally.traffic.dropped.receiver_down > 0);
    in_every_mode(late, |tally| tally.combined < ALL);
}

#[test]
fn agents_come_and_go() {
    let churn = "[[fault]]\nkind = 'late-join'\nagents = [1]\nto_ms = 55.0\n[[fault]]\n\
                 kind = 'churn'\nagents = { range = [0, 8] }\n\
                 up_ms = { kind = 'exponential', mean = 120 }\n\
                 down_ms = { kind = 'uniform', low = 5, high = 60 }\n";
    in_every_mode(churn, |tally| {
        tally.combined < ALL && tally.traffic.dropped.receiver_down > 0
    });
    in_every_mode(&format!("{churn}[rule]\nunseen = 'decay'\n"), |tally| {
        tally.missing > 0
    });
}

#[test]
fn a_computation_that_an_agent_does_not_see_the_end_of_is_lost() {
    for mode in MODES {
        let clock = format!("{mode}\ncompute_ms = 40");
        let crash = "[[fault]]\nkind = 'crash'\nagents = [4, 6]\nfrom_ms = 130.0\nto_ms = 190.0\n";
        let tally = check(&network(&clock, &format!("{LINK}{crash}")));
        assert!(tally.combined < ALL, "{mode} {tally:?}");
    }
}

#[test]
fn a_lost_computation_leaves_the_moments_of_adam_as_they_were() {
    let churn = "[[fault]]\nkind = 'churn'\nagents = { range = [0, 7] }\nup_ms = 90\n\
                 down_ms = { kind = 'uniform', low = 5, high = 30 }\n";
    for mode in MODES {
        let clock = format!("{mode}\ncompute_ms = 40");
        let adam = "[learner]\noptimizer = 'adam'\nsteps_per_exchange = 2\n";
        let tally = check(&network(&clock, &format!("{LINK}{churn}{adam}")));
        assert!(tally.combined < ALL, "{mode} {tally:?}");
    }
}

#[test]
fn a_partition_drops_what_is_sent_across_it() {
    let partition = "[sets]\neu = { range = [0, 3] }\nus = [4, 5, 9]\n[[fault]]\n\
                     kind = 'partition'\ngroups = ['eu', 'us']\n";
    in_every_mode(
        &format!("{partition}from_ms = 100.0\nto_ms = 300.0\n"),
        |tally| tally.traffic.dropped.partition > 0 && tally.traffic.used > 0,
    );
    in_every_mode(&format!("{partition}from_ms = 300.0\n"), |tally| {
        tally.traffic.dropped.partition > 0
    });
    for mode in [SYNCHRONOUS, DEADLINE] {
        let by_iteration = format!("{LINK}{partition}from_iteration = 8\nto_iteration = 20\n");
        let tally = check(&network(mode, &by_iteration));
        assert!(tally.traffic.dropped.partition > 0, "{mode} {tally:?}");
    }
    let again = format!("{LINK}drop = 0.2\nretransmit_ms = 20\n{partition}to_ms = 95.0\n");
    let tally = check(&network(SYNCHRONOUS, &again));
    assert!(tally.traffic.retransmitted > 0, "{tally:?}");
    assert_eq!(tally.missing, 0, "{tally:?}");
}

#[test]
fn what_meets_an_agent_that_is_down_is_sent_again() {
    let link = "[link]\ndelay_ms = 30\nretransmit_ms = 8\n";
    let crash = "[[fault]]\nkind = 'crash'\nagents = [2, 3]\nfrom_ms = 135.0\nto_ms = 170.0\n\
                 [[fault]]\nkind = 'crash'\nagents = [8]\nfrom_ms = 260.0\n";
    for clock in [
        SYNCHRONOUS.to_owned(),
        format!("{SYNCHRONOUS}\nquorum = 0.5"),
    ] {
        let tally = check(&network(&clock, &format!("{link}{crash}")));
        assert!(tally.traffic.retransmitted > 0, "{tally:?}");
        check(&network(&clock, &format!("{link}drop = 0.1\n{crash}")));
    }
}

#[test]
fn a_network_without_anybody_waits_for_the_first_to_come_back() {
    let all = |keys: &str| {
        let clock = format!("{SYNCHRONOUS}\nquorum = 0.5");
        let faults = format!("[[fault]]\nkind = 'crash'\nagents = {{ range = [0, 11] }}\n{keys}");
        check(&network(&clock, &format!("{LINK}{faults}")))
    };
    let tally = all("from_ms = 100.0\nto_ms = 5000.0");
    assert!(!tally.stalled && tally.end > 5_000_000, "{tally:?}");
    let tally = all("from_iteration = 10\nto_iteration = 20");
    assert_eq!((tally.stalled, tally.rounds), (false, 50), "{tally:?}");
    assert!(all("from_ms = 100.0").stalled);
    assert!(all("from_iteration = 10").stalled);
    // Ticks come without anybody.
    let crash = "[[fault]]\nkind = 'crash'\nagents = { range = [0, 11] }\nfrom_ms = 100.0\n";
    let tally = check(&network(DEADLINE, crash));
    assert_eq!((tally.stalled, tally.end), (false, 3_000_000), "{tally:?}");
}

#[test]
fn runs_in_which_little_happens_are_as_the_oracle_says() {
    let all = |top: &str, clock: &str, spans: &[&str]| {
        let crash = |span: &&str| {
            format!("[[fault]]\nkind = 'crash'\nagents = {{ range = [0, 11] }}\n{span}\n")
        };
        let faults: String = spans.iter().map(crash).collect();
        check(&format!(
            "{top}\n{}",
            network(clock, &format!("{LINK}{faults}"))
        ))
    };
    // The end comes before the network is back, or with it, or after it.
    let down = ["from_ms = 100.0\nto_ms = 5000.0"];
    let quorum = format!("{SYNCHRONOUS}\nquorum = 0.5");
    for (until, goes_on) in [
        ("3000", false),
        ("5000", false),
        ("5005", false),
        ("5200", true),
    ] {
        let tally = all(&format!("until_ms = {until}"), &quorum, &down);
        assert_eq!(tally.rounds > 3, goes_on, "{until} {tally:?}");
    }
    // Nobody is ever there, or only at the end.
    for (mode, stalls) in [(SYNCHRONOUS, true), (DEADLINE, false)] {
        let tally = all("until_ms = 300", mode, &["from_ms = 0"]);
        assert_eq!(
            (tally.stalled, tally.rounds),
            (stalls, 0),
            "{mode} {tally:?}"
        );
    }
    let last = all("", SYNCHRONOUS, &["from_iteration = 0\nto_iteration = 59"]);
    assert_eq!(last.rounds, 1, "{last:?}");
    let first = all("", SYNCHRONOUS, &["from_iteration = 3\nto_iteration = 100"]);
    assert_eq!(first.rounds, 3, "{first:?}");
    // One fault by iteration follows another, for good or not.
    for (second, stalls) in [("", true), ("to_iteration = 20", false)] {
        let second = format!("from_iteration = 7\n{second}");
        let spans = ["from_iteration = 3\nto_iteration = 7", &second];
        let tally = all("", SYNCHRONOUS, &spans);
        assert_eq!(tally.stalled, stalls, "{tally:?}");
    }
    // By iteration and by time at once.
    for clock in [
        SYNCHRONOUS.to_owned(),
        format!("{SYNCHRONOUS}\ncompute_ms = 0"),
    ] {
        let spans = [
            "from_iteration = 3\nto_iteration = 7",
            "from_ms = 0.01\nto_ms = 300.0",
        ];
        let tally = all("", &clock, &spans);
        assert!(tally.rounds < 60, "{tally:?}");
    }
}

#[test]
fn half_of_the_agents_have_to_come_to_the_end_of_an_asynchronous_run() {
    let crash =
        |agents: &str| format!("[[fault]]\nkind = 'crash'\nagents = {agents}\nfrom_ms = 100.0\n");
    let tally = check(&network(ASYNCHRONOUS, &crash("{ range = [0, 5] }")));
    assert!(!tally.stalled && tally.end == 600_000, "{tally:?}");
    let text = network(ASYNCHRONOUS, &crash("{ range = [0, 6] }"));
    assert!(check(&text).stalled);
    let tally = check(&format!("until_ms = 700.0\n{text}"));
    assert!(!tally.stalled && tally.end == 700_000, "{tally:?}");
}

#[test]
fn attackers_fail_like_everyone() {
    let attack = "[[attack]]\nagents = [2, 3, 4]\nkind = 'uniform'\nlow = 15.0\nhigh = 16.0\n\
                  [[fault]]\nkind = 'churn'\nagents = { range = [0, 6] }\nup_ms = 90\n\
                  down_ms = { kind = 'exponential', mean = 30 }\n";
    in_every_mode(attack, |tally| tally.attacking > 0 && tally.combined < ALL);
}
