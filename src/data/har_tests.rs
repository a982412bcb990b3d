//! Tests of the reader on small files.

use super::*;
use crate::rng::{Key, Purpose};
use rand::RngExt;
use std::fs;

/// A data set of three training rows and two test rows, as published.
fn small_set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (split, rows) in [("train", 3), ("test", 2)] {
        fs::create_dir(folder.path().join(split)).expect("a new folder");
        let x: String = (0..rows).map(|r| line(r) + "\r\n").collect();
        write(&folder, &format!("{split}/X_{split}.txt"), x.as_bytes());
        let y: String = (0..rows).map(|r| format!("{}\n", r + 1)).collect();
        write(&folder, &format!("{split}/y_{split}.txt"), y.as_bytes());
        write(
            &folder,
            &format!("{split}/subject_{split}.txt"),
            y.as_bytes(),
        );
    }
    folder
}

fn line(row: usize) -> String {
    let value = |j| format!("{:.7}e-001", (row * FEATURES + j) as f64 / 1000.0 - 1.0);
    (0..FEATURES).map(|j| format!("  {}", value(j))).collect()
}

fn write(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).expect("a writable file");
}

/// What reading says after one file got other contents, without the folder.
fn error_with(name: &str, bytes: &[u8]) -> String {
    let folder = small_set();
    write(&folder, name, bytes);
    let error = read(folder.path())
        .expect_err("a malformed file")
        .to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn both_splits_are_read_training_first() {
    let folder = small_set();
    let all = read(folder.path()).expect("a good data set");
    let targets = Targets::Classes {
        labels: vec![0, 1, 2, 0, 1],
        classes: ACTIVITIES,
    };
    assert_eq!(*all.examples.targets(), targets);
    assert_eq!(all.subjects, [0, 1, 2, 0, 1]);
    let row = |row| {
        let mut input = vec![0.0; FEATURES];
        all.examples.read(row, &mut input);
        input
    };
    assert_eq!(row(1)[2], "-0.0437".parse::<f32>().expect("a number"));
    assert_eq!(row(3), row(0));
    let names: Vec<&str> = all.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), 6);
    assert_eq!(names[..2], ["X_test.txt", "X_train.txt"]);
    // SHA-256 of "1\n2\n", by `sha256sum`.
    let digest = "a6e2b7a040683432de03a18fd8a1939a2fdf82585b364bfc874bdd4095c4cae1";
    assert_eq!(all.files[2].sha256, digest);
}

#[test]
fn the_data_set_is_found_in_three_places() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let published = folder.path().join("har/UCI HAR Dataset");
    assert_eq!(locate(folder.path()), published);
    fs::create_dir_all(published.join("train")).expect("a new folder");
    assert_eq!(locate(folder.path()), published);
    assert_eq!(locate(&folder.path().join("har")), published);
    assert_eq!(locate(&published), published);
}

#[test]
fn absent_files_say_what_to_download() {
    let folder = small_set();
    fs::remove_file(folder.path().join("test/y_test.txt")).expect("the file is there");
    let error = read(folder.path()).expect_err("a missing file").to_string();
    assert!(error.contains("test/y_test.txt is missing"), "{error}");
    assert!(error.contains("archive.ics.uci.edu"), "{error}");
    let error = read(Path::new("/nowhere/at/all"))
        .expect_err("no folder")
        .to_string();
    assert!(error.contains("/nowhere/at/all is missing"), "{error}");
}

#[test]
fn wrong_rows_are_named_with_their_line() {
    let good = line(0);
    let (short, _) = good.rsplit_once(' ').expect("a space");
    let in_second_line = |text: &str| {
        let text = format!("{good}\n{text}\n{good}\n");
        error_with("train/X_train.txt", text.as_bytes())
    };
    let at = "train/X_train.txt:2: ";
    assert_eq!(
        in_second_line(short),
        format!("{at}features in this row: 560; every row has 561")
    );
    let long = format!("{good} 1");
    assert_eq!(
        in_second_line(&long),
        format!("{at}features in this row: 562; every row has 561")
    );
    assert_eq!(
        in_second_line(""),
        format!("{at}features in this row: 0; every row has 561")
    );
    let spoiled = |value: &str| in_second_line(&format!("{value}{short}"));
    assert_eq!(
        spoiled("1.x"),
        format!("{at}feature 1 is `1.x`: write a number")
    );
    for value in ["nan", "-inf", "1e39", "1e999"] {
        let message = format!("{at}feature 1 is `{value}`: write a finite number");
        assert_eq!(spoiled(value), message);
    }
}

