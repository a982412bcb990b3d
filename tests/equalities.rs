//! The two equalities of simulated time. Where nothing comes late, a deadline changes nothing; and
//! where everyone waits for everyone, time changes nothing.
//!
//! Each condition is violated, too, alone if that makes a difference: runs that were always equal
//! would show nothing.

mod shipped;
mod timed;

use shipped::side_by_side;
use std::fmt::Write;
use timed::fingerprint;

const REGULAR: &str = "[topology]\nkind = 'regular'\nagents = 12\ndegree = 4\n";
const LOSS: &str = "[rule]\nkind = 'loss'\n";
const UNIFORM: &str = "[[attack]]\nagents = [1, 6, 7]\nkind = 'uniform'\nlow = 15.0\nhigh = 16.0\n";

/// A scenario of 30 iterations with these keys of `[clock]`; `parts` are its other tables.
fn scenario(clock: &str, parts: &str) -> String {
    let topology = if parts.contains("[topology]") {
        ""
    } else {
        REGULAR
    };
    format!(
        "iterations = 30\n[task]\nkind = 'target-localization'\n{topology}{parts}\n[clock]\n{clock}\n"
    )
}

/// An attack with three attackers.
fn attack(keys: &str) -> String {
    format!("[[attack]]\nagents = [1, 6, 7]\n{keys}\n")
}

/// What agents do with each other's models.
const RULES: [&str; 16] = [
    LOSS,
    "[rule]\nkind = 'loss'\nfilter = false\nbaseline = 'own'\n",
    "[rule]\nkind = 'loss'\nunseen = 'decay'\nage_discount = 0.5\n",
    "[rule]\nkind = 'loss'\nunseen = 'reset'\n",
    "[rule]\nkind = 'no-cooperation'\n",
    "[rule]\nkind = 'average'\n",
    "[rule]\nkind = 'metropolis'\n",
    "[rule]\nkind = 'distance'\n",
    "[rule]\nkind = 'trimmed-mean'\nf = 1\n",
    "[rule]\nkind = 'resilient-diffusion-f'\nf = 1\nsamples = 5\n",
    "[rule]\nkind = 'ubar'\n",
    "[rule]\nkind = 'balance'\ngamma = 1\n",
    "[rule]\nkind = 'self-centered-clipping'\nradius = 'adaptive'\nf = 'largest'\n",
    "[rule]\nkind = 'geometric-median'\npre = [{ kind = 'bucketing', size = 2 }]\n",
    "[rule]\nkind = 'centerpoint'\n[[rule.pre]]\nkind = 'norm-clipping'\nradius = 1.0\n",
    "[rule]\nkind = 'average'\n[[rule.override]]\nagents = { every = 3 }\nkind = 'loss'\n",
];

/// What attackers send, among it nothing, and to whom.
const ATTACKS: [&str; 22] = [
    "kind = 'uniform'\nlow = 15.0\nhigh = 16.0",
    "kind = 'uniform'\nlow = 15.0\nhigh = 16.0\nper_victim = true\nvictims = { every = 2 }",
    "kind = 'sign-flip'\nactive = { from_iteration = 5, to_iteration = 20 }",
    "kind = 'gaussian'\nmean = 3.0\nstd = 2.0\nactive = { period_iterations = 4, on_iterations = 1 }",
    "kind = 'add-noise'\nstd = 2.0",
    "kind = 'constant'\nvalue = 7.0",
    "kind = 'scale'\nfactor = 2.0",
    "kind = 'non-finite'\nshare = 0.5",
    "kind = 'wrong-length'\nshare = 0.5\nvictims = [0, 2, 8]",
    "kind = 'empty'",
    "kind = 'sign-flip'\ntiming = { kind = 'silent' }",
    "kind = 'sign-flip'\ntiming = { kind = 'silent' }\nvictims = { every = 2 }\n\
     active = { from_iteration = 10 }",
    "kind = 'a-little-is-enough'",
    "kind = 'inner-product-manipulation'\nepsilon = 0.5\nknowledge = 'colluding'\nvictims = { every = 2 }",
    "kind = 'inner-product-manipulation'\nepsilon = 2\nactive = { from_iteration = 5, to_iteration = 20 }",
    "kind = 'targeted-drift'\ntarget = 5.0\nrate = 0.1",
    "kind = 'targeted-drift'\ntarget = 5.0\nrate = 0.1\nstate = 'estimated'",
    "kind = 'local-model-poisoning'\nagainst = 'trimmed-mean'",
    "kind = 'local-model-poisoning'\nagainst = 'krum'",
    "kind = 'dissensus'",
    "kind = 'mimic'\ncopy = 0\nknowledge = 'omniscient'",
    "kind = 'loss-mimicry'\ntarget = 5.0",
];

