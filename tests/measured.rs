//! What traces of runs show is what was configured: delays, losses, duplicates, bursts, sessions and
//! compute times have the distributions that the scenario names, and every copy is counted once.
//!
//! Seeds are fixed. Distances between distributions are those of Kolmogorov's and Smirnov's test,
//! shares and means are within four standard errors.

#[path = "timed/messages.rs"]
mod messages;
mod reading;
mod shipped;
mod timed;

use byzsim::record::Seen;
use messages::{Traced, traced};
use shipped::watch;
use std::collections::BTreeMap;
use timed::{has_mean, has_share, is_distributed, ms, normal_cdf, plan};

/// A scenario in which models are averaged.
fn scenario(iterations: u32, topology: &str, rest: &str) -> String {
    format!(
        "iterations = {iterations}\n[task]\nkind = 'target-localization'\n\
         [rule]\nkind = 'average'\n[topology]\nkind = {topology}\n{rest}"
    )
}

/// A traced run of 300 iterations over 30 links.
fn thirty_links(rest: &str) -> Traced {
    traced(&scenario(300, "'complete'\nagents = 6", rest))
}

const MESSAGES: usize = 300 * 30;

// ---- Delays.

/// Delays of all messages of a run that arrived [ms].
fn delays(link: &str) -> Vec<f64> {
    let run = thirty_links(&format!("[link]\ndelay_ms = {link}\n"));
    let took: Vec<u64> = run.messages.iter().filter_map(|m| m.delay()).collect();
    assert_eq!(took.len(), MESSAGES, "everything arrives");
    ms(&took)
}

#[test]
fn delays_have_the_distribution_that_is_configured() {
    // A delay is a whole number of microseconds, of some 20 ms: no distribution is off by more than
    // a thousandth for that.
    let check = |link: &str, cdf: &dyn Fn(f64) -> f64| {
        is_distributed(link, &delays(link), cdf, 0.001);
    };
    check("{ kind = 'uniform', low = 5, high = 45 }", &|t| {
        ((t - 5.0) / 40.0).clamp(0.0, 1.0)
    });
    check("{ kind = 'exponential', mean = 20, offset = 3 }", &|t| {
        1.0 - (-(t - 3.0).max(0.0) / 20.0).exp()
    });
    check("{ kind = 'lognormal', median = 20, sigma = 0.5 }", &|t| {
        normal_cdf((t / 20.0).ln() / 0.5)
    });
    check("{ kind = 'pareto', scale = 5, shape = 1.5 }", &|t| {
        1.0 - (5.0 / t).min(1.0).powf(1.5)
    });
    // Drawn anew until it is not negative: the normal distribution above 0.
    check("{ kind = 'normal', mean = 10, std = 10 }", &|t| {
        let below = normal_cdf(-1.0);
        (normal_cdf((t - 10.0) / 10.0) - below) / (1.0 - below)
    });
}

#[test]
fn a_delay_is_never_above_its_cap() {
    let capped = delays("{ kind = 'exponential', mean = 20, offset = 3, cap = 33 }");
    let at_cap = capped.iter().filter(|&&t| t == 33.0).count();
    assert!(capped.iter().all(|&t| (3.0..=33.0).contains(&t)));
    has_share("at the cap", (at_cap, MESSAGES), (-1.5_f64).exp(), 1.0);
    let below: Vec<f64> = capped.iter().copied().filter(|&t| t < 33.0).collect();
    let all = 1.0 - (-1.5_f64).exp();
    let cdf = |t: f64| (1.0 - (-(t - 3.0) / 20.0).exp()) / all;
    is_distributed("below the cap", &below, cdf, 0.001);
}

#[test]
fn constants_and_sequences_are_exact() {
    assert!(delays("12.3456").iter().all(|&t| t == 12.346));
    assert!(delays("0").iter().all(|&t| t == 0.001));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("delays.csv");
    std::fs::write(&path, "4\n1\n9.5\n").expect("written");
    let measured = |order: &str| {
        let path = path.display();
        let link =
            format!("{{ kind = 'empirical', path = '{path}', order = '{order}', offset = 1 }}");
        thirty_links(&format!("[link]\ndelay_ms = {link}\n"))
    };
    // In order, the nth model of every sender takes the nth value.
    let in_order = [5_000, 2_000, 10_500];
    for message in &measured("sequence").messages {
        assert_eq!(message.delay(), Some(in_order[message.stamp as usize % 3]));
    }
    let run = measured("random");
    for value in in_order {
        let found = run.messages.iter().filter(|m| m.delay() == Some(value));
        has_share("a value", (found.count(), MESSAGES), 1.0 / 3.0, 1.0);
    }
}

