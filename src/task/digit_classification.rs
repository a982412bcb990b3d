//! Digit classification (paper §7.1): two groups of agents learn to read digits, one from plain
//! images, one from digits on backgrounds.
//!
//! The first half of the agents is group 0, with MNIST, pixels in [0, 1]; the others are group 1,
//! with synthetic digits or the like, in [−1, 1]. A data set's training rows are shuffled, and each
//! agent of its group gets the next `train` of them, nobody's rows being anybody else's; so with
//! its test rows. An epoch is as many iterations as the agent with the fewest batches has: 16 for
//! the paper's 2,000 images in batches of 64 and of 128. The 16th of 128 has the 80 that are left;
//! the first group sees half of its images in an epoch.

use super::{Rows, Share, Starter, Supervised, Task, TaskSeeds, World};
use crate::data::digits_generated::{Style, generate};
use crate::data::{
    DataError, DataSource, DigitFolder, Examples, FileDigest, Library, Origin, Split, idx,
    locate_mnist, read_mnist,
};
use crate::model::{self, Architecture, Cnn};
use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Chosen, Keys};
use crate::topology::Graph;
use std::ops::Range;
use std::sync::Arc;

/// Task groups.
const GROUPS: usize = 2;

/// Images of a group that are generated at most: 784 MB.
const MOST_GENERATED: usize = 1_000_000;

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
            .default(Chosen(DigitFolder::Synthetic), "paper §7.1");
        let train = keys
            .key("train", "Training images of an agent")
            .at_least(1.0)
            .at_most(1e6)
            .default(2000, "paper appendix B");
        let test = keys
            .key("test", "Test images of an agent")
            .at_most(1e6)
            .default(400, "paper appendix B");
        let rows = keys
            .key(
                "batch",
                "Rows of a batch in the first and in the second group; losses of iterations are on batches, of which the last of an epoch may be smaller",
            )
            .at_least(1.0)
            .default(vec![64, 128], "paper appendix B");
        let batch: [u32; GROUPS] = rows.try_into().unwrap_or_else(|rows: Vec<u32>| {
            let plural = if rows.len() == 1 { "" } else { "s" };
            let message = format!("`batch` has {} number{plural}", rows.len());
            keys.problem("batch", message, "write one for each of the two groups");
            [1; GROUPS]
        });
        if let Some(batch) = batch.into_iter().find(|&batch| batch > train) {
            let message =
                format!("a batch has {batch} images, and an agent has {train} for training");
            let key = if keys.has("batch") { "batch" } else { "train" };
            keys.problem(key, message, "lower `batch` or raise `train`");
        }
        let mirror = keys
            .key(
                "mirror",
                "Probability that a training image of the second group is mirrored in a batch, as \
                 it is with 0.5 in the authors' program",
            )
            .at_least(0.0)
            .at_most(1.0)
            .default(0.0, "the paper's");
        let model = keys.section("model", "What is fitted to the images", |keys| {
            model::catalogue().read(keys, Some(Cnn::NAME))
        });
        if source == DataSource::Generated {
            // They say where files are.
            keys.forget("data");
            keys.forget("group2");
        }
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

    /// The images of a group. Of generated ones there are as many as its agents need.
    fn images(
        &self,
        group: usize,
        agents: usize,
        seed: u64,
        library: &Library,
    ) -> Result<Images, DataError> {
        if self.source == DataSource::Generated {
            return self.generated([Style::Plain, Style::Textured][group], agents, seed);
        }
        let folder = |what, layout| {
            let folder = library.folder(self.data.as_deref());
            folder.ok_or(DataError::NoFolder { what, layout })
        };
        let split = if group == 0 {
            let folder = locate_mnist(&folder("MNIST (digit classification)", idx::LAYOUT)?);
            library.get(format!("MNIST in {}", folder.display()), || {
                read_mnist(&folder)
            })?
        } else {
            let folder = folder("digits on backgrounds", self.group2.layout())?;
            let folder = self.group2.locate(&folder);
            library.get(format!("digits in {}", folder.display()), || {
                self.group2.read(&folder)
            })?
        };
        Ok(Images::published(&split))
    }

    fn generated(&self, style: Style, agents: usize, seed: u64) -> Result<Images, DataError> {
        let train = agents * self.train as usize;
        let all = train + agents * self.test as usize;
        if all > MOST_GENERATED {
            return Err(DataError::Unfit {
                key: vec!["task", "train"],
                message: format!("{agents} agents need {all} generated images"),
                help: format!("let all need at most {MOST_GENERATED}"),
            });
        }
        let examples = Arc::new(generate(seed, style, all));
        let of = |rows: Range<usize>| Rows {
            examples: examples.clone(),
            rows: rows.map(|row| row as u32).collect(),
        };
        Ok(Images {
            train: of(0..train),
            test: of(train..all),
            files: Vec::new(),
        })
    }

    /// Reads or generates the images and shares them out.
    ///
    /// # Errors
    /// Files that are missing or malformed, more images asked for than there are, a model that does
    /// not go with the images.
    pub fn world(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        library: &Library,
    ) -> Result<Supervised, DataError> {
        let first = graph.agents().div_ceil(GROUPS);
        let agents = [first, graph.agents() - first];
        let mut shares = Vec::new();
        let mut files = Vec::new();
        for (group, agents) in agents.into_iter().enumerate().filter(|(_, n)| *n > 0) {
            let images = self.images(group, agents, seeds.data, library)?;
            let mirror = if group == 1 { self.mirror } else { 0.0 };
            let key = |half| Key::new(seeds.data, Purpose::Split).at(2 * group as u64 + half);
            let train = share_out(images.train, ("train", self.train), agents, key(0))?;
            let test = share_out(images.test, ("test", self.test), agents, key(1))?;
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
        Ok(Supervised::new(
            self.model.clone(),
            shares,
            origin,
            seeds.data,
        )?)
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

/// Gives each of some agents, at least one, that many of the rows, at random; `what` is the key
/// that says how many.
fn share_out(
    mut all: Rows,
    (what, each): (&'static str, u32),
    agents: usize,
    key: Key,
) -> Result<Vec<Rows>, DataError> {
    let (each, present) = (each as usize, all.rows.len());
    let most = present / agents;
    if most < each {
        return Err(DataError::Unfit {
            key: vec!["task", what],
            message: format!(
                "{agents} agents with {each} images each need {}, and the data set has {present} \
                 for {what}ing",
                agents * each
            ),
            help: match most {
                0 => "have fewer agents".to_owned(),
                most => format!("write at most {most}, or have fewer agents"),
            },
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
kinds = ["complete", "erdos-renyi", "geometric", "regular", "ring", "small-world", "star"]
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
kinds = ["loss", "distance"]
forgetting = 0.05
initial = 1.0
"#
    }

    fn starter(&self, _: &str) -> Starter {
        Starter::of(
            r#"
epochs = 10
[task]
source = "generated"
train = 640
test = 200
batch = [32, 64]
model = { kind = "cnn", channels = [8, 16, 16], hidden = [32] }
"#,
        )
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
