//! Mistakes as a user sees them: each with an excerpt of its text and the offending part of it
//! underlined.

use super::limits::shortened;
use super::problem::Problem;
use super::source::{Excerpt, Sources};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;

/// Columns that a message has where nobody says how wide the terminal is.
const WIDTH: usize = 80;

/// A [`Problem`] with its place spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Name of the file, or `--set` for the text of that option.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending text.
    pub offending: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
    /// See [`Problem::fitting`].
    fitting: u64,
    excerpt: Excerpt,
}

impl Located {
    pub(super) fn new(problem: &Problem, sources: &Sources) -> Located {
        let (line, column) = sources.position(problem.span);
        Located {
            file: sources.name(problem.span.source).to_owned(),
            line,
            column,
            offending: shortened(sources.offending(problem.span)),
            message: problem.message.clone(),
            help: problem.help.clone(),
            fitting: problem.fitting,
            excerpt: sources.excerpt(problem.span),
        }
    }

    /// What tells places apart, in the order in which they are told: files before options.
    fn place(&self) -> (bool, &str, usize, usize, &str) {
        let Excerpt {
            text, is_option, ..
        } = &self.excerpt;
        (*is_option, &self.file, self.line, self.column, text)
    }

    fn rendered(&self, renderer: Renderer, width: usize) -> String {
        let Excerpt {
            text,
            offending,
            is_option,
        } = &self.excerpt;
        let underlined = AnnotationKind::Primary.span(offending.clone());
        let snippet = Snippet::source(text).annotation(underlined);
        // An option is one line, and names itself.
        let (snippet, gutter) = if *is_option {
            (snippet.line_numbering(false), 0)
        } else {
            let last = self.line + text.lines().count().saturating_sub(1);
            let snippet = snippet.path(&self.file).line_start(self.line);
            (snippet, last.to_string().len())
        };
        let message = wrapped(&self.message, "error: ".len(), width);
        let help = wrapped(&self.help, gutter + " = help: ".len(), width);
        let report = Level::ERROR.primary_title(message).element(snippet);
        let report = report.element(Level::HELP.message(help));
        renderer.term_width(width).render(&[report])
    }
}

/// A text in lines that end at `width`, all but the first of which are to stand `indent` columns in,
/// as the first does.
pub(crate) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    // At least a long word's width, however narrow the terminal is.
    let room = width.saturating_sub(indent).max(20);
    let options = textwrap::Options::new(room)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(Renderer::plain(), WIDTH))
    }
}

/// All that is wrong with a set of settings. Shown as plain text; [`WrongSettings::styled`] is for
/// terminals.
#[derive(Clone, Debug, Default, thiserror::Error)]
pub struct WrongSettings {
    /// The mistakes, in the order of their places.
    pub mistakes: Vec<Located>,
    /// Whether there are more than these.
    pub has_more: bool,
    /// Points of a sweep that were not looked at, since many before them had the same mistakes.
    pub unseen_points: usize,
}

