//! Generated images of handwritten digits in the place of the published ones, with their shapes:
//! 28×28 grey pixels, 10 classes.
//!
//! A digit is a few strokes in the unit square: smooth curves through points that each image shifts
//! a little. An image also draws how its digit is sized, slanted, turned, moved, and how thick its
//! pen is; a pixel is covered as far as it is near to a stroke. Plain images are white on black.
//! Textured ones lie on a smooth random pattern that the digit inverts or paints over, and have
//! noise. Nobody wrote these digits, and accuracies on them are not those of the published data.

use super::digits::{DIGITS, PIXELS, SHAPE, SIDE};
use super::{Examples, Inputs, Targets, parallel};
use crate::rng::{Key, Purpose, Stream};
use crate::units::AgentId;
use rand::{Rng, RngExt};

/// What digits are drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// White on black, from 0 to 1.
    Plain,
    /// On a pattern, from −1 to 1.
    Textured,
}

/// A point: x to the right, y down.
type Point = [f32; 2];

/// A way to write a digit: curves through points of the unit square, straight lines through two.
type Glyph = &'static [&'static [Point]];

/// Ways to write each digit.
#[rustfmt::skip] // a stroke in a line or two
const GLYPHS: [&[Glyph]; DIGITS] = [
    &[&[&[[0.52, 0.0], [0.22, 0.14], [0.12, 0.5], [0.24, 0.88], [0.5, 1.0], [0.77, 0.87],
          [0.88, 0.5], [0.78, 0.13], [0.48, 0.0]]]],
    &[&[&[[0.5, 0.0], [0.5, 1.0]]],
      &[&[[0.28, 0.24], [0.54, 0.0]],
        &[[0.54, 0.0], [0.54, 1.0]]]],
    &[&[&[[0.16, 0.24], [0.3, 0.04], [0.62, 0.02], [0.8, 0.22], [0.68, 0.5], [0.4, 0.76],
          [0.14, 0.98]],
        &[[0.14, 0.98], [0.88, 0.97]]],
      &[&[[0.18, 0.2], [0.42, 0.0], [0.74, 0.12], [0.72, 0.42], [0.42, 0.8], [0.16, 0.96],
          [0.14, 0.8], [0.34, 0.78], [0.6, 0.95], [0.9, 0.9]]]],
    &[&[&[[0.18, 0.12], [0.46, 0.0], [0.76, 0.1], [0.76, 0.34], [0.4, 0.47]],
        &[[0.4, 0.47], [0.74, 0.54], [0.85, 0.76], [0.64, 0.98], [0.36, 1.0], [0.12, 0.86]]]],
    &[&[&[[0.24, 0.02], [0.16, 0.36], [0.18, 0.56]],
        &[[0.18, 0.56], [0.86, 0.52]],
        &[[0.74, 0.04], [0.7, 1.0]]],
      &[&[[0.6, 0.0], [0.1, 0.66]],
        &[[0.1, 0.66], [0.9, 0.66]],
        &[[0.64, 0.3], [0.62, 1.0]]]],
    &[&[&[[0.26, 0.02], [0.82, 0.0]],
        &[[0.26, 0.02], [0.21, 0.44]],
        &[[0.21, 0.44], [0.54, 0.36], [0.84, 0.54], [0.82, 0.84], [0.52, 1.0], [0.15, 0.9]]]],
    &[&[&[[0.7, 0.02], [0.4, 0.2], [0.18, 0.56], [0.26, 0.9], [0.55, 1.0], [0.82, 0.82],
          [0.74, 0.56], [0.46, 0.52], [0.2, 0.72]]]],
    &[&[&[[0.14, 0.04], [0.86, 0.02]],
        &[[0.86, 0.02], [0.4, 1.0]]],
      &[&[[0.14, 0.04], [0.86, 0.02]],
        &[[0.86, 0.02], [0.56, 0.5], [0.44, 1.0]],
        &[[0.34, 0.52], [0.8, 0.5]]]],
    &[&[&[[0.72, 0.1], [0.44, 0.0], [0.2, 0.16], [0.36, 0.42], [0.7, 0.6], [0.8, 0.86],
          [0.5, 1.0], [0.2, 0.84], [0.34, 0.58], [0.68, 0.38], [0.78, 0.16], [0.62, 0.03]]]],
    &[&[&[[0.78, 0.18], [0.5, 0.0], [0.2, 0.16], [0.24, 0.42], [0.54, 0.46], [0.78, 0.2],
          [0.78, 0.5], [0.7, 1.0]]],
      &[&[[0.78, 0.2], [0.52, 0.0], [0.22, 0.14], [0.24, 0.42], [0.54, 0.45], [0.78, 0.22],
          [0.74, 0.72], [0.5, 1.0], [0.2, 0.92]]]],
];

