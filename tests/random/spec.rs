//! Random scenarios: what is drawn, independent of each other as far as possible, so that a failing
//! one can be made smaller piece by piece.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use std::fmt;

/// What a scenario is made of. Whatever depends on something else, such as an agent's number on
/// how many there are, is settled when the text is made.
#[derive(Clone)]
pub struct Spec {
    pub mode: Mode,
    pub agents: usize,
    pub iterations: u64,
    pub seed: u64,
    pub task: Task,
    pub until_ms: Option<u64>,
    pub links_seed: Option<u64>,
    pub topology: Topology,
    pub clock: Clock,
    pub link: Vec<String>,
    pub retransmit: Vec<String>,
    pub link_overrides: Vec<LinkOverride>,
    pub faults: Vec<Fault>,
    pub rule: Vec<String>,
    pub rule_overrides: Vec<(Agents, Vec<String>)>,
    pub learner: Vec<String>,
    pub learner_overrides: Vec<(Agents, Vec<String>)>,
    /// By agent: 0 for a normal one, or which attack it is at.
    pub roles: Vec<usize>,
    /// Who is normal whatever the roles say.
    pub normal: usize,
    pub attacks: Vec<Attack>,
}

impl Spec {
    /// The same whose attacks and faults begin with the run.
    pub fn without_spans(&self) -> Spec {
        let mut spec = self.clone();
        spec.until_ms = None;
        spec.attacks
            .iter_mut()
            .for_each(|attack| attack.active = None);
        spec.faults.iter_mut().for_each(|fault| fault.from = 0);
        spec
    }
}

/// A failing one is shown as its text.
impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write().text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Synchronous,
    Deadline,
    Asynchronous,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    Localization,
    Activity,
    /// Dimension, kind of covariance, and keys.
    Regression(usize, usize, Vec<String>),
}

/// A way to choose agents, and the numbers for it.
#[derive(Clone, Debug)]
pub struct Agents {
    pub way: usize,
    pub numbers: u32,
}

/// Its ends, and from when on and how long it is there [ms], if not always.
pub type Edge = (usize, usize, Option<(u64, u64)>);

#[derive(Clone, Debug)]
pub struct Topology {
    pub kind: usize,
    pub degree: usize,
    pub redraw: Option<u64>,
    pub fanout: Option<u64>,
    /// Edges of a file.
    pub edges: Vec<Edge>,
    pub directed: bool,
}

#[derive(Clone, Debug)]
pub struct Clock {
    pub compute: Vec<String>,
    /// Whether computing takes no time where that is legal.
    pub at_once: bool,
    pub synchronous: Vec<String>,
    pub deadline: Vec<String>,
    pub asynchronous: Vec<String>,
    pub period: String,
    pub overrides: Vec<(Agents, Vec<String>)>,
}

#[derive(Clone, Debug)]
pub struct LinkOverride {
    pub both_ways: bool,
    pub from: Agents,
    pub to: Agents,
    pub keys: Vec<String>,
    /// Where models are sent again at all.
    pub retransmit: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: usize,
    pub agents: Agents,
    pub by_iteration: bool,
    pub from: u64,
    pub lasts: Option<u64>,
    pub up: String,
    pub down: String,
}

#[derive(Clone, Debug)]
pub struct Attack {
    pub payload: String,
    pub timing: usize,
    pub amount: u64,
    pub victims: Option<Agents>,
    pub per_victim: Option<bool>,
    pub active: Option<String>,
    /// Whether its agent is drawn by the program.
    pub random: bool,
}

/// Keys that may be there, each with its probability.
macro_rules! keys {
    ($(($probability:expr, $name:literal, $value:expr)),* $(,)?) => {{
        let all: Vec<BoxedStrategy<Option<String>>> = vec![$({
            let line = $value.prop_map(|value| format!("{} = {value}", $name));
            weighted($probability, line).boxed()
        }),*];
        all.prop_map(|lines| lines.into_iter().flatten().collect::<Vec<String>>())
    }};
}

/// One of these words, quoted.
fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(|word| format!("'{word}'"))
}

/// One of these values, as they are written.
fn written(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

fn one_of(values: &'static [f64]) -> impl Strategy<Value = f64> {
    prop::sample::select(values)
}

/// Nothing, or what stands behind a number's point: times need not be whole, nor moments what can
/// be told exactly in milliseconds.
fn fraction() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => prop::sample::select(vec![".5", ".3336", ".0004", ".9999"])]
}

