//! What a traced run tells of its messages.

use crate::reading::Table;
use crate::timed::plan;
use byzsim::actors::{RunOptions, run};
use byzsim::record::{Observer, Seen, Summary};
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

/// One row of `messages.parquet`; times in µs.
#[derive(Debug)]
pub struct Message {
    pub sender: u64,
    pub receiver: u64,
    pub stamp: u64,
    pub copy: u64,
    pub attempt: u64,
    pub sent: u64,
    pub arrives: Option<u64>,
    pub fate: String,
    /// Empty where it was not dropped.
    pub dropped_by: String,
    pub used: bool,
    pub copies: u64,
}

impl Message {
    /// From sending to arrival.
    pub fn delay(&self) -> Option<u64> {
        self.arrives.map(|at| at - self.sent)
    }

    pub fn is_duplicate(&self) -> bool {
        self.copy % 2 == 1
    }

    /// Which model it is: a copy and its duplicate are one.
    pub fn model(&self) -> [u64; 5] {
        let Message { copy, attempt, .. } = self;
        [self.sender, self.receiver, self.stamp, copy / 2, *attempt]
    }
}

/// A run with its messages.
pub struct Traced {
    pub summary: Summary,
    pub messages: Vec<Message>,
    /// When each agent combined in each iteration [µs].
    pub combined: BTreeMap<(u64, u64), u64>,
    /// When each iteration ended [µs].
    pub ends: Vec<u64>,
}

/// Runs a scenario on two threads and reads its messages back.
pub fn traced(text: &str) -> Traced {
    let folder = tempfile::tempdir().expect("a folder");
    let record = if text.contains("[record]") {
        panic!("this run's record is its trace")
    } else {
        "\n[record]\ntrace = true\nagents = 'none'\nweights = 'none'\n"
    };
    let (watch, rounds) = channel();
    let options = RunOptions {
        threads: 2,
        folder: Some(folder.path().to_owned()),
        observers: vec![Box::new(Watch(watch))],
        ..RunOptions::default()
    };
    let summary = run(plan(&format!("{text}{record}")), options);
    let summary = summary.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (mut combined, mut ends) = (BTreeMap::new(), Vec::new());
    for (end, samples) in rounds {
        ends.push(end);
        combined.extend(samples);
    }
    Traced {
        summary,
        messages: messages(&Table::read(folder.path(), "messages")),
        combined,
        ends,
    }
}

/// An iteration's end, and who combined when.
type Round = (u64, Vec<((u64, u64), u64)>);

struct Watch(Sender<Round>);

impl Observer for Watch {
    fn see(&mut self, seen: &Seen<'_>) {
        let samples = seen.round.samples.iter();
        let combined = samples.map(|s| {
            let key = (u64::from(s.agent.0), s.iteration);
            (key, s.combined_at.us())
        });
        let round = (seen.round.end.us(), combined.collect());
        // The other end stays until the run is over.
        self.0.send(round).expect("a listener");
    }
}

fn messages(table: &Table) -> Vec<Message> {
    let count = |name: &str| -> Vec<u64> {
        let all = table.all(name).into_iter();
        all.map(|x| x as u64).collect()
    };
    let moments = |name: &str| -> Vec<Option<u64>> {
        let all = table.numbers(name).into_iter();
        all.map(|ms| ms.map(|ms| (ms * 1000.0).round() as u64))
            .collect()
    };
    let (senders, receivers, stamps) = (count("sender"), count("receiver"), count("stamp"));
    let (copy, attempt, copies) = (count("copy"), count("attempt"), count("copies"));
    let (sent, arrives, used) = (
        moments("sent_ms"),
        moments("arrives_ms"),
        moments("used_ms"),
    );
    let (fates, dropped_by) = (table.texts("fate"), table.texts("dropped_by"));
    let message = |i: usize| Message {
        sender: senders[i],
        receiver: receivers[i],
        stamp: stamps[i],
        copy: copy[i],
        attempt: attempt[i],
        sent: sent[i].expect("a moment"),
        arrives: arrives[i],
        fate: fates[i].clone(),
        dropped_by: match dropped_by[i].as_str() {
            "null" => String::new(),
            cause => cause.to_owned(),
        },
        used: used[i].is_some(),
        copies: copies[i],
    };
    (0..senders.len()).map(message).collect()
}
