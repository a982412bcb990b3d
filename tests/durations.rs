//! How long iterations take, in simulated time: as much as queues, delays and order statistics say.
//!
//! Times that are constant give exact durations. Of random ones the mean is tested, within four
//! standard errors, which follow from the same theory.

mod shipped;
mod timed;

use byzsim::record::Seen;
use shipped::{side_by_side, watch};
use timed::{has_mean, has_share, ms, plan, rounds, summary};

/// A scenario that learns by averaging, over a network.
fn scenario(iterations: u32, topology: &str, rest: &str) -> String {
    format!(
        "iterations = {iterations}\n[task]\nkind = 'target-localization'\n\
         [rule]\nkind = 'average'\n[record]\nagents = 'none'\nweights = 'none'\n\
         [topology]\nkind = {topology}\n{rest}"
    )
}

const COMPLETE: &str = "'complete'\nagents = 8";
/// Directed links of that network.
const LINKS: usize = 8 * 7;

// ---- Constant times.

/// Checks that every iteration takes so long [µs].
#[track_caller]
fn takes(us: u64, topology: &str, rest: &str) {
    let found = rounds(&scenario(6, topology, rest));
    assert_eq!(found, [us; 6], "{topology}\n{rest}");
}

#[test]
fn a_round_is_computing_and_the_delay_of_the_slowest_link() {
    takes(10_001, COMPLETE, "");
    takes(15_000, COMPLETE, "[link]\ndelay_ms = 5\n");
    takes(1, COMPLETE, "[clock]\ncompute_ms = 0\n");
    // Who computes longest keeps everyone waiting, neighbor or not: its own do, and the next
    // iteration begins for all at once.
    let slow = "[clock]\n[[clock.override]]\nagents = [3]\nspeed = 0.1\n";
    takes(100_001, "'ring'\nagents = 12", slow);
    let far = "[link]\ndelay_ms = 5\n[[link.override]]\nfrom = [0]\nto = [1]\ndelay_ms = 70\n";
    takes(80_000, "'ring'\nagents = 12", far);
    // A link that is not there is no delay.
    let far = "[link]\ndelay_ms = 5\n[[link.override]]\nfrom = [0]\nto = [5]\ndelay_ms = 70\n";
    takes(15_000, "'ring'\nagents = 12", far);
    // Alone, there is nothing to wait for.
    takes(10_000, "'complete'\nagents = 1", "[link]\ndelay_ms = 5\n");
}

/// A model of 1,250 bytes takes 10 ms at 1 Mbps.
const UPLINK: &str = "[link]\ndelay_ms = 5\nmodel_bytes = 1250\nuplink_mbps = 1\n";
const DOWNLINK: &str = "[link]\ndelay_ms = 5\nmodel_bytes = 1250\ndownlink_mbps = 1\n";

#[test]
fn an_uplink_sends_one_model_after_another() {
    for (degree, topology) in [
        (2, "'ring'\nagents = 12"),
        (7, COMPLETE),
        (4, "'regular'\nagents = 12\ndegree = 4"),
        // The hub sends to eleven.
        (11, "'star'\nagents = 12"),
    ] {
        takes(15_000 + degree * 10_000, topology, UPLINK);
    }
    // Two parameters of four bytes are 64 bits, at 0.01 Mbps 6.4 ms.
    let narrow = "[link]\ndelay_ms = 5\nuplink_mbps = 0.01\n";
    takes(15_000 + 7 * 6_400, COMPLETE, narrow);
}

/// An attacker's three copies for each of seven neighbors are 21, and the last neighbor's first one
/// leaves as the nineteenth. The other two take until 220 ms; the next iteration's model is there at
/// 215 ms and waits for 5 ms.
#[test]
fn an_uplink_has_its_queue_from_one_iteration_to_the_next() {
    let flood = format!(
        "{UPLINK}flood_bound = 3\n[[attack]]\nagents = [4]\nkind = 'sign-flip'\n\
         timing = {{ kind = 'flood', copies = 100 }}\n"
    );
    let found = rounds(&scenario(4, COMPLETE, &flood));
    assert_eq!(found, [205_000, 210_000, 210_000, 210_000]);
}

