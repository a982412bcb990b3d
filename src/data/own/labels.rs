//! Classes as files name them: whole numbers from 0, or text.

use super::mistakes::Mistakes;
use super::{Labels, Places, Targets, whole};
use crate::delimited::shown;
use std::collections::BTreeSet;

/// The classes of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Classes {
    /// The numbers below this.
    Numbers(usize),
    /// Names, sorted: the first is class 0.
    Names(Vec<String>),
}

impl Classes {
    /// What they are called, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Classes::Numbers(count) => (0..*count).map(|class| class.to_string()).collect(),
            Classes::Names(names) => names.clone(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Classes::Numbers(count) => *count,
            Classes::Names(names) => names.len(),
        }
    }
}

/// The class of every row. Numbers go from 0 without gaps; names are sorted. Where classes are
/// `known`, rows have no others, though perhaps not all.
pub(super) fn classes(
    labels: &Labels,
    places: &Places,
    known: Option<&Classes>,
) -> Result<(Targets, Classes), Mistakes> {
    let (labels, classes) = match labels {
        Labels::Numbers(numbers) => numbered(numbers, places, known)?,
        Labels::Names(names) => named(names, places, known)?,
    };
    if classes.count() < 2 {
        return Err(Mistakes::one(format!(
            "{}: `y` is the same in all rows: let there be two classes or more",
            places.file()
        )));
    }
    let targets = Targets::Classes {
        labels,
        classes: classes.count(),
    };
    Ok((targets, classes))
}

fn numbered(
    values: &[f64],
    places: &Places,
    known: Option<&Classes>,
) -> Result<(Vec<u32>, Classes), Mistakes> {
    if let Some(Classes::Names(names)) = known {
        return Err(Mistakes::one(format!(
            "{} is a number, and the classes of `path` have names: {}",
            places.of("y", 0),
            listed(names)
        )));
    }
    let mut mistakes = Mistakes::default();
    let mut labels = Vec::with_capacity(values.len());
    for (row, &value) in values.iter().enumerate() {
        let label = whole(value);
        if label.is_none() {
            mistakes.add(|| {
                let place = places.of("y", row);
                let or_text = match places {
                    Places::Lines { .. } => ", or text",
                    Places::Rows { .. } => "",
                };
                format!("{place} is {value}: classes are whole numbers from 0{or_text}")
            });
        }
        labels.push(label.unwrap_or_default());
    }
    let labels = mistakes.or(labels)?;
    let count = match known {
        Some(known) => known.count(),
        None => gapless(&labels, places)?,
    };
    let mut mistakes = Mistakes::default();
    for (row, &label) in labels.iter().enumerate() {
        if label as usize >= count {
            mistakes.add(|| {
                let (place, last) = (places.of("y", row), count - 1);
                format!("{place} is {label}: the classes of `path` go from 0 to {last}")
            });
        }
    }
    mistakes.or((labels, Classes::Numbers(count)))
}

/// How many classes labels from 0 without gaps tell apart.
fn gapless(labels: &[u32], places: &Places) -> Result<usize, Mistakes> {
    let distinct: BTreeSet<u32> = labels.iter().copied().collect();
    let absent = (0..).zip(&distinct).find(|(class, label)| class != *label);
    match absent {
        None => Ok(distinct.len()),
        Some((class, &next)) => {
            let row = labels.iter().position(|&label| label == next);
            let place = places.of("y", row.unwrap_or_default());
            Err(Mistakes::one(format!(
                "{place} is {next}, and no row has {class}: let classes go from 0 without gaps"
            )))
        }
    }
}

fn named(
    names: &[String],
    places: &Places,
    known: Option<&Classes>,
) -> Result<(Vec<u32>, Classes), Mistakes> {
    let classes = match known {
        Some(Classes::Names(classes)) => classes.clone(),
        Some(Classes::Numbers(count)) => {
            return Err(Mistakes::one(format!(
                "{} is text, and the classes of `path` are numbers from 0 to {}",
                places.of("y", 0),
                count - 1
            )));
        }
        None => {
            let distinct: BTreeSet<&String> = names.iter().collect();
            distinct.into_iter().cloned().collect()
        }
    };
    let mut mistakes = Mistakes::default();
    let mut labels = Vec::with_capacity(names.len());
    for (row, name) in names.iter().enumerate() {
        let found = classes.binary_search(name);
        if found.is_err() {
            mistakes.add(|| {
                let (place, classes) = (places.of("y", row), listed(&classes));
                let name = shown(name);
                format!("{place} is `{name}`: the classes of `path` are {classes}")
            });
        }
        labels.push(found.unwrap_or_default() as u32);
    }
    mistakes.or((labels, Classes::Names(classes)))
}

/// Names in a sentence, the first few.
pub(super) fn listed(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(8)
        .map(|n| format!("`{}`", shown(n)))
        .collect();
    if names.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
