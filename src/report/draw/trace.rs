//! A series as it is seen: two places in a column of a point's width, cut at the edges.

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
    /// The ends of its error bars, upper ones first.
    pub(super) error_bars: Vec<[Point; 2]>,
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
        trace.end_piece(&mut piece, None, window);
        trace.bands = bands(series, window);
        trace.error_bars = error_bars(series, window);
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
        self.end_piece(piece, Some(spot), window);
    }

    /// Ends a piece where it is, or at a spot that is none of its values.
    fn end_piece(&mut self, piece: &mut Vec<Spot>, end: Option<Spot>, window: &Window) {
        let seen = piece.iter().filter(|s| window.is_up(s[1]));
        self.points.extend(seen.map(|s| window.point(*s)));
        let mut kept = thin(piece);
        kept.extend(end);
        self.lines.extend(cut(&kept, window));
        piece.clear();
    }
}

/// Keeps of each column of a point's width what is seen: the lowest and the highest spot.
fn thin(spots: &[Spot]) -> Vec<Spot> {
    let mut kept = Vec::new();
    for run in spots.chunk_by(|a, b| column(a) == column(b)) {
        if run.len() <= 2 {
            kept.extend_from_slice(run);
            continue;
        }
        let (mut lowest, mut highest) = (0, run.len() - 1);
        for (k, spot) in run.iter().enumerate() {
            if spot[1] > run[lowest][1] {
                lowest = k;
            }
            if spot[1] < run[highest][1] {
                highest = k;
            }
        }
        kept.extend([lowest.min(highest), lowest.max(highest)].map(|k| run[k]));
    }
    kept
}

