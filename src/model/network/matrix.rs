//! Slices as matrices.

use ndarray::{ArrayView2, ArrayViewMut2};

/// A matrix of `rows` rows over numbers that lie row by row.
pub(super) fn matrix(rows: usize, numbers: &[f32]) -> ArrayView2<'_, f32> {
    let columns = numbers.len() / rows;
    ArrayView2::from_shape((rows, columns), numbers).expect("as many numbers as rows · columns")
}

/// The same to write into.
pub(super) fn matrix_mut(rows: usize, numbers: &mut [f32]) -> ArrayViewMut2<'_, f32> {
    let columns = numbers.len() / rows;
    ArrayViewMut2::from_shape((rows, columns), numbers).expect("as many numbers as rows · columns")
}

/// Adds the sums of the rows of slopes, `[biases × n]`, to the gradient of biases.
pub(super) fn add_row_sums(slopes: &[f32], gradient: &mut [f32]) {
    let columns = slopes.len() / gradient.len();
    for (bias, slopes) in gradient.iter_mut().zip(slopes.chunks_exact(columns)) {
        let sum: f64 = slopes.iter().map(|&slope| f64::from(slope)).sum();
        *bias += sum as f32;
    }
}