#[test]
fn links_between_chosen_agents_have_delays_of_their_own() {
    let run = thirty_links(
        "[link]\ndelay_ms = { kind = 'exponential', mean = 20 }\n[[link.override]]\n\
         from = [0, 1]\nto = [2, 3]\ndelay_ms = { kind = 'uniform', low = 1, high = 2 }\n",
    );
    let is_chosen = |m: &&messages::Message| m.sender < 2 && (2..4).contains(&m.receiver);
    let (chosen, others): (Vec<_>, Vec<_>) = run.messages.iter().partition(is_chosen);
    let delays = |all: &[&messages::Message]| {
        let took: Vec<u64> = all.iter().filter_map(|m| m.delay()).collect();
        ms(&took)
    };
    assert_eq!((chosen.len(), others.len()), (4 * 300, 26 * 300));
    let uniform = |t: f64| (t - 1.0).clamp(0.0, 1.0);
    is_distributed("chosen", &delays(&chosen), uniform, 0.001);
    let exponential = |t: f64| 1.0 - (-t / 20.0).exp();
    is_distributed("others", &delays(&others), exponential, 0.001);
}

// ---- Losses and duplicates.

#[test]
fn models_are_lost_and_doubled_as_often_as_is_configured() {
    let run = thirty_links("[link]\ndrop = 0.3\nduplicate = 0.2\ndelay_ms = 5\n");
    let is_lost = |m: &&messages::Message| m.dropped_by == "link";
    let (doubles, sent): (Vec<_>, Vec<_>) = run.messages.iter().partition(|m| m.is_duplicate());
    assert_eq!(sent.len(), MESSAGES);
    let lost = |all: &[&messages::Message]| all.iter().copied().filter(is_lost).count();
    has_share("doubled", (doubles.len(), MESSAGES), 0.2, 1.0);
    has_share("lost", (lost(&sent), MESSAGES), 0.3, 1.0);
    has_share("lost doubles", (lost(&doubles), doubles.len()), 0.3, 1.0);
    // A copy is lost or not for itself, and so is its double.
    let fate: BTreeMap<_, bool> = sent.iter().map(|m| (m.model(), is_lost(m))).collect();
    let both = doubles.iter().filter(|m| is_lost(m) && fate[&m.model()]);
    has_share("both lost", (both.count(), doubles.len()), 0.09, 1.0);
    // So do links: no two share their luck.
    let of_link = |sender: u64, receiver: u64| -> Vec<bool> {
        let on_link = sent
            .iter()
            .filter(|m| (m.sender, m.receiver) == (sender, receiver));
        on_link.map(is_lost).collect()
    };
    let (there, back) = (of_link(0, 1), of_link(1, 0));
    let together = there.iter().zip(&back).filter(|(a, b)| **a && **b).count();
    has_share("both ways", (together, 300), 0.09, 1.0);
}

/// Whether each model of 400 iterations was lost, for each of 132 links.
fn losses(burst: &str) -> Vec<Vec<bool>> {
    let link = format!("[link]\nburst = {{ {burst} }}\n");
    let run = traced(&scenario(400, "'complete'\nagents = 12", &link));
    let mut by_link: BTreeMap<(u64, u64), Vec<bool>> = BTreeMap::new();
    for message in &run.messages {
        let link = by_link
            .entry((message.sender, message.receiver))
            .or_default();
        link.resize(400, false);
        link[message.stamp as usize] = message.dropped_by == "burst";
    }
    assert_eq!(by_link.len(), 132);
    by_link.into_values().collect()
}

