//! `timeline.parquet`: the columns of `rounds.parquet` at equally distant moments of simulated
//! time, from the latest state of every agent. Where nobody combines for more than a thousand
//! moments, one row stands for them: empty time is jumped over.

use super::groups::{Grouping, Measured};
use super::parquet_file::Parts;
use super::rounds::{Head, columns_of_statistics, epoch, rows};
use super::sample::{Filter, Sample};
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::checkpoint::{Book, Kept, keep};
use crate::scenario::Plan;
use crate::units::{AgentId, SimTime};
use std::path::Path;

/// Moments without news that have a row each.
pub(crate) const LONGEST_SILENCE: u64 = 1000;

/// Writes the table. Holds one state per normal agent, however long the run.
pub(super) struct Timeline {
    table: Table,
    every: SimTime,
    /// The moment of the next row.
    next: SimTime,
    states: Vec<State>,
    grouping: Grouping,
    /// Of the samples that were given: their order in time.
    order: Vec<u32>,
    iterations: Vec<u64>,
    /// Moments without a row, since nothing had happened for long.
    left_out: u64,
}

/// What a normal agent told last, and counts since the row before.
#[derive(serde::Serialize, serde::Deserialize)]
struct State {
    /// Its iteration; `None` before it combined for the first time.
    iteration: Option<u64>,
    measured: Measured,
}

/// Places of quantities that are evaluated now and then, and stand until they are again.
const EVALUATED: [usize; 2] = [2, 3];

impl Timeline {
    /// Makes the table, if the plan asks for one.
    pub fn new(
        plan: &Plan,
        folder: Option<&Path>,
        constants: &[Constant],
    ) -> Result<Option<Timeline>, TableError> {
        let (Some(every), Some(folder)) = (plan.timeline_every, folder) else {
            return Ok(None);
        };
        let empty = || State {
            iteration: None,
            measured: Measured {
                quantities: [f64::NAN; 6],
                filter: Filter::default(),
                starved: 0,
                models_used: 0,
            },
        };
        Ok(Some(Timeline {
            table: Table::create(folder, "timeline", constants.to_vec(), columns())?,
            every,
            next: every,
            states: std::iter::repeat_with(empty)
                .take(plan.graph.agents())
                .collect(),
            grouping: Grouping::new(plan),
            order: Vec::new(),
            iterations: Vec::new(),
            left_out: 0,
        }))
    }

    /// Keeps the states, and where the table stands.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.table.keep(book)?;
        keep!(book: self.next, self.states, self.left_out)
    }

    /// Takes what happened until now, and writes the rows of all moments before `until`: nothing
    /// that is told later happened before it.
    pub fn advance(
        &mut self,
        plan: &Plan,
        samples: &[Sample],
        until: SimTime,
    ) -> Result<(), TableError> {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..samples.len() as u32);
        // Stable: what is told in the order of time is not moved.
        order.sort_by_key(|&at| samples[at as usize].combined_at);
        let mut rest = order.iter().map(|&at| &samples[at as usize]).peekable();
        while self.next < until {
            while let Some(sample) = rest.next_if(|s| s.combined_at <= self.next) {
                self.take(sample);
            }
            self.row(plan)?;
            let event = rest.peek().map_or(until, |sample| sample.combined_at);
            self.jump_to(event);
        }
        rest.for_each(|sample| self.take(sample));
        self.order = order;
        Ok(())
    }

    /// Leaves out moments before an event, if they are many.
    fn jump_to(&mut self, event: SimTime) {
        let every = self.every.us();
        if (event - self.next).us() / every > LONGEST_SILENCE {
            let moments = event.us().div_ceil(every);
            let next = SimTime::from_us(moments.saturating_mul(every));
            self.left_out += (next - self.next).us() / every;
            self.next = next;
        }
    }

    fn take(&mut self, sample: &Sample) {
        let State {
            iteration,
            measured,
        } = &mut self.states[sample.agent.index()];
        *iteration = Some(sample.iteration);
        let before = std::mem::replace(measured, sample.into());
        measured.starved += before.starved;
        measured.models_used += before.models_used;
        for quantity in EVALUATED {
            if measured.quantities[quantity].is_nan() {
                measured.quantities[quantity] = before.quantities[quantity];
            }
        }
    }

    /// Writes the rows of a moment.
    fn row(&mut self, plan: &Plan) -> Result<(), TableError> {
        let combined = (0..)
            .map(AgentId)
            .zip(&self.states)
            .filter(|(agent, state)| state.iteration.is_some() && !plan.is_byzantine(*agent));
        self.iterations.clear();
        self.iterations
            .extend(combined.clone().filter_map(|(_, state)| state.iteration));
        let iteration = lower_median(&mut self.iterations);
        let measured = combined.map(|(agent, state)| (agent, state.measured));
        let stats = self.grouping.stats(measured);
        let head = Head {
            iteration,
            epoch: iteration.and_then(|iteration| epoch(plan, iteration)),
            simulated_ms: self.next.ms(),
            round_ms: f64::NAN,
            wall_us: None,
        };
        rows(&mut self.table, &head, &stats)?;
        for state in &mut self.states {
            (state.measured.starved, state.measured.models_used) = (0, 0);
        }
        self.next = self.next + self.every;
        Ok(())
    }

    /// Writes the rows up to the end of the run, and the file. How many moments have no row.
    pub fn finish(
        mut self,
        plan: &Plan,
        end: Option<SimTime>,
        parts: Parts,
    ) -> Result<u64, TableError> {
        while end.is_some_and(|end| self.next <= end) {
            self.row(plan)?;
            self.jump_to(end.unwrap_or_default());
        }
        self.table.end(parts).map(|_| self.left_out)
    }
}

/// The middle of these numbers, the lower one of two.
fn lower_median(numbers: &mut [u64]) -> Option<u64> {
    let middle = numbers.len().checked_sub(1)? / 2;
    Some(*numbers.select_nth_unstable(middle).1)
}

fn columns() -> Vec<Column> {
    let iteration = Column::new(
        "iteration",
        Kind::Integer,
        "",
        "lower median of the normal agents' latest iterations; null before the first",
    );
    let mut columns = vec![iteration.or_null()];
    columns.extend(columns_of_statistics());
    for column in &mut columns[1..] {
        let about = match &*column.name {
            "simulated_ms" => "moment to which the row belongs",
            "agents" => "normal agents of the group that have combined by then",
            "starved" => "combinations with too few models for their rule since the row before",
            "models_used" => {
                "models of neighbors with a weight above 0 in combinations, or in aggregates, since the \
                 row before"
            }
            "round_ms" | "wall_us" => "null: a row is no iteration",
            name if name.starts_with("test_loss") || name.starts_with("accuracy") => {
                let about = format!("{}, as last evaluated", column.about);
                column.about = about.into();
                continue;
            }
            _ => continue,
        };
        column.about = about.into();
    }
    columns
}
