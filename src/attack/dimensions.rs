//! Settings with one number for all dimensions of a model, or one for each.

use super::{Stage, Unfit};
use crate::settings::{Keys, Numbers};

/// Declares and reads `target`, where an attack leads its victims.
pub(super) fn target(keys: &mut Keys<'_>) -> Numbers {
    keys.key(
        "target",
        "Where victims are led: the value of every dimension, or of each",
    )
    .at_least(f64::from(f32::MIN))
    .at_most(f64::from(f32::MAX))
    .required()
}

/// Refuses a list that has not one number for each dimension.
pub(super) fn fits(key: &'static str, numbers: &Numbers, stage: &Stage<'_>) -> Result<(), Unfit> {
    match numbers {
        Numbers::Each(all) if all.len() != stage.dimension => Err(Unfit {
            key,
            message: match all.len() {
                1 => format!("`{key}` has 1 number"),
                count => format!("`{key}` has {count} numbers"),
            },
            help: format!(
                "write {}, one per dimension of a model, or one number for all",
                stage.dimension
            ),
        }),
        _ => Ok(()),
    }
}
