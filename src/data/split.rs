//! Examples to train on, and others to test on.

use super::{Examples, FileDigest};
use std::sync::Arc;

/// Examples to train on, and others to test on, of one shape.
#[derive(Clone, Debug)]
pub struct Split {
    /// To train on.
    pub train: Arc<Examples>,
    /// To test on.
    pub test: Arc<Examples>,
    /// What was read, by name.
    pub files: Vec<FileDigest>,
}
