//! Columns of a table in a results folder, read back.

use super::failure::Panic;
use super::parquet_file::place_of_checksum;
use crate::checksum;
use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not what `run` has written.
    #[error("{} is damaged: {error}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
}

/// Rows for which room is made at once: a damaged file may claim any number of them.
const MOST_AT_ONCE: usize = 1 << 17;

/// How many times as large as its file a table's columns may be when they are read, and what those of any
/// file may be \[bytes\]: a small file may hold a value once and name it in any number of rows.
const MOST_EXPANSION: u64 = 100;
const MOST_BYTES: u64 = 256 << 20;

/// The values of a column, by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers and quantities; null is NaN.
    Numbers(Vec<f64>),
    /// Yes or no; `None` is null.
    Flags(Vec<Option<bool>>),
    /// Texts; null is empty.
    Texts(Vec<String>),
}

impl Values {
    /// What a value takes in memory, beside a text \[bytes\].
    fn size(&self) -> u64 {
        let size = match self {
            Values::Numbers(_) => size_of::<f64>(),
            Values::Flags(_) => size_of::<Option<bool>>(),
            Values::Texts(_) => size_of::<String>(),
        };
        size as u64
    }

    fn len(&self) -> usize {
        match self {
            Values::Numbers(all) => all.len(),
            Values::Flags(all) => all.len(),
            Values::Texts(all) => all.len(),
        }
    }
}

/// A table, or some of its columns.
pub struct Columns {
    path: PathBuf,
    columns: BTreeMap<String, Values>,
    /// By column in the order of the file: its name, and what the file says of it.
    pub about: Vec<(String, String)>,
    /// Names of the columns of whole numbers.
    pub integers: Vec<String>,
    /// How many rows there are.
    pub rows: usize,
}

impl Columns {
    /// Reads those columns of a Parquet file that are `wanted`.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of ours.
    pub fn read(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Columns, ColumnsError> {
        let file = crate::files::open(path).map_err(|error| ColumnsError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        let damaged = |error: String| ColumnsError::Damaged {
            path: path.to_owned(),
            error,
        };
        let size = file.metadata().map_or(0, |found| found.len());
        let mut room = MOST_BYTES.max(size.saturating_mul(MOST_EXPANSION));
        let read = || columns(path, &SerializedFileReader::new(file)?, wanted, &mut room);
        // The library refuses most damaged files, and panics at some.
        let read = catch_unwind(AssertUnwindSafe(read));
        let read = read.map_err(|payload| damaged(Panic::message(&*payload)))?;
        read.map_err(|error| damaged(error.to_string()))
    }

    /// The same of a file with a checksum of its own, if it is what was written.
    ///
    /// # Errors
    /// A file that cannot be read, is none of ours, or has changed.
    pub fn read_sealed(
        path: &Path,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Columns, ColumnsError> {
        let file = crate::files::read(path).map_err(|error| ColumnsError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        if !place_of_checksum(&file).is_some_and(|at| checksum::holds(&file, at)) {
            return Err(ColumnsError::Damaged {
                path: path.to_owned(),
                error: checksum::CHANGED.to_owned(),
            });
        }
        Columns::read(path, wanted)
    }

    /// A column of numbers; NaN in every row where there is no such column.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        match self.columns.get(name) {
            Some(Values::Numbers(numbers)) => numbers.clone(),
            _ => vec![f64::NAN; self.rows],
        }
    }

    /// A column of whole numbers from 0 up to, but not with, `end`: they are places in a list.
    ///
    /// # Errors
    /// Another number, or none.
    pub fn places(&self, name: &str, end: usize) -> Result<Vec<usize>, ColumnsError> {
        let place = |x: f64| {
            let is_one = x >= 0.0 && x < end as f64 && x.fract() == 0.0;
            is_one
                .then_some(x as usize)
                .ok_or_else(|| ColumnsError::Damaged {
                    path: self.path.clone(),
                    error: format!("{x} in the column `{name}` is no whole number below {end}"),
                })
        };
        match self.columns.get(name) {
            Some(Values::Numbers(numbers)) => numbers.iter().copied().map(place).collect(),
            _ => std::iter::repeat_n(f64::NAN, self.rows)
                .map(place)
                .collect(),
        }
    }

    /// Whether a column of flags says yes, by row; no in every row where there is no such column.
    pub fn flags(&self, name: &str) -> Vec<bool> {
        match self.columns.get(name) {
            Some(Values::Flags(flags)) => flags.iter().map(|&flag| flag == Some(true)).collect(),
            _ => vec![false; self.rows],
        }
    }

    /// A column of texts; empty in every row where there is no such column.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.columns.get(name) {
            Some(Values::Texts(texts)) => texts.clone(),
            _ => vec![String::new(); self.rows],
        }
    }

