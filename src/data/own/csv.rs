//! Rows from a CSV file: UTF-8, a first line of column names, fields between commas, or between
//! semicolons or tabs where the first line has those instead.
//!
//! `y` is what a model shall say of the row; several numbers stand in `y0,y1,…`. `agent` and
//! `group` are whole numbers from 0, or names. All other columns are features, in the order of the
//! file. A scenario may name other columns for these. A column of features holds numbers, or text
//! alone, of which each different one becomes a feature that is 1 where a row has it and 0 elsewhere.
//! Classes are all numbers or all text. All else is as in every small table (see `delimited`).

use super::columns::{Column, columns};
use super::ids::Ids;
use super::mistakes::{InLines, Mistakes};
use super::precision::collapse;
use super::{
    Inputs, Known, Labels, MOST, Missing, Places, Raw, RawTargets, Reading, Shape, Wanted,
};
use super::{fits, whole};
use crate::delimited::{
    self, MISSING_VALUE, Reader, Record, Unreadable, number_hint, separator, shown,
};
use std::collections::{BTreeMap, BTreeSet};

/// What such a file must hold.
pub(super) const LAYOUT: &str = "write a CSV file whose first line names the columns: `y` (or \
     `y0,y1,…` for several values), `agent` and `group` where rows have them, and features; then a \
     line for each row, of numbers or text";

/// Different texts that a column of features may have: each is a feature of its own.
const MOST_TEXTS: usize = 100;

/// Reads a file's bytes; `name` is what messages call it.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    reading: &Reading,
    known: Option<&Known>,
) -> Result<Raw, Mistakes> {
    let unreadable = |error: Unreadable| Mistakes::one(error.in_file(name));
    let text = delimited::text(bytes).map_err(unreadable)?;
    let mut reader = Reader::new(text).separated_by(separator(text));
    let mut record = Record::default();
    if !reader.read(&mut record).map_err(unreadable)? {
        return Err(Mistakes::one(format!("{name} is empty")));
    }
    let header = record.clone();
    let columns = columns(&header, reading)
        .map_err(|message| Mistakes::one(format!("{name}:{}: {message}", header.line())))?;
    let mut table = Table::new(name, &header, columns, reading);
    while reader.read(&mut record).map_err(unreadable)? {
        table.add(&record);
    }
    table.finish(known)
}

/// The fields of a column, in the order of the rows.
#[derive(Default)]
struct Cells {
    /// NaN where a field is none.
    numbers: Vec<f64>,
    /// The fields that are no numbers, with their rows.
    texts: Vec<(usize, String)>,
    /// Rows whose field is missing.
    missing: Vec<usize>,
}

impl Cells {
    fn add(&mut self, field: &str) {
        let row = self.numbers.len();
        let number = field.parse::<f64>().ok().filter(|number| !number.is_nan());
        self.numbers.push(number.unwrap_or(f64::NAN));
        if number.is_none() {
            match number_hint(field) {
                Some(MISSING_VALUE) => self.missing.push(row),
                _ => self.texts.push((row, field.to_owned())),
            }
        }
    }

    /// How many fields are numbers.
    fn numbers(&self) -> usize {
        self.numbers.len() - self.texts.len() - self.missing.len()
    }

    /// The rows whose field is a number.
    fn rows_of_numbers(&self) -> impl Iterator<Item = usize> {
        (0..self.numbers.len()).filter(|&row| !self.numbers[row].is_nan())
    }

    /// The texts by row; empty where there is none.
    fn by_row(&self) -> Vec<String> {
        let mut all = vec![String::new(); self.numbers.len()];
        for (row, text) in &self.texts {
            all[*row].clone_from(text);
        }
        all
    }
}

/// Rows while they are gathered.
struct Table<'a> {
    name: &'a str,
    header: &'a Record,
    columns: Vec<Column>,
    reading: &'a Reading,
    cells: Vec<Cells>,
    lines: Vec<u32>,
    mistakes: InLines,
}

