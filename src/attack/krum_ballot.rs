//! Whom Krum would select in a victim's neighborhood, were all its Byzantine members to send one
//! crafted model.
//!
//! A member's score is the sum of the squared distances to its n − f − 2 nearest others, f the
//! number of Byzantine members and n of all; where n < 2f + 3, for which Krum is not made, to
//! max(1, n − f − 2). The least score wins, ties go to the lowest number.

use super::Network;
use crate::kernel::squared_distance;
use crate::units::AgentId;

/// Squared distances between models, each pair once.
#[derive(Debug, Default)]
pub(super) struct Distances {
    /// Of pair (i, j), j < i, at i (i − 1)/2 + j.
    squared: Vec<f64>,
}

impl Distances {
    /// Takes those between some models in the place of what was there. O(n² d).
    pub(super) fn renew<'a>(&mut self, models: impl Iterator<Item = &'a [f32]> + Clone) {
        self.squared.clear();
        for (i, model) in models.clone().enumerate() {
            let others = models.clone().take(i);
            self.squared
                .extend(others.map(|other| squared_distance(model, other)));
        }
    }

    /// Between two models, by their numbers.
    fn between(&self, a: usize, b: usize) -> f64 {
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            return 0.0;
        }
        self.squared[high * (high - 1) / 2 + low]
    }

    /// The greatest distance.
    pub(super) fn diameter(&self) -> f64 {
        self.squared.iter().copied().fold(0.0, f64::max).sqrt()
    }
}

/// A victim's neighborhood.
#[derive(Debug)]
pub(super) struct Ballot<'a> {
    honest: Vec<Member<'a>>,
    /// How many members send the crafted model, and the lowest number among them.
    copies: usize,
    first_copy: Option<AgentId>,
    /// How many of the nearest others count.
    nearest: usize,
}

/// An honest member: the victim or a neighbor of it.
#[derive(Debug)]
struct Member<'a> {
    agent: AgentId,
    model: &'a [f32],
    /// Squared distances to the other honest members, ascending.
    apart: Vec<f64>,
}

impl<'a> Ballot<'a> {
    /// The victim's; `distances` are those between all honest models. O(n² log n).
    pub(super) fn new(sight: &Network<'a>, distances: &Distances) -> Ballot<'a> {
        let others = sight.neighbors.iter().filter(|l| !l.is_byzantine);
        let agents = std::iter::once(sight.victim).chain(others.map(|l| l.agent));
        let known: Vec<usize> = agents.filter_map(|l| sight.models.index_of(l)).collect();
        let member = |&index: &usize| {
            let others = known.iter().filter(|other| **other != index);
            let mut apart: Vec<f64> = others.map(|o| distances.between(index, *o)).collect();
            apart.sort_unstable_by(f64::total_cmp);
            let known = sight.models.honest[index];
            Member {
                agent: known.agent,
                model: known.model,
                apart,
            }
        };
        let honest: Vec<Member<'a>> = known.iter().map(member).collect();
        let mut byzantine = sight.neighbors.iter().filter(|l| l.is_byzantine);
        let copies = byzantine.clone().count();
        Ballot {
            // n − f are honest.
            nearest: honest.len().saturating_sub(2).max(1),
            honest,
            copies,
            first_copy: byzantine.next().map(|l| l.agent),
        }
    }

    /// Whether Krum selects the crafted model. O(n d).
    pub(super) fn selects(&self, crafted: &[f32]) -> bool {
        let distance = |l: &Member<'_>| squared_distance(l.model, crafted);
        let distances: Vec<f64> = self.honest.iter().map(distance).collect();
        let mut sorted = distances.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The other copies are at distance 0.
        let rest = (self.nearest + 1).saturating_sub(self.copies);
        // A sum of nothing would be −0, which is below 0.
        let score = sorted.iter().take(rest).fold(0.0, |sum, x| sum + x);
        let mut honest = self.honest.iter().zip(distances);
        honest.all(|(member, distance)| {
            let other = self.score(member, distance);
            let order = score.total_cmp(&other);
            order.then(self.first_copy.cmp(&Some(member.agent))).is_lt()
        })
    }

    /// The score of an honest member, so far from the crafted model.
    fn score(&self, member: &Member<'_>, distance: f64) -> f64 {
        let nearer = member.apart.partition_point(|other| *other <= distance);
        let first = nearer.min(self.nearest);
        let copies = self.copies.min(self.nearest - first);
        let rest = member.apart[nearer..].iter();
        member.apart[..first].iter().sum::<f64>()
            + copies as f64 * distance
            + rest.take(self.nearest - first - copies).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Scene;
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    /// Krum as it is defined, on all models with their numbers.
    fn krum(models: &[(u32, Vec<f32>)], f: usize) -> u32 {
        let nearest = models.len().saturating_sub(f + 2).max(1);
        let score = |index: usize| {
            let others = models
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            let mut apart: Vec<f64> = others
                .map(|(_, (_, model))| squared_distance(model, &models[index].1))
                .collect();
            apart.sort_unstable_by(f64::total_cmp);
            apart[..nearest].iter().sum::<f64>()
        };
        let all = (0..models.len()).map(|index| (score(index), models[index].0));
        let least = all.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        least.expect("models").1
    }

    #[test]
    fn it_says_what_krum_selects() {
        let mut stream = Key::new(8, Purpose::Payload).stream();
        let mut selected = [0, 0];
        for _ in 0..300 {
            // Coordinates of few values, whose sums are exact, make many ties.
            let mut draw = |_| stream.random_range(-2..=2) as f32;
            let crafted: Vec<f32> = (0..2).map(&mut draw).collect();
            let mut scene = Scene::default();
            let mut models = Vec::new();
            for agent in [1, 2, 3, 5, 6] {
                let model: Vec<f32> = (0..2).map(&mut draw).collect();
                scene.honest(agent, &model);
                models.push((agent, model));
            }
            // Attackers have numbers below, among and above the honest ones.
            let byzantine = &[0, 4, 7, 9][stream.random_range(0..4)..];
            let neighbors = &[1, 2, 5, 6][..stream.random_range(0..=4)];
            scene.victim(3);
            for &agent in neighbors {
                scene.neighbor(agent, 1, false);
            }
            for &agent in byzantine {
                scene.neighbor(agent, 1, true);
            }
            models.retain(|(agent, _)| *agent == 3 || neighbors.contains(agent));
            models.extend(byzantine.iter().map(|&agent| (agent, crafted.clone())));
            let expected = byzantine.contains(&krum(&models, byzantine.len()));
            selected[usize::from(expected)] += 1;
            scene.look(|sight| {
                let mut distances = Distances::default();
                distances.renew(sight.models.honest.iter().map(|l| l.model));
                let ballot = Ballot::new(&sight, &distances);
                assert_eq!(ballot.selects(&crafted), expected, "{models:?}");
            });
        }
        assert!(selected.iter().all(|count| *count > 50), "{selected:?}");
    }

    #[test]
    fn the_diameter_is_the_greatest_distance() {
        let models: [&[f32]; 3] = [&[0.0, 0.0], &[3.0, 4.0], &[1.0, 0.0]];
        let mut distances = Distances::default();
        distances.renew(models.into_iter());
        assert_eq!(distances.diameter(), 5.0);
        assert_eq!(distances.between(2, 0), 1.0);
        assert_eq!(distances.between(1, 2), 20.0);
        distances.renew(models.into_iter().take(1));
        assert_eq!(distances.diameter(), 0.0);
    }
}
