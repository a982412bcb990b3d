//! Lines with bands along a common axis.

use super::axis::Ruler;
use super::canvas::{Area, POINT, Refused, Stroke};
use super::legend::{Legend, SAMPLE};
use super::marks::Marks;
use super::palette::{dashes, series as color};
use super::plane::Plane;
use super::scale::Scale;
use super::trace::{Point, Trace};
use super::{Drawing, Frame, WIDTH};
use crate::report::{Axis, Curves, Series};
use plotters::element::{Circle, Polygon, Rectangle};
use plotters::style::Color as _;

/// The height of the data's rectangle with the axis below it, in units.
const HEIGHT: i32 = 310 * POINT;
/// Room at the right, in units.
const RIGHT: i32 = 8 * POINT;
const MOST_TICKS: usize = 6;
const LINE: u32 = 16;
const ERROR_BAR: u32 = 10;
/// Half the width of the caps of error bars, in units.
const CAP: i32 = 4 * POINT;
const BAND_OPACITY: f64 = 0.18;

/// Draws curves.
pub(super) fn draw(curves: &Curves) -> Result<Drawing, Refused> {
    let labels = curves.series.iter().map(|s| s.label.as_str());
    let has_legend = curves.series.iter().any(|s| !s.label.is_empty());
    let legend = Legend::new(labels.filter(|_| has_legend));
    let x = x_scale(curves);
    // No ticks between things that are counted.
    let mut places = curves.series.iter().flat_map(|s| &s.x);
    let most = match places.all(|x| x.fract() == 0.0) {
        true => (x.to - x.from).clamp(1.0, MOST_TICKS as f64) as usize,
        false => MOST_TICKS,
    };
    let mut plane = Plane {
        x: Ruler::new(&curves.x, x, most),
        y: Ruler::new(&curves.y, y_scale(curves), MOST_TICKS),
        x_label: &curves.x.label,
        y_label: &curves.y.label,
        has_rows: true,
        top: 0,
        right: RIGHT,
    };
    let marks = Marks::new(&curves.marks, &plane.x.scale, plane.across(WIDTH));
    plane.top = legend.height + 6 * POINT + marks.height();
    Drawing::on((WIDTH, plane.top + HEIGHT), |area| {
        let window = plane.draw(area)?;
        marks.draw(area, &window)?;
        let traces: Vec<Trace> = curves
            .series
            .iter()
            .map(|s| Trace::of(s, &window))
            .collect();
        for (series, trace) in curves.series.iter().zip(&traces) {
            for band in &trace.bands {
                let style = color(series.color).rgb().mix(BAND_OPACITY).filled();
                area.draw(&Polygon::new(band.clone(), style))?;
            }
        }
        for (series, trace) in curves.series.iter().zip(&traces) {
            draw_line(area, series, trace)?;
            draw_error_bars(area, series, trace)?;
        }
        legend.draw(area, |number, at| {
            draw_sample(area, &curves.series[number], at)
        })?;
        Ok(Frame::of(&window, area))
    })
}

/// From the first to the last place where something is known.
fn x_scale(curves: &Curves) -> Scale {
    let of_series = |s: &'_ Series| -> Vec<f64> {
        let known = s.x.iter().zip(&s.y).filter(|(_, y)| !y.is_nan());
        known.map(|(x, _)| *x).collect()
    };
    let values = curves.series.iter().flat_map(of_series);
    given(&curves.x).unwrap_or_else(|| Scale::around(values, curves.x.is_log, 0.0))
}

/// A line has diverged that is so many times greater than any began.
const DIVERGED: f64 = 1e6;

