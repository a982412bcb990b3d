//! Payloads that the user made elsewhere.

use super::{Attack, Forger, Sight, Stage, Unfit};
use crate::settings::Keys;
use crate::units::AgentId;
use ndarray::Array2;
use ndarray_npy::{NpzReader, ReadNpzError};
use std::sync::Arc;

/// The attack `file`: row i of the first array of an NPZ file, shape `[iterations, d]` of 4-byte
/// or 8-byte floats, is what every attacker sends in iteration i.
#[derive(Clone, Debug)]
pub struct File {
    path: String,
    payloads: Arc<Array2<f32>>,
}

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
        let cannot =
            |error: &dyn std::error::Error| unfit(format!("cannot read `{}`: {error}", self.path));
        let file = std::fs::File::open(stage.folder.join(&self.path)).map_err(|e| cannot(&e))?;
        let payloads = read_npz(file).map_err(|e| cannot(&e))?;
        let (rows, columns) = payloads.dim();
        if columns != stage.dimension || (rows as u64) < stage.iterations {
            return Err(unfit(format!(
                "the array in `{}` is {rows} × {columns}",
                self.path
            )));
        }
        self.payloads = Arc::new(payloads);
        Ok(())
    }

    fn forger(&self, _: AgentId) -> Box<dyn Forger> {
        Box::new(self.clone())
    }
}

fn read_npz(file: std::fs::File) -> Result<Array2<f32>, ReadNpzError> {
    let mut npz = NpzReader::new(file)?;
    match npz.by_index(0) {
        Ok(array) => Ok(array),
        // Most users save numpy's own type, 8-byte floats.
        Err(ReadNpzError::Npy(_)) => {
            let wide: Array2<f64> = npz.by_index(0)?;
            Ok(wide.mapv(|x| x as f32))
        }
        Err(error) => Err(error),
    }
}

impl Forger for File {
    fn forge(&mut self, sight: &Sight<'_>, payload: &mut Vec<f32>) {
        // `prepare` has checked that every iteration has its row.
        payload.extend(self.payloads.row(sight.iteration as usize));
    }
}
