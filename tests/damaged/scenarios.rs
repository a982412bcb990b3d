//! However a scenario file is damaged, the reader answers with a scenario or with mistakes: it
//! never panics.

use byzsim::data::Library;
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use proptest::prelude::*;
use proptest::sample::Index;
use std::path::PathBuf;

/// What the format has of simulated time.
const OVER_TIME: &str = r#"
iterations = 9
until_ms = 900
[task]
kind = "target-localization"
[topology]
kind = "small-world"
agents = 20
degree = 4
rewire = 0.1
redraw_every_iterations = 3
fanout = 2
[sets]
eu = { range = [0, 5] }
us = [7, 8]
[clock]
mode = "deadline"
period_ms = 40
late = "discard"
missing = "hold"
max_age_iterations = 3
compute_ms = { kind = "lognormal", median = 20, sigma = 0.5 }
[[clock.override]]
agents = "eu"
speed = 0.25
[[clock.override]]
agents = [1, 2]
compute_ms = { kind = "uniform", low = 1, high = 5 }
[link]
delay_ms = { kind = "exponential", mean = 30, offset = 1, cap = 99 }
drop = 0.1
duplicate = 0.1
burst = { enter = 0.1, leave = 0.5, drop_good = 0.1, drop_bad = 0.9 }
uplink_mbps = 2
downlink_mbps = 3
model_bytes = 100
flood_bound = 3
[[link.override]]
between = ["eu", "us"]
delay_ms = { kind = "pareto", scale = 5, shape = 2 }
[[link.override]]
from = "eu"
to = [9]
drop = 1
[[fault]]
name = "first"
kind = "crash"
agents = [1]
from_ms = 100
to_ms = 200
[[fault]]
kind = "churn"
agents = { random = 3 }
up_ms = { kind = "normal", mean = 90, std = 10 }
down_ms = 20
[[fault]]
kind = "partition"
groups = ["eu", "us"]
from_iteration = 2
to_iteration = 5
[[fault]]
kind = "late-join"
agents = [11]
to_iteration = 2
[[attack]]
name = "noise"
agents = [12]
kind = "sign-flip"
timing = { kind = "just-before-deadline", margin_ms = 2 }
[[attack]]
agents = [13]
kind = "sign-flip"
timing = { kind = "flood", copies = 5 }
active = { from_ms = 10, to_ms = 50 }
[rule]
kind = "trimmed-mean"
f = 1
too_few = "shrink-f"
[[rule.override]]
agents = "eu"
kind = "loss"
unseen = "decay"
age_discount = 0.9
[[rule.override]]
agents = [1]
forgetting = 0.5
[record]
trace = true
every_ms = 30
[sweep]
"clock.period_ms" = [40, 50]
"link.delay_ms.mean" = [10, 20]
"clock.mode" = ["deadline", "deadline"]
zip = [["clock.period_ms", "link.delay_ms.mean"]]
"#;

/// A file with most of what else the format has.
const RICH: &str = r#"
name = "rich"
iterations = 9
[task]
kind = "target-localization"
[topology]
kind = "small-world"
agents = 20
degree = 4
rewire = 0.1
[seeds]
data = 3
[sets]
eu = { range = [0, 5] }
us = "eu"
[learner]
step_size = { kind = "decay", initial = 0.1, rate = 0.5 }
[[learner.override]]
agents = { every = 3, from = 1 }
adapt_probability = 0.5
[rule]
kind = "loss"
[[rule.override]]
agents = "us"
forgetting = 0.5
[[attack]]
name = "noise"
agents = { random = 3 }
kind = "uniform"
low = -1.0
high = 1.0
victims = { fraction = 0.5 }
active = { from_iteration = 2, period_iterations = 3, on_iterations = 1 }
timing = { kind = "silent" }
[record]
weights = { every = 2 }
agents = "eu"
[sweep]
"rule.kind" = ["loss", "average"]
"attack.noise.low" = [-2, -3]
seed = { from = 1, count = 2 }
zip = [["seed", "rule.kind"]]
"#;