/// A distribution of times [ms], none of them below `least`.
fn times(least: u64) -> impl Strategy<Value = String> {
    let shape = prop_oneof![
        3 => (0u64..50, fraction()).prop_map(move |(x, part)| {
            format!("value = {}{part}|constant", x + least)
        }),
        2 => (0u64..30, 1u64..40, fraction()).prop_map(move |(low, more, part)| {
            format!("low = {}{part}, high = {}|uniform", low + least, low + least + more + 1)
        }),
        2 => (1u64..30, 1u64..15).prop_map(|(mean, std)| format!("mean = {mean}, std = {std}|normal")),
        2 => (1u64..30).prop_map(|mean| format!("mean = {mean}|exponential")),
        2 => (1u64..30, 1u64..8)
            .prop_map(|(median, sigma)| format!("median = {median}, sigma = 0.{sigma}|lognormal")),
        2 => (1u64..20, 1u64..4)
            .prop_map(|(scale, shape)| format!("scale = {scale}, shape = {shape}|pareto")),
        2 => word(&["random", "sequence"])
            .prop_map(|order| format!("path = 'times.csv', order = {order}|empirical")),
    ];
    let offset = weighted(0.3, 0u64..10);
    let cap = weighted(0.3, 30u64..60);
    (shape, offset, cap).prop_map(move |(shape, offset, cap)| {
        let (keys, kind) = shape.split_once('|').expect("both");
        // Only constants and uniform ones have a least value of their own.
        let offset = match (kind, offset) {
            ("constant" | "uniform", offset) => offset,
            (_, offset) => offset.map(|o| o + least).or((least > 0).then_some(least)),
        };
        // A cap below what cannot be less is refused.
        let cap = cap.filter(|_| !["constant", "uniform"].contains(&kind));
        if kind == "constant" && offset.is_none() && cap.is_none() {
            return keys.trim_start_matches("value = ").to_owned();
        }
        let offset = offset.map_or(String::new(), |o| format!(", offset = {o}"));
        let cap = cap.map_or(String::new(), |c| format!(", cap = {c}"));
        format!("{{ kind = '{kind}', {keys}{offset}{cap} }}")
    })
}

fn agents() -> impl Strategy<Value = Agents> {
    (0usize..7, 1u32..1 << 12).prop_map(|(way, numbers)| Agents { way, numbers })
}

fn schedule(values: &'static [f64]) -> impl Strategy<Value = String> {
    (one_of(values), weighted(0.3, 1u64..9)).prop_map(|(initial, rate)| match rate {
        None => format!("{initial:?}"),
        Some(rate) => format!("{{ kind = 'decay', initial = {initial:?}, rate = 0.0{rate} }}"),
    })
}

const FORGETTING: &[f64] = &[0.1, 0.05, 0.5, 1.0];

fn rule() -> impl Strategy<Value = Vec<String>> {
    let kind = |kind: &str, keys: BoxedStrategy<Vec<String>>| {
        let first = format!("kind = '{kind}'");
        keys.prop_map(move |mut keys| {
            keys.insert(0, first.clone());
            keys
        })
    };
    let none = || Just(Vec::new()).boxed();
    let loss = keys![
        (0.5, "forgetting", schedule(FORGETTING)),
        (0.5, "initial", one_of(&[10.0, 0.0, 100.0])),
        (0.5, "filter", any::<bool>()),
        (0.5, "baseline", word(&["zero", "own"])),
        (0.5, "judge", word(&["current", "fresh"])),
        (0.75, "unseen", word(&["keep", "decay", "reset"])),
        (0.6, "age_discount", one_of(&[0.9, 0.5, 1.0])),
    ];
    let distance = keys![
        (0.5, "forgetting", schedule(FORGETTING)),
        (0.5, "initial", one_of(&[10.0, 0.0, 100.0])),
        (0.4, "power", one_of(&[1.0, 2.0, 3.0])),
        (0.8, "reference", word(&["previous", "one-step-ahead"])),
    ];
    prop_oneof![
        10 => kind("loss", loss.boxed()),
        4 => kind("distance", distance.boxed()),
        3 => kind("metropolis", none()),
        3 => kind("average", none()),
        3 => kind("no-cooperation", none()),
    ]
}

fn learner() -> impl Strategy<Value = Vec<String>> {
    let adam = keys![
        (0.5, "beta1", one_of(&[0.0, 0.5, 0.99])),
        (0.5, "beta2", one_of(&[0.0, 0.9])),
        (0.5, "epsilon", one_of(&[1.0, 1e-3])),
    ];
    let optimizer = prop_oneof![
        5 => Just(Vec::new()),
        1 => Just(vec!["optimizer = 'sgd'".to_owned()]),
        2 => adam.prop_map(|mut keys| {
            keys.insert(0, "optimizer = 'adam'".to_owned());
            keys
        }),
    ];
    let keys = keys![
        // The greatest throws an agent out of all numbers.
        (0.6, "step_size", schedule(&[0.1, 0.05, 0.4, 0.2, 1e25])),
        (0.4, "steps_per_exchange", 1u64..4),
        (0.4, "adapt_probability", one_of(&[0.5, 0.9, 0.0])),
    ];
    (optimizer, keys).prop_map(|(optimizer, keys)| [optimizer, keys].concat())
}

