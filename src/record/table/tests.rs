//! What tables promise about their files.

use super::*;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, ListAccessor};
use std::fs::{self, File};
use std::io::ErrorKind;

fn columns() -> Vec<Column> {
    vec![
        Column::new("iteration", Kind::Integer, "", "number of the iteration"),
        Column::new("message", Kind::Integer, "", "null for its own model").or_null(),
        Column::new("age_ms", Kind::Number, "ms", "age when combined"),
        Column::new("group", Kind::Text, "", "group of the agent"),
        Column::new("dropped_by", Kind::Text, "", "who dropped it").or_null(),
        Column::new("held", Kind::Flag, "", "whether it was held"),
        Column::new("accepted", Kind::Flag, "", "null without weights").or_null(),
    ]
}

fn constants() -> Vec<Constant> {
    vec![
        Constant::new("point", Value::Text("00ff".to_owned()), "", "the point"),
        Constant::new("rule.f", Value::Number(0.25), "", "swept"),
        Constant::new("seed", Value::Integer(-3), "", "swept"),
        Constant::new("drift", Value::Flag(true), "", "swept"),
    ]
}

fn table(folder: &Path) -> Table {
    Table::create(folder, "rounds", constants(), columns()).unwrap()
}

fn is_odd(i: u64) -> bool {
    !i.is_multiple_of(2)
}

fn push(table: &mut Table, i: u64) -> Result<(), TableError> {
    table.row(|row| {
        row.int(i)
            .int((!i.is_multiple_of(3)).then_some(i * 1000))
            .float(match i % 4 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                _ => i as f64 / 8.0,
            })
            .text(if i < 2 { "all" } else { "größte" })
            .text(is_odd(i).then_some("link"))
            .flag(is_odd(i))
            .flag((!i.is_multiple_of(3)).then_some(is_odd(i)));
    })
}

fn expected(i: u64) -> Vec<Field> {
    let text = |text: &str| Field::Str(text.to_owned());
    vec![
        text("00ff"),
        Field::Double(0.25),
        Field::Long(-3),
        Field::Bool(true),
        Field::Long(i as i64),
        match i % 3 {
            0 => Field::Null,
            _ => Field::Long(i as i64 * 1000),
        },
        match i % 4 {
            0 => Field::Null,
            1 => Field::Double(f64::INFINITY),
            _ => Field::Double(i as f64 / 8.0),
        },
        text(if i < 2 { "all" } else { "größte" }),
        match i % 2 {
            0 => Field::Null,
            _ => text("link"),
        },
        Field::Bool(is_odd(i)),
        match i % 3 {
            0 => Field::Null,
            _ => Field::Bool(is_odd(i)),
        },
    ]
}

fn read(path: &Path) -> Vec<Vec<Field>> {
    SerializedFileReader::new(File::open(path).unwrap())
        .unwrap()
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            row.get_column_iter().map(|(_, v)| v.clone()).collect()
        })
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A finished table of so many rows, with so many in a block.
fn finished(folder: &Path, rows: u64, block: usize) -> PathBuf {
    let mut table = table(folder).with_block_rows(block);
    (0..rows).for_each(|i| push(&mut table, i).unwrap());
    assert_eq!(table.rows(), rows);
    table.finish().unwrap()
}

#[test]
fn what_is_pushed_is_read_back_with_nulls_and_constants() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder.path().join("runs/0"), 10, 100);
    assert_eq!(path, folder.path().join("runs/0/rounds.parquet"));
    assert_eq!(read(&path), (0..10).map(expected).collect::<Vec<_>>());
}

#[test]
fn a_table_without_rows_is_a_file_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(folder.path(), 0, 1);
    assert_eq!(read(&path).len(), 0);
    assert_eq!(names(folder.path()), ["rounds.parquet"]);
}

