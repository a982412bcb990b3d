//! Mimicry of a loss: the model nearest to a target among all that a victim under the paper's rule
//! accepts.
//!
//! Rule (10) of the paper gives weight to every neighbor that does no worse on the victim's own data
//! than the victim itself, φ_ak ≤ φ_kk. The attacker sends the model w, rounded to `f32`, that is
//! nearest to `target` among all with
//!
//! ```text
//! (1 − ν) φ_ak + ν ℓ(w) ≤ (1 − ν) φ_kk + ν ℓ(ψ_k)
//! ```
//!
//! with ℓ the loss on the victim's current batch and φ as it is before the combination; where the
//! victim's rule has no φ of losses, ℓ(w) ≤ ℓ(ψ_k). A batch says nothing about the directions that
//! none of its samples has: along those, w goes all the way to the target.
//!
//! Where ℓ is a mean of squared residuals of a linear map (target localization, linear regression,
//! regression on own rows with a linear model) w is computed; see `quadratic.rs`. Otherwise it is
//! searched, with `steps` gradients; see `search.rs`. Where nothing meets the bound, since φ remembers
//! worse models of the attacker, it sends the minimizer of the loss on the batch, which regains trust
//! fastest: that of the least norm where it is computed, and otherwise what `steps` gradients from ψ_k
//! find.
//!
//! It takes the victim's rule for rule (10): what φ means under a rule that tells no ν it does not
//! ask, and under `judge = "fresh"`, where the batch that decides is one that it cannot see, it goes
//! by the batch that it sees.
//!
//! Source: made for this simulator, to show the limit of rule (10).
//!
//! Needs `victim-data`. Computed, a payload costs a decomposition, O(n d min(n, d)) for a batch of n,
//! and some losses; searched, up to 2 `steps` gradients and about twice as many losses. It is searched
//! once for all attackers of one attack that have the same φ at a victim.

use super::acceptance::Acceptance;
use super::dimensions::{fits, target};
use super::quadratic::{Quadratic, Way};
use super::search::{Search, between};
use super::{AnyForger, Attack, Forger, Knowledge, Memory, Stage, Unfit, VictimData};
use crate::checkpoint::{Book, Kept};
use crate::settings::{Keys, Numbers};
use crate::units::AgentId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is left between the bound and the loss of a payload where rounding to `f32` breaks the bound,
/// as powers of two of the room between the bound and the least loss.
const MARGINS: [i32; 12] = [-40, -36, -32, -28, -24, -20, -16, -12, -8, -4, -2, -1];

/// Halvings of a line on which rounding decides how far is accepted: beyond the range of `f32`.
const MOST_HALVINGS: u32 = 280;

/// The attack `loss-mimicry`. Several attackers of one attack often seek the same model, since φ of
/// all that have sent the same until now is the same: what one has searched, the others take.
#[derive(Clone, Debug)]
pub struct LossMimicry {
    target: Numbers,
    steps: u32,
    found: Found,
}

impl LossMimicry {
    /// The value of `kind`.
    pub const NAME: &str = "loss-mimicry";
    /// What it is.
    pub const ABOUT: &str =
        "The model nearest to a target that the victim's own loss allows: the limit of rule (10)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        LossMimicry {
            target: target(keys),
            steps: keys
                .key(
                    "steps",
                    "Gradients of a search, where the loss is no mean of squares of a linear model",
                )
                .at_least(1.0)
                .at_most(1e6)
                .default(20, "enough for softmax regression on a batch of ten"),
            found: Found::default(),
        }
    }
}

impl Attack for LossMimicry {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        // Of this run alone.
        self.found = Found::default();
        fits("target", &self.target, stage)
    }

    fn knowledge(&self) -> Knowledge {
        Knowledge::VictimData
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::VictimData(Box::new(self.clone()))
    }
}

