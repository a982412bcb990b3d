//! Reports: a page and figures out of results folders.
//!
//! Nothing is run and nothing of a run is known here but what its folder says. What a report says
//! is a [`Document`] of [`Figure`]s and tables first, all data; drawing it comes after.

mod agents;
mod columns;
mod document;
mod error;
mod figure;
mod history;
mod percentiles;
mod results;
mod sections;
mod study;

pub use document::{Block, Cell, Document, Section, Table};
pub use error::ReportError;
pub use figure::{Axis, Bars, Cells, Content, Curves, Figure, Network, Node, Series};
pub use results::{Point, Results};
pub use study::{Case, Study};
