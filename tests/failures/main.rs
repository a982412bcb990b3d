//! What happens when something goes wrong: the program ends, says what it was, and leaves what it
//! had recorded readable.
//!
//! This program has two parts to play: the tests, and `byzsim` with the plug-ins of [`plugins`]
//! that the tests start.

mod bench;
mod interrupted;
mod limits;
mod panics;
mod plugins;
#[path = "../reading/mod.rs"]
mod reading;
mod refused;
mod stalls;
mod told;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os(bench::ACT).is_some() {
        return byzsim::cli::main(plugins::plugins());
    }
    let all = [
        panics::TESTS,
        refused::TESTS,
        stalls::TESTS,
        interrupted::TESTS,
        limits::TESTS,
        told::TESTS,
    ]
    .concat();
    let trial = |&(name, test): &(&'static str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), all.iter().map(trial).collect()).exit_code()
}

/// The tests of a module, by name.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        /// The tests here.
        pub const TESTS: &[(&str, fn())] = &[$((stringify!($name), $name)),*];
    };
}
use tests;
