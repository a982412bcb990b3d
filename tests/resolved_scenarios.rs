//! Resolved scenarios give the same runs again, and runs are called by what they compute.

mod scenario;

use byzsim::scenario::{Catalogues, ScenarioFile};
use proptest::prelude::*;
use scenario::{ATTACK, RULES, Read, SMALL, read, read_with, text};
use std::path::Path;

#[test]
fn shipped_scenarios_resolve_to_themselves() {
    let catalogues = Catalogues::default();
    for entry in std::fs::read_dir("scenarios").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let file = ScenarioFile::open(&path, &[], &catalogues).unwrap();
        let resolved = file.resolved();
        let folder = Path::new("/tmp").to_owned();
        let again = ScenarioFile::parse("again", &resolved, "again", folder, &[], &catalogues);
        assert_eq!(again.unwrap().resolved(), resolved, "{}", path.display());
    }
}

/// The resolved scenario gives the same points, run ids and text, wherever it lies.
fn resolves_to_itself(read: &Read) {
    let resolved = read.file.resolved();
    let again = scenario::read_at("elsewhere", &resolved, Path::new("/tmp"), &[]);
    assert_eq!(again.file.resolved(), resolved);
    assert_eq!(again.settings(), read.settings(), "{resolved}");
    let catalogues = Catalogues::default();
    for (a, b) in again.file.points.iter().zip(&read.file.points) {
        let [a, b] = [(&again, a), (read, b)]
            .map(|(read, point)| read.file.scenario(point, &catalogues).resolved);
        // Relative paths have become absolute.
        let has_paths = resolved.contains("path = ");
        assert!(has_paths || a == b, "{resolved}");
    }
    assert_eq!(again.ids(), read.ids());
}

#[test]
fn a_resolved_scenario_has_all_defaults_and_gives_the_same_runs() {
    let plain = read(SMALL);
    let resolved: toml::Table = plain.file.resolved().parse().unwrap();
    let point = plain
        .file
        .scenario(&plain.file.points[0], &Catalogues::default());
    assert_eq!(resolved, point.resolved);
    resolves_to_itself(&plain);

    let every = r#"
until_ms = 500.0
[seeds]
data = 5
[sets]
third = { every = 3 }
same = "third"
[learner]
step_size = { kind = "decay", initial = 0.1, rate = 0.01 }
[[learner.override]]
agents = "same"
adapt_probability = 0.5
[rule]
kind = "loss"
[[rule.override]]
agents = [1]
forgetting = 1
[[rule.override]]
agents = [2]
kind = "average"
[[attack]]
name = "noise"
agents = { random = 2 }
kind = "scale"
factor = { low = 1, high = 2 }
victims = { fraction = 0.5 }
active = { from_iteration = 1 }
timing = { kind = "silent" }
[record]
weights = { every = 2 }
agents = "third"
"#;
    let every = format!("iterations = 4\n{every}{}", scenario::TABLES);
    resolves_to_itself(&read(&every));
    let sweep =
        "[sweep]\n\"rule.forgetting\" = [0.2, 0.3]\n\"attack.noise.per_victim\" = [true, false]\n";
    resolves_to_itself(&read(&format!("{every}{sweep}")));
    let one =
        "[sweep]\n\"learner.step_size\" = [0.1, { kind = \"decay\", initial = 1, rate = 1 }]\n";
    resolves_to_itself(&read(&format!("{every}{one}")));
    let optimizers = "[learner]\noptimizer = \"adam\"\nbeta1 = 0.5\n\
                      [[learner.override]]\nagents = [1]\noptimizer = \"sgd\"\n\
                      [[learner.override]]\nagents = [1, 2]\noptimizer = \"adam\"\n";
    resolves_to_itself(&read(&text(&[SMALL, optimizers])));
    let swept = "[learner]\nbeta1 = 0.5\n[sweep]\n\"learner.optimizer\" = [\"adam\", \"sgd\"]\n";
    resolves_to_itself(&read(&text(&[SMALL, swept])));
    let regression = "[task]\nkind = \"linear-regression\"\ndimension = 2\n\
                      noise = { low = 0, high = 1 }\ncovariance = [[2, 1], [1, 2.5]]\n";
    resolves_to_itself(&read(regression));
}

