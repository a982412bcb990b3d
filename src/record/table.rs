//! A table of a run: rows go into columns in memory, columns go into Parquet files.
//!
//! `rounds` in a folder is written as `rounds.parquet`. What does not fit into one block is
//! written before the end as closed part files `rounds.part-0000.parquet`, …, each readable on
//! its own; [`Table::finish`] merges them without encoding again and removes them. Every file is
//! written as `.rounds.parquet.tmp` and renamed, so that it appears whole or not at all. Nothing
//! in a file depends on the clock: the same rows, blocks and version give the same bytes.
//!
//! Dropping a table writes nothing: an interrupted run leaves the parts written until then.
//! Where both a table and parts of it are found, the run ended while it removed the parts, and
//! the table alone is complete.
//!
//! What a row means is not known here, and no clock is read.

use super::parquet_file::{Layout, Parts, TableFiles};
use crate::checkpoint::{Book, Kept, Torn, keep};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Rows after which a block is written as a part file, unless told otherwise.
const BLOCK_ROWS: usize = 131_072;

/// Rows that are written as a part where a checkpoint is written: from here on a part takes less than
/// the same rows in one checkpoint after the other.
const KEPT_ROWS: usize = 8192;
const KEPT_ELEMENTS: usize = BLOCK_ELEMENTS / 16;

/// Elements of lists after which it is written whatever its rows: 16 MB.
const BLOCK_ELEMENTS: usize = 1 << 22;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A count, a number of an agent or of an iteration: a signed 64-bit integer in the file.
    Integer,
    /// A quantity: a 64-bit float in the file, null where it is NaN.
    Number,
    /// UTF-8 text, meant for few different values.
    Text,
    /// True or false.
    Flag,
    /// A list of 32-bit floats, never null; NaN is kept.
    List,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Flag => "a flag",
            Self::List => "a list",
        }
    }
}

/// One column of a table: its name and kind, and what the file says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name in the file.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be null. Numbers always may.
    pub nullable: bool,
    /// Unit of the values, empty where they have none.
    pub unit: &'static str,
    /// What the values are, in a sentence.
    pub about: Cow<'static, str>,
}

impl Column {
    /// A column that is never null, except that numbers may be.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        unit: &'static str,
        about: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            nullable: kind == Kind::Number,
            unit,
            about: about.into(),
        }
    }

    /// The same column, which may be null.
    pub fn or_null(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// The value of a [`Constant`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A quantity; NaN is kept.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
}

/// A column with the same value in every row, such as a swept setting. In a table that has a column
/// of its name already, it is called `swept_` and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The column.
    pub column: Column,
    /// Its value.
    pub value: Value,
}

impl Constant {
    /// A column that says the same in every row.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        value: Value,
        unit: &'static str,
        about: impl Into<Cow<'static, str>>,
    ) -> Self {
        let kind = match value {
            Value::Integer(_) => Kind::Integer,
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::Flag(_) => Kind::Flag,
        };
        let mut column = Column::new(name, kind, unit, about);
        column.nullable = false;
        Self { column, value }
    }

    /// The same beside `columns`.
    fn beside(mut self, columns: &[Column]) -> Self {
        if columns.iter().any(|c| c.name == self.column.name) {
            self.column.name = format!("swept_{}", self.column.name).into();
        }
        self
    }
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file, by the name it would have had in the end.
        path: PathBuf,
        /// Why; [`std::io::ErrorKind::StorageFull`] on a full disk.
        source: std::io::Error,
    },
    /// A file could not be encoded, or a part file is not what was written.
    #[error("cannot {action} {}: {source}", path.display())]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// Two columns have one name.
    #[error("{} would have two columns `{column}`; rename one of them", path.display())]
    SameName {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
}

impl From<TableError> for Torn {
    fn from(error: TableError) -> Torn {
        let (path, error) = error.into_io();
        Torn::File { path, error }
    }
}

impl TableError {
    /// The file, and what the file system says of it.
    pub(super) fn into_io(self) -> (PathBuf, std::io::Error) {
        match self {
            TableError::Io { path, source, .. } => (path, source),
            TableError::Parquet { path, source, .. } => {
                let kind = std::io::ErrorKind::InvalidData;
                (path, std::io::Error::new(kind, source))
            }
            TableError::SameName { path, column } => {
                let why = format!("it would have two columns `{column}`");
                (path, std::io::Error::other(why))
            }
        }
    }
}

/// What goes into a column of integers: any integer type, and `None` for null.
pub trait Integer: Copy {
    /// The value in the file.
    ///
    /// # Panics
    ///
    /// Beyond 2⁶³ − 1, which no count reaches.
    fn to_file(self) -> Option<i64>;
}

macro_rules! integer {
    ($($type:ty),*) => { $(
        impl Integer for $type {
            #[inline]
            fn to_file(self) -> Option<i64> {
                Some(i64::try_from(self).expect("an integer of a table is below 2^63"))
            }
        }
    )* };
}
integer!(i32, u8, u16, u32, u64, usize);

