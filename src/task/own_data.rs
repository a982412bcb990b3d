//! Classification and regression on the user's own rows, from a CSV or an NPZ file.
//!
//! Rows are shared out among the agents of the topology by a [`Partition`]: by default each agent
//! has the rows that are its own, if the file says whose rows are, and otherwise an equal share.
//! An agent's rows are shuffled and split: ⌈rows · `test_share`⌉ for test, the rest for training.
//! With a file of rows for test (`test_path`) all of an agent's share is for training; agents are
//! tested on their own rows of that file if both files say whose rows are and the partition goes by
//! that, and otherwise on all of them.
//!
//! An agent's task group is that of its own rows, which all say the same; a file with groups says
//! whose rows are. Where rows are shared out in another way than `by-agent`, owners and groups of
//! rows mean nothing (so that one file serves a sweep over partitions), and all agents are in group
//! 0, as they are where the file has no groups.
//!
//! Inputs are taken as they are, in 32 bits, unless `standardize` subtracts from each feature its
//! mean and divides it by its standard deviation, or `missing = "mean"` puts the mean where a value
//! is missing. Mean and deviation are those of the training rows of all agents: rows for test have
//! no part in them, and all agents see features on one scale, so that their models mean the same.

use super::own_shares::{Sharing, rows_of};
use super::scales::Scales;
use super::supervised::About;
use super::{Partition, Share, Starter, Supervised, Task, TaskSeeds, World};
use crate::data::own::Numbered;
use crate::data::own::{self, Missing, OwnData, PATH, Reading, TEST_PATH, Wanted};
use crate::data::{DataError, Examples, Library, Origin, Shape};
use crate::model::{self, Architecture, LinearSettings, SoftmaxSettings};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Choice, Chosen, Keys};
use crate::topology::Graph;
use crate::units::AgentId;
use std::sync::Arc;

/// What a scenario of these tasks has where it is silent: as the paper's classification tasks.
const DEFAULTS: &str = r#"
epochs = 50
[topology]
kind = "complete"
[learner]
step_size = 0.01
[rule]
kinds = ["loss", "distance"]
forgetting = 0.05
initial = 1.0
"#;

/// The task `classification`: one of some classes for each row.
#[derive(Clone, Copy, Debug)]
pub struct Classification;

impl Classification {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "classification";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Classes from your own rows, a CSV or an NPZ file: softmax \
        regression or a neural network";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> OwnRowsTask {
        OwnRowsTask::read(keys, Wanted::Class)
    }
}

/// The task `regression`: a number or several for each row.
#[derive(Clone, Copy, Debug)]
pub struct Regression;

impl Regression {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "regression";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Numbers from your own rows, a CSV or an NPZ file: linear \
        regression or a neural network under the squared error";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> OwnRowsTask {
        OwnRowsTask::read(keys, Wanted::Values)
    }
}

