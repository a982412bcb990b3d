//! From text to records of fields.

use super::Unreadable;
use super::decode::line_ends;

/// Reads one record after another.
pub(crate) struct Reader<'t> {
    text: &'t str,
    /// Where the next record begins, in bytes.
    at: usize,
    /// The line of that place, from 1.
    line: usize,
    has_comments: bool,
    separator: char,
}

/// The fields of a line. Quoted fields may hold line ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// The fields behind one another.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    line: usize,
}

impl Record {
    /// The line it begins in, from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// How many fields it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field, without quotes and without blanks around it.
    ///
    /// # Panics
    /// If there is no such field.
    pub(crate) fn field(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    /// All fields in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> + Clone {
        (0..self.len()).map(|at| self.field(at))
    }

    fn clear(&mut self, line: usize) {
        self.text.clear();
        self.ends.clear();
        self.line = line;
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// What follows a field.
#[derive(PartialEq)]
enum After {
    Field,
    Line,
}

impl<'t> Reader<'t> {
    /// Reads rows: a `#` is text like any other.
    pub(crate) fn new(text: &'t str) -> Reader<'t> {
        Reader {
            text,
            at: 0,
            line: 1,
            has_comments: false,
            separator: ',',
        }
    }

    /// Fields are between these instead of commas.
    pub(crate) fn separated_by(self, separator: char) -> Reader<'t> {
        Reader { separator, ..self }
    }

    /// What follows a `#` outside quotes is left out.
    pub(crate) fn with_comments(text: &'t str) -> Reader<'t> {
        Reader {
            has_comments: true,
            ..Reader::new(text)
        }
    }

    /// Reads the next line that is not blank into `record`; `false` where there is none.
    ///
    /// # Errors
    /// A quote that is never closed, or that closes before the field ends.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        while self.at < self.text.len() {
            record.clear(self.line);
            let start = self.at;
            while self.field(start, record)? == After::Field {}
            let is_blank = record.text.is_empty() && record.len() == 1;
            if !is_blank || self.text[start..self.at].contains('"') {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Adds a field to a record that begins at `start`.
    fn field(&mut self, start: usize, record: &mut Record) -> Result<After, Unreadable> {
        self.skip_blanks();
        if self.rest().starts_with('"') {
            self.quoted(start, record)?;
        } else {
            let length = self.rest().find(self.ends_field());
            let length = length.unwrap_or(self.rest().len());
            record.text.push_str(self.rest()[..length].trim_end());
            self.at += length;
        }
        record.end_field();
        if self.rest().starts_with(self.separator) {
            self.at += 1; // separators are ASCII
            return Ok(After::Field);
        }
        if self.has_comments && self.rest().starts_with('#') {
            let length = self.rest().find(['\n', '\r']);
            self.at += length.unwrap_or(self.rest().len());
        }
        let bytes = self.rest().as_bytes();
        let end = match bytes {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        self.at += end;
        self.line += usize::from(end > 0);
        Ok(After::Line)
    }

    fn skip_blanks(&mut self) {
        let separator = self.separator;
        let is_blank = |c: char| c.is_whitespace() && !matches!(c, '\n' | '\r') && c != separator;
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    fn ends_field(&self) -> impl Fn(char) -> bool + use<> {
        let (has_comments, separator) = (self.has_comments, self.separator);
        move |c| c == separator || matches!(c, '\n' | '\r') || (has_comments && c == '#')
    }

    fn quoted(&mut self, start: usize, record: &mut Record) -> Result<(), Unreadable> {
        let opens = self.at;
        let wrong = |what: &str| {
            // The line of the quote, which an earlier field of the record may have moved down.
            let before = &self.text[start..opens];
            let begins = before
                .rfind(['\n', '\r'])
                .map_or(start, |at| start + at + 1);
            let column = self.text[begins..opens].chars().count() + 1;
            Unreadable {
                line: Some(self.line),
                message: format!("the quote that opens in column {column} {what}"),
            }
        };
        let from = record.text.len();
        let mut at = opens + 1;
        loop {
            let Some(length) = self.text[at..].find('"') else {
                return Err(wrong(
                    "is never closed: close it, or write \"\" for a quote",
                ));
            };
            record.text.push_str(&self.text[at..at + length]);
            at += length + 1;
            if !self.text[at..].starts_with('"') {
                break;
            }
            record.text.push('"');
            at += 1;
        }
        let separator = self.separator;
        let is_line_end = |c: char| matches!(c, '\n' | '\r') || c == separator;
        let rest =
            self.text[at..].trim_start_matches(|c: char| c.is_whitespace() && !is_line_end(c));
        if !(rest.is_empty() || rest.starts_with(self.ends_field())) {
            return Err(wrong(
                "closes before the field ends: put the whole field into quotes, or nothing of it",
            ));
        }
        self.line += line_ends(&self.text.as_bytes()[opens..at]);
        self.at = self.text.len() - rest.len();
        let trimmed = record.text[from..].trim().to_owned();
        record.text.truncate(from);
        record.text.push_str(&trimmed);
        Ok(())
    }
}
