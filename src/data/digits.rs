//! What all data sets of digits have in common.

use super::Shape;

/// Classes of digits.
pub(super) const DIGITS: usize = 10;
/// Rows of pixels, and pixels of a row.
pub(super) const SIDE: usize = 28;
/// Pixels of an image.
pub(super) const PIXELS: usize = SIDE * SIDE;
/// Shape of an image.
pub(super) const SHAPE: Shape = Shape::Image {
    channels: 1,
    height: SIDE,
    width: SIDE,
};