#[test]
fn resolved_sweeps_of_kinds_and_whole_tables_give_the_same_runs() {
    let labels = text(&[
        SMALL,
        RULES,
        "seed = [1, 2]\n\"rule.forgetting\" = [0.1, 0.5]\n",
    ]);
    resolves_to_itself(&read(&labels));
    resolves_to_itself(&read_with(&labels, &["rule.initial=3", "seed=4"]));
    resolves_to_itself(&read_with(&labels, &["rule=loss"]));
    let filtered = SMALL.to_owned() + &RULES.replace("\"loss\"", "\"loss\", filter = false");
    resolves_to_itself(&read_with(&filtered, &["rule=mean", "rule.override=[]"]));
    let kinds = "[rule]\npower = 3\n[sweep]\n\"rule.kind\" = [\"loss\", \"distance\"]\n";
    resolves_to_itself(&read(&text(&[SMALL, kinds])));
    let lists = r#"
[sweep]
attack = { flip = [{ name = "noise", agents = [1], kind = "sign-flip" }], none = [] }
rule = [{ kind = "loss" }, { kind = "average" }]
topology = { ring = { kind = "ring", agents = 5 }, star = { kind = "star", agents = 6 } }
"#;
    resolves_to_itself(&read(&text(&[SMALL, lists])));
    let set = [
        "rule.initial=2",
        "attack.noise.per_victim=true",
        "topology.agents=7",
    ];
    let lists = read_with(&text(&[SMALL, lists]), &set);
    resolves_to_itself(&lists);
    assert_eq!(lists.values("topology.agents")[0], "7");
}

#[test]
fn labels_that_inherit_resolve_to_what_they_inherited() {
    let own = r#"
[rule]
forgetting = 0.5
[[rule.override]]
agents = [1]
filter = false
[[learner.override]]
agents = [2]
optimizer = "adam"
[clock]
max_age_ms = 500
compute_ms = { kind = "uniform", low = 5, high = 9 }
[[clock.override]]
agents = [3]
speed = 0.5
[link]
burst = { enter = 0.1, leave = 0.2 }
[sweep]
rule = { alone = { kind = "no-cooperation" }, loss = {}, unlike = { kind = "distance", forgetting = 0.2 } }
clock = { waits = {}, never = { mode = "asynchronous" } }
link = [{ burst = { enter = 0.3 } }, { drop = 0.2 }]
"rule.initial" = [1, 2.5]
"#;
    let own = text(&[SMALL, own]);
    resolves_to_itself(&read(&own));
    let set = ["rule.forgetting=0.3", "clock.compute_ms=4", "clock=never"];
    resolves_to_itself(&read_with(&own, &set));
}

/// Clock, links, faults and a network that changes.
const OVER_TIME: &str = r#"
[clock]
mode = "deadline"
period_ms = 40
compute_ms = { kind = "lognormal", median = 20, sigma = 0.5, cap = 90 }
max_age_iterations = 3
[[clock.override]]
agents = { every = 3 }
speed = 0.5
[[clock.override]]
agents = [3, 4]
compute_ms = 5
[link]
delay_ms = { kind = "exponential", mean = 30, offset = 1 }
drop = 0.1
burst = { enter = 0.1, leave = 0.5 }
uplink_mbps = 2
[[link.override]]
between = [{ range = [0, 3] }, [5]]
delay_ms = { kind = "uniform", low = 1, high = 2 }
[[link.override]]
from = [1]
to = "others"
burst = { enter = 0.2, leave = 0.5, drop_good = 0.1 }
flood_bound = 3
[sets]
others = [7, 8]
[[fault]]
name = "churners"
kind = "churn"
agents = "others"
up_ms = { kind = "exponential", mean = 900 }
down_ms = { kind = "normal", mean = 50, std = 10 }
[[fault]]
kind = "partition"
groups = ["others", [1, 2]]
from_iteration = 1
to_iteration = 3
[[attack]]
name = "noise"
agents = [6]
kind = "sign-flip"
timing = { kind = "just-before-deadline", margin_ms = 2 }
active = { from_ms = 10 }
[rule]
kind = "loss"
unseen = "decay"
age_discount = 0.9
[record]
trace = true
every_ms = 25
"#;

#[test]
fn labels_resolve_to_themselves_whatever_they_hold() {
    for label in [
        r#""'one'""#,
        r#""\"two\"""#,
        r#""\"both' & ''' and \\""#,
        r#""two\nlines""#,
        r#""x = true""#,
    ] {
        let rules = r#"{ kind = "average" }, plain = { kind = "no-cooperation" }"#;
        resolves_to_itself(&read(&format!(
            "{SMALL}\n[sweep]\nrule = {{ {label} = {rules} }}\n"
        )));
    }
}

/// A key as TOML holds it in one line, with every character by its number.
fn by_numbers(key: &str) -> String {
    let number = |c: char| format!("\\U{:08x}", u32::from(c));
    format!("\"{}\"", key.chars().map(number).collect::<String>())
}