const VALUES: &[&str] = &[
    "nan",
    "-inf",
    "-1",
    "0",
    "1e300",
    "99999999999",
    "\"\"",
    "\"all\"",
    "[]",
    "{}",
    "[[1]]",
    "true",
    "2024-01-01",
    "{ every = 2 }",
    "{ kind = \"decay\" }",
    "{ random = 4000000000 }",
    "{ kind = \"uniform\", low = 5, high = 1 }",
    "{ kind = \"empirical\", path = \"none.txt\" }",
    "\"asynchronous\"",
    "\"synchronous\"",
    "\"churn\"",
];

const ASSIGNMENTS: &[&str] = &[
    "seed",
    "=",
    "=1",
    "..=1",
    "rule=loss",
    "rule=alone",
    "rule.kind=average",
    "sweep=1",
    "a.b.c=1",
    "seed=[1, 2]",
    "rule={ kind = \"loss\" }",
    "attack.noise.low=2",
    "seed=é",
    "attack=[]",
    "clock.mode=asynchronous",
    "clock.mode=synchronous",
    "link.retransmit_ms=5",
    "link.delay_ms.kind=pareto",
    "fault.first.from_ms=900",
    "fault=[]",
    "topology.redraw_every_iterations=0",
];

/// One way to damage a text.
#[derive(Clone, Debug)]
enum Damage {
    Delete(Index, usize),
    Insert(Index, char),
    Swap(Index, Index),
    Repeat(Index),
    Replace(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let character = prop::sample::select("[]{}=.,\"'#\n\t -019aé".chars().collect::<Vec<_>>());
    prop_oneof![
        (at(), 1..6usize).prop_map(|(at, count)| Damage::Delete(at, count)),
        (at(), character).prop_map(|(at, c)| Damage::Insert(at, c)),
        (at(), at()).prop_map(|(a, b)| Damage::Swap(a, b)),
        at().prop_map(Damage::Repeat),
        (at(), at()).prop_map(|(line, value)| Damage::Replace(line, value)),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    match damage {
        Damage::Delete(at, count) => {
            let at = at.index(characters.len());
            let end = (at + count).min(characters.len());
            characters.drain(at..end);
            return characters.into_iter().collect();
        }
        Damage::Insert(at, c) => {
            characters.insert(at.index(characters.len() + 1), *c);
            return characters.into_iter().collect();
        }
        Damage::Swap(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Damage::Repeat(at) => {
            let line = lines[at.index(lines.len())].clone();
            lines.push(line);
        }
        Damage::Replace(at, value) => {
            let at = at.index(lines.len());
            if let Some((key, _)) = lines[at].split_once('=') {
                lines[at] = format!("{key}= {}", VALUES[value.index(VALUES.len())]);
            }
        }
    }
    lines.join("\n")
}

/// Whether drawing takes no time: few agents.
fn is_small(resolved: &toml::Table) -> bool {
    let topology = &resolved["topology"];
    let sizes = ["agents", "rows", "columns"];
    let small = |size| {
        topology
            .get(size)
            .is_none_or(|n| n.as_integer() < Some(300))
    };
    sizes.into_iter().all(small)
}

pub fn texts() -> Vec<String> {
    let paths = std::fs::read_dir("scenarios").unwrap();
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let shipped = paths.iter().map(|p| std::fs::read_to_string(p).unwrap());
    let rich = [RICH, RICH, OVER_TIME, OVER_TIME, OVER_TIME].map(str::to_owned);
    shipped.chain(rich).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_scenario_is_read_or_refused(
        text in prop::sample::select(texts()),
        damages in prop::collection::vec(damage(), 0..4),
        assignment in prop::option::of(prop::sample::select(ASSIGNMENTS)),
    ) {
        let text = damages.iter().fold(text, |text, d| damaged(&text, d));
        let assignments: Vec<String> = assignment.into_iter().map(str::to_owned).collect();
        let catalogues = Catalogues::default();
        let folder = PathBuf::from("scenarios");
        match ScenarioFile::parse("a.toml", &text, "a", folder, &assignments, &catalogues) {
            Err(error) => prop_assert!(!error.to_string().is_empty()),
            Ok(file) => {
                prop_assert!(!file.resolved().is_empty());
                let library = Library::new(Some("no-such-folder".into()), &file.folder);
                for point in file.points.iter().filter(|p| is_small(&p.outline.resolved(&p.settings))).take(4) {
                    if let Err(error) = Plan::draw(&file, point, &library, &catalogues) {
                        prop_assert!(!error.to_string().is_empty());
                    }
                }
            }
        }
    }
}