/// Attackers that look at others, one for each way of looking.
const LOOKING: [&str; 5] = [
    "kind = 'a-little-is-enough'",
    "kind = 'targeted-drift'\ntarget = 5.0\nrate = 0.1\nstate = 'estimated'",
    "kind = 'inner-product-manipulation'\nepsilon = 0.5\nknowledge = 'colluding'",
    "kind = 'dissensus'",
    "kind = 'loss-mimicry'\ntarget = 5.0",
];

const LEARNERS: [&str; 4] = [
    "[learner]\nsteps_per_exchange = 3\n",
    "[learner]\nstep_size = { kind = 'decay', initial = 0.3, rate = 0.1 }\n",
    "[learner]\nadapt_probability = 0.5\n",
    "[learner]\n[[learner.override]]\nagents = { every = 4 }\nadapt_probability = 0.1\nstep_size = 0.5\n",
];

const TOPOLOGIES: [&str; 10] = [
    "[topology]\nkind = 'complete'\nagents = 12\n",
    "[topology]\nkind = 'ring'\nagents = 12\n",
    "[topology]\nkind = 'star'\nagents = 12\n",
    "[topology]\nkind = 'torus'\nrows = 3\ncolumns = 4\n",
    "[topology]\nkind = 'erdos-renyi'\nagents = 12\nprobability = 0.2\n",
    "[topology]\nkind = 'geometric'\nagents = 40\n",
    "[topology]\nkind = 'small-world'\nagents = 12\ndegree = 4\nrewire = 0.5\nredraw_every_iterations = 3\n",
    "[topology]\nkind = 'erdos-renyi'\nagents = 12\nprobability = 0.3\nredraw_every_iterations = 1\n",
    "[topology]\nkind = 'regular'\nagents = 12\ndegree = 6\nfanout = 2\n",
    "[topology]\nkind = 'regular'\nagents = 12\ndegree = 6\nfanout = 3\nredraw_every_iterations = 7\n",
];

/// Many scenarios: every rule under every attack, and every learner on every network.
fn contexts() -> Vec<String> {
    let mut all: Vec<String> = RULES.map(str::to_owned).to_vec();
    for rule in RULES {
        all.extend(ATTACKS.map(|keys| format!("{rule}{}", attack(keys))));
    }
    for topology in TOPOLOGIES {
        all.push(format!("{topology}{LOSS}{UNIFORM}"));
        let looking = LOOKING.map(|keys| format!("{topology}{LOSS}{}", attack(keys)));
        all.extend(looking);
        let learners = LEARNERS.map(|learner| format!("{topology}{learner}{LOSS}{UNIFORM}"));
        all.extend(learners);
    }
    all
}

#[test]
fn attacks_and_networks_of_these_tests_make_a_difference() {
    let run = |parts: &String| fingerprint(&scenario(SYNCHRONOUS, parts));
    let attacks = ATTACKS.map(|keys| format!("{LOSS}{}", attack(keys)));
    let networks = TOPOLOGIES.map(|topology| format!("{topology}{LOSS}"));
    let learners = LEARNERS.map(|learner| format!("{learner}{LOSS}"));
    let without = run(&LOSS.to_owned());
    for parts in attacks.iter().chain(&networks).chain(&learners) {
        assert_ne!(run(parts), without, "{parts}");
    }
}

// ---- Synchronous and deadline.

const SYNCHRONOUS: &str = "mode = 'synchronous'\n";
/// The shortest period for 10 ms of computing: it and 1 µs on the way are half of it.
const DEADLINE: &str = "mode = 'deadline'\nperiod_ms = 20.002\n";

#[test]
fn where_nothing_comes_late_synchronous_and_deadline_are_one() {
    side_by_side(&contexts(), |parts| {
        let synchronous = fingerprint(&scenario(SYNCHRONOUS, parts));
        let deadline = fingerprint(&scenario(DEADLINE, parts));
        assert_eq!(synchronous, deadline, "{parts}");
    });
}