/// Names of few and peculiar characters, and any others.
fn names() -> impl Strategy<Value = String> {
    let peculiar = "[a.'\"\\\\\n\r\t #=\\[\\]{},\u{0}\u{1b}\u{7f}\u{85}\u{2028}]{1,8}";
    prop_oneof![
        peculiar,
        proptest::collection::vec(any::<char>(), 1..8).prop_map(String::from_iter)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn labels_and_names_of_any_characters_resolve_to_themselves(label in names(), set in names()) {
        let (label, set) = (by_numbers(&label), by_numbers(&set));
        let text = format!(
            "{SMALL}\n[sets]\n{set} = [1]\n[sweep]\nrule = {{ {label} = {{ kind = \"average\" }}, \
             'or else' = {{ kind = \"no-cooperation\" }} }}\n"
        );
        resolves_to_itself(&read(&text));
    }
}

#[test]
fn what_scenarios_say_of_time_resolves_to_itself() {
    let small = by_chance(SMALL) + "redraw_every_iterations = 2\nfanout = 1\n";
    let text = small.clone() + OVER_TIME;
    resolves_to_itself(&read(&text));
    let resolved: toml::Table = read(&text).file.resolved().parse().unwrap();
    // An override holds what it says and no more.
    let overrides = resolved["clock"]["override"].as_array().unwrap();
    let keys = |n: usize| {
        let mut keys: Vec<&String> = overrides[n].as_table().unwrap().keys().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(0), ["agents", "speed"]);
    assert_eq!(keys(1), ["agents", "compute_ms"]);
    let synchronous = read_with(
        &text,
        &[
            "clock.mode=synchronous",
            "attack=[]",
            "link.retransmit_ms=9",
        ],
    );
    assert_eq!(synchronous.values("clock.period_ms"), [""]);
    resolves_to_itself(&synchronous);
    let asynchronous = ["clock.mode=asynchronous", "attack=[]", "fault=[]"];
    resolves_to_itself(&read_with(&text, &asynchronous));
}

#[test]
fn sweeps_of_time_resolve_to_themselves() {
    let sweep = r#"
[sweep]
"link.delay_ms.mean" = [10, 20]
"clock.period_ms" = [50, 100]
"fault.churners.up_ms.mean" = [100, 200]
"attack.noise.timing.margin_ms" = [1, 2]
zip = [["link.delay_ms.mean", "clock.period_ms"]]
"#;
    let swept = text(&[SMALL, OVER_TIME, sweep]);
    resolves_to_itself(&read(&swept));
    resolves_to_itself(&read_with(&swept, &["clock.period_ms=70", "link.drop=0"]));
    let kinds = r#"
[link]
delay_ms = { mean = 30, median = 25, value = 4, sigma = 0.5 }
[clock]
period_ms = 100
quorum = 0.5
max_age_ms = 300
[[clock.override]]
agents = [1]
speed = 0.5
[[rule.override]]
agents = [1]
forgetting = 0.5
[[rule.override]]
agents = [1, 2]
filter = false
[sweep]
"link.delay_ms.kind" = ["exponential", "lognormal", "constant"]
"clock.mode" = ["synchronous", "deadline", "asynchronous"]
"rule.kind" = ["loss", "average"]
"#;
    let kinds = read(&text(&[SMALL, kinds]));
    assert_eq!(kinds.settings().len(), 18);
    resolves_to_itself(&kinds);
    let labels = r#"
[[clock.override]]
agents = [1]
speed = 0.5
[sweep]
link = { ideal = {}, far = { delay_ms = { kind = "pareto", scale = 5, shape = 2 }, override = [{ between = [[1], [3]], drop = 1 }] } }
clock = { waits = {}, ticks = { mode = "deadline", period_ms = 50, override = [{ agents = [2], speed = 0.5 }] } }
fault = { none = [], churn = [{ name = "c", kind = "churn", agents = [2], up_ms = 50, down_ms = 5 }] }
"#;
    let labels = text(&[SMALL, labels]);
    resolves_to_itself(&read(&labels));
    let set = [
        "fault.c.up_ms=60",
        "link=far",
        "link.drop=0.5",
        "clock=ticks",
    ];
    let set = read_with(&labels, &set);
    assert_eq!(set.values("fault.0.up_ms"), ["", "60.0"]);
    assert_eq!(set.values("link.drop"), ["0.5", "0.5"]);
    resolves_to_itself(&set);
}

#[test]
fn files_of_durations_resolve_wherever_they_lie() {
    let text = text(&[
        SMALL,
        r#"
[link]
delay_ms = { kind = "empirical", path = "delays.txt", order = "sequence" }
[[link.override]]
between = [[1], [2]]
delay_ms = { kind = "empirical", path = "delays.txt" }
[clock]
compute_ms = { kind = "empirical", path = "delays.txt" }
[[fault]]
kind = "churn"
agents = [1]
up_ms = 50
down_ms = { kind = "empirical", path = "delays.txt" }
"#,
    ]);
    let id = |delays: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("delays.txt"), delays).unwrap();
        let read = scenario::read_at("a", &text, folder.path(), &[]);
        resolves_to_itself(&read);
        read.ids().remove(0)
    };
    let own = id("1\n2\n");
    assert_eq!(id("1\n2\n"), own);
    assert_ne!(id("1\n3\n"), own);
}

