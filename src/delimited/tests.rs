//! What of a text the reader takes, and what it refuses.

use super::*;

/// The records of a text with their lines.
fn records(text: &str, comments: bool) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut reader = match comments {
        true => Reader::with_comments(text),
        false => Reader::new(text),
    };
    let mut record = Record::default();
    let mut records = Vec::new();
    while reader.read(&mut record).map_err(|e| e.in_file("f"))? {
        let fields = record.fields().map(str::to_owned).collect();
        records.push((record.line(), fields));
    }
    Ok(records)
}

fn read(text: &str) -> Vec<(usize, Vec<String>)> {
    records(text, false).expect(text)
}

#[test]
fn lines_end_in_every_way_and_blank_ones_are_left_out() {
    let expected = [(1, "a|b"), (3, "1|2"), (6, "3|")];
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", " \t", "1, 2\t", "", "", "3,"].join(end);
        for text in [text.clone(), text.clone() + end, text + end + "  "] {
            let found: Vec<(usize, String)> = read(&text)
                .into_iter()
                .map(|(line, fields)| (line, fields.join("|")))
                .collect();
            let found: Vec<(usize, &str)> = found.iter().map(|(l, f)| (*l, &**f)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
    assert!(read("").is_empty() && read("\n \n").is_empty());
}

#[test]
fn fields_may_be_in_quotes() {
    let fields = |text: &str| read(text).remove(0).1;
    assert_eq!(fields("\"a\" , \"b,c\",\" d \""), ["a", "b,c", "d"]);
    assert_eq!(
        fields("\"say \"\"so\"\"\",5\" pipe"),
        ["say \"so\"", "5\" pipe"]
    );
    assert_eq!(fields("\"\""), [""]);
    assert_eq!(
        read("\"a\nb\",1\n2,3\n"),
        [
            (1, vec!["a\nb".to_owned(), "1".to_owned()]),
            (3, vec!["2".to_owned(), "3".to_owned()]),
        ]
    );
}

#[test]
fn a_quote_that_does_not_close_has_its_place() {
    for (text, expected) in [
        (
            "x,y\n1,\"2\n3,4\n",
            "f:2: the quote that opens in column 3 is never closed: close it, or write \"\" for a \
             quote",
        ),
        (
            "\"p\nq\", \"2",
            "f:2: the quote that opens in column 5 is never closed: close it, or write \"\" for a \
             quote",
        ),
        (
            "x\n\"1\"2\n",
            "f:2: the quote that opens in column 1 closes before the field ends: put the whole \
             field into quotes, or nothing of it",
        ),
    ] {
        assert_eq!(records(text, false), Err(expected.to_owned()));
    }
}

#[test]
fn comments_end_with_their_line() {
    let text = "# first\n1,2 # far\n\"#3\",4#\n";
    let found = records(text, true).expect("records");
    let owned = |fields: [&str; 2]| fields.map(str::to_owned).to_vec();
    assert_eq!(found, [(2, owned(["1", "2"])), (3, owned(["#3", "4"]))]);
    assert_eq!(read("#1,2\n")[0].1, ["#1", "2"]);
}

#[test]
fn only_utf_8_is_text() {
    assert_eq!(text("\u{feff}a".as_bytes()), Ok("a"));
    for (bytes, expected) in [
        (&b"a\r\nb\r\xff"[..], "f:3: this is not UTF-8"),
        (b"\xff\xfea\0", "f: this is UTF-16 text"),
        (b"\xfe\xff\0a", "f: this is UTF-16 text"),
        (b"a\n\0b", "f:2: there is a zero byte, as in UTF-16"),
        (
            b"PK\x03\x04rest",
            "f: this is a ZIP file, perhaps a spreadsheet",
        ),
        (b"\x1f\x8b\x08", "f: this is packed with gzip"),
    ] {
        let message = text(bytes).expect_err(expected).in_file("f");
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn messages_quote_the_start_of_long_fields() {
    assert_eq!(shown("a\nb"), "a b");
    assert_eq!(shown(&"ä".repeat(40)), "ä".repeat(40));
    assert_eq!(shown(&"ä".repeat(1000)), "ä".repeat(40) + "…");
}

#[test]
fn what_is_no_number_has_a_remedy() {
    for (field, part) in [
        ("150ms", "unit"),
        ("-5 ms", "unit"),
        ("3%", "unit"),
        ("9,5", "point"),
        ("1,234.5", "point"),
        ("1'234", "thousands"),
        ("1 234", "thousands"),
        ("1_234", "thousands"),
        ("1.234.567", "thousands"),
        ("\u{2212}5", "`-`"),
        ("", "missing"),
        ("NA", "missing"),
        ("NaN", "missing"),
    ] {
        let hint = number_hint(field).unwrap_or_default();
        assert!(hint.contains(part), "{field}: {hint}");
    }
    for field in ["two", "0x1f", "5"] {
        assert_eq!(number_hint(field), None, "{field}");
    }
}
