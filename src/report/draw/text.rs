//! Texts in figures: their width without a font at hand, and numbers as they are read.

use std::fmt::Write as _;

/// Width of a text, in units of its size: of a common sans-serif font, rather more than less.
pub(super) fn width(text: &str) -> f64 {
    let wide = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' | '[' | ']' => 0.34,
        'f' | 't' | 'r' | ' ' | '-' | '/' => 0.38,
        '⁰'..='₉' | '²' | '³' | '¹' => 0.40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.90,
        'A'..='Z' => 0.70,
        '0'..='9' => 0.62,
        c if c < '\u{2e80}' => 0.58,
        _ => 1.0,
    };
    text.chars().map(wide).sum()
}

/// A text in one line, without what XML does not hold and what turns the direction of writing.
pub(in super::super) fn clean(text: &str) -> String {
    let is_kept = |c: &char| {
        !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            && !matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().filter(is_kept).map(plain).collect()
}

/// As much of a text as fits a width, in units of its size, with an ellipsis where it goes on.
pub(super) fn fit(text: &str, most: f64) -> String {
    let text = clean(text);
    if width(&text) <= most {
        return text;
    }
    let mut kept = String::new();
    let mut used = width("…");
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > most {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Writes a text into XML.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(c),
        }
    }
}

/// 10 to the power of `exponent`: `10⁻³`.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let raise = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        // The others follow each other in Unicode.
        c => char::from_u32('⁰' as u32 + (c as u32 - '0' as u32)).unwrap_or(c),
    };
    format!(
        "10{}",
        exponent.to_string().chars().map(raise).collect::<String>()
    )
}

/// A number with `digits` digits that count, in few characters: `0.0591`, `27`, `4×10⁷`, `∞`.
pub(super) fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return match value {
            f64::INFINITY => "∞".to_owned(),
            f64::NEG_INFINITY => "−∞".to_owned(),
            _ => String::new(),
        };
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mut out = String::new();
    if value < 0.0 {
        out.push('−');
    }
    if value != 0.0 && !(-4..=5).contains(&exponent) {
        let mantissa = trimmed(mantissa);
        if mantissa != "1" {
            let _ = write!(out, "{mantissa}×"); // a string takes it all
        }
        out.push_str(&power_of_ten(exponent));
        return out;
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    out.push_str(trimmed(&format!("{:.decimals$}", value.abs())));
    out
}

/// A decimal without zeros at its end.
fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        let told = [
            0.0,
            1.0,
            -2.0,
            0.1 + 0.2,
            27.04,
            1234.5,
            250_000.0,
            4e7,
            1e-7,
            -2.5e300,
        ];
        let told = told.map(|value| number(value, 3)).join(" | ");
        assert_eq!(
            told,
            "0 | 1 | −2 | 0.3 | 27 | 1234 | 250000 | 4×10⁷ | 10⁻⁷ | −2.5×10³⁰⁰"
        );
        assert_eq!(number(f64::INFINITY, 3), "∞");
        assert_eq!(number(f64::NEG_INFINITY, 3), "−∞");
        assert_eq!(number(f64::NAN, 3), "");
    }

    #[test]
    fn a_text_that_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(fit("loss", 10.0), "loss");
        let short = fit("a little is enough, and some more", 10.0);
        assert!(short.ends_with('…') && width(&short) <= 10.0, "{short}");
        assert_eq!(fit("loss", 0.0), "…");
    }

    #[test]
    fn a_text_is_one_line_of_what_xml_holds() {
        assert_eq!(clean("a\n\u{0}b\u{202e}c\u{ffff}\u{61c}"), "a  bc");
    }
}
