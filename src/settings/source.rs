//! Texts that settings come from, and places in them.
//!
//! A scenario is made of one file and any number of `--set` assignments, so a place is a source
//! and a byte range in it.

/// Number of a text within [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SourceId(u32);

/// A byte range in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The text the range lies in.
    pub source: SourceId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    pub(super) fn new(source: SourceId, range: std::ops::Range<usize>) -> Span {
        Span {
            source,
            start: range.start,
            end: range.end,
        }
    }
}

/// The texts that one set of settings was read from.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
    /// Whether it is the argument of a command-line option.
    is_option: bool,
}

/// The whole lines that a message shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub text: String,
    /// The bytes of it that are at fault.
    pub offending: std::ops::Range<usize>,
    /// Whether it is a command-line option with its name, and no part of a file.
    pub is_option: bool,
}

impl Sources {
    /// Adds a file's text under the name that messages will show.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.push(name.into(), text.into(), false)
    }

    /// Adds the argument of a command-line option, such as `--set`.
    pub fn add_option(&mut self, option: &str, argument: impl Into<String>) -> SourceId {
        self.push(option.to_owned(), argument.into(), true)
    }

    fn push(&mut self, name: String, text: String, is_option: bool) -> SourceId {
        self.0.push(Source {
            name,
            text,
            is_option,
        });
        SourceId(u32::try_from(self.0.len() - 1).expect("fewer than 2^32 sources"))
    }

    /// The whole text of a source.
    pub fn text(&self, id: SourceId) -> &str {
        &self.0[id.0 as usize].text
    }

    /// The shown name of a source.
    pub fn name(&self, id: SourceId) -> &str {
        &self.0[id.0 as usize].name
    }

    /// Where a document as a whole is pointed at: its first line that says something, or its first
    /// comment.
    pub fn top(&self, source: SourceId) -> Span {
        let text = self.text(source);
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let says = lines().find(|line| !line.starts_with('#'));
        let line = says.or_else(|| lines().next());
        // A slice of the text, also where that says nothing: its place is asked for.
        let line = line.unwrap_or(&text[..0]);
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        Span::new(source, start..start + line.len())
    }

    /// A span that has something to show: the span itself, or the line it stands in or after.
    pub(super) fn widened(&self, span: Span) -> Span {
        let text = self.text(span.source);
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let shown = text.get(start..span.end).unwrap_or("");
        if !shown.trim().is_empty() {
            return Span { start, ..span };
        }
        let before = text[..start].trim_end();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = before[line_start..].len() - before[line_start..].trim_start().len();
        Span::new(span.source, line_start + indent..before.len())
    }

    /// The characters under a span.
    pub fn offending(&self, span: Span) -> &str {
        self.text(span.source)
            .get(span.start..span.end)
            .unwrap_or("")
    }

    /// Line and column of a span's start, both from 1, the column in characters.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let before = &self.text(span.source).as_bytes()[..span.start];
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |at| at + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1;
        (line, column)
    }

    /// The lines that a span lies in, or an option as it was given.
    pub(super) fn excerpt(&self, span: Span) -> Excerpt {
        let Source {
            name,
            text,
            is_option,
        } = &self.0[span.source.0 as usize];
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        if *is_option {
            let shown = format!("{name} {text}");
            let shift = shown.len() - text.len();
            return Excerpt {
                text: shown,
                offending: start + shift..end + shift,
                is_option: true,
            };
        }
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        // A span that ends with a line break ends in its line.
        let inside = text[start..end].trim_end_matches(['\n', '\r']).len();
        let end = start + inside;
        let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
        Excerpt {
            text: text[first..last].trim_end_matches('\r').to_owned(),
            offending: start - first..end - first,
            is_option: false,
        }
    }
}
