//! Rows of inputs with their targets, in memory.

use std::fmt;

/// How the numbers of one input are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// That many features in a row.
    Flat(usize),
    /// An image; its numbers stand channel by channel, row by row.
    Image {
        /// Color channels.
        channels: usize,
        /// Rows of pixels.
        height: usize,
        /// Pixels of a row.
        width: usize,
    },
}

impl Shape {
    /// How many numbers one input has.
    pub fn features(self) -> usize {
        match self {
            Shape::Flat(features) => features,
            Shape::Image {
                channels,
                height,
                width,
            } => channels * height * width,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Flat(features) => write!(f, "[{features}]"),
            Shape::Image {
                channels,
                height,
                width,
            } => write!(f, "[{channels}, {height}, {width}]"),
        }
    }
}

/// The numbers of all inputs, row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// As they are, shape `[rows × features]`.
    Numbers(Vec<f32>),
    /// Bytes that stand for numbers from `low` (0) to `high` (255), shape `[rows × features]`: a
    /// quarter of the memory.
    Pixels {
        /// The bytes.
        bytes: Vec<u8>,
        /// What 0 stands for.
        low: f32,
        /// What 255 stands for.
        high: f32,
    },
}

/// What a model shall say of each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// A class.
    Classes {
        /// Shape `[rows]`, each below `classes`.
        labels: Vec<u32>,
        /// How many classes there are.
        classes: usize,
    },
    /// Numbers.
    Values {
        /// Shape `[rows × outputs]`.
        values: Vec<f32>,
        /// How many numbers a row has.
        outputs: usize,
    },
}

impl Targets {
    /// How many numbers a model gives for a row: one per class, or the values themselves.
    pub fn outputs(&self) -> usize {
        match self {
            Targets::Classes { classes, .. } => *classes,
            Targets::Values { outputs, .. } => *outputs,
        }
    }

