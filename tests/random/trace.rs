//! What a trace must show whatever the scenario: causes come before effects, copies are counted
//! once and by the right cause, and combined models are the weighted sums of what was received.

use crate::oracle::mail::Traffic;
use crate::reading::Table;
use byzsim::scenario::Plan;
use parquet::record::Field;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// One row of `messages`.
struct Message {
    sender: u64,
    receiver: u64,
    stamp: u64,
    /// [µs].
    sent: u64,
    arrives: Option<u64>,
    fate: String,
    used: Option<u64>,
    last_used: Option<u64>,
    times_used: u64,
    copies: u64,
    /// Even where a sender made it, odd where a link did.
    copy: u64,
    attempt: u64,
    dropped_by: String,
}

/// Checks the tables of a run's folder.
///
/// Returns how many combinations were made again.
///
/// # Errors
/// The first thing that cannot be.
pub fn check(
    folder: &Path,
    summary: &Value,
    plan: &Plan,
    traffic: &Traffic,
) -> Result<usize, String> {
    let messages = messages(&Table::read(folder, "messages"));
    for (number, message) in &messages {
        causality(message).map_err(|what| format!("message {number}: {what}"))?;
    }
    accounting(&messages, summary)?;
    causes(&messages, traffic)?;
    recombination(folder, &messages, plan)
}

fn us(ms: f64) -> u64 {
    (ms * 1000.0).round() as u64
}

fn messages(table: &Table) -> BTreeMap<u64, Message> {
    let count = |name: &str| {
        let all = table.all(name).into_iter();
        all.map(|x| x as u64).collect::<Vec<u64>>()
    };
    let moment = |name: &str| {
        let all = table.numbers(name).into_iter();
        all.map(|ms| ms.map(us)).collect::<Vec<Option<u64>>>()
    };
    let numbers = count("message");
    let (senders, receivers) = (count("sender"), count("receiver"));
    let (stamps, times_used, copies) = (count("stamp"), count("times_used"), count("copies"));
    let (sent, arrives) = (moment("sent_ms"), moment("arrives_ms"));
    let (used, last_used) = (moment("used_ms"), moment("last_used_ms"));
    let (fates, causes) = (table.texts("fate"), table.texts("dropped_by"));
    let (copy, attempt) = (count("copy"), count("attempt"));
    let message = |i: usize| Message {
        sender: senders[i],
        receiver: receivers[i],
        stamp: stamps[i],
        sent: sent[i].expect("a moment"),
        arrives: arrives[i],
        fate: fates[i].clone(),
        used: used[i],
        last_used: last_used[i],
        times_used: times_used[i],
        copies: copies[i],
        copy: copy[i],
        attempt: attempt[i],
        dropped_by: causes[i].clone(),
    };
    let all: BTreeMap<u64, Message> = (0..numbers.len())
        .map(|i| (numbers[i], message(i)))
        .collect();
    assert_eq!(all.len(), numbers.len(), "a message's number is its own");
    all
}

fn causality(message: &Message) -> Result<(), String> {
    if message.arrives.is_some_and(|at| at < message.sent + 1) {
        return Err("it arrives before it can".to_owned());
    }
    let is_used = message.used.is_some();
    if is_used && message.fate != "delivered" {
        return Err(format!("it is used and yet {}", message.fate));
    }
    if message.fate == "delivered" && message.arrives.is_none() {
        return Err("it is delivered and never arrives".to_owned());
    }
    if is_used && message.used < message.arrives {
        return Err("it is used before it arrives".to_owned());
    }
    if is_used != (message.times_used > 0) || message.last_used < message.used {
        return Err(format!("it is used {} times", message.times_used));
    }
    if message.copies > 1 && message.fate != "dropped" {
        return Err("copies that are not lost have rows of their own".to_owned());
    }
    Ok(())
}

/// Copies by how they ended, against the summary's counts.
fn accounting(messages: &BTreeMap<u64, Message>, summary: &Value) -> Result<(), String> {
    let told = |what: &str| summary["messages"][what].as_u64().expect("a count");
    let counted = |is: &dyn Fn(&Message) -> bool| -> u64 {
        let all = messages.values().filter(|m| is(m));
        all.map(|m| m.copies).sum()
    };
    let mut sum = 0;
    for fate in ["delivered", "dropped", "malformed", "expired", "in_flight"] {
        let count = counted(&|m| m.fate.replace('-', "_") == fate);
        sum += count;
        if count != told(fate) {
            return Err(format!("{count} are {fate}, not {}", told(fate)));
        }
    }
    let used = counted(&|m| m.times_used > 0);
    if used != told("used") {
        return Err(format!("{used} are used, not {}", told("used")));
    }
    let made = counted(&|m| m.copy % 2 == 1);
    match (sum - made, made) == (told("sent"), told("duplicated")) {
        true => Ok(()),
        false => Err(format!("{sum} copies, {made} of them made by links")),
    }
}

/// Losses by cause and retransmissions, against the oracle's counts.
fn causes(messages: &BTreeMap<u64, Message>, traffic: &Traffic) -> Result<(), String> {
    let counted = |is: &dyn Fn(&Message) -> bool| -> u64 {
        let all = messages.values().filter(|m| is(m));
        all.map(|m| m.copies).sum()
    };
    let dropped = &traffic.dropped;
    for (cause, oracle) in [
        ("link", dropped.link),
        ("burst", dropped.burst),
        ("partition", dropped.partition),
        ("receiver-down", dropped.receiver_down),
        ("flood-bound", dropped.flood_bound),
    ] {
        let count = counted(&|m| m.dropped_by == cause);
        if count != oracle {
            return Err(format!(
                "{count} are dropped by {cause}, should be {oracle}"
            ));
        }
    }
    let again = counted(&|m| m.attempt > 0 && m.copy % 2 == 0);
    match again == traffic.retransmitted {
        true => Ok(()),
        false => Err(format!(
            "{again} are sent again, should be {}",
            traffic.retransmitted
        )),
    }
}