/// The lengths of spells of `state` that begin after the first and before the `until`th iteration.
fn spells(links: &[Vec<bool>], state: bool, until: usize) -> Vec<usize> {
    let mut lengths = Vec::new();
    for link in links {
        for begin in (1..until).filter(|&i| link[i] == state && link[i - 1] != state) {
            let length = link[begin..].iter().take_while(|&&s| s == state).count();
            assert!(begin + length < link.len(), "a spell without an end");
            lengths.push(length);
        }
    }
    lengths
}

#[test]
fn bursts_begin_last_and_lose_as_is_configured() {
    let (enter, leave) = (0.1, 0.25);
    let links = losses("enter = 0.1, leave = 0.25");
    for (what, lost, end) in [("bursts", true, leave), ("between bursts", false, enter)] {
        // Spells have geometric lengths; those that begin 200 iterations before the end are whole.
        let lengths = spells(&links, lost, 200);
        let values: Vec<f64> = lengths.iter().map(|&l| l as f64).collect();
        let expected = (1.0 / end, (1.0_f64 - end).sqrt() / end);
        has_mean(what, &values, expected);
        for length in 1..8 {
            let reach = lengths.iter().filter(|&&l| l > length).count();
            let share = (1.0_f64 - end).powi(length as i32);
            has_share("long spells", (reach, lengths.len()), share, 1.0);
        }
    }
    // A link that is bad now is bad next time with a correlation of 1 − enter − leave.
    let bad = enter / (enter + leave);
    let kept = 1.0 - enter - leave;
    let correlation = (1.0 + kept) / (1.0 - kept);
    let lost = links.iter().flatten().filter(|&&lost| lost).count();
    has_share("lost in bursts", (lost, 132 * 400), bad, correlation);
}

#[test]
fn links_begin_as_they_are_in_the_long_run() {
    let link = "[link]\nburst = { enter = 0.1, leave = 0.25 }\n";
    let run = traced(&scenario(1, "'complete'\nagents = 40", link));
    let lost = run.messages.iter().filter(|m| m.dropped_by == "burst");
    has_share("lost at first", (lost.count(), 40 * 39), 2.0 / 7.0, 1.0);
}

#[test]
fn bursts_lose_a_share_inside_and_outside() {
    let links = losses("enter = 0.1, leave = 0.25, drop_good = 0.1, drop_bad = 0.6");
    let lost = links.iter().flatten().filter(|&&lost| lost).count();
    let share = 2.0 / 7.0 * 0.6 + 5.0 / 7.0 * 0.1;
    // Losses are less correlated than the bursts that they come from.
    let correlation = 1.65 / 0.35;
    has_share("lost", (lost, 132 * 400), share, correlation);
    // Given that two iterations in a row have the link's state in common, losses follow losses.
    let pairs = links.iter().flat_map(|link| link.windows(2));
    let both = pairs.filter(|pair| pair[0] && pair[1]).count();
    // P(bad, bad), P(good, good), and a change in either direction.
    let (bad, good) = (2.0 / 7.0, 5.0 / 7.0);
    let expected = bad * 0.75 * 0.36 + good * 0.9 * 0.01 + (bad * 0.25 + good * 0.1) * 0.06;
    has_share("lost twice", (both, 132 * 399), expected, correlation);
}

// ---- Faults.

