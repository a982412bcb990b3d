//! Mean and standard deviation of models, coordinate by coordinate, in `f64`.

use super::HonestModel;
use crate::kernel::add_weighted;

/// μ, shape `[d]`, into `mean`; of at least one model.
pub(super) fn mean(models: &[HonestModel<'_>], mean: &mut Vec<f64>) {
    mean.clear();
    mean.resize(models[0].model.len(), 0.0);
    for known in models {
        add_weighted(mean, 1.0, known.model);
    }
    let count = models.len() as f64;
    mean.iter_mut().for_each(|sum| *sum /= count);
}

/// σ, shape `[d]`, into `deviation`: divided by the count, about the mean given.
pub(super) fn deviation(models: &[HonestModel<'_>], mean: &[f64], deviation: &mut Vec<f64>) {
    deviation.clear();
    deviation.resize(mean.len(), 0.0);
    for known in models {
        for ((sum, &mean), &x) in deviation.iter_mut().zip(mean).zip(known.model) {
            let apart = f64::from(x) - mean;
            *sum += apart * apart;
        }
    }
    let count = models.len() as f64;
    for sum in deviation {
        *sum = (*sum / count).sqrt();
    }
}
