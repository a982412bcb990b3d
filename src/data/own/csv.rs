//! Rows from a CSV file: comma-separated, UTF-8, a first line of column names.
//!
//! `y` is what a model shall say of the row; several numbers stand in `y0,y1,…`. `agent` and
//! `group` are whole numbers from 0. All other columns are features, in the order of the file.
//! Every field holds a number, but for the classes of `y`: where the first row's is no number, all
//! are text. All else is as in every small table (see `delimited`).

use super::mistakes::Mistakes;
use super::{Inputs, Labels, MOST, Places, Raw, RawTargets, Shape, Wanted, fits, whole};
use crate::delimited::{self, Reader, Record, Unreadable, other_separator, shown};
use std::collections::BTreeSet;

/// What such a file must hold.
pub(super) const LAYOUT: &str = "write a CSV file whose first line names the columns: `y` (or \
     `y0,y1,…` for several values), `agent` and `group` where rows have them, and features; then a \
     line of numbers for each row, whose class may be text";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Feature,
    /// The values of `y` of that number.
    Target(usize),
    Agent,
    Group,
}

/// Reads a file's bytes; `name` is what messages call it.
pub(super) fn read(name: &str, bytes: &[u8], wanted: Wanted) -> Result<Raw, Mistakes> {
    let unreadable = |error: Unreadable| Mistakes::one(error.in_file(name));
    let mut reader = Reader::new(delimited::text(bytes).map_err(unreadable)?);
    let mut record = Record::default();
    if !reader.read(&mut record).map_err(unreadable)? {
        return Err(Mistakes::one(format!("{name} is empty")));
    }
    let header = record.clone();
    let columns = columns(&header, wanted)
        .map_err(|message| Mistakes::one(format!("{name}:{}: {message}", header.line())))?;
    let mut table = Table::new(name, &header, columns, wanted);
    while reader.read(&mut record).map_err(unreadable)? {
        table.add(&record);
    }
    table.finish()
}

/// Whether a class is text.
fn is_name(field: &str) -> bool {
    !field.is_empty() && field.parse::<f64>().is_err()
}

/// What each column holds, by the names in the first line.
fn columns(header: &Record, wanted: Wanted) -> Result<Vec<Column>, String> {
    let mut seen = BTreeSet::new();
    for (name, number) in header.fields().zip(1..) {
        if name.is_empty() {
            return Err(format!(
                "column {number} has no name: give it one, or save the file without its row numbers"
            ));
        }
        if !seen.insert(name) {
            return Err(format!(
                "two columns have the name `{}`: give each its own",
                shown(name)
            ));
        }
    }
    // The outputs y0, y1, … as far as they go; a feature may be called y7.
    let outputs = (0..)
        .take_while(|n| seen.contains(&*format!("y{n}")))
        .count();
    if header.len() == 1
        && let Some(message) = other_separator(header)
    {
        return Err(message);
    }
    for name in ["y", "agent", "group"]
        .into_iter()
        .filter(|n| !seen.contains(n))
    {
        let is_nearly = |column: &&str| column.eq_ignore_ascii_case(name);
        if let Some(column) = header.fields().find(is_nearly) {
            return Err(format!(
                "there is a column `{column}`: did you mean `{name}`?"
            ));
        }
    }
    let has_y = seen.contains("y");
    match wanted {
        _ if has_y && outputs > 0 => {
            return Err("there are `y` and `y0`: `y` is the only value, or y0 the first".into());
        }
        Wanted::Class if outputs > 0 => {
            return Err("there are `y0` and no `y`: a class stands in the column `y`".into());
        }
        _ if !has_y && outputs == 0 => {
            let columns: Vec<String> = header
                .fields()
                .take(8)
                .map(|c| format!("`{}`", shown(c)))
                .collect();
            let columns = columns.join(", ");
            return Err(format!(
                "no column has the name `y`: name one so; there are {columns}"
            ));
        }
        _ => {}
    }
    let column = |name: &str| match name {
        "y" => Column::Target(0),
        "agent" => Column::Agent,
        "group" => Column::Group,
        _ => match (0..outputs).find(|n| name == format!("y{n}")) {
            Some(output) => Column::Target(output),
            None => Column::Feature,
        },
    };
    let columns: Vec<Column> = header.fields().map(column).collect();
    if !columns.contains(&Column::Feature) {
        return Err(
            "no column is a feature: add columns beside `y`, `agent` and `group`".to_owned(),
        );
    }
    Ok(columns)
}

/// Rows while they are gathered. A row with a mistake leaves placeholders.
struct Table<'a> {
    name: &'a str,
    header: &'a Record,
    columns: Vec<Column>,
    wanted: Wanted,
    outputs: usize,
    features: Vec<f32>,
    values: Vec<f64>,
    /// Names of classes, where the first row's is one.
    names: Option<Vec<String>>,
    agents: Vec<u32>,
    groups: Vec<u32>,
    lines: Vec<u32>,
    mistakes: Mistakes,
}

