//! Rows from an NPZ file, as `numpy.savez` and `numpy.savez_compressed` write them.
//!
//! `x` holds the inputs, shape `[rows, features]`, or images, `[rows, height, width]` or
//! `[rows, channels, height, width]`; `y` what a model shall say of each row, `[rows]` or
//! `[rows, outputs]`; `agent` and `group`, `[rows]`, are whole numbers from 0. All are of the types
//! f4, f8, i4, i8 or u1, little-endian. Numbers are taken as they are: bytes of an image are the
//! numbers 0 to 255.

use super::mistakes::Mistakes;
use super::{Inputs, Labels, MOST, Places, Raw, RawTargets, Shape, Wanted, fits, whole};
use crate::data::npy::{Kind, Npy};
use crate::data::npz::Npz;

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

/// An NPZ file with a name for messages.
struct File<'a> {
    name: &'a str,
    npz: Npz<'a>,
}

impl<'a> File<'a> {
    fn open(name: &'a str, bytes: &'a [u8]) -> Result<File<'a>, Mistakes> {
        let npz = Npz::open(bytes);
        let npz = npz.map_err(|error| Mistakes::one(format!("{name} is no NPZ file: {error}")))?;
        let mut mistakes = Mistakes::default();
        let known = ARRAYS.join("`, `");
        for array in npz.names() {
            if !ARRAYS.contains(&array) {
                mistakes
                    .add(|| format!("{name} has an array `{array}`: arrays are called `{known}`"));
            }
        }
        let file = File { name, npz };
        for needed in ["x", "y"]
            .into_iter()
            .filter(|needed| !file.npz.has(needed))
        {
            mistakes.add(|| format!("{name} has no array `{needed}`: add it"));
        }
        mistakes.or(file)
    }

    fn array(&mut self, array: &str) -> Result<Npy, Mistakes> {
        let read = self.npz.array(array);
        read.map_err(|message| self.wrong(array, &message))
    }

    fn wrong(&self, array: &str, message: &str) -> Mistakes {
        Mistakes::one(format!("{}: `{array}` {message}", self.name))
    }

    /// Shape of an input, number of rows, and all inputs.
    fn inputs(&mut self) -> Result<(Shape, usize, Inputs), Mistakes> {
        let x = self.array("x")?;
        let dimensions = x.shape().to_vec();
        let inputs = match x.kind() {
            Kind::U1 => Inputs::Pixels {
                bytes: x.into_bytes(),
                low: 0.0,
                high: 255.0,
            },
            _ => Inputs::Numbers(x.numbers(|number| number as f32)),
        };
        let shape = match dimensions[..] {
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
        Ok(match wanted {
            Wanted::Class => RawTargets::Classes(Labels::Numbers(values)),
            Wanted::Values => RawTargets::Values { values, outputs },
        })
    }

    /// Whose the rows are, or of which groups, where the file says so.
    fn owners(&mut self, array: &str, rows: usize) -> Result<Option<Vec<u32>>, Mistakes> {
        if !self.npz.has(array) {
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
        let numbers = self.array(array)?;
        Ok((numbers.shape().to_vec(), numbers.numbers(|number| number)))
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
