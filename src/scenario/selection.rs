//! From the ways to choose agents to their numbers.

use crate::rng::{Key, Purpose, choose};
use crate::settings::{Problems, Selected, Selection};
use crate::task::World;
use crate::topology::Graph;
use crate::units::AgentId;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Named sets with their members in ascending order.
pub(super) type Sets = BTreeMap<String, Vec<AgentId>>;

/// What selections choose from.
pub(super) struct Chooser<'a> {
    pub graph: &'a Graph,
    pub world: &'a dyn World,
    pub sets: Sets,
    /// Seed of sets and of selections outside attacks.
    pub seed: u64,
}

impl Chooser<'_> {
    /// The agents meant by a selection that stands at `place`, in ascending order. Draws are keyed
    /// by the place's name, so that a selection more changes no other.
    pub fn choose(
        &self,
        selection: &Selection,
        place: &str,
        problems: &mut Problems,
    ) -> Vec<AgentId> {
        let key = Key::new(self.seed, Purpose::Sets).at(xxh3_64(place.as_bytes()));
        let everyone: Vec<AgentId> = self.graph.ids().collect();
        self.choose_from(selection, &everyone, key, problems)
    }

    /// The same with random draws from `pool` under `key`.
    pub fn choose_from(
        &self,
        selection: &Selection,
        pool: &[AgentId],
        key: Key,
        problems: &mut Problems,
    ) -> Vec<AgentId> {
        let agents = self.graph.agents();
        let mut wrong = |message: String, help: String| {
            problems.add(selection.span, message, help);
            Vec::new()
        };
        let draw = |count: usize| {
            let chosen = choose(pool.len(), count, &mut key.stream());
            chosen.into_iter().map(|index| pool[index]).collect()
        };
        let no_such = |number: u32| {
            let message = format!("there is no agent {number}");
            (message, format!("agents go from 0 to {}", agents - 1))
        };
        let too_many = |count: usize| {
            let message = format!("{count} agents cannot be chosen from {}", pool.len());
            (message, format!("write a number up to {}", pool.len()))
        };
        match &selection.selected {
            Selected::Set(name) => match self.sets.get(name) {
                Some(members) => members.clone(),
                None => {
                    let known: Vec<&str> = self.sets.keys().map(String::as_str).collect();
                    let help = if known.is_empty() {
                        format!("define it: [sets] {name} = {{ range = [0, 4] }}")
                    } else {
                        format!("sets here: {}", known.join(", "))
                    };
                    wrong(format!("there is no set `{name}`"), help)
                }
            },
            Selected::List(numbers) => {
                if let Some(&number) = numbers.iter().find(|&&n| n as usize >= agents) {
                    let (message, help) = no_such(number);
                    return wrong(message, help);
                }
                let mut chosen: Vec<AgentId> = numbers.iter().copied().map(AgentId).collect();
                chosen.sort_unstable();
                chosen.dedup();
                if chosen.len() < numbers.len() {
                    return wrong(
                        "an agent stands in this list twice".to_owned(),
                        "name each agent once".to_owned(),
                    );
                }
                chosen
            }
            Selected::Range(first, last) => {
                if *last as usize >= agents {
                    let (message, help) = no_such(*last);
                    return wrong(message, help);
                }
                (*first..=*last).map(AgentId).collect()
            }
            Selected::Every { step, from } => (*from..agents as u32)
                .step_by(*step as usize)
                .map(AgentId)
                .collect(),
            Selected::Random(count) => {
                if *count as usize > pool.len() {
                    let (message, help) = too_many(*count as usize);
                    return wrong(message, help);
                }
                draw(*count as usize)
            }
            Selected::Fraction(share) => {
                let count = (share * agents as f64).round() as usize;
                if count > pool.len() {
                    let (message, help) = too_many(count);
                    return wrong(message, help);
                }
                draw(count)
            }
            Selected::HighestDegree(count) => {
                if *count as usize > agents {
                    let (message, help) = too_many(*count as usize);
                    return wrong(message, help);
                }
                let mut by_degree: Vec<AgentId> = self.graph.ids().collect();
                by_degree.sort_by_key(|&k| std::cmp::Reverse(self.graph.receives_from(k).len()));
                by_degree.truncate(*count as usize);
                by_degree.sort_unstable();
                by_degree
            }
            Selected::Group(group) => {
                let chosen: Vec<AgentId> = self
                    .graph
                    .ids()
                    .filter(|&k| self.world.group(k) == *group)
                    .collect();
                if chosen.is_empty() {
                    let mut groups: Vec<u32> =
                        self.graph.ids().map(|k| self.world.group(k)).collect();
                    groups.sort_unstable();
                    groups.dedup();
                    let help = format!("groups here: {groups:?}");
                    return wrong(format!("there is no group {group}"), help);
                }
                chosen
            }
        }
    }
}
