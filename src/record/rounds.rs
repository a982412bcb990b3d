//! `rounds.parquet`: statistics per iteration and task group over the normal agents.

use super::sample::Round;
use super::sample::Sample;
use super::stats::Spread;
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::scenario::Plan;
use std::path::Path;

/// A quantity: its name, where it stands in a sample, what it is.
type Quantity = (&'static str, fn(&Sample) -> f64, &'static str);

/// The quantities whose spread is told, in the order of the columns.
const QUANTITIES: [Quantity; 6] = [
    (
        "loss",
        |s| s.loss,
        "loss after combining, on the batch of the iteration",
    ),
    (
        "adapted_loss",
        |s| s.adapted_loss,
        "loss before combining, on the batch of the iteration",
    ),
    (
        "test_loss",
        |s| s.test_loss,
        "mean loss per sample of the test set",
    ),
    (
        "accuracy",
        |s| s.accuracy,
        "share of the test set whose class was predicted",
    ),
    ("regret", |s| s.regret, "risk above that of the optimum"),
    ("deviation", |s| s.deviation, "distance from the optimum"),
];

/// Statistics of a group of normal agents in one iteration.
#[derive(Clone, Debug)]
pub struct GroupStats {
    /// How many agents that is.
    pub agents: u64,
    /// Loss after combining.
    pub loss: Spread,
    /// Loss before combining.
    pub adapted_loss: Spread,
    /// Loss on test sets.
    pub test_loss: Spread,
    /// Accuracy on test sets.
    pub accuracy: Spread,
    /// Risk above the optimum's.
    pub regret: Spread,
    /// Distance from the optimum.
    pub deviation: Spread,
    /// Mean weight of Byzantine neighbors; NaN for rules without weights.
    pub byzantine_weight: f64,
    /// Share of Byzantine neighbors' models with a weight; NaN where there were none.
    pub byzantine_accepted: f64,
    /// Share of models of normal neighbors of the same group without a weight; NaN where there
    /// were none.
    pub honest_same_group_rejected: f64,
    /// Agents with too few models for their rule.
    pub starved: u64,
    /// Models of neighbors in combinations.
    pub models_used: u64,
}

