//! The Parquet files of a table: their schema, blocks as row groups, parts merged into one file.

use super::files::{block, block_of};
use super::seal::Digest;
use super::table::{Buffer, Column, Constant, Kind, NO_INTEGER, TableError, Value};
use crate::{checksum, files};
use parquet::basic::{
    Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as PhysicalType,
};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T, E = ParquetError> = std::result::Result<T, E>;

/// The program that wrote a file, as the file says.
const PROGRAM: &str = concat!("byzsim ", env!("CARGO_PKG_VERSION"));

/// What the checksum of a sealed file begins with, in the entry of this key.
const CHECKSUM: (&str, &str) = ("byzsim.checksum", "xxh3:");

/// Where the checksum of a sealed file begins: it stands near the end, after all rows.
pub(super) fn place_of_checksum(file: &[u8]) -> Option<usize> {
    let field = CHECKSUM.1.as_bytes();
    let at = file
        .windows(field.len())
        .rposition(|bytes| bytes == field)?;
    Some(at + field.len())
}

/// Writes the checksum of a file into it.
fn seal(path: &Path, mut file: &File) -> io::Result<()> {
    let mut bytes = files::read(path)?;
    let at = place_of_checksum(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    checksum::seal(&mut bytes, at);
    file.seek(SeekFrom::Start(at as u64))?;
    file.write_all(&bytes[at..at + checksum::ZEROS.len()])
}

/// What all files of one table have in common.
pub(super) struct Layout {
    schema: Arc<Type>,
    properties: Arc<WriterProperties>,
    constants: Vec<Constant>,
    nullable: Vec<bool>,
}

impl Layout {
    /// Encodings were chosen by speed, then by size, on a table like that of the ignored test
    /// `speed`: floats as they are, for a dictionary of them takes half as long again; integers
    /// as packed differences, a little faster than a dictionary, of the same size, and small for
    /// the ever new numbers of messages too; constants and texts by dictionary. Snappy took no
    /// time that could be told from noise. Statistics and page indexes serve filters that nobody
    /// runs on files of this size.
    ///
    /// # Errors
    ///
    /// Two columns of one name.
    pub(super) fn new(
        path: &Path,
        constants: Vec<Constant>,
        columns: &[Column],
    ) -> Result<Self, TableError> {
        let mut properties = WriterProperties::builder()
            .set_created_by(format!("byzsim version {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_data_page_row_count_limit(usize::MAX)
            .set_write_batch_size(8192);
        for column in columns {
            let mut name = ColumnPath::new(vec![column.name.to_string()]);
            let encoding = match column.kind {
                Kind::Integer => Encoding::DELTA_BINARY_PACKED,
                Kind::Number => Encoding::PLAIN,
                Kind::List => {
                    name.append(LIST.map(str::to_owned).into());
                    Encoding::PLAIN
                }
                Kind::Text | Kind::Flag => continue,
            };
            properties = properties
                .set_column_dictionary_enabled(name.clone(), false)
                .set_column_encoding(name, encoding);
        }
        let mut names = BTreeSet::new();
        let mut fields = Vec::new();
        let mut about = serde_json::Map::new();
        for column in constants.iter().map(|c| &c.column).chain(columns) {
            if !names.insert(&column.name) {
                return Err(TableError::SameName {
                    path: path.to_owned(),
                    column: column.name.to_string(),
                });
            }
            fields.push(field(column).map_err(|source| failure("describe", path, source))?);
            about.insert(
                column.name.to_string(),
                serde_json::json!({ "unit": column.unit, "about": column.about }),
            );
        }
        let schema = Type::group_type_builder("schema")
            .with_fields(fields)
            .build()
            .map_err(|source| failure("describe", path, source))?;
        let properties = properties.set_key_value_metadata(Some(vec![
            KeyValue::new(
                "byzsim.columns".to_owned(),
                serde_json::Value::Object(about).to_string(),
            ),
            KeyValue::new("byzsim.program".to_owned(), PROGRAM.to_owned()),
        ]));
        Ok(Self {
            schema: Arc::new(schema),
            properties: Arc::new(properties.build()),
            constants,
            nullable: columns.iter().map(|c| c.nullable).collect(),
        })
    }

    /// Writes a block as one row group.
    fn write_block(
        &self,
        file: &mut SerializedFileWriter<File>,
        buffers: &[Buffer],
        rows: usize,
    ) -> Result<()> {
        let mut group = file.next_row_group()?;
        let missing = || ParquetError::General("the schema has too few columns".to_owned());
        for constant in &self.constants {
            let mut column = group.next_column()?.ok_or_else(missing)?;
            write_constant(&mut column, &constant.value, rows)?;
            column.close()?;
        }
        let mut levels = Vec::new();
        for (buffer, nullable) in buffers.iter().zip(&self.nullable) {
            let mut column = group.next_column()?.ok_or_else(missing)?;
            write_buffer(&mut column, buffer, *nullable, &mut levels)?;
            column.close()?;
        }
        group.close()?;
        Ok(())
    }
}

fn field(column: &Column) -> Result<Arc<Type>> {
    let physical = match column.kind {
        Kind::List => return list_field(column),
        Kind::Integer => PhysicalType::INT64,
        Kind::Number => PhysicalType::DOUBLE,
        Kind::Text => PhysicalType::BYTE_ARRAY,
        Kind::Flag => PhysicalType::BOOLEAN,
    };
    let mut field =
        Type::primitive_type_builder(&column.name, physical).with_repetition(if column.nullable {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        });
    if column.kind == Kind::Text {
        field = field
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8);
    }
    Ok(Arc::new(field.build()?))
}

/// Names of the levels below a list, as the format's specification has them.
const LIST: [&str; 2] = ["list", "element"];

/// A list that is never null, of floats that are never null.
fn list_field(column: &Column) -> Result<Arc<Type>> {
    let [list, element] = LIST;
    let element = Type::primitive_type_builder(element, PhysicalType::FLOAT)
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    let list = Type::group_type_builder(list)
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    let field = Type::group_type_builder(&column.name)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_converted_type(ConvertedType::LIST)
        .with_fields(vec![Arc::new(list)])
        .build()?;
    Ok(Arc::new(field))
}

fn write_constant(
    column: &mut SerializedColumnWriter<'_>,
    value: &Value,
    rows: usize,
) -> Result<()> {
    match value {
        Value::Integer(value) => repeat::<Int64Type>(column, *value, rows),
        Value::Number(value) => repeat::<DoubleType>(column, *value, rows),
        Value::Text(text) => {
            let text = ByteArray::from(text.as_bytes().to_vec());
            repeat::<ByteArrayType>(column, text, rows)
        }
        Value::Flag(value) => repeat::<BoolType>(column, *value, rows),
    }
}

/// Rows of a constant that are written at once.
const REPEATED: usize = 1024;

fn repeat<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    value: T::T,
    rows: usize,
) -> Result<()> {
    let values = vec![value; rows.min(REPEATED)];
    for written in (0..rows).step_by(REPEATED) {
        write::<T>(column, &values[..REPEATED.min(rows - written)], None)?;
    }
    Ok(())
}

fn write_buffer(
    column: &mut SerializedColumnWriter<'_>,
    buffer: &Buffer,
    nullable: bool,
    levels: &mut Vec<i16>,
) -> Result<()> {
    match buffer {
        Buffer::Integer(values) => {
            present::<Int64Type>(column, values, nullable, levels, |&v| v != NO_INTEGER)
        }
        Buffer::Number(values) => {
            present::<DoubleType>(column, values, nullable, levels, |v| !v.is_nan())
        }
        Buffer::Text { bytes, spans } => {
            let bytes = ByteArray::from(bytes.clone());
            let texts: Vec<ByteArray> = spans
                .iter()
                .flatten()
                .map(|&(start, end)| bytes.slice(start, end - start))
                .collect();
            levels.clear();
            levels.extend(spans.iter().map(|s| i16::from(s.is_some())));
            write::<ByteArrayType>(column, &texts, nullable.then_some(&**levels))
        }
        Buffer::Flag(values) => {
            let flags: Vec<bool> = values.iter().copied().flatten().collect();
            levels.clear();
            levels.extend(values.iter().map(|v| i16::from(v.is_some())));
            write::<BoolType>(column, &flags, nullable.then_some(&**levels))
        }
        Buffer::List { values, ends } => write_lists(column, values, ends, levels),
    }
}

/// Writes lists: an element that is there has definition level 1, the first of a list has
/// repetition level 0.
fn write_lists(
    column: &mut SerializedColumnWriter<'_>,
    values: &[f32],
    ends: &[usize],
    levels: &mut Vec<i16>,
) -> Result<()> {
    levels.clear();
    let mut repetition = Vec::with_capacity(values.len());
    let mut start = 0;
    for &end in ends {
        let slots = (end - start).max(1);
        levels.resize(levels.len() + slots, i16::from(end > start));
        repetition.push(0);
        repetition.resize(levels.len(), 1);
        start = end;
    }
    let column = column.typed::<FloatType>();
    column.write_batch(values, Some(levels), Some(&repetition))?;
    Ok(())
}

/// Writes plain values, those that are not `present` as nulls.
fn present<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &[T::T],
    nullable: bool,
    levels: &mut Vec<i16>,
    present: impl Fn(&T::T) -> bool,
) -> Result<()>
where
    T::T: Copy,
{
    if !nullable {
        return write::<T>(column, values, None);
    }
    levels.clear();
    levels.extend(values.iter().map(|v| i16::from(present(v))));
    if levels.contains(&0) {
        let values: Vec<T::T> = values.iter().copied().filter(present).collect();
        write::<T>(column, &values, Some(levels))
    } else {
        write::<T>(column, values, Some(levels))
    }
}

