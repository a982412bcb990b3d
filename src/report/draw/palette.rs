//! The colors of figures, told apart by who sees colors in other ways too.
//!
//! A figure names each of its colors in full (`#0072b2`), so that a page can change them for a
//! dark screen by what they are: `svg [stroke="#1b1b1b"] { stroke: … }`.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
use std::fmt;

/// A color, shown as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub [u8; 3]);

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Color {
    /// The same for the plotting crate.
    pub(super) fn rgb(self) -> RGBColor {
        RGBColor(self.0[0], self.0[1], self.0[2])
    }
}

/// Texts and axes.
pub const INK: Color = Color([0x1b, 0x1b, 0x1b]);
/// What stands behind: moments that are marked.
pub const FAINT: Color = Color([0x76, 0x76, 0x76]);
/// Links of a network.
pub const LINK: Color = Color([0xb4, 0xb4, 0xb4]);
/// Lines of the grid.
pub const GRID: Color = Color([0xdd, 0xdd, 0xdd]);
/// Lines of the grid between those that have a label.
pub const LIGHT_GRID: Color = Color([0xf0, 0xf0, 0xf0]);
/// What a figure stands on: nothing is painted in it but what parts shapes from each other.
pub const PAPER: Color = Color([0xff, 0xff, 0xff]);
/// What marks a Byzantine agent.
pub const BYZANTINE: Color = Color([0xb0, 0x00, 0x20]);
/// Cells whose value is infinite.
pub const DIVERGED: Color = Color([0xb8, 0xb8, 0xb8]);

/// Series, groups and parts by their number: the colors of Okabe and Ito ("Color universal
/// design", 2008), but gray for yellow, which hardly shows on paper.
pub const SERIES: [Color; 8] = [
    Color([0x00, 0x72, 0xb2]),
    Color([0xd5, 0x5e, 0x00]),
    Color([0x00, 0x9e, 0x73]),
    Color([0xcc, 0x79, 0xa7]),
    Color([0xe6, 0x9f, 0x00]),
    Color([0x56, 0xb4, 0xe9]),
    Color([0x00, 0x00, 0x00]),
    Color([0x93, 0x93, 0x93]),
];

/// Dashes, in tenths of a point: without color too, a series is known by its own. There are five,
/// so that forty series differ in color or dashes.
pub(super) const DASHES: [&str; 5] = ["", "70 30", "18 26", "90 28 18 28", "140 40"];

/// Numbers on dark cells. Not the paper's color: cells stay as they are on a dark screen.
pub const ON_DARK: Color = Color([0xfe, 0xfe, 0xfe]);
/// Numbers on light cells.
pub const ON_LIGHT: Color = Color([0x01, 0x01, 0x01]);

/// How many colors cells have: more than are told apart, few enough to share them.
pub(super) const LEVELS: usize = 64;

/// The color of cells at a level: viridis, which grows lighter evenly, to who does not see green
/// apart from red and on gray paper too.
pub(super) fn level(level: usize) -> Color {
    let share = level as f64 / (LEVELS - 1) as f64;
    let RGBColor(red, green, blue) = ViridisRGB.get_color_normalized(share, 0.0, 1.0);
    Color([red, green, blue])
}

/// What is read on a color.
pub(super) fn on(color: Color) -> Color {
    // The black of a series may turn white on a dark screen; then the paper turns too.
    if color == SERIES[6] {
        return PAPER;
    }
    let [red, green, blue] = color.0.map(f64::from);
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if luminance < 130.0 { ON_DARK } else { ON_LIGHT }
}

/// The color of a series, group or part.
pub fn series(number: usize) -> Color {
    SERIES[number % SERIES.len()]
}

/// The dashes of a series; empty: none.
pub(super) fn dashes(number: usize) -> &'static str {
    DASHES[number % DASHES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn forty_series_differ_in_color_or_dashes_and_neighbors_in_both() {
        let looks: BTreeSet<_> = (0..40)
            .map(|k| (series(k).to_string(), dashes(k)))
            .collect();
        assert_eq!(looks.len(), 40);
        assert!((0..40).all(|k| series(k) != series(k + 1) && dashes(k) != dashes(k + 1)));
    }

    #[test]
    fn colors_that_a_page_changes_stand_for_one_thing_each() {
        let named = [
            INK, FAINT, LINK, GRID, LIGHT_GRID, PAPER, BYZANTINE, DIVERGED, ON_DARK, ON_LIGHT,
        ];
        let of_cells = (0..LEVELS).map(level);
        let all: Vec<_> = named.into_iter().chain(SERIES).chain(of_cells).collect();
        let different: BTreeSet<_> = all.iter().map(|color| color.0).collect();
        assert_eq!(different.len(), all.len());
    }
}
