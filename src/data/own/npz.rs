//! Rows from an NPZ file, as `numpy.savez` and `numpy.savez_compressed` write them.
//!
//! `x` holds the inputs, shape `[rows, features]`, or images, `[rows, height, width]` or
//! `[rows, channels, height, width]`; `y` what a model shall say of each row, `[rows]` or
//! `[rows, outputs]`; `agent` and `group`, `[rows]`, are whole numbers from 0. Numbers of all sizes
//! are taken, and rounded to 32 bits; bytes of an image are the numbers 0 to 255. NaN is a missing
//! value.

use super::ids::Ids;
use super::mistakes::Mistakes;
use super::precision::collapse;
use super::{
    Inputs, Labels, MOST, Missing, Places, Raw, RawTargets, Reading, Shape, Wanted, fits, whole,
};
use crate::data::npy::{Kind, Npy};
use crate::data::npz::Npz;
use std::collections::BTreeMap;

/// What such a file must hold.
pub(super) const LAYOUT: &str = "write an NPZ file with the arrays `x` ([rows, features], or images \
     [rows, height, width] or [rows, channels, height, width]) and `y` ([rows] or [rows, values]), \
     `agent` and `group` ([rows]) where rows have them, all of numbers";

/// The arrays that a file may have.
const ARRAYS: [&str; 4] = ["x", "y", "agent", "group"];

/// Reads a file's bytes; `name` is what messages call it.
pub(super) fn read(name: &str, bytes: &[u8], reading: &Reading) -> Result<Raw, Mistakes> {
    let mut file = File::open(name, bytes)?;
    let mut inputs = file.inputs(reading.missing)?;
    let mut y = file.y(inputs.rows, reading)?;
    let mut agents = file.owners("agent", inputs.rows)?;
    let mut groups = file.owners("group", inputs.rows)?;
    let complete = |row: &usize| inputs.is_complete(*row) && y.is_complete(*row);
    let kept: Vec<usize> = match reading.missing {
        Missing::Drop => (0..inputs.rows).filter(complete).collect(),
        Missing::Refuse | Missing::Mean => (0..inputs.rows).collect(),
    };
    let dropped = inputs.rows - kept.len();
    if kept.is_empty() {
        return Err(Mistakes::one(format!(
            "every row of {name} has a missing value, and `missing = \"drop\"` leaves none"
        )));
    }
    if dropped > 0 {
        inputs.keep(&kept);
        y.keep(&kept);
        for ids in [&mut agents, &mut groups].into_iter().flatten() {
            *ids = ids.of_rows(&kept);
        }
    }
    Ok(Raw {
        shape: inputs.shape,
        features: Vec::new(),
        categories: BTreeMap::new(),
        inputs: inputs.numbers,
        y: match reading.wanted {
            Wanted::Class => RawTargets::Classes(Labels::Numbers(y.values)),
            Wanted::Values => RawTargets::Values {
                values: y.values,
                outputs: y.outputs,
            },
        },
        agents,
        groups,
        dropped,
        rounded: inputs.rounded,
        places: Places::Rows {
            file: name.to_owned(),
        },
    })
}

/// The inputs of all rows; NaN where they are missing.
struct AllInputs {
    shape: Shape,
    rows: usize,
    numbers: Inputs,
    rounded: Vec<(String, usize)>,
}

impl AllInputs {
    fn is_complete(&self, row: usize) -> bool {
        let features = self.shape.features();
        match &self.numbers {
            Inputs::Numbers(all) => !all[row * features..][..features].iter().any(|x| x.is_nan()),
            Inputs::Pixels { .. } => true,
        }
    }

    fn keep(&mut self, kept: &[usize]) {
        if let Inputs::Numbers(all) = &mut self.numbers {
            *all = chosen(all, kept, self.shape.features());
        }
    }
}

/// What a model shall say of all rows, shape `[rows, outputs]`; NaN where it is missing.
struct AllTargets {
    values: Vec<f64>,
    outputs: usize,
}

impl AllTargets {
    fn is_complete(&self, row: usize) -> bool {
        let values = &self.values[row * self.outputs..][..self.outputs];
        !values.iter().any(|value| value.is_nan())
    }

    fn keep(&mut self, kept: &[usize]) {
        self.values = chosen(&self.values, kept, self.outputs);
    }
}

/// Chosen rows of an array.
fn chosen<T: Copy>(all: &[T], rows: &[usize], in_row: usize) -> Vec<T> {
    let rows = rows.iter().flat_map(|&row| &all[row * in_row..][..in_row]);
    rows.copied().collect()
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

    /// All inputs. Where missing values are refused, so is NaN.
    fn inputs(&mut self, missing: Missing) -> Result<AllInputs, Mistakes> {
        let x = self.array("x")?;
        let dimensions = x.shape().to_vec();
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
        let mut rounded = Vec::new();
        let numbers = if x.kind() == Kind::U1 {
            Inputs::Pixels {
                bytes: x.into_bytes(),
                low: 0.0,
                high: 255.0,
            }
        } else {
            let numbers = x.numbers(|number| number);
            self.check_values("x", &numbers, shape.features(), missing)?;
            if let Shape::Flat(features) = shape {
                for feature in 0..features {
                    let column = numbers.iter().skip(feature).step_by(features);
                    let column: Vec<f64> = column.copied().collect();
                    rounded.extend(collapse(self.name, &format!("x[:, {feature}]"), &column)?);
                }
            }
            Inputs::Numbers(numbers.into_iter().map(|number| number as f32).collect())
        };
        Ok(AllInputs {
            shape,
            rows: dimensions[0],
            numbers,
            rounded,
        })
    }

    /// What a model shall say of each row.
    fn y(&mut self, rows: usize, reading: &Reading) -> Result<AllTargets, Mistakes> {
        let (dimensions, values) = self.numbers("y")?;
        let wanted = reading.wanted;
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
        // What is missing of these cannot be filled in.
        let missing = match reading.missing {
            Missing::Mean => Missing::Refuse,
            missing => missing,
        };
        self.check_values("y", &values, outputs, missing)?;
        if wanted == Wanted::Values {
            for output in 0..outputs {
                let column: Vec<f64> = values
                    .iter()
                    .skip(output)
                    .step_by(outputs)
                    .copied()
                    .collect();
                collapse(self.name, "y", &column)?;
            }
        }
        Ok(AllTargets { values, outputs })
    }

    /// Notes what is no number of 32 bits; NaN is one where missing values are not refused.
    fn check_values(
        &self,
        array: &str,
        values: &[f64],
        in_row: usize,
        missing: Missing,
    ) -> Result<(), Mistakes> {
        let is_right = |at: usize| match values[at].is_nan() {
            true => missing != Missing::Refuse,
            false => fits(values[at]),
        };
        let what = "no finite number of 32 bits";
        self.check(array, values.len(), in_row, is_right, what)
    }

    /// Whose the rows are, or of which groups, where the file says so.
    fn owners(&mut self, array: &str, rows: usize) -> Result<Option<Ids>, Mistakes> {
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
        let numbers: Option<Vec<u32>> = values.into_iter().map(whole).collect();
        Ok(numbers.map(Ids::Numbers))
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
