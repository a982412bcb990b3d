//! What a report says, in order, before it is a page.

use super::figure::Figure;
use crate::units::short;
use std::fmt;

/// A report.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its title: the scenario's name.
    pub title: String,
    /// Its sections, in order.
    pub sections: Vec<Section>,
    /// What is damaged of runs that were done, a sentence each: the report is without them.
    pub damaged: Vec<String>,
}

/// A part of a report under a heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading below that of the section: what the next blocks are about.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Names and what they are.
    Facts(Vec<(String, String)>),
    /// Figures that belong together, side by side where there is room.
    Figures(Vec<Figure>),
    /// Numbers by row and column.
    Table(Table),
    /// A text as it stands in a file, folded away under a name.
    Listing(String, String),
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it holds, in a sentence.
    pub caption: String,
    /// Headers of the columns, each with what it means; empty where the header says it.
    pub columns: Vec<(String, String)>,
    /// Its rows, a cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether rows can be sorted by a column.
    pub is_sortable: bool,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A word.
    Text(String),
    /// A number, which may be infinite. Shown in few characters, and whole under the pointer.
    Number(f64),
    /// The least and the greatest of several numbers.
    Range(f64, f64),
    /// Nothing: the quantity does not exist.
    Missing,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Text(text) => f.write_str(text),
            Cell::Number(x) => f.write_str(&short(*x)),
            Cell::Range(least, greatest) => write!(f, "{}–{}", short(*least), short(*greatest)),
            Cell::Missing => f.write_str("–"),
        }
    }
}
