//! The scales of features, and rows whose features are brought to one scale.

use crate::data::own::{OwnRows, PATH};
use crate::data::{DataError, Examples, Inputs};

/// Mean and standard deviation of each feature over training rows, missing values left out.
#[derive(Debug)]
pub(super) struct Scales {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// Standard deviations that differ by more than this make one step size too large for some features
/// or too small for others.
const WIDE: f64 = 100.0;

impl Scales {
    /// Those of some rows of a file.
    ///
    /// # Errors
    /// A feature that no row has.
    pub(super) fn of(
        all: &OwnRows,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> Result<Scales, DataError> {
        let features = all.examples.shape().features();
        let mut input = vec![0.0; features];
        // Two passes: the square of a large mean would swallow a small deviation.
        let mut count = vec![0.0; features];
        let mut mean = vec![0.0; features];
        let mut read = |row: u32, see: &mut dyn FnMut(usize, f64)| {
            all.examples.read(row, &mut input);
            let present = input
                .iter()
                .enumerate()
                .filter(|(_, number)| !number.is_nan());
            present.for_each(|(feature, &number)| see(feature, f64::from(number)));
        };
        for row in rows.clone() {
            read(row, &mut |feature, number| {
                count[feature] += 1.0;
                mean[feature] += number;
            });
        }
        if let Some(absent) = count.iter().position(|&count| count == 0.0) {
            let name = all.features.get(absent);
            let name = name.map_or(format!("x[:, {absent}]"), Clone::clone);
            return Err(DataError::Unfit {
                key: vec!["task", PATH],
                message: format!("`{name}` has no value in any training row"),
                help: "leave the column out".to_owned(),
            });
        }
        mean.iter_mut()
            .zip(&count)
            .for_each(|(sum, count)| *sum /= count);
        let mut deviation = vec![0.0; features];
        for row in rows {
            read(row, &mut |feature, number| {
                deviation[feature] += (number - mean[feature]).powi(2);
            });
        }
        for (sum, count) in deviation.iter_mut().zip(&count) {
            *sum = (*sum / count).sqrt();
        }
        Ok(Scales { mean, deviation })
    }

    /// The rows with the mean where a feature is missing and, where `standardize` says so, with
    /// mean 0 and standard deviation 1; a feature that is the same in all training rows has 0 there.
    pub(super) fn apply(&self, all: &Examples, standardize: bool) -> Examples {
        let features = all.shape().features();
        let mut numbers = vec![0.0; all.len() * features];
        for (row, input) in numbers.chunks_exact_mut(features).enumerate() {
            all.read(row as u32, input);
            for (feature, number) in input.iter_mut().enumerate() {
                let (mean, deviation) = (self.mean[feature], self.deviation[feature]);
                let present = match number.is_nan() {
                    true => mean,
                    false => f64::from(*number),
                };
                *number = match (standardize, deviation > 0.0) {
                    (false, _) => present as f32,
                    (true, true) => ((present - mean) / deviation) as f32,
                    (true, false) => 0.0,
                };
            }
        }
        Examples::new(all.shape(), Inputs::Numbers(numbers), all.targets().clone())
    }

    /// The least and the greatest scale.
    pub(super) fn in_words(&self, features: &[String]) -> String {
        let name = |feature: usize| match features.get(feature) {
            Some(name) => name.clone(),
            None => format!("x[:, {feature}]"),
        };
        let ends = |of: &[f64]| {
            let order = |a: &&usize, b: &&usize| of[**a].total_cmp(&of[**b]);
            let all: Vec<usize> = (0..of.len()).collect();
            // There is a feature at least.
            let least = all.iter().min_by(order).copied().unwrap_or_default();
            let most = all.iter().max_by(order).copied().unwrap_or_default();
            match least == most {
                true => crate::units::short(of[least]),
                false => format!(
                    "{} ({}) to {} ({})",
                    crate::units::short(of[least]),
                    name(least),
                    crate::units::short(of[most]),
                    name(most)
                ),
            }
        };
        format!(
            "in training rows, features have means of {} and standard deviations of {}",
            ends(&self.mean),
            ends(&self.deviation)
        )
    }

    /// What to do about features of very different scale.
    pub(super) fn advice(&self) -> Option<String> {
        let varied = || self.deviation.iter().copied().filter(|&d| d > 0.0);
        let (least, most) = (varied().reduce(f64::min)?, varied().reduce(f64::max)?);
        (most > WIDE * least).then(|| {
            format!(
                "the scales of features differ by a factor of {:.0}: `standardize = true` brings them \
                 to one",
                most / least
            )
        })
    }
}