impl<T: Integer> Integer for Option<T> {
    #[inline]
    fn to_file(self) -> Option<i64> {
        self.and_then(T::to_file)
    }
}

/// The values of one column in the current block.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) enum Buffer {
    /// [`NO_INTEGER`] is null.
    Integer(Vec<i64>),
    /// NaN is null.
    Number(Vec<f64>),
    /// Text one after the other; equal neighbors share their bytes.
    Text {
        bytes: Vec<u8>,
        spans: Vec<Option<(usize, usize)>>,
    },
    Flag(Vec<Option<bool>>),
    /// The lists one after the other, and where each of them ends.
    List {
        values: Vec<f32>,
        ends: Vec<usize>,
    },
}

/// Stands for null in a buffer of integers; no [`Integer`] reaches it.
pub(super) const NO_INTEGER: i64 = i64::MIN;

impl Buffer {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer => Self::Integer(Vec::new()),
            Kind::Number => Self::Number(Vec::new()),
            Kind::Text => Self::Text {
                bytes: Vec::new(),
                spans: Vec::new(),
            },
            Kind::Flag => Self::Flag(Vec::new()),
            Kind::List => Self::List {
                values: Vec::new(),
                ends: Vec::new(),
            },
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Integer(values) => values.clear(),
            Self::Number(values) => values.clear(),
            Self::Text { bytes, spans } => {
                bytes.clear();
                spans.clear();
            }
            Self::Flag(values) => values.clear(),
            Self::List { values, ends } => {
                values.clear();
                ends.clear();
            }
        }
    }
}

/// The row being added: one call per column, in the order of the columns.
///
/// Each call panics when the next column is of another kind, or is given a null and has none:
/// a row is written by code beside the list of its columns.
pub struct Row<'a> {
    columns: &'a [Column],
    buffers: &'a mut [Buffer],
    next: usize,
    /// Elements of the row's lists.
    listed: usize,
}

impl Row<'_> {
    /// An integer; `None` is null.
    #[inline]
    pub fn int(&mut self, value: impl Integer) -> &mut Self {
        let value = value.to_file();
        match self.buffers.get_mut(self.next) {
            Some(Buffer::Integer(values)) => values.push(value.unwrap_or(NO_INTEGER)),
            _ => self.mismatch(Kind::Integer),
        }
        self.done(value.is_none())
    }

    /// A number; NaN and `None` are null, infinities are kept.
    #[inline]
    pub fn float(&mut self, value: impl Into<Option<f64>>) -> &mut Self {
        let value = value.into().unwrap_or(f64::NAN);
        match self.buffers.get_mut(self.next) {
            Some(Buffer::Number(values)) => values.push(value),
            _ => self.mismatch(Kind::Number),
        }
        self.done(value.is_nan())
    }

    /// Several numbers, for as many columns.
    #[inline]
    pub fn floats<const N: usize>(&mut self, values: [f64; N]) -> &mut Self {
        for value in values {
            self.float(value);
        }
        self
    }

    /// A text; `None` is null.
    #[inline]
    pub fn text<'t>(&mut self, value: impl Into<Option<&'t str>>) -> &mut Self {
        let value = value.into();
        match self.buffers.get_mut(self.next) {
            Some(Buffer::Text { bytes, spans }) => spans.push(value.map(|text| {
                if let Some(&Some((start, end))) = spans.last()
                    && &bytes[start..end] == text.as_bytes()
                {
                    return (start, end);
                }
                let start = bytes.len();
                bytes.extend_from_slice(text.as_bytes());
                (start, bytes.len())
            })),
            _ => self.mismatch(Kind::Text),
        }
        self.done(value.is_none())
    }

    /// True or false; `None` is null.
    #[inline]
    pub fn flag(&mut self, value: impl Into<Option<bool>>) -> &mut Self {
        let value = value.into();
        match self.buffers.get_mut(self.next) {
            Some(Buffer::Flag(values)) => values.push(value),
            _ => self.mismatch(Kind::Flag),
        }
        self.done(value.is_none())
    }

    /// A list of numbers.
    #[inline]
    pub fn list(&mut self, list: &[f32]) -> &mut Self {
        match self.buffers.get_mut(self.next) {
            Some(Buffer::List { values, ends }) => {
                values.extend_from_slice(list);
                ends.push(values.len());
                self.listed += list.len();
            }
            _ => self.mismatch(Kind::List),
        }
        self.done(false)
    }

    #[inline]
    fn done(&mut self, null: bool) -> &mut Self {
        if null {
            let column = &self.columns[self.next];
            assert!(column.nullable, "column `{}` is never null", column.name);
        }
        self.next += 1;
        self
    }

    #[cold]
    fn mismatch(&self, kind: Kind) -> ! {
        match self.columns.get(self.next) {
            Some(column) => panic!(
                "column `{}` takes {}, not {}",
                column.name,
                column.kind.noun(),
                kind.noun()
            ),
            None => panic!("a row has more than {} values", self.columns.len()),
        }
    }
}

