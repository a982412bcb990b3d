//! A dense layer: weights `[outputs × inputs]`, biases `[outputs]`, perhaps rectified.

use super::Layer;
use super::matrix::{add_row_sums, matrix, matrix_mut};
use ndarray::linalg::general_mat_mul;

/// A dense layer.
pub(super) struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    /// Whether negative outputs become 0.
    pub rectified: bool,
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