    /// A column that was read.
    pub fn get(&self, name: &str) -> Option<&Values> {
        self.columns.get(name)
    }
}

fn columns(
    path: &Path,
    reader: &SerializedFileReader<File>,
    wanted: impl Fn(&str) -> bool,
    left: &mut u64,
) -> Result<Columns, ParquetError> {
    let metadata = reader.metadata().file_metadata();
    let described = metadata.key_value_metadata().into_iter().flatten();
    let described = described.filter(|entry| entry.key == "byzsim.columns");
    let described = described.filter_map(|entry| entry.value.as_deref()).next();
    let described: serde_json::Value = described
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let schema = metadata.schema_descr();
    let mut found = Columns {
        path: path.to_owned(),
        columns: BTreeMap::new(),
        about: Vec::new(),
        integers: Vec::new(),
        rows: usize::try_from(metadata.num_rows()).unwrap_or(0),
    };
    let room = found.rows.min(MOST_AT_ONCE);
    for (index, column) in schema.columns().iter().enumerate() {
        let name = column.name();
        if column.max_rep_level() > 0 || !wanted(name) {
            continue;
        }
        let about = described[name]["about"].as_str().unwrap_or_default();
        found.about.push((name.to_owned(), about.to_owned()));
        if column.physical_type() == Type::INT64 {
            found.integers.push(name.to_owned());
        }
        let mut values = match column.physical_type() {
            Type::BYTE_ARRAY => Values::Texts(Vec::with_capacity(room)),
            Type::BOOLEAN => Values::Flags(Vec::with_capacity(room)),
            _ => Values::Numbers(Vec::with_capacity(room)),
        };
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group)?;
            let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            take(left, values.size().saturating_mul(rows as u64))?;
            append(&mut values, group.get_column_reader(index)?, rows, left)?;
        }
        if values.len() != found.rows {
            return Err(ParquetError::General(format!(
                "the column `{name}` has {} rows of {}",
                values.len(),
                found.rows
            )));
        }
        found.columns.insert(name.to_owned(), values);
    }
    Ok(found)
}

/// Takes so many bytes of those that are left to read.
fn take(left: &mut u64, bytes: u64) -> Result<(), ParquetError> {
    let too_many = || ParquetError::General("it has more values than its size can hold".to_owned());
    *left = left.checked_sub(bytes).ok_or_else(too_many)?;
    Ok(())
}

fn append(
    column: &mut Values,
    reader: ColumnReader,
    rows: usize,
    left: &mut u64,
) -> Result<(), ParquetError> {
    match (column, reader) {
        (Values::Numbers(all), ColumnReader::DoubleColumnReader(reader)) => {
            all.extend(
                values(reader, rows)?
                    .into_iter()
                    .map(|x| x.unwrap_or(f64::NAN)),
            );
        }
        (Values::Numbers(all), ColumnReader::Int64ColumnReader(reader)) => {
            let number = |x: Option<i64>| x.map_or(f64::NAN, |x| x as f64);
            all.extend(values(reader, rows)?.into_iter().map(number));
        }
        (Values::Flags(all), ColumnReader::BoolColumnReader(reader)) => {
            all.extend(values(reader, rows)?);
        }
        (Values::Texts(all), ColumnReader::ByteArrayColumnReader(reader)) => {
            for text in values(reader, rows)? {
                take(left, text.as_ref().map_or(0, |text| text.len() as u64))?;
                all.push(text.map_or(Ok(String::new()), |text| text.as_utf8().map(str::to_owned))?);
            }
        }
        _ => {
            return Err(ParquetError::General(
                "a column of an unknown type".to_owned(),
            ));
        }
    }
    Ok(())
}

