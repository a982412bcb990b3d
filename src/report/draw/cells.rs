//! Numbers by row and column, as colors.

use super::canvas::{Area, EDGE, Look, POINT, Refused, Stroke, Words};
use super::color_bar::ColorBar;
use super::curves::given;
use super::legend::{Legend, SAMPLE};
use super::names::Names;
use super::palette::{DIVERGED, FAINT, GRID, INK, LEVELS, ON_LIGHT, PAPER, level, on};
use super::plane::LABEL_SIZE;
use super::scale::Scale;
use super::text;
use super::trace::Window;
use super::{Drawing, Frame, WIDTH};
use crate::report::Cells;
use plotters::element::Rectangle;
use plotters::style::Color as _;
use plotters_backend::text_anchor::{HPos, VPos};

/// The least and the greatest width of a drawing, in units.
const NARROWEST: i32 = 240 * POINT;
const WIDEST: i32 = 1000 * POINT;
/// The greatest height of all cells, in units.
const HIGHEST: f64 = 4600.0;
/// More rows or columns than this are drawn several in one: nobody sees them single.
const MOST: usize = 150;
/// The size of numbers in cells, in units.
const NUMBER_SIZE: f64 = 95.0;
/// The share of a cell's width that its number may fill.
const FILLED: f64 = 0.92;
/// Lengths of the color bar, in units.
const SHORTEST_BAR: i32 = 100 * POINT;
const LONGEST_BAR: i32 = 240 * POINT;
/// What stays free below the color bar: half a label.
const BELOW_BAR: i32 = EDGE + 6 * POINT;
/// Between cells and color bar, in units.
const GAP: i32 = 14 * POINT;

/// Draws cells.
pub(super) fn draw(cells: &Cells) -> Result<Drawing, Refused> {
    let grid = Grid::new(cells);
    let scale =
        given(&cells.scale).unwrap_or_else(|| Scale::around_most(&grid.values, cells.scale.is_log));
    let bar = ColorBar::new(&cells.scale, scale, &grid.values);
    let has_diverged = grid.values.iter().any(|v| v.is_infinite());
    let legend = Legend::new(["diverged"].into_iter().filter(|_| has_diverged));
    let (rows, columns) = (
        Names::new(cells.rows.iter()),
        Names::new(cells.columns.iter()),
    );
    let room = |label: &str| {
        if label.is_empty() {
            0
        } else {
            (1.4 * LABEL_SIZE) as i32
        }
    };

    // What is left for cells, as high as they are wide where rows and columns are the same things.
    let right = EDGE + bar.width() + GAP;
    let counts = [grid.rows.max(1) as f64, grid.columns.max(1) as f64];
    let mut left = EDGE + room(&cells.row_label) + rows.beside();
    let fitting = |left: i32| f64::from(WIDTH - left - right) / counts[1];
    left = left.max(EDGE + columns.before(fitting(left)));
    let [mut height, mut width] = if cells.has_numbers {
        // Two digits are read, if the drawing becomes wider by them.
        let most = f64::from(WIDEST - left - right) / counts[1];
        let needed = grid.widest_number(2) / FILLED;
        [210.0, fitting(left).max(needed.min(most)).min(800.0)]
    } else {
        [fitting(left).min(300.0), fitting(left).min(400.0)]
    };
    height = height.min(HIGHEST / counts[0]);
    if cells.rows == cells.columns && !cells.has_numbers {
        width = width.min(height);
    }
    let top = legend.height + 2 * EDGE;
    let window = Window {
        left,
        top,
        right: left + (width * counts[1]).round() as i32,
        bottom: top + (height * counts[0]).round() as i32,
        x: Scale::linear(0.0, cells.columns.len().max(1) as f64),
        y: Scale::linear(cells.rows.len().max(1) as f64, 0.0),
    };
    // Names are of all rows and columns, however many share a cell.
    let row = height * counts[0] / cells.rows.len().max(1) as f64;
    let column = width * counts[1] / cells.columns.len().max(1) as f64;
    let below = columns.below(column) + room(&cells.column_label) + EDGE;
    let right = window.right + GAP + bar.width() + EDGE;
    // However few cells, their color bar is long enough for its labels.
    let height = (window.bottom + below).max(window.top + SHORTEST_BAR + BELOW_BAR);
    Drawing::on((right.max(NARROWEST), height), |area| {
        grid.draw(area, &window, &scale, cells.has_numbers)?;
        draw_breaks(area, cells, &window)?;
        let edges = [(window.left, window.top), (window.right, window.bottom)];
        area.draw(&Rectangle::new(edges, FAINT.rgb().stroke_width(6)))?;
        rows.draw_beside(area, (window.left, window.top), row)?;
        columns.draw_below(area, (window.left, window.bottom), column)?;
        draw_labels(area, cells, &window)?;
        let high = (window.bottom - window.top).clamp(SHORTEST_BAR, LONGEST_BAR);
        let end = (window.top + high).min(height - BELOW_BAR);
        bar.draw(area, window.right + GAP, (window.top, end))?;
        legend.draw(area, |_, (x, y)| {
            let cell = [
                (x + SAMPLE - 12 * POINT, y - 6 * POINT),
                (x + SAMPLE, y + 6 * POINT),
            ];
            draw_diverged(area, &[cell])
        })?;
        Ok(Frame::of(&window, area))
    })
}

