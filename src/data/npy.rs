//! One array of an NPZ file: the NPY format, of the few types that rows and payloads have.
//!
//! Own reader, since those of libraries take memory for what a header promises, parse it as any
//! Python literal, which nested brackets keep busy for ever, and tell no type from another before
//! they have read it. Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::io::Read;

/// Bytes that a header may have: numpy itself reads no more than 10,000.
const LONGEST_HEADER: usize = 1 << 16;

/// An array as it was read.
#[derive(Debug)]
pub(crate) struct Npy {
    kind: Kind,
    /// Whether the first index runs fastest.
    is_fortran: bool,
    shape: Vec<usize>,
    /// The elements, as many as the shape has.
    elements: Vec<u8>,
}

/// Type of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F4,
    F8,
    I4,
    I8,
    U1,
}

impl Kind {
    /// The names that numpy gives them, with their sizes in bytes. A byte has no order of bytes.
    const NAMES: [(&str, Kind, usize); 5] = [
        ("<f4", Kind::F4, 4),
        ("<f8", Kind::F8, 8),
        ("<i4", Kind::I4, 4),
        ("<i8", Kind::I8, 8),
        ("|u1", Kind::U1, 1),
    ];
}

impl Npy {
    /// Reads an array, and at most one byte more than its header promises: packed, an array of
    /// zeros is a thousandth of its size.
    ///
    /// # Errors
    /// What is wrong with it, as a clause about the array.
    pub(crate) fn read(mut bytes: impl Read) -> Result<Npy, String> {
        let cannot = |error: std::io::Error| format!("cannot be read: {error}");
        let header = header(&mut bytes).map_err(cannot)?;
        let header = header.ok_or("has no NPY header")?;
        let kind = value(&header, "descr").ok_or("has a header without `descr`")?;
        let known = |(name, ..): &&(&str, Kind, usize)| {
            let quoted = kind.strip_prefix('\'').and_then(|k| k.strip_prefix(*name));
            quoted.is_some_and(|rest| rest.starts_with('\''))
        };
        let Some(&(name, kind, size)) = Kind::NAMES.iter().find(known) else {
            let kind: String = kind.chars().take_while(|&c| c != ',').take(20).collect();
            return Err(format!(
                "is of type {kind}: save it as f4, f8, i4, i8 or u1"
            ));
        };
        let order = value(&header, "fortran_order");
        let is_fortran = order.ok_or("has a header without `fortran_order`")?;
        let is_fortran = is_fortran.starts_with("True");
        let shape = value(&header, "shape").and_then(shape);
        let shape = shape.ok_or("has a header without a `shape`")?;
        let wrong = |what: &str| format!("has the shape {shape:?} of type {name}, {what}");
        let mut dimensions = shape.iter();
        let promised = dimensions.try_fold(size, |size, &dimension| size.checked_mul(dimension));
        let Some(promised) = promised else {
            return Err(wrong("more than a file can hold: save it again"));
        };
        // Memory grows with what is really there; one byte more tells that there is too much.
        let mut elements = Vec::new();
        let limit = (promised as u64).saturating_add(1);
        bytes
            .take(limit)
            .read_to_end(&mut elements)
            .map_err(cannot)?;
        if elements.len() > promised {
            return Err(wrong(&format!(
                "and more than those {promised} bytes: save it again"
            )));
        }
        if elements.len() < promised {
            let found = elements.len();
            return Err(wrong(&format!(
                "{promised} bytes, of which there are {found}: save it again"
            )));
        }
        Ok(Npy {
            kind,
            is_fortran,
            shape,
            elements,
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements as numbers, the last index running fastest.
    pub(crate) fn numbers<T: Clone>(&self, make: impl Fn(f64) -> T) -> Vec<T> {
        match self.kind {
            Kind::F4 => self.elements(|bytes| make(f32::from_le_bytes(bytes).into())),
            Kind::F8 => self.elements(|bytes| make(f64::from_le_bytes(bytes))),
            Kind::I4 => self.elements(|bytes| make(i32::from_le_bytes(bytes).into())),
            Kind::I8 => self.elements(|bytes| make(i64::from_le_bytes(bytes) as f64)),
            Kind::U1 => self.elements(|bytes| make(u8::from_le_bytes(bytes).into())),
        }
    }

    /// The elements of an array of bytes, the last index running fastest.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        if self.is_fortran {
            self.elements(u8::from_le_bytes)
        } else {
            self.elements
        }
    }

    fn elements<T: Clone, const N: usize>(&self, make: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (elements, _) = self.elements.as_chunks::<N>();
        let stored: Vec<T> = elements.iter().map(|bytes| make(*bytes)).collect();
        if !self.is_fortran || stored.is_empty() {
            return stored;
        }
        let shape = IxDyn(&self.shape).f();
        let array = ArrayD::from_shape_vec(shape, stored).expect("as many as the shape has");
        array.iter().cloned().collect()
    }
}

/// The text of a header, after which the elements begin; none where there is no such header.
fn header(bytes: &mut impl Read) -> std::io::Result<Option<String>> {
    let mut start = Vec::new();
    bytes.take(10).read_to_end(&mut start)?;
    let length = match start.strip_prefix(b"\x93NUMPY") {
        Some(&[1, _, a, b]) => usize::from(u16::from_le_bytes([a, b])),
        Some(&[2 | 3, _, a, b]) => {
            let mut rest = Vec::new();
            bytes.take(2).read_to_end(&mut rest)?;
            let [c, d] = rest[..] else {
                return Ok(None);
            };
            u32::from_le_bytes([a, b, c, d]) as usize
        }
        _ => return Ok(None),
    };
    if length > LONGEST_HEADER {
        return Ok(None);
    }
    let mut text = Vec::new();
    bytes.take(length as u64).read_to_end(&mut text)?;
    Ok(String::from_utf8(text).ok().filter(|t| t.len() == length))
}

/// What stands behind a key of a header.
fn value<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, value) = header.split_once(&format!("'{key}':"))?;
    Some(value.trim_start())
}

