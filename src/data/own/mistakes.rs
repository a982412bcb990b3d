//! The mistakes of a file: the first few in full, the rest by their number.

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

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("\n"))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