fn draw_labels(area: &Area, cells: &Cells, window: &Window) -> Result<(), Refused> {
    let (_, height) = area.dim_in_pixel();
    let look = |up| Look {
        size: LABEL_SIZE,
        color: INK,
        across: HPos::Center,
        up,
    };
    let long = |from: i32, to: i32| f64::from(to - from) / LABEL_SIZE;
    let middle = (window.left + window.right) / 2;
    area.draw(&Words {
        text: &text::fit(&cells.column_label, long(0, 2 * middle)),
        at: (middle, height as i32 - EDGE),
        angle: 0.0,
        look: look(VPos::Bottom),
    })?;
    area.draw(&Words {
        text: &text::fit(&cells.row_label, long(window.top, window.bottom).max(8.0)),
        at: (EDGE, (window.top + window.bottom) / 2),
        angle: -90.0,
        look: look(VPos::Top),
    })
}

/// Lines between groups.
fn draw_breaks(area: &Area, cells: &Cells, window: &Window) -> Result<(), Refused> {
    let place = |from: i32, to: i32, at: usize, of: usize| {
        from + (f64::from(to - from) * at as f64 / of as f64).round() as i32
    };
    // Between blank cells the paper would not show.
    let is_sparse = cells.values.iter().any(|x| x.is_nan());
    let (color, width) = if is_sparse { (FAINT, 6) } else { (PAPER, 18) };
    let line = |from, to| {
        area.draw(&Stroke {
            points: &[from, to],
            color,
            width,
            dashes: "",
        })
    };
    let (rows, columns) = (cells.rows.len(), cells.columns.len());
    for at in cells.row_breaks.iter().filter(|at| **at > 0 && **at < rows) {
        let y = place(window.top, window.bottom, *at, rows);
        line((window.left, y), (window.right, y))?;
    }
    for at in cells
        .column_breaks
        .iter()
        .filter(|at| **at > 0 && **at < columns)
    {
        let x = place(window.left, window.right, *at, columns);
        line((x, window.top), (x, window.bottom))?;
    }
    Ok(())
}

/// Corners of a rectangle: upper left, lower right.
type Corners = [(i32, i32); 2];

/// Cells without a number: gray, crossed by a line.
fn draw_diverged(area: &Area, cells: &[Corners]) -> Result<(), Refused> {
    for corners in cells {
        area.draw(&Rectangle::new(*corners, DIVERGED.rgb().filled()))?;
    }
    for [(left, top), (right, bottom)] in cells {
        area.draw(&Stroke {
            points: &[(*left, *bottom), (*right, *top)],
            color: ON_LIGHT,
            width: 7,
            dashes: "",
        })?;
    }
    Ok(())
}

/// The values as they are drawn.
struct Grid {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Grid {
    /// Of several values that share a cell, the greatest is drawn.
    fn new(cells: &Cells) -> Grid {
        let (rows, columns) = (cells.rows.len(), cells.columns.len());
        let mut grid = Grid {
            rows: rows.min(MOST),
            columns: columns.min(MOST),
            values: vec![f64::NAN; rows.min(MOST) * columns.min(MOST)],
        };
        let share = |at: usize, of: usize| at * of.min(MOST) / of;
        for (k, value) in cells.values.iter().take(rows * columns).enumerate() {
            let (row, column) = (share(k / columns, rows), share(k % columns, columns));
            let place = &mut grid.values[row * grid.columns + column];
            *place = place.max(*value); // of a number and NaN, the number
        }
        grid
    }