#[test]
fn a_task_s_own_overrides_survive_a_sweep_of_the_keys_beside_them() {
    let activity = r#"
iterations = 3
[task]
kind = "activity-recognition"
source = "generated"
[topology]
agents = 6
[sweep]
"learner.step_size" = [0.1, 0.2]
"#;
    resolves_to_itself(&read(activity));
}

// Run ids.

#[test]
fn a_run_is_called_by_what_it_computes() {
    let id = |text: &str, set: &[&str]| read_with(text, set).ids().remove(0);
    let base = text(&[SMALL, ATTACK]);
    let own = id(&base, &[]);
    for set in [
        "name=other",
        "record.weights=all",
        "record.every_iterations=2",
    ] {
        assert_eq!(id(&base, &[set]), own, "{set}");
    }
    let reordered = "# a comment\n[topology]\nagents = 12 # agents\nkind = \"ring\"\n[task]\n\
        kind = \"target-localization\"\n[[attack]]\nhigh = 16\nlow = 15\nkind = \"uniform\"\n\
        name = \"noise\"\nagents = [3, 4]\n";
    assert_eq!(id(reordered, &["iterations=4"]), own);
    let elsewhere = scenario::read_at("b", &base, Path::new("/tmp"), &[]);
    assert_eq!(elsewhere.ids(), std::slice::from_ref(&own));
    let changes = [
        "seed=2",
        "iterations=5",
        "rule.kind=average",
        "rule.forgetting=0.2",
        "seeds.data=9",
        "seeds.attackers=9",
        "attack.noise.low=3",
        "attack.noise.agents=[3]",
        "topology.agents=13",
        "learner.step_size=0.2",
        "clock.compute_ms=11",
        "clock.quorum=0.5",
        "link.drop=0.1",
        "link.delay_ms=3",
        "fault=[{ kind = 'crash', agents = [1] }]",
        "seeds.links=9",
        "topology.fanout=1",
        "task.noisy_std=0.2",
        "sets.data=[1]",
        "sets.path=[1]",
        "until_ms=30",
    ];
    let mut ids: Vec<String> = changes.iter().map(|set| id(&base, &[set])).collect();
    ids.push(own);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), changes.len() + 1);
    let drawn = by_chance(&base);
    let redrawn = id(&drawn, &["topology.redraw_every_iterations=2"]);
    assert_ne!(redrawn, id(&drawn, &[]));
}

/// The same with a network that is another one whenever it is drawn.
fn by_chance(text: &str) -> String {
    text.replace("\"ring\"", "\"erdos-renyi\"\nprobability = 0.4")
}

#[test]
fn what_files_hold_is_part_of_a_run_s_identity_and_where_they_lie_is_not() {
    let text = r#"
iterations = 2
[task]
kind = "target-localization"
[topology]
kind = "file"
path = "edges.csv"
[[attack]]
agents = [1]
kind = "file"
path = "payloads.npz"
"#;
    let id = |edges: &str, payload: f32| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("edges.csv"), edges).unwrap();
        let file = std::fs::File::create(folder.path().join("payloads.npz")).unwrap();
        let mut npz = ndarray_npy::NpzWriter::new(file);
        let payloads = ndarray::Array2::from_elem((2, 2), payload);
        npz.add_array("payloads", &payloads).unwrap();
        npz.finish().unwrap();
        let read = scenario::read_at("a", text, folder.path(), &[]);
        resolves_to_itself(&read);
        read.ids().remove(0)
    };
    let own = id("0,1\n1,2\n", 1.0);
    assert_eq!(id("0,1\n1,2\n", 1.0), own);
    assert_ne!(id("0,1\n0,2\n", 1.0), own);
    assert_ne!(id("0,1\n1,2\n", 2.0), own);
}
