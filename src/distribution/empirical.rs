//! Durations that were measured: one of a file's values.

use super::DistributionError;
use crate::delimited::{
    self, MISSING_VALUE, Reader, Record, Unreadable, number_hint, separator, shown,
};
use crate::settings::{Choice, Span};
use crate::units::SimTime;
use rand::{Rng, RngExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values of a text file, one per line. Blank lines and what follows `#` are left out. The
/// first line may be a header: it begins with a letter, or has no digit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Empirical {
    /// The file; relative to the scenario file's folder.
    pub path: PathBuf,
    /// The column of the durations, by its name or its number from 1 on; `None` where there is one.
    pub column: Option<String>,
    /// What every value is multiplied by to be a duration \[ms\].
    pub scale: f64,
    pub order: Order,
    /// Where the settings name it.
    pub span: Span,
    /// The durations that it holds \[ms\]; nothing before it is read.
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
    pub fn new(path: PathBuf, order: Order, column: Option<String>, scale: f64) -> Empirical {
        Empirical {
            path,
            column,
            scale,
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
            help: match &self.column {
                None => format!("write one number of milliseconds per line, from 0 to {most:e}"),
                Some(_) => format!(
                    "write durations from 0 to {most:e} ms into the column, once they are multiplied by \
                     `scale`"
                ),
            },
        };
        let bytes = crate::files::read(&path).map_err(|e| DistributionError {
            help: "name a text file with one number of milliseconds per line; a relative path \
                   starts at the scenario file"
                .into(),
            ..error(format!("cannot read the durations in {name}: {e}"))
        })?;
        let values = values(&bytes, self.column.as_deref());
        let mut values = values.map_err(|e| error(e.in_file(&name.to_string())))?;
        if values.is_empty() {
            return Err(error(format!("{name} holds no durations")));
        }
        values.iter_mut().for_each(|value| *value *= self.scale);
        if let Some(value) = values.iter().find(|&&value| value > most) {
            let message = format!("{name} has a duration of {value:e} ms: it is too long");
            return Err(error(message));
        }
        self.values = values.into();
        Ok(())
    }
}

/// The values of a file's text, in a column by its name or number, or in the only one.
///
/// A first line that begins with a letter, or has letters and no digit, is a header. Another first
/// line that is no number is a mistake like any other line: it might be a value.
fn values(bytes: &[u8], column: Option<&str>) -> Result<Vec<f64>, Unreadable> {
    let text = delimited::text(bytes)?;
    let mut reader = Reader::with_comments(text);
    if column.is_some() {
        reader = reader.separated_by(separator(text));
    }
    let mut record = Record::default();
    let mut values = Vec::new();
    // Where the durations are, once the first line has said so.
    let mut place = None;
    while reader.read(&mut record)? {
        let wrong = |message| Unreadable {
            line: Some(record.line()),
            message,
        };
        let is_first = place.is_none();
        let is_header = is_first && is_header(&record);
        let at = match (place, column) {
            (Some(at), _) => at,
            (None, Some(column)) => position(&record, column, is_header).map_err(wrong)?,
            (None, None) => 0,
        };
        place = Some(at);
        match column {
            _ if is_header && (column.is_some() || record.len() == 1) => {}
            None if is_header => {
                let columns = record.len();
                let message = format!("there are {columns} columns: choose one with `column`");
                return Err(wrong(message));
            }
            None => values.push(value(&record).map_err(wrong)?),
            Some(_) => match record.fields().nth(at).filter(|field| !field.is_empty()) {
                Some(field) => values.push(duration(field).map_err(wrong)?),
                None => return Err(wrong("the column has no value here".to_owned())),
            },
        }
    }
    Ok(values)
}

/// Where a column is, which the first line may name.
fn position(first: &Record, column: &str, is_header: bool) -> Result<usize, String> {
    let mut names = first.fields();
    if let Some(at) = names.position(|name| name == column).filter(|_| is_header) {
        return Ok(at);
    }
    let number = column.parse::<usize>().ok();
    let at = number.and_then(|number| number.checked_sub(1));
    at.filter(|&at| at < first.len()).ok_or_else(|| {
        let count = first.len();
        let there = match is_header {
            true => first.fields().map(shown).collect::<Vec<_>>().join(", "),
            false => format!("1 to {count}, without names"),
        };
        format!(
            "there is no column `{}`: columns are {there}",
            shown(column)
        )
    })
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
    duration(field)
}

/// The duration in a cell, or why there is none.
fn duration(field: &str) -> Result<f64, String> {
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
