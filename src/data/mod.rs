//! Rows to learn from: data sets in memory, their readers, and generators in their place.
//!
//! [`Examples`] are rows of inputs with their targets; [`Library`] knows where data files are, and
//! reads each data set once per process. Readers are the only part of this floor that opens files
//! and uses threads.

mod error;
mod examples;
pub(crate) mod har;
pub(crate) mod har_generated;
mod library;
pub(crate) mod own;

pub use error::DataError;
pub use examples::{Examples, Inputs, Shape, Targets};
pub use library::{DataSource, FileDigest, Library};
