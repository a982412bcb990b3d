//! What attacks do in whole runs: which rules they break, and which hold.

mod shipped;

use byzsim::record::Seen;
use byzsim::units::AgentId;
use shipped::{Study, run_on, watch};

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
    assert!((3.0..5.0).contains(&distance[0]), "{distance:?}");
    assert!(distance[1] < 0.05, "{distance:?}");
    let [alone, loss] = ["alone", "loss"].map(|rule| distances(rule, &[3999])[0]);
    assert!((alone - loss).abs() < 0.1, "{alone} {loss}");
}

/// A run of a scenario written out: its fingerprint, and a number of its summary.
fn ran(text: &str, path: &[&str]) -> (String, f64) {
    let summary = run_on(&Study::written("attacked", text).plan(0), 2);
    let number = summary.number(path).expect("a number of the summary");
    (summary.fingerprint().to_owned(), number)
}

/// All that a victim gets from its honest neighbors is taken away again: it learns alone.
#[test]
fn dissensus_leaves_victims_of_metropolis_where_they_were() {
    let text = |rule: &str, epsilon: f64| {
        format!(
            "iterations = 60\n[task]\nkind = 'linear-regression'\ngroups = 1\n\
             [topology]\nkind = 'complete'\nagents = 12\n[learner]\nstep_size = 0.01\n\
             [rule]\nkind = '{rule}'\n\
             [[attack]]\nagents = [2, 5, 6]\nkind = 'dissensus'\nepsilon = {epsilon}\n"
        )
    };
    let regret = |rule, epsilon| ran(&text(rule, epsilon), &["final", "regret", "mean"]).1;
    let alone = regret("no-cooperation", 1.0);
    let dissenting = regret("metropolis", 1.0);
    // A few roundings of models to f32 in each iteration.
    assert!(
        (dissenting / alone - 1.0).abs() < 1e-4,
        "{dissenting} {alone}"
    );
    let half = regret("metropolis", 0.5);
    assert!((half / alone - 1.0).abs() > 0.01, "{half} {alone}");
}

#[test]
fn labels_are_flipped_while_the_attack_is_on() {
    let text = |attack: &str| {
        format!(
            "epochs = 3\n[task]\nkind = 'activity-recognition'\nsource = 'generated'\n\
             [rule]\nkind = 'average'\n[[attack]]\nagents = {{ every = 2 }}\n{attack}\n"
        )
    };
    let accuracy = |attack: &str| ran(&text(attack), &["final", "accuracy", "mean"]);
    // An iteration after the last would be refused.
    let never = "active = { from_ms = 1e9 }";
    let honest = accuracy(&format!("kind = 'sign-flip'\n{never}"));
    assert_eq!(accuracy(&format!("kind = 'label-flip'\n{never}")), honest);
    let early = accuracy("kind = 'label-flip'\nactive = { to_iteration = 10 }");
    let all = accuracy("kind = 'label-flip'");
    assert!(all.1 < honest.1 - 0.1, "{all:?} {honest:?}");
    assert!(early.0 != honest.0 && early.1 > all.1, "{early:?} {all:?}");
}
