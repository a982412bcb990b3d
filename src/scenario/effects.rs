//! Settings that touch nothing: an attack whose victims no attacker reaches, an override of links
//! that are not there.
//!
//! One point of a sweep may have them, as a baseline of drop = 0 has: a setting is a mistake where it
//! has no effect at any point.

use super::plan::{AttackPlan, Role};
use super::read::AttackSettings;
use crate::settings::{Problems, Selected, Selection, Span};
use crate::topology::{Graph, Networks};
use crate::units::AgentId;
use std::collections::{BTreeMap, BTreeSet};

/// In which way a setting may do nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// It chooses no agent.
    Chosen,
    /// It says nothing but whom it concerns.
    Bare,
    /// What it needs is not there: a link, a neighbor, another key.
    Reach,
}

/// What settings have come to, by their places.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    effective: BTreeSet<(Span, Aspect)>,
    /// What is wrong with those that had no effect, and what would be right.
    idle: BTreeMap<(Span, Aspect), (String, String)>,
}

impl Effects {
    /// Notes a setting that does something.
    pub fn effective(&mut self, span: Span, aspect: Aspect) {
        self.effective.insert((span, aspect));
    }

    /// Notes a setting that does nothing.
    pub fn idle(
        &mut self,
        span: Span,
        aspect: Aspect,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let told = || (message.into(), help.into());
        self.idle.entry((span, aspect)).or_insert_with(told);
    }

    /// Notes a selection of agents for something called `what`; empty ones do nothing, but for
    /// those that say so with a number.
    pub fn selection(&mut self, selection: &Selection, chosen: &[AgentId], what: &str) {
        let is_none_meant = match selection.selected {
            Selected::Random(0) | Selected::HighestDegree(0) => true,
            Selected::Fraction(share) => share == 0.0,
            // Named sets are chosen where they are defined.
            Selected::Set(_) => true,
            _ => false,
        };
        if !chosen.is_empty() {
            self.effective(selection.span, Aspect::Chosen);
        } else if !is_none_meant {
            let help = "name agents, or remove it";
            let message = format!("{what} no agent");
            self.idle(selection.span, Aspect::Chosen, message, help);
        }
    }

    /// Takes over what another point has come to.
    pub fn append(&mut self, other: Effects) {
        self.effective.extend(other.effective);
        for (place, told) in other.idle {
            self.idle.entry(place).or_insert(told);
        }
    }

    /// What is wrong with settings that had no effect at any point.
    pub fn mistakes(self) -> Problems {
        let mut problems = Problems::default();
        for (place, (message, help)) in self.idle {
            if !self.effective.contains(&place) {
                problems.add(place.0, message, help);
            }
        }
        problems
    }
}

/// Notes whether attacks reach anyone. In networks that are drawn anew, anyone may be reached.
pub(super) fn note_attacks(
    settings: &[(Selection, Option<Selection>)],
    attacks: &[AttackPlan],
    roles: &[Role],
    networks: &Networks,
    effects: &mut Effects,
) {
    let graph = networks.first();
    for (index, ((agents, victims), attack)) in settings.iter().zip(attacks).enumerate() {
        let is_own = |k: &AgentId| roles[k.index()] == Role::Byzantine(index);
        let attackers: Vec<AgentId> = graph.ids().filter(is_own).collect();
        effects.selection(agents, &attackers, "this attack has");
        if attackers.is_empty() {
            continue;
        }
        let Some(victims) = victims else {
            let has_neighbors = |k: &AgentId| !graph.sends_to(*k).is_empty();
            if !networks.is_static() || attackers.iter().any(has_neighbors) {
                effects.effective(agents.span, Aspect::Reach);
            } else {
                let message = "no attacker has a neighbor to send to";
                let help = "choose agents that have neighbors, or remove the attack";
                effects.idle(agents.span, Aspect::Reach, message, help);
            }
            continue;
        };
        let sends = |k: &AgentId| graph.sends_to(*k).iter().any(|l| attack.has_victim(*l));
        if !networks.is_static() || attackers.iter().any(sends) {
            effects.effective(victims.span, Aspect::Reach);
            continue;
        }
        let message = match attackers[..] {
            [attacker] => format!(
                "agent {attacker} has no link to any of its victims: {}",
                neighbors(attacker, graph)
            ),
            _ => format!(
                "none of the {} attackers has a link to any of the victims",
                attackers.len()
            ),
        };
        let help = "choose victims among the attackers' neighbors, or remove `victims` for all";
        effects.idle(victims.span, Aspect::Reach, message, help);
    }
}

/// `its neighbors are 0, 2`.
fn neighbors(agent: AgentId, graph: &Graph) -> String {
    const MOST: usize = 10;
    let all = graph.sends_to(agent);
    let shown: Vec<String> = all.iter().take(MOST).map(AgentId::to_string).collect();
    let more = if all.len() > MOST { ", …" } else { "" };
    match all {
        [] => "it has no neighbors".to_owned(),
        [one] => format!("its only neighbor is {one}"),
        _ => format!("its neighbors are {}{more}", shown.join(", ")),
    }
}

/// Keeps what [`note_attacks`] needs of the settings, which become attacks.
pub(super) fn selections(attacks: &[AttackSettings]) -> Vec<(Selection, Option<Selection>)> {
    let of = |attack: &AttackSettings| (attack.agents.clone(), attack.victims.clone());
    attacks.iter().map(of).collect()
}

/// Whether a link leads from an agent of one list to one of another, or in both directions.
pub(super) fn has_link(graph: &Graph, from: &[AgentId], to: &[AgentId], both: bool) -> bool {
    let leads = |from: &[AgentId], to: &[AgentId]| {
        let mut is_end = vec![false; graph.agents()];
        to.iter().for_each(|l| is_end[l.index()] = true);
        let mut all = from.iter().flat_map(|k| graph.sends_to(*k));
        all.any(|l| is_end[l.index()])
    };
    leads(from, to) || both && leads(to, from)
}

/// Whether a link leads from a group of a partition to another; agents in none form one more.
pub(super) fn parts(graph: &Graph, groups: &[Vec<AgentId>]) -> bool {
    let mut group = vec![groups.len(); graph.agents()];
    for (number, members) in groups.iter().enumerate() {
        members.iter().for_each(|k| group[k.index()] = number);
    }
    let is_cut = |k: AgentId| {
        let mut to = graph.sends_to(k).iter();
        to.any(|l| group[l.index()] != group[k.index()])
    };
    graph.ids().any(is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_idle_at_every_point_is_a_mistake() {
        let span = |start| Span {
            start,
            ..Span::default()
        };
        let mut all = Effects::default();
        all.idle(span(1), Aspect::Reach, "first", "help");
        all.idle(span(2), Aspect::Bare, "second", "help");
        let mut other = Effects::default();
        other.effective(span(1), Aspect::Reach);
        other.effective(span(2), Aspect::Chosen);
        other.idle(span(2), Aspect::Bare, "otherwise", "help");
        all.append(other);
        let mistakes = all.mistakes();
        assert_eq!(mistakes.spans().collect::<Vec<_>>(), [span(2)]);
    }
}
