//! Whose rows are, and of which task group: numbers from 0, or names.

use std::collections::BTreeSet;

/// An agent or a group of each row, shape `[rows]`.
#[derive(Clone, Debug)]
pub(super) enum Ids {
    Numbers(Vec<u32>),
    Names(Vec<String>),
}

/// Agents or groups by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// That of each row, shape `[rows]`.
    pub(crate) of_rows: Vec<u32>,
    /// What they are called in the file, where they have names: sorted, so that numbers do not
    /// depend on the order of rows.
    pub(crate) names: Option<Vec<String>>,
}

impl Ids {
    /// Those of the rows that are kept.
    pub(super) fn of_rows(&self, kept: &[usize]) -> Ids {
        match self {
            Ids::Numbers(numbers) => Ids::Numbers(kept.iter().map(|&row| numbers[row]).collect()),
            Ids::Names(names) => Ids::Names(kept.iter().map(|&row| names[row].clone()).collect()),
        }
    }

    /// Their numbers. Names are numbered in their sorted order, or as they are `known`.
    ///
    /// # Errors
    /// A row that has no known name, or a number where there are names, or a name where there are
    /// numbers.
    pub(super) fn numbered(self, known: Option<&Numbered>) -> Result<Numbered, usize> {
        let names = match (self, known.map(|known| &known.names)) {
            (Ids::Numbers(of_rows), None | Some(None)) => {
                return Ok(Numbered {
                    of_rows,
                    names: None,
                });
            }
            (Ids::Numbers(_), Some(Some(_))) | (Ids::Names(_), Some(None)) => return Err(0),
            (Ids::Names(names), _) => names,
        };
        let all: Vec<String> = match known.and_then(|known| known.names.clone()) {
            Some(known) => known,
            None => {
                let distinct: BTreeSet<&String> = names.iter().collect();
                distinct.into_iter().cloned().collect()
            }
        };
        let mut of_rows = Vec::with_capacity(names.len());
        for (row, name) in names.iter().enumerate() {
            of_rows.push(all.binary_search(name).map_err(|_| row)? as u32);
        }
        Ok(Numbered {
            of_rows,
            names: Some(all),
        })
    }
}
