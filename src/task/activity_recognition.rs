//! Human activity recognition (paper §5): which of six activities a subject's phone records.
//!
//! Agent k is subject k + 1 of the UCI HAR data set, and fits softmax regression to that subject's
//! own recordings. A subject's rows of both published splits are pooled (training rows first, in
//! the order of the files), shuffled, and split anew: ⌈rows · `test_share`⌉ for test, the rest for
//! training. An epoch is ⌊smallest training set / batch⌋ iterations, 21 for all 30 subjects, so
//! that nobody sees a row twice in one; each epoch permutes every training set anew.
//!
//! All agents are in one task group, 0: the subjects' tasks are related, though no two of them
//! share an optimum.

use super::har::{ACTIVITIES, FEATURES, LAYOUT, Recordings, SUBJECTS, locate, read};
use super::har_generated::generate;
use super::softmax::{Batch, Softmax};
use super::{
    DataError, DataSource, Evaluation, FileDigest, Library, Objective, Task, TaskSeeds, World,
};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Chosen, Keys};
use crate::topology::Graph;
use crate::units::AgentId;
use std::ops::Range;
use std::sync::Arc;

/// The task's parameters.
#[derive(Clone, Debug)]
pub struct ActivityRecognition {
    source: DataSource,
    data: Option<String>,
    batch: u64,
    test_share: f64,
}

impl ActivityRecognition {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "activity-recognition";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Which of six activities a phone records, one subject per \
        agent: softmax regression on UCI HAR (561 features, up to 30 agents)";
    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let source = keys.key::<Chosen<DataSource>>(
            "source",
            "Where the recordings come from: the published files, or a generator of their shapes",
        );
        let source = source
            .default(Chosen(DataSource::Files), "the published data")
            .0;
        let data = keys.key("data", "Data folder, relative to the scenario file");
        let data = data.optional("the folder of --data, or else of BYZSIM_DATA");
        let batch = keys.key("batch", "Rows of a batch").at_least(1.0);
        let batch = batch.default(10, "the paper's");
        let share = keys.key(
            "test_share",
            "Share of a subject's rows kept for test, rounded up",
        );
        let test_share = share.above(0.0).at_most(1.0).default(0.25, "the paper's");
        ActivityRecognition {
            source,
            data,
            batch,
            test_share,
        }
    }

    fn recordings(
        &self,
        agents: usize,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Arc<Recordings>, DataError> {
        match self.source {
            DataSource::Generated => Ok(Arc::new(generate(seeds.data, agents))),
            DataSource::Files => {
                let what = "UCI HAR (activity recognition)";
                let no_folder = DataError::NoFolder {
                    what,
                    layout: LAYOUT,
                };
                let folder = library.folder(self.data.as_deref()).ok_or(no_folder)?;
                library.get(&locate(&folder), read)
            }
        }
    }

    /// How many of a subject's rows are for test.
    fn test_rows(&self, rows: usize) -> usize {
        // A hair less, so that a share such as 0.07 of 100 rows is 7 whatever its last bit.
        let share = (rows as f64 * self.test_share - 1e-9).ceil();
        (share as usize).max(1).min(rows)
    }
}

impl ActivityRecognition {
    /// Reads or generates the recordings and shares them out.
    ///
    /// # Errors
    /// Files that are missing or malformed, more agents than subjects, a batch that is larger than
    /// a training set.
    pub fn world(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Subjects, DataError> {
        let agents = graph.agents();
        if agents > SUBJECTS {
            return Err(DataError::TooFew {
                key: ["topology", "agents"],
                message: format!(
                    "activity-recognition has {SUBJECTS} subjects, one for each agent, and the \
                     topology has {agents} agents"
                ),
                help: format!("let it have at most {SUBJECTS}"),
            });
        }
        let recordings = self.recordings(agents, seeds, library)?;
        let mut rows = vec![Vec::new(); SUBJECTS];
        for (row, &subject) in (0..).zip(&recordings.subjects) {
            rows[usize::from(subject)].push(row);
        }
        let shares = graph.ids().zip(rows).map(|(agent, mut rows)| {
            shuffle(
                &mut rows,
                &mut Key::new(seeds.data, Purpose::Split).of(agent).stream(),
            );
            let train = rows.split_off(self.test_rows(rows.len()));
            Share { train, test: rows }
        });
        let shares: Vec<Share> = shares.collect();
        let batch = usize::try_from(self.batch).unwrap_or(usize::MAX);
        let mut iterations_per_epoch = u64::MAX;
        for (agent, Share { train, test }) in shares.iter().enumerate() {
            if train.len() < batch {
                return Err(DataError::TooFew {
                    key: ["task", "batch"],
                    message: format!(
                        "a batch has {batch} rows, and subject {} has {} for training and {} for \
                         test",
                        agent + 1,
                        train.len(),
                        test.len(),
                    ),
                    help: "lower task.batch or task.test_share".to_owned(),
                });
            }
            iterations_per_epoch = iterations_per_epoch.min((train.len() / batch) as u64);
        }
        Ok(Subjects {
            recordings,
            shares,
            batch,
            iterations_per_epoch,
            seed: seeds.data,
        })
    }
}

impl Task for ActivityRecognition {
    fn defaults(&self) -> &'static str {
        r#"
epochs = 50
[topology]
kind = "complete"
agents = 30
[learner]
step_size = 0.01
[[learner.override]]
agents = { every = 3 }
adapt_probability = 0.09090909090909091
[rule]
forgetting = 0.05
initial = 1.0
"#
    }

    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Arc<dyn World>, DataError> {
        Ok(Arc::new(self.world(graph, seeds, library)?))
    }
}

