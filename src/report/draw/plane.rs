//! Two axes and the grid between them.

use super::axis::Ruler;
use super::canvas::{Area, POINT, Refused};
use super::palette::{GRID, INK, LIGHT_GRID};
use super::trace::Window;
use super::text;
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, TextStyle};

/// The size of labels at ticks, in units.
pub(super) const TICK_SIZE: f64 = 115.0;
/// The size of the axes' labels, in units.
pub(super) const LABEL_SIZE: f64 = 125.0;
const TICK: i32 = 4 * POINT;

/// Axes around the drawing of data.
pub(super) struct Plane<'a> {
    pub(super) x: Ruler,
    pub(super) y: Ruler,
    pub(super) x_label: &'a str,
    pub(super) y_label: &'a str,
    /// Room above, in units.
    pub(super) top: i32,
    /// Room at the right, in units.
    pub(super) right: i32,
}

/// A text style of the plotting crate.
pub(super) fn style(size: f64) -> TextStyle<'static> {
    FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal).color(&INK.rgb())
}

impl Plane<'_> {
    /// Draws axes and grid into an area; the window is what they leave for data.
    pub(super) fn draw(&self, area: &Area) -> Result<Window, Refused> {
        let (width, height) = area.dim_in_pixel();
        let room = |label: &str| if label.is_empty() { 0.0 } else { 1.6 * LABEL_SIZE };
        let left = f64::from(3 * TICK) + self.y.width() * TICK_SIZE + room(self.y_label);
        let below = f64::from(2 * TICK) + 1.2 * TICK_SIZE + room(self.x_label);
        let x_label = text::fit(self.x_label, f64::from(width) * 0.8 / LABEL_SIZE);
        let y_label = text::fit(self.y_label, f64::from(height) * 0.8 / LABEL_SIZE);
        let mut chart = ChartBuilder::on(area)
            .margin_top(self.top)
            .margin_right(self.right)
            .set_label_area_size(LabelAreaPosition::Left, left as i32)
            .set_label_area_size(LabelAreaPosition::Bottom, below as i32)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.rgb().stroke_width(7))
            .light_line_style(LIGHT_GRID.rgb().stroke_width(7))
            .axis_style(INK.rgb().stroke_width(9))
            .set_all_tick_mark_size(TICK)
            .label_style(style(TICK_SIZE))
            .axis_desc_style(style(LABEL_SIZE))
            .x_desc(x_label)
            .y_desc(y_label)
            .draw()?;
        let plot = chart.plotting_area();
        let (across, up) = (plot.get_x_axis_pixel_range(), plot.get_y_axis_pixel_range());
        Ok(Window {
            left: across.start,
            top: up.start,
            right: across.end,
            bottom: up.end,
            x: self.x.scale,
            y: self.y.scale,
        })
    }
}
