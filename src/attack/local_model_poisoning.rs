//! Local model poisoning: against the direction in which the honest agents go, as far as a known
//! aggregator lets it.
//!
//! Source: M. Fang, X. Cao, J. Jia, N. Gong, "Local Model Poisoning Attacks to Byzantine-Robust
//! Federated Learning", USENIX Security 2020, with full knowledge. Victim k combined w before (θ,
//! its newest combined model); s_j is the sign of the mean of all honest ψ less w, coordinate by
//! coordinate, and 0 where they are equal.
//!
//! `against = "trimmed-mean"`: with m and M the least and the greatest honest value of a
//! coordinate, a value from U(m − |m|, m) where s > 0, and otherwise from U(M, M + |M|). Victims
//! share what is drawn, unless `per_victim` says otherwise.
//!
//! `against = "krum"`: w − λs. λ is at first the diameter of all honest ψ, and is halved until Krum
//! selects the model in the victim's neighborhood, where all Byzantine neighbors send it, or
//! λ < 10⁻⁵; then that is sent. See `krum_ballot.rs` for small neighborhoods.
//!
//! Needs `omniscient`. The trimmed-mean form costs O(|H| d) in an iteration and O(d) for each
//! victim; the Krum form O(|H|² d) and memory for |H|² distances in an iteration, and for each
//! victim O(|N_k| d) for every λ, about 20 of them.

use super::krum_ballot::{Ballot, diameter};
use super::moments::mean;
use super::per_iteration::PerIteration;
use super::{AnyForger, Attack, Forger, HonestModel, Knowledge, Network};
use crate::checkpoint::{Book, Kept};
use crate::rule::pairwise::Distances;
use crate::settings::{Choice, Chosen, Keys};
use crate::units::AgentId;
use rand::RngExt;

/// The attack `local-model-poisoning`.
#[derive(Clone, Debug)]
pub struct LocalModelPoisoning {
    against: Against,
}

/// The aggregator that it is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Against {
    #[default]
    TrimmedMean,
    Krum,
}

impl Choice for Against {
    const NAMES: &'static [(&'static str, Self)] =
        &[("trimmed-mean", Self::TrimmedMean), ("krum", Self::Krum)];
}

impl LocalModelPoisoning {
    /// The value of `kind`.
    pub const NAME: &str = "local-model-poisoning";
    /// What it is.
    pub const ABOUT: &str =
        "Against the direction of the honest agents, made for an aggregator (Fang et al. 2020)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let Chosen(against) = keys
            .key("against", "The aggregator that it is made for")
            .required();
        LocalModelPoisoning { against }
    }
}

impl Attack for LocalModelPoisoning {
    fn knowledge(&self) -> Knowledge {
        Knowledge::Omniscient
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Omniscient(match self.against {
            Against::TrimmedMean => Box::new(AgainstTrimming::default()),
            Against::Krum => Box::new(AgainstKrum::default()),
        })
    }
}

/// s of a coordinate.
fn direction(mean: f64, combined: f32) -> f64 {
    let way = mean - f64::from(combined);
    if way == 0.0 { 0.0 } else { way.signum() }
}

#[derive(Default)]
struct AgainstTrimming {
    ends: PerIteration<Ends>,
}

/// Of all honest models, per coordinate.
#[derive(Default)]
struct Ends {
    mean: Vec<f64>,
    least: Vec<f32>,
    greatest: Vec<f32>,
}

