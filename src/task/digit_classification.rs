//! Digit classification (paper §6): two groups of agents learn to read digits, one from plain
//! images, one from digits on backgrounds.
//!
//! The first half of the agents is group 0, with MNIST, pixels in [0, 1]; the others are group 1,
//! with synthetic digits or the like, in [−1, 1]. A data set's training rows are shuffled, and each
//! agent of its group gets the next `train` of them, nobody's rows being anybody else's; so with
//! its test rows. An epoch is as many iterations as the agent with the fewest batches has: 16 for
//! the paper's 2,000 images in batches of 64 and of 128, the last of them smaller.

use super::{Rows, Share, Supervised, Task, TaskSeeds, World};
use crate::data::digits_generated::{Style, generate};
use crate::data::{
    DataError, DataSource, DigitFolder, Examples, FileDigest, Library, Origin, Split, idx,
    locate_mnist, read_mnist,
};
use crate::model::{self, Architecture, Cnn};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Choice, Chosen, Keys};
use crate::topology::Graph;
use std::ops::Range;
use std::sync::Arc;

/// Task groups.
const GROUPS: usize = 2;

/// The task's parameters.
#[derive(Clone, Debug)]
pub struct DigitClassification {
    source: DataSource,
    data: Option<String>,
    group2: DigitFolder,
    train: u32,
    test: u32,
    batch: [u32; GROUPS],
    mirror: f64,
    model: Arc<dyn Architecture>,
}

impl Choice for DigitFolder {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("synthetic-digits", Self::Synthetic),
        ("photo-digits", Self::Photo),
    ];
}

impl DigitClassification {
    /// The value of `kind` in TOML.
    pub const NAME: &'static str = "digit-classification";
    /// What it is, in a sentence.
    pub const ABOUT: &'static str = "Which digit an image shows: a CNN, one group of agents with \
        MNIST, one with digits on backgrounds";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let Chosen(source) = keys
            .key(
                "source",
                "Where the images come from: the published files, or a generator of their shapes",
            )
            .default(Chosen(DataSource::Files), "the published data");
        let data = keys
            .key("data", "Data folder, relative to the scenario file")
            .optional("the folder of --data, or else of BYZSIM_DATA");
        let Chosen(group2) = keys
            .key(
                "group2",
                "Images of the second group: in the folder `synthetic_digits` or `photo_digits`",
            )
            .default(Chosen(DigitFolder::Synthetic), "paper §6");
        let train = keys
            .key("train", "Training images of an agent")
            .at_least(1.0)
            .default(2000, "paper §6");
        let test = keys
            .key("test", "Test images of an agent")
            .default(400, "paper §6");
        let rows = keys
            .key(
                "batch",
                "Rows of a batch in the first and in the second group",
            )
            .at_least(1.0)
            .default(vec![64, 128], "paper §6");
        let batch: [u32; GROUPS] = match rows.try_into() {
            Ok(batch) => batch,
            Err(rows) => {
                if !keys.is_wrong("batch") {
                    let message = format!("`batch` has {} numbers", rows.len());
                    keys.problem("batch", message, "write one for each of the two groups");
                }
                [1; GROUPS]
            }
        };
        let mirror = keys
            .key(
                "mirror",
                "Probability that a training image of the second group is mirrored in a batch, as \
                 it is with 0.5 in the authors' program",
            )
            .at_least(0.0)
            .at_most(1.0)
            .default(0.0, "paper §6");
        let model = keys.section("model", "What is fitted to the images", |keys| {
            model::catalogue().read(keys, Some(Cnn::NAME))
        });
        DigitClassification {
            source,
            data,
            group2,
            train,
            test,
            batch,
            mirror,
            // After a mistake, a placeholder.
            model: model.map_or_else(|| Arc::new(Cnn::paper()) as Arc<_>, Arc::from),
        }
    }

    /// The images of both groups. Of generated ones there are as many as the agents need.
    fn images(
        &self,
        agents: [usize; GROUPS],
        seed: u64,
        library: &Library,
    ) -> Result<[Images; GROUPS], DataError> {
        match self.source {
            DataSource::Generated => Ok([
                self.generated(Style::Plain, agents[0], seed),
                self.generated(Style::Textured, agents[1], seed),
            ]),
            DataSource::Files => {
                let folder = |what, layout| {
                    let folder = library.folder(self.data.as_deref());
                    folder.ok_or(DataError::NoFolder { what, layout })
                };
                let mnist = locate_mnist(&folder("MNIST (digit classification)", idx::LAYOUT)?);
                let mnist = library.get(&mnist, read_mnist)?;
                let others = folder("digits on backgrounds", self.group2.layout())?;
                let others = self.group2.locate(&others);
                let group2 = self.group2;
                let others = library.get(&others, move |folder| group2.read(folder))?;
                Ok([mnist, others].map(|split| Images::published(&split)))
            }
        }
    }

    fn generated(&self, style: Style, agents: usize, seed: u64) -> Images {
        let train = agents as u32 * self.train;
        let all = train + agents as u32 * self.test;
        let examples = Arc::new(generate(seed, style, all as usize));
        let of = |rows: Range<u32>| Rows {
            examples: examples.clone(),
            rows: rows.collect(),
        };
        Images {
            train: of(0..train),
            test: of(train..all),
            files: Vec::new(),
        }
    }

    /// Reads or generates the images and shares them out.
    ///
    /// # Errors
    /// Files that are missing or malformed, more images asked for than there are, a batch that is
    /// larger than a training set, a model that does not go with the images.
    pub fn world(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Supervised, DataError> {
        if let Some(batch) = self.batch.into_iter().find(|&batch| batch > self.train) {
            return Err(DataError::Unfit {
                key: ["task", "batch"],
                message: format!(
                    "a batch has {batch} images, and an agent has {} for training",
                    self.train
                ),
                help: "lower task.batch or raise task.train".to_owned(),
            });
        }
        let first = graph.agents().div_ceil(GROUPS);
        let agents = [first, graph.agents() - first];
        let mut shares = Vec::new();
        let mut files = Vec::new();
        for (group, mut images) in self
            .images(agents, seeds.data, library)?
            .into_iter()
            .enumerate()
        {
            let mirror = if group == 1 { self.mirror } else { 0.0 };
            let key = |half| Key::new(seeds.data, Purpose::Split).at(2 * group as u64 + half);
            if mirror > 0.0 {
                images.train.examples = Arc::new(images.train.examples.with_mirrored());
            }
            let train = share_out(images.train, ("train", self.train), agents[group], key(0))?;
            let test = share_out(images.test, ("test", self.test), agents[group], key(1))?;
            shares.extend(train.into_iter().zip(test).map(|(train, test)| Share {
                group: group as u32,
                train,
                test,
                batch: self.batch[group] as usize,
                mirror,
            }));
            files.extend(images.files);
        }
        let origin = match self.source {
            DataSource::Files => Origin::Files(files),
            DataSource::Generated => Origin::Generated("generated digits, not MNIST and the like"),
        };
        let world = Supervised::new(self.model.clone(), shares, origin, seeds.data);
        world.map_err(|misfit| DataError::Unfit {
            key: ["task", "model"],
            message: misfit.message,
            help: misfit.help,
        })
    }
}