#[test]
fn sessions_last_as_long_as_is_configured() {
    // Everyone looks up once in a millisecond, and nobody is up or down for less than 5 ms, so that
    // no session is missed; a session is measured to a millisecond.
    let rest = "[clock]\nmode = 'deadline'\nperiod_ms = 1\ncompute_ms = 0\n[record]\nagents = 'none'\n\
                [[fault]]\nkind = 'churn'\nagents = { range = [0, 9] }\n\
                up_ms = { kind = 'exponential', mean = 95, offset = 5 }\n\
                down_ms = { kind = 'lognormal', median = 40, sigma = 0.5, offset = 5 }\n";
    let plan = plan(&scenario(10_000, "'ring'\nagents = 12", rest));
    let look = |up: &mut Vec<Vec<bool>>, seen: &Seen<'_>| {
        for sample in &seen.round.samples {
            up[sample.agent.index()][seen.round.iteration as usize] = true;
        }
    };
    let (_, up) = watch(&plan, vec![vec![false; 10_000]; 12], look);
    assert!(up[10..].iter().flatten().all(|&up| up), "the others stay");
    assert!(up.iter().all(|up| up[0]), "agents begin up");
    let (up, down) = (
        spells(&up[..10], true, 8_000),
        spells(&up[..10], false, 8_000),
    );
    let [up, down] = [up, down].map(|s| s.iter().map(|&l| l as f64).collect::<Vec<_>>());
    // A session of L ms holds L ticks or one more or less, as likely: of densities of at most 0.02
    // per ms, that is.
    let up_cdf = |t: f64| 1.0 - (-(t - 5.0).max(0.0) / 95.0).exp();
    is_distributed("up", &up, up_cdf, 0.02);
    let down_cdf = |t: f64| normal_cdf(((t - 5.0).max(1e-9) / 40.0).ln() / 0.5);
    is_distributed("down", &down, down_cdf, 0.02);
    has_mean("up", &up, (100.0, 95.0));
    let variance = (0.25_f64.exp() - 1.0) * (40.0 * 0.125_f64.exp()).powi(2);
    has_mean(
        "down",
        &down,
        (5.0 + 40.0 * 0.125_f64.exp(), variance.sqrt()),
    );
}

#[test]
fn what_reaches_an_agent_that_is_down_is_dropped_and_nothing_else() {
    // Models of iteration i arrive at 10·i + 1 + 4 ms.
    let rest = "[clock]\nmode = 'deadline'\nperiod_ms = 10\ncompute_ms = 1\n[link]\ndelay_ms = 4\n\
                [[fault]]\nkind = 'crash'\nagents = [3]\nfrom_ms = 104.0\nto_ms = 205.0\n";
    let run = traced(&scenario(40, "'ring'\nagents = 12", rest));
    for message in &run.messages {
        let expected = message.receiver == 3 && (10..20).contains(&message.stamp);
        assert_eq!(
            message.dropped_by == "receiver-down",
            expected,
            "{message:?}"
        );
        // It is down at the beginning of iterations 11 to 20 and sends nothing then.
        assert!(message.sender != 3 || !(11..=20).contains(&message.stamp));
    }
    assert_eq!(run.messages.len(), 12 * 2 * 40 - 10 * 2);
}

// ---- Compute times.

/// How long each agent computed in each of its iterations [µs].
fn compute_times(clock: &str) -> BTreeMap<(u32, u64), u64> {
    let compute = "compute_ms = { kind = 'lognormal', median = 20, sigma = 0.4, offset = 1 }\n\
                   [[clock.override]]\nagents = { every = 4 }\nspeed = 0.5\n";
    let text = scenario(
        200,
        "'ring'\nagents = 40",
        &format!("[clock]\n{clock}{compute}"),
    );
    let look = |times: &mut BTreeMap<(u32, u64), u64>, seen: &Seen<'_>| {
        for sample in &seen.round.samples {
            let took = sample.adapted_at - sample.started_at;
            times.insert((sample.agent.0, sample.iteration), took.us());
        }
    };
    watch(&plan(&text), BTreeMap::new(), look).1
}

#[test]
fn compute_times_have_the_distribution_that_is_configured_in_all_modes() {
    let synchronous = compute_times("");
    let deadline = compute_times("mode = 'deadline'\nperiod_ms = 500\n");
    let asynchronous = compute_times("mode = 'asynchronous'\n");
    assert_eq!(synchronous.len(), 40 * 200);
    assert_eq!(deadline, synchronous, "one agent's iteration, one time");
    let in_common = asynchronous
        .keys()
        .filter(|key| synchronous.contains_key(key));
    assert!(in_common.clone().count() > 6_000);
    for key in in_common {
        assert_eq!(asynchronous[key], synchronous[key], "{key:?}");
    }
    for (what, slow, factor) in [("fast", false, 1.0), ("slow", true, 0.5)] {
        let chosen = synchronous
            .iter()
            .filter(|((k, _), _)| k.is_multiple_of(4) == slow);
        let times: Vec<u64> = chosen.map(|(_, &us)| us).collect();
        assert_eq!(times.len(), if slow { 2_000 } else { 6_000 });
        let times: Vec<f64> = ms(&times).iter().map(|t| t * factor).collect();
        let cdf = |t: f64| normal_cdf(((t - 1.0) / 20.0).ln() / 0.4);
        is_distributed(what, &times, cdf, 0.001);
    }
}

