//! The colors of figures on a page: as they are drawn, and others on a dark screen.
//!
//! A drawing names its colors in full and in attributes, so that rules find them by what they are.

use super::super::draw::palette::{
    BYZANTINE, Color, DIVERGED, FAINT, GRID, INK, LIGHT_GRID, LINK, PAPER, SERIES,
};
use std::fmt::Write;

/// What the page itself stands on in the dark: `--paper` of its style.
const DARK_PAPER: Color = Color([0x16, 0x18, 0x1b]);

/// What a color becomes in the dark. Others stay as they are.
const DARK: [(Color, Color); 10] = [
    (INK, Color([0xe4, 0xe6, 0xe8])),
    (FAINT, Color([0x9a, 0xa1, 0xa8])),
    (LINK, Color([0x58, 0x5e, 0x65])),
    (GRID, Color([0x36, 0x3b, 0x41])),
    (LIGHT_GRID, Color([0x24, 0x28, 0x2c])),
    (PAPER, DARK_PAPER),
    (BYZANTINE, Color([0xff, 0x6b, 0x7d])),
    (DIVERGED, Color([0x5c, 0x61, 0x67])),
    (SERIES[0], Color([0x2a, 0x8f, 0xd8])),
    (SERIES[6], Color([0xff, 0xff, 0xff])),
];

/// The rules, to follow those of the page.
pub(super) fn style() -> String {
    let mut style = String::new();
    let variables = |style: &mut String, shown: &dyn Fn(Color) -> Color| {
        style.push_str(":root {");
        for (number, color) in SERIES.into_iter().enumerate() {
            let _ = write!(style, " --series-{number}: {};", shown(color)); // a string takes it all
        }
        style.push_str(" }\n");
    };
    variables(&mut style, &|color| color);
    style.push_str("@media screen and (prefers-color-scheme: dark) {\n");
    variables(&mut style, &dark);
    for (light, dark) in DARK {
        for what in ["fill", "stroke"] {
            let _ = writeln!(style, ".plot [{what}=\"{light}\"] {{ {what}: {dark}; }}");
        }
    }
    style.push_str("}\n");
    style
}

/// A color in the dark.
fn dark(color: Color) -> Color {
    let found = DARK.iter().find(|(light, _)| *light == color);
    found.map_or(color, |(_, dark)| *dark)
}
