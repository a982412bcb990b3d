//! A seed gives one run, on any number of threads; seeds and rules change what they are to change.
//!
//! All shipped scenarios are tested, whatever files lie under `scenarios/`, with generated data in
//! the place of data files (`real_data.rs` has those) and shortened, but not below 50 iterations.
//! What begins or ends with an iteration does so as much earlier. Of large sweeps six points are
//! run, of large networks 200 agents, of the digits a smaller CNN on fewer images.

mod shipped;

use byzsim::record::Seen;
use byzsim::scenario::{Length, Mode, Plan};
use byzsim::units::AgentId;
use shipped::{Study, run_on, side_by_side, watch};
use std::sync::{Arc, LazyLock};

/// The names of all shipped scenarios.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(shipped::folder()).expect("the scenarios' folder");
    let paths = entries.map(|e| e.expect("a file").path());
    let scenarios = paths.filter(|p| p.extension().is_some_and(|e| e == "toml"));
    let name = |p: std::path::PathBuf| p.file_stem().map(|s| s.to_string_lossy().into_owned());
    let mut names: Vec<String> = scenarios.filter_map(name).collect();
    names.sort();
    assert!(names.len() >= 19, "shipped scenarios: {names:?}");
    names
}

/// Iterations of a shortened run.
const SHORT: u64 = 50;
/// Agents of a large network.
const MANY: i64 = 200;

/// A scenario shortened, on generated data.
fn short(name: &str) -> Study {
    let file = Study::open(name, &[]).file;
    let scenario = file.scenario(&file.points[0], &byzsim::scenario::Catalogues::default());
    let path = shipped::folder().join(name).with_extension("toml");
    let text = std::fs::read_to_string(path).expect("a scenario");
    let mut document: toml::Table = text.parse().expect("TOML");
    let is_published = scenario.resolved["task"].get("source").is_some();
    match scenario.length {
        // An epoch of activity recognition is 21 iterations; of own files, few.
        Length::Epochs(epochs) if epochs > 3 && is_published => set(&mut document, "epochs", 3),
        Length::Iterations(iterations) if iterations > SHORT => {
            set(&mut document, "iterations", SHORT as i64);
            for key in ["attack", "fault"] {
                if let Some(part) = document.get_mut(key) {
                    advance(part, iterations);
                }
            }
        }
        _ => {}
    }
    if is_published && let Some(task) = table(&mut document, "task") {
        task.insert("source".to_owned(), "generated".into());
        if task["kind"].as_str() == Some("digit-classification") {
            let small = "train = 64\ntest = 16\nbatch = [16, 32]\n\
                         model = { kind = 'cnn', channels = [2, 2, 2], hidden = [8] }";
            task.extend(small.parse::<toml::Table>().expect("TOML"));
            set(&mut document, "epochs", 25);
        }
    }
    if let Some(topology) = table(&mut document, "topology")
        && topology["agents"].as_integer().is_some_and(|n| n > MANY)
    {
        set(topology, "agents", MANY);
    }
    Study::written(name, &document.to_string())
}

fn table<'a>(document: &'a mut toml::Table, key: &str) -> Option<&'a mut toml::Table> {
    document.get_mut(key)?.as_table_mut()
}

fn set(table: &mut toml::Table, key: &str, value: i64) {
    table.insert(key.to_owned(), value.into());
}

/// Lets what happens with an iteration of so many happen as much earlier as the run is shorter.
fn advance(value: &mut toml::Value, iterations: u64) {
    match value {
        toml::Value::Array(items) => items.iter_mut().for_each(|v| advance(v, iterations)),
        toml::Value::Table(table) => {
            for (key, value) in table.iter_mut() {
                match value {
                    toml::Value::Integer(i) if key.ends_with("_iteration") => {
                        *i = *i * SHORT as i64 / iterations as i64;
                    }
                    _ => advance(value, iterations),
                }
            }
        }
        _ => {}
    }
}

/// The plans of at most six points of a sweep, from the first to the last.
fn plans(study: &Study) -> Vec<Arc<Plan>> {
    let points = study.file.points.len();
    let some = points.min(6);
    let spread = (0..some).map(|i| i * (points - 1) / (some - 1).max(1));
    spread.map(|point| study.plan(point)).collect()
}

fn fingerprint(plan: &Arc<Plan>, threads: usize) -> String {
    run_on(plan, threads).fingerprint().to_owned()
}

/// A run of a shipped scenario on one thread, under an observer.
struct Watched {
    plan: Arc<Plan>,
    fingerprint: String,
    /// Iterations of agents in which an attack was at work.
    attacks: usize,
}

/// Of every shipped scenario, the runs that the tests compare others to.
static WATCHED: LazyLock<Vec<(String, Vec<Watched>)>> = LazyLock::new(|| {
    let of = |name: String| {
        let runs = side_by_side(&plans(&short(&name)), |plan| {
            let look = |attacks: &mut usize, seen: &Seen<'_>| {
                *attacks += seen.round.samples.iter().filter(|s| s.attacking).count();
            };
            let (summary, attacks) = watch(plan, 0, look);
            Watched {
                plan: plan.clone(),
                fingerprint: summary.fingerprint().to_owned(),
                attacks,
            }
        });
        (name, runs)
    };
    names().into_iter().map(of).collect()
});

