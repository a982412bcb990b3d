//! What SIGINT, SIGTERM and SIGHUP do, at any moment: they end the program with status 130, at once
//! unless runs are under way that can write a checkpoint first.

use super::{INTERRUPTED, text};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// After this long without a run under way, an interrupted program ends although it is still
/// drawing a network or reading data.
const GRACE: Duration = Duration::from_millis(500);

/// How the program is interrupted, and what is under way.
#[derive(Clone, Default)]
pub(super) struct Interruption {
    /// Set by the first signal.
    pub flag: Arc<AtomicBool>,
    /// Whether a campaign is under way: the first signal asks it to end.
    pub is_campaign: Arc<AtomicBool>,
    /// What it has under way that is worth waiting for.
    pub running: Arc<AtomicUsize>,
    /// Nothing is printed about it.
    pub quiet: Arc<AtomicBool>,
}

impl Interruption {
    /// Has signals end the program from now on. Where that fails, the first signal ends it as the
    /// system has it.
    pub fn install() {
        let _ = on_signal(|| Interruption::of_process().clone().signaled());
    }

    /// The one that signals act on: they are of the process.
    pub fn of_process() -> &'static Interruption {
        static OF_PROCESS: LazyLock<Interruption> = LazyLock::new(Interruption::default);
        &OF_PROCESS
    }

    fn signaled(self) {
        if self.flag.swap(true, Ordering::SeqCst) {
            self.note("Ended at once.");
            end();
        }
        if !self.is_campaign.load(Ordering::SeqCst) {
            self.note("Interrupted.");
            end();
        }
        self.note("Interrupted: writing checkpoints; once more ends at once, without them.");
        // While this waits for runs to end, a second signal is to be heard.
        let here = self.clone();
        let watch = move || here.end_without_runs();
        if std::thread::Builder::new().spawn(watch).is_err() && self.is_idle() {
            end();
        }
    }

    /// Ends the program when no run has been under way for a while: who still draws a network has
    /// nothing to keep.
    fn end_without_runs(&self) {
        loop {
            std::thread::sleep(GRACE);
            if self.is_idle() {
                std::thread::sleep(GRACE);
                if self.is_idle() {
                    end();
                }
            }
        }
    }

    /// Whether the campaign only draws networks and reads data.
    fn is_idle(&self) -> bool {
        self.is_campaign.load(Ordering::SeqCst) && self.running.load(Ordering::SeqCst) == 0
    }

    fn note(&self, line: &str) {
        if !self.quiet.load(Ordering::Relaxed) {
            text::note(line);
        }
    }
}

fn end() -> ! {
    std::process::exit(i32::from(INTERRUPTED))
}

/// Has `handle` called whenever the program is asked to end.
#[cfg(unix)]
fn on_signal(handle: impl Fn() + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut all = vec![SIGINT, SIGTERM];
    // What `nohup` has begun outlives its terminal.
    if !ignores(SIGHUP) {
        all.push(SIGHUP);
    }
    // The thread first: signals that nobody hears of would be ignored from then on.
    let none: [i32; 0] = [];
    let mut signals = signal_hook::iterator::Signals::new(none)?;
    let registered = signals.handle();
    let listen = move || signals.forever().for_each(|_| handle());
    let builder = std::thread::Builder::new().name("interruption".into());
    builder.spawn(listen)?;
    all.into_iter()
        .try_for_each(|signal| registered.add_signal(signal))
}

#[cfg(not(unix))]
fn on_signal(handle: impl Fn() + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(handle)
}

/// Whether this process was started with a signal ignored, where the system says so.
#[cfg(unix)]
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
