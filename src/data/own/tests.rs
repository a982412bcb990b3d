//! Tests of the user's files: what is read from them, and what is refused, with which words.

use super::*;
use ndarray::{Array, Dimension, array};
use ndarray_npy::{NpzWriter, WritableElement};
use proptest::prelude::*;
use std::io::Cursor;

fn digest() -> FileDigest {
    FileDigest::of(Path::new("own"), b"")
}

/// The rows of a CSV file's text.
fn csv_rows(text: &[u8], wanted: Wanted) -> Result<(OwnRows, Known), String> {
    let rows = checked("own.csv", text, Format::Csv, wanted, None, digest());
    rows.map_err(|mistakes| mistakes.to_string())
}

fn csv_ok(text: &str, wanted: Wanted) -> OwnRows {
    csv_rows(text.as_bytes(), wanted)
        .unwrap_or_else(|e| panic!("{e}"))
        .0
}

/// What is wrong with a CSV file of classes.
fn wrong_classes(text: &str) -> String {
    csv_rows(text.as_bytes(), Wanted::Class)
        .map(|_| ())
        .expect_err(text)
}

/// What is wrong with a CSV file of values.
fn wrong_values(text: &str) -> String {
    csv_rows(text.as_bytes(), Wanted::Values)
        .map(|_| ())
        .expect_err(text)
}

fn inputs(rows: &OwnRows) -> Vec<Vec<f32>> {
    let row = |row| {
        let mut input = vec![0.0; rows.examples.shape().features()];
        rows.examples.read(row, &mut input);
        input
    };
    (0..rows.examples.len() as u32).map(row).collect()
}

fn labels(rows: &OwnRows) -> (&[u32], usize) {
    match rows.examples.targets() {
        Targets::Classes { labels, classes } => (labels, *classes),
        Targets::Values { .. } => panic!("values"),
    }
}

fn values(rows: &OwnRows) -> (&[f32], usize) {
    match rows.examples.targets() {
        Targets::Values { values, outputs } => (values, *outputs),
        Targets::Classes { .. } => panic!("classes"),
    }
}

// ---- CSV

#[test]
fn columns_mean_what_their_names_say_and_the_others_are_features() {
    let text = "height,agent,y,group,weight\n1.5,0,1,3,-2\n+.25,1,0,4,1e2\n";
    let rows = csv_ok(text, Wanted::Class);
    assert_eq!(inputs(&rows), [[1.5, -2.0], [0.25, 100.0]]);
    assert_eq!(labels(&rows), (&[1, 0][..], 2));
    assert_eq!(rows.agents, Some(vec![0, 1]));
    assert_eq!(rows.groups, Some(vec![3, 4]));
    let rows = csv_ok("x,y\n1,0\n2,1\n", Wanted::Class);
    assert_eq!((rows.agents, rows.groups), (None, None));
}

#[test]
fn text_may_be_written_as_spreadsheets_and_editors_write_it() {
    let plain = csv_ok("x,y\n1,2\n3,4\n", Wanted::Values);
    for text in [
        "x,y\r\n1,2\r\n3,4\r\n",
        "\u{feff}x,y\n1,2\n3,4",
        " x , y \n 1 ,\t2\n\n3,4\n\n",
        "\"x\",\"y\"\n\"1\",2\n3,\"4\"\n",
    ] {
        let rows = csv_ok(text, Wanted::Values);
        assert_eq!(rows.examples, plain.examples, "{text:?}");
    }
}

#[test]
fn classes_of_text_are_sorted_by_name() {
    let rows = csv_ok("y,x\nsit,1\nrun,2\n3d,3\nsit,4\n", Wanted::Class);
    assert_eq!(labels(&rows), (&[2, 1, 0, 2][..], 3));
}

#[test]
fn classes_of_numbers_may_have_a_point() {
    let rows = csv_ok("y,x\n1.0,1\n0.0,2\n2.0,3\n", Wanted::Class);
    assert_eq!(labels(&rows), (&[1, 0, 2][..], 3));
}

#[test]
fn several_values_stand_in_the_order_of_their_numbers() {
    let rows = csv_ok("y1,x,y0\n10,1,20\n30,2,40\n", Wanted::Values);
    assert_eq!(values(&rows), (&[20.0, 10.0, 40.0, 30.0][..], 2));
    assert_eq!(inputs(&rows), [[1.0], [2.0]]);
    // With `y` alone, and where numbers stop, the others are features.
    let rows = csv_ok("y,y7,y1\n1,2,3\n", Wanted::Values);
    assert_eq!(
        (values(&rows), inputs(&rows)),
        ((&[1.0][..], 1), vec![vec![2.0, 3.0]])
    );
}