#[test]
fn the_file_says_units_descriptions_and_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(folder.path(), 1, 1);
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata();
    let program = concat!("byzsim ", env!("CARGO_PKG_VERSION"));
    let pairs = metadata.key_value_metadata().unwrap();
    assert_eq!(pairs[1].key, "byzsim.program");
    assert_eq!(pairs[1].value.as_deref(), Some(program));
    assert_eq!(pairs[0].key, "byzsim.columns");
    let columns: serde_json::Value =
        serde_json::from_str(pairs[0].value.as_ref().unwrap()).unwrap();
    let age = serde_json::json!({ "unit": "ms", "about": "age when combined" });
    assert_eq!(columns["age_ms"], age);
    assert_eq!(columns["seed"]["about"], "swept");
    assert_eq!(columns.as_object().unwrap().len(), 11);
}

#[test]
fn merged_parts_have_the_rows_of_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let whole = read(&finished(&folder.path().join("whole"), 100, 1000));
    for block in [1, 7, 50, 99, 100] {
        let parts = folder.path().join(block.to_string());
        assert_eq!(read(&finished(&parts, 100, block)), whole, "block {block}");
        assert_eq!(names(&parts), ["rounds.parquet"], "block {block}");
    }
}

#[test]
fn lists_are_read_back_from_one_file_and_from_merged_parts() {
    let list = |i: u64| -> Vec<f32> { (0..i % 4).map(|x| (i * 10 + x) as f32 / 4.0).collect() };
    let floats = |field: &Field| -> Vec<f32> {
        let Field::ListInternal(list) = field else {
            panic!("{field:?} is no list");
        };
        (0..list.len())
            .map(|i| list.get_float(i).unwrap())
            .collect()
    };
    for block in [1, 7, 1000] {
        let folder = tempfile::tempdir().unwrap();
        let columns = vec![
            Column::new("agent", Kind::Integer, "", "whose"),
            Column::new("parameters", Kind::List, "", "its parameters"),
            Column::new("odd", Kind::Flag, "", "whether odd"),
        ];
        let table = Table::create(folder.path(), "models", Vec::new(), columns).unwrap();
        let mut table = table.with_block_rows(block);
        for i in 0..50 {
            let fill = |row: &mut Row<'_>| {
                row.int(i).list(&list(i)).flag(is_odd(i));
            };
            table.row(fill).unwrap();
        }
        let path = table.finish().unwrap();
        let rows = read(&path);
        assert_eq!(rows.len(), 50);
        for (i, row) in (0..).zip(rows) {
            assert_eq!(row[0], Field::Long(i as i64));
            assert_eq!(floats(&row[1]), list(i), "row {i}, block {block}");
            assert_eq!(row[2], Field::Bool(is_odd(i)));
        }
    }
}

#[test]
fn long_lists_are_written_before_they_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let column = Column::new("parameters", Kind::List, "", "its parameters");
    let mut table = Table::create(folder.path(), "models", Vec::new(), vec![column]).unwrap();
    let model = vec![0.5; BLOCK_ELEMENTS / 3];
    for _ in 0..5 {
        let fill = |row: &mut Row<'_>| {
            row.list(&model);
        };
        table.row(fill).unwrap();
    }
    assert_eq!(names(folder.path()), ["models.part-0000.parquet"]);
    table.finish().unwrap();
    assert_eq!(names(folder.path()), ["models.parquet"]);
}

#[test]
fn a_table_that_replaces_another_leaves_it_until_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = table(folder.path());
    push(&mut first, 1).unwrap();
    let path = first.finish().unwrap();
    let mut second = table(folder.path());
    push(&mut second, 2).unwrap();
    assert_eq!(read(&path), [expected(1)]);
    drop(second);
    assert_eq!(read(&path), [expected(1)]);
    let mut third = table(folder.path());
    push(&mut third, 3).unwrap();
    third.finish().unwrap();
    assert_eq!(read(&path), [expected(3)]);
    assert_eq!(names(folder.path()), ["rounds.parquet"]);
}

#[test]
fn a_table_dropped_unfinished_leaves_its_parts_readable() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = table(folder.path()).with_block_rows(10);
    (0..23).for_each(|i| push(&mut table, i).unwrap());
    table.flush_part().unwrap();
    table.flush_part().unwrap();
    push(&mut table, 23).unwrap();
    drop(table);
    let files = names(folder.path());
    assert_eq!(
        files,
        [
            "rounds.part-0000.parquet",
            "rounds.part-0001.parquet",
            "rounds.part-0002.parquet"
        ]
    );
    let rows: Vec<_> = files
        .iter()
        .flat_map(|name| read(&folder.path().join(name)))
        .collect();
    assert_eq!(rows, (0..23).map(expected).collect::<Vec<_>>());
}

