//! A series as it is seen: at most a few points per point of width, cut at the edges.

use super::canvas::POINT;
use super::scale::Scale;
use crate::report::Series;

/// The rectangle that data is drawn in, in units, with its scales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

/// A place in units, before rounding.
type Spot = [f64; 2];

/// A place on the canvas.
pub(super) type Point = (i32, i32);

impl Window {
    fn across(&self, x: f64) -> f64 {
        f64::from(self.left) + self.x.place(x) * f64::from(self.right - self.left)
    }

    /// From below, since values are told so. What is far outside is taken nearer, where nobody
    /// sees the difference.
    fn up(&self, y: f64) -> f64 {
        let place = self.y.place(y).clamp(-100.0, 100.0);
        f64::from(self.bottom) - place * f64::from(self.bottom - self.top)
    }

    fn spot(&self, x: f64, y: f64) -> Option<Spot> {
        let has_place = self.x.holds(x) && self.y.holds(y);
        let spot = [self.across(x.clamp(f64::MIN, f64::MAX)), self.up(y)];
        (has_place && self.is_across(spot[0])).then_some(spot)
    }

    fn is_across(&self, across: f64) -> bool {
        (f64::from(self.left) - 0.5..=f64::from(self.right) + 0.5).contains(&across)
    }

    fn is_up(&self, up: f64) -> bool {
        (f64::from(self.top) - 0.5..=f64::from(self.bottom) + 0.5).contains(&up)
    }

    fn point(&self, spot: Spot) -> Point {
        let across = (spot[0].round() as i32).clamp(self.left, self.right);
        (
            across,
            (spot[1].round() as i32).clamp(self.top, self.bottom),
        )
    }
}

/// What is drawn of a series.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Trace {
    /// Its line, in pieces where it leaves the window.
    pub(super) lines: Vec<Vec<Point>>,
    /// Where it diverges, at an edge; whether upward.
    pub(super) diverged: Vec<(Point, bool)>,
    /// Its single values.
    pub(super) points: Vec<Point>,
    /// The outlines of its band.
    pub(super) bands: Vec<Vec<Point>>,
}

impl Trace {
    /// What is seen of a series in a window.
    pub(super) fn of(series: &Series, window: &Window) -> Trace {
        let mut trace = Trace::default();
        let mut piece: Vec<Spot> = Vec::new();
        for (x, y) in series.x.iter().zip(&series.y) {
            if let Some(spot) = window.spot(*x, *y) {
                piece.push(spot);
            } else if y.is_infinite() && window.x.holds(*x) {
                trace.diverge(&mut piece, *x, *y > 0.0, window);
            }
        }
        trace.end_piece(&mut piece, window);
        trace.bands = bands(series, window);
        trace
    }

    /// Ends a piece at an edge; a value that has diverged before says nothing more.
    fn diverge(&mut self, piece: &mut Vec<Spot>, x: f64, is_upward: bool, window: &Window) {
        let is_first = self.lines.is_empty() && self.diverged.is_empty();
        if piece.is_empty() && !is_first {
            return;
        }
        let across = window.across(x);
        if !window.is_across(across) {
            return;
        }
        let edge = if is_upward { window.top } else { window.bottom };
        let spot = [across, f64::from(edge)];
        self.diverged.push((window.point(spot), is_upward));
        if !piece.is_empty() {
            piece.push(spot);
            self.end_piece(piece, window);
        }
    }

    fn end_piece(&mut self, piece: &mut Vec<Spot>, window: &Window) {
        let seen = piece.iter().filter(|s| window.is_up(s[1]));
        self.points.extend(seen.map(|s| window.point(*s)));
        self.lines.extend(cut(&thin(piece), window));
        piece.clear();
    }
}