impl WrongSettings {
    /// The mistakes as excerpts in color, with ANSI escape codes, for a terminal of so many columns.
    pub fn styled(&self, width: usize) -> String {
        self.rendered(&Renderer::styled(), width)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Takes over the mistakes of `other` at places that have none yet, and tells whether there
    /// were any: points of a sweep that fail for one reason fail at one place, perhaps in other
    /// words. Of numbers that are too large, the one of which the fewest would do stays.
    pub fn merge(&mut self, other: WrongSettings) -> bool {
        let before = self.mistakes.len();
        self.has_more |= other.has_more;
        for located in other.mistakes {
            let same = self
                .mistakes
                .iter_mut()
                .find(|own| own.place() == located.place());
            match same {
                Some(own) if located.fitting < own.fitting => *own = located,
                Some(_) => {}
                None => self.mistakes.push(located),
            }
        }
        self.mistakes.sort_by(|a, b| a.place().cmp(&b.place()));
        self.mistakes.len() > before
    }

    fn rendered(&self, renderer: &Renderer, width: usize) -> String {
        let one = |located: &Located| located.rendered(renderer.clone(), width);
        let all: Vec<String> = self.mistakes.iter().map(one).collect();
        all.join("\n\n")
    }
}

impl fmt::Display for WrongSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(&Renderer::plain(), WIDTH))
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Problems;
    use super::super::source::Span;
    use super::*;

    /// The message about what stands at `offending` in a text.
    fn message(text: &str, offending: &str) -> WrongSettings {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", text);
        let start = text.find(offending).expect("it is there");
        let span = Span::new(source, start..start + offending.len());
        let mut problems = Problems::default();
        problems.add(span, "this is wrong", "write what is right");
        problems.into_error(&sources)
    }

    #[test]
    fn an_offending_part_of_several_lines_is_shown_with_its_first_and_last_ones() {
        let rows: String = (0..12).map(|row| format!("  [{row}],\n")).collect();
        let offending = format!("[\n{rows}]");
        let text = format!("seed = 1\ngroups = {offending}\nname = 1\n");
        insta::assert_snapshot!(message(&text, &offending), @"
        error: this is wrong
          --> a.toml:2:10
           |
         2 |   groups = [
           |  __________^
         3 | |   [0],
         4 | |   [1],
         5 | |   [2],
        ...  |
        14 | |   [11],
        15 | | ]
           | |_^
           |
           = help: write what is right
        ");
    }

    #[test]
    fn underlines_stand_under_wide_characters_and_behind_tabs() {
        insta::assert_snapshot!(message("\t名前 = \"東京\"\t# 都", "\"東京\""), @r#"
        error: this is wrong
         --> a.toml:1:7
          |
        1 |     名前 = "東京"    # 都
          |            ^^^^^^
          |
          = help: write what is right
        "#);
    }

    #[test]
    fn long_lines_are_cut_to_what_is_around_the_offending_part() {
        let text = format!(
            "{}bad, {}",
            "key = 1, ".repeat(50),
            "other = 2, ".repeat(50)
        );
        insta::assert_snapshot!(message(&text, "bad"), @"
        error: this is wrong
         --> a.toml:1:451
          |
        1 | ... = 1, key = 1, key = 1, key = 1, bad, other = 2, other = 2, other = 2,...
          |                                     ^^^
          |
          = help: write what is right
        ");
        let shown = message(&text, "bad").styled(50);
        let lines = shown
            .lines()
            .map(|line| anstream::adapter::strip_str(line).to_string());
        assert!(
            lines.into_iter().all(|line| line.chars().count() <= 50),
            "{shown}"
        );
    }

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let text = "name = \u{1b}[2J\u{7}\r\nseed = x\r\n";
        assert!(
            !message(text, "[2J")
                .to_string()
                .contains(['\u{1b}', '\u{7}'])
        );
        assert!(!message(text, "x").to_string().contains('\r'));
    }

    #[test]
    fn plain_messages_have_no_colors_and_styled_ones_say_the_same() {
        let wrong = message("seed = x", "x");
        assert!(!wrong.to_string().contains('\u{1b}'));
        let styled = wrong.styled(WIDTH);
        assert!(styled.contains('\u{1b}'));
        let stripped = anstream::adapter::strip_str(&styled).to_string();
        assert_eq!(stripped, wrong.to_string());
    }

    #[test]
    fn points_that_fail_at_one_place_are_told_once() {
        let mut all = message("seed = x", "x");
        assert!(!all.merge(message("seed = x", "x")));
        assert!(all.merge(message("seed = x", "seed")));
        assert_eq!(
            all.mistakes.iter().map(|l| l.column).collect::<Vec<_>>(),
            [1, 8]
        );
    }

    #[test]
    fn of_numbers_that_are_too_large_the_bound_that_is_right_for_all_points_stays() {
        let at_most = |largest: Option<u64>| {
            let mut sources = Sources::default();
            let source = sources.add("a.toml", "f = 50");
            let span = Span::new(source, 4..6);
            let mut problems = Problems::default();
            problems.add_too_large(span, "too large", format!("{largest:?}"), largest);
            problems.into_error(&sources)
        };
        let mut all = at_most(Some(2));
        for (next, told) in [(Some(3), "Some(2)"), (Some(0), "Some(0)"), (None, "None")] {
            assert!(!all.merge(at_most(next)));
            assert_eq!(all.mistakes[0].help, told);
        }
    }
}