#[test]
fn a_downlink_receives_one_model_after_another() {
    for (degree, topology) in [
        (2, "'ring'\nagents = 12"),
        (7, COMPLETE),
        (11, "'star'\nagents = 12"),
    ] {
        takes(15_000 + degree * 10_000, topology, DOWNLINK);
    }
}

/// Agent r gets r models, from lower numbers' (r)th place in their queues, at r·10 ms, and those of
/// n − 1 − r others 10 ms later. Its downlink is never idle from then on: the last one is through
/// at (r + n − 1)·10 ms, for r = 0 at n·10 ms. The last agent is the slowest.
#[test]
fn uplink_and_downlink_are_two_queues() {
    for n in 2_u64..10 {
        let topology = format!("'complete'\nagents = {n}");
        let both = format!("{UPLINK}downlink_mbps = 1\n");
        takes(15_000 + 2 * (n - 1) * 10_000, &topology, &both);
    }
    // A downlink that is twice as fast never makes anybody wait but for the models of one moment:
    // n − 1 of them reach the last agent at once.
    let both = format!("{UPLINK}downlink_mbps = 2\n");
    takes(15_000 + 7 * 10_000 + 7 * 5_000, COMPLETE, &both);
}

#[test]
fn attackers_can_hold_up_everyone() {
    let delay = "[[attack]]\nagents = [4]\nkind = 'sign-flip'\ntiming = { kind = 'delay', ms = 90 }\nvictims = [2]\n";
    takes(105_000, COMPLETE, &format!("[link]\ndelay_ms = 5\n{delay}"));
    // With a quorum, nobody waits for the last one.
    let quorum = format!("[link]\ndelay_ms = 5\n{delay}[clock]\nquorum = 0.85\n");
    takes(15_000, COMPLETE, &quorum);
    // Nobody waits for the silent: it is known at the start that nothing comes.
    let silent = "[[attack]]\nagents = { range = [1, 7] }\nkind = 'sign-flip'\ntiming = { kind = 'silent' }\n";
    takes(15_000, COMPLETE, &format!("[link]\ndelay_ms = 5\n{silent}"));
}

#[test]
fn deadlines_come_when_they_come() {
    let link = "[link]\ndelay_ms = { kind = 'exponential', mean = 300 }\n";
    let clock = "[clock]\nmode = 'deadline'\nperiod_ms = 20.5\n";
    takes(20_500, COMPLETE, &format!("{link}{clock}"));
    let text = scenario(6, COMPLETE, &format!("{link}{clock}"));
    let end = |text: &str| summary(text).number(&["simulated_ms"]);
    assert_eq!(end(&text), Some(123.0));
    // An iteration that would end after the end of the run is left out.
    assert_eq!(end(&format!("until_ms = 50\n{text}")), Some(41.0));
    assert_eq!(end(&format!("until_ms = 41\n{text}")), Some(41.0));
}

#[test]
fn synchronous_runs_end_with_the_last_iteration_that_is_complete() {
    // Iterations of 15 ms.
    let text = scenario(6, COMPLETE, "[link]\ndelay_ms = 5\n");
    for (until, iterations) in [
        ("15", 1),
        ("29.999", 1),
        ("30", 2),
        ("89.999", 5),
        ("1000", 6),
    ] {
        let text = format!("until_ms = {until}\n{text}");
        assert_eq!(rounds(&text), vec![15_000; iterations], "{until}");
        let end = summary(&text).number(&["simulated_ms"]);
        assert_eq!(end, Some(15.0 * iterations as f64), "{until}");
    }
}

#[test]
fn asynchronous_runs_end_when_the_median_agent_is_done() {
    let clock =
        "[clock]\nmode = 'asynchronous'\n[[clock.override]]\nagents = [0, 1, 2]\nspeed = 0.1\n";
    let end = |text: &str| summary(text).number(&["simulated_ms"]);
    assert_eq!(end(&scenario(50, COMPLETE, clock)), Some(500.0));
    // With four of eight slow ones the lower median is a fast one, with five a slow one.
    let four = clock.replace("2]", "2, 3]");
    assert_eq!(end(&scenario(50, COMPLETE, &four)), Some(500.0));
    let five = clock.replace("2]", "2, 3, 4]");
    assert_eq!(end(&scenario(50, COMPLETE, &five)), Some(5000.0));
    let text = scenario(50, COMPLETE, clock);
    assert_eq!(end(&format!("until_ms = 77.7\n{text}")), Some(77.7));
}