/// The images of a group.
struct Images {
    train: Rows,
    test: Rows,
    files: Vec<FileDigest>,
}

impl Images {
    /// All images of a data set.
    fn published(split: &Split) -> Images {
        let all = |examples: &Arc<Examples>| Rows {
            examples: examples.clone(),
            rows: (0..examples.len() as u32).collect(),
        };
        Images {
            train: all(&split.train),
            test: all(&split.test),
            files: split.files.clone(),
        }
    }
}

/// Gives each of some agents that many of the rows, at random; `what` is the key that says how
/// many.
fn share_out(
    mut all: Rows,
    (what, each): (&'static str, u32),
    agents: usize,
    key: Key,
) -> Result<Vec<Rows>, DataError> {
    let (each, present) = (each as usize, all.rows.len());
    if present / agents.max(1) < each {
        return Err(DataError::Unfit {
            key: ["task", what],
            message: format!(
                "{agents} agents with {each} images each need {}, and the data set has {present} \
                 for {what}ing",
                agents * each
            ),
            help: format!("write at most {}, or have fewer agents", present / agents),
        });
    }
    shuffle(&mut all.rows, &mut key.stream());
    let part = |agent: usize| Rows {
        examples: all.examples.clone(),
        rows: all.rows[agent * each..][..each].to_vec(),
    };
    Ok((0..agents).map(part).collect())
}

impl Task for DigitClassification {
    fn defaults(&self) -> &'static str {
        r#"
epochs = 100
[topology]
kind = "complete"
agents = 10
[learner]
optimizer = "adam"
step_size = 0.001
[[learner.override]]
agents = { every = 5 }
adapt_probability = 0.5
[[learner.override]]
agents = { every = 5, from = 1 }
adapt_probability = 0.3333333333333333
[[learner.override]]
agents = { every = 5, from = 2 }
adapt_probability = 0.25
[[learner.override]]
agents = { every = 5, from = 3 }
adapt_probability = 0.25
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

#[cfg(test)]
#[path = "digit_classification_tests.rs"]
mod tests;
