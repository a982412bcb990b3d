//! The user's own rows, from a CSV or an NPZ file: what such a file holds, and what of it is a
//! mistake.
//!
//! A file says of each row its features, what a model shall say of it (`y`), and perhaps whose it is
//! (`agent`) and of which task group (`group`), by number or by name. How that is laid out in [`csv`] and in [`npz`] is
//! told there; from there on both are [`Raw`], with one set of checks.

mod columns;
mod csv;
mod ids;
mod labels;
mod mistakes;
mod npz;
mod precision;
#[cfg(test)]
mod tests;

use super::{DataError, Examples, FileDigest, Inputs, Shape, Targets};
use ids::Ids;
pub(crate) use ids::Numbered;
use labels::{Classes, classes};
use mistakes::Mistakes;
use std::collections::BTreeMap;
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

/// What becomes of missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    /// They are mistakes.
    #[default]
    Refuse,
    /// Their rows are left out.
    Drop,
    /// Features that are missing are NaN, for the task to fill in; others are mistakes.
    Mean,
}

/// How files are read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) wanted: Wanted,
    pub(crate) missing: Missing,
    /// The column of `y`, of the agent and of the group in a CSV file, where it has another name.
    pub(crate) target: Option<String>,
    pub(crate) agent_column: Option<String>,
    pub(crate) group_column: Option<String>,
}

impl Reading {
    /// Reads columns under their own names and refuses missing values.
    #[cfg(test)]
    pub(crate) fn of(wanted: Wanted) -> Reading {
        Reading {
            wanted,
            missing: Missing::Refuse,
            target: None,
            agent_column: None,
            group_column: None,
        }
    }

    /// The first key that names a column.
    fn named_column(&self) -> Option<&'static str> {
        let all = [
            ("target", &self.target),
            ("agent_column", &self.agent_column),
            ("group_column", &self.group_column),
        ];
        all.into_iter()
            .find_map(|(key, name)| name.as_ref().map(|_| key))
    }
}

/// A file's rows.
#[derive(Debug)]
pub(crate) struct OwnRows {
    /// Inputs and targets.
    pub(crate) examples: Arc<Examples>,
    /// Names of the features in their order; empty where the file has none.
    pub(crate) features: Vec<String>,
    /// What classes are called, in their order; empty where values are wanted.
    pub(crate) classes: Vec<String>,
    /// Whose each row is, where the file says so.
    pub(crate) agents: Option<Numbered>,
    /// The task group of each row, where the file says so.
    pub(crate) groups: Option<Numbered>,
    /// How many rows were left out, since a value is missing.
    pub(crate) dropped: usize,
    /// How many whole numbers of which columns 32 bits round.
    pub(crate) rounded: Vec<(String, usize)>,
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
    reading: &Reading,
) -> Result<OwnData, DataError> {
    let (train, known) = rows(path, PATH, reading, None)?;
    let test = match test_path {
        Some(test_path) => Some(rows(test_path, TEST_PATH, reading, Some(&known))?.0),
        None => None,
    };
    Ok(OwnData { train, test })
}

/// What the rows for test must have in common with those to learn from.
struct Known {
    shape: Shape,
    features: Vec<String>,
    /// The texts of columns of text.
    categories: BTreeMap<String, Vec<String>>,
    outputs: usize,
    classes: Option<Classes>,
    agents: Option<Numbered>,
    groups: Option<Numbered>,
}

/// The rows of the file that a key names, held against what is known already.
fn rows(
    path: &Path,
    key: &'static str,
    reading: &Reading,
    known: Option<&Known>,
) -> Result<(OwnRows, Known), DataError> {
    let name = path.display().to_string();
    let format = Format::of(path).ok_or_else(|| DataError::Unfit {
        key: vec!["task", key],
        message: format!("`{name}` is a name that ends in neither .csv nor .npz"),
        help: "name a CSV file or an NPZ file by its ending".to_owned(),
    })?;
    if format == Format::Npz
        && let Some(column) = reading.named_column()
    {
        return Err(DataError::Unfit {
            key: vec!["task", column],
            message: format!("`{name}` is an NPZ file, whose arrays have names of their own"),
            help: "remove the key, and call the arrays `x`, `y`, `agent` and `group`".to_owned(),
        });
    }
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
    checked(&name, &bytes, format, reading, known, digest).map_err(|mistakes| DataError::Unfit {
        key: vec!["task", key],
        message: mistakes.to_string(),
        help: format.layout().to_owned(),
    })
}

fn checked(
    name: &str,
    bytes: &[u8],
    format: Format,
    reading: &Reading,
    known: Option<&Known>,
    digest: FileDigest,
) -> Result<(OwnRows, Known), Mistakes> {
    let raw = match format {
        Format::Csv => csv::read(name, bytes, reading, known)?,
        Format::Npz => npz::read(name, bytes, reading)?,
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
    let same = known;
    let numbered = |column: &str, ids: Option<Ids>, known: Option<&Numbered>| {
        let number = |ids: Ids| {
            ids.numbered(known)
                .map_err(|row| unknown(column, row, &raw.places, known))
        };
        ids.map(number).transpose()
    };
    let of_agents = same.and_then(|known| known.agents.as_ref());
    let of_groups = same.and_then(|known| known.groups.as_ref());
    let agents = numbered("agent", raw.agents, of_agents)?;
    let groups = numbered("group", raw.groups, of_groups)?;
    let names = classes.as_ref().map(Classes::names).unwrap_or_default();
    let known = Known {
        shape: raw.shape,
        features: raw.features.clone(),
        categories: raw.categories,
        outputs: targets.outputs(),
        classes,
        agents: agents.clone(),
        groups: groups.clone(),
    };
    let rows = OwnRows {
        examples: Arc::new(Examples::new(raw.shape, raw.inputs, targets)),
        features: raw.features,
        classes: names,
        agents,
        groups,
        dropped: raw.dropped,
        rounded: raw.rounded,
        places: raw.places,
        digest,
    };
    Ok((rows, known))
}

/// A row whose agent or group is none that `path` has.
fn unknown(column: &str, row: usize, places: &Places, known: Option<&Numbered>) -> Mistakes {
    let place = places.of(column, row);
    let right = match known.and_then(|known| known.names.as_ref()) {
        Some(names) => format!("`path` has {}", labels::listed(names)),
        None => "`path` has numbers".to_owned(),
    };
    Mistakes::one(format!("{place} has none of the file at `path`: {right}"))
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
/// values are finite, but for inputs that are missing (NaN); nothing else of `y` is checked.
#[derive(Debug)]
struct Raw {
    shape: Shape,
    /// Names of the features in their order; empty where the file has none.
    features: Vec<String>,
    /// The texts of columns of text, each of which is a feature.
    categories: BTreeMap<String, Vec<String>>,
    inputs: Inputs,
    y: RawTargets,
    agents: Option<Ids>,
    groups: Option<Ids>,
    dropped: usize,
    rounded: Vec<(String, usize)>,
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

impl Labels {
    /// Those of the rows that are kept.
    fn of_rows(&self, kept: &[usize]) -> Labels {
        match self {
            Labels::Numbers(all) => Labels::Numbers(kept.iter().map(|&row| all[row]).collect()),
            Labels::Names(all) => Labels::Names(kept.iter().map(|&row| all[row].clone()).collect()),
        }
    }
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
