//! Means over small groups that are drawn anew in every iteration.

use super::PreAggregation;
use crate::kernel;
use crate::rng::shuffle;
use crate::rule::Given;
use crate::settings::Keys;

/// The pre-aggregation `bucketing`: n models are put into random order and averaged in groups of
/// `size`, which leaves ⌈n/size⌉ models; the last group may be smaller. The spread of honest models
/// falls by up to √size, while f Byzantine ones spoil up to f groups. O(n d).
///
/// Karimireddy, He, Jaggi, "Byzantine-robust learning on heterogeneous datasets via bucketing",
/// 2022.
#[derive(Clone, Debug)]
pub struct Bucketing {
    size: usize,
}

impl Bucketing {
    /// The value of `kind`.
    pub const NAME: &str = "bucketing";
    /// What it is.
    pub const ABOUT: &str = "Shuffles the models and averages them in groups; leaves ⌈n/size⌉";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let size = keys.key("size", "How many models are averaged in a group");
        let size: u32 = size.symbol("s").at_least(1.0).required();
        Bucketing {
            // At least 1 after a mistake, too.
            size: (size as usize).max(1),
        }
    }
}

impl PreAggregation for Bucketing {
    fn leaves(&self, models: usize) -> usize {
        models.div_ceil(self.size)
    }

    fn apply(&self, given: &Given<'_>, buffer: &mut Vec<f64>, mixed: &mut Vec<f32>) {
        let mut shuffled = given.models.to_vec();
        shuffle(&mut shuffled, &mut given.key.stream());
        for bucket in shuffled.chunks(self.size) {
            buffer.clear();
            buffer.resize(given.dimension(), 0.0);
            let share = 1.0 / bucket.len() as f64;
            for model in bucket {
                kernel::add_weighted(buffer, share, model);
            }
            mixed.extend(buffer.iter().map(|&x| x as f32));
        }
    }
}
