//! Human activity recognition (paper §7.1): which of six activities a subject's phone records.
//!
//! Agent k is subject k + 1 of the UCI HAR data set, and fits softmax regression to that subject's
//! own recordings. A subject's rows of both published splits are pooled (training rows first, in
//! the order of the files), shuffled, and split anew: ⌈rows · `test_share`⌉ for test, the rest for
//! training. An epoch is ⌈smallest training set / batch⌉ iterations, 21 for all 30 subjects.
//!
//! All agents are in one task group, 0: the subjects' tasks are related, though no two of them
//! share an optimum.

use super::partition::test_rows;
use super::{Rows, Share, Starter, Supervised, Task, TaskSeeds, World};
use crate::data::har::{LAYOUT, Recordings, SUBJECTS, locate, read};
use crate::data::har_generated::generate;
use crate::data::{DataError, DataSource, Library, Origin};
use crate::model::SoftmaxSettings;
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Chosen, Keys};
use crate::topology::Graph;
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
        let batch = keys.key("batch", "Rows of a batch; losses of iterations are on batches, of which the last of an epoch may be smaller").at_least(1.0);
        let batch = batch.default(10, "the paper's");
        let share = keys.key(
            "test_share",
            "Share of a subject's rows kept for test, rounded up",
        );
        let test_share = share.above(0.0).at_most(1.0).default(0.25, "the paper's");
        if source == DataSource::Generated {
            // It says where files are.
            keys.forget("data");
        }
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
                let folder = locate(&folder);
                library.get(format!("UCI HAR in {}", folder.display()), || read(&folder))
            }
        }
    }

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
    ) -> Result<Supervised, DataError> {
        let agents = graph.agents();
        if agents > SUBJECTS {
            return Err(DataError::Unfit {
                key: vec!["topology", "agents"],
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
        let batch = usize::try_from(self.batch).unwrap_or(usize::MAX);
        let mut shares = Vec::new();
        for (agent, mut rows) in graph.ids().zip(rows) {
            let key = Key::new(seeds.data, Purpose::Split).of(agent);
            shuffle(&mut rows, &mut key.stream());
            let train = rows.split_off(test_rows(rows.len(), self.test_share));
            if train.len() < batch {
                return Err(DataError::Unfit {
                    key: vec!["task", "batch"],
                    message: format!(
                        "a batch has {batch} rows, and subject {} has {} for training and {} for \
                         test",
                        agent.index() + 1,
                        train.len(),
                        rows.len(),
                    ),
                    help: "lower task.batch or task.test_share".to_owned(),
                });
            }
            let of = |rows| Rows {
                examples: recordings.examples.clone(),
                rows,
            };
            shares.push(Share {
                group: 0,
                train: of(train),
                test: of(rows),
                batch,
                mirror: 0.0,
            });
        }
        let origin = match self.source {
            DataSource::Files => Origin::Files(recordings.files.clone()),
            DataSource::Generated => Origin::Generated("generated recordings, not UCI HAR"),
        };
        let world = Supervised::new(Arc::new(SoftmaxSettings), shares, origin, seeds.data);
        Ok(world.expect("recordings are labeled with classes"))
    }
}

impl Task for ActivityRecognition {
    fn defaults(&self) -> &'static str {
        r#"
epochs = 50
[topology]
kind = "complete"
kinds = ["complete", "erdos-renyi", "geometric", "regular", "ring", "small-world", "star"]
agents = 30
[learner]
step_size = 0.01
[[learner.override]]
agents = { every = 3 }
adapt_probability = 0.09090909090909091
[rule]
kinds = ["loss", "distance"]
forgetting = 0.05
initial = 1.0
"#
    }

    fn starter(&self, _: &str) -> Starter {
        Starter::of("epochs = 10\n[task]\nsource = \"generated\"\n")
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

#[cfg(test)]
#[path = "activity_recognition_tests.rs"]
mod tests;
