//! From outputs to losses: cross-entropy for classes, the squared error for values.
//!
//! All of it is plain `f64`, one row of outputs at a time, shape `[outputs]`: logits for classes.

use super::Evaluation;
use crate::data::Targets;

/// What a model says of each row, and what it shall say.
pub struct Outputs<'a> {
    /// Shape `[rows × outputs]`: logits for classes.
    pub values: &'a [f64],
    /// Of as many rows, at least one.
    pub targets: &'a Targets,
}

impl Outputs<'_> {
    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.targets.outputs())
    }

    /// Mean loss per row.
    pub fn loss(&self) -> f64 {
        self.total_loss() / self.targets.len() as f64
    }

    fn total_loss(&self) -> f64 {
        let mut sum = 0.0;
        for (row, outputs) in self.rows().enumerate() {
            sum += self.targets.loss(row, outputs);
        }
        sum
    }

    /// How well the targets are met.
    pub fn score(&self) -> Score {
        let right = match self.targets {
            Targets::Classes { labels, .. } => {
                let rows = self.rows().zip(labels);
                let right = rows.filter(|(outputs, label)| greatest(outputs) == **label as usize);
                Some(right.count())
            }
            Targets::Values { .. } => None,
        };
        Score {
            rows: self.targets.len(),
            loss: self.total_loss(),
            right,
        }
    }

    /// The class of the greatest output of each row, the lowest where several have it; `None` for
    /// values.
    pub fn predictions(&self) -> Option<Vec<usize>> {
        match self.targets {
            Targets::Classes { .. } => Some(self.rows().map(greatest).collect()),
            Targets::Values { .. } => None,
        }
    }
}

/// How well a model meets the targets of some rows, which may be tried in parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    rows: usize,
    /// Summed over the rows.
    loss: f64,
    /// Rows whose class was predicted; `None` for values.
    right: Option<usize>,
}

impl Score {
    /// That of these rows and others together.
    pub fn and(self, other: Score) -> Score {
        Score {
            rows: self.rows + other.rows,
            loss: self.loss + other.loss,
            right: self.right.zip(other.right).map(|(a, b)| a + b),
        }
    }

    /// Loss and, for classes, accuracy.
    pub fn evaluation(&self) -> Evaluation {
        let rows = self.rows as f64;
        Evaluation {
            loss: self.loss / rows,
            accuracy: self.right.map(|right| right as f64 / rows),
        }
    }
}

impl Targets {
    /// Loss of a row: cross-entropy in nats, or the mean over the outputs of the squared error.
    pub(super) fn loss(&self, row: usize, outputs: &[f64]) -> f64 {
        match self {
            Targets::Classes { labels, .. } => {
                let (max, sum) = normalizer(outputs);
                (max - outputs[labels[row] as usize]) + sum.ln()
            }
            Targets::Values { values, outputs: n } => {
                let wanted = &values[row * n..][..*n];
                let error = |(output, &value): (&f64, &f32)| output - f64::from(value);
                let squares = outputs.iter().zip(wanted).map(error).map(|e| e * e);
                squares.sum::<f64>() / *n as f64
            }
        }
    }

    /// Replaces the outputs of a row by the derivatives of its loss with respect to them.
    pub(super) fn differentiate(&self, row: usize, outputs: &mut [f64]) {
        match self {
            Targets::Classes { labels, .. } => {
                let (max, sum) = normalizer(outputs);
                for (class, logit) in outputs.iter_mut().enumerate() {
                    let target = f64::from(u8::from(class == labels[row] as usize));
                    *logit = (*logit - max).exp() / sum - target;
                }
            }
            Targets::Values { values, outputs: n } => {
                for (output, &value) in outputs.iter_mut().zip(&values[row * n..][..*n]) {
                    *output = 2.0 * (*output - f64::from(value)) / *n as f64;
                }
            }
        }
    }
}

/// The greatest logit m and Σ exp(logit − m), which is between 1 and the number of classes.
fn normalizer(logits: &[f64]) -> (f64, f64) {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for logit in logits {
        sum += (logit - max).exp();
    }
    (max, sum)
}

/// The lowest index of the greatest.
fn greatest(logits: &[f64]) -> usize {
    let better = |best, class| {
        if logits[class] > logits[best] {
            class
        } else {
            best
        }
    };
    (1..logits.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_goes_to_the_lowest_class() {
        let outputs = Outputs {
            values: &[0.0; 6],
            targets: &Targets::Classes {
                labels: vec![0, 1],
                classes: 3,
            },
        };
        assert_eq!(outputs.predictions(), Some(vec![0, 0]));
        let score = outputs.score();
        assert_eq!(score.and(score).right, Some(2));
        let found = score.and(score).evaluation();
        assert_eq!(found.accuracy, Some(0.5));
        assert!((found.loss - 3.0f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn the_squared_error_is_a_mean_over_rows_and_outputs() {
        let targets = Targets::Values {
            values: vec![1.0, 2.0, 3.0, 4.0],
            outputs: 2,
        };
        let outputs = Outputs {
            values: &[2.0, 2.0, 3.0, 1.0],
            targets: &targets,
        };
        assert_eq!(outputs.loss(), (1.0 + 0.0 + 0.0 + 9.0) / 4.0);
        assert_eq!(outputs.score().evaluation().accuracy, None);
        let mut row = [3.0, 1.0];
        targets.differentiate(1, &mut row);
        assert_eq!(row, [0.0, -3.0]);
    }

    #[test]
    fn derivatives_of_cross_entropy_are_its_slopes() {
        let targets = Targets::Classes {
            labels: vec![2],
            classes: 4,
        };
        let outputs = [0.3, -1.0, 0.5, 2.0];
        let mut slopes = outputs;
        targets.differentiate(0, &mut slopes);
        for at in 0..4 {
            let around = |step: f64| {
                let mut moved = outputs;
                moved[at] += step;
                targets.loss(0, &moved)
            };
            let slope = (around(1e-6) - around(-1e-6)) / 2e-6;
            assert!(
                (slope - slopes[at]).abs() < 1e-9,
                "{at}: {slope} {slopes:?}"
            );
        }
    }
}
