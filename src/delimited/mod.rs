//! Small tables in text files: lines of fields with commas between them.
//!
//! Rows to learn from, edges and durations are read by one reader, so that all of them have the
//! same dialect: UTF-8 with or without a byte-order mark; lines that end with LF, CR LF or CR;
//! fields in double quotes or not, with or without blanks around them; blank lines are left out.
//! Files in other dialects are refused with a message that names what is found.

mod decode;
mod dialect;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use decode::text;
pub(crate) use dialect::{MISSING_VALUE, number_hint, other_separator, separator, shown};
pub(crate) use reader::{Reader, Record};

use std::fmt;

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The line from 1; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl Unreadable {
    /// The message with the file's name and the line in front.
    pub(crate) fn in_file(&self, name: &str) -> String {
        match self.line {
            Some(line) => format!("{name}:{line}: {}", self.message),
            None => format!("{name}: {}", self.message),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
