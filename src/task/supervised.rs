//! What all tasks on rows of data have in common: agents with their shares of rows, epochs, and a
//! model that is fitted to them.
//!
//! An epoch is as many iterations as the agent with the fewest batches has, the last of them
//! perhaps smaller; each epoch permutes every training set anew, keyed by seed, agent and epoch,
//! so that a step's batch does not depend on what was drawn before.

use super::{Objective, World};
use crate::data::{Examples, FileDigest, Origin, Targets};
use crate::model::{Architecture, Evaluation, LeastSquares, Misfit, Model, Outputs, Score};
use crate::rng::{Key, Purpose, shuffle};
use crate::units::AgentId;
use rand::RngExt;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are tried at once: all of them, gathered for each agent, might not fit into memory.
const TESTED_AT_ONCE: usize = 512;

/// Rows of a data set.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The data set.
    pub examples: Arc<Examples>,
    /// Which of its rows.
    pub rows: Vec<u32>,
}

/// What one agent learns from and is tested on.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its task group.
    pub group: u32,
    /// What it learns from, in the order that every epoch permutes anew.
    pub train: Rows,
    /// What it is tested on; perhaps nothing.
    pub test: Rows,
    /// Rows of a batch, from 1 to those for training.
    pub batch: usize,
    /// Probability that the mirror image of a training row is in a batch in its place.
    pub mirror: f64,
}

impl Share {
    /// How many batches the training rows make, the last perhaps smaller.
    fn batches(&self) -> u64 {
        self.train.rows.len().div_ceil(self.batch) as u64
    }
}

/// The data of all agents of a task on rows, and the model that they fit.
#[derive(Debug)]
pub struct Supervised {
    model: Arc<dyn Architecture>,
    shares: Vec<Share>,
    origin: Origin,
    iterations_per_epoch: u64,
    seed: u64,
    dimension: usize,
    about: About,
}

/// What a data set says of itself beside its numbers; empty where it says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// Names of the inputs.
    pub(super) features: Vec<String>,
    /// Names of the classes.
    pub(super) classes: Vec<String>,
    /// Names of the agents.
    pub(super) agents: Vec<String>,
    /// What else a user should know, each a sentence without its period.
    pub(super) notes: Vec<String>,
}

/// Names that are told one by one.
const MOST_NAMES: usize = 12;

impl Supervised {
    /// A world of agents with these shares. `seed` is that of data.
    ///
    /// # Errors
    /// A model that does not go with the data, agents whose data differ in shape.
    ///
    /// # Panics
    /// Without agents, and where a batch is empty or larger than the training rows: tasks check
    /// that, and say which of their keys is at fault.
    pub fn new(
        model: Arc<dyn Architecture>,
        shares: Vec<Share>,
        origin: Origin,
        seed: u64,
    ) -> Result<Supervised, Misfit> {
        for share in &shares {
            assert!((1..=share.train.rows.len()).contains(&share.batch), "batch");
        }
        let batches = shares.iter().map(Share::batches);
        let iterations_per_epoch = batches.min().expect("at least one agent");
        let first = &shares[0].train.examples;
        let dimension = build(&*model, first)?.dimension();
        let all = shares.iter().flat_map(|share| [&share.train, &share.test]);
        if let Some(other) = all.map(|rows| &rows.examples).find(|e| !e.is_like(first)) {
            return Err(Misfit {
                key: "kind",
                message: format!(
                    "agents have inputs of shape {} and of shape {}, or targets of different kinds",
                    first.shape(),
                    other.shape()
                ),
                help: "all agents fit one model, so give all of them data of one shape".to_owned(),
            });
        }
        Ok(Supervised {
            model,
            shares,
            origin,
            iterations_per_epoch,
            seed,
            dimension,
            about: About::default(),
        })
    }

    /// The same with names for what the data holds, which the summary shows.
    pub(super) fn with_about(self, about: About) -> Supervised {
        Supervised { about, ..self }
    }

    /// What each agent learns from and is tested on, in the order of the agents.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The model on rows of an agent's.
    fn build(&self, rows: &Rows) -> Box<dyn Model> {
        build(&*self.model, &rows.examples).expect("all agents have data like the first's")
    }
}

/// The least and the greatest of some numbers, at least one.
fn least_and_most(numbers: impl Iterator<Item = usize>) -> (usize, usize) {
    numbers.fold((usize::MAX, 0), |(least, most), n| {
        (least.min(n), most.max(n))
    })
}

fn build(model: &dyn Architecture, examples: &Examples) -> Result<Box<dyn Model>, Misfit> {
    model.build(examples.shape(), examples.targets())
}

