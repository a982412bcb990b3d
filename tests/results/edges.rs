//! Networks and lengths at the edge of what is legal.

use super::{ATTACKED, is_close, ran};
use byzsim::units::AgentId;

#[test]
fn one_agent_alone_is_a_network() {
    let one = "iterations = 20\n[task]\nkind = \"target-localization\"\nnoisy_agents = 0\n\
               [topology]\nkind = \"ring\"\nagents = 1";
    for rule in [
        "loss",
        "average",
        "distance",
        "metropolis",
        "no-cooperation",
    ] {
        let ran = ran(one, &[&format!("rule.kind=\"{rule}\"")]);
        let agents = ran.table("agents");
        assert_eq!(agents.rows.len(), 20);
        assert_eq!(agents.all("models_used"), [0.0; 20]);
        assert!(agents.is_null("age_ms_max") && agents.is_null("age_iterations_max"));
        assert_eq!(
            agents.all("loss"),
            ran.table("rounds").only("group", "all").all("loss_median")
        );
        assert_eq!(ran.table("weights").all("weight"), [1.0]);
        assert_eq!(ran.table("network/edges").rows.len(), 0);
        // Nothing is on the way: an iteration takes what computing takes.
        assert_eq!(ran.number(&["simulated_ms"]), 200.0);
    }
}

#[test]
fn isolated_agents_learn_alone_beside_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let edges = folder.path().join("edges.csv");
    std::fs::write(&edges, "a,b\n0,1\n1,2\n2,0\n").unwrap();
    let text = format!(
        "iterations = 20\n[task]\nkind = \"target-localization\"\n[topology]\nkind = \"file\"\n\
         path = {:?}\nagents = 5",
        edges.to_str().unwrap()
    );
    let (together, alone) = (
        ran(&text, &[]),
        ran(&text, &["rule.kind=\"no-cooperation\""]),
    );
    for agent in ["3", "4"] {
        let (row, other) = (
            together.table("agents").only("agent", agent),
            alone.table("agents").only("agent", agent),
        );
        for quantity in ["loss", "adapted_loss", "deviation"] {
            assert_eq!(row.all(quantity), other.all(quantity));
        }
        let network = together.table("network/agents").only("agent", agent);
        assert_eq!(network.all("degree"), [0.0]);
    }
    let of = |agent, column| together.table("agents").only("agent", agent).all(column);
    assert_eq!(of("0", "missing"), [0.0; 20]);
    assert!(of("0", "models_used").contains(&2.0));
    assert_eq!(of("3", "models_used"), [0.0; 20]);
}

#[test]
fn one_normal_agent_among_attackers_goes_on() {
    let attack = "[[attack]]\nagents = { range = [1, 5] }\nkind = \"constant\"\nvalue = 50.0\n";
    let text = format!(
        "iterations = 60\n[task]\nkind = \"target-localization\"\n[topology]\n\
         kind = \"complete\"\nagents = 6\n{attack}"
    );
    let ran = ran(&text, &["record.weights=\"all\""]);
    let rounds = ran.table("rounds").only("group", "all");
    assert!(rounds.all("agents").iter().all(|&agents| agents == 1.0));
    // It has no normal neighbor that could be rejected.
    assert!(rounds.is_null("honest_same_group_rejected"));
    assert!(
        rounds
            .all("byzantine_accepted")
            .iter()
            .all(|share| (0.0..=1.0).contains(share))
    );
    let network = ran.table("network/agents").only("agent", "0");
    assert_eq!(network.all("byzantine_neighbors"), [5.0]);
    assert_eq!(network.texts("attack"), ["null"]);
    assert!(ran.number(&["final", "loss", "mean"]).is_finite());
}

#[test]
fn no_iteration_begins_at_the_simulated_time_that_ends_a_run() {
    // Iterations begin at 0, 10.001, 20.002, 30.003 ms, …
    for (until, iterations) in [
        ("20", 2),
        ("20.002", 2),
        ("20.003", 3),
        ("0.5", 1),
        ("1e6", 40),
    ] {
        let ran = ran(
            ATTACKED,
            &[&format!("until_ms={until}"), "record.steady_from=0"],
        );
        assert_eq!(
            ran.number(&["iterations"]),
            f64::from(iterations),
            "{until}"
        );
        let rounds = ran.table("rounds").only("group", "all");
        assert_eq!(rounds.rows.len(), iterations as usize);
        // The last one is recorded as such.
        let weights = ran.table("weights").all("iteration");
        assert!(weights.iter().all(|&i| i == f64::from(iterations - 1)));
        assert!(is_close(
            ran.number(&["simulated_ms"]),
            10.001 * f64::from(iterations)
        ));
        assert!(ran.number(&["steady", "loss", "mean"]).is_finite());
    }
}

#[test]
fn relationships_of_many_agents_are_told_of_some_at_equal_distances() {
    let text = "iterations = 2\n[task]\nkind = \"target-localization\"\n[topology]\n\
                kind = \"ring\"\nagents = 300\n[[attack]]\nagents = { every = 10 }\n\
                kind = \"constant\"\nvalue = 50.0\n";
    let ran = ran(text, &[]);
    let group = |&k: &AgentId| (ran.plan.group(k), k);
    let mut normal: Vec<AgentId> = ran.plan.graph.ids().collect();
    normal.retain(|&k| !ran.plan.is_byzantine(k));
    normal.sort_by_key(group);
    let told = ran.table("relationship").all("agent");
    assert_eq!(told.len(), 128 * 128);
    for (place, agent) in told.iter().step_by(128).enumerate() {
        let expected = normal[place * normal.len() / 128];
        assert_eq!(*agent, f64::from(expected.0));
    }
}