/// The numbers of `(2, 3)`, `(2,)` or `()`.
fn shape(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let numbers = inside.split(',').map(str::trim);
    let numbers = numbers.filter(|number| !number.is_empty());
    numbers.map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array of version 1 with that header.
    fn array(header: &str, elements: &[u8]) -> Result<Npy, String> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes().chain(elements.iter().copied()));
        Npy::read(&bytes[..])
    }

    fn of(kind: &str, shape: &str, elements: &[u8]) -> Result<Npy, String> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        array(&header, elements)
    }

    #[test]
    fn numbers_of_all_types_are_read() {
        let number = |kind, elements: &[u8]| {
            let array = of(kind, "(1,)", elements).unwrap_or_else(|e| panic!("{kind}: {e}"));
            array.numbers(|x| x)[0]
        };
        assert_eq!(number("<f4", &(-1.5f32).to_le_bytes()), -1.5);
        assert_eq!(number("<f8", &0.1f64.to_le_bytes()), 0.1);
        assert_eq!(number("<i4", &(-7i32).to_le_bytes()), -7.0);
        assert_eq!(
            number("<i8", &(1i64 << 40).to_le_bytes()),
            (1u64 << 40) as f64
        );
        assert_eq!(number("|u1", &[200]), 200.0);
    }

    #[test]
    fn columns_first_or_rows_first_the_numbers_are_in_the_order_of_rows() {
        let header =
            |order| format!("{{'descr': '|u1', 'fortran_order': {order}, 'shape': (2, 3), }}");
        let rows = array(&header("False"), &[1, 2, 3, 4, 5, 6]).expect("an array");
        let columns = array(&header("True"), &[1, 4, 2, 5, 3, 6]).expect("an array");
        assert_eq!((rows.shape(), columns.shape()), (&[2, 3][..], &[2, 3][..]));
        assert_eq!(rows.into_bytes(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(columns.into_bytes(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn shapes_are_tuples() {
        assert_eq!(of("|u1", "()", &[1]).expect("a number").shape(), [0; 0]);
        assert_eq!(of("|u1", "(2,)", &[1, 2]).expect("a row").shape(), [2]);
        assert_eq!(of("|u1", "(0, 9)", &[]).expect("nothing").shape(), [0, 9]);
    }

    #[test]
    fn other_types_are_refused_by_name() {
        for kind in ["<U5", ">f8", "<f2", "|b1", "|O", "<c16"] {
            let message = of(kind, "(1,)", &[0; 20]).expect_err(kind);
            let expected = format!("is of type '{kind}': save it as f4, f8, i4, i8 or u1");
            assert_eq!(message, expected);
        }
        let header =
            "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (1,), }";
        let message = array(header, &[0; 8]).expect_err("a record");
        assert!(message.starts_with("is of type [('a'"), "{message}");
    }

    /// Whatever a header promises costs no memory and no time.
    #[test]
    fn headers_that_promise_something_else_are_refused() {
        let promises = [
            ("(2,)", "16 bytes, of which there are 8: save it again"),
            ("(0,)", "and more than those 0 bytes: save it again"),
            (
                "(200000000000000000,)",
                "1600000000000000000 bytes, of which there are 8: save it again",
            ),
            (
                "(4000000000000000000, 40)",
                "more than a file can hold: save it again",
            ),
        ];
        for (shape, expected) in promises {
            let message = of("<i8", shape, &[0; 8]).expect_err(shape);
            assert!(message.ends_with(expected), "{message}");
        }
        for shape in ["2", "(2", "(-2,)", "(a,)", ""] {
            assert_eq!(
                of("<i8", shape, &[0; 8]).expect_err(shape),
                "has a header without a `shape`"
            );
        }
        let deep = ["(".repeat(30_000), "[".repeat(15_000) + &"]".repeat(15_000)];
        for header in deep {
            let message = array(&header, &[]).expect_err("brackets");
            assert_eq!(message, "has a header without `descr`");
        }
        let long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec();
        let unknown = b"\x93NUMPY\x09\x00\x02\x00{}".to_vec();
        for bytes in [long, unknown, b"\x93NUMPY\x01".to_vec(), Vec::new()] {
            assert_eq!(
                Npy::read(&bytes[..]).expect_err("no header"),
                "has no NPY header"
            );
        }
    }
    /// However much there is, no more is read than was promised and a byte.
    #[test]
    fn what_follows_an_array_is_not_read() {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
        let mut start = b"\x93NUMPY\x01\x00".to_vec();
        start.extend((header.len() as u16).to_le_bytes());
        start.extend(header.bytes());
        let endless = start[..].chain(std::io::repeat(0));
        let message = Npy::read(endless).expect_err("too much");
        assert!(
            message.ends_with("and more than those 2 bytes: save it again"),
            "{message}"
        );
        let endless = b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..].chain(std::io::repeat(b' '));
        assert_eq!(
            Npy::read(endless).expect_err("a header without end"),
            "has no NPY header"
        );
    }
}
