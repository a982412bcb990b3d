//! Reports: a page and figures out of results folders.
//!
//! Nothing is run and nothing of a run is known here but what its folder says. What a report says
//! is a [`Document`] of [`Figure`]s and tables first, all data ([`read`]); a figure is drawn as SVG
//! ([`draw`]), the whole as one HTML page that needs nothing else ([`page`]).

mod agents;
mod csv;
mod document;
mod draw;
mod error;
mod figure;
mod files;
mod history;
mod page;
mod percentiles;
mod results;
mod sections;
mod study;

pub use csv::{csv, links_csv};
pub use document::{Block, Cell, Document, Section, Table};
pub use draw::{Drawn, Frame, Scale, draw, palette};
pub use error::ReportError;
pub use figure::{Axis, Bars, Cells, Content, Curves, Figure, Network, Node, Series};
pub use files::write_figures;
pub use page::page;

use results::{Point, Results};
use std::path::{Path, PathBuf};
use study::Study;

/// Reads results folders, and says what they came to; several are set side by side.
///
/// # Errors
/// A folder that holds no results, or a file in it that cannot be read.
pub fn read(folders: &[PathBuf]) -> Result<Document, ReportError> {
    let results: Vec<Results> = folders
        .iter()
        .map(|folder| Results::read(folder))
        .collect::<Result<_, _>>()?;
    sections::document(&Study::new(&results))
}

/// Writes the page of a document into a folder, which is made where it is not there; the file
/// appears whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write_page(document: &Document, path: &Path) -> Result<(), ReportError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(ReportError::unwritten(folder))?;
    let page = page(document);
    crate::record::write_whole(path, page.as_bytes()).map_err(ReportError::unwritten(path))
}