impl Supervised {
    /// The rows of each class, over all agents, where classes have names.
    fn of_classes(&self) -> String {
        let names = &self.about.classes;
        if names.is_empty() {
            return String::new();
        }
        let mut rows = vec![0_u64; names.len()];
        for share in &self.shares {
            let own = [&share.train, &share.test];
            // Rows of another file, for test, are counted for each agent that has them.
            let own = own
                .into_iter()
                .filter(|rows| Arc::ptr_eq(&rows.examples, &share.train.examples));
            for chosen in own {
                if let Targets::Classes { labels, .. } = chosen.examples.targets() {
                    chosen
                        .rows
                        .iter()
                        .for_each(|&row| rows[labels[row as usize] as usize] += 1);
                }
            }
        }
        let counted = names
            .iter()
            .zip(rows)
            .map(|(name, rows)| format!("{name}: {rows}"));
        listed(&counted.collect::<Vec<_>>())
    }
}

impl World for Supervised {
    fn agent_name(&self, agent: AgentId) -> Option<&str> {
        self.about.agents.get(agent.index()).map(String::as_str)
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn group(&self, agent: AgentId) -> u32 {
        self.shares[agent.index()].group
    }

    fn initial(&self, agent: AgentId) -> Vec<f32> {
        let mut stream = Key::new(self.seed, Purpose::Initial).of(agent).stream();
        self.build(&self.shares[agent.index()].train)
            .initial(&mut stream)
    }

    fn iterations_per_epoch(&self) -> Option<u64> {
        Some(self.iterations_per_epoch)
    }

    fn has_test_set(&self) -> bool {
        self.shares.iter().any(|share| !share.test.rows.is_empty())
    }

    fn classes(&self) -> Option<usize> {
        match self.shares[0].train.examples.targets() {
            Targets::Classes { classes, .. } => Some(*classes),
            Targets::Values { .. } => None,
        }
    }

    fn files(&self) -> &[FileDigest] {
        match &self.origin {
            Origin::Files(files) => files,
            Origin::Generated(_) => &[],
        }
    }

    fn work(&self, agent: AgentId) -> u64 {
        self.shares[agent.index()].batch as u64
    }

    fn bytes(&self) -> usize {
        let mut data: Vec<&Arc<Examples>> = Vec::new();
        let mut agents = 0;
        for share in &self.shares {
            for rows in [&share.train, &share.test] {
                if !data.iter().any(|known| Arc::ptr_eq(known, &rows.examples)) {
                    data.push(&rows.examples);
                }
            }
            let model = self.build(&share.train);
            let tested = share.test.rows.len().min(TESTED_AT_ONCE);
            agents += model.bytes(share.batch) + model.bytes(tested);
        }
        data.iter().map(|examples| examples.bytes()).sum::<usize>() + agents
    }

    fn summary(&self) -> Option<String> {
        let count = |of: fn(&Share) -> usize| {
            let (least, most) = least_and_most(self.shares.iter().map(of));
            if least == most {
                return least.to_string();
            }
            let mut all: Vec<usize> = self.shares.iter().map(of).collect();
            all.sort_unstable();
            format!("{least} to {most} (median {})", all[all.len() / 2])
        };
        let examples = &self.shares[0].train.examples;
        let what = match examples.targets() {
            Targets::Classes { classes, .. } => format!("{classes} classes{}", self.of_classes()),
            Targets::Values { outputs: 1, .. } => "a number".to_owned(),
            Targets::Values { outputs, .. } => format!("{outputs} numbers"),
        };
        let names = listed(&self.about.features);
        let agents = match listed(&self.about.agents) {
            none if none.is_empty() => none,
            names => format!(
                "; agents are numbered in this order:{}",
                names.replace(['(', ')'], "")
            ),
        };
        let notes: String = self
            .about
            .notes
            .iter()
            .map(|note| format!("; {note}"))
            .collect();
        Some(format!(
            "inputs of shape {}{names} to {what}; an agent has {} rows to learn from, {} to be tested on, \
             {} in a batch; {} parameters{agents}{notes}",
            examples.shape(),
            count(|share| share.train.rows.len()),
            count(|share| share.test.rows.len()),
            count(|share| share.batch),
            self.dimension,
        ))
    }

    fn generated(&self) -> Option<&str> {
        match self.origin {
            Origin::Files(_) => None,
            Origin::Generated(what) => Some(what),
        }
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        Box::new(Student {
            model: self.build(&self.shares[agent.index()].train),
            test: None,
            order: Vec::new(),
            epoch: None,
            drawn: 0,
            is_flipped: false,
            world: self,
            agent,
        })
    }
}

/// Names in parentheses, of many the first and the last.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        few if few.len() <= MOST_NAMES => format!(" ({})", few.join(", ")),
        many => {
            let (first, last) = (&many[..MOST_NAMES - 2], &many[many.len() - 1]);
            format!(" ({}, …, {last})", first.join(", "))
        }
    }
}

