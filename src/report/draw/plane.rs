//! Two axes and the grid between them.

use super::axis::Ruler;
use super::canvas::{Area, EDGE, POINT, Refused};
use super::palette::{GRID, INK, LIGHT_GRID};
use super::text;
use super::trace::Window;
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
    /// Whether lines of the grid stand at the ticks of the y axis.
    pub(super) has_rows: bool,
    /// Room above, in units.
    pub(super) top: i32,
    /// Room at the right, in units.
    pub(super) right: i32,
}

/// A text style of the plotting crate.
pub(super) fn style(size: f64) -> TextStyle<'static> {
    FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal).color(&INK.rgb())
}

/// Room for an axis' label, in units.
fn room(label: &str) -> i32 {
    if label.is_empty() {
        0
    } else {
        (1.4 * LABEL_SIZE) as i32
    }
}

impl Plane<'_> {
    /// Room at the left for the labels of the y axis, in units.
    fn left_labels(&self) -> i32 {
        let widths = self.y.ticks.iter().map(|(_, label)| text::width(label));
        3 * TICK + (widths.fold(0.0, f64::max) * TICK_SIZE) as i32 + room(self.y_label)
    }

    /// Room at the right: the label of a tick near that end stands half beyond it.
    fn right_margin(&self) -> i32 {
        let late = self
            .x
            .ticks
            .iter()
            .filter(|(v, _)| self.x.scale.place(*v) > 0.95);
        let half = late.map(|(_, label)| (text::width(label) * TICK_SIZE / 2.0) as i32);
        half.max().unwrap_or(0).max(self.right) + EDGE
    }

    /// Left and right edge of the data in a drawing of a width, in units.
    pub(super) fn across(&self, width: i32) -> (i32, i32) {
        (EDGE + self.left_labels(), width - self.right_margin())
    }

    /// What stands below the data, in units.
    fn labels_below(&self) -> i32 {
        2 * TICK + (1.1 * TICK_SIZE) as i32 + room(self.x_label)
    }

    /// Room below the data, in units.
    pub(super) fn below(&self) -> i32 {
        self.labels_below() + EDGE
    }

    /// The x axis without labels that would lie on the next one.
    fn spaced(&self, width: i32) -> Ruler {
        let (left, right) = self.across(width);
        let mut ruler = self.x.clone();
        let mut next = f64::INFINITY;
        for (value, label) in ruler.ticks.iter_mut().rev() {
            let at = self.x.scale.place(*value) * f64::from(right - left);
            let half = text::width(label) * TICK_SIZE / 2.0;
            if at + half + 0.3 * TICK_SIZE > next {
                label.clear();
            } else {
                next = at - half;
            }
        }
        ruler
    }

    /// Draws axes and grid into an area; the window is what they leave for data.
    pub(super) fn draw(&self, area: &Area) -> Result<Window, Refused> {
        let (width, height) = area.dim_in_pixel();
        let x_label = text::fit(self.x_label, f64::from(width) * 0.8 / LABEL_SIZE);
        let data_height = f64::from(height) - f64::from(self.top + self.below());
        let y_label = text::fit(self.y_label, data_height / LABEL_SIZE);
        let mut chart = ChartBuilder::on(area)
            .margin_left(EDGE)
            .margin_bottom(EDGE)
            .margin_top(self.top)
            .margin_right(self.right_margin())
            .set_label_area_size(LabelAreaPosition::Left, self.left_labels())
            .set_label_area_size(LabelAreaPosition::Bottom, self.labels_below())
            .build_cartesian_2d(self.spaced(width as i32), self.y.clone())?;
        let mut mesh = chart.configure_mesh();
        if !self.has_rows {
            mesh.disable_y_mesh();
        }
        mesh.bold_line_style(GRID.rgb().stroke_width(7))
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
