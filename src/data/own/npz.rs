//! Rows from an NPZ file, as `numpy.savez` and `numpy.savez_compressed` write them.
//!
//! `x` holds the inputs, shape `[rows, features]`, or images, `[rows, height, width]` or
//! `[rows, channels, height, width]`; `y` what a model shall say of each row, `[rows]` or
//! `[rows, outputs]`; `agent` and `group`, `[rows]`, are whole numbers from 0. All are of the types
//! f4, f8, i4, i8 or u1, little-endian. Numbers are taken as they are: bytes of an image are the
//! numbers 0 to 255.

use super::mistakes::Mistakes;
use super::{Inputs, MOST, Places, Raw, RawTargets, Shape, Wanted, fits, whole};
use ndarray::{ArrayD, Dimension};
use ndarray_npy::{NpzReader, ReadDataError, ReadNpyError, ReadNpzError, ReadableElement};
use py_literal::Value as Literal;
use std::io::{Cursor, Read};

/// What such a file must hold.
pub(super) const LAYOUT: &str = "write an NPZ file with the arrays `x` ([rows, features], or images \
     [rows, height, width] or [rows, channels, height, width]) and `y` ([rows] or [rows, values]), \
     `agent` and `group` ([rows]) where rows have them, of type f4, f8, i4, i8 or u1";

/// The arrays that a file may have.
const ARRAYS: [&str; 4] = ["x", "y", "agent", "group"];

/// Reads a file's bytes; `name` is what messages call it.
pub(super) fn read(name: &str, bytes: &[u8], wanted: Wanted) -> Result<Raw, Mistakes> {
    let mut file = File::open(name, bytes)?;
    let (shape, rows, inputs) = file.inputs()?;
    let y = file.y(rows, wanted)?;
    let agents = file.owners("agent", rows)?;
    let groups = file.owners("group", rows)?;
    Ok(Raw {
        shape,
        features: Vec::new(),
        inputs,
        y,
        agents,
        groups,
        places: Places::Rows {
            file: name.to_owned(),
        },
    })
}

/// An NPZ file in memory.
struct File<'a> {
    name: &'a str,
    npz: NpzReader<Cursor<&'a [u8]>>,
    arrays: Vec<String>,
}

