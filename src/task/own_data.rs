//! Classification and regression on the user's own rows, from a CSV or an NPZ file.
//!
//! Rows are shared out among the agents of the topology by a [`Partition`]: by default each agent
//! has the rows that are its own, if the file says whose rows are, and otherwise an equal share.
//! An agent's rows are shuffled and split: ⌈rows · `test_share`⌉ for test, the rest for training.
//! With a file of rows for test (`test_path`) all of an agent's share is for training; agents are
//! tested on their own rows of that file if both files say whose rows are and the partition goes by
//! that, and otherwise on all of them.
//!
//! An agent's task group is that of its own rows, which all say the same. Where rows are shared out
//! in another way than `by-agent`, owners and groups of rows mean nothing, and all agents are in
//! group 0, as they are where the file has no groups.
//!
//! Inputs are taken as they are: features of very different scale are the user's to scale.

use super::partition::{self, TooFew};
use super::{Partition, Rows, Share, Supervised, Task, TaskSeeds, World};
use crate::data::own::{self, OwnData, OwnRows, PATH, TEST_PATH, Wanted};
use crate::data::{DataError, Library, Origin, Targets};
use crate::model::{self, Architecture, LinearSettings, SoftmaxSettings};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::Keys;
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
forgetting = 0.05
initial = 1.0
"#;

/// The task `classification`: one of some classes for each row.
#[derive(Clone, Debug)]
pub struct Classification(Settings);

impl Classification {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "classification";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Classes from your own rows, a CSV or an NPZ file: softmax \
        regression or a neural network";
    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Classification(Settings::read(keys, SoftmaxSettings::NAME))
    }
}

impl Task for Classification {
    fn defaults(&self) -> &'static str {
        DEFAULTS
    }

    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Arc<dyn World>, DataError> {
        let world = self.0.world(Wanted::Class, graph, seeds, library)?;
        Ok(Arc::new(world))
    }
}

/// The task `regression`: a number or several for each row.
#[derive(Clone, Debug)]
pub struct Regression(Settings);

impl Regression {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "regression";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Numbers from your own rows, a CSV or an NPZ file: linear \
        regression or a neural network under the squared error";
    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        Regression(Settings::read(keys, LinearSettings::NAME))
    }
}

impl Task for Regression {
    fn defaults(&self) -> &'static str {
        DEFAULTS
    }

    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Arc<dyn World>, DataError> {
        let world = self.0.world(Wanted::Values, graph, seeds, library)?;
        Ok(Arc::new(world))
    }
}

/// The parameters of both.
#[derive(Clone, Debug)]
struct Settings {
    path: String,
    test_path: Option<String>,
    /// Where no file says what is for test.
    test_share: f64,
    batch: usize,
    /// By what the file says, where it is absent.
    partition: Option<Partition>,
    model: Arc<dyn Architecture>,
}

