//! One deliberate mistake in the oracle is found.

use crate::in_time::{ASYNCHRONOUS, DEADLINE, SYNCHRONOUS, network};
use crate::oracle::compare::{check, difference};
use crate::oracle::slip::Slip;

/// Without the mistake all is as the oracle says; with it, the first difference mentions `what`.
fn finds(slip: Slip, text: &str, what: &str) {
    check(text);
    let found = difference(text, slip);
    let found = found.unwrap_or_else(|| panic!("{slip:?} was not found"));
    assert!(found.contains(what), "{slip:?}: {found}");
}

#[test]
fn the_oracle_tells_in_time_from_too_late() {
    // 10 ms of computing and 40 ms on the way: all come at the very tick.
    finds(
        Slip::ArrivalStrict,
        &network(DEADLINE, "[link]\ndelay_ms = 40"),
        "iteration 0: ",
    );
    finds(
        Slip::ArrivalStrict,
        &network(ASYNCHRONOUS, "[link]\ndelay_ms = 20"),
        "iteration 2: ",
    );
    finds(
        Slip::ArrivalStrict,
        &network(SYNCHRONOUS, "[link]\ndelay_ms = 20"),
        "iteration 0: ",
    );
}

#[test]
fn the_oracle_tells_old_from_too_old() {
    // 10 ms of computing and 60 ms on the way: all are one iteration old.
    let old = "[link]\ndelay_ms = 60";
    let clock = format!("{DEADLINE}\nmax_age_iterations = 1");
    finds(Slip::AgeStrict, &network(&clock, old), "iteration 1: ");
    let clock = format!("{ASYNCHRONOUS}\nmax_age_ms = 20");
    let text = network(&clock, "[link]\ndelay_ms = 20");
    finds(Slip::AgeStrict, &text, "iteration 2: ");
}

#[test]
fn the_oracle_tells_the_order_of_a_queue() {
    // 12 ms for each of four models: of 50 ms, 10 are for computing.
    let narrow = "[link]\nuplink_mbps = 1\nmodel_bytes = 1500";
    finds(Slip::QueueBackwards, &network(DEADLINE, narrow), "");
    finds(Slip::QueueBackwards, &network(ASYNCHRONOUS, narrow), "");
    let quorum = format!("{SYNCHRONOUS}\nquorum = 0.5");
    finds(Slip::QueueBackwards, &network(&quorum, narrow), "");
}

#[test]
fn the_oracle_tells_the_newest_model() {
    let slow = "[link]\ndelay_ms = { kind = 'exponential', mean = 50 }";
    finds(Slip::OldestWins, &network(DEADLINE, slow), "");
    finds(Slip::OldestWins, &network(ASYNCHRONOUS, slow), "");
}

#[test]
fn the_oracle_tells_once_from_again_and_again() {
    let lossy = "[link]\ndrop = 0.3";
    let hold = format!("{DEADLINE}\nmissing = 'hold'");
    for clock in [DEADLINE, &hold, ASYNCHRONOUS] {
        finds(Slip::HoldSwapped, &network(clock, lossy), "");
    }
}

#[test]
fn the_oracle_tells_how_a_quorum_is_rounded() {
    let clock = format!("{SYNCHRONOUS}\nquorum = 0.6");
    let slow = "[link]\ndelay_ms = { kind = 'exponential', mean = 50 }";
    finds(Slip::QuorumDown, &network(&clock, slow), "the moment");
}

#[test]
fn the_oracle_tells_when_an_agent_is_back() {
    let back = |to: &str| {
        format!("[[fault]]\nkind = 'crash'\nagents = [2]\nfrom_ms = 95.0\nto_ms = {to}\n")
    };
    finds(
        Slip::UpLate,
        &network(DEADLINE, &back("250.0")),
        "iteration 5: agents",
    );
    finds(
        Slip::UpLate,
        &network(ASYNCHRONOUS, &back("250.0")),
        "agent 2, iteration 10: ",
    );
    // T_12 is 120.012 ms.
    finds(
        Slip::UpLate,
        &network(SYNCHRONOUS, &back("120.012")),
        "iteration 12: agents",
    );
}

#[test]
fn the_oracle_tells_the_lower_median() {
    let uneven = "[[clock.override]]\nagents = { range = [0, 5] }\nspeed = 1.5";
    finds(Slip::UpperMedian, &network(ASYNCHRONOUS, uneven), "");
}

#[test]
fn the_oracle_tells_whether_phi_is_forgotten() {
    for unseen in ["decay", "reset"] {
        let rest = format!("[rule]\nunseen = '{unseen}'\ninitial = 40\n[link]\ndrop = 0.4");
        finds(Slip::UnseenKept, &network(DEADLINE, &rest), "");
    }
}

#[test]
fn the_oracle_tells_how_old_a_replayed_payload_is() {
    let attack = "[[attack]]\nagents = [1, 4]\nkind = 'uniform'\nlow = 15\nhigh = 16\n\
                  timing = { kind = 'replay', age_iterations = 4 }\n";
    finds(
        Slip::ReplayYounger,
        &network(DEADLINE, attack),
        "the loss of",
    );
}
