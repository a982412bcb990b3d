//! Whom Krum would select in a victim's neighborhood, were all its Byzantine members to send one
//! crafted model.
//!
//! Distances and scores are those of the rule, with f the number of Byzantine members and n of all.
//! The least score wins, ties go to the lowest number.

use super::Network;
use crate::rule::aggregator::krum::score;
use crate::rule::pairwise::{Distances, from_first};
use crate::units::AgentId;

/// The greatest distance.
pub(super) fn diameter(distances: &Distances) -> f64 {
    let all = (0..distances.models()).flat_map(|i| distances.from(i));
    all.copied().fold(0.0, f64::max).sqrt()
}

/// A victim's neighborhood.
#[derive(Debug)]
pub(super) struct Ballot<'a> {
    honest: Vec<Member<'a>>,
    /// How many members send the crafted model, and the lowest number among them.
    copies: usize,
    first_copy: Option<AgentId>,
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
            let mut apart: Vec<f64> = others.map(|o| distances.from(index)[*o]).collect();
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
            honest,
            copies,
            first_copy: byzantine.next().map(|l| l.agent),
        }
    }

    /// Whether Krum selects the crafted model. O(n d + n²).
    pub(super) fn selects(&self, crafted: &[f32]) -> bool {
        let models = std::iter::once(crafted).chain(self.honest.iter().map(|l| l.model));
        let mut distances = Vec::new();
        from_first(&models.collect::<Vec<_>>(), &mut distances);
        let mut sorted = distances.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The other copies are at distance 0.
        let others = std::iter::repeat_n(0.0, self.copies.saturating_sub(1));
        let own = self.score(others.chain(sorted));
        let mut honest = self.honest.iter().zip(distances);
        honest.all(|(member, distance)| {
            let nearer = member.apart.partition_point(|other| *other <= distance);
            let (near, far) = member.apart.split_at(nearer);
            let copies = std::iter::repeat_n(&distance, self.copies);
            let score = self.score(near.iter().chain(copies).chain(far).copied());
            let order = own.total_cmp(&score);
            order.then(self.first_copy.cmp(&Some(member.agent))).is_lt()
        })
    }

    fn score(&self, ascending: impl Iterator<Item = f64>) -> f64 {
        score(ascending, self.honest.len() + self.copies, self.copies)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Scene;
    use super::*;
    use crate::rng::{Key, Purpose};
    use crate::rule::aggregator::krum;
    use rand::RngExt;

    /// Whom the rule selects among all models with their numbers.
    fn krum(models: &mut [(u32, Vec<f32>)], f: usize) -> u32 {
        models.sort_by_key(|(agent, _)| *agent);
        let all: Vec<&[f32]> = models.iter().map(|(_, model)| &model[..]).collect();
        models[krum::selected(&all, f)].0
    }

    #[test]
    fn it_says_what_krum_selects() {
        let mut stream = Key::new(8, Purpose::Payload).stream();
        let mut selected = [0, 0];
        for round in 0..600 {
            // Coordinates of few values, whose sums are exact, make many ties; others, none.
            let unit = [1.0, 0.1234567][round % 2];
            let mut draw = |_| unit * stream.random_range(-2..=2) as f32;
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
            let expected = byzantine.contains(&krum(&mut models, byzantine.len()));
            selected[usize::from(expected)] += 1;
            scene.look(|sight| {
                let honest = sight.models.honest.iter().map(|l| l.model);
                let distances = Distances::between(&honest.collect::<Vec<_>>());
                let ballot = Ballot::new(&sight, &distances);
                assert_eq!(ballot.selects(&crafted), expected, "{models:?}");
            });
        }
        assert!(selected.iter().all(|count| *count > 50), "{selected:?}");
    }

    #[test]
    fn the_diameter_is_the_greatest_distance() {
        let models: [&[f32]; 3] = [&[0.0, 0.0], &[3.0, 4.0], &[1.0, 0.0]];
        assert_eq!(diameter(&Distances::between(&models)), 5.0);
        assert_eq!(diameter(&Distances::between(&models[..1])), 0.0);
    }
}