/// A table being recorded. See the module's documentation for its files.
pub struct Table {
    files: TableFiles,
    layout: Layout,
    columns: Vec<Column>,
    buffers: Vec<Buffer>,
    buffered: usize,
    /// Elements of lists in memory.
    listed: usize,
    block_rows: usize,
    rows: u64,
}

impl Table {
    /// An empty table `name` in `folder`, which is made if needed. It takes the place of a finished
    /// one when it is finished.
    ///
    /// The file has the constants' columns first.
    ///
    /// # Errors
    ///
    /// Two columns of one name, or a folder that cannot be written to.
    pub fn create(
        folder: &Path,
        name: &str,
        constants: Vec<Constant>,
        columns: Vec<Column>,
    ) -> Result<Self, TableError> {
        let files = TableFiles::new(folder, name);
        let constants = constants.into_iter().map(|c| c.beside(&columns)).collect();
        let layout = Layout::new(&files.whole(), constants, &columns)?;
        files.make_folder()?;
        Ok(Self {
            files,
            layout,
            buffers: columns.iter().map(|c| Buffer::new(c.kind)).collect(),
            columns,
            buffered: 0,
            listed: 0,
            block_rows: BLOCK_ROWS,
            rows: 0,
        })
    }

    /// Sees to it that the finished file has a checksum of its own, and is on the disk when it has its
    /// name. Of other tables the run's summary has the checksums.
    pub fn durable(mut self) -> Self {
        self.files.make_durable();
        self
    }

    /// Writes a part file after so many rows (at least 1; 131,072 unless told otherwise).
    pub fn with_block_rows(mut self, rows: usize) -> Self {
        self.block_rows = rows.max(1);
        self
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// Of a full block, the part file could not be written. The rows stay in memory; the next
    /// row tries again.
    ///
    /// # Panics
    ///
    /// When the values are not those of the columns.
    #[inline]
    pub fn row(&mut self, fill: impl FnOnce(&mut Row<'_>)) -> Result<(), TableError> {
        let mut row = Row {
            columns: &self.columns,
            buffers: &mut self.buffers,
            next: 0,
            listed: 0,
        };
        fill(&mut row);
        let given = row.next;
        self.listed += row.listed;
        let wanted = self.columns.len();
        assert!(given == wanted, "a row has {given} values of {wanted}");
        self.buffered += 1;
        self.rows += 1;
        if self.buffered >= self.block_rows || self.listed >= BLOCK_ELEMENTS {
            self.flush_part()?;
        }
        Ok(())
    }

    /// Keeps what it holds in memory, and how many parts there are. What is read back takes the
    /// place of this table, which is empty, and of whatever was written after the checkpoint.
    ///
    /// # Errors
    /// Parts that cannot be written, or are not there any more.
    pub(super) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        if self.buffered >= KEPT_ROWS || self.listed >= KEPT_ELEMENTS {
            self.flush_part()?;
        }
        let mut parts = self.files.keep()?;
        book.value(&mut parts)?;
        if book.reads() {
            self.files.go_on(parts)?;
        }
        keep!(book: self.buffers, self.buffered, self.listed, self.rows)
    }

    /// Rows added so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the rows in memory, if any, as a closed part file.
    ///
    /// Each part becomes a row group of the finished file: call it per block, not per row.
    ///
    /// # Errors
    ///
    /// The part could not be written; the rows stay in memory.
    pub fn flush_part(&mut self) -> Result<(), TableError> {
        if self.buffered > 0 {
            self.files
                .write_part(&self.layout, &self.buffers, self.buffered)?;
            self.buffers.iter_mut().for_each(Buffer::clear);
            (self.buffered, self.listed) = (0, 0);
        }
        Ok(())
    }

    /// Writes what is left, makes one file of all parts and removes them. A table without rows
    /// is a file without rows.
    ///
    /// # Errors
    ///
    /// The file could not be written; the parts stay, and with them what could be written of
    /// the rest.
    pub fn finish(self) -> Result<PathBuf, TableError> {
        self.end(Parts::Merged)
    }

    /// The same, if parts are merged; else what is left becomes one of them.
    pub(super) fn end(mut self, parts: Parts) -> Result<PathBuf, TableError> {
        if self.files.parts() == 0 {
            self.files
                .write_whole(&self.layout, &self.buffers, self.buffered)?;
        } else {
            self.flush_part()?;
            if parts != Parts::Left {
                self.files.merge_parts(&self.layout, parts)?;
            }
        }
        Ok(self.files.whole())
    }
}

#[cfg(test)]
mod tests;