// ---- Random times: order statistics.

/// The sum of 1/i^power for i from 1 to m.
fn harmonic(m: usize, power: i32) -> f64 {
    (1..=m).map(|i| (i as f64).powi(-power)).sum()
}

/// Mean and standard deviation of a time X ≥ 0 with this P(X > t), which is nothing from `end` on.
fn moments(survival: impl Fn(f64) -> f64, end: f64) -> (f64, f64) {
    let steps = 100_000;
    let h = end / f64::from(steps);
    let (mut first, mut second) = (0.0, 0.0);
    for step in 0..steps {
        let t = (f64::from(step) + 0.5) * h;
        let p = survival(t) * h;
        first += p;
        second += 2.0 * t * p;
    }
    (first, (second - first * first).sqrt())
}

/// P(at least k of n independent events of probability p).
fn at_least(k: usize, n: usize, p: f64) -> f64 {
    let choose = |j: usize| {
        let factors = (0..j).map(|i| (n - i) as f64 / (j - i) as f64);
        factors.product::<f64>()
    };
    let exactly = |j: usize| choose(j) * p.powi(j as i32) * (1.0 - p).powi((n - j) as i32);
    (k..=n).map(exactly).sum()
}

const ROUNDS: u32 = 2000;

/// Checks the mean duration of a round, which consists of 10 ms of computing and what follows.
#[track_caller]
fn takes_on_average(what: &str, rest: &str, (mean, deviation): (f64, f64)) {
    let found = ms(&rounds(&scenario(ROUNDS, COMPLETE, rest)));
    assert_eq!(found.len(), ROUNDS as usize);
    has_mean(what, &found, (10.0 + mean, deviation));
}

#[test]
fn a_round_lasts_as_long_as_the_slowest_of_all_models() {
    // The greatest of m exponential delays has the mean H_m and the variance Σ 1/i².
    let deviation = 20.0 * harmonic(LINKS, 2).sqrt();
    takes_on_average(
        "exponential",
        "[link]\ndelay_ms = { kind = 'exponential', mean = 20 }\n",
        (20.0 * harmonic(LINKS, 1), deviation),
    );
    takes_on_average(
        "exponential with an offset",
        "[link]\ndelay_ms = { kind = 'exponential', mean = 20, offset = 7 }\n",
        (7.0 + 20.0 * harmonic(LINKS, 1), deviation),
    );
    // The greatest of m uniform ones is at m/(m + 1).
    let m = LINKS as f64;
    takes_on_average(
        "uniform",
        "[link]\ndelay_ms = { kind = 'uniform', low = 5, high = 45 }\n",
        (
            5.0 + 40.0 * m / (m + 1.0),
            40.0 * (m / (m + 2.0)).sqrt() / (m + 1.0),
        ),
    );
    let survival = |t: f64| 1.0 - timed::normal_cdf((t / 20.0).ln() / 0.5).powf(m);
    takes_on_average(
        "lognormal",
        "[link]\ndelay_ms = { kind = 'lognormal', median = 20, sigma = 0.5 }\n",
        moments(survival, 1000.0),
    );
}

#[test]
fn with_a_quorum_a_round_lasts_until_the_last_agent_has_enough() {
    for (quorum, needed) in [(0.14, 1), (0.5, 4), (0.75, 6), (1.0, 7)] {
        // Who needs k of 7 waits for the kth of them; the slowest of eight agents ends the round.
        let enough = |t: f64| at_least(needed, 7, 1.0 - (-t / 20.0_f64).exp());
        let rest = format!(
            "[link]\ndelay_ms = {{ kind = 'exponential', mean = 20 }}\n[clock]\nquorum = {quorum}\n"
        );
        let expected = moments(|t| 1.0 - enough(t).powi(8), 1000.0);
        takes_on_average(&format!("quorum {quorum}"), &rest, expected);

        // Each agent by itself: the kth of 7 has the mean H_7 − H_(7−k).
        let text = scenario(ROUNDS, COMPLETE, &rest);
        let look = |waits: &mut Vec<u64>, seen: &Seen<'_>| {
            let samples = seen.round.samples.iter();
            waits.extend(samples.map(|s| (s.combined_at - s.adapted_at).us()));
        };
        let waits = ms(&watch(&plan(&text), Vec::new(), look).1);
        assert_eq!(waits.len(), 8 * ROUNDS as usize);
        let between = |power| harmonic(7, power) - harmonic(7 - needed, power);
        let expected = (20.0 * between(1), 20.0 * between(2).sqrt());
        has_mean(&format!("wait at quorum {quorum}"), &waits, expected);
    }
}

