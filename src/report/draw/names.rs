//! Names beside rows and below columns.

use super::canvas::{Area, Look, POINT, Refused, Words};
use super::palette::INK;
use super::text;
use plotters_backend::text_anchor::{HPos, VPos};

/// The size of names, in units.
pub(super) const SIZE: f64 = 105.0;
/// Between a name and what it names, in units.
const GAP: i32 = 5 * POINT;
/// The greatest width of a name, in units.
const WIDEST: f64 = 1500.0;
/// Names that do not fit side by side are slanted [degrees].
const SLANT: f64 = 45.0;

/// Names of things in a row, of equal width each.
pub(super) struct Names {
    names: Vec<String>,
    /// The width of the widest, in units.
    widest: i32,
}

impl Names {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a String>) -> Names {
        let names: Vec<String> = names.map(|name| text::fit(name, WIDEST / SIZE)).collect();
        let widths = names.iter().map(|name| text::width(name) * SIZE);
        let widest = widths.fold(0.0, f64::max).ceil() as i32;
        Names { names, widest }
    }

    /// The room they take beside rows, in units.
    pub(super) fn beside(&self) -> i32 {
        if self.widest == 0 {
            0
        } else {
            self.widest + GAP
        }
    }

    /// The room they take below columns of a width, in units.
    pub(super) fn below(&self, column: f64) -> i32 {
        if self.widest == 0 {
            0
        } else if self.is_slanted(column) {
            let long = f64::from(self.widest) + 0.7 * SIZE;
            GAP + (long * SLANT.to_radians().sin()) as i32
        } else {
            GAP + SIZE as i32
        }
    }

    /// The room that the first of them takes left of its column when slanted, in units.
    pub(super) fn before(&self, column: f64) -> i32 {
        let reach = |(k, name): (usize, &String)| {
            let long = text::width(name) * SIZE * SLANT.to_radians().cos();
            (long - (k as f64 + 0.5) * column) as i32
        };
        if self.is_slanted(column) {
            self.names
                .iter()
                .enumerate()
                .map(reach)
                .max()
                .unwrap_or(0)
                .max(0)
        } else {
            0
        }
    }

    /// Numbers are short: of them, few are written instead of slanting all.
    fn is_slanted(&self, column: f64) -> bool {
        f64::from(self.widest) > 2.5 * SIZE && f64::from(self.widest) > column * 0.94
    }

    /// Each how-many-th name is written, where each takes `needed` of a `column`.
    fn stride(needed: f64, column: f64) -> usize {
        let rough = (needed / column.max(1e-3)).ceil().max(1.0) as usize;
        // Steps that are counted in with ease.
        let even = [1, 2, 5, 10, 20, 50, 100, 200, 500]
            .into_iter()
            .find(|s| *s >= rough);
        even.unwrap_or(rough)
    }

    /// Writes names that end at `right`, the first row beginning at `top`.
    pub(super) fn draw_beside(
        &self,
        area: &Area,
        (right, top): (i32, i32),
        row: f64,
    ) -> Result<(), Refused> {
        let stride = Names::stride(SIZE * 1.05, row);
        for (k, name) in self.names.iter().enumerate().step_by(stride) {
            let y = top + ((k as f64 + 0.5) * row) as i32;
            write(
                area,
                name,
                (right - GAP, y),
                0.0,
                (HPos::Right, VPos::Center),
            )?;
        }
        Ok(())
    }

    /// Writes names below `top`, the first column beginning at `left`.
    pub(super) fn draw_below(
        &self,
        area: &Area,
        (left, top): (i32, i32),
        column: f64,
    ) -> Result<(), Refused> {
        let is_slanted = self.is_slanted(column);
        let needed = if is_slanted {
            SIZE * 1.3
        } else {
            f64::from(self.widest) + 0.4 * SIZE
        };
        for (k, name) in self
            .names
            .iter()
            .enumerate()
            .step_by(Names::stride(needed, column))
        {
            let x = left + ((k as f64 + 0.5) * column) as i32;
            if is_slanted {
                let at = (x + (0.3 * SIZE) as i32, top + GAP);
                write(area, name, at, -SLANT, (HPos::Right, VPos::Center))?;
            } else {
                write(area, name, (x, top + GAP), 0.0, (HPos::Center, VPos::Top))?;
            }
        }
        Ok(())
    }
}

fn write(
    area: &Area,
    text: &str,
    at: (i32, i32),
    angle: f64,
    (across, up): (HPos, VPos),
) -> Result<(), Refused> {
    area.draw(&Words {
        text,
        at,
        angle,
        look: Look {
            size: SIZE,
            color: INK,
            across,
            up,
        },
    })
}