impl<'a> Table<'a> {
    fn new(name: &'a str, header: &'a Record, columns: Vec<Column>, wanted: Wanted) -> Table<'a> {
        let is_target = |column: &&Column| matches!(column, Column::Target(_));
        Table {
            name,
            header,
            outputs: columns.iter().filter(is_target).count(),
            columns,
            wanted,
            features: Vec::new(),
            values: Vec::new(),
            names: None,
            agents: Vec::new(),
            groups: Vec::new(),
            lines: Vec::new(),
            mistakes: Mistakes::default(),
        }
    }

    /// Takes the row of a line.
    fn add(&mut self, record: &Record) {
        let line = u32::try_from(record.line()).unwrap_or(u32::MAX);
        if record.len() != self.columns.len() {
            let (name, found, wanted) = (self.name, record.len(), self.columns.len());
            self.mistakes.add(|| {
                format!(
                    "{name}:{line}: the first line has {wanted} fields, and this one has {found}"
                )
            });
            return;
        }
        if self.lines.is_empty() && self.wanted == Wanted::Class && self.names_class(record) {
            self.names = Some(Vec::new());
        }
        let first_value = self.values.len();
        self.values.resize(first_value + self.outputs, 0.0);
        for at in 0..self.columns.len() {
            let (field, column) = (record.field(at), self.columns[at]);
            match column {
                Column::Feature => {
                    let number = self.number(field, at, line);
                    self.features.push(number as f32);
                }
                Column::Target(output) => match &mut self.names {
                    Some(names) => {
                        names.push(field.to_owned());
                        if field.is_empty() {
                            self.mistake(line, "`y` is empty: write the row's class");
                        }
                    }
                    None => {
                        self.values[first_value + output] = self.target(field, at, line);
                    }
                },
                Column::Agent => {
                    let agent = self.whole(field, at, line);
                    self.agents.push(agent);
                }
                Column::Group => {
                    let group = self.whole(field, at, line);
                    self.groups.push(group);
                }
            }
        }
        self.lines.push(line);
    }

    /// Whether the class of a row is a name.
    fn names_class(&self, record: &Record) -> bool {
        let fields = record.fields().zip(&self.columns);
        let mut targets = fields.filter(|(_, column)| matches!(column, Column::Target(_)));
        targets.any(|(field, _)| is_name(field))
    }

    /// A value, or a class among numbers.
    fn target(&mut self, field: &str, at: usize, line: u32) -> f64 {
        if self.wanted == Wanted::Class && is_name(field) {
            let message = format!(
                "`y` is `{}`, and the first row's is no text: classes are all whole numbers, \
                 or all text",
                shown(field)
            );
            self.mistake(line, &message);
            return 0.0;
        }
        self.number(field, at, line)
    }

    /// A finite number.
    fn number(&mut self, field: &str, at: usize, line: u32) -> f64 {
        let number = field.parse::<f64>();
        if let Ok(number) = number
            && fits(number)
        {
            return number;
        }
        let (column, found) = (shown(self.header.field(at)), shown(field));
        let message = match number {
            _ if field.is_empty() => format!("`{column}` is empty: write a number"),
            Ok(number) if number.is_finite() => {
                let most = f32::MAX;
                format!("`{column}` is {found}: write a number within ±{most:.1e}")
            }
            _ => format!("`{column}` is `{found}`: write a finite number"),
        };
        self.mistake(line, &message);
        0.0
    }

    /// The number of an agent or a group.
    fn whole(&mut self, field: &str, at: usize, line: u32) -> u32 {
        if let Some(number) = field.parse().ok().and_then(whole) {
            return number;
        }
        let (column, found) = (shown(self.header.field(at)), shown(field));
        let message = format!("`{column}` is `{found}`: write a whole number from 0 to {MOST}");
        self.mistake(line, &message);
        0
    }

    fn mistake(&mut self, line: u32, message: &str) {
        let name = self.name;
        self.mistakes.add(|| format!("{name}:{line}: {message}"));
    }

    fn finish(mut self) -> Result<Raw, Mistakes> {
        if self.lines.is_empty() && self.mistakes.is_empty() {
            let name = self.name;
            self.mistakes
                .add(|| format!("{name} has no rows below its first line"));
        }
        let names = self.header.fields().zip(&self.columns);
        let names = names.filter(|(_, column)| **column == Column::Feature);
        let features: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        let where_there = |column, numbers| self.columns.contains(&column).then_some(numbers);
        self.mistakes.or(Raw {
            shape: Shape::Flat(features.len()),
            features,
            inputs: Inputs::Numbers(self.features),
            y: match (self.wanted, self.names) {
                (Wanted::Class, Some(names)) => RawTargets::Classes(Labels::Names(names)),
                (Wanted::Class, None) => RawTargets::Classes(Labels::Numbers(self.values)),
                (Wanted::Values, _) => RawTargets::Values {
                    values: self.values,
                    outputs: self.outputs,
                },
            },
            agents: where_there(Column::Agent, self.agents),
            groups: where_there(Column::Group, self.groups),
            places: Places::Lines {
                file: self.name.to_owned(),
                lines: self.lines,
            },
        })
    }
}