/// A subject's rows among the recordings.
#[derive(Debug)]
struct Share {
    train: Vec<u32>,
    test: Vec<u32>,
}

/// The data of all agents of an activity-recognition run.
#[derive(Debug)]
pub struct Subjects {
    recordings: Arc<Recordings>,
    shares: Vec<Share>,
    batch: usize,
    iterations_per_epoch: u64,
    seed: u64,
}

impl Subjects {
    /// An agent's training set in the order that every epoch permutes anew: the features of each
    /// row, shape `[561]`, and its activity, from 0.
    pub fn training_rows(&self, agent: AgentId) -> impl Iterator<Item = (&[f32], u8)> {
        let rows = self.shares[agent.index()].train.iter();
        rows.map(|&row| {
            let row = row as usize;
            (self.recordings.row(row), self.recordings.activities[row])
        })
    }

    fn gather(&self, rows: &[u32], batch: &mut Batch) {
        batch.clear();
        for &row in rows {
            let row = row as usize;
            batch.push(
                self.recordings.row(row),
                self.recordings.activities[row].into(),
            );
        }
    }

    /// An agent's test set.
    fn test(&self, agent: AgentId) -> Batch {
        let rows = &self.shares[agent.index()].test;
        let mut test = Batch::new(FEATURES, rows.len());
        self.gather(rows, &mut test);
        test
    }
}

impl World for Subjects {
    fn dimension(&self) -> usize {
        Softmax::new(FEATURES, ACTIVITIES).dimension()
    }

    fn group(&self, _: AgentId) -> u32 {
        0
    }

    fn initial(&self, agent: AgentId) -> Vec<f32> {
        let mut stream = Key::new(self.seed, Purpose::Initial).of(agent).stream();
        Softmax::new(FEATURES, ACTIVITIES).initial(&mut stream)
    }

    fn iterations_per_epoch(&self) -> Option<u64> {
        Some(self.iterations_per_epoch)
    }

    fn has_test_set(&self) -> bool {
        true
    }

    fn files(&self) -> &[FileDigest] {
        &self.recordings.files
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        Box::new(Subject::new(self, agent))
    }
}

/// One agent's data stream.
struct Subject {
    world: Arc<Subjects>,
    agent: AgentId,
    softmax: Softmax,
    batch: Batch,
    /// The test set, from the first evaluation on.
    test: Option<Batch>,
    /// The training rows in the order of `epoch`.
    order: Vec<u32>,
    epoch: Option<u64>,
}

impl Subject {
    fn new(world: Arc<Subjects>, agent: AgentId) -> Subject {
        Subject {
            softmax: Softmax::new(FEATURES, ACTIVITIES),
            batch: Batch::new(FEATURES, world.batch),
            test: None,
            order: world.shares[agent.index()].train.clone(),
            epoch: None,
            world,
            agent,
        }
    }

    /// Puts the training rows into the order of a step's epoch; where in it the step's batch is.
    fn turn_to(&mut self, step: u64) -> Range<usize> {
        let epoch = step / self.world.iterations_per_epoch;
        if self.epoch != Some(epoch) {
            let key = Key::new(self.world.seed, Purpose::Epoch)
                .of(self.agent)
                .at(epoch);
            self.order
                .copy_from_slice(&self.world.shares[self.agent.index()].train);
            shuffle(&mut self.order, &mut key.stream());
            self.epoch = Some(epoch);
        }
        let start = (step % self.world.iterations_per_epoch) as usize * self.world.batch;
        start..start + self.world.batch
    }
}

impl Objective for Subject {
    fn draw(&mut self, step: u64) {
        let rows = self.turn_to(step);
        self.world.gather(&self.order[rows], &mut self.batch);
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        self.softmax.loss(model, &self.batch)
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        self.softmax.gradient(model, &self.batch, gradient);
    }

    fn evaluate(&mut self, model: &[f32]) -> Option<Evaluation> {
        let test = self.test.get_or_insert_with(|| self.world.test(self.agent));
        Some(self.softmax.evaluate(model, test))
    }

    fn predictions(&mut self, model: &[f32]) -> Option<Vec<usize>> {
        let test = self.test.get_or_insert_with(|| self.world.test(self.agent));
        Some(self.softmax.predictions(model, test))
    }
}

#[cfg(test)]
#[path = "activity_recognition_tests.rs"]
mod tests;
