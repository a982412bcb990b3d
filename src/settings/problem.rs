//! What is wrong with settings: where, what, and what would be right.

use super::located::{Located, WrongSettings};
use super::source::{Sources, Span};

/// One mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The offending text.
    pub span: Span,
    /// What is wrong with it: a clause without the place, which the span tells.
    pub message: String,
    /// What would be right.
    pub help: String,
    /// Of a number that is too large, how many would be right; `u64::MAX` of anything else.
    pub fitting: u64,
}

/// Mistakes gathered while reading, so that a user sees all of them at once.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a mistake. The same mistake at the same place counts once, whatever the help: every
    /// point of a sweep reads the same file.
    pub fn add(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Problem {
            span,
            message: message.into(),
            help: help.into(),
            fitting: u64::MAX,
        });
    }

    /// Notes a number that is too large, of which 0 to `largest` would do, or none. Of points that
    /// have it at one place, that is told which leaves the fewest: its help is right for all.
    pub fn add_too_large(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        largest: Option<u64>,
    ) {
        self.push(Problem {
            span,
            message: message.into(),
            help: help.into(),
            fitting: largest.map_or(0, |largest| largest.saturating_add(1)),
        });
    }

    fn push(&mut self, problem: Problem) {
        let is_same = |p: &Problem| p.span == problem.span && p.message == problem.message;
        if !self.0.iter().any(is_same) {
            self.0.push(problem);
        }
    }

    /// Notes the mistakes of another list too.
    pub fn append(&mut self, others: Problems) {
        for problem in others.0 {
            self.push(problem);
        }
    }

    /// Keeps the mistakes whose place is right.
    pub fn retain(&mut self, is_kept: impl Fn(Span) -> bool) {
        self.0.retain(|p| is_kept(p.span));
    }

    /// The places of all mistakes.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.0.iter().map(|problem| problem.span)
    }

    /// Gives every mistake another help.
    pub(super) fn replace_help(&mut self, help: &str) {
        for problem in &mut self.0 {
            help.clone_into(&mut problem.help);
        }
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many mistakes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All mistakes as an error in the order of the text.
    pub fn into_error(mut self, sources: &Sources) -> WrongSettings {
        self.0.sort();
        let located = self.0.iter().map(|p| Located::new(p, sources)).collect();
        WrongSettings {
            mistakes: located,
            unseen_points: 0,
        }
    }
}
