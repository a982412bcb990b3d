//! What commands print.

use crate::scenario::Setting;
use serde_json::{Map, Value, json};
use std::io::{Error, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

/// Columns of a terminal that nobody has widened.
pub(super) const WIDTH: usize = 80;

/// Columns below which nothing is readable, so nothing is made to fit.
const NARROWEST: usize = 40;

/// Why standard output could not be written to, from the first time on.
static UNPRINTED: OnceLock<Error> = OnceLock::new();

/// Prints a line to standard output. A reader that has gone away is no error; anything else is one
/// of the program as a whole, which goes on: it may have results to write.
pub(super) fn print(line: &str) {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = UNPRINTED.set(error);
        }
        _ => {}
    }
}

/// Why something that was to be printed was not.
pub(super) fn unprinted() -> Option<&'static Error> {
    UNPRINTED.get()
}

/// Prints a line to standard error, without its colors where that is no terminal or `NO_COLOR` is
/// set. A reader that has gone away is no error.
pub(super) fn note(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// The columns of a terminal, or those that lines have in files and pipes.
pub(super) fn width_of(stream: &impl IsTerminal) -> usize {
    let terminal = stream.is_terminal().then(terminal_size::terminal_size);
    let columns = terminal
        .flatten()
        .map(|(columns, _)| usize::from(columns.0));
    columns.map_or(WIDTH, |columns| columns.max(NARROWEST))
}

/// Prints a text in lines of at most 80 columns, all `indent` spaces in and those after the first
/// four more.
pub(super) fn print_wrapped(indent: usize, text: &str) {
    let (first, later) = (" ".repeat(indent), " ".repeat(indent + 4));
    let options = lines_of(WIDTH)
        .initial_indent(&first)
        .subsequent_indent(&later);
    // A name that is wider than the terminal is better left whole.
    print(&textwrap::fill(text, options.break_words(false)));
}

/// A text in lines of at most `width` columns.
pub(super) fn paragraph(text: &str, width: usize) -> String {
    textwrap::fill(text, lines_of(width))
}

fn lines_of<'a>(width: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Bytes of a folder's name, at most.
const MOST_OF_FOLDER: usize = 240;

/// A scenario's name as a folder's: every character but letters, digits, `.`, `_`, `-` becomes
/// `-`.
pub(super) fn file_name(name: &str) -> String {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if legal(c) { c } else { '-' })
        .collect();
    // File systems take 255 bytes, and a character has up to four.
    let end = (0..=name.len().min(MOST_OF_FOLDER)).rev();
    let end = end.into_iter().find(|&end| name.is_char_boundary(end));
    let name = name[..end.unwrap_or(0)].to_owned();
    // A name of dots alone would lead out of the folder.
    if name.chars().all(|c| c == '.') {
        "-".repeat(name.len().max(1))
    } else {
        name
    }
}

/// `rule = loss, seed = 3`.
pub(super) fn settings(settings: &[Setting]) -> String {
    let one = |s: &Setting| format!("{} = {}", s.key, s.value);
    settings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `run 0123456789abcdef (rule = loss, seed = 3)`.
pub(super) fn run(id: &impl std::fmt::Display, of: &[Setting]) -> String {
    match settings(of) {
        settings if settings.is_empty() => format!("run {id}"),
        settings => format!("run {id} ({settings})"),
    }
}

/// The settings for programs.
pub(super) fn settings_json(settings: &[Setting]) -> Map<String, Value> {
    let one = |s: &Setting| (s.key.clone(), json!(s.value));
    settings.iter().map(one).collect()
}
