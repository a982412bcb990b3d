//! A line that tells how far a campaign is.

use super::text::note;
use crate::campaign::Outlook;
use crate::record::{Observer, Seen};
use crate::scenario::Plan;
use crate::units::short;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The progress of a campaign, on standard error and only where that is a terminal.
pub(super) struct Progress {
    bar: OnceLock<ProgressBar>,
    models: Arc<AtomicU64>,
    line_is_taken: Arc<AtomicBool>,
    begun: Instant,
    shown: bool,
    quiet: bool,
}

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        Progress {
            bar: OnceLock::new(),
            models: Arc::default(),
            line_is_taken: Arc::default(),
            begun: Instant::now(),
            shown: !quiet && std::io::stderr().is_terminal(),
            quiet,
        }
    }

    /// Begins with what is to be done.
    pub fn begin(&self, outlook: Outlook) {
        if outlook.found > 0 && !self.quiet {
            let left = outlook.points - outlook.found;
            note(&format!("{} done, skipped; {left} to run", outlook.found));
        }
        if self.shown && outlook.iterations > 0 {
            // The template is a constant that indicatif accepts. What does not fit is cut off; the
            // spaces at the end are for the terminal's `^C`, which would begin a new line.
            let style = ProgressStyle::with_template(
                "{bar:10} {percent:>3} %  {wide_msg}  {eta:>3} left  ",
            );
            let bar = ProgressBar::new(outlook.iterations);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            let _ = self.bar.set(bar);
        }
    }

    pub fn observer(&self, plan: &Plan) -> Option<Box<dyn Observer>> {
        let bar = self.bar.get()?.clone();
        Some(Box::new(Watch {
            bar,
            models: self.models.clone(),
            line_is_taken: self.line_is_taken.clone(),
            has_line: false,
            begun: self.begun,
            shown: Instant::now(),
            iterations: 0,
            point: plan
                .settings
                .iter()
                .map(|s| s.value.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        }))
    }

    pub fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// How often a run's line may change.
const PAUSE: Duration = Duration::from_millis(100);

struct Watch {
    bar: ProgressBar,
    models: Arc<AtomicU64>,
    /// Of runs side by side, one has the line until it ends: taking turns would flicker.
    line_is_taken: Arc<AtomicBool>,
    has_line: bool,
    begun: Instant,
    shown: Instant,
    /// Iterations since the line changed.
    iterations: u64,
    point: String,
}

impl Observer for Watch {
    fn see(&mut self, seen: &Seen<'_>) {
        let sent: u64 = seen.round.samples.iter().map(|s| s.traffic.sent).sum();
        let models = self.models.fetch_add(sent, Ordering::Relaxed) + sent;
        self.iterations += 1;
        if self.shown.elapsed() < PAUSE && !seen.round.last {
            return;
        }
        self.shown = Instant::now();
        self.bar.inc(std::mem::take(&mut self.iterations));
        let Some(all) = seen.all else { return };
        if !self.has_line {
            if self.line_is_taken.swap(true, Ordering::Relaxed) {
                return;
            }
            self.has_line = true;
        }
        let speed = models as f64 / self.begun.elapsed().as_secs_f64();
        self.bar.set_message(format!(
            "iteration {}  loss {}  {} models/s  {}",
            seen.round.iteration,
            short(all.loss.mean),
            short(speed),
            self.point,
        ));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.inc(self.iterations);
        if self.has_line {
            self.line_is_taken.store(false, Ordering::Relaxed);
        }
    }
}
