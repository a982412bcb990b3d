//! Durations that were measured: one of a file's values.

use super::DistributionError;
use crate::delimited::{self, MISSING_VALUE, Reader, Record, Unreadable, number_hint, shown};
use crate::settings::{Choice, Span};
use crate::units::SimTime;
use rand::{Rng, RngExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values of a text file, one \[ms\] per line. Blank lines and what follows `#` are left out. The
/// first line may be a header: it begins with a letter, or has no digit.
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
        let bytes = crate::files::read(&path).map_err(|e| DistributionError {
            help: "name a text file with one number of milliseconds per line; a relative path \
                   starts at the scenario file"
                .into(),
            ..error(format!("cannot read the durations in {name}: {e}"))
        })?;
        let values = values(&bytes).map_err(|e| error(e.in_file(&name.to_string())))?;
        if values.is_empty() {
            return Err(error(format!("{name} holds no durations")));
        }
        self.values = values.into();
        Ok(())
    }
}

/// The values of a file's text.
///
/// A first line that begins with a letter, or has letters and no digit, is a header. Another first
/// line that is no number is a mistake like any other line: it might be a value.
fn values(bytes: &[u8]) -> Result<Vec<f64>, Unreadable> {
    let mut reader = Reader::with_comments(delimited::text(bytes)?);
    let mut record = Record::default();
    let mut values = Vec::new();
    let mut is_first = true;
    while reader.read(&mut record)? {
        let wrong = |message| Unreadable {
            line: Some(record.line()),
            message,
        };
        if is_first && is_header(&record) {
            let columns = record.len();
            if columns > 1 {
                let message =
                    format!("there are {columns} columns: leave only that of the durations");
                return Err(wrong(message));
            }
        } else {
            values.push(value(&record).map_err(wrong)?);
        }
        is_first = false;
    }
    Ok(values)
}

fn is_header(record: &Record) -> bool {
    let has = |is: fn(char) -> bool| record.fields().any(|field| field.contains(is));
    let mut fields = record.fields();
    let first = fields.find(|field| !field.is_empty()).unwrap_or_default();
    let is_value = first.parse::<f64>().is_ok() || number_hint(first) == Some(MISSING_VALUE);
    let is_name = has(char::is_alphabetic) && !has(char::is_numeric);
    !is_value && (is_name || first.starts_with(char::is_alphabetic))
}

/// The duration in a line, or why there is none.
fn value(record: &Record) -> Result<f64, String> {
    let field = record.field(0);
    if record.len() > 1 {
        let line = shown(&record.fields().collect::<Vec<_>>().join(","));
        let remedy = if record.fields().skip(1).all(str::is_empty) {
            "leave out the comma after it"
        } else {
            "a comma separates columns; decimals have a point, and thousands no separator"
        };
        return Err(format!("`{line}` is not a duration: {remedy}"));
    }
    let number: Option<f64> = field.parse().ok();
    if let Some(number) = number.filter(|ms| (0.0..=SimTime::MAX_MS).contains(ms)) {
        return Ok(number);
    }
    let words = field
        .split([';', ' ', '\t'])
        .filter(|word| !word.is_empty());
    let is_several = words.clone().count() > 1 && words.clone().all(|w| w.parse::<f64>().is_ok());
    let remedy = match number {
        _ if is_several => Some("write one number per line"),
        Some(number) if number < 0.0 => Some("durations are not negative"),
        Some(number) if number.is_finite() => Some("it is too long"),
        _ => number_hint(field),
    };
    let remedy = remedy.map_or(String::new(), |remedy| format!(": {remedy}"));
    Err(format!("`{}` is not a duration{remedy}", shown(field)))
}