impl Ends {
    fn renew(&mut self, honest: &[HonestModel<'_>]) {
        mean(honest, &mut self.mean);
        let (first, others) = honest.split_first().expect("at least one honest model");
        self.least.clear();
        self.least.extend_from_slice(first.model);
        self.greatest.clone_from(&self.least);
        for known in others {
            let ends = self.least.iter_mut().zip(&mut self.greatest);
            for ((least, greatest), &x) in ends.zip(known.model) {
                *least = least.min(x);
                *greatest = greatest.max(x);
            }
        }
    }
}

impl Forger<Network<'_>> for AgainstTrimming {
    fn forge(&mut self, sight: Network<'_>, payload: &mut Vec<f32>) {
        let honest = sight.models.honest;
        let own = sight.models.own;
        let ends = self.ends.at(own.iteration, |ends| ends.renew(honest));
        let (_, combined) = sight.victim();
        let mut stream = own.stream();
        payload.extend(combined.iter().enumerate().map(|(j, &w)| {
            // Drawn also where it is not used, so that victims share what is drawn.
            let part: f64 = stream.random();
            let beyond = |end: f32, side: f64| f64::from(end) + side * part * f64::from(end.abs());
            let value = if direction(ends.mean[j], w) > 0.0 {
                beyond(ends.least[j], -1.0)
            } else {
                beyond(ends.greatest[j], 1.0)
            };
            value as f32
        }));
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// Where the search for λ ends.
const LEAST_LAMBDA: f64 = 1e-5;

#[derive(Default)]
struct AgainstKrum {
    honest: PerIteration<(Vec<f64>, Distances)>,
    /// s, shape `[d]`.
    directions: Vec<f64>,
}

impl Forger<Network<'_>> for AgainstKrum {
    fn forge(&mut self, sight: Network<'_>, payload: &mut Vec<f32>) {
        let honest = sight.models.honest;
        let iteration = sight.models.own.iteration;
        let (mean, distances) = self.honest.at(iteration, |(mu, distances)| {
            mean(honest, mu);
            let models: Vec<&[f32]> = honest.iter().map(|known| known.model).collect();
            *distances = Distances::between(&models);
        });
        let (_, combined) = sight.victim();
        self.directions.clear();
        self.directions.extend(
            mean.iter()
                .zip(combined)
                .map(|(&mean, &w)| direction(mean, w)),
        );
        let ballot = Ballot::new(&sight, distances);
        let mut lambda = diameter(distances);
        loop {
            let way = combined.iter().zip(&self.directions);
            payload.clear();
            payload.extend(way.map(|(&w, s)| (f64::from(w) - lambda * s) as f32));
            // An infinite λ would be halved for ever.
            if lambda < LEAST_LAMBDA || !lambda.is_finite() || ballot.selects(payload) {
                return;
            }
            lambda /= 2.0;
        }
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack};
    use super::*;

    fn forger(against: &str) -> AnyForger {
        let settings = format!("kind = \"local-model-poisoning\"\nagainst = \"{against}\"");
        attack(&settings).forger(AgentId(0))
    }

    #[test]
    fn against_trimming_it_goes_beyond_the_honest_end_that_they_leave() {
        let mut scene = Scene::default();
        scene
            .honest(1, &[2.0, -4.0, 2.0, 0.0])
            .honest(2, &[6.0, -8.0, 6.0, 0.0])
            .victim(2);
        // The honest go up, down, nowhere, nowhere.
        scene.combined(2, &[3.0, -5.0, 4.0, 0.0]);
        let mut forger = forger("trimmed-mean");
        let mut ends = [[f32::INFINITY, f32::NEG_INFINITY]; 4];
        for _ in 0..200 {
            for (end, x) in ends.iter_mut().zip(scene.payload(&mut forger)) {
                *end = [end[0].min(x), end[1].max(x)];
            }
            scene.next_iteration();
        }
        let expected = [[0.0, 2.0], [-4.0, 0.0], [6.0, 12.0], [0.0, 0.0]];
        for ([low, high], [least, most]) in ends.into_iter().zip(expected) {
            assert!((least..=most).contains(&low) && (least..=most).contains(&high));
            // 200 uniform draws leave 5 % of a range at an end with probability 0.00004.
            assert!(high - low >= 0.9 * (most - least), "{low} {high}");
        }
    }

    #[test]
    fn victims_share_what_is_drawn_against_trimming() {
        let mut scene = Scene::default();
        scene
            .honest(1, &[2.0, 2.0])
            .honest(2, &[6.0, 6.0])
            .victim(1);
        scene.combined(1, &[0.0, 9.0]).combined(2, &[9.0, 0.0]);
        let mut forger = forger("trimmed-mean");
        let first = scene.payload(&mut forger);
        let second = scene.victim(2).payload(&mut forger);
        // 2 − 2u and 6 + 6u of the same u.
        for (low, high) in [(first[0], second[0]), (second[1], first[1])] {
            assert!(
                (3.0 * (2.0 - low) - (high - 6.0)).abs() < 1e-5,
                "{low} {high}"
            );
        }
    }

    #[test]
    fn against_krum_it_goes_as_far_as_krum_selects_it() {
        let mut scene = Scene::default();
        // Victim 1 with honest 2, 3, 4, 5 and attackers 0, 6: nearest 3 of 6 others.
        for (agent, x) in [(1, 0.0), (2, 1.0), (3, -1.0), (4, 2.0), (5, 8.0)] {
            scene.honest(agent, &[x]);
        }
        scene.combined(1, &[0.5]).victim(1);
        for agent in 2..=5 {
            scene.neighbor(agent, 4, false);
        }
        scene.neighbor(0, 4, true).neighbor(6, 4, true);
        // The mean, 2, is above w = 0.5, the diameter is 9. At w − 9 = −8.5 and −4, agent 1 has
        // score 1 + 1 + 4 = 6 and the attackers 7.5² + … and 3² + 4². At −1.75: 0.75² + 1.75² =
        // 3.625; agent 3 has 0.75² · 2 + 1 = 2.125. At −0.625: 0.375² + 0.625² = 0.53; agent 3
        // has 2 · 0.375² + 1 and agent 1 2 · 0.625² + 1.
        assert_eq!(scene.payload(&mut forger("krum")), [-0.625]);
    }

    #[test]
    fn against_krum_the_search_ends_where_krum_selects_it_at_no_distance() {
        let mut scene = Scene::default();
        // One attacker, and two honest neighbors that agree with each other.
        scene.honest(1, &[9.0]).honest(2, &[1.0]).honest(3, &[1.0]);
        scene.combined(1, &[7.0]).victim(1);
        scene.neighbor(2, 3, false).neighbor(3, 3, false);
        scene.neighbor(4, 3, true);
        // w = 7 is above the mean; λ = 8·2⁻²⁰ is the first below 10⁻⁵.
        let expected = 7.0 + 8.0 / f64::from(1 << 20);
        assert_eq!(scene.payload(&mut forger("krum")), [expected as f32]);
    }

    #[test]
    fn agents_that_agree_are_no_obstacle() {
        let mut scene = Scene::default();
        scene.honest(1, &[2.0]).victim(1).neighbor(0, 1, true);
        assert_eq!(scene.payload(&mut forger("krum")), [2.0]);
    }
}
