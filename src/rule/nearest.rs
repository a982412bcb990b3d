//! Which of some values are the least.

/// The positions of the `count` least values, in ascending order; of equal values the first are
/// taken. O(n log n).
pub(super) fn least(values: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    if count < order.len() {
        order.select_nth_unstable_by(count, |&a, &b| {
            values[a].total_cmp(&values[b]).then(a.cmp(&b))
        });
        order.truncate(count);
        order.sort_unstable();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_are_found_and_of_equal_ones_the_first() {
        let values = [3.0, 1.0, 2.0, 1.0, 0.0, 2.0, 1.0];
        let found: Vec<Vec<usize>> = (0..=7).map(|count| least(&values, count)).collect();
        let right: [&[usize]; 8] = [
            &[],
            &[4],
            &[1, 4],
            &[1, 3, 4],
            &[1, 3, 4, 6],
            &[1, 2, 3, 4, 6],
            &[1, 2, 3, 4, 5, 6],
            &[0, 1, 2, 3, 4, 5, 6],
        ];
        assert_eq!(found, right);
    }
}
