//! Bars made of parts.

use super::axis::Ruler;
use super::canvas::{Area, Look, POINT, Refused, Stroke, Words};
use super::curves::given;
use super::legend::{Legend, SAMPLE};
use super::names::SIZE as NUMBER_SIZE;
use super::palette::{PAPER, SERIES, on, series as color};
use super::plane::{Plane, TICK_SIZE};
use super::scale::Scale;
use super::text;
use super::trace::Window;
use super::{Drawing, Frame, WIDTH};
use crate::report::Bars;
use plotters::element::Rectangle;
use plotters::style::Color as _;
use plotters_backend::text_anchor::{HPos, VPos};

/// The height of a bar with the gap below it, in units, and of all bars at most.
const ROW: f64 = 220.0;
const HIGHEST: f64 = 4600.0;
/// The share of a row that a bar fills.
const FILLED: f64 = 0.72;
/// The greatest width of a bar's name, in units.
const WIDEST_NAME: f64 = 1600.0;
const STRIPE: usize = 40;

/// Draws bars.
pub(super) fn draw(bars: &Bars) -> Result<Drawing, Refused> {
    let count = bars.bars.len().max(1);
    let row = (HIGHEST / count as f64).min(ROW);
    let legend = Legend::new(
        bars.parts
            .iter()
            .map(String::as_str)
            .filter(|_| bars.parts.len() > 1),
    );
    let mut rows = Ruler::blank(Scale::linear(count as f64, 0.0));
    let stride = (TICK_SIZE * 1.05 / row).ceil().max(1.0) as usize;
    for (k, (name, _)) in bars.bars.iter().enumerate().step_by(stride) {
        rows.ticks
            .push((k as f64 + 0.5, text::fit(name, WIDEST_NAME / TICK_SIZE)));
    }
    let plane = Plane {
        x: Ruler::new(&bars.axis, scale(bars), 6),
        y: rows,
        x_label: &bars.axis.label,
        y_label: "",
        has_rows: false,
        top: legend.height + 6 * POINT,
        right: 8 * POINT,
    };
    let height = plane.top + (row * count as f64) as i32 + plane.below();
    Drawing::on((WIDTH, height), |area| {
        let window = plane.draw(area)?;
        for (k, (_, lengths)) in bars.bars.iter().enumerate() {
            draw_bar(area, &window, k, count, lengths)?;
        }
        legend.draw(area, |part, (x, y)| {
            draw_part(
                area,
                part,
                [(x, y - 6 * POINT), (x + SAMPLE, y + 6 * POINT)],
            )
        })?;
        Ok(Frame::of(&window, area))
    })
}

/// What counts of a length: nothing that is negative or not known.
fn counted(length: f64) -> f64 {
    if length > 0.0 {
        length.min(f64::MAX)
    } else {
        0.0
    }
}

/// From 0 to the longest bar, where the axis does not say it. Shares of a whole have no ratios:
/// the scale is never logarithmic.
fn scale(bars: &Bars) -> Scale {
    let linear = crate::report::Axis {
        is_log: false,
        ..bars.axis.clone()
    };
    given(&linear).unwrap_or_else(|| {
        let sum = |lengths: &Vec<f64>| lengths.iter().map(|l| counted(*l)).sum::<f64>();
        let longest = bars
            .bars
            .iter()
            .map(|(_, lengths)| sum(lengths))
            .fold(0.0, f64::max);
        let to = if longest < 1e-280 {
            1.0
        } else {
            longest.min(f64::MAX)
        };
        Scale::linear(0.0, to)
    })
}

fn draw_bar(
    area: &Area,
    window: &Window,
    bar: usize,
    of: usize,
    lengths: &[f64],
) -> Result<(), Refused> {
    let high = f64::from(window.bottom - window.top) / of as f64;
    let top = f64::from(window.top) + high * (bar as f64 + (1.0 - FILLED) / 2.0);
    let (top, bottom) = (top.round() as i32, (top + high * FILLED).round() as i32);
    let wide = f64::from(window.right - window.left);
    let place = |v: f64| window.left + (window.x.place(v).clamp(0.0, 1.0) * wide).round() as i32;
    let mut from = 0.0;
    for (part, length) in lengths.iter().enumerate() {
        let to = counted(from + counted(*length));
        let (left, right) = (place(from), place(to));
        from = to;
        if left == right {
            continue;
        }
        draw_part(area, part, [(left, top), (right, bottom)])?;
        let label = text::number(*length, 3);
        let size = NUMBER_SIZE.min(f64::from(bottom - top) * 0.8).round();
        let is_plain = part < SERIES.len();
        if is_plain && text::width(&label) * size < f64::from(right - left) * 0.85 {
            area.draw(&Words {
                text: &label,
                at: ((left + right) / 2, (top + bottom) / 2),
                angle: 0.0,
                look: Look {
                    size,
                    color: on(color(part)),
                    across: HPos::Center,
                    up: VPos::Center,
                },
            })?;
        }
    }
    Ok(())
}

/// A part, set off from its neighbors. Parts beyond the number of colors are striped.
fn draw_part(area: &Area, part: usize, corners: [(i32, i32); 2]) -> Result<(), Refused> {
    area.draw(&Rectangle::new(corners, color(part).rgb().filled()))?;
    let [(left, top), (right, bottom)] = corners;
    let line = |x: i32, width: u32| {
        area.draw(&Stroke {
            points: &[(x, top), (x, bottom)],
            color: PAPER,
            width,
            dashes: "",
        })
    };
    if (part / SERIES.len()) % 2 == 1 {
        for x in (left..right).step_by(STRIPE).skip(1) {
            line(x, 14)?;
        }
    }
    line(right, 8)
}
