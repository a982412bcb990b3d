//! Why data cannot be used.

use std::fmt;

/// Why data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nobody said where the data is.
    NoFolder {
        /// The data set.
        what: &'static str,
        /// What to download and how to lay it out.
        layout: &'static str,
    },
    /// A file is not where it should be.
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
        /// What to download and how to lay it out.
        layout: &'static str,
    },
    /// A file is not what it should be.
    Malformed {
        /// The file.
        path: String,
        /// Line from 1.
        line: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A file without lines, or a folder, is not what it should be.
    Unexpected {
        /// The file or folder.
        path: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The scenario asks for what the data cannot give.
    Unfit {
        /// Where the scenario asks for it: tables and a key.
        key: Vec<&'static str>,
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
}

impl DataError {
    /// Where the scenario asks for the data: tables and a key, which need not be there.
    pub fn place(&self) -> Vec<&'static str> {
        match self {
            DataError::Unfit { key, .. } => key.clone(),
            _ => vec!["task", "kind"],
        }
    }

    /// What is wrong.
    pub fn message(&self) -> String {
        match self {
            DataError::NoFolder { what, .. } => format!("no data folder was given for {what}"),
            DataError::Unreadable { path, error, .. } => {
                format!("{path} is missing or unreadable ({error})")
            }
            DataError::Malformed {
                path,
                line,
                message,
            } => format!("{path}:{line}: {message}"),
            DataError::Unexpected { path, message } => format!("{path}: {message}"),
            DataError::Unfit { message, .. } => message.clone(),
        }
    }

    /// What would be right.
    pub fn help(&self) -> String {
        let generate = "or generate data with task.source = \"generated\"";
        match self {
            DataError::NoFolder { layout, .. } => format!(
                "pass --data DIR, set task.data in the scenario, or set BYZSIM_DATA; {generate}; \
                 {layout}"
            ),
            DataError::Unreadable { layout, .. } => format!("{layout}; {generate}"),
            DataError::Malformed { .. } | DataError::Unexpected { .. } => {
                format!("correct it, or download it anew; {generate}")
            }
            DataError::Unfit { help, .. } => help.clone(),
        }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Their messages say what would be right.
            DataError::Malformed { .. } | DataError::Unexpected { .. } => {
                f.write_str(&self.message())
            }
            DataError::Unreadable { layout, .. } => write!(f, "{}; {layout}", self.message()),
            DataError::NoFolder { .. } | DataError::Unfit { .. } => {
                write!(f, "{}: {}", self.message(), self.help())
            }
        }
    }
}
