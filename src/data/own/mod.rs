//! The user's own rows, from a CSV or an NPZ file: what such a file holds, and what of it is a
//! mistake.
//!
//! A file says of each row its features, what a model shall say of it (`y`), and perhaps whose it is
//! (`agent`) and of which task group (`group`). How that is laid out in [`csv`] and in [`npz`] is
//! told there; from there on both are [`Raw`], with one set of checks.

mod csv;
mod labels;
mod mistakes;
mod npz;
#[cfg(test)]
mod tests;

use super::{DataError, Examples, FileDigest, Inputs, Shape, Targets};
use labels::{Classes, classes};
use mistakes::Mistakes;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

/// What a model shall say of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One of some classes.
    Class,
    /// One number or several.
    Values,
}

/// A file's rows.
#[derive(Debug)]
pub(crate) struct OwnRows {
    /// Inputs and targets.
    pub(crate) examples: Arc<Examples>,
    /// Names of the features in their order; empty where the file has none.
    pub(crate) features: Vec<String>,
    /// Whose each row is, shape `[rows]`, where the file says so.
    pub(crate) agents: Option<Vec<u32>>,
    /// The task group of each row, shape `[rows]`, where the file says so.
    pub(crate) groups: Option<Vec<u32>>,
    /// Where rows stand, for messages.
    pub(crate) places: Places,
    /// The file's hash, under the name of the key that names it: a run is called by what a file
    /// holds, not by what the file is called.
    pub(crate) digest: FileDigest,
}

/// Rows to learn from, and rows of the same kind to be tested on.
#[derive(Debug)]
pub(crate) struct OwnData {
    /// Rows to learn from, at least one.
    pub(crate) train: OwnRows,
    /// Rows to be tested on, at least one, where there is a file of them.
    pub(crate) test: Option<OwnRows>,
}

/// The key of a task that names the file of rows.
pub(crate) const PATH: &str = "path";
/// The key of a task that names the file of rows for test.
pub(crate) const TEST_PATH: &str = "test_path";

/// Reads the rows of `path`, and those of `test_path`, which have the same features and, where
/// classes are wanted, no others.
///
/// # Errors
/// [`DataError::Unfit`] at `task.path` or `task.test_path`: the first mistakes of the file with
/// their places, and what the file must hold.
pub(crate) fn read(
    path: &Path,
    test_path: Option<&Path>,
    wanted: Wanted,
) -> Result<OwnData, DataError> {
    let (train, known) = rows(path, PATH, wanted, None)?;
    let test = match test_path {
        Some(test_path) => Some(rows(test_path, TEST_PATH, wanted, Some(&known))?.0),
        None => None,
    };
    Ok(OwnData { train, test })
}

/// What the rows for test must have in common with those to learn from.
struct Known {
    shape: Shape,
    features: Vec<String>,
    outputs: usize,
    classes: Option<Classes>,
}

/// The rows of the file that a key names, held against what is known already.
fn rows(
    path: &Path,
    key: &'static str,
    wanted: Wanted,
    known: Option<&Known>,
) -> Result<(OwnRows, Known), DataError> {
    let name = path.display().to_string();
    let format = Format::of(path).ok_or_else(|| DataError::Unfit {
        key: vec!["task", key],
        message: format!("`{name}` is a name that ends in neither .csv nor .npz"),
        help: "name a CSV file or an NPZ file by its ending".to_owned(),
    })?;
    let bytes = crate::files::read(path).map_err(|error| DataError::Unfit {
        key: vec!["task", key],
        message: format!("cannot read the rows in {name}: {error}"),
        help: format!(
            "name a file, relative to the scenario file, and {}",
            format.layout()
        ),
    })?;
    let digest = FileDigest {
        name: key.to_owned(),
        ..FileDigest::of(path, &bytes)
    };
    checked(&name, &bytes, format, wanted, known, digest).map_err(|mistakes| DataError::Unfit {
        key: vec!["task", key],
        message: mistakes.to_string(),
        help: format.layout().to_owned(),
    })
}

