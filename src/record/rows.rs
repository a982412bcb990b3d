//! `agents.parquet` and `weights.parquet`: what single agents did.

use super::parquet_file::Parts;
use super::rounds::epoch;
use super::sample::Round;
use super::sample::Sample;
use super::table::{Column, Constant, Kind, Table, TableError};
use super::traced::MessageKey;
use crate::checkpoint::{Book, Kept};
use crate::scenario::Plan;
use std::path::Path;

/// `agents.parquet`: per recorded normal agent and iteration. Attackers have no rows: the state
/// that they would have is not in the network.
pub(super) struct AgentRows(Option<Table>);

impl AgentRows {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Self, TableError> {
        let any = plan.graph.ids().any(|k| plan.has_rows(k));
        let folder = folder.filter(|_| any);
        let table = folder.map(|f| Table::create(f, "agents", constants.to_vec(), agent_columns()));
        Ok(AgentRows(table.transpose()?))
    }

    pub fn record(&mut self, plan: &Plan, round: &Round) -> Result<(), TableError> {
        let Some(table) = &mut self.0 else {
            return Ok(());
        };
        let samples = round.samples.iter().filter(|s| plan.has_rows(s.agent));
        for sample in samples {
            table.row(|row| {
                row.int(round.iteration)
                    .int(epoch(plan, round.iteration))
                    .float(sample.combined_at.ms())
                    .int(sample.agent.0)
                    .int(plan.group(sample.agent))
                    .floats([
                        sample.loss,
                        sample.adapted_loss,
                        sample.test_loss,
                        sample.accuracy,
                        sample.regret,
                        sample.deviation,
                        sample.filter.byzantine_weight,
                    ])
                    .int(sample.models_used)
                    .int(sample.missing)
                    .int(sample.traffic.late)
                    .flag(sample.starved)
                    .int(sample.oldest.map(|age| age.iterations))
                    .float(sample.oldest.map(|age| age.time.ms()));
            })?;
        }
        Ok(())
    }

    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.0.as_mut().map_or(Ok(()), |table| table.keep(book))
    }

    pub fn finish(&mut self, parts: Parts) -> Result<(), TableError> {
        self.0
            .take()
            .map_or(Ok(()), |table| table.end(parts).map(drop))
    }
}

/// `weights.parquet`: per model in a combination of a recorded normal agent.
pub(super) struct WeightRows(Option<Table>);

impl WeightRows {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Self, TableError> {
        let kept = plan.keeps_weights(plan.iterations - 1, true) || plan.keeps_weights(0, false);
        let folder = folder.filter(|_| kept);
        let table =
            folder.map(|f| Table::create(f, "weights", constants.to_vec(), weight_columns()));
        Ok(WeightRows(table.transpose()?))
    }

    /// `number` gives messages their numbers, where they are traced.
    pub fn record(
        &mut self,
        plan: &Plan,
        round: &Round,
        mut number: impl FnMut(MessageKey) -> Option<u64>,
    ) -> Result<(), TableError> {
        let Some(table) = &mut self.0 else {
            return Ok(());
        };
        for sample in round.samples.iter().filter(|s| plan.has_rows(s.agent)) {
            Self::record_one(table, sample, &mut number)?;
        }
        Ok(())
    }

    fn record_one(
        table: &mut Table,
        sample: &Sample,
        number: &mut impl FnMut(MessageKey) -> Option<u64>,
    ) -> Result<(), TableError> {
        for model in &*sample.weights {
            let message = model.message.and_then(&mut *number);
            table.row(|row| {
                row.int(sample.agent.0)
                    .int(model.sender.0)
                    .int(sample.iteration)
                    .float(sample.combined_at.ms())
                    .int(message)
                    .int(model.age_iterations)
                    .float(model.age.ms())
                    .floats([model.loss, model.accumulated, model.weight])
                    .flag((!model.weight.is_nan()).then_some(model.weight > 0.0))
                    .flag(model.held);
            })?;
        }
        Ok(())
    }

    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.0.as_mut().map_or(Ok(()), |table| table.keep(book))
    }

    pub fn finish(&mut self, parts: Parts) -> Result<(), TableError> {
        self.0
            .take()
            .map_or(Ok(()), |table| table.end(parts).map(drop))
    }
}

fn agent_columns() -> Vec<Column> {
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    vec![
        integer("iteration", "", "number of the iteration, from 0"),
        integer("epoch", "", "epoch of the task").or_null(),
        number("simulated_ms", "ms", "moment at which the agent combined"),
        integer("agent", "", "number of the agent"),
        integer("group", "", "its task group"),
        number(
            "loss",
            "",
            "loss after combining, on the batch of the iteration, which has chosen the weights: in-sample, \
             so that it may lie below the noise",
        ),
        number(
            "adapted_loss",
            "",
            "loss before combining, on the batch of the iteration",
        ),
        number("test_loss", "", "mean loss per sample of the test set"),
        number(
            "accuracy",
            "",
            "share of the test set whose class was predicted",
        ),
        number("regret", "", "risk above that of the optimum"),
        number("deviation", "", "distance from the optimum"),
        number(
            "byzantine_weight",
            "",
            "weight given to Byzantine neighbors; null for rules that give no weights, also where the own \
             model was kept, and where the own model had overflowed",
        ),
        integer(
            "models_used",
            "models",
            "models of neighbors with a weight above 0 in the combination, or in its aggregate where \
             there are no weights",
        ),
        integer(
            "missing",
            "models",
            "neighbors without a model in the combination",
        ),
        integer(
            "late",
            "models",
            "models that came after the combination of their iteration",
        ),
        Column::new(
            "starved",
            Kind::Flag,
            "",
            "whether too few models were there for the rule, which then kept the own model or made do",
        ),
        integer(
            "age_iterations_max",
            "iterations",
            "greatest age of a model of a neighbor that was there, with weight or without",
        )
        .or_null(),
        number(
            "age_ms_max",
            "ms",
            "greatest age of a model of a neighbor that was there, with weight or without",
        ),
    ]
}

fn weight_columns() -> Vec<Column> {
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    vec![
        integer("receiver", "", "who combined"),
        integer("sender", "", "whose model"),
        integer("iteration", "", "number of the iteration, from 0"),
        number(
            "simulated_ms",
            "ms",
            "moment at which the receiver combined",
        ),
        integer("message", "", "number of the message in a trace").or_null(),
        integer(
            "age_iterations",
            "iterations",
            "number of the iteration − stamp; asynchronously, newer models that the sender had",
        ),
        number(
            "age_ms",
            "ms",
            "moment of combination − moment the sender adapted",
        ),
        number(
            "loss",
            "",
            "loss of the model on the batch that the receiver judges by",
        ),
        number("accumulated", "", "φ of the sender at the receiver"),
        number(
            "weight",
            "",
            "weight in the combination; null for rules that give none, also where the own model was kept; \
             1 for the own where a rule that gives weights kept it",
        ),
        Column::new("accepted", Kind::Flag, "", "whether the weight is above 0").or_null(),
        Column::new(
            "held",
            Kind::Flag,
            "",
            "whether the model had been in a combination before",
        ),
    ]
}
