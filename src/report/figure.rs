//! What a figure shows, as data. It is drawn from this, written as CSV from this, and asked for
//! values under the pointer from this.

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its file's name, without an ending: letters, digits, `-`.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// What is drawn, in a sentence or two.
    pub caption: String,
    /// What is to be seen in it, with its numbers, for who does not see it.
    pub alternative: String,
    /// What it shows.
    pub content: Content,
}

/// What a figure shows.
#[derive(Clone, Debug)]
pub enum Content {
    /// Quantities along an axis.
    Curves(Curves),
    /// Numbers by row and column.
    Cells(Cells),
    /// Who sends to whom.
    Network(Network),
    /// Shares of wholes.
    Bars(Bars),
}

/// Lines with bands along a common axis.
#[derive(Clone, Debug)]
pub struct Curves {
    /// What is told apart along the figure.
    pub x: Axis,
    /// The quantity.
    pub y: Axis,
    /// One line each, in the order of the legend.
    pub series: Vec<Series>,
    /// Moments to mark, with what happens there: an attack begins.
    pub marks: Vec<(f64, String)>,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// The quantity, with its unit in brackets where it has one.
    pub label: String,
    /// Whether equal distances are equal ratios. What is not above 0 is not drawn then.
    pub is_log: bool,
    /// Least and greatest value; `None` where the data says it.
    pub range: Option<[f64; 2]>,
    /// Values that are marked, each with its label; none where the drawing chooses.
    pub ticks: Vec<(f64, String)>,
}

/// A line, with a band around it.
#[derive(Clone, Debug)]
pub struct Series {
    /// For the legend.
    pub label: String,
    /// Number of its color, the same for the same thing in all figures of a report.
    pub color: usize,
    /// Where it is known, ascending.
    pub x: Vec<f64>,
    /// Its values, by `x`. NaN: not known there, the line goes on beyond it; infinite: diverged.
    pub y: Vec<f64>,
    /// Lower and upper end of its band, by `x`; NaN: none there.
    pub band: Option<[Vec<f64>; 2]>,
    /// Lower and upper end of an interval about each value, by `x`, drawn as an error bar; NaN: none
    /// there.
    pub interval: Option<[Vec<f64>; 2]>,
    /// Whether single values are marked: there are few of them.
    pub has_points: bool,
}

/// Numbers by row and column, as colors.
#[derive(Clone, Debug)]
pub struct Cells {
    /// What the rows are: `receiver`.
    pub row_label: String,
    /// What the columns are.
    pub column_label: String,
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// Names of the columns, from the left.
    pub columns: Vec<String>,
    /// Row after row, `[rows × columns]`. NaN: nothing there; infinite: diverged.
    pub values: Vec<f64>,
    /// What the numbers are, with their unit; and whether their colors tell ratios.
    pub scale: Axis,
    /// Rows before which a line parts groups, ascending.
    pub row_breaks: Vec<usize>,
    /// Columns before which a line parts groups.
    pub column_breaks: Vec<usize>,
    /// Whether each number stands in its cell: there are few.
    pub has_numbers: bool,
}

/// Agents and the links between them.
#[derive(Clone, Debug)]
pub struct Network {
    /// The agents.
    pub nodes: Vec<Node>,
    /// Pairs of positions in `nodes`, each link once.
    pub links: Vec<[usize; 2]>,
    /// Names of the groups, by their number; a group's color is its number.
    pub groups: Vec<String>,
}

/// An agent of a network.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is called, with what there is to tell of it: `agent 7, group 2, Byzantine`.
    pub label: String,
    /// Where it stands, in units that are equal in both directions; up is positive.
    pub place: [f64; 2],
    /// Its group.
    pub group: usize,
    /// Whether it is Byzantine: marked by shape, not by color alone.
    pub is_byzantine: bool,
}

/// Bars made of parts.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What lengths are.
    pub axis: Axis,
    /// Names of the parts, in the order in which they follow each other in a bar.
    pub parts: Vec<String>,
    /// Each bar's name and the lengths of its parts.
    pub bars: Vec<(String, Vec<f64>)>,
}