#[test]
fn wrong_columns_are_refused() {
    let refused = [
        ("", "own.csv is empty"),
        ("\n\n", "own.csv is empty"),
        ("x,y\n", "own.csv has no rows below its first line"),
        (
            "1,2\n3,4\n",
            "own.csv:1: no column has the name `y`: name one so; there are `1`, `2`",
        ),
        (
            "y,agent,group\n1,2,3\n",
            "own.csv:1: no column is a feature: add columns beside `y`, `agent` and `group`",
        ),
        (
            "\nx,y,x\n1,2,3\n",
            "own.csv:2: two columns have the name `x`: give each its own",
        ),
        (
            ",x,y\n0,1,2\n",
            "own.csv:1: column 1 has no name: give it one, or save the file without its row numbers",
        ),
        (
            "x,y,y0\n1,2,3\n",
            "own.csv:1: there are `y` and `y0`: `y` is the only value, or y0 the first",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_values(text), message);
        assert_eq!(wrong_classes(text), message);
    }
    let message = "own.csv:1: there are `y0` and no `y`: a class stands in the column `y`";
    assert_eq!(wrong_classes("x,y0\n1,0\n2,1\n"), message);
}

#[test]
fn wrong_fields_are_refused_with_line_and_column() {
    let refused = [
        ("x,y\n1,2\n,3\n", "own.csv:3: `x` is empty: write a number"),
        (
            "x,y\n1,2\n\n1,\n",
            "own.csv:4: `y` is empty: write a number",
        ),
        (
            "x,y\n1;2,3\n",
            "own.csv:2: `x` is `1;2`: write a finite number",
        ),
        (
            "x,y\nnan,3\n",
            "own.csv:2: `x` is `nan`: write a finite number",
        ),
        (
            "x,y\n1,-inf\n",
            "own.csv:2: `y` is `-inf`: write a finite number",
        ),
        (
            "x,y\n1e999,1\n",
            "own.csv:2: `x` is `1e999`: write a finite number",
        ),
        (
            "x,y\n1e39,1\n",
            "own.csv:2: `x` is 1e39: write a number within ±3.4e38",
        ),
        (
            "x,y\n1\n",
            "own.csv:2: the first line has 2 fields, and this one has 1",
        ),
        (
            "x,y\n1,2,3\n",
            "own.csv:2: the first line has 2 fields, and this one has 3",
        ),
        (
            "agent,x,y\n0.5,1,2\n",
            "own.csv:2: `agent` is `0.5`: write a whole number from 0 to 2147483647",
        ),
        (
            "agent,x,y\n-1,1,2\n",
            "own.csv:2: `agent` is `-1`: write a whole number from 0 to 2147483647",
        ),
        (
            "group,x,y\n2147483648,1,2\n",
            "own.csv:2: `group` is `2147483648`: write a whole number from 0 to 2147483647",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_values(text), message);
    }
    assert_eq!(
        csv_rows(b"x,y\n1,2\n\xff,3\n", Wanted::Values).map(|_| ()),
        Err("own.csv:3: this is not UTF-8: save the file as UTF-8 text".to_owned())
    );
}

#[test]
fn the_first_mistakes_are_told_and_the_others_counted() {
    let text = format!("x,y\n{}", "a,b\n".repeat(4));
    let expected = "own.csv:2: `x` is `a`: write a finite number\n\
                    own.csv:2: `y` is `b`: write a finite number\n\
                    own.csv:3: `x` is `a`: write a finite number\n\
                    own.csv:3: `y` is `b`: write a finite number\n\
                    own.csv:4: `x` is `a`: write a finite number\n\
                    and 3 more";
    assert_eq!(wrong_values(&text), expected);
}

