//! The model `cnn`.

use super::convolution::Convolution;
use super::mlp::push_dense;
use super::{Layer, Network};
use crate::data::{Shape, Targets};
use crate::model::{Architecture, Misfit, Model};
use crate::settings::Keys;

/// A convolutional network (paper appendix B): layers of 3×3 filters, each rectified and pooled 2×2, then
/// dense layers.
#[derive(Clone, Debug)]
pub struct Cnn {
    pub(super) channels: Vec<u32>,
    pub(super) hidden: Vec<u32>,
}

impl Cnn {
    /// The value of `model.kind`.
    pub const NAME: &str = "cnn";
    /// What it is.
    pub const ABOUT: &str = "Layers of 3×3 filters with a border of zeros, rectified and pooled \
        2×2, then dense layers; for images";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let channels = keys
            .key("channels", "Filters of each convolutional layer")
            .at_least(1.0)
            .at_most(4096.0)
            .default(Cnn::paper().channels, "paper appendix B");
        let hidden = keys
            .key("hidden", "Width of each hidden dense layer")
            .at_least(1.0)
            .at_most(65536.0)
            .default(Cnn::paper().hidden, "paper appendix B");
        Cnn { channels, hidden }
    }

    /// The paper's network.
    pub fn paper() -> Cnn {
        Cnn {
            channels: vec![32, 64, 64],
            hidden: vec![128],
        }
    }
}

impl Architecture for Cnn {
    fn build(&self, shape: Shape, targets: &Targets) -> Result<Box<dyn Model>, Misfit> {
        Ok(Box::new(self.network(shape, targets)?))
    }
}

impl Cnn {
    pub(super) fn network(&self, shape: Shape, targets: &Targets) -> Result<Network, Misfit> {
        let Shape::Image {
            mut channels,
            mut height,
            mut width,
        } = shape
        else {
            return Err(Misfit {
                key: "kind",
                message: format!("a cnn takes images, and an input has shape {shape}"),
                help: "give images of shape [rows, height, width] or [rows, channels, height, \
                       width], or write kind = \"mlp\""
                    .to_owned(),
            });
        };
        let mut layers: Vec<Box<dyn Layer>> = Vec::new();
        for (nth, &filters) in self.channels.iter().enumerate() {
            if height < 2 || width < 2 {
                return Err(Misfit {
                    key: "channels",
                    message: format!(
                        "each convolutional layer halves the images, and those of shape {shape} \
                         are {height}×{width} before layer {}",
                        nth + 1
                    ),
                    help: format!("give at most {nth} layers"),
                });
            }
            let layer = Convolution::new(channels, height, width, filters as usize);
            channels = filters as usize;
            (height, width) = layer.pooled();
            layers.push(Box::new(layer));
        }
        push_dense(
            &mut layers,
            channels * height * width,
            &self.hidden,
            targets,
        );
        Network::new(layers, targets)
    }
}
