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
    F2,
    F4,
    F8,
    I1,
    I2,
    I4,
    I8,
    U1,
    U2,
    U4,
    U8,
}

impl Kind {
    /// What numpy calls them, with their sizes in bytes. Truth values are the bytes 0 and 1.
    const NAMES: [(&str, Kind, usize); 12] = [
        ("f2", Kind::F2, 2),
        ("f4", Kind::F4, 4),
        ("f8", Kind::F8, 8),
        ("i1", Kind::I1, 1),
        ("i2", Kind::I2, 2),
        ("i4", Kind::I4, 4),
        ("i8", Kind::I8, 8),
        ("u1", Kind::U1, 1),
        ("b1", Kind::U1, 1),
        ("u2", Kind::U2, 2),
        ("u4", Kind::U4, 4),
        ("u8", Kind::U8, 8),
    ];

    /// The kind, whether its bytes are in big-endian order, its size, and its name in a header such
    /// as `'<f4', …`.
    ///
    /// # Errors
    /// A type that is none of numbers, as a clause about the array.
    fn read(text: &str) -> Result<(Kind, bool, usize, &str), String> {
        let quoted = text
            .strip_prefix('\'')
            .and_then(|text| text.split_once('\''));
        let name = quoted.map_or("", |(name, _)| name);
        let bare = name.trim_start_matches(['<', '>', '|', '=']);
        if let Some(&(_, kind, size)) = Kind::NAMES.iter().find(|(known, ..)| *known == bare) {
            return Ok((kind, name.starts_with('>'), size, name));
        }
        Err(match bare.chars().next() {
            Some('U' | 'S' | 'a') => {
                "is text: number it from 0 (np.unique(y, return_inverse=True)), or write a CSV file"
                    .to_owned()
            }
            Some('O') => "holds Python objects: save it as numbers, such as f4 or i8".to_owned(),
            _ => {
                let kind: String = text.chars().take_while(|&c| c != ',').take(20).collect();
                format!("is of type {kind}: save it as numbers, such as f4 or i8")
            }
        })
    }
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
        let (kind, is_big, size, name) = Kind::read(kind)?;
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
        if is_big {
            elements.chunks_exact_mut(size).for_each(<[u8]>::reverse);
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
            Kind::F2 => self.elements(|bytes| make(half(u16::from_le_bytes(bytes)))),
            Kind::F4 => self.elements(|bytes| make(f32::from_le_bytes(bytes).into())),
            Kind::F8 => self.elements(|bytes| make(f64::from_le_bytes(bytes))),
            Kind::I1 => self.elements(|bytes| make(i8::from_le_bytes(bytes).into())),
            Kind::I2 => self.elements(|bytes| make(i16::from_le_bytes(bytes).into())),
            Kind::I4 => self.elements(|bytes| make(i32::from_le_bytes(bytes).into())),
            Kind::I8 => self.elements(|bytes| make(i64::from_le_bytes(bytes) as f64)),
            Kind::U1 => self.elements(|bytes| make(u8::from_le_bytes(bytes).into())),
            Kind::U2 => self.elements(|bytes| make(u16::from_le_bytes(bytes).into())),
            Kind::U4 => self.elements(|bytes| make(u32::from_le_bytes(bytes).into())),
            Kind::U8 => self.elements(|bytes| make(u64::from_le_bytes(bytes) as f64)),
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

/// A number of 16 bits: a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match exponent {
        0 => sign * fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
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
    fn numbers_of_all_sizes_and_orders_are_read() {
        let number = |kind: &str, bytes: &[u8]| {
            let array = of(kind, "(1,)", bytes).expect(kind);
            array.numbers(|number| number)[0]
        };
        for (kind, bytes, expected) in [
            (">f8", &1.5f64.to_be_bytes()[..], 1.5),
            (">i4", &(-7i32).to_be_bytes()[..], -7.0),
            ("<i2", &(-300i16).to_le_bytes()[..], -300.0),
            (">u2", &40_000u16.to_be_bytes()[..], 40_000.0),
            ("<u4", &4_000_000_000u32.to_le_bytes()[..], 4e9),
            ("<u8", &9u64.to_le_bytes()[..], 9.0),
            ("|i1", &[0xff][..], -1.0),
            ("|b1", &[1][..], 1.0),
            ("<f2", &0x3c00u16.to_le_bytes()[..], 1.0),
            (">f2", &0xc500u16.to_be_bytes()[..], -5.0),
            ("<f2", &0x0001u16.to_le_bytes()[..], 2f64.powi(-24)),
            ("<f2", &0x7bffu16.to_le_bytes()[..], 65_504.0),
        ] {
            assert_eq!(number(kind, bytes), expected, "{kind} {bytes:?}");
        }
        assert!(number("<f2", &0x7e00u16.to_le_bytes()).is_nan());
        assert_eq!(number("<f2", &0xfc00u16.to_le_bytes()), f64::NEG_INFINITY);
    }

    #[test]
    fn other_types_are_refused_by_name() {
        for (kind, expected) in [
            ("<U5", "is text: number it from 0"),
            ("|S9", "is text: number it from 0"),
            ("|O", "holds Python objects"),
            ("<c16", "is of type '<c16': save it as numbers"),
            ("<M8[ns]", "is of type '<M8[ns]': save it as numbers"),
        ] {
            let message = of(kind, "(1,)", &[0; 20]).expect_err(kind);
            assert!(message.starts_with(expected), "{message}");
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
