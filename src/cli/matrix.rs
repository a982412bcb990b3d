//! Rules against attacks, as a table.

use super::text::{WIDTH, short, table};
use crate::campaign::Matrix;

/// The matrix, in as many tables side by side as fit under each other, the worst case last.
pub(super) fn matrix(matrix: &Matrix) -> String {
    let labels = matrix.rules.iter().map(|rule| rule.chars().count());
    let first = labels.max().unwrap_or(0).max("rule".len());
    let worst: Vec<String> = (0..matrix.rules.len())
        .map(|rule| match matrix.worst(rule) {
            Some((attack, value)) => format!("{} ({attack})", short(value)),
            None => "–".to_owned(),
        })
        .collect();
    let mut columns: Vec<(&str, Vec<String>)> = Vec::new();
    for (index, attack) in matrix.attacks.iter().enumerate() {
        let cells = matrix.cells.iter().map(|row| row[index]);
        let cells = cells.map(|cell| cell.map_or("–".to_owned(), short));
        columns.push((attack, cells.collect()));
    }
    columns.push(("worst", worst));
    let mut text = format!("{}, means over points", matrix.measure.name());
    let mut rest = &columns[..];
    while !rest.is_empty() {
        let mut width = first;
        let fits = |(name, cells): &&(&str, Vec<String>)| {
            let cells = cells.iter().map(|cell| cell.chars().count());
            width += 2 + cells.max().unwrap_or(0).max(name.chars().count());
            width <= WIDTH
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        rest = later;
        let mut header = vec!["rule".to_owned()];
        header.extend(now.iter().map(|(name, _)| (*name).to_owned()));
        let mut table = table(header, |column| column > 0);
        for (index, rule) in matrix.rules.iter().enumerate() {
            let mut row = vec![rule.clone()];
            row.extend(now.iter().map(|(_, cells)| cells[index].clone()));
            table.add_row(row);
        }
        text += &format!("\n\n{}", table.trim_fmt());
    }
    text
}
