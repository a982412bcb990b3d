//! What is wrong with settings: where, what, and what would be right.

use super::limits::shortened;
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

/// Mistakes that are kept: whoever has more reads the first ones first.
const MOST: usize = 200;

/// Mistakes gathered while reading, so that a user sees all of them at once.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    /// Whether there are more than are kept.
    has_more: bool,
}

impl Problems {
    /// Notes a mistake. The same mistake at the same place counts once, whatever the help: every
    /// point of a sweep reads the same file.
    pub fn add(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Problem {
            span,
            message: shortened(&message.into()),
            help: shortened(&help.into()),
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
            message: shortened(&message.into()),
            help: shortened(&help.into()),
            fitting: largest.map_or(0, |largest| largest.saturating_add(1)),
        });
    }

    fn push(&mut self, problem: Problem) {
        let is_same = |p: &Problem| p.span == problem.span && p.message == problem.message;
        if self.kept.iter().any(is_same) {
            return;
        }
        match self.kept.len() < MOST {
            true => self.kept.push(problem),
            false => self.has_more = true,
        }
    }

    /// Notes the mistakes of another list too.
    pub fn append(&mut self, others: Problems) {
        self.has_more |= others.has_more;
        for problem in others.kept {
            self.push(problem);
        }
    }

    /// Keeps the mistakes whose place is right.
    pub fn retain(&mut self, is_kept: impl Fn(Span) -> bool) {
        self.kept.retain(|p| is_kept(p.span));
    }

    /// The places of all mistakes.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.kept.iter().map(|problem| problem.span)
    }

    /// Gives every mistake another help.
    pub(super) fn replace_help(&mut self, help: &str) {
        for problem in &mut self.kept {
            help.clone_into(&mut problem.help);
        }
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many mistakes there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// All mistakes as an error in the order of the text.
    pub fn into_error(mut self, sources: &Sources) -> WrongSettings {
        self.kept.sort();
        let located = self.kept.iter().map(|p| Located::new(p, sources)).collect();
        WrongSettings {
            mistakes: located,
            has_more: self.has_more,
            unseen_points: 0,
        }
    }
}