#[test]
fn they_are_one_for_other_tasks_and_times_too() {
    let activity = "iterations = 12\n[task]\nkind = 'activity-recognition'\nsource = 'generated'\n\
                    [[attack]]\nagents = { random = 10 }\nkind = 'uniform'\nlow = 0.0\nhigh = 0.1\n[clock]\n";
    let run = |clock: &str| fingerprint(&format!("{activity}{clock}"));
    assert_eq!(run(SYNCHRONOUS), run(DEADLINE));
    // Any compute time from none on, as long as the period is twice as long and 2 µs more.
    let parts = format!("{LOSS}{UNIFORM}");
    let run = |clock: &str| fingerprint(&scenario(clock, &parts));
    let expected = run(SYNCHRONOUS);
    for (compute, period) in [(0.0, 0.002), (0.0, 1e6), (10.0, 50.0), (7.3, 14.602)] {
        let compute = format!("compute_ms = {compute:?}\n");
        let synchronous = run(&format!("{SYNCHRONOUS}{compute}"));
        let deadline = run(&format!(
            "mode = 'deadline'\nperiod_ms = {period:?}\n{compute}"
        ));
        assert_eq!(synchronous, expected, "{compute}");
        assert_eq!(deadline, expected, "{compute}, period {period}");
    }
}

/// The same happens to the same models in both modes: fates are drawn by iteration.
#[test]
fn what_hits_both_modes_alike_leaves_them_one() {
    for parts in [
        "[link]\ndrop = 0.3\n",
        "[link]\nduplicate = 0.5\ndrop = 0.3\n",
        "[link]\nburst = { enter = 0.1, leave = 0.3 }\n",
        "[[fault]]\nkind = 'crash'\nagents = [2, 3]\nfrom_iteration = 5\nto_iteration = 12\n",
        "[[fault]]\nkind = 'late-join'\nagents = [2, 3]\nto_iteration = 12\n",
        "[[fault]]\nkind = 'partition'\ngroups = [[0, 1, 2, 3]]\nfrom_iteration = 5\nto_iteration = 12\n",
        &attack("kind = 'sign-flip'\ntiming = { kind = 'replay', age_iterations = 4 }"),
        &attack("kind = 'sign-flip'\ntiming = { kind = 'flood', copies = 100 }"),
        &attack("kind = 'dissensus'\ntiming = { kind = 'replay', age_iterations = 4 }"),
    ] {
        for under in std::iter::once(String::new()).chain(LOOKING.map(attack)) {
            if parts.contains("[[attack]]") && !under.is_empty() {
                continue; // of the same agents
            }
            let others = format!("{LOSS}{under}");
            let parts = format!("{others}{parts}");
            let synchronous = fingerprint(&scenario(SYNCHRONOUS, &parts));
            let without = fingerprint(&scenario(SYNCHRONOUS, &others));
            assert_ne!(synchronous, without, "it is there\n{parts}");
            assert_eq!(
                synchronous,
                fingerprint(&scenario(DEADLINE, &parts)),
                "{parts}"
            );
        }
    }
}

/// A ring, written as a file, whose edge from 3 to 4 is there from 100 ms on.
fn ring_with_a_late_edge(folder: &std::path::Path) -> String {
    let mut edges = "a,b,from_ms,to_ms\n".to_owned();
    for k in 0..12 {
        let from = if k == 3 { "100" } else { "" };
        writeln!(edges, "{k},{},{from},", (k + 1) % 12).expect("a string");
    }
    let path = folder.join("edges.csv");
    std::fs::write(&path, edges).expect("written");
    format!(
        "[topology]\nkind = 'file'\npath = '{}'\n{LOSS}",
        path.display()
    )
}

/// One condition of the first equality that does not hold.
struct Violation {
    what: &'static str,
    /// Tables, in both modes.
    parts: String,
    /// Keys of `[clock]` in one mode each.
    synchronous: &'static str,
    deadline: &'static str,
    /// Keys at the top.
    head: &'static str,
}

impl Violation {
    fn new(what: &'static str, parts: &str) -> Violation {
        Violation {
            what,
            parts: format!("{LOSS}{parts}"),
            synchronous: "",
            deadline: "",
            head: "",
        }
    }

    fn of_clock(
        what: &'static str,
        synchronous: &'static str,
        deadline: &'static str,
    ) -> Violation {
        Violation {
            synchronous,
            deadline,
            ..Violation::new(what, "")
        }
    }
}

fn runs(violation: &Violation) -> [String; 2] {
    let Violation { head, parts, .. } = violation;
    let run = |clock: &str, own: &str| {
        let text = scenario(&format!("{clock}{own}"), parts);
        fingerprint(&format!("{head}{text}"))
    };
    [
        run(SYNCHRONOUS, violation.synchronous),
        run(DEADLINE, violation.deadline),
    ]
}

