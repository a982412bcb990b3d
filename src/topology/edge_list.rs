//! Reads the lines of a network file.

use super::Window;
use super::checks::MOST_AGENTS;
use crate::delimited::{
    self, MISSING_VALUE, Reader, Record, Unreadable, number_hint, other_separator, shown,
};
use crate::units::SimTime;
use std::collections::BTreeSet;

/// What such a file must hold.
pub(super) const LAYOUT: &str = "write one edge per line, `a,b` with two agent numbers; a first \
     line may name the columns, `a,b` or, for edges that come and go, `a,b,from_ms,to_ms`";

/// A line of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub a: u32,
    pub b: u32,
    pub window: Window,
    /// From 1.
    pub line: usize,
}

/// Reads the edges of a file with their lines.
///
/// # Errors
/// The first mistake, with the line and the remedy.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Edge>, Unreadable> {
    let text = delimited::text(bytes)?;
    let mut reader = Reader::with_comments(text);
    let mut record = Record::default();
    let mut columns: Option<Columns> = None;
    let mut edges = Vec::new();
    while reader.read(&mut record)? {
        let at_line = |message| Unreadable {
            line: Some(record.line()),
            message,
        };
        if let Some(message) = other_format(&record).or_else(|| other_separator(&record)) {
            return Err(at_line(message));
        }
        match &columns {
            None if is_header(&record) => {
                columns = Some(Columns::of(&record).map_err(at_line)?);
                continue;
            }
            None if record.len() > 2 && is_matrix(text, record.len()) => {
                let message = "this is an adjacency matrix: write a line `a,b` for each edge";
                return Err(at_line(message.to_owned()));
            }
            None => columns = Some(Columns::unnamed(&record).map_err(at_line)?),
            Some(_) => {}
        }
        let columns = columns.as_ref().expect("set above");
        edges.push(columns.edge(&record).map_err(at_line)?);
    }
    Ok(edges)
}

/// Where the columns of edges are in a line.
struct Columns {
    a: usize,
    b: usize,
    from: Option<usize>,
    to: Option<usize>,
    /// Fields of a line.
    count: usize,
    is_named: bool,
}

/// The columns that a file may have.
const NAMES: [&str; 4] = ["a", "b", "from_ms", "to_ms"];

/// What other programs call weights.
const WEIGHTS: [&str; 7] = [
    "weight", "weights", "w", "value", "cost", "distance", "strength",
];

/// How other programs' names of times begin.
const TIMES: [&str; 7] = ["time", "from", "to", "start", "end", "begin", "unix"];

impl Columns {
    /// By their names in the first line.
    fn of(header: &Record) -> Result<Columns, String> {
        let mut seen = BTreeSet::new();
        for (name, number) in header.fields().zip(1..) {
            if name.is_empty() {
                return Err(format!(
                    "column {number} has no name: save the file without row names (`row.names = \
                     FALSE` in R, `index=False` in pandas)"
                ));
            }
            if !seen.insert(name) {
                let name = shown(name);
                return Err(format!("two columns have the name `{name}`: leave one out"));
            }
            let nearly = |known: &&str| *known != name && name.eq_ignore_ascii_case(known);
            if let Some(known) = NAMES.into_iter().find(nearly) {
                return Err(format!("there is a column `{name}`: name it `{known}`"));
            }
        }
        let at = |column: &str| header.fields().position(|name| name == column);
        let is_weight = |name: &str| WEIGHTS.contains(&name.to_lowercase().as_str());
        let (Some(a), Some(b)) = (at("a"), at("b")) else {
            let names: Vec<String> = header
                .fields()
                .take(8)
                .map(|name| format!("`{}`", shown(name)))
                .collect();
            let remedy = match header.len() {
                2 => "name the columns `a,b`, or leave the line out",
                _ if header.fields().any(is_weight) => {
                    "name those of the two agents `a` and `b`, and leave the others out: weights \
                     are not used"
                }
                _ => "name those of the two agents `a` and `b`, and leave out what is no time",
            };
            let (names, lacks) = (names.join(", "), if at("a").is_none() { "a" } else { "b" });
            return Err(format!(
                "no column has the name `{lacks}` among {names}: {remedy}"
            ));
        };
        let is_time = |name: &str| {
            name == "t"
                || TIMES
                    .iter()
                    .any(|time| name.to_lowercase().starts_with(time))
        };
        if let Some(name) = header.fields().find(|name| !NAMES.contains(name)) {
            let column = shown(name);
            return Err(match () {
                () if is_weight(name) => format!(
                    "there is a column `{column}`: weights are not used: leave the column out"
                ),
                () if is_time(name) => format!(
                    "there is a column `{column}`: times are `from_ms` and `to_ms`, simulated time \
                     in milliseconds"
                ),
                () => format!(
                    "there is a column `{column}`, which edges do not have: leave the column out"
                ),
            });
        }
        Ok(Columns {
            a,
            b,
            from: at("from_ms"),
            to: at("to_ms"),
            count: header.len(),
            is_named: true,
        })
    }

    /// By their number in a first line without names.
    fn unnamed(record: &Record) -> Result<Columns, String> {
        let columns = Columns {
            a: 0,
            b: 1,
            from: None,
            to: None,
            count: 2,
            is_named: false,
        };
        columns.check_count(record).map(|()| columns)
    }