#[test]
fn every_shipped_scenario_has_one_fingerprint_on_any_number_of_threads() {
    let mut modes = Vec::new();
    for (name, watched) in &*WATCHED {
        // Drawn again, data and all.
        let again = plans(&short(name));
        modes.extend(again.iter().map(|plan| plan.mode()));
        assert_eq!(again.len(), watched.len(), "{name}");
        let pairs: Vec<_> = again.iter().zip(watched).collect();
        side_by_side(&pairs, |(plan, watched)| {
            let about = format!("{name}, {:?}", plan.settings);
            assert!(plan.iterations >= SHORT, "{about}: {}", plan.iterations);
            for threads in [1, 2, 8] {
                assert_eq!(
                    fingerprint(plan, threads),
                    watched.fingerprint,
                    "{about}, {threads} threads"
                );
            }
        });
    }
    for mode in [Mode::Synchronous, Mode::Deadline, Mode::Asynchronous] {
        assert!(modes.contains(&mode), "a scenario in {mode:?} mode");
    }
}

/// Attackers look at what others leave for them: in the order in which threads come, or not.
#[test]
fn every_rule_and_every_attack_has_one_fingerprint_on_any_number_of_threads() {
    let modes: [&[&str]; 3] = [
        &[],
        &["clock.mode=deadline", "clock.period_ms=12"],
        &["clock.mode=asynchronous"],
    ];
    for mode in modes {
        let common = [
            "iterations=30",
            "sweep.seed=[1]",
            "link.delay_ms={kind='exponential',mean=3}",
        ];
        let study = Study::open("worst-case-localization", &[&common[..], mode].concat());
        let label = |point: usize, key: &str| {
            let settings = &study.file.points[point].settings;
            let found = settings.iter().find(|s| s.key == key).expect("a swept key");
            found.value.to_string()
        };
        // The filtered rule under every attack, and every rule under one.
        let is_chosen = |p: &usize| label(*p, "rule") == "loss" || label(*p, "attack") == "alie";
        let chosen = (0..study.file.points.len()).filter(is_chosen);
        let plans: Vec<_> = chosen.map(|point| study.plan(point)).collect();
        assert!(plans.len() >= 30, "{} runs", plans.len());
        side_by_side(&plans, |plan| {
            let expected = fingerprint(plan, 1);
            for threads in [2, 8] {
                let about = format!("{mode:?}, {:?}, {threads} threads", plan.settings);
                assert_eq!(fingerprint(plan, threads), expected, "{about}");
            }
        });
    }
}

#[test]
fn attackers_are_at_work_in_the_runs_that_are_compared() {
    let mut under_attack = 0;
    for (name, watched) in &*WATCHED {
        for Watched { plan, attacks, .. } in watched {
            let about = format!("{name}, {:?}: {attacks}", plan.settings);
            assert_eq!(*attacks > 0, plan.byzantine() > 0, "{about}");
        }
        under_attack += usize::from(watched.iter().any(|run| run.attacks > 0));
    }
    assert!(under_attack >= 12, "scenarios under attack: {under_attack}");
}

#[test]
fn another_seed_gives_another_run() {
    let plan = |seed: &str| Study::open("quick", &["epochs=1", seed]).rule("loss");
    assert_ne!(
        fingerprint(&plan("seed=1"), 1),
        fingerprint(&plan("seed=2"), 1)
    );
}

#[test]
fn a_resolved_scenario_gives_the_same_runs() {
    for (name, watched) in &*WATCHED {
        let file = short(name).file;
        let text = file.resolved();
        let again = Study::written(name, &text);
        assert_eq!(again.file.points.len(), file.points.len());
        assert_eq!(again.file.resolved(), text, "{name}");
        let again = plans(&again);
        assert_eq!(again.len(), watched.len(), "{name}");
        let pairs: Vec<_> = watched.iter().zip(&again).collect();
        for (watched, _) in &pairs {
            assert_eq!(watched.plan.name, *name);
        }
        let same = side_by_side(&pairs, |(watched, again)| {
            (
                watched.plan.id == again.id,
                watched.fingerprint == fingerprint(again, 1),
            )
        });
        assert!(same.iter().all(|s| *s == (true, true)), "{name}: {same:?}");
    }
}

// ---- What two runs have in common.

/// Who is whose neighbor, and where everyone stands.
fn network(plan: &Plan) -> (Vec<Vec<AgentId>>, Vec<Option<[f64; 2]>>) {
    let neighbors = |k| plan.graph.receives_from(k).to_vec();
    let ids = || plan.graph.ids();
    (
        ids().map(neighbors).collect(),
        ids().map(|k| plan.world.position(k)).collect(),
    )
}

