//! Names that a user may have mistyped.

/// The known name that a mistyped one most resembles.
pub fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), *k))
        .filter(|(distance, k)| *distance <= 1 + k.len().max(name.len()) / 3)
        .min()
        .map(|(_, k)| k)
}

/// Help for a name that is not known.
pub(super) fn did_you_mean(name: &str, known: &[&str], what: &str) -> String {
    let all = known.join(", ");
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? {what} here: {all}"),
        None => format!("{what} here: {all}"),
    }
}