/// The number of a spot's column.
fn column(spot: &Spot) -> f64 {
    (spot[0] / f64::from(POINT)).floor()
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

/// The error bars that are seen, as far as they are.
fn error_bars(series: &Series, window: &Window) -> Vec<[Point; 2]> {
    let Some([low, high]) = &series.interval else {
        return Vec::new();
    };
    let ends = series.x.iter().zip(low.iter().zip(high));
    let seen = ends.filter_map(|(x, (low, high))| {
        let across = window.across(*x);
        let has_place = window.x.holds(*x) && window.is_across(across) && window.y.holds(*high);
        // On a log axis an end at or below 0 lies at the bottom.
        let lower = match window.y.holds(*low) {
            true => window.up(*low),
            false if low.is_nan() => return None,
            false => f64::from(window.bottom),
        };
        let upper = window.up(*high);
        let is_seen = upper <= f64::from(window.bottom) && lower >= f64::from(window.top);
        (has_place && is_seen).then(|| [upper, lower].map(|up| window.point([across, up])))
    });
    seen.collect()
}

/// What two lines enclose; they begin anew.
fn outline(upper: &mut Vec<Spot>, lower: &mut Vec<Spot>, window: &Window) -> Option<Vec<Point>> {
    let (upper, lower) = (std::mem::take(upper), std::mem::take(lower));
    let highest = envelope(&upper, |a, b| a < b);
    let lowest = envelope(&lower, |a, b| a > b);
    let around = highest.into_iter().chain(lowest.into_iter().rev());
    (upper.len() > 1).then(|| around.map(|s| window.point(s)).collect())
}

/// One spot per two columns: the one that goes farthest. Bands are faint, and most of what a
/// drawing is made of.
fn envelope(spots: &[Spot], goes_farther: impl Fn(f64, f64) -> bool) -> Vec<Spot> {
    let pair = |spot: &Spot| (column(spot) / 2.0).floor();
    let runs = spots.chunk_by(|a, b| pair(a) == pair(b));
    let farthest = runs.filter_map(|run| {
        let better = |a: Spot, b: &Spot| if goes_farther(b[1], a[1]) { *b } else { a };
        let first = *run.first()?;
        Some(run.iter().fold(first, better))
    });
    farthest.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten points from 0 to 10 in both directions.
    fn window(is_log: bool) -> Window {
        let y = Scale {
            from: if is_log { 0.1 } else { 0.0 },
            to: 10.0,
            is_log,
        };
        Window {
            left: 0,
            top: 0,
            right: 100,
            bottom: 100,
            x: Scale::linear(0.0, 10.0),
            y,
        }
    }

    fn trace(y: &[f64], is_log: bool) -> Trace {
        banded(y, None, is_log)
    }

    fn banded(y: &[f64], band: Option<[Vec<f64>; 2]>, is_log: bool) -> Trace {
        let series = Series {
            label: String::new(),
            color: 0,
            x: (0..y.len()).map(|x| x as f64).collect(),
            y: y.to_vec(),
            band,
            interval: None,
            has_points: false,
        };
        Trace::of(&series, &window(is_log))
    }

    #[test]
    fn a_line_goes_on_over_what_is_not_known() {
        let trace = trace(&[1.0, f64::NAN, 3.0], false);
        assert_eq!(trace.lines, [[(0, 90), (20, 70)]]);
    }

    #[test]
    fn a_line_that_diverges_ends_at_the_upper_edge_and_may_begin_anew() {
        let infinity = f64::INFINITY;
        let trace = trace(&[5.0, infinity, infinity, 5.0, 6.0], false);
        assert_eq!(trace.lines, [[(0, 50), (10, 0)], [(30, 50), (40, 40)]]);
        assert_eq!(trace.diverged, [((10, 0), true)]);
        assert_eq!(trace.points, [(0, 50), (30, 50), (40, 40)]);
    }

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        let trace = trace(&[5.0, 15.0, 5.0], false);
        assert_eq!(trace.lines, [[(0, 50), (5, 0)], [(15, 0), (20, 50)]]);
        assert_eq!(trace.diverged, []);
    }

    #[test]
    fn a_log_axis_leaves_out_what_is_not_above_0() {
        let trace = trace(&[10.0, 0.0, -1.0, 0.1], true);
        assert_eq!(trace.lines, [[(0, 0), (30, 100)]]);
    }

    #[test]
    fn a_band_reaches_the_edge_where_its_end_has_no_place() {
        let nan = f64::NAN;
        let band = [vec![0.0, nan, 0.1], vec![1.0, nan, f64::INFINITY]];
        let trace = banded(&[0.5, nan, 0.5], Some(band), true);
        assert_eq!(trace.bands, [[(0, 50), (20, 0), (20, 100), (0, 100)]]);
    }

    #[test]
    fn a_band_ends_where_only_it_is_not_known() {
        let nan = f64::NAN;
        let (low, high) = (vec![1.0, 1.0, nan, 1.0, 1.0], vec![2.0; 5]);
        let known = banded(&[1.5; 5], Some([low.clone(), high.clone()]), false);
        assert_eq!(known.bands.len(), 2);
        let not_evaluated = banded(&[1.5, 1.5, nan, 1.5, 1.5], Some([low, high]), false);
        assert_eq!(not_evaluated.bands.len(), 1);
    }

    #[test]
    fn of_many_points_all_that_is_seen_is_kept() {
        let count = 100_000;
        let x: Vec<f64> = (0..count).map(|k| k as f64 * 10.0 / count as f64).collect();
        let mut y: Vec<f64> = (0..count).map(|k| 5.0 + (k % 7) as f64 * 0.1).collect();
        (y[12_345], y[67_890]) = (9.0, 1.0);
        let series = Series {
            label: String::new(),
            color: 0,
            band: Some([y.clone(), y.clone()]),
            x,
            y,
            interval: None,
            has_points: false,
        };
        let trace = Trace::of(&series, &window(false));
        let line = &trace.lines[0];
        assert!(line.len() <= 24, "{} points", line.len());
        assert!(line.contains(&(12, 10)), "the highest value is seen");
        assert!(line.contains(&(68, 90)), "the lowest value is seen");
        let band = &trace.bands[0];
        assert!(band.len() <= 24, "{} points", band.len());
        assert!(band.contains(&(12, 10)) && band.contains(&(68, 90)));
    }
}