impl<'a> File<'a> {
    fn open(name: &'a str, bytes: &'a [u8]) -> Result<File<'a>, Mistakes> {
        let unreadable = |error| Mistakes::one(format!("{name} is no NPZ file: {error}"));
        let mut npz = NpzReader::new(Cursor::new(bytes)).map_err(unreadable)?;
        let arrays = npz.names().map_err(unreadable)?;
        let mut mistakes = Mistakes::default();
        let known = ARRAYS.join("`, `");
        for array in arrays.iter().filter(|a| !ARRAYS.contains(&a.as_str())) {
            mistakes.add(|| format!("{name} has an array `{array}`: arrays are called `{known}`"));
        }
        for needed in ["x", "y"] {
            if !arrays.iter().any(|array| array == needed) {
                mistakes.add(|| format!("{name} has no array `{needed}`: add it"));
            }
        }
        mistakes.or(File { name, npz, arrays })
    }

    fn has(&self, array: &str) -> bool {
        self.arrays.iter().any(|name| name == array)
    }

    /// The numbers of an array, of whatever type it is.
    fn array<T: ReadableElement>(&mut self, array: &str) -> Result<ArrayD<T>, ReadNpzError> {
        self.npz.by_name(array)
    }

    fn wrong(&self, array: &str, message: &str) -> Mistakes {
        Mistakes::one(format!("{}: `{array}` {message}", self.name))
    }

    fn unreadable(&self, array: &str, error: &ReadNpzError) -> Mistakes {
        match error {
            ReadNpzError::Npy(ReadNpyError::WrongDescriptor(kind)) => self.wrong(
                array,
                &format!("is of type {kind}: save it as f4, f8, i4, i8 or u1"),
            ),
            _ => self.wrong(array, &format!("cannot be read: {error}")),
        }
    }

    /// Shape of an input, number of rows, and all inputs.
    fn inputs(&mut self) -> Result<(Shape, usize, Inputs), Mistakes> {
        let (dimensions, inputs) = match self.array::<Byte>("x") {
            Ok(bytes) => {
                let inputs = Inputs::Pixels {
                    bytes: bytes.iter().map(|byte| byte.0).collect(),
                    low: 0.0,
                    high: 255.0,
                };
                (bytes.raw_dim(), inputs)
            }
            Err(_) => {
                let numbers = self.array::<Narrow>("x");
                let numbers = numbers.map_err(|error| self.unreadable("x", &error))?;
                let inputs = Inputs::Numbers(numbers.iter().map(|number| number.0).collect());
                (numbers.raw_dim(), inputs)
            }
        };
        let dimensions = dimensions.slice();
        let shape = match *dimensions {
            _ if dimensions.contains(&0) => None,
            [_, features] => Some(Shape::Flat(features)),
            [_, height, width] => Some(Shape::Image {
                channels: 1,
                height,
                width,
            }),
            [_, channels, height, width] => Some(Shape::Image {
                channels,
                height,
                width,
            }),
            _ => None,
        };
        let Some(shape) = shape else {
            let message = format!(
                "has the shape {dimensions:?}: let it be [rows, features], [rows, height, width] \
                 or [rows, channels, height, width], each at least 1"
            );
            return Err(self.wrong("x", &message));
        };
        if let Inputs::Numbers(numbers) = &inputs {
            let features = shape.features();
            let finite = |at: usize| numbers[at].is_finite();
            self.check(
                "x",
                numbers.len(),
                features,
                finite,
                "no finite number of 32 bits",
            )?;
        }
        Ok((shape, dimensions[0], inputs))
    }

    /// What a model shall say of each row.
    fn y(&mut self, rows: usize, wanted: Wanted) -> Result<RawTargets, Mistakes> {
        let (dimensions, values) = self.numbers("y")?;
        let outputs = match dimensions[..] {
            [own] if own == rows => 1,
            [own, outputs] if own == rows && outputs > 0 && wanted == Wanted::Values => outputs,
            _ => {
                let right = match wanted {
                    Wanted::Class => format!("[{rows}]"),
                    Wanted::Values => format!("[{rows}] or [{rows}, values]"),
                };
                let message = format!(
                    "has the shape {dimensions:?}: let it be {right}, with the rows of `x`"
                );
                return Err(self.wrong("y", &message));
            }
        };
        let finite = |at: usize| fits(values[at]);
        self.check(
            "y",
            values.len(),
            outputs,
            finite,
            "no finite number of 32 bits",
        )?;
        Ok(RawTargets::Numbers { values, outputs })
    }

    /// Whose the rows are, or of which groups, where the file says so.
    fn owners(&mut self, array: &str, rows: usize) -> Result<Option<Vec<u32>>, Mistakes> {
        if !self.has(array) {
            return Ok(None);
        }
        let (dimensions, values) = self.numbers(array)?;
        if dimensions != [rows] {
            let message =
                format!("has the shape {dimensions:?}: let it be [{rows}], with the rows of `x`");
            return Err(self.wrong(array, &message));
        }
        let is_whole = |at: usize| whole(values[at]).is_some();
        let what = format!("no whole number from 0 to {MOST}");
        self.check(array, rows, 1, is_whole, &what)?;
        Ok(values.into_iter().map(whole).collect())
    }

    /// Shape of an array, and its numbers.
    fn numbers(&mut self, array: &str) -> Result<(Vec<usize>, Vec<f64>), Mistakes> {
        let numbers = self.array::<Wide>(array);
        let numbers = numbers.map_err(|error| self.unreadable(array, &error))?;
        let dimensions = numbers.shape().to_vec();
        Ok((dimensions, numbers.iter().map(|number| number.0).collect()))
    }

    /// Notes the numbers that are not right; a row has so many.
    fn check(
        &self,
        array: &str,
        numbers: usize,
        in_row: usize,
        is_right: impl Fn(usize) -> bool,
        what: &str,
    ) -> Result<(), Mistakes> {
        let mut mistakes = Mistakes::default();
        for at in (0..numbers).filter(|&at| !is_right(at)) {
            mistakes.add(|| {
                let (row, column) = (at / in_row, at % in_row);
                let place = match in_row {
                    1 => format!("{row}"),
                    _ => format!("{row}, {column}"),
                };
                format!("{}: `{array}[{place}]` is {what}", self.name)
            });
        }
        mistakes.or(())
    }
}