    fn draw(
        &self,
        area: &Area,
        window: &Window,
        scale: &Scale,
        has_numbers: bool,
    ) -> Result<(), Refused> {
        let mut by_level: Vec<Vec<Corners>> = vec![Vec::new(); LEVELS];
        let mut diverged = Vec::new();
        let mut zeros = Vec::new();
        for row in 0..self.rows {
            let values = &self.values[row * self.columns..][..self.columns];
            let mut column = 0;
            // Neighbors of one level become one rectangle.
            for run in values
                .chunk_by(|a, b| shade(*a, scale).is_some_and(|l| shade(*b, scale) == Some(l)))
            {
                let corners = [
                    self.corner(window, row, column),
                    self.corner(window, row + 1, column + run.len()),
                ];
                match shade(run[0], scale) {
                    Some(Shade::Level(level)) => by_level[level].push(corners),
                    Some(Shade::Zero) => zeros.push(corners),
                    Some(Shade::Diverged) => {
                        diverged.extend((column..column + run.len()).map(|c| {
                            [
                                self.corner(window, row, c),
                                self.corner(window, row + 1, c + 1),
                            ]
                        }));
                    }
                    None => {}
                }
                column += run.len();
            }
        }
        for corners in zeros {
            area.draw(&Rectangle::new(corners, GRID.rgb().filled()))?;
        }
        for (number, cells) in by_level.iter().enumerate() {
            for corners in cells {
                area.draw(&Rectangle::new(*corners, level(number).rgb().filled()))?;
            }
        }
        if has_numbers {
            for corners in &diverged {
                area.draw(&Rectangle::new(*corners, DIVERGED.rgb().filled()))?;
            }
        } else {
            draw_diverged(area, &diverged)?;
        }
        if has_numbers {
            self.draw_numbers(area, window, scale)?;
        }
        Ok(())
    }

    fn corner(&self, window: &Window, row: usize, column: usize) -> (i32, i32) {
        let part = |from: i32, to: i32, at: usize, of: usize| {
            from + (f64::from(to - from) * at as f64 / of as f64).round() as i32
        };
        (
            part(window.left, window.right, column, self.columns),
            part(window.top, window.bottom, row, self.rows),
        )
    }

    /// The width of the widest number with so many digits, in units.
    fn widest_number(&self, digits: usize) -> f64 {
        let widths = self
            .values
            .iter()
            .map(|v| text::width(&text::number(*v, digits)));
        widths.fold(0.0, f64::max) * NUMBER_SIZE
    }

    /// Numbers with as many digits as all of them have room for; none where its cell is too small.
    fn draw_numbers(&self, area: &Area, window: &Window, scale: &Scale) -> Result<(), Refused> {
        let one = |from: i32, to: i32, of: usize| f64::from(to - from) / of.max(1) as f64;
        let most = one(window.left, window.right, self.columns) * (FILLED + 0.01);
        let size = NUMBER_SIZE
            .min(one(window.top, window.bottom, self.rows) * 0.8)
            .round();
        let fits = |digits: &usize| self.widest_number(*digits) <= most;
        let digits = [3, 2].into_iter().find(fits).unwrap_or(1);
        for (k, value) in self.values.iter().enumerate() {
            let (row, column) = (k / self.columns, k % self.columns);
            let (left, top) = self.corner(window, row, column);
            let (right, bottom) = self.corner(window, row + 1, column + 1);
            let color = match shade(*value, scale) {
                Some(Shade::Level(number)) => on(level(number)),
                Some(Shade::Diverged) => ON_LIGHT,
                Some(Shade::Zero) | None => INK,
            };
            let text = text::number(*value, digits);
            if text::width(&text) * NUMBER_SIZE > most {
                continue;
            }
            area.draw(&Words {
                text: &text,
                at: ((left + right) / 2, (top + bottom) / 2),
                angle: 0.0,
                look: Look {
                    size,
                    color,
                    across: HPos::Center,
                    up: VPos::Center,
                },
            })?;
        }
        Ok(())
    }
}

/// How a value is colored.
#[derive(Clone, Copy, PartialEq)]
enum Shade {
    Level(usize),
    /// Nothing at all, of what begins there: told apart from little, and not as loud.
    Zero,
    Diverged,
}

/// None where nothing is drawn: no number, or one that a log scale does not hold.
fn shade(value: f64, scale: &Scale) -> Option<Shade> {
    if value.is_infinite() {
        return Some(Shade::Diverged);
    }
    if value == 0.0 && scale.from == 0.0 {
        return Some(Shade::Zero);
    }
    let place = scale
        .holds(value)
        .then(|| scale.place(value).clamp(0.0, 1.0))?;
    Some(Shade::Level((place * (LEVELS - 1) as f64).round() as usize))
}