impl<'a> Table<'a> {
    fn new(
        name: &'a str,
        header: &'a Record,
        columns: Vec<Column>,
        reading: &'a Reading,
    ) -> Table<'a> {
        Table {
            name,
            header,
            cells: columns.iter().map(|_| Cells::default()).collect(),
            columns,
            reading,
            lines: Vec::new(),
            mistakes: InLines::default(),
        }
    }

    /// Takes the row of a line.
    fn add(&mut self, record: &Record) {
        let line = u32::try_from(record.line()).unwrap_or(u32::MAX);
        let (found, wanted) = (record.len(), self.columns.len());
        if found != wanted {
            self.mistakes.add(line, 0, || {
                format!("the first line has {wanted} fields, and this one has {found}")
            });
            return;
        }
        for (cells, field) in self.cells.iter_mut().zip(record.fields()) {
            cells.add(field);
        }
        self.lines.push(line);
    }

    /// Notes a mistake in a row of a column.
    fn wrong(&mut self, row: usize, at: usize, what: impl FnOnce(&str) -> String) {
        let column = shown(self.header.field(at));
        let line = self.lines[row];
        self.mistakes.add(line, at, || what(&column));
    }

    fn finish(mut self, known: Option<&Known>) -> Result<Raw, Mistakes> {
        if self.lines.is_empty() && self.mistakes.is_empty() {
            return Err(Mistakes::one(format!(
                "{} has no rows below its first line",
                self.name
            )));
        }
        let dropped = self.missing();
        let mut features = Vec::new();
        let mut categories = BTreeMap::new();
        let mut inputs: Vec<Vec<f64>> = Vec::new();
        let mut values: Vec<Vec<f64>> = Vec::new();
        let mut labels = None;
        let mut owners: [Option<Ids>; 2] = [None, None];
        for at in 0..self.columns.len() {
            let cells = std::mem::take(&mut self.cells[at]);
            match self.columns[at] {
                Column::Feature => {
                    let name = self.header.field(at).to_owned();
                    if self.is_text(&cells, &name, known) {
                        let texts = self.texts(at, &cells, known);
                        features.extend(texts.iter().map(|text| format!("{name}={text}")));
                        inputs.extend(one_hot(&cells, &texts));
                        categories.insert(name, texts);
                    } else {
                        inputs.push(self.numbers(at, cells));
                        features.push(name);
                    }
                }
                Column::Target(_) => match self.reading.wanted {
                    Wanted::Class => labels = Some(self.labels(at, cells)),
                    Wanted::Values => values.push(self.numbers(at, cells)),
                },
                Column::Agent => owners[0] = Some(self.ids(at, cells)),
                Column::Group => owners[1] = Some(self.ids(at, cells)),
            }
        }
        let mut rounded = Vec::new();
        if self.mistakes.is_empty() {
            for (name, column) in features.iter().zip(&inputs) {
                rounded.extend(collapse(self.name, name, column)?);
            }
            for column in &values {
                rounded.extend(collapse(self.name, "y", column)?);
            }
        }
        self.mistakes.or(self.name, ())?;
        let kept: Vec<usize> = (0..self.lines.len()).filter(|row| !dropped[*row]).collect();
        if kept.is_empty() {
            return Err(Mistakes::one(format!(
                "every row of {} has a missing value, and `missing = \"drop\"` leaves none: \
                 leave out a column, or fill values in",
                self.name
            )));
        }
        let [agents, groups] = owners.map(|ids| ids.map(|ids| ids.of_rows(&kept)));
        // In the order of the outputs' numbers.
        let mut outputs: Vec<(usize, Vec<f64>)> = Vec::new();
        let numbers = self.columns.iter().filter_map(|column| match column {
            Column::Target(number) => Some(*number),
            _ => None,
        });
        outputs.extend(numbers.zip(values));
        outputs.sort_by_key(|(number, _)| *number);
        let outputs: Vec<Vec<f64>> = outputs.into_iter().map(|(_, values)| values).collect();
        Ok(Raw {
            shape: Shape::Flat(features.len()),
            inputs: Inputs::Numbers(by_rows(&inputs, &kept, |number| number as f32)),
            features,
            categories,
            y: match labels {
                Some(labels) => RawTargets::Classes(labels.of_rows(&kept)),
                None => RawTargets::Values {
                    values: by_rows(&outputs, &kept, |number| number),
                    outputs: outputs.len(),
                },
            },
            agents,
            groups,
            dropped: self.lines.len() - kept.len(),
            rounded,
            places: Places::Lines {
                file: self.name.to_owned(),
                lines: kept.iter().map(|&row| self.lines[row]).collect(),
            },
        })
    }

    /// Which rows are left out, since a field of theirs is missing. Notes those that may not.
    fn missing(&mut self) -> Vec<bool> {
        let mut dropped = vec![false; self.lines.len()];
        for at in 0..self.columns.len() {
            let rows = self.cells[at].missing.clone();
            let is_feature = self.columns[at] == Column::Feature;
            for row in rows {
                match self.reading.missing {
                    Missing::Drop => dropped[row] = true,
                    Missing::Mean if is_feature => {}
                    Missing::Mean => self.wrong(row, at, |column| {
                        format!(
                            "`{column}` is missing, and `missing = \"mean\"` is for features: write \
                             it, or leave the row out"
                        )
                    }),
                    Missing::Refuse => self.wrong(row, at, |column| {
                        format!(
                            "`{column}` has no value: write it, or let `missing` be \"drop\" or \
                             \"mean\""
                        )
                    }),
                }
            }
        }
        dropped
    }

    /// Whether a column of features holds text alone. A number with a unit or a comma is none.
    fn is_text(&self, cells: &Cells, name: &str, known: Option<&Known>) -> bool {
        if let Some(known) = known {
            return known.categories.contains_key(name);
        }
        let begins_as_number =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || "+-.,−–".contains(c));
        let is_word = |(_, text): &(usize, String)| !begins_as_number(text);
        cells.numbers() == 0 && !cells.texts.is_empty() && cells.texts.iter().all(is_word)
    }

    /// The different texts of a column, sorted; those that are known, where some are.
    fn texts(&mut self, at: usize, cells: &Cells, known: Option<&Known>) -> Vec<String> {
        let name = self.header.field(at);
        if let Some(known) = known.and_then(|known| known.categories.get(name)) {
            let is_known = |text: &String| known.binary_search(text).is_ok();
            let unknown = cells.texts.iter().filter(|(_, text)| !is_known(text));
            for (row, text) in unknown {
                self.wrong(*row, at, |column| {
                    let text = shown(text);
                    format!("`{column}` is `{text}`, which no row of `path` has: leave the row out")
                });
            }
            for row in cells.rows_of_numbers() {
                self.wrong(row, at, |column| {
                    let number = cells.numbers[row];
                    format!("`{column}` is {number}, and text in `path`: write text")
                });
            }
            return known.clone();
        }
        let distinct: BTreeSet<&String> = cells.texts.iter().map(|(_, text)| text).collect();
        let (texts, rows) = (distinct.len(), cells.texts.len());
        if texts > MOST_TEXTS || (texts > 4 && 2 * texts > rows) {
            let (row, _) = cells.texts[0];
            self.wrong(row, at, |column| {
                format!(
                    "`{column}` has {texts} different texts in {rows} rows, each of which would be a \
                     feature: remove the column, or write numbers"
                )
            });
            return Vec::new();
        }
        distinct.into_iter().cloned().collect()
    }

    /// A column of finite numbers, NaN where they are missing.
    fn numbers(&mut self, at: usize, cells: Cells) -> Vec<f64> {
        for (row, text) in &cells.texts {
            self.wrong(*row, at, |column| {
                let (found, hint) = (shown(text), number_hint(text));
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("`{column}` is `{found}`: write a finite number{hint}")
            });
        }
        for row in cells.rows_of_numbers() {
            let number = cells.numbers[row];
            if number.is_infinite() {
                self.wrong(row, at, |column| {
                    format!("`{column}` is infinite: write a finite number")
                });
            } else if !fits(number) {
                self.wrong(row, at, |column| {
                    let most = f32::MAX;
                    format!("`{column}` is {number:e}: write a number within ±{most:.1e}")
                });
            }
        }
        cells.numbers
    }

    /// Notes what is of the other kind in a column that is all numbers or all text: whether it is
    /// text. The kind that has more fields is taken for what is meant, whatever the order of rows.
    fn of_one_kind(&mut self, at: usize, cells: &Cells, right: &str) -> bool {
        let is_text = cells.texts.len() >= cells.numbers() && !cells.texts.is_empty();
        if is_text {
            for row in cells.rows_of_numbers() {
                self.wrong(row, at, |column| {
                    let number = cells.numbers[row];
                    format!("`{column}` is {number} among text: {right}")
                });
            }
        } else {
            for (row, text) in &cells.texts {
                self.wrong(*row, at, |column| {
                    let text = shown(text);
                    format!("`{column}` is `{text}` among numbers: {right}")
                });
            }
        }
        is_text
    }

    fn labels(&mut self, at: usize, cells: Cells) -> Labels {
        let right = "classes are all whole numbers, or all text";
        match self.of_one_kind(at, &cells, right) {
            true => Labels::Names(cells.by_row()),
            false => Labels::Numbers(cells.numbers),
        }
    }

    /// Numbers of agents or groups, or their names.
    fn ids(&mut self, at: usize, cells: Cells) -> Ids {
        let right = "they are all whole numbers from 0, or all names";
        if self.of_one_kind(at, &cells, right) {
            return Ids::Names(cells.by_row());
        }
        for row in cells.rows_of_numbers() {
            let number = cells.numbers[row];
            if whole(number).is_none() {
                self.wrong(row, at, |column| {
                    format!(
                        "`{column}` is `{number}`: write a whole number from 0 to {MOST}, or a name"
                    )
                });
            }
        }
        let number = |number: f64| whole(number).unwrap_or_default();
        Ids::Numbers(cells.numbers.into_iter().map(number).collect())
    }
}

/// A column of numbers for each text: 1 where a row has it, NaN where the row's is missing.
fn one_hot(cells: &Cells, texts: &[String]) -> Vec<Vec<f64>> {
    let mut columns = vec![vec![0.0; cells.numbers.len()]; texts.len()];
    for (row, text) in &cells.texts {
        if let Ok(found) = texts.binary_search(text) {
            columns[found][*row] = 1.0;
        }
    }
    for &row in &cells.missing {
        for column in &mut columns {
            column[row] = f64::NAN;
        }
    }
    columns
}

/// Columns as one array of rows, of those that are kept.
fn by_rows<T>(columns: &[Vec<f64>], kept: &[usize], make: impl Fn(f64) -> T) -> Vec<T> {
    let mut all = Vec::with_capacity(columns.len() * kept.len());
    for &row in kept {
        all.extend(columns.iter().map(|column| make(column[row])));
    }
    all
}
