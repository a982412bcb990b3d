//! What a panic prints: one backtrace for the process, after the errors that say whose it was. All
//! agents of a broken rule panic at once, and one of them says as much as all.

use super::text::note;
use std::backtrace::Backtrace;
use std::panic::{PanicHookInfo, set_hook};
use std::sync::OnceLock;

/// Where the first panic was, and the calls that led there.
static FIRST: OnceLock<(String, String)> = OnceLock::new();

/// Keeps the first panic for [`print`], instead of printing each as it happens.
pub(super) fn install() {
    set_hook(Box::new(|info| {
        FIRST.get_or_init(|| (place(info), calls()));
    }));
}

/// Prints the first panic, if there was one.
pub(super) fn print() {
    if let Some((place, calls)) = FIRST.get().filter(|(_, calls)| !calls.is_empty()) {
        note(&format!("The code panicked at {place}, called from"));
        note(calls.trim_end());
    }
}

fn place(info: &PanicHookInfo<'_>) -> String {
    match info.location() {
        Some(location) => location.to_string(),
        None => "an unknown place".to_owned(),
    }
}

/// The calls that led to here, unless `RUST_BACKTRACE=0` forbids to collect them.
fn calls() -> String {
    match std::env::var_os("RUST_BACKTRACE") {
        Some(value) if value == "0" => String::new(),
        Some(value) if value == "full" => Backtrace::force_capture().to_string(),
        _ => of_interest(&Backtrace::force_capture().to_string()),
    }
}

/// The part of a backtrace between the machinery of panics at its top and that of catching them.
fn of_interest(backtrace: &str) -> String {
    let frames: Vec<&str> = frames(backtrace).collect();
    let is_machinery = |frame: &&str| {
        [
            "std::panicking",
            "core::panicking",
            "begin_unwind",
            "rust_panic",
        ]
        .iter()
        .any(|name| frame.contains(name))
    };
    let catches = |frame: &&str| frame.contains("catch_unwind") || frame.contains("panicking::try");
    let first_catch = frames.iter().position(catches).unwrap_or(frames.len());
    let raised = frames[..first_catch].iter().rposition(is_machinery);
    frames[raised.map_or(0, |frame| frame + 1)..first_catch].concat()
}

/// The frames of a backtrace: a line `  12: name`, and lines that say where.
fn frames(backtrace: &str) -> impl Iterator<Item = &str> {
    let begins = |line: &str| {
        let line = line.trim_start();
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        digits > 0 && line[digits..].starts_with(": ")
    };
    let mut rest = backtrace;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for (number, line) in rest.split_inclusive('\n').enumerate() {
            if number > 0 && begins(line) {
                break;
            }
            end += line.len();
        }
        let (frame, later) = rest.split_at(end);
        rest = later;
        Some(frame)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_is_of_what_panicked() {
        let backtrace = "   0: byzsim::cli::panics::calls\n             at src/cli/panics.rs:1\n   \
                         1: std::panicking::panic_with_hook\n   2: core::panicking::panic_fmt\n   \
                         3: rule::combine\n             at rule.rs:9:1\n   4: agent::tick\n   \
                         5: std::panic::catch_unwind\n   6: std::panicking::thing\n   7: main\n";
        assert_eq!(
            of_interest(backtrace),
            "   3: rule::combine\n             at rule.rs:9:1\n   4: agent::tick\n"
        );
        assert_eq!(of_interest("   0: only\n"), "   0: only\n");
        assert_eq!(of_interest(""), "");
        assert_eq!(of_interest("disabled backtrace"), "disabled backtrace");
    }
}
