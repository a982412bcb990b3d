//! A convolutional layer: filters of 3×3 pixels with a border of zeros, weights `[filters,
//! channels, 3, 3]`, biases `[filters]`; then rectified, and the maximum over 2×2 pixels.
//!
//! An odd last row or column is in no pool, so nothing is computed for it. The rest is done two rows
//! of pixels at a time, those of one row of pools, of the whole group: one matrix product each, of
//! patches that stay in the second-level cache.

use super::matrix::{add_row_sums, matrix, matrix_mut};
use super::patches::{Band, Images};
use super::pool::{SIDE, pool, unpool};
use super::{GROUP, Layer};
use ndarray::linalg::general_mat_mul;
use std::ops::Range;

/// A convolutional layer.
pub(super) struct Convolution {
    images: Images,
    filters: usize,
    /// Which pixel each pooled number is from, `[outputs × group]`.
    choices: Vec<u8>,
    /// Patches of two rows, and their slopes on the way back.
    patches: Vec<f32>,
    /// What filters see in two rows, `[filters × 2 × columns × group]`, and its slopes on the way
    /// back.
    seen: Vec<f32>,
}

impl Convolution {
    /// Filters over images of at least 2×2 pixels.
    pub fn new(channels: usize, height: usize, width: usize, filters: usize) -> Convolution {
        Convolution {
            images: Images {
                channels,
                height,
                width,
            },
            filters,
            choices: Vec::new(),
            patches: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Height and width of the pooled images.
    pub fn pooled(&self) -> (usize, usize) {
        (self.images.height / SIDE, self.images.width / SIDE)
    }

    /// The two rows of pixels of a row of pools.
    fn band(&self, row: usize, group: usize) -> Band {
        Band {
            rows: row * SIDE..(row + 1) * SIDE,
            columns: self.pooled().1 * SIDE,
            group,
        }
    }

    /// Where a row of pools of a filter stands among the outputs.
    fn place(&self, filter: usize, row: usize, group: usize) -> Range<usize> {
        let (height, width) = self.pooled();
        let start = (filter * height + row) * width * group;
        start..start + width * group
    }
}

impl Layer for Convolution {
    fn inputs(&self) -> usize {
        self.images.channels * self.images.height * self.images.width
    }

    fn outputs(&self) -> usize {
        let (height, width) = self.pooled();
        self.filters * height * width
    }

    fn fan_in(&self) -> usize {
        self.images.patch()
    }

    fn weights(&self) -> usize {
        self.filters * self.images.patch()
    }

    fn biases(&self) -> usize {
        self.filters
    }

    fn room(&self) -> usize {
        let pixels = self.band(0, GROUP).len();
        (self.images.patch() + self.filters) * pixels + self.outputs() * GROUP / size_of::<f32>()
    }

    fn forward(&mut self, parameters: &[f32], inputs: &[f32], outputs: &mut [f32]) {
        let (weights, biases) = parameters.split_at(self.weights());
        let group = outputs.len() / self.outputs();
        self.choices.resize(outputs.len(), 0);
        for row in 0..self.pooled().0 {
            let band = self.band(row, group);
            self.patches.resize(self.images.patch() * band.len(), 0.0);
            self.seen.resize(self.filters * band.len(), 0.0);
            self.images.gather(inputs, &band, &mut self.patches);
            general_mat_mul(
                1.0,
                &matrix(self.filters, weights),
                &matrix(self.images.patch(), &self.patches),
                0.0,
                &mut matrix_mut(self.filters, &mut self.seen),
            );
            let seen = self.seen.chunks_exact(band.len());
            for ((filter, seen), &bias) in seen.enumerate().zip(biases) {
                let (upper, lower) = seen.split_at(band.len() / SIDE);
                let place = self.place(filter, row, group);
                let (outputs, choices) = (&mut outputs[place.clone()], &mut self.choices[place]);
                pool(upper, lower, group, bias, outputs, choices);
            }
        }
    }

    fn backward(
        &mut self,
        parameters: &[f32],
        inputs: &[f32],
        _: &[f32],
        output_slopes: &mut [f32],
        gradient: &mut [f32],
        mut input_slopes: Option<&mut [f32]>,
    ) {
        let group = output_slopes.len() / self.outputs();
        let weights = &parameters[..self.weights()];
        let (weight_slopes, bias_slopes) = gradient.split_at_mut(self.weights());
        if let Some(slopes) = &mut input_slopes {
            slopes.fill(0.0);
        }
        for row in 0..self.pooled().0 {
            let band = self.band(row, group);
            self.patches.resize(self.images.patch() * band.len(), 0.0);
            self.seen.resize(self.filters * band.len(), 0.0);
            for filter in 0..self.filters {
                let place = self.place(filter, row, group);
                let seen = &mut self.seen[filter * band.len()..][..band.len()];
                let (upper, lower) = seen.split_at_mut(band.len() / SIDE);
                let (slopes, choices) = (&output_slopes[place.clone()], &self.choices[place]);
                unpool(slopes, choices, group, upper, lower);
            }
            add_row_sums(&self.seen, bias_slopes);
            self.images.gather(inputs, &band, &mut self.patches);
            let seen = matrix(self.filters, &self.seen);
            general_mat_mul(
                1.0,
                &seen,
                &matrix(self.images.patch(), &self.patches).t(),
                1.0,
                &mut matrix_mut(self.filters, weight_slopes),
            );
            if let Some(slopes) = &mut input_slopes {
                general_mat_mul(
                    1.0,
                    &matrix(self.filters, weights).t(),
                    &seen,
                    0.0,
                    &mut matrix_mut(self.images.patch(), &mut self.patches),
                );
                self.images.add_back(&self.patches, &band, slopes);
            }
        }
    }

    #[cfg(test)]
    fn choices(&self) -> Option<&[u8]> {
        Some(&self.choices)
    }
}
