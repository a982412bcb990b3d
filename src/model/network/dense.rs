//! A dense layer: weights `[outputs × inputs]`, biases `[outputs]`, perhaps rectified.

use super::Layer;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// A dense layer.
pub(super) struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    /// Whether negative outputs become 0.
    pub rectified: bool,
}

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

impl Layer for Dense {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn fan_in(&self) -> usize {
        self.inputs
    }

    fn weights(&self) -> usize {
        self.outputs * self.inputs
    }

    fn biases(&self) -> usize {
        self.outputs
    }

    fn forward(&mut self, parameters: &[f32], inputs: &[f32], outputs: &mut [f32]) {
        let (weights, biases) = parameters.split_at(self.weights());
        let group = outputs.len() / self.outputs;
        for (outputs, &bias) in outputs.chunks_exact_mut(group).zip(biases) {
            outputs.fill(bias);
        }
        general_mat_mul(
            1.0,
            &matrix(self.outputs, weights),
            &matrix(self.inputs, inputs),
            1.0,
            &mut matrix_mut(self.outputs, outputs),
        );
        if self.rectified {
            for output in outputs {
                // A number that is none stays, so that the loss tells of it.
                *output = if *output <= 0.0 { 0.0 } else { *output };
            }
        }
    }

    fn backward(
        &mut self,
        parameters: &[f32],
        inputs: &[f32],
        outputs: &[f32],
        output_slopes: &mut [f32],
        gradient: &mut [f32],
        input_slopes: Option<&mut [f32]>,
    ) {
        if self.rectified {
            for (slope, &output) in output_slopes.iter_mut().zip(outputs) {
                *slope = if output <= 0.0 { 0.0 } else { *slope };
            }
        }
        let (weights, biases) = gradient.split_at_mut(self.weights());
        let slopes = matrix(self.outputs, output_slopes);
        general_mat_mul(
            1.0,
            &slopes,
            &matrix(self.inputs, inputs).t(),
            1.0,
            &mut matrix_mut(self.outputs, weights),
        );
        if let Some(input_slopes) = input_slopes {
            let weights = &parameters[..self.weights()];
            general_mat_mul(
                1.0,
                &matrix(self.outputs, weights).t(),
                &slopes,
                0.0,
                &mut matrix_mut(self.inputs, input_slopes),
            );
        }
        add_row_sums(output_slopes, biases);
    }
}