/// Duplicates, and losses and faults by iteration alone, hit both modes alike, as shown above, and
/// without late models there is no age that a limit could bind. With more computing than half the
/// period, honest agents are still in time: that bound is for attackers that look at them first.
#[test]
fn each_condition_that_is_violated_keeps_them_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    // With the delay that follows every model is in time, so that it violates nothing that shows.
    let short = "[link]\ndelay_ms = { kind = 'exponential', mean = 3, cap = 9 }\n";
    let control = Violation::new("a short delay", short);
    let [synchronous, deadline] = runs(&control);
    assert_eq!(synchronous, deadline, "{}", control.what);

    let by_time = "from_ms = 100.0\nto_ms = 200.0\n";
    let violations = [
        Violation::new("delay", "[link]\ndelay_ms = 10.003\n"),
        Violation::new("uplink", "[link]\nuplink_mbps = 0.016\n"),
        Violation::new("downlink", "[link]\ndownlink_mbps = 0.016\n"),
        Violation::new(
            "crash by time",
            &format!("[[fault]]\nkind = 'crash'\nagents = [2, 3]\n{by_time}"),
        ),
        Violation::new(
            "late joiner by time",
            "[[fault]]\nkind = 'late-join'\nagents = [2]\nto_ms = 100.0\n",
        ),
        Violation::new(
            "partition by time",
            &format!("[[fault]]\nkind = 'partition'\ngroups = [[0, 1, 2, 3]]\n{by_time}"),
        ),
        Violation::new(
            "churn",
            "[[fault]]\nkind = 'churn'\nagents = [2, 3]\nup_ms = 40\ndown_ms = 30\n",
        ),
        Violation::new(
            "an attack from a moment on",
            &attack("kind = 'sign-flip'\nactive = { from_ms = 100.0 }"),
        ),
        Violation {
            // The rule `loss` would go on shutting the attackers out, in both modes.
            parts: attack("kind = 'sign-flip'\nactive = { to_ms = 100.0 }")
                + "[rule]\nkind = 'average'\n",
            ..Violation::new("an attack up to a moment", "")
        },
        Violation {
            parts: ring_with_a_late_edge(folder.path()),
            ..Violation::new("an edge from a moment on", "")
        },
        Violation {
            head: "until_ms = 200\n",
            ..Violation::new("until_ms", "")
        },
        Violation::new(
            "a delaying attacker",
            &attack("kind = 'sign-flip'\ntiming = { kind = 'delay', ms = 10.002 }"),
        ),
        Violation {
            synchronous: "quorum = 0.5\n",
            ..Violation::new("a quorum, where models are not all equally fast", short)
        },
        Violation::of_clock("a quorum of nobody", "quorum = 0.0\n", ""),
        Violation::of_clock(
            "computing up to the deadline",
            "compute_ms = 20.002\n",
            "compute_ms = 20.002\n",
        ),
        Violation::of_clock(
            "compute times that vary",
            "compute_ms = { kind = 'lognormal', median = 10, sigma = 1 }\n",
            "compute_ms = { kind = 'lognormal', median = 10, sigma = 1 }\n",
        ),
        Violation::of_clock(
            "an agent that computes longer",
            "[[clock.override]]\nagents = [5]\nspeed = 0.3\n",
            "[[clock.override]]\nagents = [5]\nspeed = 0.3\n",
        ),
        Violation {
            deadline: "missing = 'hold'\n",
            ..Violation::new(
                "holding, where somebody falls silent",
                &attack(
                    "kind = 'sign-flip'\ntiming = { kind = 'silent' }\nactive = { from_iteration = 5 }",
                ),
            )
        },
        Violation {
            deadline: "missing = 'hold'\n",
            ..Violation::new("holding, where models are lost", "[link]\ndrop = 0.3\n")
        },
    ];
    let found = side_by_side(&violations, |v| (v.what, runs(v)));
    for (what, [synchronous, deadline]) in found {
        assert_ne!(synchronous, deadline, "{what}");
    }
}