/// Images with labels drawn uniformly. Image i does not depend on how many there are, and no two
/// are the same: part them by rows to train on some and to test on others.
pub(crate) fn generate(seed: u64, style: Style, count: usize) -> Examples {
    let key = Key::new(seed, Purpose::Generated).of(AgentId(style as u32));
    let mut bytes = vec![0; count * PIXELS];
    let mut labels = vec![0; count];
    let size = count.div_ceil(parallel::processors()).max(1);
    let parts = bytes.chunks_mut(size * PIXELS).zip(labels.chunks_mut(size));
    parallel::at_once(parts.enumerate(), |(part, (bytes, labels))| {
        let images = bytes.chunks_exact_mut(PIXELS).zip(labels);
        for (image, (pixels, label)) in (part * size..).zip(images) {
            *label = draw(style, pixels, &mut key.at(image as u64).stream());
        }
    });
    let low = match style {
        Style::Plain => 0.0,
        Style::Textured => -1.0,
    };
    let classes = DIGITS;
    let targets = Targets::Classes { labels, classes };
    let high = 1.0;
    Examples::new(SHAPE, Inputs::Pixels { bytes, low, high }, targets)
}

/// Draws an image, shape `[28 × 28]`, and gives its label.
fn draw(style: Style, pixels: &mut [u8], stream: &mut Stream) -> u32 {
    let digit = stream.random_range(0..DIGITS);
    let ways = GLYPHS[digit];
    let coverage = coverage(ways[stream.random_range(0..ways.len())], stream);
    match style {
        Style::Plain => {
            for (pixel, covered) in pixels.iter_mut().zip(&coverage) {
                *pixel = byte(*covered);
            }
        }
        Style::Textured => paint(&coverage, pixels, stream),
    }
    digit as u32
}

/// The byte that stands for a brightness, of which 0 is the least and 1 the greatest.
fn byte(brightness: f32) -> u8 {
    (255.0 * brightness + 0.5) as u8
}

/// How far each pixel is covered by the digit's strokes, from 0 to 1, shape `[28 × 28]`.
fn coverage(glyph: Glyph, stream: &mut Stream) -> [f32; PIXELS] {
    let mut around = |center: f32, spread: f32| center + stream.random_range(-spread..spread);
    // From the unit square to pixels: turned and slanted by a small angle, around the middle.
    let (width, height) = (around(15.0, 4.0), around(19.0, 3.0));
    let (slant, turn) = (around(0.12, 0.4), around(0.0, 0.22));
    let middle = [around(14.0, 2.0), around(14.0, 2.0)];
    let radius = around(1.25, 0.5);
    let mut place = |[x, y]: Point| -> Point {
        let x = (around(x, 0.1) - 0.5) * width;
        let y = (around(y, 0.08) - 0.5) * height;
        [middle[0] + x - slant * y, middle[1] + y + turn * x]
    };
    // Squared distance of each pixel from the nearest stroke.
    let mut distances = [f32::INFINITY; PIXELS];
    for stroke in glyph {
        let points: Vec<Point> = stroke.iter().map(|&point| place(point)).collect();
        trace(&points, |from, to| {
            approach(&mut distances, from, to, radius + 0.5)
        });
    }
    distances.map(|squared| (radius + 0.5 - squared.sqrt()).clamp(0.0, 1.0))
}

