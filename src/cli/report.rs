//! `byzsim report`: a page, and figures, out of results folders.

use super::errors::complain;
use super::{FAILED, WRONG, text};
use crate::report::{self, ReportError};
use clap::Args;
use std::path::{Path, PathBuf};

/// Make a page, and perhaps figures, of results
#[derive(Args)]
pub(super) struct Report {
    /// Folders that `run` has written; several are set side by side
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The page [default: report.html in the folder, or here where there are several]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every figure into a folder too: NAME.svg, and its numbers as NAME.csv
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

impl Report {
    pub fn main(self) -> u8 {
        let page = self.out.clone().unwrap_or_else(|| match &self.folders[..] {
            [folder] => page_in(folder),
            _ => PathBuf::from(PAGE),
        });
        match self.write(&page) {
            Ok(true) => 0,
            Ok(false) => FAILED,
            Err(error @ (ReportError::NoResults(_) | ReportError::CutOff(_))) => {
                complain(&error.to_string());
                WRONG
            }
            Err(error) => {
                complain(&error.to_string());
                FAILED
            }
        }
    }

    /// Whether the report is of all that is done.
    fn write(&self, page: &Path) -> Result<bool, ReportError> {
        let document = report::read(&self.folders)?;
        report::write_page(&document, page)?;
        text::print(&format!("Report is in {}", page.display()));
        if let Some(folder) = &self.figures {
            let files = report::write_figures(&document, folder)?;
            text::print(&format!(
                "{} files of figures are in {}",
                files.len(),
                folder.display()
            ));
        }
        for damage in &document.damaged {
            complain(&format!(
                "{damage}; the report is without that run, and `resume` of the results folder runs it \
                 again"
            ));
        }
        Ok(document.damaged.is_empty())
    }
}

/// Writes the page on some results folders.
pub(super) fn write(folders: &[PathBuf], page: &Path) -> Result<(), ReportError> {
    let document = report::read(folders)?;
    report::write_page(&document, page)
}

const PAGE: &str = "report.html";

/// Where the page of a results folder is.
pub(super) fn page_in(folder: &Path) -> PathBuf {
    folder.join(PAGE)
}