#[test]
fn conditions_of_one_mode_alone_are_needed_too() {
    let run = |clock: &str, parts: &str| fingerprint(&scenario(clock, &format!("{LOSS}{parts}")));
    // Lost models are sent again in synchronous mode only.
    let lossy = "[link]\ndrop = 0.3\n";
    let again = format!("{lossy}retransmit_ms = 5\n");
    assert_ne!(run(SYNCHRONOUS, &again), run(DEADLINE, lossy));
    // There is a deadline to be just before in deadline mode only. A margin of 1 µs is enough to be
    // in time.
    let last_moment = |margin: &str| {
        let timing = format!("timing = {{ kind = 'just-before-deadline', margin_ms = {margin} }}");
        run(DEADLINE, &attack(&format!("kind = 'sign-flip'\n{timing}")))
    };
    let prompt = run(SYNCHRONOUS, &attack("kind = 'sign-flip'"));
    assert_eq!(last_moment("0.001"), prompt);
    assert_ne!(last_moment("0.0"), prompt);
    // A limit to ages binds where some models are late.
    let late = "[link]\ndelay_ms = { kind = 'exponential', mean = 10 }\n";
    let limited = format!("{DEADLINE}max_age_iterations = 0\n");
    assert_ne!(run(&limited, late), run(DEADLINE, late));
    assert_eq!(run(&limited, ""), run(DEADLINE, ""));
}

// ---- Synchronous runs at different speeds.

/// Nothing takes time but the 1 µs of every message.
const FAST: &str = "mode = 'synchronous'\ncompute_ms = 0\n";

/// Keys of `[clock]`, and a `[link]`, that make a run take its time.
const SLOW: [(&str, &str); 14] = [
    ("compute_ms = 10\n", ""),
    (
        "compute_ms = { kind = 'lognormal', median = 10, sigma = 1 }\n",
        "",
    ),
    (
        "compute_ms = 10\n[[clock.override]]\nagents = { every = 3 }\nspeed = 0.1\n",
        "",
    ),
    ("", "delay_ms = 30\n"),
    ("", "delay_ms = { kind = 'exponential', mean = 30 }\n"),
    (
        "",
        "delay_ms = { kind = 'lognormal', median = 30, sigma = 1, offset = 5 }\n",
    ),
    (
        "",
        "delay_ms = { kind = 'pareto', scale = 1, shape = 0.8, cap = 1e6 }\n",
    ),
    ("", "delay_ms = { kind = 'uniform', low = 0, high = 30 }\n"),
    (
        "",
        "delay_ms = 3\n[[link.override]]\nfrom = [0, 1]\nto = { every = 2 }\ndelay_ms = 300\n",
    ),
    ("", "uplink_mbps = 0.01\n"),
    ("", "downlink_mbps = 0.01\n"),
    (
        "",
        "uplink_mbps = 1\ndownlink_mbps = 0.7\nmodel_bytes = 1250\n",
    ),
    (
        "",
        "duplicate = 0.5\ndelay_ms = { kind = 'exponential', mean = 30 }\n",
    ),
    (
        "compute_ms = { kind = 'exponential', mean = 20 }\n",
        "duplicate = 0.5\ndelay_ms = { kind = 'exponential', mean = 30 }\nuplink_mbps = 1\n\
         downlink_mbps = 0.7\nmodel_bytes = 1250\nretransmit_ms = 5\n",
    ),
];

/// The same with these links and clock.
fn at_speed((clock, link): (&str, &str), parts: &str) -> String {
    let keys = match clock.contains("compute_ms") {
        true => format!("mode = 'synchronous'\n{clock}"),
        false => format!("{FAST}{clock}"),
    };
    scenario(&keys, &format!("[link]\n{link}\n{parts}"))
}

#[test]
fn where_everyone_waits_for_everyone_time_changes_nothing() {
    let timings = [
        "kind = 'sign-flip'\ntiming = { kind = 'delay', ms = 25 }",
        "kind = 'sign-flip'\ntiming = { kind = 'replay', age_iterations = 3 }",
    ];
    let timings = timings.map(attack);
    let contexts: Vec<String> = contexts().into_iter().chain(timings).collect();
    let numbered: Vec<(usize, &String)> = contexts.iter().enumerate().collect();
    side_by_side(&numbered, |&(number, parts)| {
        let expected = fingerprint(&scenario(FAST, parts));
        // Every context at two speeds, every speed in many contexts.
        for slow in [SLOW[number % SLOW.len()], SLOW[SLOW.len() - 1]] {
            let found = fingerprint(&at_speed(slow, parts));
            assert_eq!(found, expected, "{slow:?}\n{parts}");
        }
    });
}

