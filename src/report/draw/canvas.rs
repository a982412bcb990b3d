//! Where the plotting crate draws: a compact SVG.
//!
//! Coordinates are whole tenths of a point. Shapes that follow each other in the same style become
//! one path, and what moves along a path is told relative to where it is: a network of 450 links or
//! a heat map of 6,400 cells stay as small as an image of them.

use super::palette::Color;
use super::text;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Drawable, PointCollection};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};
use std::convert::Infallible;
use std::fmt::Write as _;

/// Units of the drawing in a point.
pub(super) const POINT: i32 = 10;

/// What stays empty around a drawing, in units.
pub(super) const EDGE: i32 = 3 * POINT;

/// What the plotting crate may refuse. The canvas itself refuses nothing.
pub(super) type Refused = DrawingAreaErrorKind<Infallible>;

/// A part of the drawing.
pub(super) type Area = DrawingArea<Canvas, Shift>;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// An SVG as it grows.
pub(super) struct Canvas {
    size: (u32, u32),
    /// Elements that are done.
    body: String,
    /// Attributes of the path that grows, and its data.
    path: (String, String),
    /// Where the last rectangle of that path begins.
    last: Option<BackendCoord>,
}

impl Canvas {
    /// Nothing yet, of a width and height in units.
    pub(super) fn new(size: (u32, u32)) -> Canvas {
        Canvas {
            size,
            body: String::new(),
            path: Default::default(),
            last: None,
        }
    }

    /// The elements.
    pub(super) fn into_elements(mut self) -> String {
        self.end_path();
        self.body
    }

    fn end_path(&mut self) {
        let (style, data) = std::mem::take(&mut self.path);
        self.last = None;
        if !data.is_empty() {
            let _ = writeln!(self.body, "<path {style} d=\"{data}\"/>"); // a string takes it all
        }
    }

    /// The data of the path of this style.
    fn path(&mut self, style: String) -> &mut String {
        if self.path.0 != style {
            self.end_path();
            self.path.0 = style;
        }
        &mut self.path.1
    }

    /// A line through points.
    fn stroke(
        &mut self,
        points: impl Iterator<Item = BackendCoord>,
        color: BackendColor,
        width: u32,
        dashes: &str,
    ) {
        if color.alpha == 0.0 {
            return;
        }
        let mut style = format!("fill=\"none\" stroke=\"{}\"", hex(color));
        let _ = write!(style, " stroke-width=\"{width}\"");
        if color.alpha < 1.0 {
            let _ = write!(style, " stroke-opacity=\"{}\"", color.alpha);
        }
        if !dashes.is_empty() {
            let _ = write!(style, " stroke-dasharray=\"{dashes}\"");
        }
        follow(self.path(style), points);
    }

    /// What a closed line encloses.
    fn fill(&mut self, points: impl Iterator<Item = BackendCoord>, color: BackendColor) {
        if color.alpha > 0.0 {
            let data = self.path(fill_style(color));
            follow(data, points);
            data.push('z');
        }
    }

