//! What a traced run tells an outsider: who sent what to whom, when it arrived, and every model.

use crate::reading::Table;
use crate::spies::{Bits, bits};
use byzsim::units::SimTime;
use parquet::record::Field;
use std::collections::BTreeMap;
use std::path::Path;

/// A copy of a model, on its way or at its end.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    pub sender: u32,
    pub receiver: u32,
    pub stamp: u64,
    pub sent: SimTime,
    /// When it arrives; absent where it does not.
    pub arrives: Option<SimTime>,
}

/// A model's place in a weighted combination.
#[derive(Clone, Copy, Debug)]
pub struct Weighed {
    pub receiver: u32,
    pub sender: u32,
    pub iteration: u64,
    pub at: SimTime,
    pub accumulated: Option<f64>,
}

pub struct Told {
    pub copies: Vec<Copied>,
    /// ψ and θ by agent and iteration.
    pub adapted: BTreeMap<(u32, u64), Bits>,
    pub combined: BTreeMap<(u32, u64), Bits>,
    pub weights: Vec<Weighed>,
    /// When each iteration began; synchronous and deadline.
    pub starts: Vec<SimTime>,
}

impl Told {
    pub fn read(run: &Path) -> Told {
        let messages = Table::read(run, "messages");
        let whole = |table: &Table, name: &str| -> Vec<u64> {
            table.all(name).into_iter().map(|x| x as u64).collect()
        };
        let fates = messages.texts("fate");
        let (senders, receivers) = (whole(&messages, "sender"), whole(&messages, "receiver"));
        let (stamps, sent) = (whole(&messages, "stamp"), messages.all("sent_ms"));
        let arrives = messages.numbers("arrives_ms");
        let copies = (0..fates.len()).map(|i| Copied {
            sender: senders[i] as u32,
            receiver: receivers[i] as u32,
            stamp: stamps[i],
            sent: SimTime::from_ms(sent[i]),
            arrives: arrives[i]
                .filter(|_| fates[i] != "dropped")
                .map(SimTime::from_ms),
        });
        let models = Table::read(run, "models");
        let stage = |stage: &str| {
            let models = models.only("stage", stage);
            let column = models.columns.iter().position(|c| c == "parameters");
            let column = column.expect("parameters");
            let (agents, iterations) = (whole(&models, "agent"), whole(&models, "iteration"));
            let keys = agents.into_iter().map(|k| k as u32).zip(iterations);
            let values = models.rows.iter().map(|row| parameters(&row[column]));
            keys.zip(values).collect()
        };
        let weights = Table::read(run, "weights");
        let (by, of) = (whole(&weights, "receiver"), whole(&weights, "sender"));
        let (iterations, at) = (whole(&weights, "iteration"), weights.all("simulated_ms"));
        let accumulated = weights.numbers("accumulated");
        let weighed = (0..by.len()).map(|i| Weighed {
            receiver: by[i] as u32,
            sender: of[i] as u32,
            iteration: iterations[i],
            at: SimTime::from_ms(at[i]),
            accumulated: accumulated[i],
        });
        let rounds = Table::read(run, "rounds").only("group", "all");
        let ends = rounds.all("simulated_ms").into_iter();
        let took = rounds.numbers("round_ms").into_iter().flatten();
        let starts = ends
            .zip(took)
            .map(|(end, took)| SimTime::from_ms(end - took));
        Told {
            starts: starts.collect(),
            copies: copies.collect(),
            adapted: stage("adapted"),
            combined: stage("combined"),
            weights: weighed.collect(),
        }
    }

    /// When an agent had adapted in an iteration, by the first copy that it sent.
    pub fn adapted_at(&self, agent: u32, iteration: u64) -> Option<SimTime> {
        let own = |c: &&Copied| c.sender == agent && c.stamp == iteration;
        self.copies.iter().filter(own).map(|c| c.sent).min()
    }
}

fn parameters(field: &Field) -> Bits {
    let Field::ListInternal(list) = field else {
        panic!("parameters are {field:?}");
    };
    let number = |field: &Field| match field {
        Field::Float(x) => *x,
        other => panic!("a parameter is {other:?}"),
    };
    bits(&list.elements().iter().map(number).collect::<Vec<f32>>())
}