/// A byte of an array of bytes.
struct Byte(u8);

/// A number of an array of any type, in 32 bits.
struct Narrow(f32);

/// A number of an array of any type.
struct Wide(f64);

impl ReadableElement for Byte {
    fn read_to_end_exact_vec<R: Read>(
        reader: R,
        kind: &Literal,
        count: usize,
    ) -> Result<Vec<Byte>, ReadDataError> {
        match kind {
            Literal::String(name) if name == "|u1" => {
                elements(reader, count, |[byte]: [u8; 1]| Byte(byte))
            }
            other => Err(ReadDataError::WrongDescriptor(other.clone())),
        }
    }
}

impl ReadableElement for Narrow {
    fn read_to_end_exact_vec<R: Read>(
        reader: R,
        kind: &Literal,
        count: usize,
    ) -> Result<Vec<Narrow>, ReadDataError> {
        numbers(reader, kind, count, |number| Narrow(number as f32))
    }
}

impl ReadableElement for Wide {
    fn read_to_end_exact_vec<R: Read>(
        reader: R,
        kind: &Literal,
        count: usize,
    ) -> Result<Vec<Wide>, ReadDataError> {
        numbers(reader, kind, count, Wide)
    }
}

/// The elements of an array of any type.
fn numbers<T>(
    reader: impl Read,
    kind: &Literal,
    count: usize,
    make: impl Fn(f64) -> T,
) -> Result<Vec<T>, ReadDataError> {
    let name = match kind {
        Literal::String(name) => name.as_str(),
        _ => "",
    };
    match name {
        "<f4" => elements(reader, count, |b| make(f32::from_le_bytes(b).into())),
        "<f8" => elements(reader, count, |b| make(f64::from_le_bytes(b))),
        "<i4" => elements(reader, count, |b| make(i32::from_le_bytes(b).into())),
        "<i8" => elements(reader, count, |b| make(i64::from_le_bytes(b) as f64)),
        "|u1" => elements(reader, count, |b| make(u8::from_le_bytes(b).into())),
        _ => Err(ReadDataError::WrongDescriptor(kind.clone())),
    }
}

/// Elements of `N` bytes, at least one: of a shape with a 0 the array library checks the other
/// dimensions only with a panic. Memory is taken for what is there, not for what the header
/// promises.
fn elements<T, const N: usize>(
    mut reader: impl Read,
    count: usize,
    make: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, ReadDataError> {
    if count == 0 {
        return Err(ReadDataError::ParseData("it has no elements".into()));
    }
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(ReadDataError::Io)?;
    let (whole, rest) = bytes.as_chunks::<N>();
    match whole.len() {
        found if found < count => Err(ReadDataError::MissingData),
        found if found > count || !rest.is_empty() => {
            Err(ReadDataError::ExtraBytes(bytes.len() - count * N))
        }
        _ => Ok(whole.iter().map(|bytes| make(*bytes)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_holds_what_its_header_promises() {
        let read = |bytes: &[u8], count| elements(bytes, count, u16::from_le_bytes);
        assert_eq!(read(&[1, 0, 0, 2], 2).expect("two numbers"), [1, 512]);
        assert!(matches!(read(&[1, 0], 2), Err(ReadDataError::MissingData)));
        assert!(matches!(
            read(&[1, 0, 0], 2),
            Err(ReadDataError::MissingData)
        ));
        assert!(matches!(
            read(&[1, 0, 0], 1),
            Err(ReadDataError::ExtraBytes(1))
        ));
        assert!(matches!(
            read(&[1, 0, 0, 0], 1),
            Err(ReadDataError::ExtraBytes(2))
        ));
    }

    /// No memory is taken for it, and no shape with a 0 reaches the array library.
    #[test]
    fn a_promise_of_too_much_or_nothing_is_refused() {
        let read = |count| elements(&[1u8, 0][..], count, u16::from_le_bytes);
        assert!(matches!(read(usize::MAX), Err(ReadDataError::MissingData)));
        assert!(matches!(read(0), Err(ReadDataError::ParseData(_))));
    }
}
