//! The figures of a report as files: pictures for papers, numbers for other programs.

use super::csv::{csv, links_csv};
use super::draw::draw;
use super::{Block, Content, Document, Figure, ReportError};
use crate::record::write_whole;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes every figure of a document into a folder, which is made where it is not there: as
/// `NAME.svg` and, its numbers, `NAME.csv`; the links of a network as `NAME-links.csv`. Figures of
/// the same name are numbered: `NAME-2`. A file appears whole or not at all.
///
/// Returns the files, in the order of the figures.
///
/// # Errors
/// [`ReportError::Unwritten`] names the file or folder at fault; those before it are written.
pub fn write_figures(document: &Document, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::unwritten(folder))?;
    let mut written = Vec::new();
    let mut names = Names::default();
    for figure in figures(document) {
        let name = names.claim(figure);
        let links = links_csv(figure).map(|links| (format!("{name}-links.csv"), links));
        let files = [
            (format!("{name}.svg"), draw(figure).svg),
            (format!("{name}.csv"), csv(figure)),
        ];
        for (name, text) in files.into_iter().chain(links) {
            let path = folder.join(name);
            write_whole(&path, text.as_bytes()).map_err(ReportError::unwritten(&path))?;
            written.push(path);
        }
    }
    Ok(written)
}

/// The figures of a document, in order.
fn figures(document: &Document) -> impl Iterator<Item = &Figure> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    blocks.flat_map(|block| match block {
        Block::Figures(figures) => &figures[..],
        _ => &[],
    })
}

/// Names of files that are taken, as file systems see them that know no capitals.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// A name that no other figure has.
    fn claim(&mut self, figure: &Figure) -> String {
        let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        // No file system takes longer names.
        let own: String = figure.name.chars().map(legal).take(200).collect();
        let own = if own.is_empty() {
            "figure".to_owned()
        } else {
            own
        };
        let numbered = (2..).map(|number| format!("{own}-{number}"));
        let mut candidates = std::iter::once(own.clone()).chain(numbered);
        let stems = |name: &str| {
            let has_links = matches!(figure.content, Content::Network(_));
            let links = has_links.then(|| format!("{name}-links"));
            let stems = std::iter::once(name.to_owned()).chain(links);
            stems
                .map(|stem| stem.to_ascii_lowercase())
                .collect::<Vec<_>>()
        };
        let is_free = |name: &String| stems(name).iter().all(|stem| !self.0.contains(stem));
        let name = candidates.find(is_free).unwrap_or(own); // there are endlessly many
        self.0.extend(stems(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Bars, Network, Section};

    fn document(names: &[&str], content: &Content) -> Document {
        let figure = |name: &&str| Figure {
            name: (*name).to_owned(),
            title: String::new(),
            caption: String::new(),
            alternative: String::new(),
            content: content.clone(),
        };
        Document {
            title: String::new(),
            damaged: Vec::new(),
            sections: vec![Section {
                heading: String::new(),
                blocks: vec![
                    Block::Text("no figure".to_owned()),
                    Block::Figures(names.iter().map(figure).collect()),
                ],
            }],
        }
    }

    fn bars() -> Content {
        Content::Bars(Bars {
            axis: Default::default(),
            parts: Vec::new(),
            bars: Vec::new(),
        })
    }

    fn network() -> Content {
        Content::Network(Network {
            nodes: Vec::new(),
            links: Vec::new(),
            groups: Vec::new(),
        })
    }

    fn written(names: &[&str], content: &Content) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("new").join("figures");
        let files = write_figures(&document(names, content), &folder).expect("written");
        let name = |path: &PathBuf| {
            assert!(path.is_file(), "{}", path.display());
            let name = path.file_name().expect("a name");
            name.to_string_lossy().into_owned()
        };
        files.iter().map(name).collect()
    }

    #[test]
    fn every_figure_is_a_picture_and_its_numbers() {
        let files = written(&["loss", "accuracy"], &bars());
        assert_eq!(
            files,
            ["loss.svg", "loss.csv", "accuracy.svg", "accuracy.csv"]
        );
        let files = written(&["network"], &network());
        assert_eq!(files, ["network.svg", "network.csv", "network-links.csv"]);
    }

    #[test]
    fn no_file_overwrites_another() {
        let files = written(&["a", "A", "a-2", "a", "", "../up"], &bars());
        let pictures: Vec<_> = files.iter().filter(|name| name.ends_with("svg")).collect();
        let names = [
            "a.svg",
            "A-2.svg",
            "a-2-2.svg",
            "a-3.svg",
            "figure.svg",
            "---up.svg",
        ];
        assert_eq!(pictures, names.iter().collect::<Vec<_>>());
        let files = written(&["net", "net-links"], &network());
        assert_eq!(files[3..5], ["net-links-2.svg", "net-links-2.csv"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = write_figures(&document(&[], &bars()), file.path()).expect_err("a file");
        let message = error.to_string();
        let expected = format!("cannot write {}: ", file.path().display());
        assert!(message.starts_with(&expected), "{message}");
    }
}