/// What lines and bands reach. Lines that diverge go out at the top instead of pressing all others
/// to the bottom.
fn y_scale(curves: &Curves) -> Scale {
    if let Some(scale) = given(&curves.y) {
        return scale;
    }
    let is_log = curves.y.is_log;
    let firsts = curves
        .series
        .iter()
        .filter_map(|s| s.y.iter().find(|y| y.is_finite()));
    let most = firsts.fold(0.0, |most: f64, y| most.max(y.abs())) * DIVERGED;
    let diverges = |s: &&Series| s.y.iter().any(|y| y.abs() > most && most > 0.0);
    let some_stay = !curves.series.iter().all(|s| diverges(&s));
    let shown = curves.series.iter().filter(|s| !(some_stay && diverges(s)));
    let lines = shown.clone().flat_map(|s| &s.y).copied();
    // A band widens a log axis by two powers of ten at most: its least value may be next to 0.
    let core = Scale::around(lines.clone(), is_log, 0.0);
    let bands = shown.flat_map(|s| [&s.band, &s.interval]).flatten();
    let bands = bands.flatten().flatten();
    let near = |v: f64| {
        if is_log {
            v.clamp(core.from / 100.0, core.to * 100.0)
        } else {
            v
        }
    };
    let bands = bands.filter(|v| v.is_finite()).map(|v| near(*v));
    Scale::around(lines.chain(bands), is_log, 0.04)
}

/// The scale an axis asks for, where it is one.
pub(super) fn given(axis: &Axis) -> Option<Scale> {
    let [from, to] = axis.range?;
    let scale = Scale {
        from,
        to,
        is_log: axis.is_log,
    };
    let middle = scale.place(from / 2.0 + to / 2.0);
    (from < to && scale.holds(from) && scale.holds(to) && middle.is_finite()).then_some(scale)
}

fn draw_line(area: &Area, series: &Series, trace: &Trace) -> Result<(), Refused> {
    let color = color(series.color);
    for points in &trace.lines {
        area.draw(&Stroke {
            points,
            color,
            width: LINE,
            dashes: dashes(series.color),
        })?;
    }
    for ((x, y), is_upward) in &trace.diverged {
        let down = if *is_upward { 9 * POINT } else { -9 * POINT };
        let tip = vec![(*x, *y), (x - 45, y + down), (x + 45, y + down)];
        area.draw(&Polygon::new(tip, color.rgb().filled()))?;
    }
    // A lone value has no line to be seen by.
    if series.has_points || (trace.lines.is_empty() && trace.diverged.is_empty()) {
        for point in &trace.points {
            draw_point(area, series, *point)?;
        }
    }
    Ok(())
}

fn draw_error_bars(area: &Area, series: &Series, trace: &Trace) -> Result<(), Refused> {
    let stroke = |points: &[Point]| {
        area.draw(&Stroke {
            points,
            color: color(series.color),
            width: ERROR_BAR,
            dashes: "",
        })
    };
    for [upper, lower] in &trace.error_bars {
        stroke(&[*upper, *lower])?;
        for (x, y) in [*upper, *lower] {
            stroke(&[(x - CAP, y), (x + CAP, y)])?;
        }
    }
    Ok(())
}

fn draw_point(area: &Area, series: &Series, (x, y): Point) -> Result<(), Refused> {
    let style = color(series.color).rgb().filled();
    match series.color % 4 {
        0 => area.draw(&Circle::new((x, y), 30, style)),
        1 => area.draw(&Rectangle::new([(x - 27, y - 27), (x + 27, y + 27)], style)),
        2 => {
            let corners = vec![(x, y - 36), (x + 34, y + 24), (x - 34, y + 24)];
            area.draw(&Polygon::new(corners, style))
        }
        _ => {
            let corners = vec![(x, y - 38), (x + 38, y), (x, y + 38), (x - 38, y)];
            area.draw(&Polygon::new(corners, style))
        }
    }
}

fn draw_sample(area: &Area, series: &Series, (x, y): Point) -> Result<(), Refused> {
    let color = color(series.color);
    if series.band.is_some() {
        let corners = [(x, y - 5 * POINT), (x + SAMPLE, y + 5 * POINT)];
        let style = color.rgb().mix(BAND_OPACITY).filled();
        area.draw(&Rectangle::new(corners, style))?;
    }
    area.draw(&Stroke {
        points: &[(x, y), (x + SAMPLE, y)],
        color,
        width: LINE,
        dashes: dashes(series.color),
    })?;
    if series.has_points {
        draw_point(area, series, (x + SAMPLE / 2, y))?;
    }
    Ok(())
}
