//! The model `mlp`.

use super::dense::Dense;
use super::{Layer, Network};
use crate::data::{Shape, Targets};
use crate::model::{Architecture, Misfit, Model};
use crate::settings::Keys;

/// A multi-layer perceptron: dense layers, all but the last rectified.
#[derive(Clone, Debug)]
pub struct Mlp {
    pub(super) hidden: Vec<u32>,
}

impl Mlp {
    /// The value of `model.kind`.
    pub const NAME: &str = "mlp";
    /// What it is.
    pub const ABOUT: &str = "Dense layers, rectified but for the last; for classes and values";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let hidden = keys
            .key("hidden", "Width of each hidden layer, from the input on")
            .at_least(1.0)
            .at_most(65536.0)
            .default(vec![128], "the dense layer of the paper's CNN");
        Mlp { hidden }
    }
}

impl Architecture for Mlp {
    fn build(&self, shape: Shape, targets: &Targets) -> Result<Box<dyn Model>, Misfit> {
        let mut layers = Vec::new();
        push_dense(&mut layers, shape.features(), &self.hidden, targets);
        Ok(Box::new(Network::new(layers, targets)?))
    }
}

/// Adds the hidden dense layers, and the last one.
pub(super) fn push_dense(
    layers: &mut Vec<Box<dyn Layer>>,
    mut inputs: usize,
    hidden: &[u32],
    targets: &Targets,
) {
    for &width in hidden {
        layers.push(Box::new(Dense {
            inputs,
            outputs: width as usize,
            rectified: true,
        }));
        inputs = width as usize;
    }
    layers.push(Box::new(Dense {
        inputs,
        outputs: targets.outputs(),
        rectified: false,
    }));
}
