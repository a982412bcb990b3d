//! Combinations with too few models for their rule: columns of tables, and words.

use super::super::study::Study;
use super::super::{Block, Cell, Point};
use crate::campaign::Starved;
use crate::units::short;

/// The columns of a study in which some rule starved.
pub(super) struct Starving {
    legend: String,
}

impl Starving {
    /// None where no rule did.
    pub fn of(study: &Study<'_>) -> Option<Starving> {
        let all: Vec<Starved> = study
            .points()
            .filter_map(|point| starved([point].into_iter()))
            .collect();
        let has_starved = all.iter().any(|starved| starved.share > 0.0);
        has_starved.then(|| Starving {
            legend: Starved::legend(all.iter()),
        })
    }

    /// Headers and what they mean.
    pub fn columns(&self) -> [(String, String); 2] {
        let about = "what was done instead where too few models were there";
        [
            ("starved".to_owned(), self.legend.clone()),
            ("instead".to_owned(), about.to_owned()),
        ]
    }

    /// Adds the cells of some points.
    pub fn add_cells<'p>(&self, points: impl Iterator<Item = &'p Point>, row: &mut Vec<Cell>) {
        let cells = match starved(points) {
            None => [Cell::Missing, Cell::Missing],
            Some(starved) => [
                Cell::Number(starved.share),
                match starved.instead() {
                    "" => Cell::Missing,
                    told => Cell::Text(told.to_owned()),
                },
            ],
        };
        row.extend(cells);
    }

    /// Which rules starved, in words.
    pub fn told(&self, study: &Study<'_>) -> Block {
        let mut all = Vec::new();
        for case in &study.cases {
            for (series, name) in study.series.iter().enumerate() {
                let Some(starved) = starved(case.done(series)).filter(|s| s.share > 0.0) else {
                    continue;
                };
                let name = match case.name() {
                    case if case.is_empty() => name.clone(),
                    case => format!("{name} ({case})"),
                };
                all.push((
                    starved.share,
                    format!("{name}: {} {}", short(starved.share), starved.instead()),
                ));
            }
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let more = all.len().saturating_sub(MOST);
        let mut told: Vec<&str> = all
            .iter()
            .take(MOST)
            .map(|(_, told)| told.trim_end())
            .collect();
        let more = format!("{more} more in the tables");
        if all.len() > MOST {
            told.push(&more);
        }
        Block::Text(format!("Starved ({}): {}.", self.legend, told.join("; ")))
    }
}

/// Rows that are named one by one; of more, those that starved most.
const MOST: usize = 12;

fn starved<'p>(points: impl Iterator<Item = &'p Point>) -> Option<Starved> {
    Starved::of(points.filter_map(|point| point.summary.as_ref()))
}
