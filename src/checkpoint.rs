//! State that outlasts the process: how it is written into a checkpoint, and read back.
//!
//! Whoever has state lists its fields once, in a method `keep`, and a [`Book`] either writes each
//! of them or puts what was written in its place. Settings are not kept, for the scenario has them,
//! nor is what can be drawn anew. The list is the same whatever the state is: what reads is new.
//!
//! Values are written as [`postcard`] does, without their names: a type that can only be read back by
//! name (`#[serde(untagged)]`, `flatten`, `skip_serializing_if`, `serde_json::Value`) is refused when it
//! is read. A test that writes and reads once tells.
//!
//! ```
//! use byzsim::checkpoint::{Book, Kept, keep};
//!
//! struct Counter { step: u64, seen: u64, names: Vec<String> }
//!
//! impl Counter {
//!     fn keep(&mut self, book: &mut Book<'_>) -> Kept {
//!         keep!(book: self.seen, self.names) // `step` is a setting
//!     }
//! }
//!
//! let mut before = Counter { step: 2, seen: 14, names: vec!["a".into()] };
//! let bytes = Book::write(|book| before.keep(book))?;
//! let mut after = Counter { step: 2, seen: 0, names: Vec::new() };
//! Book::read(&bytes, |book| after.keep(book))?;
//! assert_eq!((after.seen, after.names), (14, before.names));
//! # Ok::<(), byzsim::checkpoint::Torn>(())
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::PathBuf;

/// What state is written into, or read from.
pub struct Book<'a>(Side<'a>);

enum Side<'a> {
    Writes(Vec<u8>),
    Reads(&'a [u8]),
}

/// Whether state could be kept.
pub type Kept = Result<(), Torn>;

/// Why state could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum Torn {
    /// What is read is not what was written.
    #[error("it is not what this program has written ({0})")]
    Strange(String),
    /// A value has no form in bytes.
    #[error("a value has no form in bytes ({0})")]
    Formless(String),
    /// A file that the state speaks of cannot be written, or is not there.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Torn {
    /// What is wrong with what is read.
    pub fn strange(why: impl ToString) -> Torn {
        Torn::Strange(why.to_string())
    }

    fn formless(why: postcard::Error) -> Torn {
        Torn::Formless(why.to_string())
    }
}

impl<'a> Book<'a> {
    /// What `body` writes.
    ///
    /// # Errors
    /// A value that has no form in bytes.
    pub fn write(body: impl FnOnce(&mut Book<'a>) -> Kept) -> Result<Vec<u8>, Torn> {
        let mut book = Book(Side::Writes(Vec::new()));
        body(&mut book)?;
        match book.0 {
            Side::Writes(bytes) => Ok(bytes),
            Side::Reads(_) => unreachable!("a book keeps its side"),
        }
    }

    /// Lets `body` read what was written.
    ///
    /// # Errors
    /// Bytes that were not written by the same `body`. What it reads into may have changed then.
    pub fn read(bytes: &'a [u8], body: impl FnOnce(&mut Book<'a>) -> Kept) -> Kept {
        let mut book = Book(Side::Reads(bytes));
        body(&mut book)?;
        match book.0 {
            Side::Reads([]) => Ok(()),
            _ => Err(Torn::strange("there is more of it")),
        }
    }

    /// Writes a value, or reads it.
    ///
    /// # Errors
    /// As [`Book::write`] and [`Book::read`].
    pub fn value<T: Serialize + DeserializeOwned>(&mut self, value: &mut T) -> Kept {
        match &mut self.0 {
            Side::Writes(bytes) => {
                let written = postcard::to_extend(value, std::mem::take(bytes));
                *bytes = written.map_err(Torn::formless)?;
            }
            Side::Reads(bytes) => {
                let read = postcard::take_from_bytes(bytes);
                (*value, *bytes) = read.map_err(Torn::strange)?;
            }
        }
        Ok(())
    }

    /// Whether it is read from.
    pub fn reads(&self) -> bool {
        matches!(self.0, Side::Reads(_))
    }
}

/// Writes or reads fields one after the other: `keep!(book: self.one, self.other)` is [`Kept`].
#[doc(hidden)]
#[macro_export]
macro_rules! __keep {
    ($book:ident: $($field:expr),+ $(,)?) => {
        (|| -> $crate::checkpoint::Kept {
            $( $book.value(&mut $field)?; )+
            Ok(())
        })()
    };
}
pub use crate::__keep as keep;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_to_the_bit() {
        let nan = f64::from_bits(0x7ff8_0000_0000_1234);
        let mut written = vec![0.1, -0.0, f64::INFINITY, nan, 5e-324];
        let bytes = Book::write(|book| book.value(&mut written)).unwrap();
        let mut read: Vec<f64> = Vec::new();
        Book::read(&bytes, |book| book.value(&mut read)).unwrap();
        let bits = |list: &[f64]| list.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&written));
    }

    #[test]
    fn less_and_more_than_was_written_are_told_apart() {
        let bytes = Book::write(|book| book.value(&mut 300_u64)).unwrap();
        let mut read = 0_u64;
        let less = Book::read(&bytes[..1], |book| book.value(&mut read));
        assert!(less.is_err());
        let more = [&bytes[..], &[0]].concat();
        let more = Book::read(&more, |book| book.value(&mut read));
        assert_eq!((more.is_err(), read), (true, 300));
    }
}
