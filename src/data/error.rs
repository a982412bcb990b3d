//! Why data cannot be used.

/// Why data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nobody said where the data is.
    #[error(
        "no data folder was given for {what}: pass --data DIR, set task.data in the scenario, or \
         set BYZSIM_DATA; or generate data with task.source = \"generated\"; {layout}"
    )]
    NoFolder {
        /// The data set.
        what: &'static str,
        /// What to download and how to lay it out.
        layout: &'static str,
    },
    /// A file is not where it should be.
    #[error("{path} is missing or unreadable ({error}); {layout}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
        /// What to download and how to lay it out.
        layout: &'static str,
    },
    /// A file is not what it should be.
    #[error("{path}:{line}: {message}")]
    Malformed {
        /// The file.
        path: String,
        /// Line from 1.
        line: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A file without lines, or a folder, is not what it should be.
    #[error("{path}: {message}")]
    Unexpected {
        /// The file or folder.
        path: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The scenario asks for what the data cannot give.
    #[error("{message}: {help}")]
    Unfit {
        /// Where the scenario asks for it: tables and a key.
        key: Vec<&'static str>,
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
}
