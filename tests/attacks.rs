//! What attacks do in whole runs: which rules they break, and which hold.

mod shipped;

use byzsim::record::Seen;
use byzsim::units::AgentId;
use shipped::{Study, watch};

/// Mean distance of the models of victims to a target, of normal agents with a Byzantine neighbor, at
/// some iterations.
fn distances(rule: &str, iterations: &'static [u64]) -> Vec<f64> {
    const TARGET: [f64; 2] = [5.0, 5.0];
    let study = Study::open("targeted-drift", &["seed=1"]);
    let plan = study.rule(rule);
    let has_attacker = |k: &AgentId| {
        let neighbors = plan.graph.receives_from(*k);
        !plan.is_byzantine(*k) && neighbors.iter().any(|&l| plan.is_byzantine(l))
    };
    let victims: Vec<AgentId> = plan.graph.ids().filter(has_attacker).collect();
    assert!(victims.len() > 40, "{} victims", victims.len());
    let look = move |found: &mut Vec<f64>, seen: &Seen<'_>| {
        if !iterations.contains(&seen.round.iteration) {
            return;
        }
        let samples = seen.round.samples.iter();
        let of_victims = samples.filter(|s| victims.contains(&s.agent));
        let away = of_victims.map(|sample| {
            let model = sample.model.as_ref().expect("models are watched").values();
            let [x, y] = [0, 1].map(|i| f64::from(model[i]) - TARGET[i]);
            x.hypot(y)
        });
        let away: Vec<f64> = away.collect();
        found.push(away.iter().sum::<f64>() / away.len() as f64);
    };
    watch(&plan, Vec::new(), look).1
}

/// The attack stands near the victim's own state, so that its distance is far below the noise of
/// honest neighbors, and steps away from it.
#[test]
fn targeted_drift_captures_the_distance_rule_and_leaves_the_filtered_rule_alone() {
    let distance = distances("distance", &[500, 3999]);
    println!("{distance:?}");
    assert!((3.0..5.0).contains(&distance[0]), "{distance:?}");
    assert!(distance[1] < 0.05, "{distance:?}");
    let [alone, loss] = ["alone", "loss"].map(|rule| distances(rule, &[3999])[0]);
    assert!((alone - loss).abs() < 0.1, "{alone} {loss}");
}
