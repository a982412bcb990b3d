//! Numbers that follow from others are computed anew.

use super::{ATTACKED, is_close, ran};
use std::collections::BTreeMap;

/// numpy's quantile of sorted values.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * place.fract()
}

#[test]
fn rounds_are_the_statistics_of_the_agents() {
    let ran = ran(ATTACKED, &[]);
    let (rounds, agents) = (ran.table("rounds"), ran.table("agents"));
    let groups: Vec<String> = agents.texts("group");
    let iterations = agents.all("iteration");
    let normal = ran.plan.graph.agents() - ran.plan.byzantine();
    assert_eq!(agents.rows.len(), normal * 40);
    for (row, (group, iteration)) in rounds
        .texts("group")
        .into_iter()
        .zip(rounds.all("iteration"))
        .enumerate()
    {
        let member =
            |&k: &usize| iterations[k] == iteration && (group == "all" || groups[k] == group);
        let members: Vec<usize> = (0..agents.rows.len()).filter(member).collect();
        assert_eq!(rounds.all("agents")[row], members.len() as f64);
        for quantity in ["loss", "adapted_loss", "regret", "deviation"] {
            let all = agents.all(quantity);
            let mut values: Vec<f64> = members.iter().map(|&k| all[k]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.sort_by(f64::total_cmp);
            let told = |part: &str| rounds.all(&format!("{quantity}_{part}"))[row];
            assert!(is_close(told("mean"), mean));
            for (part, q) in [
                ("min", 0.0),
                ("q25", 0.25),
                ("median", 0.5),
                ("q75", 0.75),
                ("max", 1.0),
            ] {
                assert!(
                    is_close(told(part), quantile(&values, q)),
                    "{quantity} {part}"
                );
            }
        }
        let sum = |column: &str| {
            let all = agents.all(column);
            members.iter().map(|&k| all[k]).sum::<f64>()
        };
        assert_eq!(rounds.all("models_used")[row], sum("models_used"));
        assert_eq!(rounds.all("starved")[row], sum("starved"));
        let weight = sum("byzantine_weight") / members.len() as f64;
        assert!(is_close(rounds.all("byzantine_weight")[row], weight));
    }
}

#[test]
fn weights_add_up_and_agree_with_the_other_tables() {
    for rule in [
        "loss",
        "average",
        "metropolis",
        "distance",
        "no-cooperation",
    ] {
        let kind = format!("rule.kind=\"{rule}\"");
        let ran = ran(ATTACKED, &[&kind, "record.weights=\"all\""]);
        let (weights, agents) = (ran.table("weights"), ran.table("agents"));
        let keys = weights
            .all("receiver")
            .into_iter()
            .zip(weights.all("iteration"));
        let mut sums: BTreeMap<(u64, u64), (f64, f64, f64)> = BTreeMap::new();
        let (senders, values) = (weights.all("sender"), weights.all("weight"));
        let accepted = weights.all("accepted");
        for (row, (receiver, iteration)) in keys.enumerate() {
            let weight = values[row];
            let sum = sums.entry((receiver as u64, iteration as u64)).or_default();
            sum.0 += weight;
            if senders[row] == 1.0 || senders[row] == 6.0 {
                sum.1 += weight;
            }
            if senders[row] != receiver {
                sum.2 += f64::from(u8::from(weight > 0.0));
            }
            assert_eq!(accepted[row] == 1.0, weight > 0.0);
        }
        let keys = agents.all("agent").into_iter().zip(agents.all("iteration"));
        let keys: Vec<_> = keys.map(|(k, i)| (k as u64, i as u64)).collect();
        assert_eq!(keys.len(), sums.len());
        let (told_weights, used) = (agents.all("byzantine_weight"), agents.all("models_used"));
        for (row, key) in keys.iter().enumerate() {
            let (all, byzantine, models) = sums[key];
            assert!(
                (all - 1.0).abs() < 1e-12,
                "{rule}: the weights of {key:?} add up to {all}"
            );
            let told = told_weights[row];
            assert!(
                (told - byzantine).abs() < 1e-12,
                "{rule}: {told} is not {byzantine}"
            );
            assert_eq!(used[row], models);
        }
    }
}

#[test]
fn shares_of_accepted_and_rejected_models_are_those_of_the_weights() {
    let ran = ran(ATTACKED, &["record.weights=\"all\""]);
    let weights = ran.table("weights");
    let rounds = ran.table("rounds").only("group", "all");
    let network = ran.table("network/agents");
    let (groups, byzantine) = (network.all("group"), network.all("byzantine"));
    let (receivers, senders) = (weights.all("receiver"), weights.all("sender"));
    let (iterations, weight) = (weights.all("iteration"), weights.all("weight"));
    for (row, iteration) in rounds.all("iteration").into_iter().enumerate() {
        let (mut accepted, mut present, mut rejected, mut same) = (0.0, 0.0, 0.0, 0.0);
        for at in (0..weights.rows.len()).filter(|&at| iterations[at] == iteration) {
            let (receiver, sender) = (receivers[at] as usize, senders[at] as usize);
            if byzantine[sender] == 1.0 {
                present += 1.0;
                accepted += f64::from(u8::from(weight[at] > 0.0));
            } else if receiver != sender && groups[receiver] == groups[sender] {
                same += 1.0;
                rejected += f64::from(u8::from(weight[at] == 0.0));
            }
        }
        let told = |column: &str| rounds.all(column)[row];
        assert!(is_close(told("byzantine_accepted"), accepted / present));
        assert!(is_close(
            told("honest_same_group_rejected"),
            rejected / same
        ));
    }
}

#[test]
fn the_summary_is_that_of_the_tables() {
    let ran = ran(ATTACKED, &["record.weights=\"all\""]);
    let (agents, weights) = (ran.table("agents"), ran.table("weights"));
    let rounds = ran.table("rounds").only("group", "all");
    // The last 60 % of 40 iterations.
    assert_eq!(ran.number(&["steady", "from_iteration"]), 16.0);
    let mut losses: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for ((agent, iteration), loss) in agents
        .all("agent")
        .into_iter()
        .zip(agents.all("iteration"))
        .zip(agents.all("loss"))
    {
        if iteration >= 16.0 {
            losses.entry(agent as u64).or_default().push(loss);
        }
    }
    let means: Vec<f64> = losses
        .values()
        .map(|l| l.iter().sum::<f64>() / l.len() as f64)
        .collect();
    let steady = |part: &str| ran.number(&["steady", "loss", part]);
    assert!(is_close(
        steady("mean"),
        means.iter().sum::<f64>() / means.len() as f64
    ));
    assert!(is_close(
        steady("min"),
        means.iter().copied().fold(f64::INFINITY, f64::min)
    ));
    assert!(is_close(
        steady("max"),
        means.iter().copied().fold(0.0, f64::max)
    ));
    for column in [
        "byzantine_weight",
        "byzantine_accepted",
        "honest_same_group_rejected",
    ] {
        let values = &rounds.all(column)[16..];
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!(is_close(ran.number(&["filter", column]), mean), "{column}");
    }
    let last = rounds.rows.len() - 1;
    for part in ["mean", "min", "max"] {
        let told = rounds.all(&format!("loss_{part}"))[last];
        assert_eq!(ran.number(&["final", "loss", part]), told);
    }

    // Attackers send and receive too; the tables have only what normal agents used.
    let accepted = weights.only("accepted", "true");
    let used = accepted.rows.len() - agents.rows.len();
    assert_eq!(rounds.all("models_used").iter().sum::<f64>(), used as f64);
    let edges = ran.table("network/edges").rows.len() as f64;
    let messages = |name: &str| ran.number(&["messages", name]);
    assert_eq!(messages("sent"), edges * 40.0);
    assert_eq!(messages("delivered"), edges * 40.0);
    assert!((used as f64..edges * 40.0).contains(&messages("used")));
    assert_eq!(messages("bytes"), edges * 40.0 * 8.0);
    assert_eq!(
        ran.number(&["simulated_ms"]),
        *rounds.all("simulated_ms").last().unwrap()
    );
    assert_eq!(ran.number(&["edges"]), edges / 2.0);
}

#[test]
fn shut_out_counts_from_the_first_attack_whatever_is_recorded() {
    let all = ran(ATTACKED, &["record.weights=\"all\"", "iterations=100"]);
    let weights = all.table("weights");
    let mut per_iteration = [0.0; 100];
    let senders = weights.all("sender");
    for ((&sender, weight), iteration) in senders
        .iter()
        .zip(weights.all("weight"))
        .zip(weights.all("iteration"))
    {
        if sender == 1.0 || sender == 6.0 {
            // The mean over ten normal agents.
            per_iteration[iteration as usize] += weight / 10.0;
        }
    }
    let last = per_iteration
        .iter()
        .rposition(|&weight| weight >= 1e-6)
        .unwrap();
    assert!(
        (5..99).contains(&last),
        "the filter works, after a while: {last}"
    );
    let expected = (last + 1 - 5) as f64;
    assert_eq!(all.number(&["filter", "shut_out_iteration"]), expected);
    let sparse = ran(ATTACKED, &["record.every_iterations=30", "iterations=100"]);
    assert_eq!(sparse.number(&["filter", "shut_out_iteration"]), expected);
    let never = ran(ATTACKED, &["rule.kind=\"average\""]);
    assert_eq!(
        never.summary.number(&["filter", "shut_out_iteration"]),
        None
    );
    let alone = ran(ATTACKED, &["rule.kind=\"no-cooperation\""]);
    assert_eq!(alone.number(&["filter", "shut_out_iteration"]), 0.0);
}

#[test]
fn the_timeline_is_that_of_the_agents() {
    let ran = ran(ATTACKED, &["record.every_ms=15"]);
    let (timeline, agents) = (ran.table("timeline"), ran.table("agents"));
    let moments = timeline.only("group", "all").all("simulated_ms");
    // 40 iterations of 10.001 ms.
    let expected: Vec<f64> = (1..=26).map(|m| 15.0 * f64::from(m)).collect();
    assert_eq!(moments, expected);
    let (groups, combined) = (agents.texts("group"), agents.all("simulated_ms"));
    let (ids, losses) = (agents.all("agent"), agents.all("loss"));
    let used = agents.all("models_used");
    for (row, group) in timeline.texts("group").into_iter().enumerate() {
        let told = |column: &str| timeline.all(column)[row];
        let now = told("simulated_ms");
        let mut latest = BTreeMap::new();
        let mut models = 0.0;
        for at in 0..agents.rows.len() {
            if combined[at] <= now && (group == "all" || groups[at] == group) {
                latest.insert(ids[at] as u64, losses[at]);
                models += if combined[at] > now - 15.0 {
                    used[at]
                } else {
                    0.0
                };
            }
        }
        let mean = latest.values().sum::<f64>() / latest.len() as f64;
        assert!(is_close(told("loss_mean"), mean));
        assert_eq!(told("agents"), latest.len() as f64);
        assert_eq!(told("models_used"), models);
        assert_eq!(told("iteration"), (now / 10.001).floor() - 1.0);
    }
    assert!(timeline.is_null("round_ms") && timeline.is_null("wall_us"));
}

#[test]
fn where_nobody_waits_filters_are_those_of_single_agents_over_time() {
    let assignments = [
        "record.weights=\"all\"",
        "clock.mode=asynchronous",
        "clock.compute_ms={ kind = \"uniform\", low = 5, high = 40 }",
        "clock.override=[{ agents = [2, 3], speed = 0.2 }]",
        "iterations=60",
    ];
    let ran = ran(ATTACKED, &assignments);
    let (agents, weights) = (ran.table("agents"), ran.table("weights"));
    let network = ran.table("network/agents");
    let (groups, byzantine) = (network.all("group"), network.all("byzantine"));
    let from = 0.4 * ran.number(&["simulated_ms"]);
    // Per agent: the weights of its combinations, and its last moment with a weight and the one after.
    let mut of_agent: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut closed = BTreeMap::new();
    let (ids, moments) = (agents.all("agent"), agents.all("simulated_ms"));
    let mut rows: Vec<usize> = (0..ids.len()).collect();
    rows.sort_by(|&a, &b| moments[a].total_cmp(&moments[b]));
    for row in rows {
        let (agent, weight) = (ids[row] as u64, agents.all("byzantine_weight")[row]);
        if moments[row] > from {
            of_agent.entry(agent).or_default().push(weight);
        }
        let (open, at) = closed.entry(agent).or_insert((false, 0.0));
        if *open && weight < 1e-6 {
            *at = moments[row];
        }
        *open = weight >= 1e-6;
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let means: Vec<f64> = of_agent.values().map(|all| mean(all)).collect();
    let told = |name: &str| ran.summary.number(&["filter", name]);
    assert!(is_close(told("byzantine_weight").unwrap(), mean(&means)));
    assert_eq!(told("shut_out_iteration"), None);
    let is_over = closed.values().all(|(open, _)| !open);
    assert_eq!(told("shut_out_ms").is_some(), is_over);

    // Shares per combination, then per agent, then over agents.
    let mut shares: BTreeMap<(u64, u64), [f64; 4]> = BTreeMap::new();
    for row in 0..weights.rows.len() {
        let at = |column: &str| weights.all(column)[row];
        if at("simulated_ms") <= from || at("sender") == at("receiver") {
            continue;
        }
        let (receiver, sender) = (at("receiver") as usize, at("sender") as usize);
        let key = (receiver as u64, at("iteration") as u64);
        let counts = shares.entry(key).or_default();
        if byzantine[sender] == 1.0 {
            counts[0] += f64::from(u8::from(at("weight") > 0.0));
            counts[1] += 1.0;
        } else if groups[receiver] == groups[sender] {
            counts[2] += f64::from(u8::from(at("weight") == 0.0));
            counts[3] += 1.0;
        }
    }
    for (name, part) in [("byzantine_accepted", 0), ("honest_same_group_rejected", 2)] {
        let mut of_agent: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for ((receiver, _), counts) in shares.iter().filter(|(_, c)| c[part + 1] > 0.0) {
            let share = counts[part] / counts[part + 1];
            of_agent.entry(*receiver).or_default().push(share);
        }
        let means: Vec<f64> = of_agent.values().map(|all| mean(all)).collect();
        assert!(is_close(told(name).unwrap(), mean(&means)), "{name}");
    }
}

/// Aggregators under so much loss that they starve now and then.
const STARVED: &str = r#"
iterations = 60
link.drop = 0.5
record.weights = "all"
record.every_ms = 10
[task]
kind = "linear-regression"
groups = 1
[topology]
kind = "complete"
agents = 6
[[attack]]
agents = [1, 2]
kind = "constant"
value = 7.0
"#;

#[test]
fn what_starves_has_no_weights_where_its_rule_gives_none() {
    for (rule, keeps_own) in [
        ("rule={ kind = \"krum\", f = 1 }", true),
        (
            "rule={ kind = \"trimmed-mean\", f = 2, too_few = \"shrink-f\" }",
            false,
        ),
    ] {
        let ran = ran(STARVED, &[rule]);
        let agents = ran.table("agents");
        let starved = agents.all("starved");
        assert!(starved.contains(&1.0) && starved.contains(&0.0), "{rule}");
        for (table, columns) in [
            ("weights", &["weight", "accepted"][..]),
            ("agents", &["byzantine_weight"]),
            (
                "rounds",
                &[
                    "byzantine_weight",
                    "byzantine_accepted",
                    "honest_same_group_rejected",
                ],
            ),
            (
                "timeline",
                &[
                    "byzantine_weight",
                    "byzantine_accepted",
                    "honest_same_group_rejected",
                ],
            ),
        ] {
            for column in columns {
                assert!(ran.table(table).is_null(column), "{rule}: {table} {column}");
            }
        }
        for name in [
            "byzantine_weight",
            "byzantine_accepted",
            "honest_same_group_rejected",
            "shut_out_iteration",
        ] {
            assert_eq!(
                ran.summary.number(&["filter", name]),
                None,
                "{rule}: {name}"
            );
        }
        // Of the last 60 %.
        let is_steady = |&row: &usize| agents.all("iteration")[row] >= 24.0;
        let steady: Vec<f64> = (0..starved.len())
            .filter(is_steady)
            .map(|r| starved[r])
            .collect();
        let share = steady.iter().sum::<f64>() / steady.len() as f64;
        let told = |name| ran.number(&["steady", name]);
        assert!(is_close(told("starved"), share), "{rule}");
        let kept = if keeps_own { told("starved") } else { 0.0 };
        assert!(is_close(told("kept_own"), kept), "{rule}");
        // What was there was used unless the own model was kept.
        let used = agents.all("models_used").into_iter();
        let rows = used.zip(agents.all("missing")).zip(&starved);
        for ((used, missing), starved) in rows {
            let keeps_own = keeps_own && *starved == 1.0;
            let expected = if keeps_own { 0.0 } else { 5.0 - missing };
            assert_eq!(used, expected, "{rule}");
        }
    }
}

/// Rows that leave a remainder at the end of an epoch: 11 for training, and the same for test.
fn rows_of_two_agents() -> String {
    let row = |r: usize| {
        let x = (r * 37 % 19) as f64 / 9.0 - 1.0;
        format!(
            "{},{x},{}\n",
            r % 2,
            2.0 * x + ((r * 53 % 17) as f64 / 8.0 - 1.0)
        )
    };
    let rows: String = (0..44).map(row).collect();
    format!("agent,x,y\n{rows}")
}

#[test]
fn final_losses_are_over_all_training_rows_and_those_of_iterations_on_batches() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.csv");
    std::fs::write(&data, rows_of_two_agents()).unwrap();
    let scenario = format!(
        "epochs = 4\n[task]\nkind = \"regression\"\npath = \"{}\"\ntest_share = 0.5\n\
         [topology]\nagents = 2\n[rule]\nkind = \"average\"\n",
        data.display()
    );
    let ran = |assignments: &[&str]| {
        let ran = ran(&scenario, assignments);
        let rounds = ran.table("rounds").only("group", "all");
        let last = |name: &str| *rounds.all(name).last().unwrap();
        let batch = ["loss_mean", "adapted_loss_mean"].map(last);
        let told = ["loss", "adapted_loss"].map(|name| ran.number(&["final", name, "mean"]));
        let of_agents = ran.table("network/agents").all("final_loss");
        assert!(is_close(told[0], (of_agents[0] + of_agents[1]) / 2.0));
        let by_agent = ran.table("agents").all("loss");
        let [.., first, second] = by_agent[..] else {
            panic!()
        };
        assert!(is_close(batch[0], (first + second) / 2.0));
        (batch, told)
    };
    // One batch is all rows.
    for mode in ["clock.mode=synchronous", "clock.mode=asynchronous"] {
        let (batch, told) = ran(&["task.batch=11", mode]);
        assert!(
            (0..2).all(|i| (batch[i] / told[i] - 1.0).abs() < 1e-9),
            "{batch:?} {told:?}"
        );
    }
    // The last batch of an epoch is a row.
    let (batch, told) = ran(&["task.batch=10"]);
    assert!(
        (0..2).all(|i| (batch[i] / told[i] - 1.0).abs() > 0.01),
        "{batch:?} {told:?}"
    );
    let (early, told_early) = ran(&["task.batch=10", "until_ms=1e6"]);
    assert_eq!((early, told_early), (batch, told));
}