    fn check_count(&self, record: &Record) -> Result<(), String> {
        let found = record.len();
        let follows = |at: usize| record.fields().skip(at).all(str::is_empty);
        if found == self.count {
            return Ok(());
        }
        Err(if found > self.count && follows(self.count) {
            "a comma follows the last field: leave it out".to_owned()
        } else if record.fields().any(|field| field.starts_with('{')) {
            "there are attributes in braces, as networkx writes them: write the file with \
             `data=False`"
                .to_owned()
        } else if self.is_named {
            let count = self.count;
            let decimals = if found > count {
                "; a comma separates fields, and decimals have a point"
            } else {
                "; write all commas, also where a field is empty"
            };
            format!("the first line has {count} fields, and this one has {found}{decimals}")
        } else if found == 1 {
            let field = shown(record.field(0));
            let quotes = if field.contains(',') {
                ": put no quotes around a whole line"
            } else {
                ""
            };
            format!("`{field}` is not an edge, which has two agent numbers{quotes}")
        } else {
            format!(
                "there are {found} fields, and lines without named columns have two, `a,b`: \
                 weights are not used, leave them out; times need a first line \
                 `a,b,from_ms,to_ms` that names them"
            )
        })
    }

    fn edge(&self, record: &Record) -> Result<Edge, String> {
        self.check_count(record)?;
        let time = |name, at: Option<usize>, absent| match at.map(|at| record.field(at)) {
            None | Some("") => Ok(absent),
            Some(text) => time(name, text),
        };
        let edge = Edge {
            a: agent("a", record.field(self.a))?,
            b: agent("b", record.field(self.b))?,
            window: Window {
                from: time("from_ms", self.from, Window::ALWAYS.from)?,
                to: time("to_ms", self.to, Window::ALWAYS.to)?,
            },
            line: record.line(),
        };
        if edge.window.from >= edge.window.to {
            return Err("`to_ms` is not after `from_ms`".to_owned());
        }
        Ok(edge)
    }
}

/// Whether a first line names the columns: it begins with a letter, or there is no digit in it.
fn is_header(record: &Record) -> bool {
    let first = record.fields().find(|field| !field.is_empty());
    let begins_with = first.and_then(|field| field.chars().next());
    let has_digit = |field: &str| field.contains(char::is_numeric);
    begins_with.is_some_and(|c| c.is_alphabetic() || c == '_') || !record.fields().any(has_digit)
}

/// Whether a file is a square of numbers: of zeros and ones where it might be edges with two more
/// columns.
fn is_matrix(text: &str, columns: usize) -> bool {
    let mut reader = Reader::with_comments(text);
    let mut record = Record::default();
    let mut rows = 0;
    while let Ok(true) = reader.read(&mut record) {
        let fits = |field: &str| match field.parse::<f64>() {
            Ok(number) => columns > NAMES.len() || number == 0.0 || number == 1.0,
            Err(_) => false,
        };
        if record.len() != columns || !record.fields().all(fits) {
            return false;
        }
        rows += 1;
    }
    rows == columns
}

/// What a line tells that only other formats have.
fn other_format(record: &Record) -> Option<String> {
    let field = record.field(0);
    let starts = |start: &&str| field.to_lowercase().starts_with(start);
    let format = match field.chars().next()? {
        _ if starts(&"%%matrixmarket") => "a MatrixMarket file",
        '*' => "a Pajek file",
        '<' => "an XML file, such as GraphML or GEXF",
        '[' | '{' => "a JSON file",
        _ if ["graph", "digraph", "strict", "creator"].iter().any(starts)
            && (field.contains(['{', '[', ' ']) || field.len() == 5) =>
        {
            "a GML or DOT file"
        }
        _ if starts(&"sep=") => {
            return Some("`sep=` is for spreadsheets: leave the line out".to_owned());
        }
        '%' | '/' => {
            let mark = if field.starts_with('%') { "%" } else { "//" };
            return Some(format!(
                "comments begin with `#`, and this line with `{mark}`"
            ));
        }
        _ => return None,
    };
    Some(format!("this is {format}: write the edges as CSV"))
}

/// Reads an agent's number, which may be written as `2.0`.
fn agent(column: &str, text: &str) -> Result<u32, String> {
    let number: Option<f64> = text.parse().ok();
    let is_number =
        |number: &f64| number.fract() == 0.0 && (0.0..f64::from(MOST_AGENTS)).contains(number);
    if let Some(number) = number.filter(is_number) {
        return Ok(number as u32);
    }
    let last = MOST_AGENTS - 1;
    let remedy = match number_hint(text).filter(|_| number.is_none_or(f64::is_nan)) {
        Some(hint) => hint.to_owned(),
        None => format!("agents have whole numbers from 0 to {last}"),
    };
    let text = shown(text);
    Err(match text.is_empty() {
        true => format!("`{column}` is empty: write an agent number"),
        false => format!("`{column}` is `{text}`, no agent number: {remedy}"),
    })
}

/// Reads a time in ms.
fn time(column: &str, text: &str) -> Result<SimTime, String> {
    let ms: Option<f64> = text.parse().ok();
    let most = SimTime::MAX_MS;
    if let Some(ms) = ms.filter(|ms| (0.0..=most).contains(ms)) {
        return Ok(SimTime::from_ms(ms));
    }
    let remedy = match number_hint(text).filter(|_| ms.is_none_or(f64::is_nan)) {
        Some(MISSING_VALUE) => "leave the field empty for always".to_owned(),
        Some(hint) => hint.to_owned(),
        None => format!("write a number of ms from 0 to {most:.1e}"),
    };
    Err(format!(
        "`{column}` is `{}`, no time: {remedy}",
        shown(text)
    ))
}
