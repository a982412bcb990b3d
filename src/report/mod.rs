//! Reports: a page and figures out of results folders.
//!
//! Nothing is run and nothing of a run is known here but what its folder says. What a report says
//! is a [`Document`] of [`Figure`]s and tables first, all data; drawing it comes after.

mod document;
mod draw;
mod figure;
mod page;

pub use document::{Block, Cell, Document, Section, Table};
pub use draw::{Drawn, Frame, Scale, draw, palette};
pub use figure::{Axis, Bars, Cells, Content, Curves, Figure, Network, Node, Series};
pub use page::page;
