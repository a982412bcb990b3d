//! Tests of payloads from files: what is read, and what is refused.

use super::*;
use crate::attack::Knowledge;
use crate::topology::Graph;
use ndarray::{Array, Dimension, array};
use ndarray_npy::{NpzWriter, WritableElement};

/// An NPZ file with one array.
fn npz<A: WritableElement, D: Dimension>(array: Array<A, D>) -> Vec<u8> {
    npz_of(&["payloads"], array)
}

/// An NPZ file with an array under several names.
fn npz_of<A: WritableElement, D: Dimension>(names: &[&str], array: Array<A, D>) -> Vec<u8> {
    let mut npz = NpzWriter::new_compressed(std::io::Cursor::default());
    for name in names {
        npz.add_array(*name, &array).expect("memory");
    }
    npz.finish().expect("memory").into_inner()
}

/// A ZIP file with an entry of text.
fn zip(entry: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::default());
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file(entry, options).expect("memory");
    zip.finish().expect("memory").into_inner()
}

/// What the attack makes of a file for two iterations of three parameters.
fn prepared(bytes: &[u8]) -> Result<Array2<f32>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.npz"), bytes).expect("a file");
    let mut attack = File {
        path: "a.npz".to_owned(),
        payloads: Arc::default(),
    };
    let stage = Stage {
        dimension: 3,
        iterations: 2,
        folder: folder.path(),
        knowledge: Knowledge::None,
        graph: &Graph::undirected(1, Vec::new()),
        is_byzantine: &[true],
        attackers: &[AgentId(0)],
        classes: None,
    };
    let done = attack.prepare(&stage);
    done.map_err(|unfit| unfit.message)?;
    Ok(Array2::clone(&attack.payloads))
}

#[test]
fn rows_of_any_numbers_are_payloads() {
    let expected = array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    assert_eq!(prepared(&npz(expected.clone())), Ok(expected.clone()));
    let wide = expected.mapv(f64::from);
    assert_eq!(prepared(&npz(wide)), Ok(expected.clone()));
    assert_eq!(
        prepared(&npz(array![[1i64, 2, 3], [4, 5, 6]])),
        Ok(expected.clone())
    );
    // An array in the order of its columns.
    let columns = array![[1.0f32, 4.0], [2.0, 5.0], [3.0, 6.0]].reversed_axes();
    assert_eq!(prepared(&npz(columns)), Ok(expected));
}

#[test]
fn other_files_are_refused() {
    // No writer writes a name twice.
    let mut twice = npz_of(&["aa", "bb"], array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    while let Some(at) = twice.windows(6).position(|name| name == b"bb.npy") {
        twice[at..at + 2].copy_from_slice(b"aa");
    }
    let refused = [
        (
            npz(array![[1.0f32, 2.0, 3.0]]),
            "the array `payloads` in `a.npz` is 1 × 3",
        ),
        (
            npz(array![1.0f32, 2.0, 3.0]),
            "the array `payloads` in `a.npz` has the shape [3], and payloads are rows of numbers",
        ),
        (
            npz(array![[true, false]]),
            "the array `payloads` in `a.npz` is 1 × 2",
        ),
        (
            npz_of(
                &["weights", "bias"],
                array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]],
            ),
            "`a.npz` holds 2 arrays: `bias`, `weights`",
        ),
        (
            npz(array![[1.0f64, 2.0, 3.0], [4.0, 1e39, 6.0]]),
            "`payloads[1, 1]` in `a.npz` is 1e39, too large for the 32 bits of a parameter",
        ),
        (npz_of(&[], array![0.0f32]), "`a.npz` holds no array"),
        (
            zip("notes.txt"),
            "`a.npz` holds `notes.txt`, which is no array",
        ),
        (
            zip("payloads.npy"),
            "the array `payloads` in `a.npz` has no NPY header",
        ),
        (
            b"\x93NUMPY\x01\x00".to_vec(),
            "`a.npz` is no NPZ file: it is an NPY file of one array: write it with `numpy.savez`",
        ),
        (
            twice,
            "`a.npz` is no NPZ file: it has two entries `aa.npy`: leave one out",
        ),
    ];
    for (bytes, message) in refused {
        assert_eq!(prepared(&bytes), Err(message.to_owned()));
    }
    let message = prepared(b"1,2,3").expect_err("text");
    assert!(message.starts_with("`a.npz` is no NPZ file: "), "{message}");
}