#[test]
fn wrong_classes_are_refused() {
    let refused = [
        (
            "x,y\n1,0\n2,2\n",
            "own.csv:3: `y` is 2, and no row has 1: let classes go from 0 without gaps",
        ),
        (
            "x,y\n1,1\n2,2\n",
            "own.csv:2: `y` is 1, and no row has 0: let classes go from 0 without gaps",
        ),
        (
            "x,y\n1,0\n2,0.5\n3,-1\n",
            "own.csv:3: `y` is 0.5: classes are whole numbers from 0, or text\n\
             own.csv:4: `y` is -1: classes are whole numbers from 0, or text",
        ),
        // What the first row's is, the others are.
        (
            "x,y\n1,0\n2,one\n",
            "own.csv:3: `y` is `one`: write a finite number",
        ),
        (
            "x,y\n1,a\n2,\n",
            "own.csv:3: `y` is empty: write the row's class",
        ),
        (
            "x,y\n1,0\n2,0\n",
            "own.csv: `y` is the same in all rows: let there be two classes or more",
        ),
        (
            "x,y\n1,a\n2,a\n",
            "own.csv: `y` is the same in all rows: let there be two classes or more",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_classes(text), message);
    }
}

// ---- NPZ

struct Npz(NpzWriter<Cursor<Vec<u8>>>);

impl Npz {
    fn new() -> Npz {
        Npz(NpzWriter::new_compressed(Cursor::default()))
    }

    fn with<A: WritableElement, D: Dimension>(mut self, name: &str, values: Array<A, D>) -> Npz {
        self.0.add_array(name, &values).expect("memory");
        self
    }

    fn bytes(self) -> Vec<u8> {
        self.0.finish().expect("memory").into_inner()
    }

    fn rows(self, wanted: Wanted) -> Result<OwnRows, String> {
        npz_rows(&self.bytes(), wanted)
    }
}

fn npz_rows(bytes: &[u8], wanted: Wanted) -> Result<OwnRows, String> {
    let rows = checked("own.npz", bytes, Format::Npz, wanted, None, digest());
    rows.map(|(rows, _)| rows)
        .map_err(|mistakes| mistakes.to_string())
}

/// A good file but for `y`.
fn two_rows() -> Npz {
    Npz::new().with("x", array![[1.0f32, 2.0], [3.0, 4.0]])
}