fn write<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<()> {
    column.typed::<T>().write_batch(values, levels, None)?;
    Ok(())
}

/// Where a table's files are, and how many parts of it there are.
pub(super) struct TableFiles {
    folder: PathBuf,
    name: String,
    parts: usize,
    /// What the first of them hold, of which a checkpoint speaks: they are on the disk.
    kept: Vec<Digest>,
    /// Whether the finished file has a checksum, and is on the disk before it has its name.
    is_durable: bool,
    /// Whether there may be files of after the checkpoint that the table goes on from.
    has_later: bool,
}

/// What becomes of a table's parts at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// They stand in the finished file from now on.
    Merged,
    /// That too, and they stay: a checkpoint speaks of them as long as there is one.
    Copied,
    /// They stay as they are, since the run may go on; a table without any is a finished file.
    Left,
}

impl TableFiles {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            parts: 0,
            kept: Vec::new(),
            is_durable: false,
            has_later: false,
        }
    }

    /// The finished file.
    pub(super) fn whole(&self) -> PathBuf {
        self.folder.join(format!("{}.parquet", self.name))
    }

    /// Parts written so far.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    fn part(&self, part: usize) -> PathBuf {
        self.folder.join(block(&self.name, part))
    }

    fn temporary(&self) -> PathBuf {
        files::temporary(&self.whole())
    }

    /// Sees to it that the finished file has a checksum, and is on the disk when it has its name.
    pub(super) fn make_durable(&mut self) {
        self.is_durable = true;
    }

    /// Sees to it that all parts are on the disk, for a checkpoint to speak of. What they hold.
    pub(super) fn keep(&mut self) -> Result<Vec<Digest>, TableError> {
        for number in self.kept.len()..self.parts {
            let part = self.part(number);
            let synced = files::open(&part).and_then(|file| {
                files::sync(&file, &part)?;
                Digest::of(file, u64::MAX)
            });
            let digest = synced.map_err(|e| failure("write", &part, e.into()))?;
            self.kept.push(digest);
        }
        Ok(self.kept.clone())
    }

    /// Goes on after these parts, as a checkpoint says. What was written after it is removed when
    /// there is more to write.
    pub(super) fn go_on(&mut self, parts: Vec<Digest>) -> Result<(), TableError> {
        for (number, part) in parts.iter().enumerate() {
            let path = self.part(number);
            let found = files::open(&path).and_then(|file| Digest::of(file, u64::MAX));
            let found = found.map_err(|e| failure("go on after", &path, e.into()))?;
            if found != *part {
                return Err(TableError::Io {
                    action: "go on after",
                    path,
                    source: io::Error::new(
                        io::ErrorKind::InvalidData,
                        "it is damaged: its content has changed since it was written",
                    ),
                });
            }
        }
        (self.parts, self.kept, self.has_later) = (parts.len(), parts, true);
        Ok(())
    }

    /// Makes the folder.
    pub(super) fn make_folder(&self) -> Result<(), TableError> {
        fs::create_dir_all(&self.folder).map_err(|source| TableError::Io {
            action: "make the folder",
            path: self.folder.clone(),
            source,
        })
    }

    /// Removes what there is of the table from after the checkpoint.
    fn remove_later(&mut self) -> Result<(), TableError> {
        if !std::mem::take(&mut self.has_later) {
            return Ok(());
        }
        let at = |action, path: &Path, source| TableError::Io {
            action,
            path: path.to_owned(),
            source,
        };
        let folder = &self.folder;
        let entries = fs::read_dir(folder).map_err(|e| at("list", folder, e))?;
        for entry in entries {
            let path = entry.map_err(|e| at("list", folder, e))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_later = match block_of(&name) {
                Some((table, part)) => table == self.name && part >= self.parts,
                None => path == self.whole(),
            };
            if is_later {
                files::remove(&path).map_err(|e| at("remove the old", &path, e))?;
            }
        }
        Ok(())
    }

    /// Writes a block as the next part.
    pub(super) fn write_part(
        &mut self,
        layout: &Layout,
        buffers: &[Buffer],
        rows: usize,
    ) -> Result<(), TableError> {
        self.remove_later()?;
        self.write(layout, &self.part(self.parts), |file| {
            layout.write_block(file, buffers, rows)
        })?;
        self.parts += 1;
        Ok(())
    }

    /// Writes a block, possibly empty, as the finished file.
    pub(super) fn write_whole(
        &mut self,
        layout: &Layout,
        buffers: &[Buffer],
        rows: usize,
    ) -> Result<(), TableError> {
        self.remove_later()?;
        self.write(layout, &self.whole(), |file| match rows {
            0 => Ok(()),
            _ => layout.write_block(file, buffers, rows),
        })
    }

    /// Makes the finished file of the parts, copying their row groups as they are.
    pub(super) fn merge_parts(&mut self, layout: &Layout, what: Parts) -> Result<(), TableError> {
        self.remove_later()?;
        if self.parts == 1 && what == Parts::Merged {
            let (part, whole) = (self.part(0), self.whole());
            let renamed = || {
                if self.is_durable {
                    files::sync(&files::open(&part)?, &part)?;
                }
                files::rename(&part, &whole)?;
                self.sync_name()
            };
            return renamed().map_err(|e| failure("write", &whole, e.into()));
        }
        self.write(layout, &self.whole(), |file| {
            (0..self.parts).try_for_each(|part| append(file, &self.part(part)))
        })?;
        if what == Parts::Merged {
            for part in (0..self.parts).map(|part| self.part(part)) {
                files::remove(&part).map_err(|e| failure("remove", &part, e.into()))?;
            }
        }
        Ok(())
    }

    /// Waits until the name of a durable file is on the disk.
    fn sync_name(&self) -> io::Result<()> {
        match self.is_durable {
            true => files::sync_folder(&self.folder),
            false => Ok(()),
        }
    }

    /// Writes a file under the temporary name and gives it its own when it is complete.
    fn write(
        &self,
        layout: &Layout,
        path: &Path,
        fill: impl FnOnce(&mut SerializedFileWriter<File>) -> Result<()>,
    ) -> Result<(), TableError> {
        let temporary = self.temporary();
        let written = || -> Result<()> {
            let mut file = SerializedFileWriter::new(
                files::create(&temporary)?,
                Arc::clone(&layout.schema),
                Arc::clone(&layout.properties),
            )?;
            fill(&mut file)?;
            if self.is_durable {
                let (key, field) = CHECKSUM;
                let value = format!("{field}{}", checksum::ZEROS);
                file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
            }
            file.finish()?;
            if self.is_durable {
                seal(&temporary, file.inner())?;
                files::sync(file.inner(), &temporary)?;
            }
            drop(file);
            files::rename(&temporary, path)?;
            Ok(self.sync_name()?)
        };
        written().map_err(|source| {
            // The first failure is the one to report; a file left behind is overwritten next time.
            let _ = fs::remove_file(&temporary);
            failure("write", path, source)
        })
    }
}

/// Copies the row groups of a part.
fn append(file: &mut SerializedFileWriter<File>, part: &Path) -> Result<()> {
    let source = files::open(part)?;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&source)?;
    for group in metadata.row_groups() {
        let mut copy = file.next_row_group()?;
        for column in group.columns() {
            let chunk = ColumnCloseResult {
                bytes_written: column.compressed_size() as u64,
                rows_written: group.num_rows() as u64,
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            copy.append_column(&source, chunk)?;
        }
        copy.close()?;
    }
    Ok(())
}

/// Says what failed at which file; an error of the file system comes out as itself.
fn failure(action: &'static str, path: &Path, source: ParquetError) -> TableError {
    let path = path.to_owned();
    match source {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(source) => TableError::Io {
                action,
                path,
                source: *source,
            },
            Err(cause) => TableError::Parquet {
                action,
                path,
                source: ParquetError::External(cause),
            },
        },
        source => TableError::Parquet {
            action,
            path,
            source,
        },
    }
}