#[test]
fn every_speed_takes_its_time_and_changes_nothing_on_any_number_of_threads() {
    let parts = format!("{LOSS}{UNIFORM}");
    let expected = timed::summary(&scenario(FAST, &parts));
    for slow in SLOW {
        let plan = timed::plan(&at_speed(slow, &parts));
        for threads in [1, 4] {
            let found = shipped::run_on(&plan, threads);
            assert_eq!(found.fingerprint(), expected.fingerprint(), "{slow:?}");
            let time = |s: &byzsim::record::Summary| s.number(&["simulated_ms"]);
            assert!(time(&found) > time(&expected), "{slow:?}");
        }
    }
}

#[test]
fn attackers_that_delay_or_flood_and_models_that_are_sent_again_change_nothing() {
    let attacked = |timing: &str| attack(&format!("kind = 'sign-flip'\n{timing}"));
    let run = |link: &str, parts: &str| {
        let parts = format!("{LOSS}{parts}");
        fingerprint(&at_speed(("compute_ms = 10\n", link), &parts))
    };
    let prompt = run("", &attacked(""));
    let late = "delay_ms = { kind = 'exponential', mean = 30 }\n";
    for link in ["", late] {
        for timing in [
            "timing = { kind = 'delay', ms = 500 }",
            "timing = { kind = 'flood', copies = 1000 }",
        ] {
            assert_eq!(run(link, &attacked(timing)), prompt, "{timing}");
        }
    }
    // What is sent again until it arrives is not lost.
    let again = format!("{late}drop = 0.5\nretransmit_ms = 5\n");
    assert_eq!(run(&again, &attacked("")), prompt);
    let bursts = format!(
        "{late}burst = {{ enter = 0.2, leave = 0.5, drop_bad = 0.9 }}\nretransmit_ms = 5\n"
    );
    assert_eq!(run(&bursts, &attacked("")), prompt);
}

/// With losses alone time changes nothing either, since fates are drawn by iteration; but a run
/// with them is not the run without.
#[test]
fn losses_are_the_same_at_any_speed_and_are_losses() {
    let lossless = fingerprint(&scenario(FAST, LOSS));
    for loss in ["drop = 0.2\n", "burst = { enter = 0.1, leave = 0.3 }\n"] {
        let run = |delay: &str| fingerprint(&at_speed(("", &format!("{loss}{delay}")), LOSS));
        assert_ne!(run(""), lossless, "{loss}");
        let slow = run("delay_ms = { kind = 'exponential', mean = 30 }\n");
        assert_eq!(slow, run(""), "{loss}");
    }
}

#[test]
fn each_condition_that_is_violated_lets_time_change_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let by_time = "from_ms = 100.0\nto_ms = 400.0\n";
    let file = ring_with_a_late_edge(folder.path());
    // What, keys at the top, keys of the clock, tables.
    let violations: [(&str, &str, &str, String); 9] = [
        ("quorum", "", "quorum = 0.5\n", LOSS.to_owned()),
        ("until_ms", "until_ms = 400\n", "", LOSS.to_owned()),
        (
            "crash by time",
            "",
            "",
            format!("{LOSS}[[fault]]\nkind = 'crash'\nagents = [2, 3]\n{by_time}"),
        ),
        (
            "late joiner by time",
            "",
            "",
            format!("{LOSS}[[fault]]\nkind = 'late-join'\nagents = [2]\nto_ms = 100.0\n"),
        ),
        (
            "partition by time",
            "",
            "",
            format!("{LOSS}[[fault]]\nkind = 'partition'\ngroups = [[0, 1, 2, 3]]\n{by_time}"),
        ),
        (
            "churn",
            "",
            "",
            format!("{LOSS}[[fault]]\nkind = 'churn'\nagents = [2, 3]\nup_ms = 90\ndown_ms = 70\n"),
        ),
        (
            "an attack from a moment on",
            "",
            "",
            format!(
                "{LOSS}{}",
                attack("kind = 'sign-flip'\nactive = { from_ms = 100.0 }")
            ),
        ),
        (
            "an attack up to a moment",
            "",
            "",
            format!(
                "{LOSS}{}",
                attack("kind = 'sign-flip'\nactive = { to_ms = 100.0 }")
            ),
        ),
        ("an edge from a moment on", "", "", file),
    ];
    side_by_side(&violations, |(what, head, clock, parts)| {
        let run = |delay: &str| {
            let clock = format!("compute_ms = 10\n{clock}");
            let text = at_speed((&clock, delay), parts);
            fingerprint(&format!("{head}{text}"))
        };
        let slow = run("delay_ms = { kind = 'exponential', mean = 30 }\n");
        assert_ne!(slow, run(""), "{what}");
    });
}
