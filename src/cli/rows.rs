//! The rows of tables about a sweep: its points, those together that differ in their seeds alone.

use super::table::in_one_line;
use crate::scenario::{Point, ScenarioFile};
use crate::units::short;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The rows of a table about the points of a sweep.
pub(super) struct Rows {
    /// The swept keys that tell rows apart.
    pub keys: Vec<String>,
    /// The rows in the order of their first points.
    pub rows: Vec<Row>,
    /// What holds for all rows, as `rule = loss`; empty where nothing does.
    pub everywhere: String,
    /// How many points a row has, at the least and at the most.
    pub seeds: (usize, usize),
}

/// A row.
pub(super) struct Row {
    /// The values of the keys.
    pub labels: Vec<String>,
    /// The positions of its points.
    pub points: Vec<usize>,
}

impl Rows {
    /// The rows of a sweep. Its seeds make no rows of their own, and what does not vary is told once.
    pub fn of(file: &ScenarioFile) -> Rows {
        let settings = &file.points[0].settings;
        let is_seed = |key: &str| key == "seed" || key == "seeds" || key.starts_with("seeds.");
        let value = |point: &Point, key: usize| point.settings[key].value.to_string();
        let varies = |key: &usize| {
            let first = value(&file.points[0], *key);
            file.points.iter().any(|point| value(point, *key) != first)
        };
        let (varied, constant): (Vec<usize>, Vec<usize>) =
            (0..settings.len()).partition(|key| varies(key));
        let tells = |key: &usize| !is_seed(&settings[*key].key);
        let keys: Vec<usize> = varied.into_iter().filter(tells).collect();
        let mut rows: Vec<Row> = Vec::new();
        let mut known = BTreeMap::new();
        for (index, point) in file.points.iter().enumerate() {
            let labels: Vec<String> = keys.iter().map(|&key| value(point, key)).collect();
            let row = *known.entry(labels).or_insert_with_key(|labels| {
                rows.push(Row {
                    labels: labels.clone(),
                    points: Vec::new(),
                });
                rows.len() - 1
            });
            rows[row].points.push(index);
        }
        let constant = constant.into_iter().map(|key| &settings[key]);
        let constant: Vec<String> = constant
            .map(|s| format!("{} = {}", s.key, s.value))
            .collect();
        Rows {
            keys: keys
                .into_iter()
                .map(|key| settings[key].key.clone())
                .collect(),
            seeds: ends(rows.iter().map(|row| row.points.len())).unwrap_or((1, 1)),
            rows,
            everywhere: in_one_line(&constant.join(", ")),
        }
    }
}

/// The least and the greatest of some numbers.
pub(super) fn ends<N: Copy + PartialOrd>(numbers: impl Iterator<Item = N>) -> Option<(N, N)> {
    numbers.fold(None, |ends, x| match ends {
        None => Some((x, x)),
        Some((least, most)) => Some((
            if x < least { x } else { least },
            if x > most { x } else { most },
        )),
    })
}

/// The least and the greatest of some numbers, or the one that all are.
pub(super) fn range(numbers: impl Iterator<Item = f64>) -> String {
    span(ends(numbers).map(|(least, most)| (short(least), short(most))))
}

/// From where to where something is, or the one that both are.
pub(super) fn span<T: Display + PartialEq>(ends: Option<(T, T)>) -> String {
    match ends {
        None => "–".to_owned(),
        Some((least, most)) if least == most => most.to_string(),
        Some((least, most)) => format!("{least}–{most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::testing::sweep;

    #[test]
    fn points_that_differ_in_seeds_alone_are_one_row() {
        let text = "seed = [1, 2]\n\"clock.period_ms\" = [5]\n\"clock.mode\" = [\"deadline\"]\n\
                    iterations = [10, 20]\n\"seeds.links\" = [3, 4]";
        let rows = Rows::of(&sweep(text));
        assert_eq!(rows.keys, ["iterations"]);
        assert_eq!(
            rows.everywhere,
            "clock.period_ms = 5, clock.mode = deadline"
        );
        let found: Vec<_> = rows
            .rows
            .iter()
            .map(|r| (&*r.labels[0], &*r.points))
            .collect();
        assert_eq!(found, [("10", &[0, 1, 4, 5][..]), ("20", &[2, 3, 6, 7])]);
        assert_eq!(rows.seeds, (4, 4));
    }

    #[test]
    fn a_seed_that_advances_with_another_key_makes_rows_of_one_point() {
        let text = "seed = [1, 2]\niterations = [10, 20]\nzip = [[\"seed\", \"iterations\"]]";
        let rows = Rows::of(&sweep(text));
        assert_eq!((rows.rows.len(), rows.seeds), (2, (1, 1)));
    }

    #[test]
    fn rows_of_different_numbers_of_points_say_so() {
        let text =
            "seed = [1, 2, 3]\niterations = [10, 20, 20]\nzip = [[\"seed\", \"iterations\"]]";
        let rows = Rows::of(&sweep(text));
        assert_eq!((rows.rows.len(), rows.seeds), (2, (1, 2)));
    }

    #[test]
    fn a_swept_table_of_seeds_is_a_seed() {
        let text = "seeds = { a = { links = 1 }, b = { links = 2 } }\niterations = [10, 20]";
        let rows = Rows::of(&sweep(text));
        assert_eq!(
            (rows.keys, rows.seeds),
            (vec!["iterations".to_owned()], (2, 2))
        );
    }

    #[test]
    fn ranges_are_told_where_there_is_one() {
        assert_eq!(range([2.0, 0.5, 1.0].into_iter()), "0.5000–2.00");
        assert_eq!(range([2.0, 2.0].into_iter()), "2.00");
        assert_eq!(range([1.0, f64::INFINITY].into_iter()), "1.00–∞");
        assert_eq!(range([].into_iter()), "–");
    }
}
