//! Moments that are marked along curves, each with a text above the data.

use super::WIDTH;
use super::canvas::{Area, EDGE, Look, POINT, Refused, Stroke, Words};
use super::palette::FAINT;
use super::plane::TICK_SIZE;
use super::scale::Scale;
use super::text;
use super::trace::Window;
use plotters_backend::text_anchor::{HPos, VPos};

/// The height of a row of texts, in units.
const ROW: i32 = 15 * POINT;
/// Between a line and its text, in units.
const GAP: i32 = 4 * POINT;

/// Moments with their texts, in rows so that none lies on another.
pub(super) struct Marks {
    marks: Vec<Mark>,
}

struct Mark {
    /// Where its line stands.
    x: i32,
    label: String,
    /// What the text covers.
    covers: [i32; 2],
    /// From below.
    row: i32,
}

impl Marks {
    /// The marks that lie on a scale from a left to a right edge.
    pub(super) fn new(marks: &[(f64, String)], scale: &Scale, (left, right): (i32, i32)) -> Marks {
        let mut sorted: Vec<_> = marks.iter().filter(|(at, _)| scale.holds(*at)).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut placed: Vec<Mark> = Vec::new();
        for (at, label) in sorted {
            let place = scale.place(*at);
            if !(0.0..=1.0).contains(&place) {
                continue;
            }
            let x = left + (place * f64::from(right - left)).round() as i32;
            let label = text::fit(label, f64::from(right - left) * 0.6 / TICK_SIZE);
            let long = (text::width(&label) * TICK_SIZE) as i32 + GAP;
            let covers = if x + long > WIDTH - EDGE {
                [x - long, x]
            } else {
                [x, x + long]
            };
            let mut mark = Mark {
                x,
                label,
                covers,
                row: 0,
            };
            // From the last one on: a line passes left of the texts of later ones below its own.
            while placed.iter().any(|other| mark.is_on(other)) {
                mark.row += 1;
            }
            placed.push(mark);
        }
        Marks { marks: placed }
    }

    /// What they need above the data, in units.
    pub(super) fn height(&self) -> i32 {
        let rows = self.marks.iter().map(|mark| mark.row + 1).max();
        rows.unwrap_or(0) * ROW
    }

    pub(super) fn draw(&self, area: &Area, window: &Window) -> Result<(), Refused> {
        for mark in &self.marks {
            let foot = window.top - mark.row * ROW;
            area.draw(&Stroke {
                points: &[(mark.x, window.bottom), (mark.x, foot - ROW + 2 * POINT)],
                color: FAINT,
                width: 10,
                dashes: "30 25",
            })?;
            let is_left = mark.covers[0] < mark.x;
            let (x, across) = if is_left {
                (mark.x - GAP, HPos::Right)
            } else {
                (mark.x + GAP, HPos::Left)
            };
            area.draw(&Words {
                text: &mark.label,
                at: (x, foot - ROW / 2),
                angle: 0.0,
                look: Look {
                    size: TICK_SIZE,
                    color: FAINT,
                    across,
                    up: VPos::Center,
                },
            })?;
        }
        Ok(())
    }
}

impl Mark {
    /// Whether its text lies on another's in the same row, or on the line of one in a higher row.
    fn is_on(&self, other: &Mark) -> bool {
        let [from, to] = self.covers;
        let meets = from < other.covers[1] + 2 * GAP && other.covers[0] < to + 2 * GAP;
        let is_crossed = (from..=to).contains(&other.x) && other.row > self.row;
        (self.row == other.row && meets) || is_crossed
    }
}
