//! Fates are distributed as configured, keyed, and changed by overrides key by key.

use super::*;
use crate::distribution::Distribution;
use crate::settings::{Keys, Problems, Sources, Span, Table};
use crate::units::{AgentId, SimTime};

type Read = (LinkSettings, Vec<LinkOverride>);

/// Reads the keys of `[link]`, and returns the resolved settings too.
fn read(text: &str) -> Result<(Read, toml::Table), String> {
    let mut sources = Sources::default();
    let source = sources.add("test.toml", text);
    let mut problems = Problems::default();
    let document = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("", Span::default(), Some(&document), &mut problems);
    let (settings, _, resolved) = keys.run(|keys| keys.section("link", "Links", super::read));
    if problems.is_empty() {
        return Ok((settings, resolved));
    }
    Err(problems.into_error(&sources).to_string())
}

fn right(text: &str) -> Read {
    read(text).unwrap_or_else(|error| panic!("{error}")).0
}

/// Links between two agents, all as `[link]` says.
fn links(text: &str) -> Links {
    Links::new(1, 2, 2, right(text).0, Vec::new())
}

const KIND: (AgentId, AgentId) = (AgentId(0), AgentId(1));

fn passage(stamp: u64, copy: u32, attempt: u32) -> Passage {
    let (sender, receiver) = KIND;
    Passage {
        sender,
        receiver,
        stamp,
        copy,
        attempt,
    }
}

/// Fates of that many messages, one per iteration, with the bursts of their iterations.
fn fates(links: &Links, count: u64) -> Vec<Fate> {
    let (sender, receiver) = KIND;
    let kind = links.kind(sender, receiver);
    let mut burst = BurstState::default();
    let fate = |stamp| {
        links.burst(kind, &mut burst, sender, receiver, stamp);
        links.fate(kind, burst, passage(stamp, 0, 0))
    };
    (0..count).map(fate).collect()
}

fn share(fates: &[Fate], is_counted: impl Fn(&Fate) -> bool) -> f64 {
    fates.iter().filter(|fate| is_counted(fate)).count() as f64 / fates.len() as f64
}

#[test]
fn an_ideal_link_takes_the_least_latency_and_loses_nothing() {
    let links = Links::ideal();
    let kind = links.kind(AgentId(7), AgentId(9));
    assert!(!links.is_random(kind));
    assert_eq!(links.least_latency(), SimTime::LEAST_LATENCY);
    let nothing = Fate {
        lost: None,
        delay: SimTime::ZERO,
        duplicated: false,
    };
    assert_eq!(
        links.fate(kind, BurstState::default(), passage(3, 0, 0)),
        nothing
    );
    assert_eq!(links.loss_probability(kind), 0.0);
}

