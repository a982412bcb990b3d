//! Payloads that the user made elsewhere.

use super::{AnyForger, Attack, Forger, OwnState, Stage, Unfit};
use crate::checkpoint::{Book, Kept};
use crate::data::npy::Npy;
use crate::data::npz::Npz;
use crate::delimited::shown;
use crate::settings::Keys;
use crate::units::AgentId;
use ndarray::Array2;
use std::sync::Arc;

/// The attack `file`: row i of the only array of an NPZ file, shape `[iterations, d]` of
/// numbers (f4, f8, i4, i8 or u1), is what every attacker sends in iteration i.
#[derive(Clone, Debug)]
pub struct File {
    path: String,
    payloads: Arc<Array2<f32>>,
}

/// Arrays of a file that has too many, as far as messages name them.
const MOST_NAMES: usize = 8;

impl File {
    /// The value of `kind`.
    pub const NAME: &str = "file";
    /// What it is.
    pub const ABOUT: &str = "Replays payloads from an NPZ file, one row per iteration";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        File {
            path: keys
                .key(
                    "path",
                    "NPZ file with one array, iterations × d; relative to the scenario",
                )
                .required(),
            payloads: Arc::default(),
        }
    }
}

impl Attack for File {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        let unfit = |message: String| Unfit {
            key: "path",
            message,
            help: format!(
                "name an NPZ file with one array of {} or more rows and {} columns, f4 or f8",
                stage.iterations, stage.dimension
            ),
        };
        let path = &self.path;
        let bytes = crate::files::read(&stage.folder.join(path))
            .map_err(|error| unfit(format!("cannot read `{path}`: {error}")))?;
        let mut npz = Npz::open(&bytes)
            .map_err(|error| unfit(format!("`{path}` is no NPZ file: {error}")))?;
        let name = only_array(&npz).map_err(|what| unfit(format!("`{path}` {what}")))?;
        let (name, quoted) = (&name, shown(&name));
        let array = npz
            .array(name)
            .map_err(|message| unfit(format!("the array `{quoted}` in `{path}` {message}")))?;
        let payloads = rows(&array).map_err(|shape| {
            unfit(format!(
                "the array `{quoted}` in `{path}` has the shape {shape:?}, and payloads are rows \
                 of numbers"
            ))
        })?;
        if let Some(((row, column), number)) = too_large(&array, payloads.ncols()) {
            return Err(unfit(format!(
                "`{quoted}[{row}, {column}]` in `{path}` is {number:e}, too large for the 32 bits \
                 of a parameter"
            )));
        }
        let (rows, columns) = payloads.dim();
        if columns != stage.dimension || (rows as u64) < stage.iterations {
            return Err(unfit(format!(
                "the array `{quoted}` in `{path}` is {rows} × {columns}"
            )));
        }
        self.payloads = Arc::new(payloads);
        Ok(())
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Blind(Box::new(self.clone()))
    }
}

/// The name of the only array of a file, or a clause that says what else there is.
fn only_array(npz: &Npz<'_>) -> Result<String, String> {
    let mut names: Vec<&str> = npz.names().collect();
    names.sort_unstable();
    let quoted = |names: &[&str]| {
        let first = names.iter().take(MOST_NAMES);
        let mut first: Vec<String> = first.map(|name| format!("`{}`", shown(name))).collect();
        if names.len() > MOST_NAMES {
            first.push("…".to_owned());
        }
        first.join(", ")
    };
    if let Some(other) = names.iter().find(|name| !npz.has(name)) {
        return Err(format!("holds `{}`, which is no array", shown(other)));
    }
    match names[..] {
        [only] => Ok(only.to_owned()),
        [] => Err("holds no array".to_owned()),
        _ => Err(format!("holds {} arrays: {}", names.len(), quoted(&names))),
    }
}

/// A finite number that 32 bits cannot hold, with its row and column.
fn too_large(array: &Npy, columns: usize) -> Option<((usize, usize), f64)> {
    let mut numbers = array.numbers(|number| number).into_iter().enumerate();
    let is_too_large = |number: f64| number.is_finite() && !(number as f32).is_finite();
    let (at, number) = numbers.find(|(_, number)| is_too_large(*number))?;
    Some(((at / columns, at % columns), number))
}

/// An array's rows; its shape where it has none.
fn rows(array: &Npy) -> Result<Array2<f32>, &[usize]> {
    let [rows, columns] = *array.shape() else {
        return Err(array.shape());
    };
    let numbers = array.numbers(|number| number as f32);
    Array2::from_shape_vec((rows, columns), numbers).map_err(|_| array.shape())
}

impl Forger<OwnState<'_>> for File {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        // `prepare` has checked that every iteration has its row.
        payload.extend(self.payloads.row(sight.iteration as usize));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
