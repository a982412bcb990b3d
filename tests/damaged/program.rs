//! The program on damaged inputs, within limits.

use byzsim::rng::{Key, Purpose, Stream};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Memory that the program may ask for \[kB\]: a small file needs far less.
const MOST_MEMORY: &str = "3000000";

/// How long it may take, on a machine that is busy with much else.
const MOST_TIME: Duration = Duration::from_secs(60);

/// Damages inputs of a reader, one after the other, for the time that a reader has. `input` makes one
/// from a stream, runs it, and says the status.
pub fn fuzz(reader: &str, mut input: impl FnMut(&mut Stream) -> i32) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds: u64 = number("BYZSIM_FUZZ_SECONDS").unwrap_or(10);
    let from: u64 = number("BYZSIM_FUZZ_FROM").unwrap_or(0);
    let begun = Instant::now();
    let mut count = 0;
    let mut of_status = [0; 3];
    while begun.elapsed() < Duration::from_secs(seconds) {
        let seed = from + count;
        let named = Named { reader, seed };
        let status = input(&mut Key::new(seed, Purpose::Generated).stream());
        of_status[status as usize] += 1;
        std::mem::forget(named);
        count += 1;
    }
    println!("{reader}: {count} inputs, {of_status:?} with status 0, 1, 2");
}

/// Says which input it was when a panic drops it.
struct Named<'a> {
    reader: &'a str,
    seed: u64,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        let Named { reader, seed } = self;
        eprintln!("{reader}: input {seed}; BYZSIM_FUZZ_FROM={seed} repeats it");
    }
}

/// Runs the program on what is whole: it is accepted.
pub fn accepts(folder: &Path, arguments: &[&str]) {
    let (status, printed) = ended(folder, arguments);
    assert_eq!(status, 0, "{arguments:?}: {printed}");
}

/// Runs the program in a folder: its status.
pub fn run(folder: &Path, arguments: &[&str]) -> i32 {
    ended(folder, arguments).0
}

/// The status of the program, and what it prints to standard error.
fn ended(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {MOST_MEMORY} && exec \"$0\" \"$@\"");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_byzsim")]);
    command.args(arguments).current_dir(folder);
    command.env("RUST_BACKTRACE", "0").env_remove("BYZSIM_DATA");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("a shell");
    let mut pipe = child.stderr.take().expect("a pipe");
    // More than a pipe holds would block the program.
    let reader = std::thread::spawn(move || {
        let mut printed = Vec::new();
        pipe.read_to_end(&mut printed).map(|_| printed)
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if begun.elapsed() > MOST_TIME {
            child.kill().expect("a child");
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let printed = reader.join().expect("a thread").expect("a pipe");
    let printed = String::from_utf8_lossy(&printed);
    let is_fine = matches!(status.code(), Some(0..=2))
        && !["panic", "memory is to be had", "memory allocation"]
            .iter()
            .any(|bad| printed.contains(bad));
    assert!(is_fine, "{arguments:?}: {status}, {printed}");
    assert!(
        printed.len() < 100_000,
        "{arguments:?} prints {} bytes",
        printed.len()
    );
    (status.code().expect("a status"), printed.into_owned())
}
