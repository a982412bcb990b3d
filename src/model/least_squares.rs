//! A batch whose loss is a mean of squared residuals of a linear map, as numbers.

/// The loss of a model w on a batch of n samples, `ℓ(w) = ‖Y − X Wᵀ‖² / (n q)`: the mean over the
/// samples and their q outputs.
///
/// The parameters w stand as in a linear layer whose last input is its bias: W without its last
/// column, shape `[q × (p − 1)]`, row-major, and then that column, shape `[q]`. With one output that
/// is W as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeastSquares {
    /// X, shape `[n × p]`, row-major; a bias has a column of ones, the last.
    pub inputs: Vec<f64>,
    /// Y, shape `[n × q]`, row-major.
    pub outputs: Vec<f64>,
    /// n, at least 1.
    pub samples: usize,
}

impl LeastSquares {
    /// p: inputs of a sample.
    pub fn columns(&self) -> usize {
        self.inputs.len() / self.samples
    }

    /// q: outputs of a sample.
    pub fn outputs_each(&self) -> usize {
        self.outputs.len() / self.samples
    }

    /// Where W at an output and a column stands in w.
    pub fn parameter(&self, output: usize, column: usize) -> usize {
        let weights = self.columns() - 1;
        if column < weights {
            output * weights + column
        } else {
            self.outputs_each() * weights + output
        }
    }
}
