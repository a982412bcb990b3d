//! Mutations of texts and bytes.

use byzsim::rng::Stream;
use rand::RngExt;
use rand::seq::IndexedRandom;

/// What stands where a number or a word is expected.
const WORDS: [&str; 44] = [
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "-1e-400",
    "nan",
    "NaN",
    "-inf",
    "Infinity",
    "NA",
    "N/A",
    "?",
    "None",
    "null",
    "#N/A",
    "true",
    "FALSE",
    "0x10",
    "1_000",
    "1,5",
    "1.5.2",
    "+-3",
    "١٢",
    "é",
    "\u{feff}1",
    "\"",
    "\"\"\"",
    "'",
    "a\"b",
    "=1+1",
    "@x",
    "-",
    "/dev/zero",
    "..",
    "99999999999999999999",
    "4294967296",
    "18446744073709551615",
    "2147483648",
    "1e308",
    "1e-308",
    "0.1e",
    "\t",
    "\r",
];

/// Any of several.
pub fn any<'a, T>(stream: &mut Stream, all: &'a [T]) -> &'a T {
    all.choose(stream).expect("not empty")
}

pub fn chance(stream: &mut Stream, part: f64) -> bool {
    stream.random_range(0.0..1.0) < part
}

/// A place in a list or after it.
fn place(stream: &mut Stream, length: usize) -> usize {
    stream.random_range(0..=length)
}

fn word(stream: &mut Stream) -> String {
    match stream.random_range(0..20) {
        0 => "x".repeat(stream.random_range(1..5000)),
        1 => stream.random_range(-1e6..1e6f64).to_string(),
        2 => stream.random_range(0..1u64 << 40).to_string(),
        _ => (*any(stream, &WORDS)).to_owned(),
    }
}

/// A table in text whose cells stand between separators, one damage or several.
pub fn table(stream: &mut Stream, text: &str, separator: char) -> Vec<u8> {
    let mut lines: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(separator).map(str::to_owned).collect())
        .collect();
    for _ in 0..stream.random_range(1..4) {
        damage_cells(stream, &mut lines);
    }
    let separator = match stream.random_range(0..20) {
        0 => *any(stream, &[';', '\t', ' ', '|', ',']),
        _ => separator,
    };
    let end = if chance(stream, 0.1) { "\r\n" } else { "\n" };
    let lines: Vec<String> = lines
        .iter()
        .map(|cells| cells.join(&separator.to_string()))
        .collect();
    let text = lines.join(end);
    match stream.random_range(0..4) {
        0 => bytes(stream, text.as_bytes()),
        _ => text.into_bytes(),
    }
}

fn damage_cells(stream: &mut Stream, lines: &mut Vec<Vec<String>>) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    let line = stream.random_range(0..count);
    match stream.random_range(0..11) {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line].clone()),
        2 => lines.swap(line, stream.random_range(0..count)),
        3 => lines.insert(line, Vec::new()),
        4 => lines.truncate(line),
        5 => {
            let first = lines[0].clone();
            lines.insert(line, first);
        }
        6 => {
            // A column everywhere.
            let column = stream.random_range(0..4);
            let value = word(stream);
            let with_header = chance(stream, 0.3);
            for cells in lines.iter_mut().skip(usize::from(!with_header)) {
                if let Some(cell) = cells.get_mut(column) {
                    cell.clone_from(&value);
                }
            }
        }
        7 => {
            let column = stream.random_range(0..4);
            lines.iter_mut().for_each(|cells| {
                if column < cells.len() {
                    cells.remove(column);
                }
            });
        }
        8 => lines[line].push(word(stream)),
        _ => {
            let cells = &mut lines[line];
            if !cells.is_empty() {
                let cell = stream.random_range(0..cells.len());
                cells[cell] = word(stream);
            }
        }
    }
}

/// What stands where a value of a scenario or a summary is expected.
const VALUES: [&str; 24] = [
    "nan",
    "-inf",
    "-1",
    "0",
    "1e300",
    "99999999999",
    "9223372036854775807",
    "\"\"",
    "\"all\"",
    "[]",
    "{}",
    "[[1]]",
    "true",
    "2024-01-01",
    "{ every = 2 }",
    "{ kind = \"decay\" }",
    "{ random = 4000000000 }",
    "{ kind = \"uniform\", low = 5, high = 1 }",
    "{ from = 1, count = 1000000000000 }",
    "{ kind = \"empirical\", path = \"none.txt\" }",
    "\"../..\"",
    "null",
    "\"\\u0000\"",
    "[1, \"a\", 2.5]",
];

/// A text of lines with keys and values, `=` or `:` between them.
pub fn settings(stream: &mut Stream, text: &str, between: char) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..stream.random_range(1..4) {
        let count = lines.len();
        if count == 0 {
            break;
        }
        let line = stream.random_range(0..count);
        match stream.random_range(0..10) {
            0 => drop(lines.remove(line)),
            1 => lines.insert(line, lines[line].clone()),
            2 => lines.swap(line, stream.random_range(0..count)),
            3 => {
                let other = lines[stream.random_range(0..count)].clone();
                lines[line] += &other;
            }
            4 => {
                let damaged = bytes(stream, lines[line].as_bytes());
                lines[line] = String::from_utf8_lossy(&damaged).into_owned();
            }
            _ => {
                if let Some((key, old)) = lines[line].split_once(between) {
                    let comma = if old.trim_end().ends_with(',') {
                        ","
                    } else {
                        ""
                    };
                    lines[line] = format!("{key}{between} {}{comma}", any(stream, &VALUES));
                }
            }
        }
    }
    lines.join("\n")
}

/// Bytes of any format.
pub fn bytes(stream: &mut Stream, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..stream.random_range(1..4) {
        let at = place(stream, bytes.len());
        let length = stream.random_range(0..=16usize.min(bytes.len() - at));
        match stream.random_range(0..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let chunk = bytes[at..at + length].to_vec();
                let to = place(stream, bytes.len());
                bytes.splice(to..to, chunk);
            }
            3 => {
                // A number, as wide as any, as great as any.
                let number = *any(
                    stream,
                    &[
                        0,
                        1,
                        255,
                        1 << 16,
                        1 << 31,
                        1 << 32,
                        1 << 40,
                        1 << 62,
                        u64::MAX,
                    ],
                );
                let little = number.to_le_bytes();
                let big = number.to_be_bytes();
                let width = *any(stream, &[1, 2, 4, 8]);
                let chosen = if chance(stream, 0.5) {
                    &little[..width]
                } else {
                    &big[8 - width..]
                };
                for (byte, new) in bytes[at..].iter_mut().zip(chosen) {
                    *byte = *new;
                }
            }
            4 => bytes.extend(std::iter::repeat_n(b' ', length)),
            5 => {
                let new = [0, b'"', b'\n', b',', 0xff, 0xc3][stream.random_range(0..6)];
                bytes.insert(at, new);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << stream.random_range(0..8);
                }
            }
        }
    }
    bytes
}
