//! `network/agents.parquet` and `network/edges.parquet`: who took part and, once the run is over, what
//! each agent came to; and who sent to whom.
//!
//! Where the network is drawn anew, the numbers of neighbors are those of the first one, and the
//! edges are those of all, once the run is over.

use super::came_to::{self, Outcome};
use super::table::{Column, Constant, Kind, Table, TableError};
use crate::scenario::{Plan, Role};
use crate::units::AgentId;
use std::path::Path;

/// Writes both tables of a run that begins.
pub(super) fn write(plan: &Plan, folder: &Path, constants: &[Constant]) -> Result<(), TableError> {
    write_agents(plan, folder, constants, |_| came_to::NOTHING)?;
    write_edges(plan, folder, constants, 1)
}

/// Writes who took part, instead of the table that is there, with what each agent came to.
pub(super) fn write_agents(
    plan: &Plan,
    folder: &Path,
    constants: &[Constant],
    came_to: impl Fn(AgentId) -> Outcome,
) -> Result<(), TableError> {
    let folder = folder.join("network");
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    let mut columns = vec![
        integer("agent", "", "number of the agent"),
        Column::new("name", Kind::Text, "", "its name in the task's file").or_null(),
        integer("group", "", "its task group"),
        Column::new("byzantine", Kind::Flag, "", "whether it is an attacker"),
        Column::new("attack", Kind::Text, "", "its attack").or_null(),
        number("x", "", "where it stands"),
        number("y", "", "where it stands"),
        integer("degree", "agents", "neighbors whose models it receives"),
        integer("byzantine_neighbors", "agents", "attackers among them"),
        number("speed", "", "by which its compute times are divided"),
        Column::new(
            "sets",
            Kind::Text,
            "",
            "named sets that it is in, comma-separated",
        ),
    ];
    columns.extend(came_to::columns());

    let mut agents = Table::create(&folder, "agents", constants.to_vec(), columns)?;
    for agent in plan.graph.ids() {
        let attack = match plan.roles[agent.index()] {
            Role::Honest => None,
            Role::Byzantine(index) => Some(plan.attacks[index].name.as_str()),
        };
        let place = plan.world.position(agent);
        let place = place.or_else(|| plan.graph.positions().map(|all| all[agent.index()]));
        let neighbors = plan.graph.receives_from(agent);
        let member = |(_, members): &&(String, Vec<_>)| members.binary_search(&agent).is_ok();
        let sets: Vec<&str> = plan
            .sets
            .iter()
            .filter(member)
            .map(|(n, _)| n.as_str())
            .collect();
        agents.row(|row| {
            row.int(agent.0)
                .text(plan.world.agent_name(agent))
                .int(plan.group(agent))
                .flag(attack.is_some())
                .text(attack)
                .float(place.map(|p| p[0]))
                .float(place.map(|p| p[1]))
                .int(neighbors.len())
                .int(neighbors.iter().filter(|&&l| plan.is_byzantine(l)).count())
                .float(plan.speed(agent))
                .text(sets.join(",").as_str())
                .floats(came_to(agent));
        })?;
    }
    agents.finish().map(drop)
}

/// Writes `edges`, instead of the table that is there: all networks of a run with so many
/// iterations.
pub(super) fn write_edges(
    plan: &Plan,
    folder: &Path,
    constants: &[Constant],
    iterations: u64,
) -> Result<(), TableError> {
    let folder = folder.join("network");
    let number = |name, unit, about| Column::new(name, Kind::Number, unit, about);
    let integer = |name, unit, about| Column::new(name, Kind::Integer, unit, about);
    let columns = vec![
        integer(
            "from_iteration",
            "",
            "first iteration of the network that has the edge",
        ),
        integer("from", "", "who sends"),
        integer("to", "", "who receives"),
        number("delay_mean_ms", "ms", "mean propagation delay"),
        number("drop", "", "probability that a model is lost"),
    ];
    let mut edges = Table::create(&folder, "edges", constants.to_vec(), columns)?;
    for epoch in 0..=plan.networks.epoch(iterations.saturating_sub(1)) {
        let graph = plan.networks.at(epoch);
        let begins = plan.networks.begins(epoch);
        for sender in graph.ids() {
            for &receiver in graph.sends_to(sender) {
                let kind = plan.links.kind(sender, receiver);
                edges.row(|row| {
                    row.int(begins)
                        .int(sender.0)
                        .int(receiver.0)
                        .float(plan.links.delay_mean_ms(kind))
                        .float(plan.links.loss_probability(kind));
                })?;
            }
        }
    }
    edges.finish().map(drop)
}
