//! What a 3×3 filter with a border of zeros sees at each pixel, as the columns of a matrix.
//!
//! Images of a group lie as `[channels, height, width, group]`.
//!
//! A row of the matrix belongs to one of the 9·channels numbers of a patch, in the order channel,
//! row, column; a column to a pixel of some image of the group.

use std::ops::Range;

/// Pixels of a patch in each direction.
pub(super) const SIDE: usize = 3;

/// The shape of images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Images {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

/// Which pixels the filter stands at: some rows, and the first so many columns of each.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub rows: Range<usize>,
    pub columns: usize,
    pub group: usize,
}

impl Band {
    /// How many columns the matrix of patches has.
    pub fn len(&self) -> usize {
        self.rows.len() * self.columns * self.group
    }
}

impl Images {
    /// How many numbers a patch has.
    pub fn patch(&self) -> usize {
        self.channels * SIDE * SIDE
    }

    /// What one number of all patches around a row of pixels is: a run of numbers of the images,
    /// after so many zeros; nothing but zeros where the patches reach beyond the images.
    fn run(&self, number: usize, row: usize, band: &Band) -> Option<(Range<usize>, usize)> {
        let (channel, down, right) = (number / (SIDE * SIDE), number / SIDE % SIDE, number % SIDE);
        let row = (row + down).checked_sub(1).filter(|&r| r < self.height)?;
        let first = usize::from(right == 0);
        let end = band.columns.min(self.width + 1 - right);
        let pixel = (channel * self.height + row) * self.width + first + right - 1;
        let start = pixel * band.group;
        let run = start..start + (end - first) * band.group;
        Some((run, first * band.group))
    }

    /// Fills the matrix, shape `[patch × band]`.
    pub fn gather(&self, images: &[f32], band: &Band, matrix: &mut [f32]) {
        let runs = band.columns * band.group;
        for (number, all) in matrix.chunks_exact_mut(band.len()).enumerate() {
            for (row, patches) in band.rows.clone().zip(all.chunks_exact_mut(runs)) {
                let Some((run, zeros)) = self.run(number, row, band) else {
                    patches.fill(0.0);
                    continue;
                };
                let (before, rest) = patches.split_at_mut(zeros);
                let (inside, after) = rest.split_at_mut(run.len());
                before.fill(0.0);
                inside.copy_from_slice(&images[run]);
                after.fill(0.0);
            }
        }
    }

    /// Adds each number of the matrix to the pixel that it came from: the adjoint of
    /// [`Images::gather`].
    pub fn add_back(&self, matrix: &[f32], band: &Band, images: &mut [f32]) {
        let runs = band.columns * band.group;
        for (number, all) in matrix.chunks_exact(band.len()).enumerate() {
            for (row, patches) in band.rows.clone().zip(all.chunks_exact(runs)) {
                if let Some((run, zeros)) = self.run(number, row, band) {
                    for (pixel, number) in images[run].iter_mut().zip(&patches[zeros..]) {
                        *pixel += number;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    #[test]
    fn a_patch_is_what_lies_around_its_pixel() {
        let mut stream = Key::new(3, Purpose::Batch).stream();
        for (channels, height, width, rows, columns, group) in [
            (1, 1, 1, 0..1, 1, 1),
            (2, 4, 5, 0..4, 5, 3),
            (2, 4, 5, 1..3, 4, 2),
            (3, 7, 7, 2..6, 6, 1),
        ] {
            let images = Images {
                channels,
                height,
                width,
            };
            let band = Band {
                rows,
                columns,
                group,
            };
            let count = channels * height * width * group;
            let numbers: Vec<f32> = (0..count).map(|_| stream.random()).collect();
            let at = |c: usize, y: Option<usize>, x: Option<usize>, g: usize| match (y, x) {
                (Some(y), Some(x)) if y < height && x < width => {
                    numbers[((c * height + y) * width + x) * group + g]
                }
                _ => 0.0,
            };
            let mut matrix = vec![f32::NAN; images.patch() * band.len()];
            images.gather(&numbers, &band, &mut matrix);
            let mut rest = matrix.iter();
            for number in 0..images.patch() {
                let (c, down, right) = (number / 9, number / 3 % 3, number % 3);
                for y in band.rows.clone() {
                    for x in 0..columns {
                        for g in 0..group {
                            let expected =
                                at(c, (y + down).checked_sub(1), (x + right).checked_sub(1), g);
                            assert_eq!(rest.next(), Some(&expected));
                        }
                    }
                }
            }
            // ⟨gather(x), m⟩ = ⟨x, add_back(m)⟩.
            let other: Vec<f32> = matrix.iter().map(|_| stream.random()).collect();
            let mut back = vec![0.0; count];
            images.add_back(&other, &band, &mut back);
            let product = |a: &[f32], b: &[f32]| -> f64 {
                let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
                products.sum()
            };
            let (left, right) = (product(&matrix, &other), product(&numbers, &back));
            assert!((left - right).abs() <= 1e-5 * left.abs(), "{left} {right}");
        }
    }
}