#[test]
fn wrong_activities_and_subjects_are_named_with_their_line() {
    for value in ["0", "7", "-1", "1.5", "one", "", "1 2"] {
        let error = error_with("test/y_test.txt", format!("1\n{value}\n").as_bytes());
        let message = "is no activity: write a whole number from 1 to 6";
        assert_eq!(error, format!("test/y_test.txt:2: `{value}` {message}"));
    }
    let error = error_with("train/subject_train.txt", b"31\n1\n1\n");
    let message = "`31` is no subject: write a whole number from 1 to 30";
    assert_eq!(error, format!("train/subject_train.txt:1: {message}"));
}

#[test]
fn files_cut_off_are_told() {
    let cut = "the file is cut off in this line, which has no end; download it again";
    let x = format!("{}\r\n{}", line(0), &line(1)[..line(1).len() - 1]);
    let error = error_with("train/X_train.txt", x.as_bytes());
    assert_eq!(error, format!("train/X_train.txt:2: {cut}"));
    let empty = error_with("test/X_test.txt", b"");
    assert_eq!(
        empty,
        "test/X_test.txt:1: the file is empty; download it again"
    );
    let error = error_with("train/y_train.txt", b"1\n2\n");
    let counts = "train/y_train.txt:3: 2 activities for the 3 rows of X_train.txt";
    assert!(error.starts_with(counts), "{error}");
    let error = error_with("train/subject_train.txt", b"1\n2\n3\n4\n");
    let counts = "train/subject_train.txt:4: 4 subjects for the 3 rows of X_train.txt";
    assert!(error.starts_with(counts), "{error}");
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let error = error_with("test/y_test.txt", b"1\n\xff\xfe\n");
    assert!(
        error.contains("test/y_test.txt:2: ") && error.contains("not UTF-8"),
        "{error}"
    );
    let mut stream = Key::new(1, Purpose::Batch).stream();
    let alphabet = b"0123456789.eE+-\n\r \t\0\xff\xc3naif";
    for _ in 0..2000 {
        let length = stream.random_range(0..60);
        let draw = |_| alphabet[stream.random_range(0..alphabet.len())];
        let bytes: Vec<u8> = (0..length).map(draw).collect();
        let mut values = Vec::new();
        let _ = parse_lines(&bytes, parse_features).err();
        tokens(&bytes).for_each(|token| values.extend(number(token)));
    }
}

#[test]
fn lines_are_counted_through_all_parts_of_a_file() {
    let good = line(0);
    let mut text = format!("{good}\n").repeat(100);
    text += "1\n";
    let text = Text {
        path: "X".into(),
        bytes: text.into_bytes(),
    };
    assert!(parts(&text.bytes, 4).len() > 1);
    assert_eq!(parts(&text.bytes, 4).concat(), text.bytes);
    let error = text
        .parse(parse_features)
        .expect_err("a short line")
        .to_string();
    assert_eq!(error, "X:101: features in this row: 1; every row has 561");
}

#[test]
fn quick_numbers_are_those_of_the_standard_library() {
    let check = |text: &str| {
        let exact: f32 = text.parse().expect("a number");
        let found = number(text.as_bytes()).map(f32::to_bits);
        assert_eq!(found, Some(exact.to_bits()), "{text}");
    };
    // Half-way between two `f32`, just above and below; subnormal; too large; odd forms.
    for text in [
        "1.00000005960464477539",
        "16777217",
        "16777217.0000001",
        "16777216.9999999",
    ] {
        check(text);
    }
    for text in [
        "1e-45",
        "7e-46",
        "1.17549435e-38",
        "3.4028236e38",
        "-0",
        "-0.0e-005",
        "+1.",
        ".5",
    ] {
        check(text);
    }
    let mut stream = Key::new(2, Purpose::Batch).stream();
    for _ in 0..20_000 {
        let digits: u64 = stream.random_range(0..100_000_000);
        let exponent = stream.random_range(-50..50);
        check(&format!(
            "-{}.{:07}e{exponent:+04}",
            digits / 10_000_000,
            digits % 10_000_000
        ));
        check(&format!("{digits}e{exponent}"));
    }
}
