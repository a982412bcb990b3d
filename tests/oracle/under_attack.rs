//! Every attack, beside the oracle's.

use crate::localization;
use crate::oracle::compare::{Tally, check, check_in};
use ndarray::Array2;
use ndarray_npy::NpzWriter;
use std::path::Path;

/// Target localization under the paper's rule and the keys of an attack.
fn against(attack: &str) -> Tally {
    let attack = format!("[[attack]]\nagents = {{ random = 20 }}\n{attack}");
    check(&localization(&attack))
}

#[test]
fn uniform_values_are_drawn_anew_or_once_for_all_or_for_each() {
    for fresh in [true, false] {
        for per_victim in [true, false] {
            against(&format!(
                "kind = 'uniform'\nlow = 0.0\nhigh = 30.0\nfresh = {fresh}\n\
                 per_victim = {per_victim}"
            ));
        }
    }
}

#[test]
fn constants_are_as_the_oracle_says() {
    against("kind = 'constant'\nvalue = 12.5");
    against("kind = 'constant'\nvalue = [10.5, 10.25]");
}

#[test]
fn normal_noise_is_as_the_oracle_says() {
    against("kind = 'gaussian'\nmean = 12.0\nstd = 4.0");
    against("kind = 'gaussian'\nmean = 12.0\nstd = 4.0\nper_victim = true");
    against("kind = 'add-noise'\nstd = 0.5");
    against("kind = 'add-noise'\nstd = 0.5\nper_victim = true");
}

#[test]
fn scaled_models_are_as_the_oracle_says() {
    against("kind = 'scale'\nfactor = 1.01");
    against("kind = 'scale'\nfactor = { low = 0.9, high = 1.1 }");
    against("kind = 'scale'\nfactor = { low = 0.9, high = 1.1 }\nper_victim = true");
    against("kind = 'sign-flip'");
}

#[test]
fn payloads_from_a_file_are_replayed_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let wide = Array2::from_shape_fn((200, 2), |(i, j)| 9.0 + (i as f64 / 17.0).sin() + j as f64);
    let narrow = wide.mapv(|x| x as f32);
    let create = |path: &Path| NpzWriter::new(std::fs::File::create(path).expect("a new file"));
    for (name, is_wide) in [("f8.npz", true), ("f4.npz", false)] {
        let mut file = create(&folder.path().join(name));
        match is_wide {
            true => file.add_array("payloads", &wide).expect("written"),
            false => file.add_array("payloads", &narrow).expect("written"),
        }
        file.finish().expect("written");
        let attack =
            format!("[[attack]]\nagents = {{ random = 20 }}\nkind = 'file'\npath = '{name}'");
        check_in(folder.path(), &localization(&attack));
    }
}

#[test]
fn malformed_models_are_refused_and_counted() {
    for attack in [
        "kind = 'non-finite'\nshare = 0.5",
        "kind = 'non-finite'\nshare = 1.0",
        "kind = 'wrong-length'\nshare = 0.5",
        "kind = 'wrong-length'\nshare = 1.0",
        "kind = 'empty'",
    ] {
        let tally = against(attack);
        assert!(tally.malformed > 0, "{attack}");
        assert_eq!(tally.missing, tally.malformed, "{attack}");
    }
}

#[test]
fn every_rule_does_without_missing_models() {
    for rule in ["average", "metropolis", "distance", "loss"] {
        for attack in [
            "kind = 'empty'",
            "timing = { kind = 'silent' }\nkind = 'sign-flip'",
        ] {
            let tally = check(&localization(&format!(
                "[[attack]]\nagents = {{ random = 40 }}\n{attack}\n\
                 active = {{ period_iterations = 7, on_iterations = 3 }}\n\
                 [rule]\nkind = '{rule}'"
            )));
            assert!(tally.missing > 0, "{rule} {attack}");
        }
    }
}

#[test]
fn silent_attackers_are_missing_and_nothing_else() {
    let tally = against("kind = 'sign-flip'\ntiming = { kind = 'silent' }");
    assert!(tally.missing > 0);
    assert_eq!(tally.malformed, 0);
}

#[test]
fn only_victims_get_what_is_forged() {
    let tally = against("kind = 'empty'\nvictims = { every = 2 }");
    let all = against("kind = 'empty'");
    assert!(0 < tally.malformed && tally.malformed < all.malformed);
    against("kind = 'sign-flip'\ntiming = { kind = 'silent' }\nvictims = { range = [0, 49] }");
    against("kind = 'gaussian'\nmean = 12\nstd = 1\nper_victim = true\nvictims = [1, 5, 9, 60]");
}

#[test]
fn attacks_are_on_when_the_oracle_says() {
    for (active, on) in [
        ("from_iteration = 50", 150),
        ("to_iteration = 30", 30),
        ("from_iteration = 20, to_iteration = 90", 70),
        ("period_iterations = 10, on_iterations = 4", 80),
        (
            "from_iteration = 13, to_iteration = 31, period_iterations = 5, on_iterations = 2",
            8,
        ),
        // Iteration i starts at i · 10.001 ms: the 50th just after 500 ms, the 100th at 1000.1 ms.
        ("from_ms = 500.05, to_ms = 1000.1", 50),
    ] {
        let tally = against(&format!(
            "kind = 'uniform'\nlow = 15.0\nhigh = 16.0\nactive = {{ {active} }}"
        ));
        assert_eq!(tally.attacking, 20 * on, "{active}");
        assert_eq!(tally.pausing, 20 * (200 - on), "{active}");
    }
}

#[test]
fn several_attacks_at_once_are_as_the_oracle_says() {
    let tally = check(&localization(
        "
[[attack]]
agents = { random = 10 }
kind = 'uniform'
low = 9.0
high = 22.0
per_victim = true

[[attack]]
agents = [0, 1, 2]
kind = 'add-noise'
std = 0.1
victims = { every = 2 }

[[attack]]
agents = { random = 8 }
kind = 'non-finite'
share = 0.5
active = { period_iterations = 3, on_iterations = 1 }

[[attack]]
name = 'quiet'
agents = { range = [30, 33] }
kind = 'sign-flip'
timing = { kind = 'silent' }
active = { from_iteration = 60 }

[[attack]]
agents = { random = 8 }
kind = 'scale'
factor = { low = 0.99, high = 1.01 }

[rule]
[[rule.override]]
agents = { every = 5 }
kind = 'distance'
",
    ));
    assert!(tally.malformed > 0 && tally.missing > tally.malformed);
}
