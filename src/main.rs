//! The program `byzsim`: see [`byzsim::cli`].

use byzsim::cli::{Plugins, main as byzsim};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    byzsim(Plugins::of(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
    ))
}
