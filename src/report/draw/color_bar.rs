//! What the colors of cells mean: a bar with an axis.

use super::axis::Ruler;
use super::canvas::{Area, POINT, Refused};
use super::palette::{INK, LEVELS, level};
use super::plane::{LABEL_SIZE, TICK_SIZE, style};
use super::scale::Scale;
use super::text;
use crate::report::Axis;
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::element::{Polygon, Rectangle};
use plotters::style::Color as _;

/// The width of the bar, in units.
const BAR: i32 = 12 * POINT;
const TICK: i32 = 3 * POINT;
/// The height of a tip, in units.
const TIP: i32 = 9 * POINT;

/// A bar of all colors, from its scale's lower end up. Where values lie beyond an end, it has a
/// tip there.
pub(super) struct ColorBar<'a> {
    ruler: Ruler,
    label: &'a str,
    /// Whether values lie below and above the scale.
    beyond: [bool; 2],
}

impl<'a> ColorBar<'a> {
    /// A bar for values on a scale.
    pub(super) fn new(axis: &'a Axis, scale: Scale, values: &[f64]) -> ColorBar<'a> {
        let places = || {
            values
                .iter()
                .filter(|v| scale.holds(**v))
                .map(|v| scale.place(*v))
        };
        ColorBar {
            ruler: Ruler::new(axis, scale, 5),
            label: &axis.label,
            beyond: [
                places().any(|p| p < -1e-9),
                places().any(|p| p > 1.0 + 1e-9),
            ],
        }
    }

    fn labels(&self) -> i32 {
        let widths = self.ruler.ticks.iter().map(|(_, label)| text::width(label));
        let label = if self.label.is_empty() {
            0.0
        } else {
            1.5 * LABEL_SIZE
        };
        3 * TICK + (widths.fold(0.0, f64::max) * TICK_SIZE + label) as i32
    }

    /// Its width with its labels, in units.
    pub(super) fn width(&self) -> i32 {
        BAR + self.labels()
    }

    /// Draws it from a left end, between an upper and a lower one.
    pub(super) fn draw(
        &self,
        area: &Area,
        left: i32,
        (top, bottom): (i32, i32),
    ) -> Result<(), Refused> {
        let (width, height) = area.dim_in_pixel();
        let middle = (top + bottom) / 2;
        let room = f64::from(2 * middle.min(height as i32 - middle));
        let label = text::fit(self.label, room * 0.95 / LABEL_SIZE);
        let [below, above] = self.beyond.map(|is_beyond| if is_beyond { TIP } else { 0 });
        let tips = [(bottom, bottom - below, 0), (top, top + above, LEVELS - 1)];
        for (tip, base, number) in tips.into_iter().filter(|(tip, base, _)| tip != base) {
            let corners = vec![(left, base), (left + BAR / 2, tip), (left + BAR, base)];
            area.draw(&Polygon::new(corners, level(number).rgb().filled()))?;
        }
        let (top, bottom) = (top + above, bottom - below);
        let mut chart = ChartBuilder::on(area)
            .margin_left(left)
            .margin_right(width as i32 - left - self.width())
            .margin_top(top)
            .margin_bottom(height as i32 - bottom)
            .set_label_area_size(LabelAreaPosition::Right, self.labels())
            .build_cartesian_2d(Ruler::blank(Scale::linear(0.0, 1.0)), self.ruler.clone())?;
        for k in 0..LEVELS {
            let y = |k: usize| bottom - (bottom - top) * k as i32 / LEVELS as i32;
            let corners = [(left, y(k + 1)), (left + BAR, y(k))];
            area.draw(&Rectangle::new(corners, level(k).rgb().filled()))?;
        }
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK.rgb().stroke_width(7))
            .set_all_tick_mark_size(TICK)
            .label_style(style(TICK_SIZE))
            .axis_desc_style(style(LABEL_SIZE))
            .y_desc(label)
            .draw()
    }
}
