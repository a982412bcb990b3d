//! Tests of NPZ files: what is read from them, and what is refused, with which words.

use super::*;
use ndarray::{Array, Dimension, array};
use ndarray_npy::{NpzWriter, WritableElement};
use std::io::Cursor;

/// A file while it is written.
pub(super) struct Npz(NpzWriter<Cursor<Vec<u8>>>);

impl Npz {
    fn new() -> Npz {
        Npz(NpzWriter::new_compressed(Cursor::default()))
    }

    pub(super) fn with<A: WritableElement, D: Dimension>(
        mut self,
        name: &str,
        values: Array<A, D>,
    ) -> Npz {
        self.0.add_array(name, &values).expect("memory");
        self
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.finish().expect("memory").into_inner()
    }

    fn rows(self, wanted: Wanted) -> Result<OwnRows, String> {
        npz_rows(&self.bytes(), wanted)
    }
}

fn npz_rows(bytes: &[u8], wanted: Wanted) -> Result<OwnRows, String> {
    let rows = checked(
        "own.npz",
        bytes,
        Format::Npz,
        &Reading::of(wanted),
        None,
        digest(),
    );
    rows.map(|(rows, _)| rows)
        .map_err(|mistakes| mistakes.to_string())
}

/// A good file but for `y`.
pub(super) fn two_rows() -> Npz {
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
        (numbers(&rows.agents), numbers(&rows.groups)),
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
            two_rows().with("y", array![0.5f32, 1.5]),
            "own.npz: `y[0]` is 0.5: classes are whole numbers from 0\n\
             own.npz: `y[1]` is 1.5: classes are whole numbers from 0",
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
