//! `byzsim schema`: the JSON Schema of scenario files, for editors.

use super::{Plugins, text};
use crate::scenario::Catalogues;
use clap::Args;
use serde_json::Value;

/// What stands in one line has at most so many characters.
const WIDTH: usize = 100;

/// Print the JSON Schema of scenario files, with which editors complete, explain and check them
///
/// Editors of TOML read it where the head of a scenario names it: #:schema ./scenario.schema.json
#[derive(Args)]
pub(super) struct Schema {}

impl Schema {
    pub fn main(self, plugins: &Plugins) -> u8 {
        text::print(&schema_text(&plugins.catalogues));
        0
    }
}

/// The schema as text, without a line break at its end.
pub(super) fn schema_text(catalogues: &Catalogues) -> String {
    let mut text = String::new();
    write(&crate::scenario::schema(catalogues), 0, 0, &mut text);
    text
}

/// Appends a value that stands after `before` characters at `depth`; what fits stands in one line.
fn write(value: &Value, depth: usize, before: usize, text: &mut String) {
    let plain = value.to_string();
    let is_short = depth + before + plain.chars().count() < WIDTH;
    let (open, close, parts): (char, char, Vec<(String, &Value)>) = match value {
        Value::Object(parts) if !is_short => {
            let key = |key: &String| format!("{}: ", Value::from(key.as_str()));
            ('{', '}', parts.iter().map(|(k, v)| (key(k), v)).collect())
        }
        Value::Array(items) if !is_short => (
            '[',
            ']',
            items.iter().map(|item| (String::new(), item)).collect(),
        ),
        _ => return text.push_str(&plain),
    };
    text.push(open);
    for (index, (key, part)) in parts.into_iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(depth + 1));
        text.push_str(&key);
        write(part, depth + 1, key.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(depth));
    text.push(close);
}
