//! A line that tells how far a campaign is.

use super::table::{in_one_line, last_name};
use super::text::note;
use super::time_left::{TimeLeft, in_words};
use crate::campaign::Outlook;
use crate::record::{Observer, Seen};
use crate::scenario::{Plan, RunId};
use crate::units::short;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The progress of a campaign, on standard error and only where that is a terminal.
pub(super) struct Progress {
    line: OnceLock<Arc<Line>>,
    shown: bool,
    quiet: bool,
}

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        Progress {
            line: OnceLock::new(),
            shown: !quiet && std::io::stderr().is_terminal(),
            quiet,
        }
    }

    /// Begins with what is to be done.
    pub fn begin(&self, outlook: Outlook) {
        if let Some(told) = outlook.in_words().filter(|_| !self.quiet) {
            note(&told);
        }
        if !outlook.is_locked && !self.quiet {
            note(
                "The results folder is not locked, since its file system knows no locks: run nothing else in it.",
            );
        }
        if self.shown && !outlook.pending.is_empty() {
            let _ = self.line.set(Arc::new(Line::new(outlook)));
        }
    }

    pub fn observer(&self, plan: &Plan) -> Option<Box<dyn Observer>> {
        let line = self.line.get()?.clone();
        let point = line.points.iter().position(|id| *id == plan.id)?;
        let now = Instant::now();
        // A key is known by its last name, and there is little room.
        let settings = plan.settings.iter();
        let settings = settings.map(|s| format!("{} {}", last_name(&s.key), s.value));
        Some(Box::new(Watch {
            line,
            point,
            settings: in_one_line(&settings.collect::<Vec<_>>().join(", ")),
            shown: now,
            iterations: 0,
            models: 0,
        }))
    }

    pub fn end(&self) {
        if let Some(line) = self.line.get() {
            line.bar.finish_and_clear();
        }
    }
}

/// What all runs side by side share.
struct Line {
    bar: ProgressBar,
    begun: Instant,
    /// The runs that are to be done, and the work of an iteration of each.
    points: Vec<RunId>,
    work: Vec<f64>,
    state: Mutex<State>,
}

struct State {
    left: TimeLeft,
    ended: usize,
    models: u64,
    /// Of runs side by side, one has the message until it ends: taking turns would flicker.
    told: Option<usize>,
}

/// Steps of the bar.
const STEPS: f64 = 1000.0;

impl Line {
    fn new(outlook: Outlook) -> Line {
        // The template is a constant that indicatif accepts. What does not fit is cut off; the
        // spaces at the end are for the terminal's `^C`, which would begin a new line.
        let style = ProgressStyle::with_template("{bar:10} {prefix}  {wide_msg}  ");
        let bar = ProgressBar::new(STEPS as u64);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let pending = outlook.pending;
        let rules = pending
            .iter()
            .map(|p| (p.rule.clone(), p.iterations as f64 * p.work));
        let state = State {
            left: TimeLeft::new(rules, outlook.jobs),
            ended: 0,
            models: 0,
            told: None,
        };
        let line = Line {
            bar,
            begun: Instant::now(),
            work: pending.iter().map(|p| p.work).collect(),
            points: pending.into_iter().map(|p| p.id).collect(),
            state: Mutex::new(state),
        };
        line.update(|_| {});
        line
    }

    /// Changes what is known, and shows it.
    fn update(&self, change: impl FnOnce(&mut State)) {
        // Whoever panicked left numbers, and any will do.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let (ended, all) = (state.ended, self.points.len());
        let points = if all == 1 {
            String::new()
        } else {
            format!("{ended}/{all} points, ")
        };
        let left = state.left.seconds().map(in_words);
        let left = left.unwrap_or_else(|| "?".to_owned());
        let guess = if state.left.is_a_guess() { "~" } else { "" };
        self.bar.set_prefix(format!("{points}{guess}{left} left"));
        self.bar.set_position((state.left.share() * STEPS) as u64);
    }
}

/// How often a run's line may change.
const PAUSE: Duration = Duration::from_millis(100);

struct Watch {
    line: Arc<Line>,
    /// Which of the runs this is.
    point: usize,
    settings: String,
    /// When the line changed, and since then:
    shown: Instant,
    iterations: u64,
    models: u64,
}

impl Observer for Watch {
    fn see(&mut self, seen: &Seen<'_>) {
        self.models += seen
            .round
            .samples
            .iter()
            .map(|s| s.traffic.sent)
            .sum::<u64>();
        self.iterations += 1;
        let passed = self.shown.elapsed();
        if passed < PAUSE && !seen.round.last {
            return;
        }
        self.shown += passed;
        let work = std::mem::take(&mut self.iterations) as f64 * self.line.work[self.point];
        let models = std::mem::take(&mut self.models);
        let point = self.point;
        self.line.update(|state| {
            state.left.spend(point, passed.as_secs_f64(), work);
            state.models += models;
            if let (Some(all), true) = (seen.all, *state.told.get_or_insert(point) == point) {
                let speed = state.models as f64 / self.line.begun.elapsed().as_secs_f64();
                // What is cut off where it does not fit comes last.
                self.line.bar.set_message(format!(
                    "iteration {}  loss {}  {}  {} models/s",
                    seen.round.iteration,
                    short(all.loss.mean),
                    self.settings,
                    short(speed),
                ));
            }
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let point = self.point;
        self.line.update(|state| {
            state.left.end(point);
            state.ended += 1;
            if state.told == Some(point) {
                state.told = None;
            }
        });
    }
}
