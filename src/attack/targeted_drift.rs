//! Targeted drift: small steps from where the victim is to where it shall go.
//!
//! Source: J. Li, W. Abbas, X. Koutsoukos, "Resilient Distributed Diffusion in Networks With
//! Adversaries", IEEE Transactions on Signal and Information Processing over Networks, 2020. Victim
//! k gets w_k + r (target − w_k), where w_k is the model that it combined last. Its distance from
//! w_k is far below the noise of any honest neighbor, so that rules that weigh by distance trust it
//! more than them.
//!
//! With `state = "known"`, w_k is looked up: needs `omniscient`, costs O(d) for each victim. With
//! `"estimated"` it is estimated from models that were received: needs `neighbors`, costs
//! O(|H| (d + log |H|)) for each victim; see `state_estimate.rs` for the algorithm. An attacker that
//! replays takes what it made for what it sent, and estimates the worse for it.

use super::dimensions::{fits, target};
use super::state_estimate::Estimator;
use super::{AnyForger, Attack, Forger, Knowledge, Models, Network, Stage, Unfit};
use crate::checkpoint::{Book, Kept};
use crate::settings::{Choice, Chosen, Keys, Numbers};
use crate::units::AgentId;

/// The attack `targeted-drift`.
#[derive(Clone, Debug)]
pub struct TargetedDrift {
    pull: Pull,
    state: State,
}

/// Where to, and how fast.
#[derive(Clone, Debug)]
struct Pull {
    target: Numbers,
    rate: f64,
}

/// How the attacker knows w_k.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// It sees it.
    #[default]
    Known,
    /// It estimates it from models that it received.
    Estimated,
}

impl Choice for State {
    const NAMES: &'static [(&'static str, Self)] =
        &[("known", Self::Known), ("estimated", Self::Estimated)];
}

impl TargetedDrift {
    /// The value of `kind`.
    pub const NAME: &str = "targeted-drift";
    /// What it is.
    pub const ABOUT: &str =
        "Draws each victim from where it is to a target (Li, Abbas, Koutsoukos 2020)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let target = target(keys);
        let rate = keys
            .key("rate", "How much of the way from the victim to the target")
            .symbol("r")
            .above(0.0)
            .at_most(1.0)
            .default(0.002, "Li, Abbas, Koutsoukos 2020");
        let Chosen(state) = keys
            .key(
                "state",
                "How it knows the victim's combined model: it sees it, or estimates it from \
                 models that it received",
            )
            .default(Chosen(State::Known), "the stronger attack");
        TargetedDrift {
            pull: Pull { target, rate },
            state,
        }
    }
}

impl Attack for TargetedDrift {
    fn prepare(&mut self, stage: &Stage<'_>) -> Result<(), Unfit> {
        fits("target", &self.pull.target, stage)
    }

    fn knowledge(&self) -> Knowledge {
        match self.state {
            State::Known => Knowledge::Omniscient,
            State::Estimated => Knowledge::Neighbors,
        }
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        let pull = self.pull.clone();
        match self.state {
            State::Known => AnyForger::Omniscient(Box::new(pull)),
            State::Estimated => AnyForger::Listening(Box::new(Guesser {
                pull,
                estimator: Estimator::default(),
                state: Vec::new(),
            })),
        }
    }
}

impl Pull {
    /// w + r (target − w) of a coordinate.
    fn drawn(&self, coordinate: usize, w: f64) -> f32 {
        (w + self.rate * (self.target.at(coordinate) - w)) as f32
    }
}

impl Forger<Network<'_>> for Pull {
    fn forge(&mut self, sight: Network<'_>, payload: &mut Vec<f32>) {
        let (_, combined) = sight.victim();
        let combined = combined.iter().enumerate();
        payload.extend(combined.map(|(j, &w)| self.drawn(j, f64::from(w))));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

struct Guesser {
    pull: Pull,
    estimator: Estimator,
    /// ŵ, shape `[d]`.
    state: Vec<f64>,
}

impl Forger<Models<'_>> for Guesser {
    fn forge(&mut self, sight: Models<'_>, payload: &mut Vec<f32>) {
        self.estimator.estimate(&sight, &mut self.state);
        let state = self.state.iter().enumerate();
        payload.extend(state.map(|(j, &w)| self.pull.drawn(j, w)));
        self.estimator.note_sent(&sight, payload);
    }

    fn is_by_victim(&self) -> bool {
        true
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.estimator.keep(book)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack, mistake};
    use super::*;
    use crate::topology::Graph;

    #[test]
    fn it_sends_a_step_from_the_victims_combined_model_to_the_target() {
        let mut scene = Scene::default();
        scene.honest(1, &[9.0, 9.0]).honest(2, &[7.0, 7.0]);
        scene.combined(1, &[2.0, -1.0]).victim(1);
        let settings = "kind = \"targeted-drift\"\ntarget = [4.0, 3.0]\nrate = 0.25";
        let mut forger = attack(settings).forger(AgentId(0));
        assert_eq!(scene.payload(&mut forger), [2.5, 0.0]);
        let settings = "kind = \"targeted-drift\"\ntarget = 102.0";
        let mut forger = attack(settings).forger(AgentId(0));
        assert_eq!(scene.payload(&mut forger), [2.2, -0.794]);
    }

    #[test]
    fn an_estimate_is_drawn_to_the_target_alike() {
        let settings =
            "kind = \"targeted-drift\"\ntarget = 4.0\nrate = 0.25\nstate = \"estimated\"";
        let mut forger = attack(settings).forger(AgentId(0));
        assert!(forger.is_by_victim());
        let mut scene = Scene::default();
        scene
            .honest(1, &[2.0, -1.0])
            .honest(2, &[7.0, 7.0])
            .victim(1);
        // At first the victim's own model stands for what it combined.
        assert_eq!(scene.payload(&mut forger), [2.5, 0.25]);
        // Of a victim that it does not hear, it knows only what others sent.
        scene.victim(3);
        assert_eq!(scene.payload(&mut forger), [4.375, 3.25]);
    }

    #[test]
    fn a_target_has_a_number_for_each_dimension() {
        let graph = Graph::undirected(2, vec![(AgentId(0), AgentId(1))]);
        let settings = "kind = \"targeted-drift\"\ntarget = [1.0, 2.0, 3.0]";
        assert_eq!(
            mistake(settings, &graph, &[0], Knowledge::Omniscient),
            "target: `target` has 3 numbers; \
             write 2, one per dimension of a model, or one number for all"
        );
    }
}