/// One agent's stream of batches.
struct Student {
    world: Arc<Supervised>,
    agent: AgentId,
    model: Box<dyn Model>,
    /// The model for test rows, from the first evaluation on.
    test: Option<Box<dyn Model>>,
    /// The training rows in the order of `epoch`.
    order: Vec<u32>,
    epoch: Option<u64>,
    /// Rows of the current batch.
    drawn: usize,
    /// Whether labels are flipped in what is drawn from now on.
    is_flipped: bool,
}

impl Student {
    /// Puts the training rows into the order of a step's epoch; where in it the step's batch is.
    fn turn_to(&mut self, step: u64) -> Range<usize> {
        let share = &self.world.shares[self.agent.index()];
        let epoch = step / self.world.iterations_per_epoch;
        if self.epoch != Some(epoch) {
            self.order.clone_from(&share.train.rows);
            let key = Key::new(self.world.seed, Purpose::Epoch).of(self.agent);
            shuffle(&mut self.order, &mut key.at(epoch).stream());
            self.epoch = Some(epoch);
        }
        let start = (step % self.world.iterations_per_epoch) as usize * share.batch;
        start..(start + share.batch).min(self.order.len())
    }

    /// Gathers the rows of a batch: those of `order`, some mirrored.
    fn gather(&mut self, step: u64, batch: Range<usize>) {
        let share = &self.world.shares[self.agent.index()];
        let examples = &share.train.examples;
        if share.mirror == 0.0 {
            self.model.gather(examples, &self.order[batch]);
            return;
        }
        let key = Key::new(self.world.seed, Purpose::Mirror).of(self.agent);
        let mut stream = key.at(step).stream();
        let behind = examples.len() as u32;
        let coin = |&row| row + behind * u32::from(stream.random_bool(share.mirror));
        let rows: Vec<u32> = self.order[batch].iter().map(coin).collect();
        self.model.gather(examples, &rows);
    }

    /// What `look` makes of the outputs for the test rows, some rows at a time.
    fn test<T>(&mut self, parameters: &[f32], look: impl Fn(Outputs<'_>) -> T) -> Vec<T> {
        let test = &self.world.shares[self.agent.index()].test;
        let model = self.test.get_or_insert_with(|| self.world.build(test));
        let part = |rows| {
            model.gather(&test.examples, rows);
            look(model.outputs(parameters))
        };
        test.rows.chunks(TESTED_AT_ONCE).map(part).collect()
    }
}

impl Objective for Student {
    fn draw(&mut self, step: u64) {
        let batch = self.turn_to(step);
        self.drawn = batch.len();
        self.gather(step, batch);
        if self.is_flipped {
            self.model.flip_labels();
        }
    }

    fn flip_labels(&mut self, flipped: bool) {
        self.is_flipped = flipped;
    }

    fn batch_size(&self) -> usize {
        self.drawn
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        self.model.loss(model)
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        self.model.least_squares()
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        self.model.gradient(model, gradient);
    }

    fn training_loss(&mut self, parameters: &[f32]) -> Option<f64> {
        let share = &self.world.shares[self.agent.index()];
        let Rows { examples, rows } = &share.train;
        // Only at the end of a run: it is not worth keeping.
        let mut model = self.world.build(&share.train);
        let mut loss_over = |rows: &[u32]| {
            let part = |rows| {
                model.gather(examples, rows);
                model.outputs(parameters).score()
            };
            let scores = rows.chunks(TESTED_AT_ONCE).map(part);
            scores.reduce(Score::and).map(|all| all.evaluation().loss)
        };
        if share.mirror == 0.0 {
            return loss_over(rows);
        }
        let behind = examples.len() as u32;
        let mirrored: Vec<u32> = rows.iter().map(|row| row + behind).collect();
        let weighted = |share: f64, loss: Option<f64>| Some(share * loss?);
        let mirrored = weighted(share.mirror, loss_over(&mirrored))?;
        match share.mirror {
            1.0 => Some(mirrored),
            mirror => Some(mirrored + weighted(1.0 - mirror, loss_over(rows))?),
        }
    }

    fn evaluate(&mut self, model: &[f32]) -> Option<Evaluation> {
        let parts = self.test(model, |outputs| outputs.score());
        let all = parts.into_iter().reduce(Score::and);
        all.map(|score| score.evaluation())
    }

    fn predictions(&mut self, model: &[f32]) -> Option<Vec<usize>> {
        let parts = self.test(model, |outputs| outputs.predictions());
        let all: Vec<Vec<usize>> = parts.into_iter().collect::<Option<_>>()?;
        Some(all.concat()).filter(|predicted| !predicted.is_empty())
    }
}

#[cfg(test)]
#[path = "supervised_tests.rs"]
mod tests;