impl Settings {
    fn read(keys: &mut Keys<'_>, model: &'static str) -> Settings {
        let path = keys.key(
            PATH,
            "CSV or NPZ file of rows, relative to the scenario file",
        );
        let path = path.required();
        let test_path: Option<String> = keys
            .key(TEST_PATH, "File of rows for test, laid out alike")
            .optional("`test_share`");
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
        let batch = keys.key("batch", "Rows of a batch").at_least(1.0);
        let batch: u64 = batch.default(10, "the paper's");
        let partition = keys.table(
            "partition",
            "How rows are shared out among agents",
            "by-agent where the file has a column `agent`, otherwise iid",
            Partition::read,
        );
        let model = keys.section("model", "What is fitted to the rows", |keys| {
            model::catalogue().read(keys, Some(model))
        });
        Settings {
            path,
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
        wanted: Wanted,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Supervised, DataError> {
        let data = self.data(wanted, library)?;
        let by_default = match data.train.agents {
            Some(_) => Partition::ByAgent,
            None => Partition::Iid,
        };
        let partition = self.partition.unwrap_or(by_default);
        let shares = self.shared_out(&data.train, partition, graph.agents(), seeds.data)?;
        let tests = self.tests(&data, partition, graph.agents())?;
        let mut all = Vec::new();
        for (agent, mut train) in graph.ids().zip(shares) {
            let group = match partition {
                Partition::ByAgent => group(&data.train, agent, &train)?,
                Partition::Iid | Partition::Dirichlet { .. } => 0,
            };
            let key = Key::new(seeds.data, Purpose::Split).of(agent);
            shuffle(&mut train, &mut key.stream());
            let own_test: Vec<u32> = train.drain(..self.test_rows(train.len())).collect();
            if train.len() < self.batch {
                return Err(self.too_few(agent, train.len(), own_test.len()));
            }
            let test = match (&data.test, &tests) {
                (Some(test), Some(tests)) => tests.of(agent, test),
                _ => rows_of(&data.train, own_test),
            };
            all.push(Share {
                group,
                train: rows_of(&data.train, train),
                test,
                batch: self.batch,
                mirror: 0.0,
            });
        }
        let files = std::iter::once(&data.train).chain(&data.test);
        let files = files.map(|rows| rows.digest.clone()).collect();
        let world = Supervised::new(self.model.clone(), all, Origin::Files(files), seeds.data);
        Ok(world?)
    }

    /// The files, read once for all runs.
    fn data(&self, wanted: Wanted, library: &Library) -> Result<Arc<OwnData>, DataError> {
        let path = library.beside_scenario(&self.path);
        let test_path = self.test_path.as_deref();
        let test_path = test_path.map(|path| library.beside_scenario(path));
        // Rows for test are held against those to learn from: both files are one data set.
        let name = format!("{wanted:?} of {path:?} and {test_path:?}");
        library.get(name, || own::read(&path, test_path.as_deref(), wanted))
    }

    /// How many of an agent's rows are for test.
    fn test_rows(&self, rows: usize) -> usize {
        partition::test_rows(rows, self.test_share)
    }

    /// The rows of each agent.
    fn shared_out(
        &self,
        train: &OwnRows,
        partition: Partition,
        agents: usize,
        seed: u64,
    ) -> Result<Vec<Vec<u32>>, DataError> {
        let rows = train.examples.len();
        match (partition, train.examples.targets()) {
            (Partition::ByAgent, _) => owned(train, agents),
            (Partition::Iid, _) => Ok(partition::iid(rows, agents, seed)),
            (Partition::Dirichlet { alpha }, Targets::Classes { labels, classes }) => {
                let enough = |&share: &usize| share - self.test_rows(share) >= self.batch;
                let least = (self.batch..=rows).find(enough).unwrap_or(rows + 1);
                partition::dirichlet(labels, *classes, agents, alpha, least, seed)
                    .map_err(|few| self.never_enough(alpha, few))
            }
            (Partition::Dirichlet { .. }, Targets::Values { .. }) => Err(DataError::Unfit {
                key: vec!["task", "partition"],
                message: "dirichlet shares rows out class by class, and regression has no classes"
                    .to_owned(),
                help: "write partition = { kind = \"iid\" } or { kind = \"by-agent\" }".to_owned(),
            }),
        }
    }

    /// Which rows of the test file each agent is tested on, where there is such a file.
    fn tests(
        &self,
        data: &OwnData,
        partition: Partition,
        agents: usize,
    ) -> Result<Option<Tests>, DataError> {
        let Some(test) = &data.test else {
            return Ok(None);
        };
        let owners = test.agents.as_ref();
        let Some(owners) = owners.filter(|_| partition == Partition::ByAgent) else {
            return Ok(Some(Tests::All));
        };
        let unfit = |message: String| DataError::Unfit {
            key: vec!["task", TEST_PATH],
            message,
            help: "let every agent of the topology, and no other, have rows there; or remove the \
                   column `agent`, so that everyone is tested on all rows"
                .to_owned(),
        };
        let last = agents - 1;
        if let Some(row) = owners.iter().position(|&owner| owner as usize > last) {
            let (place, owner) = (test.places.of("agent", row), owners[row]);
            let message = format!("{place} is {owner}, and the agents go from 0 to {last}");
            return Err(unfit(message));
        }
        let shares = partition::by_agent(owners, agents);
        match shares.iter().position(Vec::is_empty) {
            Some(agent) => {
                let file = test.places.file();
                Err(unfit(format!("agent {agent} has no row in {file}")))
            }
            None => Ok(Some(Tests::Own(shares))),
        }
    }

    /// An agent has fewer rows to learn from than a batch.
    fn too_few(&self, agent: AgentId, train: usize, test: usize) -> DataError {
        let batch = self.batch;
        DataError::Unfit {
            key: vec!["task", "batch"],
            message: format!(
                "a batch has {batch} rows, and agent {agent} has {train} for training and {test} \
                 for test"
            ),
            help: match train {
                0 => "let the topology have fewer agents, or lower task.test_share".to_owned(),
                _ => format!("lower task.batch to {train}, or task.test_share"),
            },
        }
    }

    /// No draw of a Dirichlet partition is of use.
    fn never_enough(&self, alpha: f64, few: TooFew) -> DataError {
        let batch = self.batch;
        let mut ways = Vec::new();
        if let Some(alpha) = few.alpha {
            ways.push(format!("write alpha = {alpha}"));
        }
        match few.best - self.test_rows(few.best) {
            0 => {}
            train => ways.push(format!("lower task.batch to {train}")),
        }
        ways.push("let the topology have fewer agents".to_owned());
        DataError::Unfit {
            key: vec!["task", "partition"],
            message: format!(
                "no draw with alpha = {alpha} gives every agent enough rows for training: a batch has \
                 {batch}"
            ),
            help: ways.join(", or "),
        }
    }
}

/// The rows that belong to each agent of the topology: everyone has some, and nobody else has.
fn owned(train: &OwnRows, agents: usize) -> Result<Vec<Vec<u32>>, DataError> {
    let file = train.places.file();
    let Some(owners) = &train.agents else {
        return Err(DataError::Unfit {
            key: vec!["task", "partition"],
            message: format!("by-agent goes by a column `agent`, and {file} has none"),
            help: "add that column, or write partition = { kind = \"iid\" }".to_owned(),
        });
    };
    let unfit = |message: String, help: String| DataError::Unfit {
        key: vec!["topology", "agents"],
        message,
        help,
    };
    let last = agents - 1;
    let highest = owners.iter().max().map_or(0, |&owner| owner as usize);
    if highest > last {
        let message =
            format!("{file} has rows of agent {highest}, and the agents go from 0 to {last}");
        let help = format!("let the topology have {} agents", highest + 1);
        return Err(unfit(message, help));
    }
    let shares = partition::by_agent(owners, agents);
    match shares.iter().position(Vec::is_empty) {
        Some(agent) => {
            let message = format!(
                "agent {agent} has no row in {file}, whose agents go up to {highest}, and the \
                 topology has {agents} agents"
            );
            let help = match agent > highest {
                true => format!("let the topology have {} agents", highest + 1),
                false => format!("add rows of agent {agent}, or choose another partition"),
            };
            Err(unfit(message, help))
        }
        None => Ok(shares),
    }
}

/// The task group that all rows of an agent have; 0 where the file has no groups.
fn group(train: &OwnRows, agent: AgentId, rows: &[u32]) -> Result<u32, DataError> {
    let Some(groups) = &train.groups else {
        return Ok(0);
    };
    let group = groups[rows[0] as usize];
    match rows.iter().find(|&&row| groups[row as usize] != group) {
        None => Ok(group),
        Some(&row) => {
            let place = train.places.of("group", row as usize);
            let other = groups[row as usize];
            Err(DataError::Unfit {
                key: vec!["task", PATH],
                message: format!("{place} is {other}, and agent {agent} has rows of group {group}"),
                help: "let all rows of an agent be of one group".to_owned(),
            })
        }
    }
}

/// Chosen rows of a file.
fn rows_of(all: &OwnRows, rows: Vec<u32>) -> Rows {
    Rows {
        examples: all.examples.clone(),
        rows,
    }
}

/// What agents are tested on.
enum Tests {
    /// Everyone on all rows.
    All,
    /// Each on its own rows.
    Own(Vec<Vec<u32>>),
}

impl Tests {
    fn of(&self, agent: AgentId, test: &OwnRows) -> Rows {
        let rows = match self {
            Tests::All => (0..test.examples.len() as u32).collect(),
            Tests::Own(shares) => shares[agent.index()].clone(),
        };
        rows_of(test, rows)
    }
}

#[cfg(test)]
#[path = "own_data_tests.rs"]
mod tests;
