//! Reader of the data set "Human Activity Recognition Using Smartphones" as UCI publishes it.

use super::{DataError, Examples, FileDigest, Inputs, Shape, Targets, parallel};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Features of a recording.
pub(crate) const FEATURES: usize = 561;
/// Activities that a recording can show.
pub(crate) const ACTIVITIES: usize = 6;
/// Subjects that were recorded.
pub(crate) const SUBJECTS: usize = 30;

/// What to download and how to lay it out.
pub(crate) const LAYOUT: &str = "download \"Human Activity Recognition Using Smartphones\" v1.0 \
     from archive.ics.uci.edu (data set 240) and unpack it so that the data folder contains \
     `har/UCI HAR Dataset/train/` with X_train.txt, y_train.txt and subject_train.txt, and \
     `har/UCI HAR Dataset/test/` with X_test.txt, y_test.txt and subject_test.txt";

/// Recordings: rows of features with their activities and subjects, training split first, in the
/// order of the files.
#[derive(Debug)]
pub(crate) struct Recordings {
    /// Features, shape `[561]` each, and activities from 0 to 5.
    pub(crate) examples: Arc<Examples>,
    /// Shape `[rows]`, from 0 to 29.
    pub(crate) subjects: Vec<u8>,
    /// The files, by name.
    pub(crate) files: Vec<FileDigest>,
}

/// Recordings while they are gathered.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) features: Vec<f32>,
    pub(super) activities: Vec<u8>,
    pub(super) subjects: Vec<u8>,
    pub(super) files: Vec<FileDigest>,
}

impl Gathered {
    pub(super) fn recordings(mut self) -> Recordings {
        self.files.sort();
        let targets = Targets::Classes {
            labels: self.activities.iter().map(|&a| a.into()).collect(),
            classes: ACTIVITIES,
        };
        let shape = Shape::Flat(FEATURES);
        let examples = Examples::new(shape, Inputs::Numbers(self.features), targets);
        Recordings {
            examples: Arc::new(examples),
            subjects: self.subjects,
            files: self.files,
        }
    }
}

/// The data set's folder: in `har` under the data folder, directly under it, or that folder itself.
/// The first of these, which the error will name, if there is none.
pub(crate) fn locate(data: &Path) -> PathBuf {
    let name = "UCI HAR Dataset";
    let published = data.join("har").join(name);
    let places = [published.clone(), data.join(name), data.to_owned()];
    let is_it = |place: &PathBuf| place.join("train").is_dir() || place.join("test").is_dir();
    places.into_iter().find(is_it).unwrap_or(published)
}

/// Reads both splits from the data set's folder.
///
/// # Errors
/// Files that are missing, or not as published: with the line, and what would be right.
pub(crate) fn read(folder: &Path) -> Result<Recordings, DataError> {
    if !folder.is_dir() {
        let error = Error::new(ErrorKind::NotFound, "no such folder");
        return Err(unreadable(folder, error));
    }
    let mut all = read_split(folder, "train")?;
    let test = read_split(folder, "test")?;
    all.features.extend(test.features);
    all.activities.extend(test.activities);
    all.subjects.extend(test.subjects);
    all.files.extend(test.files);
    Ok(all.recordings())
}

fn read_split(folder: &Path, split: &str) -> Result<Gathered, DataError> {
    let open = |what: &str| Text::open(folder.join(split).join(format!("{what}_{split}.txt")));
    let (x, y, subject) = (open("X")?, open("y")?, open("subject")?);
    thread::scope(|scope| {
        let digests = scope.spawn(|| [&x, &y, &subject].map(Text::digest));
        let features = x.parse(parse_features)?;
        let activities = y.parse(|line, all| parse_number(line, "activity", ACTIVITIES, all))?;
        let subjects = subject.parse(|line, all| parse_number(line, "subject", SUBJECTS, all))?;
        let rows = features.len() / FEATURES;
        y.expect_rows(activities.len(), "activities", rows, &x)?;
        subject.expect_rows(subjects.len(), "subjects", rows, &x)?;
        let files = digests
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(Gathered {
            features,
            activities,
            subjects,
            files: files.into(),
        })
    })
}

fn unreadable(path: &Path, error: Error) -> DataError {
    DataError::Unreadable {
        path: path.display().to_string(),
        error,
        layout: LAYOUT,
    }
}

/// A file in memory.
struct Text {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// What is wrong with a line, counted from 0 in its part of a file.
struct Wrong {
    line: usize,
    message: String,
}

impl Text {
    fn open(path: PathBuf) -> Result<Text, DataError> {
        match crate::files::read(&path) {
            Ok(bytes) => Ok(Text { path, bytes }),
            Err(error) => Err(unreadable(&path, error)),
        }
    }

    fn digest(&self) -> FileDigest {
        FileDigest::of(&self.path, &self.bytes)
    }

    fn malformed(&self, line: usize, message: impl Into<String>) -> DataError {
        DataError::Malformed {
            path: self.path.display().to_string(),
            line: line + 1,
            message: message.into(),
        }
    }

    fn expect_rows(
        &self,
        found: usize,
        what: &str,
        rows: usize,
        x: &Text,
    ) -> Result<(), DataError> {
        if found == rows {
            return Ok(());
        }
        let x = x.path.file_name().unwrap_or_default().to_string_lossy();
        let message = format!(
            "{found} {what} for the {rows} rows of {x}: every row has one, so one of the two files \
             is not complete; download them again"
        );
        Err(self.malformed(found.min(rows), message))
    }

