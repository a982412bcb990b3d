//! Rules against attacks, as a table.

use super::table::{Column, GAP, fitted};
use super::text::paragraph;
use crate::campaign::{Cell, Matrix};
use crate::units::short;

/// Behind what is no mean over all points.
pub(super) const MARK: &str = "*";

/// What that means.
pub(super) const PARTIAL: &str = "* without points that failed or were not run";

/// The matrix, in as many tables under each other as it takes to fit, the worst case last.
pub(super) fn matrix(matrix: &Matrix, width: usize) -> String {
    let mut rules = Column::labels("rule", matrix.rules.clone());
    rules.cut(width / 3);
    let room = width - rules.width() - GAP;
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |name: &str, cells: Vec<String>| {
        let mut column = Column::numbers(name, cells, 0);
        column.cut(room);
        columns.push(column);
    };
    let marked = |mean: Option<f64>, is_partial: bool| {
        let mean = mean.map_or("–".to_owned(), short);
        let mark = if is_partial { MARK } else { "" };
        format!("{mean}{mark}")
    };
    for (index, attack) in matrix.attacks.iter().enumerate() {
        let cells = matrix.cells.iter().map(|row| row[index]);
        let cells = cells.map(|cell| marked(cell.mean, cell.is_partial));
        add(attack, cells.collect());
    }
    let is_partial = |row: &Vec<Cell>| row.iter().any(|cell| cell.is_partial);
    let worst = matrix.cells.iter().enumerate().map(|(rule, row)| {
        let worst = matrix.worst(rule);
        let mut text = marked(worst.map(|(_, value)| value), is_partial(row));
        text.extend(worst.map(|(attack, _)| format!(" ({attack})")));
        text
    });
    add("worst", worst.collect());

    let mut title = format!("{}, means over points", matrix.measure.name());
    let agents = matrix.over.agents_told();
    if !agents.is_empty() {
        title += &format!(", {agents}");
    }
    let mut text = paragraph(&title, width);
    let mut rest = &columns[..];
    while !rest.is_empty() {
        let mut used = 0;
        let fits = |column: &&Column| {
            used += column.width() + GAP;
            used <= room + GAP
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        rest = later;
        let block = std::iter::once(&rules).chain(now).cloned().collect();
        text += &format!("\n\n{}", fitted(block, width).text);
    }
    if matrix.cells.iter().any(is_partial) {
        text += &format!("\n\n{}", paragraph(PARTIAL, width));
    }
    for note in matrix.over.notes() {
        text += &format!("\n\n{}", paragraph(&note, width));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::text::WIDTH;
    use super::*;
    use crate::campaign::{Measure, Over};

    fn whole(mean: f64) -> Cell {
        Cell {
            mean: Some(mean),
            is_partial: false,
        }
    }

    fn shown(rules: &[&str], attacks: &[&str], cells: Vec<Vec<Cell>>) -> String {
        let owned = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
        let found = Matrix {
            measure: Measure::Loss,
            rules: owned(rules),
            attacks: owned(attacks),
            cells,
            over: Over::default(),
        };
        matrix(&found, WIDTH)
    }

    #[test]
    fn what_diverged_is_the_worst() {
        let cells = vec![
            vec![whole(0.25), whole(f64::INFINITY)],
            vec![whole(0.5), whole(0.125)],
        ];
        insta::assert_snapshot!(shown(&["average", "loss"], &["none", "far"], cells), @"
        loss in the steady state, means over points

        rule       none     far          worst
        average  0.2500       ∞        ∞ (far)
        loss     0.5000  0.1250  0.5000 (none)
        ");
    }

    #[test]
    fn what_is_no_mean_over_all_points_is_marked() {
        let partial = |mean| Cell {
            mean,
            is_partial: true,
        };
        let cells = vec![
            vec![partial(Some(0.25)), whole(3.0)],
            vec![partial(None), partial(None)],
            vec![whole(2.0), whole(1.0)],
            vec![whole(2.0), Cell::default()],
        ];
        let rules = ["average", "krum", "loss", "median"];
        insta::assert_snapshot!(shown(&rules, &["none", "far"], cells), @"
        loss in the steady state, means over points

        rule        none   far        worst
        average  0.2500*  3.00  3.00* (far)
        krum          –*    –*           –*
        loss        2.00  1.00  2.00 (none)
        median      2.00     –  2.00 (none)

        * without points that failed or were not run
        ");
    }

    #[test]
    fn a_wide_matrix_is_blocks_that_each_name_the_rules() {
        let attacks: Vec<String> = (1..=20).map(|n| format!("attack-{n}")).collect();
        let attacks: Vec<&str> = attacks.iter().map(|label| &**label).collect();
        let rules = ["no-cooperation", "mean-around-median"];
        let row = |factor: f64| (1..=20).map(|n| whole(factor * f64::from(n))).collect();
        let text = shown(&rules, &attacks, vec![row(1.0), row(-1e10)]);
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        let blocks: Vec<&str> = text.split("\n\n").skip(1).collect();
        assert!(blocks.len() > 2, "{text}");
        let mut told = Vec::new();
        for block in blocks {
            let firsts = block.lines().map(|line| line.split_whitespace().next());
            let firsts: Vec<&str> = firsts.flatten().collect();
            assert_eq!(firsts, ["rule", rules[0], rules[1]], "{text}");
            let header = block.lines().next().unwrap_or_default();
            told.extend(header.split_whitespace().skip(1));
        }
        assert_eq!(told, [&attacks[..], &["worst"]].concat());
    }

    #[test]
    fn labels_wider_than_a_terminal_are_cut() {
        let wide = "wide-".repeat(20);
        let cells = vec![vec![whole(1.0), whole(2.0)]];
        let text = shown(&[&wide], &[&wide, "none"], cells);
        insta::assert_snapshot!(text, @"
        loss in the steady state, means over points

        rule                        wide-wide-wide-wide-wide-w…wide-wide-wide-wide-wide-
        wide-wide-wid…e-wide-wide-                                                  1.00

        rule                        none        worst
        wide-wide-wid…e-wide-wide-  2.00  2.00 (none)
        ");
    }
}
