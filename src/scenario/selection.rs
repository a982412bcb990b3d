//! From the ways to choose agents to their numbers.

use crate::rng::{Key, Purpose, random_order};
use crate::settings::{Problems, Selected, Selection};
use crate::task::World;
use crate::topology::Graph;
use crate::units::AgentId;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// Named sets with their members in ascending order.
type Sets = BTreeMap<String, Vec<AgentId>>;

/// What selections choose from.
pub(super) struct Chooser<'a> {
    pub graph: &'a Graph,
    world: &'a dyn World,
    sets: Sets,
    /// Seed of sets and of selections outside attacks.
    seed: u64,
}

impl<'a> Chooser<'a> {
    /// Chooses the members of the named sets. One may stand for another, in any order.
    pub fn new(
        graph: &'a Graph,
        world: &'a dyn World,
        seed: u64,
        sets: &[(String, Selection)],
        problems: &mut Problems,
    ) -> Self {
        let mut chooser = Chooser {
            graph,
            world,
            sets: Sets::new(),
            seed,
        };
        let named: BTreeMap<&str, &Selection> = sets
            .iter()
            .map(|(name, selection)| (&**name, selection))
            .collect();
        for (name, _) in sets {
            chooser.define(name, &named, problems);
        }
        chooser
    }

    /// Chooses the members of a set, and before it those of the sets that it is defined by.
    fn define(&mut self, name: &str, named: &BTreeMap<&str, &Selection>, problems: &mut Problems) {
        // From the set to one that is defined by no other, or is known.
        let mut chain: Vec<(&str, &Selection)> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next = named.get_key_value(name);
        while let Some((&name, &selection)) = next {
            if self.sets.contains_key(name) {
                break;
            }
            chain.push((name, selection));
            if !seen.insert(name) {
                chain.pop();
                for (name, selection) in chain {
                    let message = format!("the set `{name}` is defined by itself");
                    let help = "say whom it holds, such as { range = [0, 4] }";
                    problems.add(selection.span, message, help);
                    self.sets.insert(name.to_owned(), Vec::new());
                }
                return;
            }
            next = match &selection.selected {
                Selected::Set(other) => named.get_key_value(&**other),
                _ => None,
            };
        }
        for (name, selection) in chain.into_iter().rev() {
            let members = self.choose(selection, &format!("sets.{name}"), problems);
            self.sets.insert(name.to_owned(), members);
        }
    }

    /// The members of a set in ascending order.
    pub fn members(&self, set: &str) -> Vec<AgentId> {
        self.sets.get(set).cloned().unwrap_or_default()
    }

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

    /// The same with random draws from `pool`, which is in ascending order. `key` gives all agents
    /// one random order, whatever is asked for, and the first in the pool are chosen: fewer agents
    /// are part of more, and a smaller pool replaces only those that it lacks.
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
            let mut stream = key.stream();
            let order = random_order(agents, &mut stream).map(AgentId::from_index);
            let is_free = |agent: &AgentId| pool.binary_search(agent).is_ok();
            let mut chosen: Vec<AgentId> = order.filter(is_free).take(count).collect();
            chosen.sort_unstable();
            chosen
        };
        let no_such = |number: u32| {
            let message = format!("there is no agent {number}");
            let help = format!(
                "write numbers from 0 to {}: there are {agents} agents",
                agents - 1
            );
            (message, help)
        };
        let too_many = |count: usize| {
            let message = match pool.len() {
                free if free < agents => {
                    format!("{count} agents cannot be chosen from the {free} that are free")
                }
                free => format!("{count} agents cannot be chosen from {free}"),
            };
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
            Selected::Every { step, from } => {
                if *from as usize >= agents {
                    let (message, help) = no_such(*from);
                    return wrong(message, help);
                }
                (*from..agents as u32)
                    .step_by(*step as usize)
                    .map(AgentId)
                    .collect()
            }
            Selected::Random(count) => {
                if *count as usize > pool.len() {
                    let (message, help) = too_many(*count as usize);
                    return wrong(message, help);
                }
                draw(*count as usize)
            }
            Selected::Fraction(share) => {
                let count = (share * agents as f64).round() as usize;
                if count == 0 && *share > 0.0 {
                    let message = format!("{share} of {agents} agents is nobody");
                    let help =
                        "write a larger one, { random = 1 } for one of them, or 0 for nobody";
                    return wrong(message, help.to_owned());
                }
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
                    let help = format!("write one of the groups here: {groups:?}");
                    return wrong(format!("there is no group {group}"), help);
                }
                chosen
            }
        }
    }
}
