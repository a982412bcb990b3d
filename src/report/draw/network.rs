//! Agents and the links between them.

use super::canvas::{Area, EDGE, POINT, Refused, Stroke};
use super::legend::{Legend, SAMPLE};
use super::palette::{BYZANTINE, Color, FAINT, LINK, PAPER, SERIES, on, series};
use super::scale::Scale;
use super::trace::{Point, Window};
use super::{Drawing, Frame, WIDTH};
use crate::report::{Network, Node};
use plotters::element::{Circle, Rectangle};
use plotters::style::Color as _;

/// The least and the greatest height, in units.
const HEIGHTS: [f64; 2] = [2000.0, 4200.0];
/// Of more links only some are drawn: nobody sees them single.
const MOST_LINKS: usize = 3000;
/// More groups than this are not named above the drawing.
const MOST_GROUPS: usize = 16;

/// Draws a network.
pub(super) fn draw(network: &Network) -> Result<Drawing, Refused> {
    let has_byzantine = network.nodes.iter().any(|node| node.is_byzantine);
    let has_groups = (2..=MOST_GROUPS).contains(&network.groups.len());
    let groups = network
        .groups
        .iter()
        .map(String::as_str)
        .filter(|_| has_groups);
    let named = if has_groups { network.groups.len() } else { 0 };
    let legend = Legend::new(groups.chain(has_byzantine.then_some("Byzantine")));
    let radius = radius(network.nodes.len());
    let window = window(network, EDGE + 2 * radius, legend.height);
    Drawing::on((WIDTH, window.bottom), |area| {
        let points: Vec<_> = network
            .nodes
            .iter()
            .map(|node| point(node, &window))
            .collect();
        draw_links(area, network, &points)?;
        // Byzantine agents last, so that none is hidden.
        for is_byzantine in [false, true] {
            let drawn = network.nodes.iter().zip(&points);
            for (node, point) in drawn.filter(|(node, _)| node.is_byzantine == is_byzantine) {
                if let Some(point) = point {
                    Glyph::of(node.group, is_byzantine).draw(area, *point, radius)?;
                }
            }
        }
        legend.draw(area, |number, (x, y)| {
            let mut glyph = Glyph::of(number, number >= named);
            if glyph.is_byzantine {
                glyph.color = FAINT; // of whichever group
            }
            glyph.draw(area, (x + SAMPLE - 8 * POINT, y), 5 * POINT)
        })?;
        Ok(Frame::of(&window, area))
    })
}

/// The radius of nodes, in units.
fn radius(nodes: usize) -> i32 {
    (520.0 / (nodes.max(1) as f64).sqrt()).clamp(15.0, 70.0) as i32
}

/// All places with some room around them, a unit being as long to the right as up.
fn window(network: &Network, room: i32, top: i32) -> Window {
    let ends = |k: usize| {
        let places = network
            .nodes
            .iter()
            .map(|node| node.place)
            .filter(|p| is_somewhere(*p));
        places.map(|p| p[k]).fold(None, |ends, v| {
            let (least, greatest) = ends.unwrap_or((v, v));
            Some((v.min(least), v.max(greatest)))
        })
    };
    let (x, y) = (ends(0).unwrap_or((0.0, 0.0)), ends(1).unwrap_or((0.0, 0.0)));
    let middle = |(least, greatest): (f64, f64)| least / 2.0 + greatest / 2.0;
    let half = |(least, greatest): (f64, f64)| greatest / 2.0 - least / 2.0;
    // Places may be one but for rounding.
    let least = (middle(x).abs().max(middle(y).abs()) * 1e-6).max(1e-280);
    let (mut across, mut up) = (half(x).max(least), half(y).max(least));
    if half(x).max(half(y)) < least {
        (across, up) = (across.max(1.0), up.max(1.0));
    }
    let width = f64::from(WIDTH - 2 * room);
    let height = (width * (up / across)).clamp(HEIGHTS[0], HEIGHTS[1]);
    let half_per_unit = (across / width).max(up / height);
    let scale = |middle: f64, length: f64| {
        let half = half_per_unit * length;
        Scale::linear((middle - half).max(f64::MIN), (middle + half).min(f64::MAX))
    };
    let edge = f64::from(2 * room);
    Window {
        left: 0,
        top,
        right: WIDTH,
        bottom: top + (height + edge) as i32,
        x: scale(middle(x), width + edge),
        y: scale(middle(y), height + edge),
    }
}

fn is_somewhere(place: [f64; 2]) -> bool {
    place.iter().all(|v| v.is_finite())
}

/// Where a node stands on the canvas.
fn point(node: &Node, window: &Window) -> Option<Point> {
    if !is_somewhere(node.place) {
        return None;
    }
    let [x, y] = node.place;
    let across = window.x.place(x) * f64::from(window.right - window.left);
    let up = window.y.place(y) * f64::from(window.bottom - window.top);
    Some((
        window.left + across.round() as i32,
        window.bottom - up.round() as i32,
    ))
}

fn draw_links(area: &Area, network: &Network, points: &[Option<Point>]) -> Result<(), Refused> {
    let stride = network.links.len().div_ceil(MOST_LINKS).max(1);
    let width = if network.links.len() > 300 { 4 } else { 6 };
    for [from, to] in network.links.iter().step_by(stride) {
        let end = |at: usize| points.get(at).copied().flatten();
        if let (Some(from), Some(to)) = (end(*from), end(*to)) {
            area.draw(&Stroke {
                points: &[from, to],
                color: LINK,
                width,
                dashes: "",
            })?;
        }
    }
    Ok(())
}

/// What an agent looks like: a normal one is round, a Byzantine one a square with a cross.
struct Glyph {
    color: Color,
    /// Of groups beyond the number of colors.
    is_ring: bool,
    is_byzantine: bool,
}

impl Glyph {
    fn of(group: usize, is_byzantine: bool) -> Glyph {
        Glyph {
            color: series(group),
            is_ring: (group / SERIES.len()) % 2 == 1,
            is_byzantine,
        }
    }

    fn draw(&self, area: &Area, (x, y): Point, radius: i32) -> Result<(), Refused> {
        let filled = self.color.rgb().filled();
        let paper = PAPER.rgb().filled();
        if self.is_byzantine {
            let square = |half: i32| [(x - half, y - half), (x + half, y + half)];
            area.draw(&Rectangle::new(
                square(radius + 12),
                BYZANTINE.rgb().filled(),
            ))?;
            area.draw(&Rectangle::new(square(radius - 2), filled))?;
            for rise in [-1, 1] {
                let arm = radius - 2;
                area.draw(&Stroke {
                    points: &[(x - arm, y - rise * arm), (x + arm, y + rise * arm)],
                    color: on(self.color),
                    width: (radius as u32 / 3).max(6),
                    dashes: "",
                })?;
            }
            return Ok(());
        }
        area.draw(&Circle::new((x, y), radius + 6, paper))?;
        area.draw(&Circle::new((x, y), radius, filled))?;
        if self.is_ring {
            area.draw(&Circle::new((x, y), radius / 2, paper))?;
        }
        Ok(())
    }
}
