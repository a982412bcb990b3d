//! Who has which of a few values: what a table and its overrides say, agent by agent.

use super::effects::{Aspect, Effects};
use super::selection::Chooser;
use crate::settings::{Keys, Overrides, Problems};
use crate::units::AgentId;
use std::collections::BTreeMap;

/// One of a few values for each agent.
pub(super) struct Assigned<T> {
    /// The first is that of agents without overrides, whether or not there are any.
    pub values: Vec<T>,
    of: Vec<u16>,
    /// The overrides that each value comes from, later ones on top.
    stacks: Vec<Vec<usize>>,
}

impl<T> Assigned<T> {
    pub fn get(&self, agent: AgentId) -> &T {
        &self.values[usize::from(self.of[agent.index()])]
    }

    /// The numbers of the overrides that make an agent's value, later ones on top.
    pub fn overrides_of(&self, agent: AgentId) -> &[usize] {
        &self.stacks[usize::from(self.of[agent.index()])]
    }
}

/// Gives everyone `base`, and chosen agents what overrides of `table` say; later ones win, key by
/// key. `read` reads what several of them say together.
pub(super) fn assign<T: Clone>(
    base: T,
    overrides: Overrides<T>,
    table: &str,
    chooser: &Chooser<'_>,
    (problems, effects): (&mut Problems, &mut Effects),
    read: impl Fn(&mut Keys<'_>) -> Option<T>,
) -> Assigned<T> {
    // Which overrides come together, and who has which of these stacks.
    let mut stacks: Vec<Vec<usize>> = vec![Vec::new()];
    let mut of = vec![0_u16; chooser.graph.agents()];
    for (number, (selection, _)) in overrides.iter().enumerate() {
        let place = format!("{table}.override[{number}]");
        let mut higher: BTreeMap<u16, u16> = BTreeMap::new();
        let chosen = chooser.choose(selection, &place, problems);
        effects.selection(selection, &chosen, "this override has");
        if overrides.is_bare(number) {
            let help = "add a key that is different for these agents, or remove it";
            let message = "this override changes nothing";
            effects.idle(selection.span, Aspect::Bare, message, help);
        }
        for agent in chosen {
            let stack = &mut of[agent.index()];
            let lower = if overrides.starts_afresh(number) {
                0
            } else {
                *stack
            };
            *stack = match higher.get(&lower) {
                Some(&known) => known,
                None => {
                    let Ok(new) = u16::try_from(stacks.len()) else {
                        let message =
                            format!("[[{table}.override]] come together in too many ways");
                        let help = "make their selections overlap less: up to 65,535 ways fit";
                        problems.add(selection.span, message, help);
                        break;
                    };
                    let mut all = stacks[usize::from(lower)].clone();
                    all.push(number);
                    stacks.push(all);
                    higher.insert(lower, new);
                    new
                }
            };
        }
    }
    let mut is_used = vec![false; stacks.len()];
    of.iter()
        .for_each(|&stack| is_used[usize::from(stack)] = true);
    let alone: Vec<&T> = overrides.iter().map(|(_, value)| value).collect();
    let value = |(stack, is_used): (&Vec<usize>, bool)| match stack[..] {
        [number] => alone[number].clone(),
        [_, ..] if is_used => {
            let together = overrides.together(stack, problems, &read);
            together.unwrap_or_else(|| base.clone())
        }
        // Nobody has it, or it is the table itself.
        _ => base.clone(),
    };
    let values = stacks.iter().zip(is_used).map(value).collect();
    Assigned { values, of, stacks }
}