/// Every combined model of a normal agent from what it was combined of.
fn recombination(
    folder: &Path,
    messages: &BTreeMap<u64, Message>,
    plan: &Plan,
) -> Result<usize, String> {
    let models = Models::read(&Table::read(folder, "models"));
    let weights = Table::read(folder, "weights");
    let count = |name: &str| weights.numbers(name);
    let (receivers, senders) = (count("receiver"), count("sender"));
    let (iterations, numbers) = (count("iteration"), count("message"));
    let (weight, moments) = (count("weight"), count("simulated_ms"));
    let mut sums: BTreeMap<(u64, u64), Vec<f64>> = BTreeMap::new();
    let mut uses: BTreeMap<u64, u64> = BTreeMap::new();
    for row in 0..weights.rows.len() {
        let number = |column: &[Option<f64>]| column[row].map(|x| x as u64);
        let receiver = number(&receivers).expect("a receiver");
        let iteration = number(&iterations).expect("an iteration");
        let at = us(moments[row].expect("a moment"));
        let model = match number(&numbers) {
            None => models.adapted(receiver, iteration),
            Some(number) => {
                let message = &messages[&number];
                // One without a weight was there, and not used.
                let is_used = weight[row].expect("a weight") > 0.0;
                *uses.entry(number).or_default() += u64::from(is_used);
                let is_its = message.receiver == receiver
                    && Some(message.sender) == senders[row].map(|x| x as u64);
                if !is_its || is_used && message.used.is_none_or(|used| used > at) {
                    return Err(format!("message {number} was not used by {receiver}"));
                }
                models.sent(message)
            }
        };
        let model = model.ok_or_else(|| format!("no model of row {row} of weights"))?;
        let sum = sums.entry((receiver, iteration)).or_default();
        sum.resize(model.len(), 0.0);
        for (sum, &x) in sum.iter_mut().zip(model) {
            *sum += weight[row].expect("a weight") * f64::from(x);
        }
    }
    for ((receiver, iteration), sum) in &sums {
        let combined = models.get("combined", *receiver, *iteration, None);
        let combined = combined.ok_or_else(|| format!("{receiver} has no model {iteration}"))?;
        let is_same = combined.len() == sum.len()
            && combined.iter().zip(sum).all(|(x, sum)| *x == *sum as f32);
        if !is_same {
            return Err(format!(
                "agent {receiver} combined {combined:?} in iteration {iteration}, not {sum:?}"
            ));
        }
    }
    // Attackers' combinations have no rows.
    let normal = |m: &Message| !plan.roles[m.receiver as usize].is_byzantine();
    for (number, message) in messages.iter().filter(|(_, m)| normal(m)) {
        let used = uses.get(number).copied().unwrap_or(0);
        if used != message.times_used {
            return Err(format!("message {number} is in {used} combinations"));
        }
    }
    Ok(sums.len())
}

/// Rows of `models`, by stage, agent, iteration and receiver.
struct Models(BTreeMap<(String, u64, u64, Option<u64>), Vec<f32>>);

impl Models {
    fn read(table: &Table) -> Models {
        let (agents, iterations) = (table.all("agent"), table.all("iteration"));
        let (stages, receivers) = (table.texts("stage"), table.numbers("receiver"));
        let column = table.columns.iter().position(|c| c == "parameters");
        let column = column.expect("parameters");
        let row = |i: usize| {
            let receiver = receivers[i].map(|x| x as u64);
            let key = (
                stages[i].clone(),
                agents[i] as u64,
                iterations[i] as u64,
                receiver,
            );
            (key, parameters(&table.rows[i][column]))
        };
        Models((0..table.rows.len()).map(row).collect())
    }

    fn get(&self, stage: &str, agent: u64, iteration: u64, to: Option<u64>) -> Option<&Vec<f32>> {
        self.0.get(&(stage.to_owned(), agent, iteration, to))
    }

    /// An agent's own ψ when it combined for an iteration: it may have begun before it.
    fn adapted(&self, agent: u64, iteration: u64) -> Option<&Vec<f32>> {
        let from = ("adapted".to_owned(), agent, 0, None);
        let to = ("adapted".to_owned(), agent, iteration, None);
        self.0.range(from..=to).next_back().map(|(_, model)| model)
    }

    /// What a message held: what was made for its receiver or for all, or ψ.
    fn sent(&self, message: &Message) -> Option<&Vec<f32>> {
        let Message { sender, stamp, .. } = *message;
        self.get("sent", sender, stamp, Some(message.receiver))
            .or_else(|| self.get("sent", sender, stamp, None))
            .or_else(|| self.get("adapted", sender, stamp, None))
    }
}

fn parameters(field: &Field) -> Vec<f32> {
    match field {
        Field::ListInternal(list) => {
            let number = |field: &Field| match field {
                Field::Float(x) => *x,
                Field::Double(x) => *x as f32,
                other => panic!("a parameter is {other:?}"),
            };
            list.elements().iter().map(number).collect()
        }
        Field::Bytes(bytes) => {
            let (values, _) = bytes.data().as_chunks::<4>();
            values.iter().map(|b| f32::from_le_bytes(*b)).collect()
        }
        other => panic!("parameters are {other:?}"),
    }
}