impl Forger<VictimData<'_>> for LossMimicry {
    fn forge(&mut self, sight: VictimData<'_>, payload: &mut Vec<f32>) {
        let (own, _) = sight.network.victim();
        let mut victim = Acceptance::new(sight.batch, sight.memory, own);
        let target: Vec<f64> = (0..own.len()).map(|j| self.target.at(j)).collect();
        let rounded = narrow(&target);
        let found = if !victim.is_possible() {
            own.to_vec()
        } else if victim.try_model(&rounded).is_some() {
            rounded
        } else if let Some(quadratic) = victim.batch().least_squares().and_then(Quadratic::new) {
            computed(&quadratic, &target, own, &mut victim)
        } else {
            let sought = Sought {
                iteration: sight.network.models.own.iteration,
                victim: sight.network.victim,
                own: own.to_vec(),
                own_loss: victim.own_loss(),
                memory: sight.memory,
            };
            self.found.look(&sought).unwrap_or_else(|| {
                let mut search = Search {
                    victim: &mut victim,
                    target: &rounded,
                    gradients: self.steps,
                };
                let found = search.run(own);
                self.found.keep(sought, &found);
                found
            })
        };
        payload.extend_from_slice(&found);
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// All that a search depends on within a run.
#[derive(Debug, PartialEq)]
struct Sought {
    iteration: u64,
    victim: AgentId,
    /// ψ_k and its loss on the batch.
    own: Vec<f32>,
    own_loss: f64,
    memory: Memory,
}

/// What the attackers of an attack have searched, the newest last. It saves time and changes
/// nothing: a search for the same has the same answer.
#[derive(Clone, Debug, Default)]
struct Found(Arc<Mutex<Searches>>);

type Searches = VecDeque<(Sought, Vec<f32>)>;

impl Found {
    /// Parameters of all that is kept, two models for each search: 64 MB.
    const MOST: usize = 1 << 24;

    fn all(&self) -> MutexGuard<'_, Searches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, sought: &Sought) -> Option<Vec<f32>> {
        let all = self.all();
        let known = all.iter().rev().find(|(known, _)| known == sought);
        known.map(|(_, found)| found.clone())
    }

    fn keep(&self, sought: Sought, found: &[f32]) {
        let mut all = self.all();
        all.retain(|(known, _)| known.iteration + 1 >= sought.iteration);
        if all.len() >= Found::MOST / (2 * found.len()) {
            all.pop_front();
        }
        all.push_back((sought, found.to_vec()));
    }
}

/// The model nearest to a target that is accepted, which the target is not.
fn computed(
    quadratic: &Quadratic,
    target: &[f64],
    own: &[f32],
    victim: &mut Acceptance<'_>,
) -> Vec<f32> {
    let way = quadratic.toward(target);
    let takes_own = victim.try_model(own).is_some();
    if !takes_own && victim.bound() < way.least_loss() {
        return finite(quadratic.minimizer()).unwrap_or_else(|| own.to_vec());
    }
    let nearest = way.model(way.multiplier(victim.bound()));
    if let Some(found) = inward(&way, &nearest, victim) {
        // Where the victim's own is the nearest, rounding may bring the other behind it.
        return match takes_own && distance(own, target) <= distance(&found, target) {
            true => own.to_vec(),
            false => found,
        };
    }
    // So far away, or so near to the least loss, that `f32` are too coarse.
    let minimizer = || finite(quadratic.minimizer());
    let base = match takes_own {
        true => Some(own.to_vec()),
        false => minimizer().filter(|model| victim.try_model(model).is_some()),
    };
    match base {
        Some(base) => outward(&base, &narrow(&nearest), victim),
        None => minimizer().unwrap_or_else(|| own.to_vec()),
    }
}

/// The nearest model, or what comes after it where that breaks the bound once it is rounded.
fn inward(way: &Way<'_>, nearest: &[f64], victim: &mut Acceptance<'_>) -> Option<Vec<f32>> {
    let bound = victim.bound();
    let room = bound - way.least_loss();
    let mut accepted = |model: &[f64]| {
        let model = narrow(model);
        victim.try_model(&model).is_some().then_some(model)
    };
    if let Some(found) = accepted(nearest) {
        return Some(found);
    }
    let mut margins = MARGINS.iter().map(|&power| bound - room * 2f64.powi(power));
    margins.find_map(|bound| accepted(&way.model(way.multiplier(bound))))
}

/// From an accepted model as far toward another as is accepted.
fn outward(base: &[f32], goal: &[f32], victim: &mut Acceptance<'_>) -> Vec<f32> {
    let (mut accepted, mut refused) = (0.0, 1.0);
    let mut best = base.to_vec();
    if !goal.iter().all(|x| x.is_finite()) {
        return best;
    }
    for _ in 0..MOST_HALVINGS {
        let middle = (accepted + refused) / 2.0;
        let model = between(base, goal, middle);
        if model == best {
            break;
        }
        if victim.try_model(&model).is_some() {
            accepted = middle;
            best = model;
        } else {
            refused = middle;
        }
    }
    best
}

/// Squared.
fn distance(model: &[f32], target: &[f64]) -> f64 {
    let apart = model.iter().zip(target).map(|(&x, t)| f64::from(x) - t);
    apart.map(|x| x * x).sum()
}

fn narrow(model: &[f64]) -> Vec<f32> {
    model.iter().map(|&x| x as f32).collect()
}

/// The model as it is sent, unless it is out of the range of `f32`.
fn finite(model: Vec<f64>) -> Option<Vec<f32>> {
    Some(narrow(&model)).filter(|model| model.iter().all(|x| x.is_finite()))
}

#[cfg(test)]
#[path = "loss_mimicry_tests.rs"]
mod tests;