/// Initial parameters, and the losses of one and the same model on everyone's first batches.
fn data(plan: &Plan) -> (Vec<Vec<f32>>, Vec<u64>) {
    let model = plan.world.initial(AgentId(0));
    let losses = |k| {
        let mut objective = plan.world.clone().objective(k);
        let loss = |step| {
            objective.draw(step);
            objective.loss(&model).to_bits()
        };
        (0..50).map(loss).collect::<Vec<_>>()
    };
    let ids = || plan.graph.ids();
    (
        ids().map(|k| plan.world.initial(k)).collect(),
        ids().flat_map(losses).collect(),
    )
}

/// Of every agent, whether it is an attacker, and its losses before combining.
fn adapted_losses(plan: &Arc<Plan>) -> Vec<Vec<f64>> {
    let look = |all: &mut Vec<Vec<f64>>, seen: &Seen<'_>| {
        all.push(seen.round.samples.iter().map(|s| s.adapted_loss).collect());
    };
    watch(plan, Vec::new(), look).1
}

#[test]
fn all_rules_see_the_same_network_data_and_attackers() {
    for name in ["quick", "target-localization", "target-localization-99"] {
        let plans = short(name).plans();
        assert_eq!(plans.len(), 4, "{name}");
        let first = &plans[0];
        let losses = side_by_side(&plans, adapted_losses);
        for (plan, losses_of) in plans.iter().zip(&losses).skip(1) {
            assert_eq!(plan.roles, first.roles, "{name}");
            assert_eq!(network(plan), network(first), "{name}");
            assert_eq!(data(plan), data(first), "{name}");
            // The first adapt step comes before any rule, the later ones do not.
            assert_eq!(losses_of[0], losses[0][0], "{name}");
            assert_ne!(losses_of[1], losses[0][1], "{name}");
        }
    }
}

/// A localization run with other seeds than 1 for some purposes.
fn seeded(purposes: &[&str]) -> Arc<Plan> {
    let assigned = purposes.iter().map(|p| format!("seeds.{p}=9"));
    let assigned: Vec<String> = assigned.chain(["iterations=50".to_owned()]).collect();
    let assigned: Vec<&str> = assigned.iter().map(String::as_str).collect();
    Study::open("target-localization", &assigned).rule("loss")
}

#[test]
fn the_attackers_seed_leaves_network_and_data() {
    let (base, other) = (seeded(&[]), seeded(&["attackers"]));
    assert_ne!(other.roles, base.roles);
    assert_eq!(network(&other), network(&base));
    assert_eq!(data(&other), data(&base));
    assert_ne!(fingerprint(&other, 1), fingerprint(&base, 1));
}

#[test]
fn the_data_seed_leaves_network_and_attackers() {
    let (base, other) = (seeded(&[]), seeded(&["data"]));
    assert_eq!(other.roles, base.roles);
    assert_eq!(network(&other), network(&base));
    let (initial, losses) = data(&other);
    let (initial_before, losses_before) = data(&base);
    assert!(initial.iter().zip(&initial_before).all(|(a, b)| a != b));
    assert!(losses.iter().zip(&losses_before).all(|(a, b)| a != b));
}

#[test]
fn the_topology_seed_leaves_attackers_and_data() {
    let (base, other) = (seeded(&[]), seeded(&["topology"]));
    assert_eq!(other.roles, base.roles);
    assert_ne!(network(&other), network(&base));
    // In localization measurements depend on where an agent stands; initial parameters do not.
    assert_eq!(data(&other).0, data(&base).0);
    // In activity recognition nothing of the data does.
    let ring = [
        "topology.kind=small-world",
        "topology.degree=4",
        "topology.rewire=0.5",
    ];
    let plan = |seed: &str| {
        let mut assigned = ring.to_vec();
        assigned.extend([seed, "epochs=1"]);
        Study::open("quick", &assigned).rule("loss")
    };
    let (base, other) = (plan("seeds.topology=1"), plan("seeds.topology=9"));
    assert_eq!(other.roles, base.roles);
    assert_ne!(network(&other), network(&base));
    assert_eq!(data(&other), data(&base));
}

#[test]
fn the_links_seed_changes_nothing_where_links_draw_nothing() {
    let (base, other) = (seeded(&[]), seeded(&["links"]));
    assert_eq!(fingerprint(&other, 1), fingerprint(&base, 1));
}

#[test]
fn the_links_seed_leaves_network_data_and_attackers() {
    let lossy = ["iterations=50", "link.drop=0.3"];
    let plan = |seed: &str| {
        let assigned = [&lossy[..], &[seed]].concat();
        Study::open("target-localization", &assigned).rule("loss")
    };
    let (base, other) = (plan("seeds.links=1"), plan("seeds.links=9"));
    assert_eq!(other.roles, base.roles);
    assert_eq!(network(&other), network(&base));
    assert_eq!(data(&other), data(&base));
    assert_ne!(fingerprint(&other, 1), fingerprint(&base, 1));
}

#[test]
fn one_seed_is_all_four() {
    let all = seeded(&["topology", "data", "attackers", "links"]);
    let one = Study::open("target-localization", &["seed=9", "iterations=50"]).rule("loss");
    assert_eq!(fingerprint(&all, 1), fingerprint(&one, 1));
}