    /// Parses all lines with `parse`, which appends what a line holds; on all processors.
    fn parse<T: Send>(
        &self,
        parse: impl Fn(&[u8], &mut Vec<T>) -> Result<(), String> + Sync,
    ) -> Result<Vec<T>, DataError> {
        if self.bytes.is_empty() {
            return Err(self.malformed(0, "the file is empty; download it again"));
        }
        let parts = parts(&self.bytes, parallel::processors());
        let parsed = parallel::at_once(parts, |part| parse_lines(part, &parse));
        let mut all = Vec::new();
        let mut before = 0;
        for part in parsed {
            let (lines, values) =
                part.map_err(|wrong| self.malformed(before + wrong.line, wrong.message))?;
            before += lines;
            all.extend(values);
        }
        Ok(all)
    }
}

/// Cuts into at most that many parts of similar size, each ending at the end of a line.
fn parts(bytes: &[u8], count: usize) -> Vec<&[u8]> {
    let size = bytes.len().div_ceil(count).max(1 << 16);
    let mut parts = Vec::new();
    let mut rest = bytes;
    while rest.len() > size {
        let Some(end) = rest[size..].iter().position(|&b| b == b'\n') else {
            break;
        };
        let (part, others) = rest.split_at(size + end + 1);
        parts.push(part);
        rest = others;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// The number of lines and what they hold.
fn parse_lines<T>(
    part: &[u8],
    parse: impl Fn(&[u8], &mut Vec<T>) -> Result<(), String>,
) -> Result<(usize, Vec<T>), Wrong> {
    let mut values = Vec::new();
    let mut lines = 0;
    for line in part.split_inclusive(|&b| b == b'\n') {
        let wrong = |message| Wrong {
            line: lines,
            message,
        };
        let Some(line) = line.strip_suffix(b"\n") else {
            let message = "the file is cut off in this line, which has no end; download it again";
            return Err(wrong(message.into()));
        };
        parse(line, &mut values).map_err(wrong)?;
        lines += 1;
    }
    Ok((lines, values))
}

fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|token| !token.is_empty())
}

fn parse_features(line: &[u8], all: &mut Vec<f32>) -> Result<(), String> {
    let mut count = 0;
    for token in tokens(line) {
        count += 1;
        match number(token) {
            Some(x) if x.is_finite() => all.push(x),
            Some(_) => {
                return Err(format!(
                    "feature {count} is {}: write a finite number",
                    shown(token)
                ));
            }
            None => {
                return Err(format!(
                    "feature {count} is {}: write a number",
                    shown(token)
                ));
            }
        }
    }
    if count != FEATURES {
        return Err(format!(
            "features in this row: {count}; every row has {FEATURES}"
        ));
    }
    Ok(())
}

/// Appends a whole number from 1 to `greatest`, counted from 0.
fn parse_number(line: &[u8], what: &str, greatest: usize, all: &mut Vec<u8>) -> Result<(), String> {
    let number = std::str::from_utf8(line.trim_ascii())
        .ok()
        .and_then(|t| t.parse::<u8>().ok());
    match number {
        Some(n) if n >= 1 && usize::from(n) <= greatest => {
            all.push(n - 1);
            Ok(())
        }
        _ => {
            let found = shown(line.trim_ascii());
            Err(format!(
                "{found} is no {what}: write a whole number from 1 to {greatest}"
            ))
        }
    }
}

/// The start of a text for a message.
fn shown(token: &[u8]) -> String {
    let start = &token[..token.len().min(40)];
    let dots = if start.len() < token.len() { "…" } else { "" };
    let note = if std::str::from_utf8(token).is_err() {
        " (not UTF-8)"
    } else {
        ""
    };
    format!("`{}{dots}`{note}", String::from_utf8_lossy(start))
}

/// The `f32` nearest to a decimal number, as the standard library parses it.
fn number(token: &[u8]) -> Option<f32> {
    quick_number(token).or_else(|| std::str::from_utf8(token).ok()?.parse().ok())
}

/// The same for most numbers as they are published, `-2.8858451e-001`; `None` for the others.
///
/// Up to 15 digits and powers of ten up to 10²² are exact in `f64`, so their product or quotient is
/// the nearest `f64`. Its nearest `f32` is the number's, unless it lies half-way between two.
fn quick_number(token: &[u8]) -> Option<f32> {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let (negative, mut rest) = signed(token);
    let (mut digits, mut decimals, mut count) = (0u64, 0i32, 0);
    let mut point = false;
    while let Some((&byte, others)) = rest.split_first() {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + u64::from(byte - b'0');
                decimals += i32::from(point);
                count += 1;
            }
            b'.' if !point => point = true,
            _ => break,
        }
        if count > 15 {
            return None;
        }
        rest = others;
    }
    if count == 0 {
        return None;
    }
    let mut exponent = -decimals;
    if let Some((b'e' | b'E', power)) = rest.split_first() {
        let (negative, power) = signed(power);
        if power.is_empty() || power.len() > 4 || !power.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let power = power.iter().fold(0, |p, d| p * 10 + i32::from(d - b'0'));
        exponent += if negative { -power } else { power };
    } else if !rest.is_empty() {
        return None;
    }
    let power = *POWERS.get(exponent.unsigned_abs() as usize)?;
    let wide = if exponent < 0 {
        digits as f64 / power
    } else {
        digits as f64 * power
    };
    let half_way = wide.to_bits() & 0x1fff_ffff == 0x1000_0000;
    let normal = (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&wide);
    if digits != 0 && (half_way || !normal) {
        return None;
    }
    let narrow = wide as f32;
    Some(if negative { -narrow } else { narrow })
}

/// Whether a minus sign stands before, and what follows the sign.
fn signed(token: &[u8]) -> (bool, &[u8]) {
    match token.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, token),
    }
}

#[cfg(test)]
#[path = "har_tests.rs"]
mod tests;