/// Goes along the curve through points (Catmull–Rom) in short straight segments.
fn trace(points: &[Point], mut segment: impl FnMut(Point, Point)) {
    const PIECES: u8 = 5;
    if let [from, to] = *points {
        return segment(from, to);
    }
    let at = |i: usize| points[i.min(points.len() - 1)];
    let mut from = points[0];
    for i in 1..points.len() {
        let around = [at(i.saturating_sub(2)), at(i - 1), at(i), at(i + 1)];
        for piece in 1..=PIECES {
            let t = f32::from(piece) / f32::from(PIECES);
            let to = [0, 1].map(|axis| {
                let [a, b, c, d] = around.map(|point| point[axis]);
                let (linear, square) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d);
                let cube = 3.0 * (b - c) + d - a;
                b + 0.5 * t * (linear + t * (square + t * cube))
            });
            segment(from, to);
            from = to;
        }
    }
}

/// Lowers the squared distances of the pixels within reach of a straight segment.
fn approach(distances: &mut [f32; PIXELS], from: Point, to: Point, reach: f32) {
    let range = |axis: usize| {
        // Pixel i's middle is at i + 0.5; a cast to `usize` ends at 0.
        let low = from[axis].min(to[axis]) - reach;
        let high = from[axis].max(to[axis]) + reach;
        low as usize..(high.max(0.0) as usize + 1).min(SIDE)
    };
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let scale = 1.0 / (dx * dx + dy * dy).max(1e-12);
    for row in range(1) {
        let y = row as f32 + 0.5 - from[1];
        for column in range(0) {
            let x = column as f32 + 0.5 - from[0];
            let along = ((x * dx + y * dy) * scale).clamp(0.0, 1.0);
            let (x, y) = (x - along * dx, y - along * dy);
            let distance = &mut distances[row * SIDE + column];
            *distance = distance.min(x * x + y * y);
        }
    }
}

/// Paints a digit on a random pattern, with noise.
fn paint(coverage: &[f32; PIXELS], pixels: &mut [u8], stream: &mut Stream) {
    let background = texture(stream);
    let contrast = stream.random_range(0.35..0.7);
    // Either what lies below shows through, or the digit has one brightness.
    let ink = if stream.random() {
        background.map(|below| stand_out(below, contrast))
    } else {
        let mean = background.iter().sum::<f32>() / PIXELS as f32;
        [stand_out(mean, contrast); PIXELS]
    };
    let mut noise = [0; PIXELS];
    stream.fill_bytes(&mut noise);
    let below = background.iter().zip(&ink);
    for ((pixel, covered), ((b, i), noise)) in pixels.iter_mut().zip(coverage).zip(below.zip(noise))
    {
        let noise = 0.2 * (f32::from(noise) / 255.0 - 0.5);
        *pixel = byte(b + covered * (i - b) + noise);
    }
}

/// A brightness that differs from another by `contrast`, toward the farther end.
fn stand_out(from: f32, contrast: f32) -> f32 {
    if from < 0.5 {
        from + contrast
    } else {
        from - contrast
    }
}

/// A pattern: brightness from 0 to 1 at the nodes of a coarse and of a fine grid, and smoothly
/// between them.
fn texture(stream: &mut Stream) -> [f32; PIXELS] {
    let mean = stream.random_range(0.2..0.8f32);
    let mut all = [mean; PIXELS];
    for (cells, strength) in [(2, 0.6), (5, 0.5), (11, 0.3f32)] {
        let strength = strength * stream.random_range(0.2..1.0f32);
        let mut node = || strength * stream.random_range(-0.5..0.5f32);
        let nodes: Vec<f32> = (0..(cells + 1) * (cells + 1)).map(|_| node()).collect();
        let node = |row: usize, column: usize| nodes[row * (cells + 1) + column];
        let places: [(usize, f32); SIDE] = std::array::from_fn(|pixel| {
            let at = (pixel * cells) as f32 / SIDE as f32;
            let t = at.fract();
            (at as usize, t * t * (3.0 - 2.0 * t))
        });
        let mix = |a: f32, b: f32, t: f32| a + t * (b - a);
        for (row, (i, down)) in all.chunks_exact_mut(SIDE).zip(places) {
            for (brightness, (j, right)) in row.iter_mut().zip(places) {
                let upper = mix(node(i, j), node(i, j + 1), right);
                let lower = mix(node(i + 1, j), node(i + 1, j + 1), right);
                *brightness += mix(upper, lower, down);
            }
        }
    }
    all.map(|brightness| brightness.clamp(0.0, 1.0))
}

#[cfg(test)]
#[path = "digits_generated_tests.rs"]
mod tests;
