//! What became of a point.

use crate::record::{Build, RunError, Summary};

/// What became of a point.
pub enum PointOutcome {
    /// It was run now.
    Done(Summary),
    /// It had been run before, with the same settings and data.
    Found(Summary),
    /// It had been run before, recorded less than is asked for now, and was not run again yet.
    FoundLess(Summary),
    /// It had been run before by another build of the program, is to be run again, and was not yet.
    FoundOld(Summary),
    /// It failed now, or was interrupted.
    Failed(RunError),
    /// It failed before, or was interrupted, and was not run again.
    FoundFailed(Failure),
    /// It is being run: here, or by another process.
    Running,
    /// It was not begun.
    NotBegun,
    /// It is another task's of the same campaign, and not done.
    Elsewhere {
        /// Its status, in a word or two.
        status: &'static str,
        /// Whether that task leaves it at that: it failed for reasons of its own.
        is_over: bool,
    },
}

/// Why a run of an earlier campaign did not come to its end, as its summary says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In one word, as [`RunError::kind`].
    pub kind: String,
    /// In a sentence.
    pub message: String,
}

impl Failure {
    /// That of a run whose process was killed: it left no word.
    pub(super) fn cut_off() -> Failure {
        Failure {
            kind: INTERRUPTION.to_owned(),
            message: "its process ended before the run did".to_owned(),
        }
    }

    /// That of a run whose files are not as they were written.
    pub(super) fn damage(what: String) -> Failure {
        Failure {
            kind: "damage".to_owned(),
            message: what,
        }
    }

    /// That of a run that did not come to its end.
    pub(super) fn of(summary: &Summary) -> Failure {
        let (kind, message) = summary
            .error()
            .unwrap_or(("", "an older version has not kept why"));
        Failure {
            kind: kind.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Whether it lies in the run itself, so that the same run would fail again.
    pub fn is_lasting(&self) -> bool {
        is_lasting(&self.kind)
    }

    fn status(&self) -> &'static str {
        status(&self.kind)
    }
}

/// The kind of a run that was told to end early, or was killed.
const INTERRUPTION: &str = "interruption";

/// Surroundings change, such as a full disk: what fails there may do well the next time.
fn is_lasting(kind: &str) -> bool {
    matches!(
        kind,
        "panic" | "stall" | "end-of-time" | "nothing-complete" | "accounting"
    )
}

fn status(kind: &str) -> &'static str {
    match kind {
        INTERRUPTION => "interrupted",
        _ => "failed",
    }
}

impl PointOutcome {
    /// What the run came to, if it came to its end.
    pub fn summary(&self) -> Option<&Summary> {
        match self {
            PointOutcome::Done(summary)
            | PointOutcome::Found(summary)
            | PointOutcome::FoundLess(summary)
            | PointOutcome::FoundOld(summary) => Some(summary),
            _ => None,
        }
    }

    /// The build that it is done by, where that is not this process's.
    pub fn other_build(&self) -> Option<Build<'_>> {
        Build::of(self.summary()?).filter(|build| !build.is_here())
    }

    /// In a word or two: `done`, `failed`, `interrupted`, `running` or `not begun`.
    pub fn status(&self) -> &'static str {
        match self {
            PointOutcome::Done(_)
            | PointOutcome::Found(_)
            | PointOutcome::FoundLess(_)
            | PointOutcome::FoundOld(_) => "done",
            PointOutcome::Failed(error) => status(error.kind()),
            PointOutcome::FoundFailed(failure) => failure.status(),
            PointOutcome::Running => "running",
            PointOutcome::NotBegun => "not begun",
            PointOutcome::Elsewhere { status, .. } => status,
        }
    }

    /// Why it did not come to its end, in a sentence.
    pub fn error(&self) -> Option<String> {
        match self {
            PointOutcome::Failed(error) => Some(error.to_string()),
            PointOutcome::FoundFailed(failure) => Some(failure.message.clone()),
            _ => None,
        }
    }

    /// Whether it failed for a reason that lies in the run itself: it is run again only where that is
    /// asked for.
    pub fn is_lasting(&self) -> bool {
        match self {
            PointOutcome::Failed(error) => is_lasting(error.kind()),
            PointOutcome::FoundFailed(failure) => failure.is_lasting(),
            _ => false,
        }
    }

    /// Whether it has come to an end, good or bad.
    pub fn is_over(&self) -> bool {
        match self {
            // It is to be run again.
            PointOutcome::FoundLess(_) | PointOutcome::FoundOld(_) => false,
            PointOutcome::Elsewhere { is_over, .. } => *is_over,
            _ => matches!(self.status(), "done" | "failed"),
        }
    }

    /// The same for another point of the same run.
    pub(super) fn again(&self) -> PointOutcome {
        match self {
            PointOutcome::Done(summary) => PointOutcome::Done(summary.clone()),
            PointOutcome::Found(summary) => PointOutcome::Found(summary.clone()),
            PointOutcome::FoundLess(summary) => PointOutcome::FoundLess(summary.clone()),
            PointOutcome::FoundOld(summary) => PointOutcome::FoundOld(summary.clone()),
            PointOutcome::Failed(error) => PointOutcome::Failed(error.again()),
            PointOutcome::FoundFailed(failure) => PointOutcome::FoundFailed(failure.clone()),
            PointOutcome::Running => PointOutcome::Running,
            PointOutcome::NotBegun => PointOutcome::NotBegun,
            PointOutcome::Elsewhere { status, is_over } => PointOutcome::Elsewhere {
                status,
                is_over: *is_over,
            },
        }
    }
}
