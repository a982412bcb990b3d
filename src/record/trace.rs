//! `messages.parquet` and `models.parquet`: what `record.trace` keeps.

use super::parquet_file::Parts;
use super::sample::{Round, Traffic};
use super::table::{Column, Constant, Kind, Table, TableError};
use super::traced::{MessageEnd, MessageKey, MessageRow, Trace};
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::Plan;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes both tables.
pub(super) struct Tracing {
    messages: Table,
    models: Table,
    numbers: Numbers,
    /// The messages, counted once more by their rows.
    counted: Traffic,
}

/// Gives messages their numbers, in the order in which they are first spoken of.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Numbers {
    next: u64,
    /// Of messages whose row has not come yet.
    pending: BTreeMap<MessageKey, u64>,
}

impl Numbers {
    fn of(&mut self, key: MessageKey) -> u64 {
        *self.pending.entry(key).or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// The number of a message that nobody will speak of again.
    fn last_of(&mut self, key: MessageKey) -> u64 {
        let number = self.of(key);
        self.pending.remove(&key);
        number
    }
}

impl Tracing {
    /// Makes the tables, if the scenario asks for them.
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Option<Tracing>, TableError> {
        let Some(folder) = folder.filter(|_| plan.record.trace) else {
            return Ok(None);
        };
        Tracing::create(folder, constants).map(Some)
    }

    fn create(folder: &Path, constants: &[Constant]) -> Result<Tracing, TableError> {
        let table = |name, columns| Table::create(folder, name, constants.to_vec(), columns);
        Ok(Tracing {
            messages: table("messages", message_columns())?,
            models: table("models", model_columns())?,
            numbers: Numbers::default(),
            counted: Traffic::default(),
        })
    }

    /// Keeps the numbers, and where the tables stand.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.messages.keep(book)?;
        self.models.keep(book)?;
        keep!(book: self.numbers, self.counted)
    }

    /// The number of a message.
    pub fn number(&mut self, key: MessageKey) -> u64 {
        self.numbers.of(key)
    }

    /// Writes what the agents told with an iteration.
    pub fn record(&mut self, round: &Round) -> Result<(), TableError> {
        let traces = round.samples.iter().filter_map(|s| s.trace.as_deref());
        traces.into_iter().try_for_each(|trace| self.write(trace))
    }

    /// Writes a trace.
    pub fn write(&mut self, trace: &Trace) -> Result<(), TableError> {
        for message in &trace.messages {
            self.message(message)?;
        }
        for model in &trace.models {
            self.models.row(|row| {
                row.int(model.agent.0)
                    .int(model.iteration)
                    .text(model.stage.name())
                    .int(model.receiver.map(|receiver| receiver.0))
                    .list(model.parameters.values());
            })?;
        }
        Ok(())
    }

    fn message(&mut self, message: &MessageRow) -> Result<(), TableError> {
        let MessageRow {
            key,
            sent,
            arrives,
            fate,
            used,
            copies,
        } = *message;
        count(&mut self.counted, message);
        let number = self.numbers.last_of(key);
        self.messages.row(|row| {
            row.int(number)
                .int(key.sender.0)
                .int(key.receiver.0)
                .int(key.stamp)
                .int(key.copy)
                .int(key.attempt)
                .float(sent.ms())
                .float(arrives.map(|arrives| arrives.ms()))
                .text(fate.name())
                .text(fate.dropped_by())
                .float(used.map(|(first, _, _)| first.ms()))
                .float(used.map(|(_, last, _)| last.ms()))
                .int(used.map_or(0, |(_, _, times)| times))
                .int(copies);
        })
    }

    /// What a finished run's messages came to by their rows, which must be what the agents
    /// counted. Bytes are not in the rows.
    pub fn counted(&self) -> Traffic {
        self.counted
    }

    /// Writes the files. One that cannot be written does not keep the other from it.
    pub fn finish(self, parts: Parts) -> Result<(), TableError> {
        let (messages, models) = (self.messages.end(parts), self.models.end(parts));
        messages.and(models).map(drop)
    }
}

fn count(traffic: &mut Traffic, message: &MessageRow) {
    let copies = message.copies;
    if message.key.is_duplicate() {
        traffic.duplicated += copies;
    } else {
        traffic.sent += copies;
    }
    let end = match message.fate {
        MessageEnd::Delivered { late } => {
            traffic.late += if late { copies } else { 0 };
            &mut traffic.delivered
        }
        MessageEnd::Dropped(_) => &mut traffic.dropped,
        MessageEnd::Expired => &mut traffic.expired,
        MessageEnd::Malformed => &mut traffic.malformed,
        MessageEnd::InFlight => &mut traffic.in_flight,
    };
    *end += copies;
    traffic.used += u64::from(message.used.is_some());
}

fn message_columns() -> Vec<Column> {
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    vec![
        integer("message", "", "number of the message, as in weights"),
        integer("sender", "", "who sent it"),
        integer("receiver", "", "to whom"),
        integer("stamp", "", "the sender's iteration"),
        integer(
            "copy",
            "",
            "number of the copy; an odd one is the link's duplicate of the one before",
        ),
        integer("attempt", "", "0, or the number of the retransmission"),
        number("sent_ms", "ms", "when it was put on the link"),
        number(
            "arrives_ms",
            "ms",
            "when it arrived, or would have; null for copies over the flood bound",
        ),
        Column::new(
            "fate",
            Kind::Text,
            "",
            "delivered, dropped, expired, malformed or in_flight",
        ),
        Column::new(
            "dropped_by",
            Kind::Text,
            "",
            "link, burst, partition, receiver-down or flood-bound",
        )
        .or_null(),
        number(
            "used_ms",
            "ms",
            "first combination in which it had a weight above 0, or was in an aggregate",
        ),
        number("last_used_ms", "ms", "last such combination"),
        integer("times_used", "combinations", "such combinations"),
        integer("copies", "messages", "copies that the row stands for"),
    ]
}

fn model_columns() -> Vec<Column> {
    let integer = |name, about| Column::new(name, Kind::Integer, "", about);
    vec![
        integer("agent", "whose model"),
        integer("iteration", "number of the iteration, from 0"),
        Column::new(
            "stage",
            Kind::Text,
            "",
            "adapted (before combining), combined, or sent",
        ),
        integer("receiver", "to whom it was sent").or_null(),
        Column::new("parameters", Kind::List, "", "its parameters"),
    ]
}
