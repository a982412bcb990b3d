//! A checksum inside what it is the checksum of: sixteen digits, which are taken as zeros when it is
//! computed.

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// What stands for a checksum while it is computed.
pub const ZEROS: &str = "0000000000000000";

/// What is wrong where a checksum is not that of what was read.
pub const CHANGED: &str = "its content has changed since it was written";

/// Writes the checksum of `bytes` over the [`ZEROS`] that begin at `at`.
pub fn seal(bytes: &mut [u8], at: usize) {
    let sum = format!("{:016x}", xxh3_64(bytes));
    if let Some(place) = bytes.get_mut(at..at + ZEROS.len()) {
        place.copy_from_slice(sum.as_bytes());
    }
}

/// Whether the checksum that begins at `at` is that of `bytes`.
pub fn holds(bytes: &[u8], at: usize) -> bool {
    let end = at + ZEROS.len();
    let Some(sum) = bytes.get(at..end) else {
        return false;
    };
    let zeroed = [&bytes[..at], ZEROS.as_bytes(), &bytes[end..]].concat();
    sum == format!("{:016x}", xxh3_64(&zeroed)).as_bytes()
}

/// The key of a JSON text's own checksum.
const KEY: &str = "checksum";

/// Where the checksum of a JSON text begins.
fn place(text: &str) -> Option<usize> {
    let field = format!("\"{KEY}\": \"");
    text.rfind(&field).map(|at| at + field.len())
}

/// The text of a JSON object with its own checksum as the last field.
pub fn sealed_json(mut object: Value) -> String {
    object[KEY] = ZEROS.into();
    sealed_text(format!("{object:#}\n"), place)
}

/// Whether a JSON text is what [`sealed_json`] has written; `None` if it has no checksum, as those of
/// earlier versions.
pub fn json_holds(text: &str, json: &Value) -> Option<bool> {
    json.get(KEY)?;
    Some(place(text).is_some_and(|at| holds(text.as_bytes(), at)))
}

/// What the first line of a sealed text begins with.
const FIRST_LINE: &str = "# checksum ";

/// A TOML text below a line with its checksum.
pub fn sealed_toml(text: &str) -> String {
    let text = format!("{FIRST_LINE}{ZEROS}\n{text}");
    sealed_text(text, |_| Some(FIRST_LINE.len()))
}

/// Whether a TOML text is what [`sealed_toml`] has written; `None` if it has no checksum, as those of
/// earlier versions.
pub fn toml_holds(text: &[u8]) -> Option<bool> {
    // A resolved scenario has no comments of its own.
    let has_one = text.first() == Some(&b'#');
    has_one.then(|| text.starts_with(FIRST_LINE.as_bytes()) && holds(text, FIRST_LINE.len()))
}

/// A TOML text without the line of [`sealed_toml`].
pub fn unsealed_toml(text: &str) -> &str {
    match text.strip_prefix(FIRST_LINE) {
        Some(rest) => rest.split_once('\n').map_or("", |(_, text)| text),
        None => text,
    }
}

fn sealed_text(text: String, place: impl Fn(&str) -> Option<usize>) -> String {
    let Some(at) = place(&text) else { return text };
    let mut bytes = text.into_bytes();
    seal(&mut bytes, at);
    String::from_utf8(bytes).expect("digits in the place of zeros leave UTF-8 as it is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Whether every flipped bit of a text is found.
    fn finds_all(text: &str, holds: impl Fn(&[u8]) -> bool) -> bool {
        assert!(holds(text.as_bytes()), "{text}");
        (0..text.len() * 8).all(|bit| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            !holds(&bytes)
        })
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let json = json!({"a": "\"checksum\": \"", "b": [1, 2.5]});
        let is_whole = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok();
            let json = text.and_then(|text| serde_json::from_str(text).ok());
            text.zip(json)
                .is_some_and(|(text, json)| json_holds(text, &json) == Some(true))
        };
        assert!(finds_all(&sealed_json(json), is_whole));
        let toml = sealed_toml("name = \"# checksum \"\n");
        assert!(finds_all(&toml, |bytes| toml_holds(bytes) == Some(true)));
    }

    #[test]
    fn what_was_never_sealed_is_told_apart() {
        assert_eq!(json_holds("{}", &json!({})), None);
        assert_eq!(toml_holds(b"name = 1\n"), None);
    }
}