/// 4 standard errors of a share of 40,000 are at most 0.01; those of the mean delay 0.6 ms.
#[test]
fn losses_duplicates_and_delays_are_as_frequent_and_long_as_configured() {
    let links = links(
        "[link]
         delay_ms = { kind = \"exponential\", mean = 30, offset = 1 }
         drop = 0.3
         duplicate = 0.2",
    );
    let fates = fates(&links, 40_000);
    assert!((share(&fates, |f| f.lost == Some(Loss::Link)) - 0.3).abs() < 0.01);
    assert!((share(&fates, |f| f.duplicated) - 0.2).abs() < 0.01);
    // Neither depends on the other.
    let both = share(&fates, |f| f.duplicated && f.lost.is_some());
    assert!((both - 0.06).abs() < 0.005);
    let mean = fates.iter().map(|f| f.delay.ms()).sum::<f64>() / fates.len() as f64;
    assert!((mean - 31.0).abs() < 0.6, "{mean}");
    let longer = share(&fates, |f| f.delay.ms() > 31.0);
    assert!((longer - (-1f64).exp()).abs() < 0.01);
}

#[test]
fn other_settings_of_loss_change_no_delay() {
    let delay = "[link]\ndelay_ms = { kind = \"lognormal\", median = 45, sigma = 0.3 }\n";
    let plain = fates(&links(delay), 200);
    let lossy = "drop = 0.5\nduplicate = 0.5\nburst = { enter = 0.5, leave = 0.5 }";
    let lossy = fates(&links(&format!("{delay}{lossy}")), 200);
    let pairs = plain.iter().zip(&lossy);
    assert!(pairs.clone().all(|(a, b)| a.delay == b.delay));
    assert!(pairs.clone().any(|(a, b)| a.lost != b.lost));
}

#[test]
fn every_copy_and_attempt_has_a_fate_of_its_own() {
    let links = links("[link]\ndelay_ms = { kind = \"exponential\", mean = 30 }\nduplicate = 1");
    let kind = links.kind(KIND.0, KIND.1);
    let fate = |p| links.fate(kind, BurstState::default(), p);
    let passages = [
        passage(5, 0, 0),
        passage(6, 0, 0),
        passage(5, 1, 0),
        passage(5, 2, 0),
        passage(5, 0, 1),
        Passage {
            receiver: AgentId(0),
            ..passage(5, 0, 0)
        },
    ];
    let mut delays: Vec<SimTime> = passages.iter().map(|&p| fate(p).delay).collect();
    assert_eq!(fate(passages[0]).delay, delays[0]);
    delays.sort_unstable();
    delays.dedup();
    assert_eq!(delays.len(), passages.len());
    assert!(fate(passage(5, 2, 3)).duplicated);
    assert!(
        !fate(passage(5, 1, 0)).duplicated,
        "a duplicate of a duplicate"
    );
}

#[test]
fn a_link_that_never_or_always_loses_does_so_in_every_case() {
    let all = fates(&links("[link]\ndrop = 1"), 500);
    assert_eq!(share(&all, |f| f.lost == Some(Loss::Link)), 1.0);
    let none = fates(&links("[link]\ndrop = 0\nduplicate = 1"), 500);
    assert_eq!(share(&none, |f| f.lost.is_none() && f.duplicated), 1.0);
}

/// A burst lasts 1/leave steps on average and the gap between two 1/enter.
#[test]
fn bursts_are_as_long_and_as_frequent_as_configured() {
    let links = links("[link]\nburst = { enter = 0.05, leave = 0.25 }");
    let (sender, receiver) = KIND;
    let kind = links.kind(sender, receiver);
    let mut state = BurstState::default();
    let mut states = Vec::new();
    for iteration in 0..60_000 {
        links.burst(kind, &mut state, sender, receiver, iteration);
        states.push(state.is_bad());
    }
    let bad = states.iter().filter(|&&bad| bad).count() as f64;
    let bursts = states.windows(2).filter(|w| !w[0] && w[1]).count() as f64;
    // Sojourns are geometric; there are about 2,500 of each: 4 standard errors are 7 % and 8 %.
    let (length, gap) = (bad / bursts, (states.len() as f64 - bad) / bursts);
    assert!((length / 4.0 - 1.0).abs() < 0.07, "{length}");
    assert!((gap / 20.0 - 1.0).abs() < 0.08, "{gap}");
    let share = bad / states.len() as f64;
    assert!((share - 1.0 / 6.0).abs() < 0.012, "{share}");
    assert!((links.loss_probability(kind) - 1.0 / 6.0).abs() < 1e-12);
}

/// Over many links, iteration 0 is as bad as the long run, without a time to settle.
#[test]
fn bursts_begin_as_they_are_in_the_long_run() {
    let links = links("[link]\nburst = { enter = 0.01, leave = 0.03 }");
    let begins_bad = |receiver: &u32| {
        let (mut state, receiver) = (BurstState::default(), AgentId(*receiver));
        links.burst(LinkKind::default(), &mut state, AgentId(0), receiver, 0);
        state.is_bad()
    };
    let bad = (1..10_001).filter(begins_bad).count();
    // 4 standard errors are 173.
    assert!(bad.abs_diff(2500) < 173, "{bad}");
}

#[test]
fn bursts_step_in_iterations_without_a_message_too() {
    let links = links("[link]\nburst = { enter = 0.3, leave = 0.3 }");
    let (sender, receiver) = KIND;
    let kind = links.kind(sender, receiver);
    let mut step_by_step = BurstState::default();
    for iteration in 0..100 {
        links.burst(kind, &mut step_by_step, sender, receiver, iteration);
        let mut at_once = BurstState::default();
        links.burst(kind, &mut at_once, sender, receiver, iteration);
        assert_eq!(at_once, step_by_step);
    }
    let before = step_by_step;
    links.burst(kind, &mut step_by_step, sender, receiver, 3);
    assert_eq!(before, step_by_step);
}

#[test]
fn losses_follow_the_state_of_the_link() {
    let links = links(
        "[link]
         drop = 0.1
         burst = { enter = 0.1, leave = 0.3, drop_good = 0.05, drop_bad = 0.6 }",
    );
    let fates = fates(&links, 60_000);
    let (sender, receiver) = KIND;
    let kind = links.kind(sender, receiver);
    let expected = links.loss_probability(kind);
    assert!((expected - (1.0 - 0.9 * (1.0 - (0.25 * 0.6 + 0.75 * 0.05)))).abs() < 1e-12);
    // 4 standard errors, twice as long as for independent losses.
    assert!((share(&fates, |f| f.lost.is_some()) - expected).abs() < 0.015);
    assert!((share(&fates, |f| f.lost == Some(Loss::Link)) - 0.1).abs() < 0.005);
    let mut state = BurstState::default();
    let (mut bad, mut lost) = (0.0, 0.0);
    for (stamp, fate) in (0..).zip(&fates) {
        links.burst(kind, &mut state, sender, receiver, stamp);
        if state.is_bad() && fate.lost != Some(Loss::Link) {
            bad += 1.0;
            lost += f64::from(fate.lost == Some(Loss::Burst));
        }
    }
    assert!((lost / bad - 0.6).abs() < 0.02, "{}", lost / bad);
}

#[test]
fn a_burst_ends_in_the_pauses_between_attempts() {
    let links = links("[link]\nburst = { enter = 0.1, leave = 0.25 }\nretransmit_ms = 5");
    let kind = links.kind(KIND.0, KIND.1);
    let mut burst = BurstState::default();
    let (mut bursts, mut pauses) = (0, 0);
    for stamp in 0..20_000 {
        links.burst(kind, &mut burst, KIND.0, KIND.1, stamp);
        let mut met = burst;
        bursts += u32::from(met.is_bad());
        let mut attempt = 0;
        while met.is_bad() {
            attempt += 1;
            met = links.burst_after_a_pause(kind, met, KIND, stamp, attempt);
            pauses += 1;
        }
        // Whatever was met in the pauses, the link is as it was.
        let again = links.burst_after_a_pause(kind, burst, KIND, stamp, 1);
        assert_eq!(
            again,
            links.burst_after_a_pause(kind, burst, KIND, stamp, 1)
        );
    }
    // Each ends in a pause with a probability of a quarter: four pauses on average.
    let mean = f64::from(pauses) / f64::from(bursts);
    assert!((mean - 4.0).abs() < 0.2, "{mean}");
}

#[test]
fn links_that_lose_everything_send_again_in_vain() {
    let in_vain = |rest: &str| {
        let links = links(&format!("[link]\nretransmit_ms = 5\n{rest}"));
        links.sends_in_vain(links.kind(KIND.0, KIND.1))
    };
    for rest in [
        "drop = 1",
        "burst = { enter = 0.1, leave = 0 }",
        "burst = { enter = 1, leave = 0, drop_good = 0 }",
        "burst = { enter = 0, leave = 0, drop_good = 1, drop_bad = 0 }",
        "burst = { enter = 0.5, leave = 0.5, drop_good = 1 }",
    ] {
        assert!(in_vain(rest), "{rest}");
    }
    for rest in [
        "",
        "drop = 0.999",
        "burst = { enter = 0, leave = 0 }",
        "burst = { enter = 0.1, leave = 0, drop_bad = 0.99 }",
        "burst = { enter = 1, leave = 0.1 }",
        "burst = { enter = 0.1, leave = 0.1, drop_good = 1, drop_bad = 0 }",
    ] {
        assert!(!in_vain(rest), "{rest}");
    }
    let links = links("[link]\ndrop = 1");
    assert!(!links.sends_in_vain(links.kind(KIND.0, KIND.1)));
}

#[test]
fn a_link_that_never_changes_is_good() {
    let links = links("[link]\nburst = { enter = 0, leave = 0 }");
    assert_eq!(links.loss_probability(LinkKind::default()), 0.0);
    assert_eq!(share(&fates(&links, 100), |f| f.lost.is_some()), 0.0);
}

#[test]
fn bandwidth_gives_times_of_passage() {
    let links = links("[link]\nuplink_mbps = 2\ndownlink_mbps = 8\ndelay_ms = 3");
    let kind = LinkKind::default();
    // 2 parameters are 8 bytes are 64 bits.
    assert_eq!(links.uplink_time(kind), Some(SimTime::from_us(32)));
    assert_eq!(links.downlink_time(kind), Some(SimTime::from_us(8)));
    assert_eq!(links.least_latency(), SimTime::from_us(3032));
    assert_eq!(links.bytes(kind), None);
    let (mut settings, _) = right("[link]\nuplink_mbps = 2\nmodel_bytes = 1000");
    let sized = Links::new(1, 2, 2, settings.clone(), Vec::new());
    assert_eq!(sized.uplink_time(kind), Some(SimTime::from_us(4000)));
    assert_eq!(
        (sized.bytes(kind), sized.downlink_time(kind)),
        (Some(1000), None)
    );
    settings.uplink_mbps = Some(1e-6);
    settings.model_bytes = Some(1_000_000_000_000);
    let slow = Links::new(1, 2, 2, settings, Vec::new());
    assert_eq!(
        slow.uplink_time(kind),
        Some(SimTime::from_ms(SimTime::MAX_MS))
    );
}

fn agents(range: std::ops::Range<u32>) -> Vec<AgentId> {
    range.map(AgentId).collect()
}

/// A run of 10 agents with the overrides of a text, whose groups are ranges.
fn with_overrides(text: &str) -> Links {
    let (base, overrides) = right(text);
    let resolve = |selection: &crate::settings::Selection| match selection.selected {
        crate::settings::Selected::Range(a, b) => agents(a..b + 1),
        _ => unreachable!("the test's groups are ranges"),
    };
    let overrides = overrides.into_iter().map(|one| {
        let (a, b, both) = one.ends.parts();
        (resolve(a), resolve(b), both, one.change.clone())
    });
    Links::new(1, 2, 10, base, overrides.collect())
}

#[test]
fn later_overrides_win_key_by_key_and_by_direction() {
    let links = with_overrides(
        "[link]
         delay_ms = 5
         drop = 0.1
         [[link.override]]
         between = [{ range = [0, 3] }, { range = [4, 7] }]
         delay_ms = 20
         duplicate = 0.5
         [[link.override]]
         from = { range = [0, 1] }
         to = { range = [4, 9] }
         drop = 0.4
         delay_ms = 30
         burst = { enter = 0.1, leave = 0.1 }",
    );
    let of = |from: u32, to: u32| {
        let settings = links.settings(links.kind(AgentId(from), AgentId(to)));
        let delay = settings.delay.fixed().expect("a constant");
        let bursts = settings.burst.is_some();
        (delay, settings.drop, settings.duplicate, bursts)
    };
    assert_eq!(of(0, 1), (5.0, 0.1, 0.0, false));
    assert_eq!(of(2, 4), (20.0, 0.1, 0.5, false));
    assert_eq!(of(4, 2), (20.0, 0.1, 0.5, false));
    assert_eq!(of(0, 4), (30.0, 0.4, 0.5, true));
    assert_eq!(of(4, 0), (20.0, 0.1, 0.5, false));
    assert_eq!(of(0, 9), (30.0, 0.4, 0.0, true));
    assert_eq!(of(9, 0), (5.0, 0.1, 0.0, false));
    assert_eq!(of(8, 9), (5.0, 0.1, 0.0, false));
    assert_eq!(
        links.kind(AgentId(8), AgentId(9)),
        links.kind(AgentId(2), AgentId(3))
    );
    assert_eq!(links.least_latency(), SimTime::from_ms(5.0));
}

#[test]
fn groups_of_an_override_may_overlap() {
    let links = with_overrides(
        "[link]
         [[link.override]]
         between = [{ range = [0, 3] }, { range = [3, 4] }]
         drop = 0.5",
    );
    let drop = |a, b| links.settings(links.kind(AgentId(a), AgentId(b))).drop;
    assert_eq!(
        [drop(3, 3), drop(3, 4), drop(4, 3), drop(0, 3), drop(3, 0)],
        [0.5; 5]
    );
    assert_eq!([drop(0, 1), drop(4, 4), drop(5, 3)], [0.0; 3]);
}

#[test]
fn a_change_of_every_key_is_a_change_of_every_key() {
    let (_, overrides) = right(
        "[link]
         [[link.override]]
         between = [\"eu\", { random = 3 }]
         delay_ms = { kind = \"exponential\", mean = 3 }
         drop = 0.1
         duplicate = 0.2
         burst = { enter = 0.1, leave = 0.2, drop_good = 0.3, drop_bad = 0.4 }
         uplink_mbps = 3
         downlink_mbps = 4
         model_bytes = 5
         retransmit_ms = 6
         retransmit_limit = 7
         flood_bound = 8",
    );
    let mut changed = LinkSettings::default();
    overrides[0].change.apply(&mut changed);
    let expected = LinkSettings {
        delay: changed.delay.clone(),
        drop: 0.1,
        duplicate: 0.2,
        burst: Some(Burst {
            enter: 0.1,
            leave: 0.2,
            drop_good: 0.3,
            drop_bad: 0.4,
        }),
        uplink_mbps: Some(3.0),
        downlink_mbps: Some(4.0),
        model_bytes: Some(5),
        retransmit: Some(SimTime::from_ms(6.0)),
        retransmit_limit: 7,
        flood_bound: 8,
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.delay, Distribution::constant(0.0));
    LinkChange::default().apply(&mut changed);
    assert_eq!(changed, expected);
}

#[test]
fn defaults_are_resolved_but_for_what_nothing_uses() {
    let ((settings, overrides), resolved) = read("").expect("all defaults");
    assert_eq!(settings, LinkSettings::default());
    assert!(overrides.is_empty());
    let expected = "delay_ms = 0.0\ndrop = 0.0\nduplicate = 0.0\nflood_bound = 16\n";
    assert_eq!(
        resolved["link"].to_string(),
        toml::from_str::<toml::Value>(expected)
            .expect("TOML")
            .to_string()
    );
    let (_, resolved) = read("[link]\nretransmit_ms = 50").expect("right");
    assert_eq!(resolved["link"]["retransmit_limit"], 1000.into());
}

#[test]
fn wrong_links_are_told_with_what_would_be_right() {
    for (text, message, help) in [
        ("drop = 1.5", "`drop` in `link` cannot be 1.5", "in [0, 1]"),
        ("delay_ms = -3", "`delay_ms` cannot be -3", "number in [0,"),
        ("flood_bound = 0", "cannot be 0", "in [1, 4000]"),
        (
            "retransmit_limit = 300000",
            "cannot be 300000",
            "at most 100000",
        ),
        ("retransmit_ms = 0", "cannot be 0", "in [0.001,"),
        ("uplink_mbps = 0", "cannot be 0", "at least 0.000001"),
        (
            "burst = { enter = 0.1 }",
            "`link.burst` lacks the key `leave`",
            "in [0, 1]",
        ),
        ("dropp = 0.1", "unknown key `dropp`", "did you mean `drop`?"),
        (
            "[[link.override]]\ndrop = 0.1",
            "nothing says which links it changes",
            "between = [\"eu\", \"us\"]",
        ),
        (
            "[[link.override]]\nfrom = \"eu\"\ndrop = 0.1",
            "`from` says nothing without `to`",
            "to = \"us\"",
        ),
        (
            "[[link.override]]\nto = \"eu\"\ndrop = 0.1",
            "`to` says nothing without `from`",
            "from = \"eu\"",
        ),
        (
            "[[link.override]]\nbetween = [\"eu\", \"us\"]\nfrom = \"eu\"\nto = \"us\"",
            "`between` cannot stand beside `from` and `to`",
            "or from = \"eu\"",
        ),
        (
            "[[link.override]]\nbetween = [\"eu\"]",
            "`between` takes two groups of agents, and these are 1",
            "[\"eu\", \"us\"]",
        ),
        (
            "[[link.override]]\nbetween = [\"eu\", \"us\"]\ndelay = 3",
            "unknown key `delay` in `link.override[0]`",
            "did you mean `delay_ms`?",
        ),
    ] {
        let error = read(&format!("[link]\n{text}")).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
        assert!(error.contains(help), "{text}: {error}");
    }
}
