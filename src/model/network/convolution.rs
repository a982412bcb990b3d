//! A convolutional layer: filters of 3×3 pixels with a border of zeros, weights `[filters,
//! channels, 3, 3]`, biases `[filters]`; then rectified, and the maximum over 2×2 pixels.
//!
//! An odd last row or column is in no pool, so nothing is computed for it. The rest is done in
//! bands of some rows of pixels of the whole group, one matrix product each, whose patches stay in
//! the second-level cache.

use super::Layer;
use super::dense::{add_row_sums, matrix, matrix_mut};
use super::patches::{Band, Images};
use super::pool::{SIDE, pool, unpool};
use ndarray::linalg::general_mat_mul;

/// About how many pixels a band has: patches of so many stay in the second-level cache.
const BAND: usize = 512;

/// A convolutional layer.
pub(super) struct Convolution {
    images: Images,
    filters: usize,
    /// Which pixel each pooled number is from, `[outputs × group]`.
    choices: Vec<u8>,
    /// Patches of a band, and their slopes on the way back.
    patches: Vec<f32>,
    /// What filters see in a band, `[filters × band]`, and its slopes on the way back.
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

    /// The bands of a group, which have an even number of rows.
    fn bands(&self, group: usize) -> impl Iterator<Item = Band> + use<> {
        let (height, width) = self.pooled();
        let columns = width * SIDE;
        let pairs = (BAND / (SIDE * columns * group)).max(1);
        let starts = (0..height).step_by(pairs);
        starts.map(move |start| Band {
            rows: start * SIDE..(start + pairs).min(height) * SIDE,
            columns,
            group,
        })
    }

    /// Where the pooled row of a filter that comes from a pair of a band's rows stands among the
    /// outputs, and where the pair stands in what the filters see.
    fn pairs(&self, band: &Band) -> impl Iterator<Item = Pair> + use<> {
        let (height, width) = self.pooled();
        let (filters, band) = (self.filters, band.clone());
        let run = width * band.group;
        (0..filters).flat_map(move |filter| {
            let band = band.clone();
            (0..band.rows.len() / SIDE).map(move |nth| {
                let row = filter * height + band.rows.start / SIDE + nth;
                Pair {
                    filter,
                    pooled: row * run,
                    seen: filter * band.len() + nth * SIDE * SIDE * run,
                    run,
                }
            })
        })
    }
}

/// A pooled row and the two rows that it comes from, each of them twice as long.
struct Pair {
    filter: usize,
    pooled: usize,
    seen: usize,
    run: usize,
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

    fn forward(&mut self, parameters: &[f32], inputs: &[f32], outputs: &mut [f32]) {
        let (weights, biases) = parameters.split_at(self.weights());
        let group = outputs.len() / self.outputs();
        self.choices.resize(outputs.len(), 0);
        for band in self.bands(group) {
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
            for pair in self.pairs(&band) {
                let (upper, lower) = self.seen[pair.seen..][..4 * pair.run].split_at(2 * pair.run);
                pool(
                    upper,
                    lower,
                    group,
                    biases[pair.filter],
                    &mut outputs[pair.pooled..][..pair.run],
                    &mut self.choices[pair.pooled..][..pair.run],
                );
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
        for band in self.bands(group) {
            self.patches.resize(self.images.patch() * band.len(), 0.0);
            self.seen.resize(self.filters * band.len(), 0.0);
            for pair in self.pairs(&band) {
                let pixels = &mut self.seen[pair.seen..][..4 * pair.run];
                let (upper, lower) = pixels.split_at_mut(2 * pair.run);
                unpool(
                    &output_slopes[pair.pooled..][..pair.run],
                    &self.choices[pair.pooled..][..pair.run],
                    group,
                    upper,
                    lower,
                );
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
