//! The values of each coordinate over the models present, sorted: what aggregators by coordinate
//! have in common.
//!
//! Sixteen coordinates at a time are sorted by one network of comparisons, each of which works on
//! all sixteen at once (Batcher's merge exchange; Knuth, The Art of Computer Programming, vol. 3,
//! algorithm 5.2.2M). O(n log² n) per coordinate for n models.

use crate::kernel::for_this_processor;

/// Coordinates that are sorted at a time.
pub(super) const LANES: usize = 16;

/// One value for each of these coordinates.
pub(super) type Row = [f32; LANES];

/// Makes a model, coordinate by coordinate, of the sorted values: `reduce` is given `rows`, of
/// which row r holds the r-th least value of each of sixteen coordinates, and gives the results.
pub(super) fn by_coordinate(models: &[&[f32]], reduce: impl Fn(&[Row]) -> Row, out: &mut Vec<f32>) {
    let dimension = models.first().map_or(0, |model| model.len());
    let mut rows = vec![[0.0; LANES]; models.len()];
    out.reserve(dimension);
    for start in (0..dimension).step_by(LANES) {
        let lanes = LANES.min(dimension - start);
        for (row, model) in rows.iter_mut().zip(models) {
            row[..lanes].copy_from_slice(&model[start..start + lanes]);
        }
        sort(&mut rows);
        out.extend_from_slice(&reduce(&rows)[..lanes]);
    }
}

for_this_processor! {
    /// Sorts every lane.
    fn sort(rows: &mut [Row]) {
        let n = rows.len();
        let highest = n.next_power_of_two() / 2;
        let mut p = highest;
        while p > 0 {
            let (mut q, mut r, mut d) = (highest, 0, p);
            loop {
                // All i < n − d with i & p = r are compared with i + d.
                for run in (r..n.saturating_sub(d)).step_by(2 * p) {
                    for i in run..(run + p).min(n - d) {
                        let (low, high) = (rows[i], rows[i + d]);
                        for lane in 0..LANES {
                            let (a, b) = (low[lane], high[lane]);
                            rows[i][lane] = if b < a { b } else { a };
                            rows[i + d][lane] = if b < a { a } else { b };
                        }
                    }
                }
                if q == p {
                    break;
                }
                (d, q, r) = (q - p, q / 2, p);
            }
            p /= 2;
        }
    }
}

for_this_processor! {
    /// The mean of each lane, summed up in the order of the rows.
    pub(super) fn mean(rows: &[Row]) -> Row {
        let mut sums = [0.0; LANES];
        for row in rows {
            for lane in 0..LANES {
                sums[lane] += f64::from(row[lane]);
            }
        }
        let count = rows.len() as f64;
        sums.map(|sum| (sum / count) as f32)
    }
}

for_this_processor! {
    /// The median of each lane; of an even number of rows, the mean of the two in the middle.
    pub(super) fn median(rows: &[Row]) -> [f64; LANES] {
        let (low, high) = (&rows[(rows.len() - 1) / 2], &rows[rows.len() / 2]);
        let mut medians = [0.0; LANES];
        for lane in 0..LANES {
            medians[lane] = (f64::from(low[lane]) + f64::from(high[lane])) / 2.0;
        }
        medians
    }
}

for_this_processor! {
    /// The mean of each lane over the `count` values nearest its median, of two that are equally
    /// far the lower one first.
    pub(super) fn mean_around_median(rows: &[Row], count: usize) -> Row {
        let median = median(rows);
        // Sorted values that are nearest follow one another. They begin one later for each of the
        // lowest that is farther away than the one that would come in for it.
        // Counted in f64, so that all of a lane is of one width.
        let mut first = [0.0; LANES];
        for (out, r#in) in rows.iter().zip(&rows[count..]) {
            for lane in 0..LANES {
                let (out, r#in) = (f64::from(out[lane]), f64::from(r#in[lane]));
                let is_farther = median[lane] - out > r#in - median[lane];
                first[lane] += if is_farther { 1.0 } else { 0.0 };
            }
        }
        let mut sums = [0.0; LANES];
        for (r, row) in rows.iter().enumerate() {
            for lane in 0..LANES {
                let after = r as f64 - first[lane];
                let is_near = (after >= 0.0) & (after < count as f64);
                sums[lane] += if is_near { f64::from(row[lane]) } else { 0.0 };
            }
        }
        sums.map(|sum| (sum / count as f64) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    #[test]
    fn every_number_of_models_is_sorted() {
        let mut stream = Key::new(1, Purpose::Generated).stream();
        for n in (1..=70).chain([127, 128, 129, 1000]) {
            // Few different values, so that many are equal.
            let mut rows: Vec<Row> = (0..n)
                .map(|_| std::array::from_fn(|_| stream.random_range(-9..9) as f32))
                .collect();
            let column = |rows: &[Row], lane: usize| -> Vec<f32> {
                rows.iter().map(|row| row[lane]).collect()
            };
            let mut expected: Vec<_> = (0..LANES).map(|lane| column(&rows, lane)).collect();
            expected.iter_mut().for_each(|c| c.sort_by(f32::total_cmp));
            sort(&mut rows);
            for (lane, expected) in expected.iter().enumerate() {
                assert_eq!(column(&rows, lane), *expected, "{n} models");
            }
        }
    }
}
