//! Tests of the user's files, in either format.

mod csv;
mod npz;

use super::*;
use csv::csv_rows;
use ndarray::array;
use npz::two_rows;
use proptest::prelude::*;

fn digest() -> FileDigest {
    FileDigest::of(Path::new("own"), b"")
}

fn numbers(ids: &Option<Numbered>) -> Option<Vec<u32>> {
    ids.as_ref().map(|ids| ids.of_rows.clone())
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

fn file(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a temporary folder");
    path
}

fn refusal(path: &Path, test: Option<&Path>, wanted: Wanted) -> (Vec<&'static str>, String) {
    match read(path, test, &Reading::of(wanted)) {
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
    let data = read(&train, Some(&test), &Reading::of(Wanted::Class)).expect("good files");
    let test = data.test.expect("a test file");
    assert_eq!(
        (labels(&test), inputs(&test)),
        ((&[1][..], 2), vec![vec![5.0, 6.0]])
    );
    assert_eq!(numbers(&test.agents), Some(vec![0]));
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
        "`rows.xlsx` is a name that ends in neither .csv nor .npz"
    );
    let (_, message) = refusal(Path::new("rows"), None, Wanted::Class);
    assert!(message.contains("neither"), "{message}");
}

#[test]
fn a_files_hash_is_of_its_bytes_and_not_of_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |name: &str, text: &str| {
        let path = file(folder.path(), name, text.as_bytes());
        read(&path, None, &Reading::of(Wanted::Values))
            .expect("a good file")
            .train
            .digest
    };
    let text = "x,y\n1,2\n";
    assert_eq!(of("a.csv", text), of("b.csv", text));
    assert_ne!(of("a.csv", text), of("a.csv", "x,y\n1,2.0\n"));
}

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
                let _ = checked("own", &bytes, format, &Reading::of(wanted), None, digest());
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
            if let Ok((rows, _)) = checked("own", &bytes, format, &Reading::of(wanted), None, digest()) {
                prop_assert!(!rows.examples.is_empty());
                let finite = inputs(&rows).concat().iter().all(|x| x.is_finite());
                prop_assert!(finite);
            }
        }
    }
}