/// All values of a column in a row group, `None` for null.
fn values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let room = rows.min(MOST_AT_ONCE);
    let (mut values, mut levels) = (Vec::with_capacity(room), Vec::with_capacity(room));
    let mut read = 0;
    while read < rows {
        let (records, _, _) =
            reader.read_records(rows - read, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General("it ends too early".to_owned()));
        }
        read += records;
    }
    let mut values = values.into_iter();
    // A column without nulls has no levels.
    if levels.is_empty() {
        return Ok(values.map(Some).collect());
    }
    let value = |level: i16| if level > 0 { values.next() } else { None };
    Ok(levels.into_iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{self, Kind, Table};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// A table with a column of each kind, and its bytes.
    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let kinds = [
            ("agent", Kind::Integer),
            ("loss", Kind::Number),
            ("group", Kind::Text),
            ("byzantine", Kind::Flag),
        ];
        let columns = kinds.map(|(name, kind)| record::Column::new(name, kind, "", "").or_null());
        let mut columns = Vec::from(columns);
        columns.push(record::Column::new("model", Kind::List, "", ""));
        let mut table = Table::create(folder.path(), "table", Vec::new(), columns).unwrap();
        for row in 0..4u32 {
            let fill = |r: &mut record::Row<'_>| {
                r.int(row).float(0.5).text("all");
                r.flag((row > 0).then_some(row > 1)).list(&[1.0]);
            };
            table.row(fill).unwrap();
        }
        table.finish().unwrap();
        let path = folder.path().join("table.parquet");
        (folder, path)
    }

    #[test]
    fn a_small_file_of_many_equal_values_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let column = record::Column::new("text", Kind::Text, "", "the same everywhere");
        let mut table = Table::create(folder.path(), "bomb", Vec::new(), vec![column]).unwrap();
        let text = "x".repeat(20_000);
        for _ in 0..40_000 {
            table
                .row(|row| {
                    row.text(text.as_str());
                })
                .unwrap();
        }
        table.finish().unwrap();
        let path = folder.path().join("bomb.parquet");
        assert!(path.metadata().unwrap().len() < 1 << 20);
        let told = Columns::read(&path, |_| true)
            .err()
            .expect("refused")
            .to_string();
        assert!(
            told.contains("more values than its size can hold"),
            "{told}"
        );
    }

    #[test]
    fn each_kind_comes_back() {
        let (_folder, path) = written();
        let table = Columns::read(&path, |_| true).unwrap();
        assert_eq!(table.places("agent", 4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(table.numbers("loss"), [0.5; 4]);
        assert_eq!(table.texts("group"), ["all"; 4]);
        let flags = Values::Flags(vec![None, Some(false), Some(true), Some(true)]);
        assert_eq!(table.get("byzantine"), Some(&flags));
        assert_eq!(table.flags("byzantine"), [false, false, true, true]);
        assert!(table.get("model").is_none());
    }

    static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let (_folder, path) = written();
        std::fs::read(path).unwrap()
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Nor does it take all memory, or endless time.
        #[test]
        fn no_damage_makes_it_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            length in prop_oneof![Just(None), any::<prop::sample::Index>().prop_map(Some)],
        ) {
            let mut bytes = WRITTEN.clone();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(length) = length {
                bytes.truncate(length.index(bytes.len()));
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("table.parquet");
            std::fs::write(&path, bytes).unwrap();
            match Columns::read(&path, |_| true) {
                Ok(table) => prop_assert_eq!(table.numbers("loss").len(), table.rows),
                Err(error) => prop_assert!(error.to_string().contains("is damaged")),
            }
        }
    }
}
