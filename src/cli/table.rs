//! Tables that fit: no line is wider than its terminal, whatever keys and labels a sweep has.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns between two columns of a table.
pub(super) const GAP: usize = 2;

/// To how many characters labels may be cut.
const SHORTEST: usize = 6;

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    name: String,
    cells: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// What rows are told apart by.
    Label,
    /// Numbers; those of the highest rank are left out first, those of rank 0 never.
    Numbers { rank: u8 },
}

impl Column {
    /// What rows are told apart by; a swept key, its name dotted, or something else.
    pub fn labels(name: impl Into<String>, cells: Vec<String>) -> Column {
        Column::new(name.into(), cells, Kind::Label)
    }

    /// Numbers. Where there is no room, those of the highest rank are left out first, those of rank
    /// 0 never.
    pub fn numbers(name: impl Into<String>, cells: Vec<String>, rank: u8) -> Column {
        Column::new(name.into(), cells, Kind::Numbers { rank })
    }

    fn new(name: String, cells: Vec<String>, kind: Kind) -> Column {
        Column {
            name: in_one_line(&name),
            cells: cells.iter().map(|cell| in_one_line(cell)).collect(),
            kind,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its widest text takes; a column without any is laid out in one.
    pub fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.max().unwrap_or(0).max(self.name.width()).max(1)
    }

    /// Cuts its texts to at most `width` columns each.
    pub fn cut(&mut self, width: usize) {
        self.name = cut(&self.name, width);
        for cell in &mut self.cells {
            *cell = cut(cell, width);
        }
    }
}

/// A table that fits.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    /// Its lines.
    pub text: String,
    /// Names of the columns that there was no room for.
    pub left_out: Vec<String>,
}

/// Lays columns out in lines of at most `width` columns: with keys by their last names, then without
/// numbers of high rank, then with labels that are cut in their middle, then without the last labels.
pub(super) fn fitted(mut columns: Vec<Column>, width: usize) -> Fitted {
    if total(&columns) > width {
        by_last_names(&mut columns);
    }
    let all: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut left_out = Vec::new();
    while total(&columns) > width {
        let droppable = |(_, column): &(usize, &Column)| match column.kind {
            Kind::Label | Kind::Numbers { rank: 0 } => None,
            Kind::Numbers { rank } => Some(rank),
        };
        let numbered = columns.iter().enumerate();
        let ranked = numbered.filter_map(|found| Some((droppable(&found)?, found.0)));
        let Some((_, last)) = ranked.max() else { break };
        left_out.push(columns.remove(last).name);
    }
    let is_label = |column: &Column| column.kind == Kind::Label;
    while total(&columns) > width {
        let labels = columns.iter().filter(|c| is_label(c)).map(Column::width);
        let labels: Vec<usize> = labels.collect();
        let others = total(&columns) - labels.iter().sum::<usize>();
        if let Some(longest) = longest_that_fit(&labels, width.saturating_sub(others)) {
            columns
                .iter_mut()
                .filter(|c| is_label(c))
                .for_each(|c| c.cut(longest));
            break;
        }
        let Some(last) = columns.iter().rposition(is_label) else {
            break;
        };
        left_out.push(columns.remove(last).name);
    }
    left_out.sort_by_key(|name| all.iter().position(|known| known == name));
    Fitted {
        text: laid_out(&columns),
        left_out,
    }
}

fn total(columns: &[Column]) -> usize {
    let gaps = columns.len().saturating_sub(1) * GAP;
    columns.iter().map(Column::width).sum::<usize>() + gaps
}

/// The last name of a dotted key, `step_size` for `learner.step_size`; of what is inside a
/// distribution the last two, since a `mean` without its `delay_ms` says nothing.
pub(super) fn last_name(key: &str) -> String {
    let mut names = key.rsplit('.');
    let last = names.next().unwrap_or_default();
    match names.next() {
        Some(around) if around.ends_with("_ms") => format!("{around}.{last}"),
        _ => last.to_owned(),
    }
}

/// Calls keys by their last names where no two have the same.
fn by_last_names(columns: &mut [Column]) {
    let names: Vec<String> = columns.iter().map(|c| last_name(&c.name)).collect();
    for (index, column) in columns.iter_mut().enumerate() {
        let is_same = |name: &&String| **name == names[index];
        if column.kind == Kind::Label && names.iter().filter(is_same).count() == 1 {
            column.name.clone_from(&names[index]);
        }
    }
}

/// The width to which columns have to be cut so that they have `room`; `None` if that is too short
/// to tell labels apart.
fn longest_that_fit(widths: &[usize], room: usize) -> Option<usize> {
    let sum = |longest: usize| widths.iter().map(|w| (*w).min(longest)).sum::<usize>();
    let widest = widths.iter().copied().max()?;
    (SHORTEST..=widest)
        .rev()
        .find(|&longest| sum(longest) <= room)
}

/// A text of at most `width` columns, with `…` for what is missing in its middle: labels differ at
/// their ends.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let taken = |characters: &mut dyn Iterator<Item = char>, room: usize| -> Vec<char> {
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= room
        };
        characters.take_while(fits).collect()
    };
    let room = width.saturating_sub(1);
    let first = taken(&mut text.chars(), room.div_ceil(2));
    let last = taken(&mut text.chars().rev(), room / 2);
    let last = last.into_iter().rev();
    first.into_iter().chain(['…']).chain(last).collect()
}

