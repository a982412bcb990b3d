//! The means of selected models.
//!
//! Sums are taken in `f64`: each mean is that of the definition, rounded to `f32` once, save for
//! roundings in the sixteenth digit. The mean of equal models is that model.

use crate::kernel::for_this_processor;

/// Parameters whose sums stay in the cache.
const BLOCK: usize = 512;

/// Parameters that [`means`] adds up side by side.
const COLUMNS: usize = 32;

/// Models of which [`means`] knows the sums of all subsets.
const GROUP: usize = 4;

/// Subsets of a group: bit l of its number says whether model l is in it.
const SUBSETS: usize = 1 << GROUP;

/// Neighboring elements of a sum.
type Row = [f64; COLUMNS];

/// The mean of the models with these numbers, of which there is at least one, in `out`, which is
/// empty; O(|members| d). They are added up in the order of `members`.
pub(super) fn mean(models: &[&[f32]], members: &[usize], out: &mut Vec<f32>) {
    let dimension = models.first().map_or(0, |m| m.len());
    out.resize(dimension, 0.0);
    for (at, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut sums = [0.0; BLOCK];
        let sums = &mut sums[..out.len()];
        for &member in members {
            add(sums, &models[member][at * BLOCK..][..out.len()]);
        }
        divide(sums, members.len() as f64, out);
    }
}

for_this_processor! {
    fn add(sums: &mut [f64], model: &[f32]) {
        for (sum, &x) in sums.iter_mut().zip(model) {
            *sum += f64::from(x);
        }
    }
}

for_this_processor! {
    fn divide(sums: &[f64], count: f64, out: &mut [f32]) {
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = (sum / count) as f32;
        }
    }
}

/// Appends the mean of each of several selections, none of which is empty, to `out`, which is; O(s n
/// d / 4) for s selections among n models.
///
/// Models are taken in groups of four, of which the sums of all sixteen subsets are computed once;
/// each selection then adds up one of them per group ("the method of four Russians": Arlazarov,
/// Dinic, Kronrod, Faradžev, "On economical construction of the transitive closure of a directed
/// graph", 1970).
pub(super) fn means(models: &[&[f32]], selections: &[Vec<usize>], out: &mut Vec<f32>) {
    let dimension = models.first().map_or(0, |m| m.len());
    let groups = models.len().div_ceil(GROUP);
    // Of each selection and group, the subset of the group that is in the selection.
    let mut subsets = vec![0_u8; selections.len() * groups];
    for (selection, subsets) in selections.iter().zip(subsets.chunks_exact_mut(groups)) {
        for member in selection {
            subsets[member / GROUP] |= 1 << (member % GROUP);
        }
    }
    out.resize(selections.len() * dimension, 0.0);
    let mut rows = vec![[0.0; COLUMNS]; models.len()];
    let mut sums = vec![[[0.0; COLUMNS]; SUBSETS]; groups];
    for start in (0..dimension).step_by(COLUMNS) {
        let part = start..dimension.min(start + COLUMNS);
        for (row, model) in rows.iter_mut().zip(models) {
            for (wide, &x) in row.iter_mut().zip(&model[part.clone()]) {
                *wide = f64::from(x);
            }
        }
        sum_subsets(&rows, &mut sums);
        for ((mean, selection), subsets) in out
            .chunks_exact_mut(dimension)
            .zip(selections)
            .zip(subsets.chunks_exact(groups))
        {
            let sum = sum(&sums, subsets);
            let mean = &mut mean[part.clone()];
            divide(&sum[..mean.len()], selection.len() as f64, mean);
        }
    }
}

for_this_processor! {
    /// Of each group of rows, the sum of every subset.
    fn sum_subsets(rows: &[Row], sums: &mut [[Row; SUBSETS]]) {
        for (rows, sums) in rows.chunks(GROUP).zip(sums) {
            for (l, row) in rows.iter().enumerate() {
                for without in 0..1 << l {
                    for column in 0..COLUMNS {
                        sums[without | 1 << l][column] = sums[without][column] + row[column];
                    }
                }
            }
        }
    }
}

for_this_processor! {
    /// The sum over all groups of one subset of each.
    fn sum(sums: &[[Row; SUBSETS]], subsets: &[u8]) -> Row {
        let mut total = [0.0; COLUMNS];
        for (sums, &subset) in sums.iter().zip(subsets) {
            let sum = &sums[usize::from(subset) % SUBSETS];
            for column in 0..COLUMNS {
                total[column] += sum[column];
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mean_and_several_are_right_for_every_number_of_models_and_parameters() {
        for n in 1..=13_usize {
            for dimension in [1, 31, 32, 33, 511, 512, 513] {
                let element = |l: usize, j: usize| ((l * 37 + j * 11) % 101) as f32 * 1e-3 + 1e6;
                let models: Vec<Vec<f32>> = (0..n)
                    .map(|l| (0..dimension).map(|j| element(l, j)).collect())
                    .collect();
                let models: Vec<&[f32]> = models.iter().map(|m| &m[..]).collect();
                let selection = |s: usize| (0..n).filter(|l| *l == s || (l * s) % 3 == 1).collect();
                let selections: Vec<Vec<usize>> = (0..n).map(selection).collect();
                let mut all = Vec::new();
                means(&models, &selections, &mut all);
                for (selection, found) in selections.iter().zip(all.chunks_exact(dimension)) {
                    let right = |j: usize| {
                        let sum: f64 = selection.iter().map(|l| f64::from(models[*l][j])).sum();
                        (sum / selection.len() as f64) as f32
                    };
                    let right: Vec<f32> = (0..dimension).map(right).collect();
                    assert_eq!(found, right, "{n} × {dimension}: {selection:?}");
                    let mut one = Vec::new();
                    mean(&models, selection, &mut one);
                    assert_eq!(one, right, "{n} × {dimension}: {selection:?}");
                }
            }
        }
    }

    #[test]
    fn the_mean_of_equal_models_is_that_model_and_large_ones_do_not_drown_small_ones() {
        let third = vec![1.0_f32 / 3.0; 40];
        let huge = vec![f32::MAX; 40];
        let models: Vec<&[f32]> = vec![&third, &third, &third, &huge, &third, &third];
        let without = vec![0, 1, 2, 4, 5];
        let mut both = Vec::new();
        means(&models, &[without.clone(), vec![3]], &mut both);
        assert_eq!(both, [&third[..], &huge].concat());
        let mut one = Vec::new();
        mean(&models, &without, &mut one);
        assert_eq!(one, third);
    }
}
