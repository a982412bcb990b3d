//! Reads a results folder back, as a user would: `summary.json` and Parquet tables.

#![allow(dead_code, reason = "each test program uses a part")]

pub mod equal;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folders of all runs in a results folder, in the order of their names.
pub fn runs(results: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(results.join("runs")).expect("a results folder");
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    runs
}

/// The folder of the only run.
pub fn only_run(results: &Path) -> PathBuf {
    let runs = runs(results);
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

pub fn summary(run: &Path) -> Value {
    let path = run.join("summary.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// Names of all files below a folder, sorted, with `/` between folders.
pub fn files(folder: &Path) -> Vec<String> {
    fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), &format!("{name}/"), names);
            } else {
                names.push(name);
            }
        }
    }
    let mut names = Vec::new();
    collect(folder, "", &mut names);
    names.sort();
    names
}

/// How a column of a table is kept; `None` where there is none of that name.
pub fn physical_type(folder: &Path, table: &str, column: &str) -> Option<parquet::basic::Type> {
    let path = folder.join(format!("{table}.parquet"));
    let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let schema = reader.metadata().file_metadata().schema_descr();
    let mut columns = schema.columns().iter();
    let found = columns.find(|c| c.path().parts() == [column]);
    found.map(|column| column.physical_type())
}

/// A table with all its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Field>>,
    /// What the metadata says of the columns.
    pub about: Value,
}

impl Table {
    /// Reads `name`.parquet in a folder.
    pub fn read(folder: &Path, name: &str) -> Table {
        let path = folder.join(format!("{name}.parquet"));
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        let metadata = reader.metadata().file_metadata();
        let fields = metadata.schema().get_fields().iter();
        let columns = fields.map(|f| f.name().to_owned()).collect();
        let about = metadata.key_value_metadata().expect("metadata");
        let about = about.iter().find(|kv| kv.key == "byzsim.columns").unwrap();
        let about = serde_json::from_str(about.value.as_deref().unwrap()).unwrap();
        let row = |row: parquet::errors::Result<parquet::record::Row>| {
            row.expect("a row")
                .into_columns()
                .into_iter()
                .map(|(_, f)| f)
                .collect()
        };
        let rows = reader.get_row_iter(None).expect("rows").map(row).collect();
        Table {
            columns,
            rows,
            about,
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|c| c == name)
    }

    fn index(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|c| c == name);
        found.unwrap_or_else(|| panic!("no column `{name}` in {:?}", self.columns))
    }

    /// The rows in which a column says `value`.
    pub fn only(&self, name: &str, value: &str) -> Table {
        let index = self.index(name);
        let mut table = self.clone();
        table.rows.retain(|row| shown(&row[index]) == value);
        table
    }

    /// The same table without some columns.
    pub fn without(&self, names: &[&str]) -> Table {
        let keep: Vec<usize> = (0..self.columns.len())
            .filter(|&i| !names.contains(&&*self.columns[i]))
            .collect();
        Table {
            columns: keep.iter().map(|&i| self.columns[i].clone()).collect(),
            rows: self
                .rows
                .iter()
                .map(|r| keep.iter().map(|&i| r[i].clone()).collect())
                .collect(),
            about: Value::Null,
        }
    }

    /// A column of numbers or integers; `None` is null.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        let index = self.index(name);
        let number = |row: &Vec<Field>| match row[index] {
            Field::Null => None,
            Field::Double(x) => Some(x),
            Field::Long(i) => Some(i as f64),
            Field::Bool(b) => Some(f64::from(u8::from(b))),
            ref other => panic!("{name} is {other:?}"),
        };
        self.rows.iter().map(number).collect()
    }

    /// A column of numbers without nulls.
    pub fn all(&self, name: &str) -> Vec<f64> {
        let numbers = self.numbers(name).into_iter();
        numbers
            .map(|x| x.unwrap_or_else(|| panic!("{name} has a null")))
            .collect()
    }

    pub fn is_null(&self, name: &str) -> bool {
        self.numbers(name).iter().all(Option::is_none)
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        let index = self.index(name);
        self.rows.iter().map(|row| shown(&row[index])).collect()
    }
}

fn shown(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Long(i) => i.to_string(),
        Field::Bool(b) => b.to_string(),
        other => other.to_string(),
    }
}
