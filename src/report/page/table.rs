//! Tables of a page.

use super::super::document::{Cell, Table};
use crate::units::short;
use maud::{Markup, html};

/// Characters of texts that are not broken.
const LONGEST_WORD: usize = 24;

/// Characters of numbers that are shown whole.
const LONGEST: usize = 6;

/// Columns that a table has at most on a printed page that stands upright.
const MOST_UPRIGHT: usize = 12;

/// A table in a box of its own, in which it scrolls where it is wider than the page, and under it
/// what its columns mean.
pub(super) fn table(table: &Table) -> Markup {
    let columns: Vec<Column> = (0..table.columns.len())
        .map(|index| Column::of(table, index))
        .collect();
    let explains = |(_, meaning): &&(String, String)| !meaning.is_empty();
    html! {
        div.scroll.wide[table.columns.len() > MOST_UPRIGHT] tabindex="0" role="region" aria-label=(table.caption) {
            table.sortable[table.is_sortable] {
                caption { span { (table.caption) } }
                thead {
                    tr {
                        @for ((header, meaning), column) in table.columns.iter().zip(&columns) {
                            th.number[column.is_number] scope="col"
                                title=[(!meaning.is_empty()).then_some(meaning)] { (header) }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (cell, column) in row.iter().zip(&columns) {
                                (column.show(cell))
                            }
                        }
                    }
                }
            }
        }
        @if table.columns.iter().any(|column| explains(&column)) {
            details {
                summary { "What the columns are" }
                dl.facts {
                    @for (header, meaning) in table.columns.iter().filter(explains) {
                        div { dt { (header) } dd { (meaning) } }
                    }
                }
            }
        }
    }
}

/// How the cells of a column are shown.
struct Column {
    /// Whether its numbers stand under each other, its header with them.
    is_number: bool,
    /// Whether all its numbers are short as they are: counts, or settings.
    is_short: bool,
}

impl Column {
    fn of(table: &Table, index: usize) -> Column {
        let cells = || table.rows.iter().filter_map(|row| row.get(index));
        let numbers = || {
            cells().filter_map(|cell| match cell {
                Cell::Number(x) => Some(*x),
                _ => None,
            })
        };
        Column {
            is_number: numbers().next().is_some(),
            is_short: numbers().all(|x| whole(x).len() <= LONGEST),
        }
    }

    fn show(&self, cell: &Cell) -> Markup {
        match cell {
            Cell::Text(text) => html! {
                td.whole[text.chars().count() <= LONGEST_WORD] { (text) }
            },
            Cell::Number(x) if !x.is_nan() => {
                let whole = whole(*x);
                let shown = if self.is_short {
                    whole.clone()
                } else {
                    short(*x)
                };
                html! {
                    td.number title=[(shown != whole).then_some(whole)] { (shown) }
                }
            }
            Cell::Range(least, greatest) => html! {
                td.whole data-number=(least) title={ (whole(*least)) "–" (whole(*greatest)) } {
                    (cell.to_string())
                }
            },
            Cell::Number(_) | Cell::Missing => html! {
                td.missing.number[self.is_number] { "–" }
            },
        }
    }
}

/// A number with all its digits.
fn whole(x: f64) -> String {
    if x.is_infinite() {
        return short(x);
    }
    let text = format!("{x:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
