//! Bias, maximum over 2×2 pixels, and rectification, in one go: max(0, bias + max of the four).
//!
//! Which of the four it was is noted for the way back: the first of the greatest, in the order of
//! rows, as in PyTorch; none where the result is 0.

use crate::kernel::for_this_processor;

/// Pixels that are pooled in each direction.
pub(super) const SIDE: usize = 2;
/// In the place of a choice: the result was rectified.
const NONE: u8 = 4;

for_this_processor! {
    /// Pools two rows of pixels, `[width × group]` each, of which `width` is even, into one row.
    pub(super) fn pool(upper: &[f32], lower: &[f32], group: usize, bias: f32, pooled: &mut [f32], choices: &mut [u8]) {
        let windows = upper.chunks_exact(SIDE * group).zip(lower.chunks_exact(SIDE * group));
        let results = pooled.chunks_exact_mut(group).zip(choices.chunks_exact_mut(group));
        for ((upper, lower), (pooled, choices)) in windows.zip(results) {
            let (a, b) = upper.split_at(group);
            let (c, d) = lower.split_at(group);
            let four = a.iter().zip(b).zip(c).zip(d);
            for ((((&a, &b), &c), &d), (pooled, choice)) in four.zip(pooled.iter_mut().zip(choices)) {
                let mut best = (a, 0);
                for (number, place) in [(b, 1), (c, 2), (d, 3)] {
                    // A number that is none wins, so that the loss tells of it.
                    let wins = number > best.0 || number.is_nan();
                    best = if wins { (number, place) } else { best };
                }
                let (best, place) = (best.0 + bias, best.1);
                *pooled = if best <= 0.0 { 0.0 } else { best };
                *choice = if best <= 0.0 { NONE } else { place };
            }
        }
    }
}

for_this_processor! {
    /// Gives each slope of a pooled row to the pixel that was chosen, and 0 to the others.
    pub(super) fn unpool(slopes: &[f32], choices: &[u8], group: usize, upper: &mut [f32], lower: &mut [f32]) {
        let windows = upper.chunks_exact_mut(SIDE * group).zip(lower.chunks_exact_mut(SIDE * group));
        let given = slopes.chunks_exact(group).zip(choices.chunks_exact(group));
        for ((upper, lower), (slopes, choices)) in windows.zip(given) {
            let (a, b) = upper.split_at_mut(group);
            let (c, d) = lower.split_at_mut(group);
            for (pixels, place) in [a, b, c, d].into_iter().zip(0..) {
                for ((pixel, &slope), &choice) in pixels.iter_mut().zip(slopes).zip(choices) {
                    *pixel = if choice == place { slope } else { 0.0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_greatest_is_chosen_and_gets_the_slope() {
        // Two rows of four pixels of one image: a greatest number, a tie.
        let (upper, lower) = ([1.0, 5.0, 2.0, 2.0], [0.0, 3.0, 2.0, 2.0]);
        let (mut pooled, mut choices) = ([f32::NAN; 2], [9; 2]);
        pool(&upper, &lower, 1, 0.5, &mut pooled, &mut choices);
        assert_eq!((pooled, choices), ([5.5, 2.5], [1, 0]));
        let (mut a, mut b) = ([f32::NAN; 4], [f32::NAN; 4]);
        unpool(&[7.0, 8.0], &choices, 1, &mut a, &mut b);
        assert_eq!((a, b), ([0.0, 7.0, 8.0, 0.0], [0.0; 4]));
    }

    #[test]
    fn what_is_rectified_gets_no_slope() {
        let (upper, lower) = ([-1.0, -2.0], [-3.0, -1.0]);
        let (mut pooled, mut choices) = ([f32::NAN], [9]);
        pool(&upper, &lower, 1, 1.0, &mut pooled, &mut choices);
        assert_eq!(pooled, [0.0]);
        let (mut a, mut b) = ([f32::NAN; 2], [f32::NAN; 2]);
        unpool(&[7.0], &choices, 1, &mut a, &mut b);
        assert_eq!((a, b), ([0.0; 2], [0.0; 2]));
    }

    #[test]
    fn images_of_a_group_are_pooled_apart() {
        // Two pixels of three images in each row.
        let upper = [1.0, 2.0, 3.0, 4.0, 0.0, 0.0];
        let lower = [0.0, 9.0, 0.0, 5.0, 0.0, 8.0];
        let (mut pooled, mut choices) = ([0.0; 3], [9; 3]);
        pool(&upper, &lower, 3, 0.0, &mut pooled, &mut choices);
        assert_eq!((pooled, choices), ([5.0, 9.0, 8.0], [3, 2, 3]));
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for place in 0..4 {
            let mut pixels = [1.0, f32::INFINITY, -2.0, 3.0];
            pixels[place] = f32::NAN;
            let (mut pooled, mut choices) = ([0.0], [9]);
            pool(
                &pixels[..2],
                &pixels[2..],
                1,
                0.0,
                &mut pooled,
                &mut choices,
            );
            assert!(pooled[0].is_nan(), "{place}");
        }
    }
}
