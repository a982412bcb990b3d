//! The neighbors that are near for the length of the own model, within a bound that closes in.

use super::own_share::OwnShare;
use super::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::kernel;
use crate::settings::Keys;

/// The rule `balance`. In iteration t of T a neighbor is accepted if
/// ‖ψ_k − ψ_l‖ ≤ γ exp(−κ t/T) ‖ψ_k‖: α own + (1−α) mean of the accepted, and the own model where
/// nobody is. t counts from 0; an asynchronous agent may go beyond T, and the bound goes on closing.
///
/// O(|N_k| d).
///
/// Fang, Zhang, Hairi, Khanduri, Liu, Lu, Liu, Gong, "Byzantine-robust decentralized federated
/// learning", ACM Conference on Computer and Communications Security, 2024.
#[derive(Clone, Debug)]
pub struct Balance {
    gamma: f64,
    kappa: f64,
    own_share: OwnShare,
}

/// Where the defaults come from.
const SOURCE: &str = "Fang et al. 2024";

impl Balance {
    /// The value of `rule.kind`.
    pub const NAME: &str = "balance";
    /// What it is.
    pub const ABOUT: &str =
        "The own model and the mean of those within a bound that closes in; Fang et al.";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let gamma = keys
            .key(
                "gamma",
                "How far an accepted model may be at first, in lengths ‖ψ_k‖ of the own model",
            )
            .symbol("γ")
            .above(0.0)
            .required();
        let kappa = keys
            .key("kappa", "How fast that closes in: γ exp(−κ t/T)")
            .symbol("κ")
            .at_least(0.0)
            .default(1.0, SOURCE);
        Balance {
            gamma,
            kappa,
            own_share: OwnShare::read(keys, SOURCE),
        }
    }
}

impl Rule for Balance {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Accepting {
            rule: self.clone(),
            iterations: place.iterations as f64,
            accepted: Vec::new(),
        })
    }
}

struct Accepting {
    rule: Balance,
    /// T.
    iterations: f64,
    /// Buffer.
    accepted: Vec<usize>,
}

impl Combiner for Accepting {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let Balance { gamma, kappa, .. } = self.rule;
        let own = hood.candidates[hood.own].model;
        let length = kernel::dot(own, own).sqrt();
        let time = hood.iteration as f64 / self.iterations;
        let bound = gamma * (-kappa * time).exp() * length;
        let is_near = |l: &usize| {
            *l != hood.own
                && kernel::squared_distance(own, hood.candidates[*l].model).sqrt() <= bound
        };
        self.accepted.clear();
        self.accepted
            .extend((0..hood.candidates.len()).filter(is_near));
        self.rule
            .own_share
            .spread(hood.own, &self.accepted, &mut out.weights);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
