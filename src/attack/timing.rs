//! When an attacker sends, beside what it sends.

use crate::settings::{Choice, Chosen, Keys};

/// Timing of an attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// As an honest agent would.
    #[default]
    Prompt,
    /// Victims get nothing.
    Silent,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Silent,
}

impl Choice for Kind {
    const NAMES: &'static [(&'static str, Self)] = &[("silent", Self::Silent)];
    const LATER: &'static [&'static str] = &["delay", "replay", "flood", "just-before-deadline"];
}

impl Timing {
    /// Declares and reads the keys of `timing = { … }`.
    pub fn read(keys: &mut Keys<'_>) -> Timing {
        let Chosen(Kind::Silent) = keys
            .key("kind", "How its timing differs from an honest agent's")
            .required();
        if keys.is_wrong("kind") {
            keys.ignore_rest();
        }
        Timing::Silent
    }
}
