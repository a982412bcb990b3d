//! `rounds.parquet`: statistics per iteration and task group over the normal agents.

use super::groups::{Grouping, QUANTITIES, RoundStats};
use super::parquet_file::Parts;
use super::sample::Round;
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::checkpoint::{Book, Kept};
use crate::scenario::{Mode, Plan};
use std::path::Path;

/// Makes the statistics and writes the table.
pub(super) struct Rounds {
    table: Option<Table>,
    grouping: Grouping,
}

impl Rounds {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Rounds, TableError> {
        let table = folder.map(|folder| {
            let mut columns = vec![Column::new(
                "iteration",
                Kind::Integer,
                "",
                "number of the iteration, from 0",
            )];
            columns.extend(columns_of_statistics());
            Table::create(folder, "rounds", constants.to_vec(), columns)
        });
        Ok(Rounds {
            table: table.transpose()?,
            grouping: Grouping::new(plan),
        })
    }

    /// Makes the statistics of an iteration and writes them.
    pub fn record(&mut self, plan: &Plan, round: &Round) -> Result<RoundStats, TableError> {
        let stats = self.grouping.of_samples(&round.samples);
        if let Some(table) = &mut self.table {
            let head = Head {
                iteration: Some(round.iteration),
                epoch: epoch(plan, round.iteration),
                simulated_ms: round.end.ms(),
                round_ms: round_ms(plan, round),
                wall_us: round.wall.map(|wall| wall.as_micros() as u64),
            };
            rows(table, &head, &stats)?;
        }
        Ok(stats)
    }

    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.table.as_mut().map_or(Ok(()), |table| table.keep(book))
    }

    pub fn finish(&mut self, parts: Parts) -> Result<(), TableError> {
        self.table
            .take()
            .map_or(Ok(()), |table| table.end(parts).map(drop))
    }
}

/// What stands in a row beside the statistics.
pub(super) struct Head {
    pub iteration: Option<u64>,
    pub epoch: Option<u64>,
    pub simulated_ms: f64,
    pub round_ms: f64,
    pub wall_us: Option<u64>,
}

/// Writes a row for all normal agents and one for each group.
pub(super) fn rows(table: &mut Table, head: &Head, stats: &RoundStats) -> Result<(), TableError> {
    for (group, stats) in stats.named() {
        table.row(|row| {
            row.int(head.iteration)
                .int(head.epoch)
                .float(head.simulated_ms)
                .text(group.as_str())
                .int(stats.agents);
            for (_, spread) in stats.spreads() {
                row.floats(spread.to_array());
            }
            row.float(stats.byzantine_weight)
                .float(stats.byzantine_accepted)
                .float(stats.honest_same_group_rejected)
                .int(stats.starved)
                .int(stats.models_used)
                .float(head.round_ms)
                .int(head.wall_us);
        })?;
    }
    Ok(())
}

/// How long an iteration took; where nobody waits, on average over the normal agents.
fn round_ms(plan: &Plan, round: &Round) -> f64 {
    if plan.mode() != Mode::Asynchronous {
        return (round.end - round.start).ms();
    }
    let normal = round.samples.iter().filter(|s| !plan.is_byzantine(s.agent));
    let lengths = normal.map(|s| (s.combined_at - s.started_at).ms());
    let (sum, count) = lengths.fold((0.0, 0), |(sum, count), ms| (sum + ms, count + 1));
    sum / f64::from(count)
}

/// The epoch that an iteration belongs to, in tasks that have epochs.
pub(super) fn epoch(plan: &Plan, iteration: u64) -> Option<u64> {
    plan.world
        .iterations_per_epoch()
        .map(|per_epoch| iteration / per_epoch)
}

/// The columns after the number of the iteration.
pub(super) fn columns_of_statistics() -> Vec<Column> {
    let mut columns = vec![
        Column::new("epoch", Kind::Integer, "", "epoch of the task").or_null(),
        Column::new(
            "simulated_ms",
            Kind::Number,
            "ms",
            "moment at which the slowest agent combined, or of the deadline",
        ),
        Column::new("group", Kind::Text, "", "task group, or all normal agents"),
        Column::new(
            "agents",
            Kind::Integer,
            "agents",
            "normal agents of the group that combined",
        ),
    ];
    for (name, about) in QUANTITIES {
        for part in ["mean", "min", "q25", "median", "q75", "max"] {
            let about = format!("{part} over normal agents: {about}");
            columns.push(Column::new(
                format!("{name}_{part}"),
                Kind::Number,
                "",
                about,
            ));
        }
    }
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    columns.extend([
        number(
            "byzantine_weight",
            "",
            "mean weight given to Byzantine neighbors, over the agents that gave weights; null where none \
             did",
        ),
        number(
            "byzantine_accepted",
            "",
            "share of Byzantine neighbors' models with a weight",
        ),
        number(
            "honest_same_group_rejected",
            "",
            "share of models of normal neighbors of the same group without a weight",
        ),
        integer(
            "starved",
            "agents",
            "agents with too few models for their rule",
        ),
        integer(
            "models_used",
            "models",
            "models of neighbors with a weight above 0 in combinations, or in aggregates where there are \
             no weights",
        ),
        number(
            "round_ms",
            "ms",
            "simulated length of the iteration: synchronous, from its common beginning to that of the next; \
             deadline, the period; asynchronous, from the beginning of an agent's iteration to its \
             combination, mean over normal agents",
        ),
        integer("wall_us", "µs", "wall-clock time of the iteration").or_null(),
    ]);
    columns
}
