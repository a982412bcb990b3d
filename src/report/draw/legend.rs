//! What stands above a drawing: which line, color or shape is what.

use super::WIDTH;
use super::canvas::{Area, EDGE, Look, POINT, Refused, Words};
use super::palette::INK;
use super::text;
use plotters_backend::text_anchor::{HPos, VPos};

/// The size of texts, in units.
pub(super) const SIZE: f64 = 120.0;
/// The height of a row, in units.
const ROW: i32 = 17 * POINT;
/// The width of a sample, in units.
pub(super) const SAMPLE: i32 = 26 * POINT;
const GAP: i32 = 6 * POINT;

/// Labels beside samples, in rows.
pub(super) struct Legend {
    /// Each label and where its sample begins: the left end, at half the height of the row.
    entries: Vec<(String, (i32, i32))>,
    /// The height of all, in units.
    pub(super) height: i32,
}

impl Legend {
    /// Rows of labels over the width of a drawing, from its top.
    pub(super) fn new<'a>(labels: impl Iterator<Item = &'a str>) -> Legend {
        let (left, right) = (EDGE, WIDTH - EDGE);
        let most = f64::from(right - left - SAMPLE - GAP) / SIZE;
        let mut entries = Vec::new();
        let (mut x, mut y) = (left, EDGE + ROW / 2);
        for label in labels {
            let label = text::fit(label, most);
            let width = SAMPLE + GAP + (text::width(&label) * SIZE) as i32;
            if x > left && x + width > right {
                x = left;
                y += ROW;
            }
            entries.push((label, (x, y)));
            x += width + 3 * GAP;
        }
        let height = if entries.is_empty() { 0 } else { y + ROW / 2 };
        Legend { entries, height }
    }

    /// Writes the labels, and lets `sample` draw each sample by its number and place.
    pub(super) fn draw(
        &self,
        area: &Area,
        mut sample: impl FnMut(usize, (i32, i32)) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        for (number, (label, (x, y))) in self.entries.iter().enumerate() {
            sample(number, (*x, *y))?;
            area.draw(&Words {
                text: label,
                at: (x + SAMPLE + GAP, *y),
                angle: 0.0,
                look: Look {
                    size: SIZE,
                    color: INK,
                    across: HPos::Left,
                    up: VPos::Center,
                },
            })?;
        }
        Ok(())
    }
}