    /// A text at an angle [degrees], turned around the point it is anchored at.
    pub(super) fn text(&mut self, text: &str, at: BackendCoord, angle: f64, look: Look) {
        let text = text::clean(text);
        if text.trim().is_empty() {
            return;
        }
        self.end_path();
        let (x, y) = at;
        let anchor = match look.across {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // From the anchor down to the line that letters stand on, in units of their size.
        let down = match look.up {
            VPos::Top => 0.76,
            VPos::Center => 0.35,
            VPos::Bottom => -0.24,
        };
        let baseline = f64::from(y) + down * look.size;
        let out = &mut self.body;
        let _ = write!(out, "<text x=\"{x}\" y=\"{baseline:.0}\"{anchor}");
        let _ = write!(out, " font-size=\"{}\" fill=\"{}\"", look.size, look.color);
        if angle != 0.0 {
            let _ = write!(out, " transform=\"rotate({angle} {x} {y})\"");
        }
        out.push('>');
        text::escape(out, &text);
        out.push_str("</text>\n");
    }
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Its size, in units.
    pub(super) size: f64,
    pub(super) color: Color,
    /// Which point of it stands where it is put.
    pub(super) across: HPos,
    pub(super) up: VPos,
}

/// A color as SVG has it.
fn hex(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    Color([red, green, blue])
}

fn fill_style(color: BackendColor) -> String {
    let mut style = format!("fill=\"{}\"", hex(color));
    if color.alpha < 1.0 {
        let _ = write!(style, " fill-opacity=\"{}\"", color.alpha);
    }
    style
}

/// Appends a line through points to a path.
fn follow(data: &mut String, mut points: impl Iterator<Item = BackendCoord>) {
    let Some(mut at) = points.next() else { return };
    let _ = write!(data, "M{} {}", at.0, at.1);
    let mut is_first = true;
    for next in points {
        let (dx, dy) = (next.0 - at.0, next.1 - at.1);
        if (dx, dy) == (0, 0) {
            continue;
        }
        if std::mem::take(&mut is_first) {
            data.push('l');
        } else if dx >= 0 {
            data.push(' ');
        }
        let _ = write!(data, "{dx}");
        if dy >= 0 {
            data.push(' ');
        }
        let _ = write!(data, "{dy}");
        at = next;
    }
    if is_first {
        data.push_str("h0"); // a point
    }
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, s: &S) -> Done {
        self.draw_path([a, b], s)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.stroke(path.into_iter(), style.color(), style.stroke_width(), "");
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        is_filled: bool,
    ) -> Done {
        let color = style.color();
        if is_filled && color.alpha > 0.0 {
            // Neighbors leave no seam between them.
            let style = fill_style(color) + " shape-rendering=\"crispEdges\"";
            let (width, height) = (right - x, bottom - y);
            self.path(style);
            let begin = match self.last.replace((x, y)) {
                Some(last) => format!("m{} {}", x - last.0, y - last.1),
                None => format!("M{x} {y}"),
            };
            let _ = write!(self.path.1, "{begin}h{width}v{height}h{}z", -width);
        } else if !is_filled {
            let around = [(x, y), (right, y), (right, bottom), (x, bottom), (x, y)];
            self.stroke(around.into_iter(), color, style.stroke_width(), "");
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        is_filled: bool,
    ) -> Done {
        let color = style.color();
        let look = if is_filled {
            fill_style(color)
        } else {
            let width = style.stroke_width();
            format!(
                "fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"",
                hex(color)
            )
        };
        let (r, across) = (radius, 2 * radius);
        let data = self.path(look);
        let left = x - radius as i32;
        let _ = write!(
            data,
            "M{left} {y}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0-{across} 0z"
        );
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Done {
        self.fill(corners.into_iter(), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, s: &S, at: BackendCoord) -> Done {
        let look = Look {
            size: s.size(),
            color: hex(s.color()),
            across: s.anchor().h_pos,
            up: s.anchor().v_pos,
        };
        let angle = match s.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => -90.0,
        };
        self.text(text, at, angle, look);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = text::width(text) * style.size();
        Ok((width as u32, style.size() as u32))
    }
}

/// A line that may be dashed, which the plotting crate's own lines are not.
pub(super) struct Stroke<'a> {
    /// Where it goes.
    pub(super) points: &'a [BackendCoord],
    pub(super) color: Color,
    /// In units.
    pub(super) width: u32,
    /// Lengths of dashes and gaps, in units; empty: none.
    pub(super) dashes: &'a str,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Stroke<'_> {
    type Point = &'a BackendCoord;
    type IntoIter = &'a [BackendCoord];

    fn point_iter(self) -> &'a [BackendCoord] {
        self.points
    }
}

impl Drawable<Canvas> for Stroke<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        points: I,
        canvas: &mut Canvas,
        _: (u32, u32),
    ) -> Done {
        use plotters::style::Color as _;
        let color = self.color.rgb().to_backend_color();
        canvas.stroke(points, color, self.width, self.dashes);
        Ok(())
    }
}

/// A text, which may be slanted.
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) at: BackendCoord,
    /// Clockwise [degrees].
    pub(super) angle: f64,
    pub(super) look: Look,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Words<'_> {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<Canvas> for Words<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        canvas: &mut Canvas,
        _: (u32, u32),
    ) -> Done {
        if let Some(at) = points.next() {
            canvas.text(self.text, at, self.angle, self.look);
        }
        Ok(())
    }
}
