//! Brackets that a text of TOML opens and never closes. A parser finds the mistake lines later, at
//! whatever cannot stand inside.

use std::ops::Range;

/// The bracket of a value that a text does not close: the innermost one that is open where another
/// one closes, or where the text ends. Headers end with their line: a parser finds those.
pub(super) fn unclosed(text: &str) -> Option<Range<usize>> {
    innermost(text).filter(|range| {
        let line = text[..range.start].rsplit('\n').next();
        line.is_some_and(|before| !before.trim().is_empty())
    })
}

fn innermost(text: &str) -> Option<Range<usize>> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string(rest, first)?,
            _ => first.len_utf8(),
        };
        match first {
            '[' => open.push((at, ']')),
            '{' => open.push((at, '}')),
            ']' | '}' => match open.pop() {
                Some((_, closes)) if closes == first => {}
                Some((at, _)) => return Some(at..at + 1),
                None => return None,
            },
            _ => {}
        }
        rest = &rest[length..];
    }
    open.last().map(|(at, _)| *at..at + 1)
}

/// The length of the string that a text begins with, which ends with its line at the latest where
/// it has quotes for one line. `None` where one for several lines does not end.
fn string(text: &str, quote: char) -> Option<usize> {
    let three = [quote; 3].iter().collect::<String>();
    let is_long = text.starts_with(&three);
    let begin = if is_long { 3 } else { 1 };
    let mut characters = text[begin..].char_indices();
    while let Some((at, character)) = characters.next() {
        let at = begin + at;
        if character == '\\' && quote == '"' {
            characters.next();
        } else if is_long && text[at..].starts_with(&three) {
            // Up to two quotes may stand before those that end it.
            let quotes = text[at..].chars().take_while(|c| *c == quote).count();
            return Some(at + quotes.min(5));
        } else if !is_long && (character == quote || character == '\n') {
            return Some(at + 1);
        }
    }
    (!is_long).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_that_lacks_its_other_one_is_found() {
        for (text, place) in [
            ("a = { b = 1\n[c]\nd = [1]\n", Some(4)),
            ("a = [1, { b = 2 ]\n", Some(8)),
            ("a = [1, 2\n[c]\n", Some(4)),
            ("[a\nb = 1\n", None),
            ("a = { b = \"}\" # }\n", Some(4)),
            (
                "a = '{' # [\nb = \"\\\"{\"\nc = \"\"\"\n{\"\"\"\"\n[d]\n",
                None,
            ),
            ("a = \"{\n[b]\n", None),
            ("a = ]\n", None),
            ("a = \"\"\"[\n", None),
        ] {
            assert_eq!(unclosed(text).map(|range| range.start), place, "{text}");
        }
    }
}