/// Keeps of each column of a point's width what is seen: where the line enters it, its lowest and
/// highest spot, where it leaves.
fn thin(spots: &[Spot]) -> Vec<Spot> {
    let column = |s: &Spot| (s[0] / f64::from(POINT)).floor();
    let mut kept = Vec::new();
    for run in spots.chunk_by(|a, b| column(a) == column(b)) {
        if run.len() <= 4 {
            kept.extend_from_slice(run);
            continue;
        }
        let mut chosen = [0, 0, 0, run.len() - 1];
        for (k, spot) in run.iter().enumerate() {
            if spot[1] < run[chosen[1]][1] {
                chosen[1] = k;
            }
            if spot[1] > run[chosen[2]][1] {
                chosen[2] = k;
            }
        }
        chosen.sort_unstable();
        kept.extend(chosen.map(|k| run[k]));
    }
    kept
}

/// The pieces of a line within the window.
fn cut(spots: &[Spot], window: &Window) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = Vec::new();
    for pair in spots.windows(2) {
        let Some([a, b]) = clip(pair[0], pair[1], window) else {
            continue;
        };
        let (a, b) = (window.point(a), window.point(b));
        if piece.last() != Some(&a) {
            pieces.push(std::mem::replace(&mut piece, vec![a]));
        }
        if a != b {
            piece.push(b);
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of a straight line between the upper and the lower edge.
fn clip(a: Spot, b: Spot, window: &Window) -> Option<[Spot; 2]> {
    let (top, bottom) = (f64::from(window.top), f64::from(window.bottom));
    let at = |edge: f64| {
        let share = (edge - a[1]) / (b[1] - a[1]);
        [a[0] + share * (b[0] - a[0]), edge]
    };
    let within = |spot: Spot, other: Spot| {
        if spot[1] < top {
            (other[1] > top).then(|| at(top))
        } else if spot[1] > bottom {
            (other[1] < bottom).then(|| at(bottom))
        } else {
            Some(spot)
        }
    };
    Some([within(a, b)?, within(b, a)?])
}

/// The outlines of a band: the highest upper and the lowest lower end in each column.
fn bands(series: &Series, window: &Window) -> Vec<Vec<Point>> {
    let Some([low, high]) = &series.band else {
        return Vec::new();
    };
    // An end without a place lies at the edge: 0 on a log axis, infinity.
    let end = |value: f64, edge: i32| {
        if window.y.holds(value) {
            window.up(value)
        } else {
            f64::from(edge)
        }
    };
    let mut outlines = Vec::new();
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    for (((x, y), low), high) in series.x.iter().zip(&series.y).zip(low).zip(high) {
        let across = window.across(*x);
        if low.is_nan() || high.is_nan() {
            // Like the line, a band goes on over what is not known; it ends where only it is not.
            if !y.is_nan() {
                outlines.extend(outline(&mut upper, &mut lower, window));
            }
        } else if window.x.holds(*x) && window.is_across(across) {
            let edge = if *low == f64::INFINITY {
                window.top
            } else {
                window.bottom
            };
            lower.push([across, end(*low, edge)]);
            let edge = if *high == f64::INFINITY {
                window.top
            } else {
                window.bottom
            };
            upper.push([across, end(*high, edge)]);
        }
    }
    outlines.extend(outline(&mut upper, &mut lower, window));
    outlines
}

/// What two lines enclose; they begin anew.
fn outline(upper: &mut Vec<Spot>, lower: &mut Vec<Spot>, window: &Window) -> Option<Vec<Point>> {
    let (upper, lower) = (std::mem::take(upper), std::mem::take(lower));
    let highest = envelope(&upper, |a, b| a < b);
    let lowest = envelope(&lower, |a, b| a > b);
    let around = highest.into_iter().chain(lowest.into_iter().rev());
    (upper.len() > 1).then(|| around.map(|s| window.point(s)).collect())
}

/// One spot per column: the one that goes farthest.
fn envelope(spots: &[Spot], goes_farther: impl Fn(f64, f64) -> bool) -> Vec<Spot> {
    let column = |s: &Spot| (s[0] / f64::from(POINT)).floor();
    let runs = spots.chunk_by(|a, b| column(a) == column(b));
    let farthest = runs.filter_map(|run| {
        let better = |a: Spot, b: &Spot| if goes_farther(b[1], a[1]) { *b } else { a };
        let first = *run.first()?;
        Some(run.iter().fold(first, better))
    });
    farthest.collect()
}