    /// The same kind of targets, of no row.
    pub fn none(&self) -> Targets {
        match *self {
            Targets::Classes { classes, .. } => Targets::Classes {
                labels: Vec::new(),
                classes,
            },
            Targets::Values { outputs, .. } => Targets::Values {
                values: Vec::new(),
                outputs,
            },
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Targets::Classes { labels, .. } => labels.len(),
            Targets::Values { values, outputs } => values.len() / outputs,
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Replaces every class y of C by C − 1 − y; values stay.
    pub fn flip(&mut self) {
        if let Targets::Classes { labels, classes } = self {
            for label in labels {
                // A label is below the number of classes.
                *label = *classes as u32 - 1 - *label;
            }
        }
    }

    /// Takes those of chosen rows of `all`, of the same kind, in the place of what was there. Mirror
    /// images, numbered as by [`Examples::read`], have the targets of what they mirror.
    ///
    /// # Panics
    /// Where `all` is of another kind, or has no row.
    pub fn gather(&mut self, all: &Targets, rows: &[u32]) {
        let count = all.len();
        let rows = rows.iter().map(|&row| row as usize % count);
        match (self, all) {
            (Targets::Classes { labels, .. }, Targets::Classes { labels: all, .. }) => {
                labels.clear();
                labels.extend(rows.map(|row| all[row]));
            }
            (Targets::Values { values, outputs }, Targets::Values { values: all, .. }) => {
                values.clear();
                for row in rows {
                    values.extend_from_slice(&all[row * *outputs..][..*outputs]);
                }
            }
            _ => panic!("classes and values in one batch"),
        }
    }
}

/// Rows of inputs with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    shape: Shape,
    inputs: Inputs,
    targets: Targets,
}

impl Examples {
    /// Inputs of a shape, and as many targets.
    ///
    /// # Panics
    /// Where inputs and targets have different numbers of rows, or a label is not below the number
    /// of classes: readers check that, and say where.
    pub fn new(shape: Shape, inputs: Inputs, targets: Targets) -> Examples {
        let numbers = match &inputs {
            Inputs::Numbers(numbers) => numbers.len(),
            Inputs::Pixels { bytes, .. } => bytes.len(),
        };
        assert_eq!(numbers, targets.len() * shape.features(), "rows of inputs");
        if let Targets::Classes { labels, classes } = &targets {
            let known = labels.iter().all(|&label| (label as usize) < *classes);
            assert!(known, "a label that is no class");
        }
        Examples {
            shape,
            inputs,
            targets,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory of inputs and targets \[bytes\].
    pub fn bytes(&self) -> usize {
        let inputs = match &self.inputs {
            Inputs::Numbers(numbers) => size_of_val(&numbers[..]),
            Inputs::Pixels { bytes, .. } => bytes.len(),
        };
        let targets = match &self.targets {
            Targets::Classes { labels, .. } => size_of_val(&labels[..]),
            Targets::Values { values, .. } => size_of_val(&values[..]),
        };
        inputs + targets
    }

    /// Whether inputs and targets are arranged as others are, so that one model fits both.
    pub fn is_like(&self, other: &Examples) -> bool {
        self.shape == other.shape && self.targets.none() == other.targets.none()
    }

    /// How one input is arranged.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What a model shall say of each row.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Writes the input of a row into `input`, shape `[features]`. Row n + i, where n is the number
    /// of rows, is the mirror image of row i, left to right.
    ///
    /// # Panics
    /// Where there is no such row; only images have mirror images.
    pub fn read(&self, row: u32, input: &mut [f32]) {
        let features = self.shape.features();
        let (row, is_mirrored) = match (row as usize).checked_sub(self.len()) {
            Some(row) => (row, true),
            None => (row as usize, false),
        };
        let numbers = row * features..(row + 1) * features;
        match &self.inputs {
            Inputs::Numbers(all) => input.copy_from_slice(&all[numbers]),
            Inputs::Pixels { bytes, low, high } => {
                let (low, range) = (f64::from(*low), f64::from(high - low));
                for (number, &byte) in input.iter_mut().zip(&bytes[numbers]) {
                    *number = (low + range * f64::from(byte) / 255.0) as f32;
                }
            }
        }
        if is_mirrored {
            let Shape::Image { width, .. } = self.shape else {
                panic!("only images have mirror images");
            };
            input.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_for_numbers_between_two_ends() {
        let inputs = Inputs::Pixels {
            bytes: vec![0, 51, 255, 102],
            low: -1.0,
            high: 1.0,
        };
        let targets = Targets::Classes {
            labels: vec![0, 1],
            classes: 2,
        };
        let examples = Examples::new(Shape::Flat(2), inputs, targets);
        let mut input = [0.0; 2];
        examples.read(0, &mut input);
        assert_eq!(input, [-1.0, -0.6]);
        examples.read(1, &mut input);
        assert_eq!(input, [1.0, -0.2]);
    }

    #[test]
    fn rows_beyond_the_last_are_mirror_images() {
        let shape = Shape::Image {
            channels: 1,
            height: 2,
            width: 3,
        };
        let inputs = Inputs::Numbers(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let targets = Targets::Classes {
            labels: vec![1],
            classes: 2,
        };
        let examples = Examples::new(shape, inputs, targets);
        let mut input = [0.0; 6];
        examples.read(1, &mut input);
        assert_eq!(input, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
        let mut gathered = examples.targets().none();
        gathered.gather(examples.targets(), &[1, 0]);
        assert_eq!(gathered.len(), 2);
    }

    #[test]
    fn targets_of_chosen_rows_are_gathered_in_their_order() {
        let all = Targets::Values {
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            outputs: 2,
        };
        let mut some = all.none();
        some.gather(&all, &[2, 0]);
        let expected = Targets::Values {
            values: vec![5.0, 6.0, 1.0, 2.0],
            outputs: 2,
        };
        assert_eq!(some, expected);
    }

    #[test]
    fn flipped_classes_count_from_the_other_end() {
        let mut classes = Targets::Classes {
            labels: vec![0, 1, 5],
            classes: 6,
        };
        let before = classes.clone();
        classes.flip();
        let expected = Targets::Classes {
            labels: vec![5, 4, 0],
            classes: 6,
        };
        assert_eq!(classes, expected);
        classes.flip();
        assert_eq!(classes, before);
        let mut values = Targets::Values {
            values: vec![1.0],
            outputs: 1,
        };
        let before = values.clone();
        values.flip();
        assert_eq!(values, before);
    }
}