#[test]
fn a_round_lasts_as_long_as_the_slowest_agent_computes() {
    let clock = "[clock]\ncompute_ms = { kind = 'lognormal', median = 20, sigma = 0.5 }\n";
    let slowest = |t: f64| timed::normal_cdf((t / 20.0).ln() / 0.5).powi(8);
    let (mean, deviation) = moments(|t| 1.0 - slowest(t), 1000.0);
    // The 10 ms that `takes_on_average` adds are not here, but the microsecond is.
    takes_on_average("slowest of 8", clock, (mean - 10.0 + 0.001, deviation));
    // Twice as fast takes half as long.
    let fast = format!("{clock}speed = 2\n");
    takes_on_average(
        "twice as fast",
        &fast,
        (mean / 2.0 - 10.0 + 0.001, deviation / 2.0),
    );
}

#[test]
fn an_agent_alone_takes_the_sum_of_its_compute_times() {
    let clock = "[clock]\nmode = 'asynchronous'\n\
                 compute_ms = { kind = 'lognormal', median = 20, sigma = 0.5 }\n";
    let text = scenario(ROUNDS, "'complete'\nagents = 1", clock);
    let end = summary(&text).number(&["simulated_ms"]).expect("an end");
    let mean = 20.0 * (0.125_f64).exp();
    let deviation = mean * (0.25_f64.exp() - 1.0).sqrt();
    // The mean of so many: one value with so much smaller a deviation.
    let n = f64::from(ROUNDS);
    has_mean("alone", &[end / n], (mean, deviation / n.sqrt()));
}

// ---- Sending again.

/// The greatest of m independent numbers of losses in a row: mean and standard deviation.
fn most_losses(p: f64, m: i32) -> (f64, f64) {
    // P(at least j) of the greatest.
    let beyond = |j: i32| 1.0 - (1.0 - p.powi(j)).powi(m);
    let first: f64 = (1..2000).map(beyond).sum();
    let second: f64 = (1..2000).map(|j| f64::from(2 * j - 1) * beyond(j)).sum();
    (first, (second - first * first).sqrt())
}

#[test]
fn a_model_is_sent_again_as_often_as_it_is_lost() {
    let cases = [(0.1, 0), (0.5, 0), (0.5, 20), (0.9, 3)];
    let outcomes = side_by_side(&cases, |&(p, delay)| {
        let link = format!("[link]\ndrop = {p}\nretransmit_ms = 7\ndelay_ms = {delay}\n");
        let text = scenario(ROUNDS, COMPLETE, &link);
        (ms(&rounds(&text)), summary(&text))
    });
    for ((p, delay), (found, summary)) in cases.into_iter().zip(outcomes) {
        let (losses, deviation) = most_losses(p, LINKS as i32);
        // Again n·7 ms after the first time, whatever the delay is.
        let mean = 10.0 + f64::from(delay).max(0.001) + 7.0 * losses;
        has_mean(&format!("drop {p}"), &found, (mean, 7.0 * deviation));

        let count = |what: &str| summary.number(&["messages", what]).expect("a count") as usize;
        let models = LINKS * ROUNDS as usize;
        assert_eq!(count("delivered"), models, "each arrives once");
        assert_eq!(count("sent"), models + count("dropped"));
        has_share("lost attempts", (count("dropped"), count("sent")), p, 1.0);
    }
}

#[test]
fn lost_models_use_the_uplink_all_the_same() {
    // The first of four is lost, and the others wait behind it.
    let link = "[link]\nmodel_bytes = 1250\nuplink_mbps = 1\n[[link.override]]\nfrom = [0]\nto = [1]\ndrop = 1.0\n";
    let topology = "'complete'\nagents = 5";
    takes(10_000 + 40_000, topology, link);
    let burst = link.replace("drop = 1.0", "burst = { enter = 1, leave = 0 }");
    takes(10_000 + 40_000, topology, &burst);
}
