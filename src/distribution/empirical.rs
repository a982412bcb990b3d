//! Durations that were measured: one of a file's values.

use super::DistributionError;
use crate::settings::{Choice, Span};
use crate::units::SimTime;
use rand::{Rng, RngExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values of a text file, one \[ms\] per line. Blank lines and what follows `#` are left out; a
/// first line that is no number is a header.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Empirical {
    /// The file; relative to the scenario file's folder.
    pub path: PathBuf,
    pub order: Order,
    /// Where the settings name it.
    pub span: Span,
    /// What it holds; nothing before it is read.
    values: Arc<[f64]>,
}

/// Which value is the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Order {
    /// Any, each as likely.
    #[default]
    Random,
    /// They come in the order of the file, again and again.
    Sequence,
}

impl Choice for Order {
    const NAMES: &'static [(&'static str, Self)] =
        &[("random", Order::Random), ("sequence", Order::Sequence)];
}

impl Empirical {
    pub fn new(path: PathBuf, order: Order) -> Empirical {
        Empirical {
            path,
            order,
            ..Empirical::default()
        }
    }

    pub fn is_sequence(&self) -> bool {
        self.order == Order::Sequence
    }

    /// The values of the file, none before it is read.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value that a sequence has at its `nth` place.
    pub fn in_order(&self, nth: u64) -> f64 {
        assert!(!self.values.is_empty(), "the durations were not loaded");
        self.values[(nth % self.values.len() as u64) as usize]
    }

    pub fn sample(&self, stream: &mut impl Rng, nth: u64) -> f64 {
        match self.order {
            Order::Sequence => self.in_order(nth),
            Order::Random => self.values[stream.random_range(0..self.values.len())],
        }
    }

    /// Reads the file.
    pub fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        let path = folder.join(&self.path);
        let name = path.display();
        let most = SimTime::MAX_MS;
        let error = |message: String| DistributionError {
            span: self.span,
            message,
            help: format!("write one number of milliseconds per line, from 0 to {most:e}"),
        };
        let text = fs::read_to_string(&path).map_err(|e| DistributionError {
            help: "name a text file with one number of milliseconds per line; a relative path \
                   starts at the scenario file"
                .into(),
            ..error(format!("cannot read the durations in {name}: {e}"))
        })?;
        let values = values(&text)
            .map_err(|(line, what)| error(format!("{name}:{line}: `{what}` is not a duration")))?;
        if values.is_empty() {
            return Err(error(format!("{name} holds no durations")));
        }
        self.values = values.into();
        Ok(())
    }
}

/// The values of a file's text, or the number and content of the line at fault.
fn values(text: &str) -> Result<Vec<f64>, (usize, &str)> {
    // Spreadsheets put a byte-order mark in front.
    let text = text.trim_start_matches('\u{feff}');
    let mut values = Vec::new();
    let mut is_first = true;
    for (line, number) in text.lines().zip(1..) {
        let line = match line.split('#').next() {
            Some(bare) if !bare.trim().is_empty() => bare.trim(),
            _ => continue,
        };
        match line.parse::<f64>() {
            Ok(value) if (0.0..=SimTime::MAX_MS).contains(&value) => values.push(value),
            Err(_) if is_first => {}
            _ => return Err((number, line)),
        }
        is_first = false;
    }
    Ok(values)
}
