//! The network, as the paper's Figure 1a.

use super::super::agents::{Agent, agents, links};
use super::super::figure::{Content, Figure, Network, Node};
use super::super::study::Study;
use super::super::{Block, Point, ReportError, Section};
use super::{chosen_cases, file_name};
use crate::units::short;
use std::collections::VecDeque;
use std::f64::consts::TAU;

/// Agents of a network that are drawn; of more, some that are near each other in links.
const MOST_NODES: usize = 300;

pub(super) fn section(study: &Study<'_>) -> Result<Option<Section>, ReportError> {
    let mut blocks = Vec::new();
    let mut figures: Vec<Figure> = Vec::new();
    let mut titles: Vec<String> = Vec::new();
    let mut drawn: Vec<(Vec<[usize; 2]>, Vec<bool>)> = Vec::new();
    for (number, case) in chosen_cases(study) {
        for (series, point) in case.firsts() {
            let agents = agents(point)?;
            let Some(links) = links(point, agents.len())? else {
                if blocks.is_empty() {
                    let text =
                        format!("Networks of {} agents are too large to draw.", agents.len());
                    blocks.push(Block::Text(text));
                }
                continue;
            };
            // Cases and series mostly differ in something else.
            let is_byzantine = agents.iter().map(|a| a.attack.is_some()).collect();
            let same = (links, is_byzantine);
            if drawn.contains(&same) {
                continue;
            }
            let mut figure = figure(point, &agents, &same.0);
            if !drawn.is_empty() {
                let series = series.to_string();
                figure.name = file_name(&[&figure.name, &series], number, study);
            }
            let of = point.settings.iter().filter(|s| !s.key.starts_with("seed"));
            let of: Vec<String> = of.map(|s| format!("{} = {}", s.key, s.value)).collect();
            figures.push(figure);
            titles.push(of.join(", "));
            drawn.push(same);
        }
    }
    // A single one is everybody's.
    if figures.len() > 1 {
        for (figure, of) in figures.iter_mut().zip(titles) {
            figure.title = format!("{}: {of}", figure.title);
        }
    }
    if !figures.is_empty() {
        blocks.push(Block::Figures(figures));
    }
    Ok(super::section("Network", blocks))
}

fn figure(point: &Point, agents: &[Agent], links: &[[usize; 2]]) -> Figure {
    let shown = near_each_other(agents.len(), links);
    let places = places(agents, &shown);
    let nodes: Vec<Node> = shown
        .iter()
        .zip(places)
        .map(|(&k, place)| Node {
            label: label(&agents[k]),
            place,
            group: agents[k].group,
            is_byzantine: agents[k].attack.is_some(),
        })
        .collect();
    let position = |k: &usize| shown.binary_search(k).ok();
    let links_shown = links
        .iter()
        .filter_map(|[a, b]| Some([position(a)?, position(b)?]));
    let byzantine = agents.iter().filter(|a| a.attack.is_some()).count();
    let groups = agents.iter().map(|a| a.group).max().unwrap_or(0) + 1;
    let degree = agents.iter().map(|a| a.degree).sum::<f64>() / agents.len().max(1) as f64;
    let normal = || agents.iter().filter(|a| a.attack.is_none());
    let most = normal().map(|a| a.byzantine_neighbors).fold(0.0, f64::max);
    let part = match shown.len() < agents.len() {
        true => format!(
            " {} of them are drawn, near each other in links.",
            shown.len()
        ),
        false => String::new(),
    };
    let seed = point.settings.iter().find(|s| s.key == "seed");
    let seed = seed.map_or(String::new(), |seed| format!(" Seed {}.", seed.value));
    Figure {
        name: "network".to_owned(),
        title: "Network".to_owned(),
        caption: format!(
            "Colors are task groups, crosses are Byzantine agents, lines are links.{part}{seed}"
        ),
        alternative: format!(
            "{} agents in {groups} task groups, {byzantine} of them Byzantine; {} links; {} neighbors \
             on average; a normal agent has at most {most} Byzantine neighbors.",
            agents.len(),
            links.len(),
            short(degree),
        ),
        content: Content::Network(Network {
            nodes,
            links: links_shown.collect(),
            groups: (0..groups).map(|group| format!("group {group}")).collect(),
        }),
    }
}

fn label(agent: &Agent) -> String {
    let is = match &agent.attack {
        Some(attack) => format!("Byzantine: {attack}"),
        None => format!("{} of its neighbors Byzantine", agent.byzantine_neighbors),
    };
    let name = match &*agent.name {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    format!(
        "agent {}{name}, group {}, {} neighbors, {is}",
        agent.number, agent.group, agent.degree
    )
}

/// As many agents as are drawn, ascending: all, or those nearest to agent 0 in links.
fn near_each_other(agents: usize, links: &[[usize; 2]]) -> Vec<usize> {
    if agents <= MOST_NODES {
        return (0..agents).collect();
    }
    let mut neighbors = vec![Vec::new(); agents];
    for &[a, b] in links {
        neighbors[a].push(b);
        neighbors[b].push(a);
    }
    let mut is_shown = vec![false; agents];
    let mut shown = Vec::new();
    let mut next = VecDeque::new();
    // Where its part of the network is small, the next part follows.
    for start in 0..agents {
        next.push_back(start);
        while let Some(k) = next.pop_front() {
            if shown.len() == MOST_NODES {
                shown.sort_unstable();
                return shown;
            }
            if !std::mem::replace(&mut is_shown[k], true) {
                shown.push(k);
                next.extend(&neighbors[k]);
            }
        }
    }
    shown
}

/// Where the agents are drawn: where they stand, or else on a circle, group after group.
fn places(agents: &[Agent], shown: &[usize]) -> Vec<[f64; 2]> {
    let known: Option<Vec<[f64; 2]>> = shown.iter().map(|&k| agents[k].place).collect();
    known.unwrap_or_else(|| {
        let mut order: Vec<usize> = (0..shown.len()).collect();
        order.sort_by_key(|&i| agents[shown[i]].group);
        let mut places = vec![[0.0; 2]; shown.len()];
        for (at, i) in order.into_iter().enumerate() {
            let angle = TAU * at as f64 / shown.len() as f64;
            places[i] = [angle.sin(), angle.cos()];
        }
        places
    })
}