#[test]
fn equal_tables_are_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for block in [13, 1000] {
        let bytes = |name| fs::read(finished(&folder.path().join(name), 100, block)).unwrap();
        assert!(bytes("a") == bytes("b"), "block {block}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_loses_no_closed_part() {
    let folder = tempfile::tempdir().unwrap();
    let fill = |name: &str| {
        let temporary = folder.path().join(".rounds.parquet.tmp");
        std::os::unix::fs::symlink("/dev/full", temporary).unwrap();
        folder.path().join(name)
    };
    let full = |error: TableError, at: &Path| {
        assert!(error.to_string().contains(at.to_str().unwrap()), "{error}");
        match error {
            TableError::Io { source, path, .. } => {
                assert_eq!(source.kind(), ErrorKind::StorageFull);
                assert_eq!(path, at);
            }
            error => panic!("{error}"),
        }
    };
    let mut table = table(folder.path()).with_block_rows(4);
    (0..7).for_each(|i| push(&mut table, i).unwrap());
    let part = fill("rounds.part-0001.parquet");
    full(push(&mut table, 7).unwrap_err(), &part);
    // There is room again: the rows are still there.
    table.flush_part().unwrap();
    let whole = fill("rounds.parquet");
    full(table.finish().unwrap_err(), &whole);
    assert_eq!(
        names(folder.path()),
        ["rounds.part-0000.parquet", "rounds.part-0001.parquet"]
    );
    assert_eq!(read(&part), (4..8).map(expected).collect::<Vec<_>>());
}

#[test]
fn a_part_that_was_damaged_meanwhile_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = table(folder.path()).with_block_rows(1);
    (0..2).for_each(|i| push(&mut table, i).unwrap());
    fs::write(folder.path().join("rounds.part-0001.parquet"), "PAR1").unwrap();
    assert!(matches!(table.finish(), Err(TableError::Parquet { .. })));
    assert!(!folder.path().join("rounds.parquet").exists());
}

#[test]
fn a_constant_called_like_a_column_is_the_swept_one() {
    let folder = tempfile::tempdir().unwrap();
    let swept = |name| Constant::new(name, Value::Integer(7), "", "swept");
    let constants = vec![swept("group"), swept("seed")];
    let mut table = Table::create(folder.path(), "rounds", constants, columns()).unwrap();
    push(&mut table, 0).unwrap();
    let path = folder.path().join("rounds.parquet");
    table.finish().unwrap();
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<&str> = schema.columns().iter().map(|c| c.name()).collect();
    assert_eq!(names[..2], ["swept_group", "seed"]);
    assert!(names[2..].contains(&"group"));
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let twice = [columns(), columns()].concat();
    let error = Table::create(folder.path(), "rounds", Vec::new(), twice)
        .err()
        .unwrap();
    let message = error.to_string();
    assert!(
        message.ends_with("rounds.parquet would have two columns `iteration`; rename one of them"),
        "{message}"
    );
}

#[test]
#[should_panic(expected = "column `message` takes an integer, not a number")]
fn a_value_of_another_kind_is_a_bug() {
    let folder = tempfile::tempdir().unwrap();
    let _ = table(folder.path()).row(|row| {
        row.int(1).float(1.0);
    });
}

#[test]
#[should_panic(expected = "column `iteration` is never null")]
fn a_null_where_none_may_be_is_a_bug() {
    let folder = tempfile::tempdir().unwrap();
    let _ = table(folder.path()).row(|row| {
        row.int(None::<u64>);
    });
}

#[test]
#[should_panic(expected = "a row has 1 values of 7")]
fn an_incomplete_row_is_a_bug() {
    let folder = tempfile::tempdir().unwrap();
    let _ = table(folder.path()).row(|row| {
        row.int(1);
    });
}
