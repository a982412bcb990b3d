//! What other programs write, and how messages name it.

use super::Record;

/// Characters of a field that messages quote.
const MOST_SHOWN: usize = 40;

/// A field as messages quote it: its first characters, in one line.
pub(crate) fn shown(field: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = field.chars().take(MOST_SHOWN).map(plain).collect();
    if field.chars().nth(MOST_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// What separates the columns of a table whose first line names them: commas, or semicolons or tabs
/// where the line has no comma outside quotes.
pub(crate) fn separator(text: &str) -> char {
    let text = text.trim_start();
    let mut is_quoted = false;
    let mut seen = [0; 3];
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\n' | '\r' => break,
            ',' => seen[0] += 1,
            ';' => seen[1] += 1,
            '\t' => seen[2] += 1,
            _ => {}
        }
    }
    match seen {
        [0, semicolons, _] if semicolons > 0 => ';',
        [0, 0, tabs] if tabs > 0 => '\t',
        _ => ',',
    }
}

/// That fields are separated by something else than commas, where none of them may hold that.
pub(crate) fn other_separator(record: &Record) -> Option<String> {
    let holds = |c: char| record.fields().any(|field| field.contains(c));
    let found = [';', '\t', '|'].into_iter().find(|&c| holds(c));
    let mut words = record.field(0).split_whitespace();
    let mut is_number = || words.next().is_some_and(|word| word.parse::<f64>().is_ok());
    let name = match found {
        Some(separator) => format!("{separator:?}"),
        None if is_number() && is_number() => "blanks".to_owned(),
        None if record.len() == 1 && record.field(0).contains(char::is_whitespace) => {
            "blanks".to_owned()
        }
        None => return None,
    };
    Some(format!(
        "columns are separated by {name}: separate them by commas"
    ))
}

/// The [`number_hint`] of an empty field, and of texts by which programs mark a missing value.
pub(crate) const MISSING_VALUE: &str = "a value is missing";

/// Texts by which programs mark a missing value.
const MISSING: [&str; 15] = [
    "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "-nan", "null", "none", "nil", "nat", "-", "--",
    ".", "?",
];

/// What to do about a field that is no number.
pub(crate) fn number_hint(field: &str) -> Option<&'static str> {
    let separates = |c: char| matches!(c, '\'' | '’' | '_') || c.is_whitespace();
    let rest = field.trim_start_matches(['+', '-']);
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if field.is_empty() || MISSING.contains(&field.to_lowercase().as_str()) {
        return Some(MISSING_VALUE);
    }
    if field.starts_with(['\u{2212}', '\u{2013}', '\u{2014}']) {
        return Some("write the sign as `-`");
    }
    if digits.len() == rest.len() {
        return None;
    }
    if digits.starts_with(',') {
        return Some("write a point for decimals, and no thousands separators");
    }
    let follows = digits.trim_start_matches(separates);
    if follows.starts_with(|c: char| c.is_ascii_digit()) || rest.matches('.').count() > 1 {
        return Some("write it without thousands separators");
    }
    let is_unit = |c: char| c.is_alphabetic() || matches!(c, '%' | '$' | '€' | '°');
    (follows.starts_with(is_unit) && !rest.starts_with("0x")).then_some("leave the unit out")
}
