//! Rows to learn from: data sets in memory, their readers, and generators in their place.
//!
//! [`Examples`] are rows of inputs with their targets; [`Library`] knows where data files are, and
//! reads each data set once per process. Of this floor, only readers open files, and only they and
//! generators use threads.

mod digits;
pub(crate) mod digits_generated;
mod error;
mod examples;
pub(crate) mod har;
pub(crate) mod har_generated;
pub(crate) mod idx;
mod image_folder;
mod library;
pub(crate) mod npy;
pub(crate) mod npz;
pub(crate) mod own;
mod parallel;
mod split;

pub use error::DataError;
pub use examples::{Examples, Inputs, Shape, Targets};
pub use idx::{locate as locate_mnist, read as read_mnist};
pub use image_folder::DigitFolder;
pub use library::{DataSource, FileDigest, Library, Origin};
pub use split::Split;
