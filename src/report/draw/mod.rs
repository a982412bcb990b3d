//! Figures as SVG.
//!
//! Drawn with [`plotters`], because its scales, ticks and what it draws on are open to be replaced
//! ([`axis::Ruler`], [`canvas::Canvas`]): so ticks are as a paper has them, places are whole
//! numbers, and the SVG is a few kilobytes. It builds in seconds and pulls in nothing. (`kuva` 0.6
//! knows more kinds of figures, but chooses ticks itself, reads `$` in labels as mathematics, and
//! takes most of a minute to build.)
//!
//! A drawing has no title in it: a page has headings, a paper has captions. It carries title and
//! description for who reads it aloud. It names no font that must be there, and each color in
//! full ([`palette`]).

mod axis;
mod bars;
mod canvas;
mod cells;
mod color_bar;
mod curves;
mod legend;
mod marks;
mod names;
mod network;
pub mod palette;
mod plane;
mod scale;
mod text;
mod trace;

#[cfg(test)]
mod tests;

use super::{Content, Figure};
use canvas::{Area, Canvas, POINT, Refused};
pub use scale::Scale;
use serde::Serialize;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;
pub(super) use text::clean;
use trace::Window;

/// The width of a drawing, in units.
const WIDTH: i32 = 560 * POINT;

/// A figure as it is drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// An SVG, as a file of its own or within a page.
    pub svg: String,
    /// Where data stands in it.
    pub frame: Frame,
}

/// The rectangle of a drawing that data is drawn in, in units of its `viewBox`, and what its
/// edges are. [`Content::Curves`]: x and y of the data. [`Content::Cells`]: columns from the left,
/// rows from the top, each 1 wide. [`Content::Network`]: places of nodes. [`Content::Bars`]:
/// lengths; bars from the top, each 1 high.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frame {
    /// Left edge, where `x.from` is.
    pub left: f64,
    /// Upper edge, where `y.to` is.
    pub top: f64,
    /// Right edge, where `x.to` is.
    pub right: f64,
    /// Lower edge, where `y.from` is.
    pub bottom: f64,
    /// What is told apart from left to right.
    pub x: Scale,
    /// What is told apart from the lower to the upper edge.
    pub y: Scale,
    /// Width and height of the `viewBox`, which begins at 0.
    pub view: [f64; 2],
}

impl Frame {
    fn of(window: &Window, area: &Area) -> Frame {
        let (width, height) = area.dim_in_pixel();
        Frame {
            left: f64::from(window.left),
            top: f64::from(window.top),
            right: f64::from(window.right),
            bottom: f64::from(window.bottom),
            x: window.x,
            y: window.y,
            view: [f64::from(width), f64::from(height)],
        }
    }
}

/// Draws a figure.
pub fn draw(figure: &Figure) -> Drawn {
    let drawing = match &figure.content {
        Content::Curves(curves) => curves::draw(curves),
        Content::Cells(cells) => cells::draw(cells),
        Content::Network(network) => network::draw(network),
        Content::Bars(bars) => bars::draw(bars),
    };
    // What the plotting crate refuses is a backend that fails, which `Infallible` excludes, one
    // that is in use, which is never handed out, and areas of no size, which are never made.
    let drawing = drawing.expect("a canvas that takes everything");
    Drawn {
        svg: drawing.svg(figure),
        frame: drawing.frame,
    }
}

/// What is drawn, before it is an SVG.
struct Drawing {
    elements: String,
    frame: Frame,
}

impl Drawing {
    /// Draws on a canvas of a size, in units.
    fn on(
        (width, height): (i32, i32),
        draw: impl FnOnce(&Area) -> Result<Frame, Refused>,
    ) -> Result<Drawing, Refused> {
        let size = (width.unsigned_abs(), height.unsigned_abs());
        let canvas = Rc::new(RefCell::new(Canvas::new(size)));
        let frame = draw(&Area::from(&canvas))?;
        let elements = canvas.replace(Canvas::new(size)).into_elements();
        Ok(Drawing { elements, frame })
    }

    fn svg(&self, figure: &Figure) -> String {
        let [width, height] = self.frame.view;
        let (points_wide, points_high) = (width / f64::from(POINT), height / f64::from(POINT));
        let is_kept = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let name: String = figure.name.chars().filter(is_kept).collect();
        let mut svg = String::with_capacity(self.elements.len() + 1000);
        // A string takes it all.
        let _ = writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{points_wide}\" height=\"{points_high}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-description\" \
             font-family=\"system-ui, sans-serif\" stroke-linejoin=\"round\">"
        );
        let parts = [
            ("title", "title", &figure.title),
            ("desc", "description", &figure.alternative),
        ];
        for (element, id, words) in parts {
            let _ = write!(svg, "<{element} id=\"{name}-{id}\">");
            text::escape(&mut svg, &text::clean(words));
            let _ = writeln!(svg, "</{element}>");
        }
        svg.push_str(&self.elements);
        svg.push_str("</svg>\n");
        svg
    }
}
