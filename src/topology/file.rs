//! The user's own network.

use super::checks::{self, MOST_AGENTS};
use super::edge_list::{self, Edge};
use super::{Graph, Topology, TopologyError, Window};
use crate::settings::Keys;
use crate::units::AgentId;
use std::path::{Path, PathBuf};

/// Edges from a CSV file, one `a,b` with two agent numbers per line.
///
/// A first line may name the columns, in any order: `a`, `b` and, for edges that come and go,
/// `from_ms` and `to_ms`: simulated time at which an edge comes, and at which it goes; an empty
/// field or an absent column means from the start, or for good. Without names, lines have two
/// fields. An edge that is on several lines is there whenever one of them says so.
///
/// Blank lines and what follows `#` are left out. An edge from an agent to itself is no edge.
#[derive(Clone, Debug)]
pub struct File {
    /// The file; relative to the scenario file's folder.
    pub path: PathBuf,
    /// Whether an edge carries models from a to b only.
    pub directed: bool,
    /// How many agents, n. Where absent, the highest number in the file and one more, and the file
    /// has to name every agent below that.
    pub agents: Option<u32>,
}

impl File {
    /// The value of `kind`.
    pub const NAME: &'static str = "file";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let path = keys.key::<String>("path", "CSV file of edges, relative to the scenario file");
        let path = path.required().into();
        let directed = keys.key("directed", "Whether `a,b` carries models from a to b only");
        let directed = directed.default(false, "the paper's");
        let agents = keys.key("agents", "How many agents").symbol("n");
        let agents = agents.at_least(1.0).at_most(f64::from(MOST_AGENTS));
        File {
            path,
            directed,
            agents: agents.optional("the highest number in the file and one more"),
        }
    }

    /// How many agents there are, all of whom the edges name unless their number is given.
    fn agents(&self, name: &str, edges: &[Edge]) -> Result<usize, TopologyError> {
        let malformed = |line, message, help: &str| {
            Err(TopologyError::Malformed {
                path: name.to_owned(),
                line,
                message,
                help: help.to_owned(),
            })
        };
        let ends = || edges.iter().flat_map(|edge| [edge.a, edge.b]);
        let begins_at_one = !ends().any(|agent| agent == 0);
        if let Some(agents) = self.agents {
            let is_beyond = |edge: &&Edge| edge.a.max(edge.b) >= agents;
            let Some(edge) = edges.iter().find(is_beyond) else {
                return Ok(agents as usize);
            };
            let (beyond, last) = (edge.a.max(edge.b), agents - 1);
            let message = format!("there is no agent {beyond}: numbers go from 0 to {last}");
            let help = match begins_at_one {
                true => "no edge names agent 0: numbers begin at 0; subtract 1 from all of them",
                false => "correct the number, or `agents` in [topology]",
            };
            return malformed(Some(edge.line), message, help);
        }
        let Some(highest) = ends().max() else {
            return Err(checks::impossible(
                "path",
                format!("the network file {name} names no agent"),
                "add edges to it, or say how many `agents` there are",
            ));
        };
        let agents = highest as usize + 1;
        let mut is_named = vec![false; agents];
        ends().for_each(|agent| is_named[agent as usize] = true);
        let absent: Vec<String> = (0..agents)
            .filter(|&agent| !is_named[agent])
            .map(|agent| agent.to_string())
            .collect();
        match &absent[..] {
            [] => Ok(agents),
            [only] if only == "0" => malformed(
                None,
                "agent 0 has no edge".to_owned(),
                &format!(
                    "numbers begin at 0: subtract 1 from all of them, or write `agents = {agents}` \
                     in [topology] if it is meant"
                ),
            ),
            [only] => malformed(
                None,
                format!("agent {only} has no edge"),
                &format!(
                    "number agents from 0 without gaps, or write `agents = {agents}` in \
                     [topology] if it is meant"
                ),
            ),
            several => {
                let first = several.iter().take(8).cloned().collect::<Vec<_>>();
                let more = if several.len() > 8 { ", …" } else { "" };
                let (count, first) = (several.len(), first.join(", "));
                malformed(
                    None,
                    format!("{count} of {agents} agents have no edge: {first}{more}"),
                    &format!(
                        "number agents from 0 without gaps, or write `agents = {agents}` in \
                         [topology] if it is meant"
                    ),
                )
            }
        }
    }
}

impl Topology for File {
    fn draw(&self, _seed: u64, folder: &Path) -> Result<Graph, TopologyError> {
        let path = folder.join(&self.path);
        let name = path.display().to_string();
        let bytes = crate::files::read(&path).map_err(|error| TopologyError::Unreadable {
            path: name.clone(),
            error,
        })?;
        let edges = edge_list::read(&bytes).map_err(|error| TopologyError::Malformed {
            path: name.clone(),
            line: error.line,
            message: error.message,
            help: edge_list::LAYOUT.to_owned(),
        })?;
        let agents = self.agents(&name, &edges)?;
        let ends = |edge: &Edge| (AgentId(edge.a), AgentId(edge.b));
        let pairs = edges.iter().map(ends).collect();
        let graph = if self.directed {
            Graph::directed(agents, pairs)
        } else {
            Graph::undirected(agents, pairs)
        };
        if edges.iter().all(|edge| edge.window == Window::ALWAYS) {
            return Ok(graph);
        }
        let between_two = edges.iter().filter(|edge| edge.a != edge.b);
        let windows = between_two.map(|edge| (ends(edge), edge.window));
        Ok(graph.with_windows(windows.collect()))
    }

    fn is_random(&self) -> bool {
        false
    }
}
