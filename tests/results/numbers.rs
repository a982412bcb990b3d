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
                sum.2 += 1.0;
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
    let edges = ran.table("network/edges").rows.len() as f64;
    let messages = |name: &str| ran.number(&["messages", name]);
    assert_eq!(messages("sent"), edges * 40.0);
    assert_eq!(messages("delivered"), edges * 40.0);
    assert_eq!(messages("used"), edges * 40.0);
    assert_eq!(messages("bytes"), edges * 40.0 * 8.0);
    let used = weights.rows.len() - agents.rows.len();
    assert_eq!(rounds.all("models_used").iter().sum::<f64>(), used as f64);
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
