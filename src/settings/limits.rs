//! How long texts may be, and how they are shortened in messages.

/// Characters of a text or a key, at most: names and labels are for people.
pub const MOST_CHARACTERS: usize = 200;

/// Characters of the path of a file, at most, as the system has it.
pub const MOST_OF_PATH: usize = 4096;

/// Characters of a message, at most.
const MOST_OF_MESSAGE: usize = 2000;

/// A text as a message shows it: long words, and long texts, without their middle.
pub fn shortened(text: &str) -> String {
    if text.len() <= MOST_CHARACTERS {
        return text.to_owned();
    }
    let words = text
        .split(' ')
        .map(|word| without_middle(word, MOST_CHARACTERS));
    // Of very many words the middle ones are not shown, however short they are.
    without_middle(&words.collect::<Vec<_>>().join(" "), MOST_OF_MESSAGE)
}

/// The beginning and the end of a text of more than `most` characters.
fn without_middle(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = most / 4;
    let Some((from_end, _)) = text.char_indices().rev().nth(end - 1) else {
        return text.to_owned();
    };
    match text.char_indices().nth(most - end) {
        Some((until, _)) if until < from_end => format!("{}…{}", &text[..until], &text[from_end..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_and_texts_are_shown_by_their_ends() {
        let plain = "unknown key `x` in `rule`";
        assert_eq!(shortened(plain), plain);
        let long = format!("unknown rule `{}`", "é".repeat(3_000_000));
        let told = shortened(&long);
        assert!(
            told.starts_with("unknown rule `é") && told.ends_with("é`"),
            "{told}"
        );
        assert_eq!(told.chars().count(), 13 + MOST_CHARACTERS + 1);
        let many = "word ".repeat(100_000);
        assert_eq!(shortened(&many).chars().count(), MOST_OF_MESSAGE + 1);
        let words = "word ".repeat(100);
        assert_eq!(shortened(&words), words);
    }
}