/// Keys of a link that an override may set, too.
fn link() -> impl Strategy<Value = Vec<String>> {
    let burst = (1u64..9, 1u64..9, 0u64..2, 3u64..10).prop_map(|(enter, leave, good, bad)| {
        format!(
            "{{ enter = 0.{enter}, leave = 0.{leave}, drop_good = 0.0{good}, drop_bad = 0.{bad} }}"
        )
    });
    keys![
        (0.7, "delay_ms", times(0)),
        (0.4, "drop", one_of(&[0.1, 0.3, 0.02, 0.6])),
        (0.4, "duplicate", one_of(&[0.2, 0.5, 1.0])),
        (0.35, "burst", burst),
        (0.35, "uplink_mbps", one_of(&[10.0, 1.0, 0.05, 0.01])),
        (0.35, "downlink_mbps", one_of(&[10.0, 1.0, 0.05, 0.01])),
        (
            0.35,
            "model_bytes",
            prop::sample::select(vec![8u64, 100, 1250, 3000])
        ),
    ]
}

fn link_override() -> impl Strategy<Value = LinkOverride> {
    let flood = keys![(0.2, "flood_bound", 1u64..8)];
    let retransmit = keys![(0.5, "retransmit_ms", 1u64..30)];
    let keys = (link(), flood, retransmit);
    (any::<bool>(), agents(), agents(), keys).prop_map(
        |(both_ways, from, to, (mut keys, flood, retransmit))| {
            keys.extend(flood);
            LinkOverride {
                both_ways,
                from,
                to,
                keys,
                retransmit,
            }
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    let span = (any::<bool>(), 0u64..25, weighted(0.8, 1u64..15));
    (0usize..4, agents(), span, times(3), times(1)).prop_map(
        |(kind, agents, (by_iteration, from, lasts), up, down)| Fault {
            kind,
            agents,
            by_iteration,
            from,
            lasts,
            up,
            down,
        },
    )
}

fn attack() -> impl Strategy<Value = Attack> {
    let payload = prop_oneof![
        (any::<bool>()).prop_map(|fresh| {
            format!("kind = 'uniform'\nlow = 9.0\nhigh = 16.5\nfresh = {fresh}")
        }),
        Just("kind = 'constant'\nvalue = 12.5".to_owned()),
        Just("kind = 'gaussian'\nmean = 12\nstd = 2".to_owned()),
        Just("kind = 'add-noise'\nstd = 0.5".to_owned()),
        Just("kind = 'scale'\nfactor = 1.05".to_owned()),
        Just("kind = 'scale'\nfactor = { low = 0.9, high = 1.1 }".to_owned()),
        Just("kind = 'sign-flip'".to_owned()),
        Just("kind = 'non-finite'\nshare = 0.5".to_owned()),
        Just("kind = 'wrong-length'\nshare = 0.5".to_owned()),
        Just("kind = 'empty'".to_owned()),
    ];
    let active = prop_oneof![
        (0u64..10, 1u64..20).prop_map(|(from, lasts)| {
            format!("from_iteration = {from}, to_iteration = {}", from + lasts)
        }),
        (0u64..200, 1u64..300)
            .prop_map(|(from, lasts)| format!("from_ms = {from}, to_ms = {}", from + lasts)),
        (1u64..6, 1u64..6).prop_map(|(a, b)| {
            format!(
                "period_iterations = {}, on_iterations = {}",
                a.max(b),
                a.min(b)
            )
        }),
    ];
    let who = (
        weighted(0.4, agents()),
        weighted(0.5, any::<bool>()),
        any::<bool>(),
    );
    (payload, 0usize..9, 1u64..12, who, weighted(0.5, active)).prop_map(
        |(payload, timing, amount, (victims, per_victim, random), active)| Attack {
            payload,
            timing,
            amount,
            victims,
            per_victim,
            active,
            random,
        },
    )
}

fn topology() -> impl Strategy<Value = Topology> {
    let window = weighted(0.6, (0u64..300, 1u64..400));
    let edges = vec((0usize..12, 0usize..12, window), 1..30);
    let often = (weighted(0.5, 1u64..12), weighted(0.3, 1u64..5));
    (0usize..12, 0usize..5, often, edges, any::<bool>()).prop_map(
        |(kind, degree, (redraw, fanout), edges, directed)| Topology {
            kind,
            degree,
            redraw,
            fanout,
            edges,
            directed,
        },
    )
}

fn clock() -> impl Strategy<Value = Clock> {
    let compute = keys![(0.7, "compute_ms", times(4))];
    let synchronous = keys![(0.6, "quorum", one_of(&[1.0, 0.75, 0.5, 0.3, 0.0]))];
    let deadline = keys![
        (0.9, "late", word(&["use", "discard"])),
        (0.7, "missing", word(&["skip", "hold"])),
        (0.5, "max_age_iterations", 0u64..4),
    ];
    let asynchronous = keys![
        (0.6, "missing", word(&["hold", "skip"])),
        (0.6, "max_age_ms", 5u64..80),
    ];
    let own = keys![
        (0.7, "speed", one_of(&[2.0, 0.5, 0.3])),
        (0.5, "compute_ms", times(4)),
    ];
    let overrides = vec((agents(), own), 0..3);
    let of_modes = (synchronous, deadline, asynchronous);
    let period = (15u64..60, fraction()).prop_map(|(whole, part)| format!("{whole}{part}"));
    let compute = (compute, prop::bool::weighted(0.1));
    (compute, of_modes, period, overrides).prop_map(
        |((compute, at_once), (synchronous, deadline, asynchronous), period, overrides)| Clock {
            compute,
            at_once,
            synchronous,
            deadline,
            asynchronous,
            period,
            overrides,
        },
    )
}

fn task() -> impl Strategy<Value = Task> {
    let keys = keys![
        (0.6, "batch", 1u64..5),
        (
            0.5,
            "noise",
            written(&["0.1", "2", "{ low = 0, high = 1 }"])
        ),
        (0.4, "groups", Just(1)),
        (0.4, "distance", one_of(&[0.0, 0.5, 8.0])),
        (0.4, "initial_std", one_of(&[0.0, 3.0])),
    ];
    let regression = (1usize..10, 0usize..4, keys);
    prop_oneof![
        80 => Just(Task::Localization),
        8 => Just(Task::Activity),
        30 => regression.prop_map(|(d, covariance, keys)| Task::Regression(d, covariance, keys)),
    ]
}

/// The whole space.
pub fn spec() -> impl Strategy<Value = Spec> {
    let mode = prop_oneof![
        4 => Just(Mode::Synchronous),
        5 => Just(Mode::Deadline),
        4 => Just(Mode::Asynchronous)
    ];
    let agents_of = prop_oneof![1 => 1usize..4, 6 => 4usize..13];
    let until = weighted(0.2, prop_oneof![3 => 100u64..900, 1 => 1u64..100]);
    let seeds = (1u64..1000, weighted(0.2, 1u64..1000));
    let base = (mode, agents_of, 5u64..41, seeds, task(), until);
    let retransmit = keys![
        (0.75, "retransmit_ms", 1u64..30),
        (
            0.8,
            "retransmit_limit",
            prop::sample::select(vec![100u64, 8, 8, 2])
        ),
    ];
    let links = (link(), retransmit, vec(link_override(), 0..4));
    let rules = (rule(), vec((agents(), rule()), 0..3));
    let learners = (learner(), vec((agents(), learner()), 0..3));
    let who = vec(
        prop_oneof![3 => Just(0usize), 2 => Just(1), 2 => Just(2), 1 => Just(3), 1 => Just(4)],
        12,
    );
    let attacks = (who, 0usize..12, vec(attack(), 0..5));
    let flood = keys![(0.5, "flood_bound", 1u64..8)];
    (
        base,
        topology(),
        clock(),
        (links, flood),
        vec(fault(), 0..4),
        rules,
        learners,
        attacks,
    )
        .prop_map(
            |(
                (mode, agents, iterations, (seed, links_seed), task, until_ms),
                topology,
                clock,
                ((mut link, retransmit, link_overrides), flood),
                faults,
                (rule, rule_overrides),
                (learner, learner_overrides),
                (roles, normal, attacks),
            )| {
                link.extend(flood);
                Spec {
                    mode,
                    agents,
                    iterations,
                    seed,
                    task,
                    until_ms,
                    links_seed,
                    topology,
                    clock,
                    link,
                    retransmit,
                    link_overrides,
                    faults,
                    rule,
                    rule_overrides,
                    learner,
                    learner_overrides,
                    roles,
                    normal,
                    attacks,
                }
            },
        )
}