fn checked(
    name: &str,
    bytes: &[u8],
    format: Format,
    wanted: Wanted,
    known: Option<&Known>,
    digest: FileDigest,
) -> Result<(OwnRows, Known), Mistakes> {
    let raw = match format {
        Format::Csv => csv::read(name, bytes, wanted)?,
        Format::Npz => npz::read(name, bytes, wanted)?,
    };
    if raw.rows() > u32::MAX as usize {
        return Err(Mistakes::one(format!(
            "{name} has more than {} rows: let it have fewer",
            u32::MAX
        )));
    }
    if let Some(known) = known {
        raw.matches(name, known)?;
    }
    let (targets, classes) = match raw.y {
        RawTargets::Classes(labels) => {
            let known = known.and_then(|known| known.classes.as_ref());
            let (targets, classes) = classes(&labels, &raw.places, known)?;
            (targets, Some(classes))
        }
        RawTargets::Values { values, outputs } => {
            let values = values.into_iter().map(|value| value as f32).collect();
            (Targets::Values { values, outputs }, None)
        }
    };
    let known = Known {
        shape: raw.shape,
        features: raw.features.clone(),
        outputs: targets.outputs(),
        classes,
    };
    let rows = OwnRows {
        examples: Arc::new(Examples::new(raw.shape, raw.inputs, targets)),
        features: raw.features,
        agents: raw.agents,
        groups: raw.groups,
        places: raw.places,
        digest,
    };
    Ok((rows, known))
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Npz,
}

impl Format {
    /// By the ending of the file's name.
    fn of(path: &Path) -> Option<Format> {
        let ending = path.extension().and_then(OsStr::to_str)?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "npz" => Some(Format::Npz),
            _ => None,
        }
    }

    /// What a file must hold.
    fn layout(self) -> &'static str {
        match self {
            Format::Csv => csv::LAYOUT,
            Format::Npz => npz::LAYOUT,
        }
    }
}

/// What a file holds, whatever its format: at least one row, with at least one feature. Inputs and
/// values are finite; nothing else of `y` is checked.
#[derive(Debug)]
struct Raw {
    shape: Shape,
    /// Names of the features in their order; empty where the file has none.
    features: Vec<String>,
    inputs: Inputs,
    y: RawTargets,
    agents: Option<Vec<u32>>,
    groups: Option<Vec<u32>>,
    places: Places,
}

/// What a file says of each row: classes where these are wanted, otherwise values.
#[derive(Debug)]
enum RawTargets {
    Classes(Labels),
    /// Shape `[rows × outputs]`, at least one output.
    Values {
        values: Vec<f64>,
        outputs: usize,
    },
}

/// Classes as a file names them, shape `[rows]`.
#[derive(Debug)]
enum Labels {
    Numbers(Vec<f64>),
    Names(Vec<String>),
}

impl Raw {
    fn rows(&self) -> usize {
        match &self.y {
            RawTargets::Classes(Labels::Numbers(numbers)) => numbers.len(),
            RawTargets::Classes(Labels::Names(names)) => names.len(),
            RawTargets::Values { values, outputs } => values.len() / outputs,
        }
    }

    /// Whether the rows are of the kind of those that are known.
    fn matches(&self, name: &str, known: &Known) -> Result<(), Mistakes> {
        if self.shape != known.shape {
            return Err(Mistakes::one(format!(
                "{name} has inputs of shape {}, and those of `path` have {}",
                self.shape, known.shape
            )));
        }
        let named = self.features.iter().zip(&known.features);
        if let Some((own, other)) = named.into_iter().find(|(own, other)| own != other) {
            return Err(Mistakes::one(format!(
                "{name} has the feature `{own}` where `path` has `{other}`: both have the same \
                 features in the same order"
            )));
        }
        match &self.y {
            RawTargets::Values { outputs, .. } if *outputs != known.outputs => {
                Err(Mistakes::one(format!(
                    "{name} has {outputs} values of `y` in a row, and `path` has {}",
                    known.outputs
                )))
            }
            _ => Ok(()),
        }
    }
}

/// Where the rows of a file stand.
#[derive(Debug)]
pub(crate) enum Places {
    /// Lines of a CSV file, from 1.
    Lines {
        /// The file.
        file: String,
        /// Shape `[rows]`.
        lines: Vec<u32>,
    },
    /// Rows of an NPZ file's arrays, from 0.
    Rows {
        /// The file.
        file: String,
    },
}

impl Places {
    /// A row of a column, or of an array.
    pub(crate) fn of(&self, column: &str, row: usize) -> String {
        match self {
            Places::Lines { file, lines } => format!("{file}:{}: `{column}`", lines[row]),
            Places::Rows { file } => format!("{file}: `{column}[{row}]`"),
        }
    }

    /// The file.
    pub(crate) fn file(&self) -> &str {
        match self {
            Places::Lines { file, .. } | Places::Rows { file } => file,
        }
    }
}

/// Agents and groups are whole numbers below this: statistics keep one bit of a group for
/// themselves.
const MOST: u32 = (1 << 31) - 1;

/// A whole number up to [`MOST`].
fn whole(number: f64) -> Option<u32> {
    let is_whole = number >= 0.0 && number <= f64::from(MOST) && number.fract() == 0.0;
    is_whole.then_some(number as u32)
}

/// Whether 32 bits can hold a number.
fn fits(number: f64) -> bool {
    (number as f32).is_finite()
}
