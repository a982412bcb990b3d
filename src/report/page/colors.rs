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

#[cfg(test)]
mod tests {
    use super::super::STYLE;
    use super::*;

    /// How much two colors stand out against each other, from 1 to 21, as WCAG 2 has it.
    fn contrast(one: Color, other: Color) -> f64 {
        let luminance = |Color(parts): Color| {
            let [red, green, blue] = parts.map(|part| {
                let share = f64::from(part) / 255.0;
                if share <= 0.04045 {
                    share / 12.92
                } else {
                    ((share + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// The colors of this name in the page's style: in light, and in the dark.
    fn variable(name: &str) -> [Color; 2] {
        let color = |text: &str| {
            let part = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
            Color([part(1), part(3), part(5)])
        };
        let told: Vec<Color> = STYLE
            .split(&format!("--{name}: "))
            .skip(1)
            .map(color)
            .collect();
        told.try_into().unwrap()
    }

    #[test]
    fn texts_are_legible_in_light_and_in_the_dark() {
        let paper = variable("paper");
        let shade = variable("shade");
        for name in ["ink", "quiet", "link"] {
            for (scheme, text) in variable(name).into_iter().enumerate() {
                for behind in [paper[scheme], shade[scheme]] {
                    let contrast = contrast(text, behind);
                    assert!(contrast >= 4.5, "{name} {text} on {behind}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn figures_stand_on_the_page_in_the_dark() {
        assert_eq!(variable("paper"), [PAPER, DARK_PAPER]);
        for (text, least) in [(INK, 7.0), (FAINT, 4.5)] {
            assert!(contrast(dark(text), DARK_PAPER) >= least, "{text}");
        }
        for shape in SERIES.into_iter().chain([BYZANTINE]) {
            assert!(contrast(dark(shape), DARK_PAPER) >= 3.0, "{shape}");
        }
    }

    #[test]
    fn colors_that_differ_in_light_differ_in_the_dark() {
        for (number, one) in SERIES.into_iter().enumerate() {
            for other in &SERIES[..number] {
                assert_ne!(dark(one), dark(*other));
            }
        }
    }
}