#[test]
fn arrays_of_all_types_give_the_same_numbers() {
    let expected = two_rows()
        .with("y", array![1i64, 0])
        .rows(Wanted::Class)
        .expect("good");
    assert_eq!(inputs(&expected), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(labels(&expected), (&[1, 0][..], 2));
    let others = [
        Npz::new()
            .with("x", array![[1.0f64, 2.0], [3.0, 4.0]])
            .with("y", array![1u8, 0]),
        Npz::new()
            .with("x", array![[1i32, 2], [3, 4]])
            .with("y", array![1.0f32, 0.0]),
        Npz::new()
            .with("x", array![[1i64, 2], [3, 4]])
            .with("y", array![1.0f64, 0.0]),
        // An array in the order of its columns.
        Npz::new()
            .with("x", array![[1.0, 3.0], [2.0, 4.0]].reversed_axes())
            .with("y", array![1i32, 0]),
    ];
    for other in others {
        let rows = other.rows(Wanted::Class).expect("good");
        assert_eq!(rows.examples, expected.examples);
    }
}

#[test]
fn bytes_are_the_numbers_they_are() {
    let bytes: Vec<u8> = (0..=255).collect();
    let x = Array::from_shape_vec((2, 8, 16), bytes).expect("256 bytes");
    let rows = Npz::new().with("x", x).with("y", array![0i64, 1]);
    let rows = rows.rows(Wanted::Class).expect("good");
    let expected: Vec<f32> = (0..=255u8).map(f32::from).collect();
    assert_eq!(inputs(&rows).concat(), expected);
}

#[test]
fn an_inputs_shape_is_that_of_x() {
    let shape = |dimensions: &[usize]| {
        let x = Array::<f32, _>::zeros(dimensions);
        let rows = Npz::new().with("x", x).with("y", array![0i64, 1]);
        rows.rows(Wanted::Class).map(|rows| rows.examples.shape())
    };
    let image = |channels, height, width| Shape::Image {
        channels,
        height,
        width,
    };
    assert_eq!(shape(&[2, 7]), Ok(Shape::Flat(7)));
    assert_eq!(shape(&[2, 5, 6]), Ok(image(1, 5, 6)));
    assert_eq!(shape(&[2, 3, 5, 6]), Ok(image(3, 5, 6)));
    let refused = [
        &[2][..],
        &[],
        &[2, 1, 1, 1, 1],
        &[2, 0],
        &[0, 2],
        &[0, 5, 6],
    ];
    for dimensions in refused {
        let message = shape(dimensions).expect_err("a shape of no inputs");
        let found =
            format!("own.npz: `x` has the shape {dimensions:?}: let it be [rows, features]");
        assert!(message.starts_with(&found), "{message}");
    }
}

#[test]
fn values_may_be_several() {
    let one = two_rows()
        .with("y", array![0.5, -3.0])
        .rows(Wanted::Values)
        .expect("good");
    assert_eq!(values(&one), (&[0.5, -3.0][..], 1));
    let several = two_rows().with("y", array![[1.0, 2.0], [3.0, 4.0]]);
    let several = several.rows(Wanted::Values).expect("good");
    assert_eq!(values(&several), (&[1.0, 2.0, 3.0, 4.0][..], 2));
}

#[test]
fn owners_and_groups_are_arrays_too() {
    let rows = two_rows()
        .with("y", array![0i64, 1])
        .with("agent", array![5i64, 4]);
    let rows = rows
        .with("group", array![1u8, 0])
        .rows(Wanted::Class)
        .expect("good");
    assert_eq!(
        (rows.agents, rows.groups),
        (Some(vec![5, 4]), Some(vec![1, 0]))
    );
}

#[test]
fn wrong_arrays_are_refused_by_name() {
    let y = || two_rows().with("y", array![0i64, 1]);
    let refused = [
        (
            y().with("labels", array![0i64]),
            "own.npz has an array `labels`: arrays are called `x`, `y`, `agent`, `group`",
        ),
        (
            Npz::new(),
            "own.npz has no array `x`: add it\nown.npz has no array `y`: add it",
        ),
        (two_rows(), "own.npz has no array `y`: add it"),
        (
            two_rows().with("y", array![0i64, 1, 0]),
            "own.npz: `y` has the shape [3]: let it be [2], with the rows of `x`",
        ),
        (
            two_rows().with("y", array![[0i64], [1]]),
            "own.npz: `y` has the shape [2, 1]: let it be [2], with the rows of `x`",
        ),
        (
            y().with("agent", array![[0i64, 1]]),
            "own.npz: `agent` has the shape [1, 2]: let it be [2], with the rows of `x`",
        ),
        (
            y().with("group", array![0.5, -1.0]),
            "own.npz: `group[0]` is no whole number from 0 to 2147483647\n\
             own.npz: `group[1]` is no whole number from 0 to 2147483647",
        ),
        (
            Npz::new()
                .with("x", array![[1.0, f64::NAN], [1e39, 4.0]])
                .with("y", array![0i64, 1]),
            "own.npz: `x[0, 1]` is no finite number of 32 bits\n\
             own.npz: `x[1, 0]` is no finite number of 32 bits",
        ),
        (
            two_rows().with("y", array![f32::INFINITY, 0.0]),
            "own.npz: `y[0]` is no finite number of 32 bits",
        ),
        (
            two_rows().with("y", array![0i64, 7]),
            "own.npz: `y[1]` is 7, and no row has 1: let classes go from 0 without gaps",
        ),
        (
            y().with("agent", array![true, false]),
            "own.npz: `agent` is of type '|b1': save it as f4, f8, i4, i8 or u1",
        ),
    ];
    for (file, message) in refused {
        assert_eq!(
            file.rows(Wanted::Class).map(|_| ()),
            Err(message.to_owned())
        );
    }
    let message = npz_rows(b"x,y\n1,2\n", Wanted::Class).expect_err("no NPZ file");
    assert!(message.starts_with("own.npz is no NPZ file: "), "{message}");
}

// ---- Files

fn file(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a temporary folder");
    path
}

fn refusal(path: &Path, test: Option<&Path>, wanted: Wanted) -> (Vec<&'static str>, String) {
    match read(path, test, wanted) {
        Err(DataError::Unfit { key, message, help }) => {
            assert!(!help.is_empty());
            (key, message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_for_test_are_of_the_same_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| file(folder.path(), name, text.as_bytes());
    let train = file("train.csv", "a,y,b\n1,run,2\n3,sit,4\n");
    let test = file("test.csv", "y,a,b,agent\nsit,5,6,0\n");
    let data = read(&train, Some(&test), Wanted::Class).expect("good files");
    let test = data.test.expect("a test file");
    assert_eq!(
        (labels(&test), inputs(&test)),
        ((&[1][..], 2), vec![vec![5.0, 6.0]])
    );
    assert_eq!(test.agents, Some(vec![0]));
    assert_ne!(data.train.digest, test.digest);

    let numbers = file("numbers.csv", "a,y,b\n1,0,2\n3,1,4\n");
    for (train, text, wrong) in [
        (
            &train,
            "b,y,a\n1,run,2\n",
            "has the feature `b` where `path` has `a`",
        ),
        (
            &train,
            "a,y\n1,run\n",
            "has inputs of shape [1], and those of `path` have [2]",
        ),
        (
            &train,
            "a,y,b\n1,fly,2\n",
            ":2: `y` is `fly`: the classes of `path` are `run`, `sit`",
        ),
        (
            &train,
            "a,y,b\n1,0,2\n",
            "`y` is a number, and the classes of `path` have names",
        ),
        (
            &numbers,
            "a,y,b\n1,2,2\n",
            ":2: `y` is 2: the classes of `path` go from 0 to 1",
        ),
        (
            &numbers,
            "a,y,b\n1,x,2\n",
            "`y` is text, and the classes of `path` are numbers from 0",
        ),
    ] {
        let test = file("wrong.csv", text);
        let (key, message) = refusal(train, Some(&test), Wanted::Class);
        assert_eq!(key, ["task", "test_path"]);
        assert!(message.contains(wrong), "{message}");
    }
    let two = file("two.csv", "a,b,y0,y1\n1,2,3,4\n");
    let (_, message) = refusal(&numbers, Some(&two), Wanted::Values);
    assert!(
        message.contains("2 values of `y` in a row, and `path` has 1"),
        "{message}"
    );
}

#[test]
fn files_that_are_not_there_or_of_no_known_kind_are_refused() {
    let (key, message) = refusal(Path::new("no/such.csv"), None, Wanted::Class);
    assert_eq!(key, ["task", "path"]);
    assert!(
        message.starts_with("cannot read the rows in no/such.csv: "),
        "{message}"
    );
    let (_, message) = refusal(Path::new("rows.xlsx"), None, Wanted::Class);
    assert_eq!(
        message,
        "rows.xlsx has a name that ends in neither .csv nor .npz"
    );
    let (_, message) = refusal(Path::new("rows"), None, Wanted::Class);
    assert!(message.contains("neither"), "{message}");
}

#[test]
fn a_files_hash_is_of_its_bytes_and_not_of_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |name: &str, text: &str| {
        let path = file(folder.path(), name, text.as_bytes());
        read(&path, None, Wanted::Values)
            .expect("a good file")
            .train
            .digest
    };
    let text = "x,y\n1,2\n";
    assert_eq!(of("a.csv", text), of("b.csv", text));
    assert_ne!(of("a.csv", text), of("a.csv", "x,y\n1,2.0\n"));
}

// ---- Anything at all

/// A good file of either format.
fn good(format: Format) -> Vec<u8> {
    match format {
        Format::Csv => b"agent,group,a,b,y\n0,0,1.5,2,0\n0,0,-3,4e2,1\n1,1,5,6,2\n".to_vec(),
        Format::Npz => {
            let file = two_rows()
                .with("y", array![0i64, 1])
                .with("agent", array![0i64, 1]);
            file.bytes()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Csv, Format::Npz] {
            for wanted in [Wanted::Class, Wanted::Values] {
                let _ = checked("own", &bytes, format, wanted, None, digest());
            }
        }
    }

    #[test]
    fn any_text_of_a_table_is_read_or_refused(
        text in "(y|x|agent|group|y0|,|\n|\"|[0-9]|-|\\.|e|a| ){0,60}",
    ) {
        for wanted in [Wanted::Class, Wanted::Values] {
            if let Err(message) = csv_rows(text.as_bytes(), wanted) {
                prop_assert!(message.starts_with("own.csv"), "{}", message);
            }
        }
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        is_csv in any::<bool>(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let format = if is_csv { Format::Csv } else { Format::Npz };
        let mut bytes = good(format);
        for (at, byte) in damages {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        for wanted in [Wanted::Class, Wanted::Values] {
            if let Ok((rows, _)) = checked("own", &bytes, format, wanted, None, digest()) {
                prop_assert!(!rows.examples.is_empty());
                let finite = inputs(&rows).concat().iter().all(|x| x.is_finite());
                prop_assert!(finite);
            }
        }
    }
}