impl Task for OwnRowsTask {
    fn defaults(&self) -> &'static str {
        DEFAULTS
    }

    fn starter(&self, name: &str) -> Starter {
        let sign = |group| if group == 0 { 1.0 } else { -1.0 };
        match self.reading.wanted {
            Wanted::Class => Starter::rows(name, |group, [a, b, c]| {
                let class = if a + sign(group) * 0.5 * b > c {
                    "up"
                } else {
                    "down"
                };
                class.to_owned()
            }),
            Wanted::Values => Starter::rows(name, |group, [a, b, c]| {
                format!("{:.2}", a + sign(group) * b + 0.5 * c)
            }),
        }
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

/// The parameters of both, and which of them it is.
#[derive(Clone, Debug)]
pub struct OwnRowsTask {
    reading: Reading,
    path: String,
    test_path: Option<String>,
    standardize: bool,
    /// Where no file says what is for test.
    test_share: f64,
    batch: usize,
    /// By what the file says, where it is absent.
    partition: Option<Partition>,
    model: Arc<dyn Architecture>,
}

impl OwnRowsTask {
    fn read(keys: &mut Keys<'_>, wanted: Wanted) -> OwnRowsTask {
        let path = keys.key(
            PATH,
            "CSV or NPZ file of rows, relative to the scenario file",
        );
        let path = path.required();
        let test_path: Option<String> = keys
            .key(TEST_PATH, "File of rows for test, laid out alike")
            .optional("`test_share`");
        let Chosen(missing) = keys
            .key(
                "missing",
                "Missing values: refuse them, drop their rows, or put the mean of the feature over \
                 all agents' training rows",
            )
            .default(Chosen(Missing::Refuse), "byzsim's");
        let reading = Reading {
            wanted,
            target: keys
                .key("target", "Column of a CSV file that a model shall say")
                .optional("`y`, or `y0`, `y1`, …"),
            agent_column: keys
                .key(
                    "agent_column",
                    "Column of a CSV file that says whose a row is",
                )
                .optional("`agent`"),
            group_column: keys
                .key(
                    "group_column",
                    "Column of a CSV file with the agent's task group",
                )
                .optional("`group`"),
            missing,
        };
        let standardize = keys.key(
            "standardize",
            "Whether each feature gets mean 0 and standard deviation 1 over all agents' training rows",
        );
        let standardize = standardize.default(false, "byzsim's");
        let share = keys.key(
            "test_share",
            "Share of an agent's rows kept for test, rounded up; not with `test_path`",
        );
        let share = share.at_least(0.0).at_most(1.0);
        let test_share = share.default(0.25, "the paper's");
        if test_path.is_some() {
            if keys.has("test_share") {
                let help = "remove one of `test_path` and `test_share`";
                keys.problem("test_share", "`test_path` is given too", help);
            }
            keys.forget("test_share");
        }
        let batch = keys.key("batch", "Rows of a batch; losses of iterations are on batches, of which the last of an epoch may be smaller").at_least(1.0);
        let batch: u64 = batch.default(10, "the paper's");
        let partition = keys.table(
            "partition",
            "How rows are shared out among agents",
            "by-agent where the file has a column `agent`, otherwise iid",
            Partition::read,
        );
        let model = match wanted {
            Wanted::Class => SoftmaxSettings::NAME,
            Wanted::Values => LinearSettings::NAME,
        };
        let model = keys.section("model", "What is fitted to the rows", |keys| {
            model::catalogue().read(keys, Some(model))
        });
        OwnRowsTask {
            reading,
            path,
            standardize,
            test_share: if test_path.is_some() { 0.0 } else { test_share },
            test_path,
            batch: usize::try_from(batch).unwrap_or(usize::MAX),
            partition,
            // After a mistake, a placeholder.
            model: model.map_or(Arc::new(SoftmaxSettings), Arc::from),
        }
    }

    /// Reads the files and shares the rows out.
    fn world(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Supervised, DataError> {
        let data = self.data(library)?;
        if data.train.agents.is_none() && data.train.groups.is_some() {
            return Err(DataError::Unfit {
                key: vec!["task", PATH],
                message: format!(
                    "{} has `group` and does not say with `agent` whose rows are: groups are of \
                     agents",
                    data.train.places.file()
                ),
                help: "add `agent`, or remove `group`".to_owned(),
            });
        }
        let by_default = match data.train.agents {
            Some(_) => Partition::ByAgent,
            None => Partition::Iid,
        };
        let sharing = Sharing {
            partition: self.partition.unwrap_or(by_default),
            agents: graph.agents(),
            batch: self.batch,
            test_share: self.test_share,
            seed: seeds.data,
        };
        let shares = sharing.shares(&data.train)?;
        let tests = sharing.tests(&data)?;
        let mut all = Vec::new();
        let mut groups = Vec::new();
        for (agent, mut train) in graph.ids().zip(shares) {
            let group = sharing.group(&data.train, agent, &train)?;
            let key = Key::new(seeds.data, Purpose::Split).of(agent);
            shuffle(&mut train, &mut key.stream());
            let own_test: Vec<u32> = train.drain(..sharing.test_rows(train.len())).collect();
            if train.len() < self.batch {
                return Err(sharing.too_few(agent, train.len(), own_test.len()));
            }
            groups.push(group);
            all.push((train, own_test));
        }
        let train_rows = || all.iter().flat_map(|(train, _)| train.iter().copied());
        let fills = self.reading.missing == Missing::Mean;
        let is_flat = matches!(data.train.examples.shape(), Shape::Flat(_));
        // Images are not described by the scales of their pixels.
        let scales = match is_flat || fills || self.standardize {
            true => Some(Scales::of(&data.train, train_rows())?),
            false => None,
        };
        let scaled =
            |rows: &Arc<Examples>| match scales.as_ref().filter(|_| fills || self.standardize) {
                Some(scales) => Arc::new(scales.apply(rows, self.standardize)),
                None => rows.clone(),
            };
        let examples = scaled(&data.train.examples);
        let test_examples = data.test.as_ref().map(|test| scaled(&test.examples));
        let about = self.about(&data, scales.as_ref().filter(|_| is_flat));
        let share = |(agent, (train, own_test)): (AgentId, (Vec<u32>, Vec<u32>))| Share {
            group: groups[agent.index()],
            train: rows_of(&examples, train),
            test: match (&test_examples, &tests) {
                (Some(test), Some(tests)) => tests.of(agent, test),
                _ => rows_of(&examples, own_test),
            },
            batch: self.batch,
            mirror: 0.0,
        };
        let all = graph.ids().zip(all).map(share).collect();
        let files = std::iter::once(&data.train).chain(&data.test);
        let files = files.map(|rows| rows.digest.clone()).collect();
        let world = Supervised::new(self.model.clone(), all, Origin::Files(files), seeds.data);
        Ok(world?.with_about(about))
    }

    /// The files, read once for all runs.
    fn data(&self, library: &Library) -> Result<Arc<OwnData>, DataError> {
        let reading = &self.reading;
        let path = library.beside_scenario(&self.path);
        let test_path = self.test_path.as_deref();
        let test_path = test_path.map(|path| library.beside_scenario(path));
        // Rows for test are held against those to learn from: both files are one data set.
        let name = format!("{reading:?} of {path:?} and {test_path:?}");
        library.get(name, || own::read(&path, test_path.as_deref(), reading))
    }

    /// What `check` says of the rows.
    fn about(&self, data: &OwnData, scales: Option<&Scales>) -> About {
        let train = &data.train;
        let names = |ids: &Option<Numbered>| ids.as_ref().and_then(|ids| ids.names.clone());
        let agents = match self.partition {
            None | Some(Partition::ByAgent) => names(&train.agents).unwrap_or_default(),
            Some(_) => Vec::new(),
        };
        let mut notes = Vec::new();
        let files = [Some(train), data.test.as_ref()].into_iter().flatten();
        for rows in files {
            let file = rows.places.file();
            match rows.dropped {
                0 => {}
                1 => notes.push(format!(
                    "1 row of {file} has a missing value and is left out"
                )),
                many => notes.push(format!(
                    "{many} rows of {file} have a missing value and are left out"
                )),
            }
            for (column, count) in &rows.rounded {
                notes.push(format!(
                    "{count} numbers of `{column}` in {file} are rounded to 32 bits, and may become equal"
                ));
            }
        }
        notes.extend(alike(&train.classes));
        if let Some(groups) = names(&train.groups) {
            let groups = groups.iter().enumerate();
            let groups: Vec<String> = groups.map(|(n, name)| format!("{n} is {name}")).collect();
            notes.push(format!("of the groups, {}", groups.join(", ")));
        }
        if let Some(scales) = scales {
            notes.push(scales.in_words(&train.features));
            notes.extend(scales.advice().filter(|_| !self.standardize));
        }
        About {
            features: train.features.clone(),
            classes: train.classes.clone(),
            agents,
            notes,
        }
    }
}

impl Choice for Missing {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("refuse", Self::Refuse),
        ("drop", Self::Drop),
        ("mean", Self::Mean),
    ];
}

/// Classes that differ in nothing but the case of letters.
fn alike(classes: &[String]) -> Option<String> {
    let mut lower: Vec<(String, &String)> = classes.iter().map(|c| (c.to_lowercase(), c)).collect();
    lower.sort();
    let twice = lower.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some(format!(
        "the classes `{}` and `{}` differ in capital letters alone",
        twice[0].1, twice[1].1
    ))
}

#[cfg(test)]
#[path = "own_data_tests.rs"]
mod tests;
