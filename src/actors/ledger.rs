//! What an agent notes of its messages until it tells: counts, delays and, where they are traced,
//! every single one.

use super::letter::Letter;
use super::message::Tag;
use crate::checkpoint::{Book, Kept, keep};
use crate::link::LinkKind;
use crate::record::{Delays, MessageEnd, MessageKey, MessageRow, ModelRow, Stage, Trace, Traffic};
use crate::scenario::Plan;
use crate::units::{AgentId, Params, SimTime};

/// An agent's notes.
pub(super) struct Ledger {
    pub traffic: Traffic,
    pub delays: Delays,
    trace: Option<Box<Trace>>,
    traces: bool,
}

impl Ledger {
    pub fn new(plan: &Plan) -> Ledger {
        Ledger {
            traffic: Traffic::default(),
            delays: Delays::default(),
            trace: None,
            traces: plan.record.trace,
        }
    }

    /// Notes of what may come about another way, to be thrown away.
    pub fn of_what_may_come() -> Ledger {
        Ledger {
            traffic: Traffic::default(),
            delays: Delays::default(),
            trace: None,
            traces: false,
        }
    }

    /// Whether every message and model is kept.
    pub fn traces(&self) -> bool {
        self.traces
    }

    /// What has been noted since the last time.
    pub fn take(&mut self) -> (Traffic, Delays, Option<Box<Trace>>) {
        (
            std::mem::take(&mut self.traffic),
            std::mem::take(&mut self.delays),
            self.trace.take(),
        )
    }

    /// Keeps what has not been told yet.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.traffic, self.delays, self.trace)
    }

    /// Counts copies that were put on a link.
    pub fn count_sent(&mut self, plan: &Plan, kind: LinkKind, letter: &Letter, copies: u32) {
        let size = plan.links.bytes(kind);
        let size = size.unwrap_or(4 * letter.values().len() as u64);
        self.traffic.sent += u64::from(copies);
        self.traffic.bytes += size * u64::from(copies);
    }

    /// The name of a copy of a letter, for traces.
    pub fn key(&self, letter: &Letter, receiver: AgentId, tag: Tag) -> MessageKey {
        let head = letter.head();
        MessageKey {
            sender: head.sender,
            receiver,
            stamp: head.stamp,
            copy: tag.copy(),
            attempt: tag.attempt(),
        }
    }

    /// Counts copies that were dropped on their way.
    pub fn drop(
        &mut self,
        key: MessageKey,
        sent: SimTime,
        arrives: Option<SimTime>,
        fate: MessageEnd,
        copies: u64,
    ) {
        self.traffic.dropped += copies;
        self.note(|| MessageRow {
            key,
            sent,
            arrives,
            fate,
            used: None,
            copies,
        });
    }

    /// Keeps the end of a message's way, where messages are traced.
    pub fn note(&mut self, row: impl FnOnce() -> MessageRow) {
        if self.traces {
            self.trace.get_or_insert_default().messages.push(row());
        }
    }

    /// Keeps a model, where they are traced.
    pub fn note_model(
        &mut self,
        (agent, iteration): (AgentId, u64),
        stage: Stage,
        receiver: Option<AgentId>,
        parameters: &[f32],
    ) {
        if self.traces {
            self.trace.get_or_insert_default().models.push(ModelRow {
                agent,
                iteration,
                stage,
                receiver,
                parameters: Params::new(parameters),
            });
        }
    }
}
