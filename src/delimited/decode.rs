//! From the bytes of a file to its text.

use super::Unreadable;

/// The first bytes of files that are no text, and what to do about them.
const NO_TEXT: [(&[u8], &str); 4] = [
    (
        b"\xff\xfe",
        "this is UTF-16 text: save the file as UTF-8 text",
    ),
    (
        b"\xfe\xff",
        "this is UTF-16 text: save the file as UTF-8 text",
    ),
    (
        b"PK\x03\x04",
        "this is a ZIP file, perhaps a spreadsheet: save it as CSV text",
    ),
    (b"\x1f\x8b", "this is packed with gzip: unpack it"),
];

/// The text of a file without its byte-order mark, which spreadsheets write in front.
///
/// # Errors
/// What is not UTF-8 text, with the line.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    let is_first = |(start, _): &&(&[u8], &str)| bytes.starts_with(start);
    if let Some((_, message)) = NO_TEXT.iter().find(is_first) {
        return Err(unreadable(None, message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + line_ends(before);
        unreadable(Some(line), "this is not UTF-8: save the file as UTF-8 text")
    })?;
    if let Some(at) = text.find('\0') {
        let line = 1 + line_ends(&bytes[..at]);
        return Err(unreadable(
            Some(line),
            "there is a zero byte, as in UTF-16: save the file as UTF-8 text",
        ));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn unreadable(line: Option<usize>, message: &str) -> Unreadable {
    Unreadable {
        line,
        message: message.to_owned(),
    }
}

/// How many lines end in these bytes.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    let ends = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(|&at| ends(at)).count()
}
