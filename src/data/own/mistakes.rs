//! The mistakes of a file: the first few in full, the rest by their number.

use std::collections::BTreeMap;
use std::fmt;

/// How many mistakes are told in full.
const TOLD: usize = 5;

/// What is wrong with a file, each mistake with its place and what would be right.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    told: Vec<String>,
    /// How many more there are.
    more: usize,
}

impl Mistakes {
    /// One that leaves nothing more to be looked at.
    pub(super) fn one(mistake: String) -> Mistakes {
        Mistakes {
            told: vec![mistake],
            more: 0,
        }
    }

    /// Notes one; `mistake` says it where it is told.
    pub(super) fn add(&mut self, mistake: impl FnOnce() -> String) {
        if self.told.len() < TOLD {
            self.told.push(mistake());
        } else {
            self.more += 1;
        }
    }

    /// Whether there was none.
    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Gives `value` where there was none.
    pub(super) fn or<T>(self, value: T) -> Result<T, Mistakes> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

/// Mistakes in lines and columns, noted column by column and told line by line.
#[derive(Debug, Default)]
pub(super) struct InLines {
    /// The first few of each column, by line and column.
    first: BTreeMap<(u32, usize), String>,
    /// How many of each column there are.
    of_column: BTreeMap<usize, usize>,
}

impl InLines {
    /// Notes one; `mistake` says it where it may be told.
    pub(super) fn add(&mut self, line: u32, column: usize, mistake: impl FnOnce() -> String) {
        let count = self.of_column.entry(column).or_default();
        *count += 1;
        if *count <= TOLD {
            self.first.insert((line, column), mistake());
        }
    }

    /// Whether there was none.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Gives `value` where there was none; `file` is what messages call the file.
    pub(super) fn or<T>(&self, file: &str, value: T) -> Result<T, Mistakes> {
        if self.is_empty() {
            return Ok(value);
        }
        let told = self.first.iter().take(TOLD);
        let told: Vec<String> = told
            .map(|((line, _), mistake)| format!("{file}:{line}: {mistake}"))
            .collect();
        let all: usize = self.of_column.values().sum();
        Err(Mistakes {
            more: all - told.len(),
            told,
        })
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("\n"))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
