//! `relationship.parquet`: how alike the models are that a run ends with, as a server that saw them
//! all would measure it. Agents do not know of it.
//!
//! Ω = (ΘᵀΘ)^½ / tr (ΘᵀΘ)^½, where the columns of Θ are the models of the normal agents (the
//! centralized relationship matrix that the paper cites as \[10\]). Beside the weights that agents
//! have learned, it shows whether they found those with whom they have something in common.

use super::failure::RunError;
use super::sample::Sample;
use super::table::{Column, Constant, Kind, Table};
use crate::kernel;
use crate::scenario::{Plan, RecordWeights};
use crate::units::AgentId;
use nalgebra::DMatrix;
use std::path::Path;

/// Most agents between whom it is told: what is beyond the eye's grasp costs n² rows. Of more normal
/// agents, as many are taken at equal distances in the order of groups.
const MOST: usize = 128;

/// Parts of the greatest eigenvalue that count as 0: models are 32-bit floats.
const NEGLIGIBLE: f64 = 1e-12;

/// The normal agents between whom it is told, in the order of groups, then of numbers: nobody else's
/// last model is asked for. A run that keeps no weights tells it of nobody.
pub(super) fn chosen(plan: &Plan) -> Vec<AgentId> {
    if plan.record.weights == RecordWeights::None {
        return Vec::new();
    }
    let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
    let mut all: Vec<AgentId> = normal.collect();
    all.sort_by_key(|&agent| (plan.group(agent), agent));
    let count = all.len().min(MOST);
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

/// Writes the table of a run that has ended, between those of the `chosen` that have ever combined
/// and not diverged: one that has is like nobody. `finals` are in the order of the agents.
pub(super) fn write(
    folder: &Path,
    constants: &[Constant],
    chosen: &[AgentId],
    finals: &[Sample],
) -> Result<(), RunError> {
    let model = |&agent: &AgentId| {
        let index = finals.binary_search_by_key(&agent, |sample| sample.agent);
        let model = finals[index.ok()?].model.as_ref()?.values();
        let is_finite = model.iter().all(|x| x.is_finite());
        is_finite.then_some((agent, model))
    };
    let (agents, models): (Vec<AgentId>, Vec<&[f32]>) = chosen.iter().filter_map(model).unzip();
    let columns = vec![
        Column::new("agent", Kind::Integer, "", "a normal agent"),
        Column::new(
            "other",
            Kind::Integer,
            "",
            "a normal agent, perhaps the same",
        ),
        Column::new(
            "relationship",
            Kind::Number,
            "",
            "entry of the centralized relationship matrix of the last models; its trace is 1",
        ),
    ];
    let mut table = Table::create(folder, "relationship", constants.to_vec(), columns)?;
    let relationship = relationship(&models);
    for (row, agent) in agents.iter().enumerate() {
        for (column, other) in agents.iter().enumerate() {
            table.row(|r| {
                r.int(agent.0)
                    .int(other.0)
                    .float(relationship[(row, column)]);
            })?;
        }
    }
    table.finish()?;
    Ok(())
}

/// Ω, `[models × models]`; zero where all models are.
fn relationship(models: &[&[f32]]) -> DMatrix<f64> {
    let count = models.len();
    let Some(dimension) = models.first().map(|model| model.len()) else {
        return DMatrix::zeros(0, 0);
    };
    let mut root = if dimension < count {
        // (ΘᵀΘ)^½ = Θᵀ (ΘΘᵀ)^-½ Θ: the smaller matrix is taken apart.
        let theta = DMatrix::from_fn(dimension, count, |row, column| {
            f64::from(models[column][row])
        });
        let power = power(&theta * theta.transpose(), |x| 1.0 / x.sqrt());
        theta.transpose() * power * theta
    } else {
        let product = DMatrix::from_fn(count, count, |row, column| match row <= column {
            true => kernel::dot(models[row], models[column]),
            false => 0.0,
        });
        let mirrored = DMatrix::from_fn(count, count, |row, column| {
            product[(row.min(column), row.max(column))]
        });
        power(mirrored, f64::sqrt)
    };
    let trace = root.trace();
    if trace > 0.0 {
        root /= trace;
    }
    root
}

/// A function of a symmetric matrix without negative eigenvalues; those that are 0 stay 0.
fn power(matrix: DMatrix<f64>, function: impl Fn(f64) -> f64) -> DMatrix<f64> {
    let mut parts = matrix.symmetric_eigen();
    let greatest = parts.eigenvalues.max();
    let apply = |x: &mut f64| {
        *x = if *x > greatest * NEGLIGIBLE {
            function(*x)
        } else {
            0.0
        }
    };
    parts.eigenvalues.iter_mut().for_each(apply);
    parts.recompose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(models: &[Vec<f32>]) -> DMatrix<f64> {
        let models: Vec<&[f32]> = models.iter().map(Vec::as_slice).collect();
        relationship(&models)
    }

    #[test]
    fn models_with_nothing_in_common_are_unrelated() {
        let found = of(&[vec![3.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]]);
        let expected = DMatrix::from_row_slice(2, 2, &[0.75, 0.0, 0.0, 0.25]);
        assert!((found - expected).norm() < 1e-12);
    }

    #[test]
    fn equal_models_are_wholly_related() {
        // More agents than dimensions, and fewer.
        for dimension in [2, 10] {
            let found = of(&vec![vec![0.5; dimension]; 4]);
            let expected = DMatrix::from_element(4, 4, 0.25);
            assert!((found - expected).norm() < 1e-9);
        }
    }

    #[test]
    fn models_of_nothing_but_zeros_and_no_models_have_no_relationship() {
        assert_eq!(of(&[vec![0.0, 0.0], vec![0.0, 0.0]]), DMatrix::zeros(2, 2));
        assert_eq!(of(&[]).len(), 0);
    }

    proptest! {
        /// Its square is proportional to ΘᵀΘ, whichever matrix was taken apart.
        #[test]
        fn it_is_the_root_of_the_products(
            models in (1usize..7, 1usize..7).prop_flat_map(|(count, dimension)| {
                prop::collection::vec(prop::collection::vec(-2.0f32..2.0, dimension), count)
            })
        ) {
            let omega = of(&models);
            let count = models.len();
            let products = DMatrix::from_fn(count, count, |row, column| {
                kernel::dot(&models[row], &models[column])
            });
            let square = &omega * &omega;
            let scale = products.trace() / square.trace();
            prop_assert!((omega.trace() - 1.0).abs() < 1e-9);
            // The root of an eigenvalue that rounds to 0 is off by the root of the rounding.
            prop_assert!((square * scale - &products).norm() <= 1e-5 * products.norm());
            prop_assert!((&omega - omega.transpose()).norm() < 1e-9);
        }
    }
}