/// The same without line breaks and what else a terminal would obey.
pub(super) fn in_one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '·' } else { c };
    text.chars().map(shown).collect()
}

fn laid_out(columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| &column.name));
    for (index, column) in columns.iter().enumerate() {
        if let Some(laid) = table.column_mut(index) {
            laid.set_padding((0, GAP as u16));
            if column.kind != Kind::Label {
                laid.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let rows = columns.iter().map(|column| column.cells.len()).max();
    for row in 0..rows.unwrap_or(0) {
        table.add_row(columns.iter().map(|column| &column.cells[row]));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owned(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::labels("learner.step_size", owned(&["0.01", "0.1"])),
            Column::labels("rule", owned(&["nearest-neighbor-mixing-krum", "loss"])),
            Column::numbers(
                "steady loss",
                owned(&["0.0480 (0.0290–0.0830)", "failed"]),
                0,
            ),
            Column::numbers("final loss", owned(&["0.5000", "–"]), 2),
            Column::numbers("seconds", owned(&["0.1250", "–"]), 1),
        ]
    }

    #[test]
    fn what_fits_is_shown_as_it_is() {
        let Fitted { text, left_out } = fitted(columns(), 100);
        insta::assert_snapshot!(text, @"
        learner.step_size  rule                                     steady loss  final loss  seconds
        0.01               nearest-neighbor-mixing-krum  0.0480 (0.0290–0.0830)      0.5000   0.1250
        0.1                loss                                          failed           –        –
        ");
        assert!(left_out.is_empty());
    }

    #[test]
    fn keys_go_by_their_last_names_before_a_column_is_left_out() {
        let Fitted { text, left_out } = fitted(columns(), 86);
        insta::assert_snapshot!(text, @"
        step_size  rule                                     steady loss  final loss  seconds
        0.01       nearest-neighbor-mixing-krum  0.0480 (0.0290–0.0830)      0.5000   0.1250
        0.1        loss                                          failed           –        –
        ");
        assert!(left_out.is_empty());
    }

    #[test]
    fn a_parameter_keeps_the_name_of_its_distribution() {
        assert_eq!(last_name("link.delay_ms.mean"), "delay_ms.mean");
        assert_eq!(last_name("link.drop"), "drop");
        assert_eq!(last_name("seed"), "seed");
    }

    #[test]
    fn numbers_of_the_highest_rank_are_left_out_first() {
        let Fitted { text, left_out } = fitted(columns(), 72);
        insta::assert_snapshot!(text, @"
        step_size  rule                                     steady loss  seconds
        0.01       nearest-neighbor-mixing-krum  0.0480 (0.0290–0.0830)   0.1250
        0.1        loss                                          failed        –
        ");
        assert_eq!(left_out, ["final loss"]);
    }

    #[test]
    fn labels_are_cut_in_their_middle_where_nothing_else_helps() {
        let Fitted { text, left_out } = fitted(columns(), 50);
        insta::assert_snapshot!(text, @"
        step_size  rule                        steady loss
        0.01       nearest…ng-krum  0.0480 (0.0290–0.0830)
        0.1        loss                             failed
        ");
        assert_eq!(left_out, ["final loss", "seconds"]);
    }

    #[test]
    fn the_last_labels_are_left_out_where_even_cut_ones_do_not_fit() {
        let mut columns = columns();
        let wide = || Column::labels("a-long-key", owned(&["a-long-value", "b"]));
        columns.splice(2..2, (0..9).map(|_| wide()));
        let Fitted { text, left_out } = fitted(columns, 60);
        insta::assert_snapshot!(text, @"
        ste…ize  rule     a-l…key  a-l…key             steady loss
        0.01     nea…rum  a-l…lue  a-l…lue  0.0480 (0.0290–0.0830)
        0.1      loss     b        b                        failed
        ");
        assert_eq!(left_out.len(), 2 + 7);
    }

    #[test]
    fn columns_without_a_text_count_too() {
        let columns = vec![
            Column::labels("rule", owned(&["nearest-neighbor-mixing-krum"])),
            Column::labels("", owned(&[""])),
            Column::numbers("loss", owned(&["0.0480"]), 0),
        ];
        let Fitted { text, .. } = fitted(columns, 38);
        insta::assert_snapshot!(text, @"
        rule                              loss
        nearest-neigh…r-mixing-krum     0.0480
        ");
        assert!(text.lines().all(|line| line.width() <= 38), "{text}");
    }

    #[test]
    fn labels_cannot_command_the_terminal() {
        let evil = Column::labels("a\nb", owned(&["\u{1b}[2J"]));
        insta::assert_snapshot!(fitted(vec![evil], 80).text, @"
        a·b
        ·[2J
        ");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 500,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_line_is_wider_than_its_terminal(
            labels in prop::collection::vec(("[a-z名.]{0,60}", "[a-z名 ]{0,200}"), 0..12),
            numbers in prop::collection::vec(("[a-z /]{0,20}", "[0-9.–]{0,22}"), 1..10),
            width in 40_usize..200,
        ) {
            let labels = labels.into_iter().map(|(key, label)| Column::labels(key, vec![label]));
            let ranked = numbers.into_iter().enumerate();
            let numbers = ranked.map(|(rank, (name, cell))| {
                Column::numbers(name, vec![cell], rank as u8)
            });
            let Fitted { text, .. } = fitted(labels.chain(numbers).collect(), width);
            for line in text.lines() {
                prop_assert!(line.width() <= width, "{line:?} in {width}");
            }
        }
    }
}
