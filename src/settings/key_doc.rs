//! What keys mean, for the catalogue.

/// What a key means, for the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDoc {
    /// Its name; keys of tables inside are dotted.
    pub name: String,
    /// What it sets, in a sentence.
    pub about: &'static str,
    /// Its symbol in the literature.
    pub symbol: Option<&'static str>,
    /// Type of its value.
    pub takes: String,
    /// Legal values, as `in [0, 1]`; empty where the type says it all.
    pub range: String,
    /// Whether it may be left out.
    pub presence: Presence,
    /// Where it has a meaning, as `mode = "deadline"`: one of these; anywhere if there is none.
    pub only: Vec<String>,
}

/// Whether a key may be left out, and what holds then.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It must be given.
    Required,
    /// Its default, and where the default comes from; several where it depends on the task.
    Default(Vec<(String, String)>),
    /// What its absence means.
    Optional(&'static str),
}

impl Presence {
    /// Adds what holds under another task, where that differs.
    pub fn also(&mut self, other: Presence) {
        if let (Presence::Default(defaults), Presence::Default(others)) = (self, other) {
            for other in others {
                if !defaults.contains(&other) {
                    defaults.push(other);
                }
            }
        }
    }
}