impl GroupStats {
    /// The spreads in the order of the columns.
    pub fn spreads(&self) -> [(&'static str, &Spread); 6] {
        let GroupStats {
            loss,
            adapted_loss,
            test_loss,
            accuracy,
            regret,
            deviation,
            ..
        } = self;
        let spreads = [loss, adapted_loss, test_loss, accuracy, regret, deviation];
        let mut at = 0;
        spreads.map(|spread| {
            at += 1;
            (QUANTITIES[at - 1].0, spread)
        })
    }
}

/// Makes the statistics and writes the table.
pub(super) struct Rounds {
    table: Option<Table>,
    /// The groups of normal agents with their members, if there is more than one.
    groups: Vec<(u32, Vec<usize>)>,
    everyone: Vec<usize>,
    values: Vec<f64>,
    scratch: Vec<f64>,
}

/// The statistics of an iteration: of all normal agents, and of each group.
pub(super) struct RoundStats {
    pub all: GroupStats,
    pub groups: Vec<(u32, GroupStats)>,
}

impl Rounds {
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Rounds, TableError> {
        let normal: Vec<_> = plan
            .graph
            .ids()
            .filter(|&k| !plan.is_byzantine(k))
            .collect();
        let everyone: Vec<usize> = normal.iter().map(|k| k.index()).collect();
        let mut groups: Vec<(u32, Vec<usize>)> = Vec::new();
        for agent in normal {
            let group = plan.group(agent);
            match groups.binary_search_by_key(&group, |(g, _)| *g) {
                Ok(at) => groups[at].1.push(agent.index()),
                Err(at) => groups.insert(at, (group, vec![agent.index()])),
            }
        }
        let table = folder
            .map(|folder| Table::create(folder, "rounds", constants.to_vec(), columns()))
            .transpose()?;
        Ok(Rounds {
            table,
            groups,
            everyone,
            values: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Makes the statistics of an iteration and writes them.
    pub fn record(&mut self, plan: &Plan, round: &Round) -> Result<RoundStats, TableError> {
        let groups = std::mem::take(&mut self.groups);
        let everyone = std::mem::take(&mut self.everyone);
        let all = self.stats(&round.samples, &everyone);
        let by_group = |(group, members): &(u32, Vec<usize>)| {
            let same = members.len() == everyone.len();
            let stats = if same {
                all.clone()
            } else {
                self.stats(&round.samples, members)
            };
            (*group, stats)
        };
        let stats: Vec<(u32, GroupStats)> = groups.iter().map(by_group).collect();
        self.row(plan, round, "all", &all)?;
        for (group, stats) in &stats {
            self.row(plan, round, &group.to_string(), stats)?;
        }
        (self.groups, self.everyone) = (groups, everyone);
        Ok(RoundStats { all, groups: stats })
    }

    fn stats(&mut self, samples: &[Sample], members: &[usize]) -> GroupStats {
        let [loss, adapted_loss, test_loss, accuracy, regret, deviation] =
            QUANTITIES.map(|(_, get, _)| {
                self.values.clear();
                self.values
                    .extend(members.iter().map(|&k| get(&samples[k])));
                Spread::of(&self.values, &mut self.scratch)
            });
        let mut weight = 0.0;
        let (mut byzantine, mut accepted) = (0, 0);
        let (mut same_group, mut rejected) = (0, 0);
        let (mut starved, mut models_used) = (0, 0);
        for sample in members.iter().map(|&k| &samples[k]) {
            weight += sample.filter.byzantine_weight;
            byzantine += sample.filter.byzantine_present;
            accepted += sample.filter.byzantine_accepted;
            same_group += sample.filter.same_group_present;
            rejected += sample.filter.same_group_rejected;
            starved += u64::from(sample.starved);
            models_used += sample.traffic.used;
        }
        // 0 of 0 is NaN, which is null in the file. A rule without weights accepts nothing and
        // rejects nothing.
        let weighs = if weight.is_nan() { f64::NAN } else { 1.0 };
        GroupStats {
            agents: members.len() as u64,
            loss,
            adapted_loss,
            test_loss,
            accuracy,
            regret,
            deviation,
            byzantine_weight: weight / members.len() as f64,
            byzantine_accepted: weighs * f64::from(accepted) / f64::from(byzantine),
            honest_same_group_rejected: weighs * f64::from(rejected) / f64::from(same_group),
            starved,
            models_used,
        }
    }

    fn row(
        &mut self,
        plan: &Plan,
        round: &Round,
        group: &str,
        stats: &GroupStats,
    ) -> Result<(), TableError> {
        let Some(table) = &mut self.table else {
            return Ok(());
        };
        table.row(|row| {
            row.int(round.iteration)
                .int(epoch(plan, round.iteration))
                .float(round.end.ms())
                .text(group)
                .int(stats.agents);
            for (_, spread) in stats.spreads() {
                row.floats(spread.to_array());
            }
            row.float(stats.byzantine_weight)
                .float(stats.byzantine_accepted)
                .float(stats.honest_same_group_rejected)
                .int(stats.starved)
                .int(stats.models_used)
                .float((round.end - round.start).ms())
                .int(round.wall.as_micros() as u64);
        })
    }

    pub fn finish(&mut self) -> Result<(), TableError> {
        self.table
            .take()
            .map_or(Ok(()), |table| table.finish().map(drop))
    }
}

/// The epoch that an iteration belongs to, in tasks that have epochs.
pub(super) fn epoch(plan: &Plan, iteration: u64) -> Option<u64> {
    plan.world
        .iterations_per_epoch()
        .map(|per_epoch| iteration / per_epoch)
}

fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::new(
            "iteration",
            Kind::Integer,
            "",
            "number of the iteration, from 0",
        ),
        Column::new("epoch", Kind::Integer, "", "epoch of the task").or_null(),
        Column::new(
            "simulated_ms",
            Kind::Number,
            "ms",
            "moment at which the slowest agent combined",
        ),
        Column::new("group", Kind::Text, "", "task group, or all normal agents"),
        Column::new(
            "agents",
            Kind::Integer,
            "agents",
            "normal agents in the group",
        ),
    ];
    for (name, _, about) in QUANTITIES {
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
            "mean weight given to Byzantine neighbors",
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
            "models of neighbors in combinations",
        ),
        number("round_ms", "ms", "simulated length of the iteration"),
        integer("wall_us", "µs", "wall-clock time of the iteration"),
    ]);
    columns
}