// ---- Accounting.

/// Losses, doubles, attackers, narrow lines and absent agents, all at once.
const BUSY: &str = "
[rule]
kind = 'loss'
[topology]
kind = 'regular'
agents = 20
degree = 6
redraw_every_iterations = 9
[link]
delay_ms = { kind = 'exponential', mean = 15 }
drop = 0.1
duplicate = 0.1
burst = { enter = 0.1, leave = 0.3 }
uplink_mbps = 1
downlink_mbps = 2
model_bytes = 125
[[attack]]
agents = [1, 8]
kind = 'sign-flip'
timing = { kind = 'flood', copies = 20 }
[[attack]]
agents = [2, 9]
kind = 'non-finite'
share = 0.5
[[fault]]
kind = 'churn'
agents = { range = [12, 19] }
up_ms = { kind = 'exponential', mean = 300 }
down_ms = { kind = 'exponential', mean = 50 }
[[fault]]
kind = 'partition'
groups = [[0, 1, 2, 3, 4]]
from_ms = 200.0
to_ms = 500.0
";

/// Recounts a run from its rows and compares every count of the summary.
fn recount(name: &str, clock: &str, is_late: impl Fn(&Traced, &messages::Message) -> bool) {
    let text =
        format!("iterations = 60\n[task]\nkind = 'target-localization'\n{BUSY}[clock]\n{clock}");
    let run = traced(&text);
    let told = |what: &str| run.summary.number(&["messages", what]).expect("a count") as u64;
    let count = |is: &dyn Fn(&messages::Message) -> bool| -> u64 {
        let counted = run.messages.iter().filter(|m| is(m));
        counted.map(|m| m.copies).sum()
    };
    let mut ends = 0;
    for fate in ["delivered", "dropped", "expired", "malformed", "in_flight"] {
        let found = count(&|m| m.fate == fate);
        println!("{name}: {found} {fate}");
        assert_eq!(found, told(fate), "{name}: {fate}");
        ends += found;
    }
    let sent = count(&|m| !m.is_duplicate());
    assert_eq!(sent, told("sent"), "{name}");
    assert_eq!(ends - sent, told("duplicated"), "{name}");
    assert_eq!(sent * 125, told("bytes"), "{name}");
    assert_eq!(count(&|m| m.used), told("used"), "{name}");
    let late = count(&|m| m.fate == "delivered" && is_late(&run, m));
    assert_eq!(late, told("late"), "{name}");
    let delivery = run.summary.number(&["latency", "delivery_ms", "count"]);
    assert_eq!(delivery, Some(told("delivered") as f64), "{name}");
    for cause in ["link", "burst", "partition", "receiver-down", "flood-bound"] {
        assert!(
            count(&|m| m.dropped_by == cause) > 0,
            "{name}: none by {cause}"
        );
    }
    for what in ["malformed", "duplicated", "used"] {
        assert!(told(what) > 0, "{name}: none {what}");
    }
}

#[test]
fn every_copy_of_a_synchronous_run_is_counted_once() {
    recount("synchronous", "quorum = 0.7\n", |run, message| {
        let at = message.arrives.expect("it arrives");
        let key = (message.receiver, message.stamp);
        match run.combined.get(&key) {
            Some(&combined) => at > combined,
            None => at > run.ends[message.stamp as usize],
        }
    });
}

#[test]
fn every_copy_of_a_run_with_deadlines_is_counted_once() {
    let clock = "mode = 'deadline'\nperiod_ms = 30\nmax_age_iterations = 1\n";
    recount("deadline", clock, |_, message| {
        message.arrives.expect("it arrives") > (message.stamp + 1) * 30_000
    });
}

#[test]
fn every_copy_of_an_asynchronous_run_is_counted_once() {
    let clock = "mode = 'asynchronous'\nmax_age_ms = 40\n\
                 compute_ms = { kind = 'lognormal', median = 10, sigma = 0.5 }\n";
    recount("asynchronous", clock, |_, _| false);
}
